//! Commands, replies, audits and service changes.

use super::*;

impl Source<'_> {
    pub(super) fn command(&mut self) -> Command<'static> {
        match self.below(9) {
            0 | 1 => Command::Modify(self.amm_request()),
            2 => Command::Add(self.amm_request()),
            3 => Command::Move(self.amm_request()),
            4 => Command::Subtract(SubtractRequest {
                terminations: self.terminations(),
                audit: self.maybe(2, Self::audit),
            }),
            5 => Command::AuditCapability(self.audit_request()),
            6 => Command::AuditValue(self.audit_request()),
            7 => Command::Notify(NotifyRequest {
                terminations: self.terminations(),
                observed_events: self.observed_events(),
                error: self.maybe(6, Self::error),
            }),
            _ => Command::ServiceChange(ServiceChangeRequest {
                terminations: self.terminations(),
                parms: self.service_change().into(),
            }),
        }
    }

    pub(super) fn audit_request(&mut self) -> AuditRequest<'static> {
        AuditRequest {
            terminations: self.terminations(),
            audit: self.audit(),
        }
    }

    /// At most one descriptor of each kind, in any order.
    pub(super) fn amm_request(&mut self) -> AmmRequest<'static> {
        let kinds = if self.version >= 3 { 9 } else { 8 };
        let first = self.below(kinds);
        let step = if self.rarely(2) { 1 } else { kinds - 1 };
        let count = [0, 1, 1, 2, 2, 3, 4, 8][self.below(8)];
        let descriptors = (0..count)
            .map(|at| self.amm_descriptor((first + at * step) % kinds))
            .collect();
        AmmRequest {
            terminations: self.terminations(),
            descriptors,
        }
    }

    pub(super) fn amm_descriptor(&mut self, kind: usize) -> AmmDescriptor<'static> {
        match kind {
            0 => AmmDescriptor::Media(self.media()),
            1 => AmmDescriptor::Events(self.events()),
            2 => AmmDescriptor::Signals(self.signals()),
            3 => AmmDescriptor::DigitMap(self.digit_map()),
            4 => AmmDescriptor::EventBuffer(self.list(0, Self::event_spec)),
            5 => AmmDescriptor::Mux(self.mux()),
            6 => AmmDescriptor::Modem(self.modem()),
            7 => AmmDescriptor::Audit(self.audit()),
            _ => AmmDescriptor::Statistics(self.list(0, Self::statistic)),
        }
    }

    pub(super) fn reply(&mut self) -> CommandReply<'static> {
        match self.below(8) {
            0 => CommandReply::Add(self.amms_reply()),
            1 => CommandReply::Move(self.amms_reply()),
            2 => CommandReply::Modify(self.amms_reply()),
            3 => CommandReply::Subtract(self.amms_reply()),
            4 => CommandReply::AuditCapability(self.audit_reply()),
            5 => CommandReply::AuditValue(self.audit_reply()),
            6 => CommandReply::Notify(NotifyReply {
                terminations: self.terminations(),
                error: self.maybe(3, Self::error),
            }),
            _ => CommandReply::ServiceChange(ServiceChangeReply {
                terminations: self.terminations(),
                result: self.service_change_result(),
            }),
        }
    }

    pub(super) fn amms_reply(&mut self) -> AmmsReply<'static> {
        AmmsReply {
            terminations: self.terminations(),
            audit: self.termination_audit(0),
        }
    }

    pub(super) fn audit_reply(&mut self) -> AuditReply<'static> {
        match self.below(5) {
            0 => AuditReply::ContextAuditResult(self.list(1, Self::termination)),
            1 => AuditReply::Error(self.error()),
            _ => AuditReply::AuditResult {
                terminations: self.terminations(),
                audit: self.termination_audit(0),
            },
        }
    }

    pub(super) fn termination_audit(&mut self, least: usize) -> TerminationAudit<'static> {
        self.list(least, |it| match it.below(12) {
            0 => AuditReturnParameter::Error(it.error()),
            1 => AuditReturnParameter::Media(it.media()),
            2 => AuditReturnParameter::Modem(it.modem()),
            3 => AuditReturnParameter::Mux(it.mux()),
            4 => AuditReturnParameter::Events(it.events()),
            5 => AuditReturnParameter::EventBuffer(it.list(0, Self::event_spec)),
            6 => AuditReturnParameter::Signals(it.signals()),
            7 => AuditReturnParameter::DigitMap(it.digit_map()),
            8 => AuditReturnParameter::ObservedEvents(it.observed_events()),
            9 => AuditReturnParameter::Statistics(it.list(0, Self::statistic)),
            10 => AuditReturnParameter::Packages(it.list(1, Self::package)),
            _ => AuditReturnParameter::Empty(it.pick(&[
                AuditItem::Mux,
                AuditItem::Modem,
                AuditItem::Media,
                AuditItem::DigitMap,
                AuditItem::ObservedEvents,
                AuditItem::Packages,
            ])),
        })
    }

    pub(super) fn audit(&mut self) -> AuditDescriptor<'static> {
        let tokens = AuditTokens(self.uint16() & 0x3FF & if self.rarely(2) { 0x3FF } else { 0x40 });
        let parameters = if self.version >= 2 {
            self.list(0, Self::ind_audit)
        } else {
            List::EMPTY
        };
        AuditDescriptor { tokens, parameters }
    }

    pub(super) fn ind_audit(&mut self) -> IndAuditParameter<'static> {
        match self.below(7) {
            0 => IndAuditParameter::Media(self.ind_aud_media()),
            1 => IndAuditParameter::Events(IndAudEventsDescriptor {
                request_id: self.maybe(2, Self::request_id),
                name: self.name(&EVENTS),
                stream: None,
            }),
            2 => IndAuditParameter::EventBuffer(IndAudEventBufferDescriptor {
                name: self.name(&EVENTS),
                stream: self.maybe(2, Self::uint16),
            }),
            3 if self.rarely(2) => {
                let signal = self.maybe(2, Self::ind_aud_signal);
                let list = IndAudSeqSigList {
                    id: self.uint16(),
                    signal,
                };
                IndAuditParameter::Signals(IndAudSignalsDescriptor::SeqSigList(list))
            }
            3 => IndAuditParameter::Signals(IndAudSignalsDescriptor::Signal(self.ind_aud_signal())),
            4 => IndAuditParameter::DigitMap(IndAudDigitMapDescriptor {
                name: Some(token("dialplan00")),
            }),
            5 => IndAuditParameter::Statistics(IndAudStatisticsDescriptor {
                name: self.name(&STATISTICS),
            }),
            _ => {
                let PackagesItem { name, version } = self.package();
                IndAuditParameter::Packages(IndAudPackagesDescriptor { name, version })
            }
        }
    }

    pub(super) fn ind_aud_signal(&mut self) -> IndAudSignal<'static> {
        IndAudSignal {
            name: self.name(&SIGNALS),
            stream: self.maybe(3, Self::uint16),
            request_id: if self.version >= 3 {
                self.maybe(3, Self::request_id)
            } else {
                None
            },
        }
    }

    pub(super) fn ind_aud_property(&mut self) -> IndAudPropertyParm<'static> {
        let select = if self.version >= 3 {
            self.maybe(3, Self::parm_value)
        } else {
            None
        };
        IndAudPropertyParm {
            name: self.name(&PROPERTIES),
            select,
        }
    }

    pub(super) fn select<T>(&mut self, value: T) -> AuditSelect<T> {
        match self.below(3) {
            1 if self.version >= 3 => AuditSelect::Equal(value),
            2 if self.version >= 3 && self.text() => {
                AuditSelect::Relation(Relation::UnequalTo, value)
            }
            _ => AuditSelect::Report,
        }
    }

    pub(super) fn ind_aud_media(&mut self) -> IndAudMediaDescriptor<'static> {
        let termination_state = self.maybe(2, |it| IndAudTerminationStateDescriptor {
            property_parms: it.list(0, Self::ind_aud_property),
            event_buffer_control: it.rarely(2),
            service_state: Some(it.select(ServiceState::Test)),
        });
        let streams = match self.below(4) {
            0 if termination_state.is_some() => IndAudStreams::None,
            0 | 1 => IndAudStreams::One(self.ind_aud_stream_parms()),
            _ => IndAudStreams::Multi(self.list(1, |it| IndAudStreamDescriptor {
                stream: it.uint16(),
                parms: it.ind_aud_stream_parms(),
            })),
        };
        IndAudMediaDescriptor {
            termination_state,
            streams,
        }
    }

    pub(super) fn ind_aud_stream_parms(&mut self) -> IndAudStreamParms<'static> {
        let mode = self.stream_mode();
        let mut parms = IndAudStreamParms {
            local_control: Some(IndAudLocalControlDescriptor {
                stream_mode: Some(self.select(mode)),
                reserve_value: self.rarely(2),
                reserve_group: self.rarely(2),
                property_parms: self.list(0, Self::ind_aud_property),
            }),
            ..IndAudStreamParms::default()
        };
        if self.version >= 3 {
            parms.statistics = self.maybe(3, |it| IndAudStatisticsDescriptor {
                name: it.name(&STATISTICS),
            });
            if self.text() {
                parms.local = self.maybe(3, |it| {
                    IndAudLocalRemoteDescriptor::Octets(it.local_remote())
                });
            }
        }
        parms
    }

    pub(super) fn service_change(&mut self) -> ServiceChangeParm<'static> {
        let method = match self.below(8) {
            0 => ServiceChangeMethod::Failover,
            1 => ServiceChangeMethod::Forced,
            2 => ServiceChangeMethod::Graceful,
            3 => ServiceChangeMethod::Disconnected,
            4 => ServiceChangeMethod::HandOff,
            5 if self.text() => ServiceChangeMethod::Extension(token("X-now")),
            _ => ServiceChangeMethod::Restart,
        };
        let reason = Value::Quoted(Quoted::try_from("901 Cold Boot").expect("reason"));
        let mut parms = ServiceChangeParm::new(method, reason);
        let shared = self.service_change_shared();
        parms.address = shared.address;
        parms.version = shared.version;
        parms.profile = shared.profile;
        parms.mgc_id = shared.mgc_id;
        parms.time_stamp = shared.time_stamp;
        parms.delay = self.maybe(2, Self::uint32);
        if self.text() {
            parms.extensions = self.list(0, |it| Parameter {
                name: token("X-ext"),
                value: it.parm_value(),
            });
        }
        if self.version >= 2 {
            parms.info = self
                .maybe(4, Self::audit)
                .filter(|audit| *audit != AuditDescriptor::default());
        }
        parms.incomplete = self.version >= 3 && self.rarely(4);
        parms
    }

    pub(super) fn service_change_shared(&mut self) -> ServiceChangeResParm<'static> {
        let address = self.maybe(3, |it| {
            if it.rarely(2) {
                ServiceChangeAddress::MId(it.mid())
            } else {
                ServiceChangeAddress::Port(it.uint16())
            }
        });
        ServiceChangeResParm {
            version: self.maybe(3, |it| it.below(100) as u8),
            profile: self.maybe(3, |it| ServiceChangeProfile {
                name: token("resgw"),
                version: it.below(100) as u8,
            }),
            mgc_id: if address.is_none() {
                self.maybe(3, Self::mid)
            } else {
                None
            },
            time_stamp: self.maybe(3, Self::time),
            address,
        }
    }

    pub(super) fn service_change_result(&mut self) -> ServiceChangeResult<'static> {
        if self.rarely(4) {
            return ServiceChangeResult::Error(self.error());
        }
        match self.service_change_shared() {
            parms if parms == ServiceChangeResParm::default() => ServiceChangeResult::Accepted,
            parms => ServiceChangeResult::Parms(parms.into()),
        }
    }
}
