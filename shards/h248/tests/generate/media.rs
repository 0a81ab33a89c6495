//! Media, modem and multiplex descriptors, statistics and packages.

use super::*;

impl Source<'_> {
    pub(super) fn media(&mut self) -> MediaDescriptor<'static> {
        let termination_state = self.maybe(3, Self::termination_state);
        let streams = match self.below(4) {
            0 if termination_state.is_some() => MediaStreams::None,
            0 | 1 => MediaStreams::One(self.stream_parms().into()),
            _ => MediaStreams::Multi(self.list(1, |it| StreamDescriptor {
                stream: it.uint16(),
                parms: it.stream_parms(),
            })),
        };
        MediaDescriptor {
            termination_state,
            streams,
        }
    }

    pub(super) fn termination_state(&mut self) -> TerminationStateDescriptor<'static> {
        let service = [
            ServiceState::Test,
            ServiceState::OutOfSvc,
            ServiceState::InSvc,
        ];
        let control = [EventBufferControl::Off, EventBufferControl::LockStep];
        let mut state = TerminationStateDescriptor {
            property_parms: self.list(0, Self::property),
            event_buffer_control: self.maybe(3, |it| it.pick(&control)),
            service_state: self.maybe(2, |it| it.pick(&service)),
        };
        if state == TerminationStateDescriptor::default() {
            state.service_state = Some(ServiceState::InSvc);
        }
        state
    }

    pub(super) fn stream_parms(&mut self) -> StreamParms<'static> {
        let mut parms = StreamParms {
            local_control: self.maybe(2, Self::local_control),
            local: self.maybe(2, Self::local_remote),
            remote: self.maybe(3, Self::local_remote),
            statistics: if self.version >= 3 {
                self.maybe(4, |it| it.list(1, Self::statistic))
            } else {
                None
            },
        };
        if parms == StreamParms::default() {
            parms.local = Some(self.local_remote());
        }
        parms
    }

    pub(super) fn local_control(&mut self) -> LocalControlDescriptor<'static> {
        let mut control = LocalControlDescriptor {
            stream_mode: self.maybe(2, Self::stream_mode),
            reserve_value: self.maybe(3, |it| it.rarely(2)),
            reserve_group: self.maybe(3, |it| it.rarely(2)),
            property_parms: self.list(0, Self::property),
        };
        if control == LocalControlDescriptor::default() {
            control.stream_mode = Some(StreamMode::SendRecv);
        }
        control
    }

    pub(super) fn stream_mode(&mut self) -> StreamMode {
        self.pick(&[
            StreamMode::SendOnly,
            StreamMode::RecvOnly,
            StreamMode::SendRecv,
            StreamMode::Inactive,
            StreamMode::LoopBack,
        ])
    }

    pub(super) fn local_remote(&mut self) -> LocalRemoteDescriptor<'static> {
        let lines = [
            "v=0\n",
            "c=IN IP4 124.124.124.222\n",
            "m=audio 2222 RTP/AVP 4\n",
            "a=ptime:30\n",
            "s=A Session {with braces}\n",
            "o=- 1 1 IN IP4 $\n",
            "a=fmtp:PCMU VAD=X-NNVAD\n",
        ];
        let odd = [
            "v=0\r\n",
            "a=\\}\r",
            "a=\\",
            "k=\"\u{e9}\"; x ",
            "}{}",
            "\u{0}",
        ];
        let mut body = String::from("v=0\n");
        for _ in 0..self.below(6) {
            body.push_str(if self.text() && self.rarely(4) {
                self.pick(&odd[..5])
            } else {
                self.pick(&lines)
            });
        }
        if self.text() && self.rarely(8) {
            body.clear();
        }
        let body = body.trim_end_matches([' ', '\t']).to_owned();
        LocalRemoteDescriptor::Octets(OctetString::try_from(body).expect("octets"))
    }

    pub(super) fn mux(&mut self) -> MuxDescriptor<'static> {
        let mux_type = match self.below(6) {
            0 => MuxType::H221,
            1 => MuxType::H223,
            2 => MuxType::H226,
            3 if self.version >= 2 => MuxType::Nx64k,
            4 if self.text() => MuxType::Extension(token("X-mux1")),
            _ => MuxType::V76,
        };
        MuxDescriptor {
            mux_type,
            terminations: self.list(1, Self::termination),
            non_standard_data: None,
        }
    }

    pub(super) fn modem(&mut self) -> ModemDescriptor<'static> {
        let types = self.list(1, |it| match it.below(10) {
            0 => ModemType::V18,
            1 => ModemType::V22,
            2 => ModemType::V22bis,
            3 => ModemType::V32,
            4 => ModemType::V32bis,
            5 => ModemType::V34,
            6 => ModemType::V90,
            7 => ModemType::V91,
            8 if it.text() => ModemType::Extension(token("x+m")),
            _ => ModemType::SynchIsdn,
        });
        ModemDescriptor {
            types,
            property_parms: self.list(0, Self::property),
            non_standard_data: None,
        }
    }

    pub(super) fn statistic(&mut self) -> StatisticsParameter<'static> {
        let value = match self.below(4) {
            0 | 1 => Some(ParmValue::Value(self.value())),
            2 if self.version >= 3 => Some(ParmValue::All(self.list(2, Self::value))),
            _ => None,
        };
        StatisticsParameter {
            name: self.name(&STATISTICS),
            value,
        }
    }

    pub(super) fn package(&mut self) -> PackagesItem<'static> {
        PackagesItem {
            name: token(self.pick(&PACKAGES)),
            version: self.below(100) as u16,
        }
    }
}
