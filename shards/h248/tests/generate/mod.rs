//! Messages made of bytes: every byte string stands for a message that its version and both encodings can express.
//!
//! Property tests feed random bytes, so that shrinking the bytes shrinks the message; fuzz targets feed their own.
//! When the bytes run out, every choice is the simplest one.

#![allow(dead_code, unreachable_pub)]

use megaphone_h248::model::*;

/// What the generated message has to be expressible in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Text only: any name, any value.
    Text,
    /// Text and BER: known names, values that keep their type, binary termination ids.
    Both,
}

/// The bytes, and what may be made of them.
pub struct Source<'b> {
    bytes: &'b [u8],
    dialect: Dialect,
    version: u8,
    depth: u32,
}

const EVENTS: [&str; 8] = [
    "al/on",
    "al/of",
    "al/fl",
    "dd/ce",
    "g/cause",
    "nt/netfail",
    "tonedet/std",
    "ct/cmp",
];
const SIGNALS: [&str; 7] = [
    "cg/rt",
    "cg/dt",
    "cg/bt",
    "al/ri",
    "tonegen/pt",
    "ct/ct",
    "dg/d1",
];
const PROPERTIES: [&str; 5] = [
    "tdmc/gain",
    "tdmc/ec",
    "nt/jit",
    "root/maxTerminationsPerContext",
    "root/normalMGExecutionTime",
];
const STATISTICS: [&str; 6] = ["nt/dur", "nt/os", "nt/or", "rtp/ps", "rtp/pr", "rtp/pl"];
const PACKAGES: [&str; 7] = ["al", "nt", "rtp", "cg", "root", "tdmc", "g"];

/// A message of the version and dialect that the first bytes choose.
pub fn message(bytes: &[u8], dialect: Dialect) -> Message<'static> {
    let mut source = Source {
        bytes,
        dialect,
        version: 1,
        depth: 0,
    };
    source.version = 1 + source.below(3) as u8;
    source.message()
}

impl Source<'_> {
    fn byte(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below `n`, at most 256.
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n
    }

    /// True once in `n` times, never when the bytes have run out.
    fn rarely(&mut self, n: u8) -> bool {
        self.byte() % n == n - 1
    }

    fn uint16(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    fn uint32(&mut self) -> u32 {
        u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    fn maybe<T>(&mut self, n: u8, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.rarely(n) {
            Some(make(self))
        } else {
            None
        }
    }

    /// `least` to `least + 3` items, mostly few.
    fn list<T>(&mut self, least: usize, mut make: impl FnMut(&mut Self) -> T) -> List<'static, T> {
        let more = [0, 0, 0, 1, 1, 2, 3, 0][self.below(8)];
        (0..least + more).map(|_| make(self)).collect()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn text(&mut self) -> bool {
        self.dialect == Dialect::Text
    }

    fn message(&mut self) -> Message<'static> {
        let auth_header = self.maybe(8, |it| {
            let octets: Vec<u8> = (0..12 + it.below(21)).map(|_| it.byte()).collect();
            AuthenticationHeader {
                sec_parm_index: it.uint32().to_be_bytes(),
                seq_num: it.uint32().to_be_bytes(),
                auth_data: AuthData::new(&octets).expect("12 to 32 octets"),
            }
        });
        let (version, mid) = (self.version, self.mid());
        let body = if self.rarely(16) {
            MessageBody::Error(self.error())
        } else {
            MessageBody::Transactions(self.list(1, Self::transaction))
        };
        Message {
            auth_header,
            version,
            mid,
            body,
        }
    }

    fn mid(&mut self) -> MId<'static> {
        match self.below(6) {
            0 | 1 => MId::Ip4Address(
                self.uint32().to_be_bytes().into(),
                self.maybe(2, Self::uint16),
            ),
            2 => {
                let mut octets = [0u8; 16];
                for octet in &mut octets {
                    *octet = if self.rarely(3) { self.byte() } else { 0 };
                }
                // An embedded IPv4 address is written in another way and read back as the same octets.
                MId::Ip6Address(octets.into(), self.maybe(2, Self::uint16))
            }
            3 => {
                let name = self.pick(&["a", "mgc.example.org", "MG-1.example.org", "x1"]);
                MId::DomainName(token(name), self.maybe(2, Self::uint16))
            }
            4 => {
                let path = self.pick(&["gw", "gw/1/2", "mg1@example.org", "A_b/*"]);
                MId::DeviceName(TerminationId::try_from(path).expect("path"))
            }
            _ => {
                let octets: Vec<u8> = (0..2 + self.below(3)).map(|_| self.byte()).collect();
                MId::MtpAddress(MtpAddress::new(&octets).expect("2 to 4 octets"))
            }
        }
    }

    fn error(&mut self) -> ErrorDescriptor<'static> {
        let code = self.pick(&[400, 403, 422, 442, 500, 502, 581]);
        ErrorDescriptor {
            code,
            text: self.maybe(2, |it| it.quoted(false)),
        }
    }

    /// Printable text; what it must contain keeps it from being a token when `spaced`.
    fn quoted(&mut self, spaced: bool) -> Quoted<'static> {
        const LETTERS: &[u8] = b"abcXYZ019 +-&!_/'?@^`~*$\\()%|.;[]{}:,#<>=";
        let mut text: Vec<u8> = (0..self.below(12)).map(|_| self.pick(LETTERS)).collect();
        if spaced {
            text.splice(0..0, *b"a b");
        }
        Quoted::new(text).expect("quoted")
    }

    fn transaction(&mut self) -> Transaction<'static> {
        match self.below(if self.version >= 3 { 9 } else { 8 }) {
            0..=3 => Transaction::Request(TransactionRequest {
                transaction_id: self.uint32(),
                actions: self.list(1, Self::action),
            }),
            4 | 5 => Transaction::Reply(TransactionReply {
                transaction_id: self.uint32(),
                imm_ack_required: self.rarely(3),
                segment: if self.version >= 3 {
                    self.maybe(3, Self::segment)
                } else {
                    None
                },
                result: if self.rarely(5) {
                    TransactionResult::Error(self.error())
                } else {
                    TransactionResult::ActionReplies(self.list(1, Self::action_reply))
                },
            }),
            6 => Transaction::Pending(self.uint32()),
            7 => Transaction::ResponseAck(self.list(1, |it| TransactionAck {
                first: it.uint32(),
                last: it.maybe(2, Self::uint32),
            })),
            _ => Transaction::SegmentReply(SegmentReply {
                transaction_id: self.uint32(),
                segment: self.segment(),
            }),
        }
    }

    fn segment(&mut self) -> Segment {
        Segment {
            number: self.uint16(),
            complete: self.rarely(2),
        }
    }

    fn context_id(&mut self) -> ContextId {
        match self.below(4) {
            0 => ContextId::NULL,
            1 => ContextId::CHOOSE,
            2 => ContextId::ALL,
            _ => ContextId(self.uint32().clamp(1, 0xFFFF_FFFD)),
        }
    }

    fn action(&mut self) -> ActionRequest<'static> {
        let context_request = self
            .maybe(3, Self::context_request)
            .filter(|request| *request != ContextRequest::default());
        let context_attr_audit = self
            .maybe(4, Self::context_audit)
            .filter(|audit| *audit != ContextAttrAuditRequest::default());
        let least = usize::from(context_request.is_none() && context_attr_audit.is_none());
        let context_id = self.context_id();
        let commands = self.list(least, |it| CommandRequest {
            optional: it.rarely(4),
            wildcard_return: it.rarely(4),
            command: it.command(),
        });
        ActionRequest {
            context_id,
            context_request,
            context_attr_audit,
            commands,
        }
    }

    fn action_reply(&mut self) -> ActionReply<'static> {
        let context_reply = self
            .maybe(3, Self::context_request)
            .filter(|request| *request != ContextRequest::default());
        let error = self.maybe(5, Self::error);
        let least = usize::from(context_reply.is_none() && error.is_none());
        ActionReply {
            context_id: self.context_id(),
            error,
            context_reply,
            commands: self.list(least, Self::reply),
        }
    }

    fn context_request(&mut self) -> ContextRequest<'static> {
        let mut request = ContextRequest {
            priority: self.maybe(2, |it| it.below(16) as u8),
            emergency: self.maybe(3, |_| true),
            ..ContextRequest::default()
        };
        if self.rarely(2) {
            request.topology = self.list(1, Self::topology);
        }
        if self.version >= 2 {
            request.emergency = self.maybe(3, |it| it.rarely(2));
        }
        if self.version >= 3 {
            request.ieps_call_ind = self.maybe(3, |it| it.rarely(2));
            request.context_prop = if self.rarely(3) {
                self.list(1, Self::property)
            } else {
                List::EMPTY
            };
            request.context_list = if self.rarely(3) {
                self.list(1, Self::context_id)
            } else {
                List::EMPTY
            };
        }
        request
    }

    fn topology(&mut self) -> TopologyRequest<'static> {
        TopologyRequest {
            from: self.termination(),
            to: self.termination(),
            direction: self.pick(&[
                TopologyDirection::Bothway,
                TopologyDirection::Isolate,
                TopologyDirection::Oneway,
            ]),
            stream: if self.version >= 2 {
                self.maybe(3, Self::uint16)
            } else {
                None
            },
            extension: if self.version >= 3 {
                self.maybe(3, |it| {
                    it.pick(&[
                        TopologyDirectionExtension::OnewayExternal,
                        TopologyDirectionExtension::OnewayBoth,
                    ])
                })
            } else {
                None
            },
        }
    }

    fn context_audit(&mut self) -> ContextAttrAuditRequest<'static> {
        let mut audit = ContextAttrAuditRequest {
            topology: self.rarely(2),
            emergency: self.rarely(2),
            priority: self.rarely(2),
            ..ContextAttrAuditRequest::default()
        };
        if self.version >= 3 {
            audit.ieps_call_ind = self.rarely(2);
            audit.context_prop = if self.rarely(3) {
                self.list(1, Self::ind_aud_property)
            } else {
                List::EMPTY
            };
            audit.select_priority = self.maybe(3, |it| it.below(16) as u8);
            audit.select_emergency = self.maybe(3, |it| it.rarely(2));
            audit.select_ieps_call_ind = self.maybe(3, |it| it.rarely(2));
            audit.select_logic = if self.rarely(4) {
                SelectLogic::Or
            } else {
                SelectLogic::And
            };
        }
        audit
    }

    fn termination(&mut self) -> TerminationId<'static> {
        let known = [
            "11111111/00000000/11111111",
            "00001111/00000000/00000001",
            "ROOT",
            "$",
            "*",
            "10101010/*/00000001",
        ];
        let any = [
            "A4444",
            "ip/1/2",
            "tdm/1/*",
            "R",
            "L",
            "E",
            "root@x.example",
            "rtp_1/$",
            "Media",
        ];
        let name = if self.text() && self.rarely(2) {
            self.pick(&any)
        } else {
            self.pick(&known)
        };
        TerminationId::try_from(name).expect("termination id")
    }

    fn terminations(&mut self) -> TerminationIdList<'static> {
        if self.version >= 3 && self.rarely(5) {
            return self.list(2, Self::termination);
        }
        List::one(self.termination())
    }

    fn command(&mut self) -> Command<'static> {
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

    fn audit_request(&mut self) -> AuditRequest<'static> {
        AuditRequest {
            terminations: self.terminations(),
            audit: self.audit(),
        }
    }

    /// At most one descriptor of each kind, in any order.
    fn amm_request(&mut self) -> AmmRequest<'static> {
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

    fn amm_descriptor(&mut self, kind: usize) -> AmmDescriptor<'static> {
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

    fn reply(&mut self) -> CommandReply<'static> {
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

    fn amms_reply(&mut self) -> AmmsReply<'static> {
        AmmsReply {
            terminations: self.terminations(),
            audit: self.termination_audit(0),
        }
    }

    fn audit_reply(&mut self) -> AuditReply<'static> {
        match self.below(5) {
            0 => AuditReply::ContextAuditResult(self.list(1, Self::termination)),
            1 => AuditReply::Error(self.error()),
            _ => AuditReply::AuditResult {
                terminations: self.terminations(),
                audit: self.termination_audit(0),
            },
        }
    }

    fn termination_audit(&mut self, least: usize) -> TerminationAudit<'static> {
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

    fn media(&mut self) -> MediaDescriptor<'static> {
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

    fn termination_state(&mut self) -> TerminationStateDescriptor<'static> {
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

    fn stream_parms(&mut self) -> StreamParms<'static> {
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

    fn local_control(&mut self) -> LocalControlDescriptor<'static> {
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

    fn stream_mode(&mut self) -> StreamMode {
        self.pick(&[
            StreamMode::SendOnly,
            StreamMode::RecvOnly,
            StreamMode::SendRecv,
            StreamMode::Inactive,
            StreamMode::LoopBack,
        ])
    }

    fn local_remote(&mut self) -> LocalRemoteDescriptor<'static> {
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

    fn property(&mut self) -> PropertyParm<'static> {
        PropertyParm {
            name: self.name(&PROPERTIES),
            value: self.parm_value(),
        }
    }

    fn name(&mut self, known: &[&'static str]) -> PkgdName<'static> {
        let odd = ["x_1/Y2", "al/*", "*/*", "Stream/Mode", "E/e"];
        let name = if self.text() && self.rarely(5) {
            self.pick(&odd)
        } else {
            self.pick(known)
        };
        PkgdName::try_from(name).expect("package item name")
    }

    fn value(&mut self) -> Value<'static> {
        if self.text() && self.rarely(3) {
            let any = [
                "ON", "off", "E", "&", "0x1F", "-12", "a/b", "\\(x)", "$", "Stream", "X-a", "1.5",
            ];
            return Value::Token(token(self.pick(&any)));
        }
        if self.rarely(3) {
            let spaced = !self.text();
            return Value::Quoted(self.quoted(spaced));
        }
        Value::Token(Token::try_from(self.uint16().to_string()).expect("number"))
    }

    fn parm_value(&mut self) -> ParmValue<'static> {
        match self.below(10) {
            0..=5 => ParmValue::Value(self.value()),
            6 => {
                let relation = self.pick(&[
                    Relation::GreaterThan,
                    Relation::SmallerThan,
                    Relation::UnequalTo,
                ]);
                ParmValue::Relation(relation, self.value())
            }
            7 => ParmValue::Range([self.value(), self.value()].into()),
            8 => ParmValue::All(self.list(2, Self::value)),
            _ => ParmValue::Any(self.list(2, Self::value)),
        }
    }

    fn parameter(&mut self) -> Parameter<'static> {
        let any = ["strict", "Mode", "xyz_1", "k"];
        let name = if self.text() {
            token(self.pick(&any))
        } else {
            token("strict")
        };
        Parameter {
            name,
            value: self.parm_value(),
        }
    }

    fn parameters(&mut self) -> List<'static, Parameter<'static>> {
        if self.text() {
            self.list(0, Self::parameter)
        } else {
            List::EMPTY
        }
    }

    fn mux(&mut self) -> MuxDescriptor<'static> {
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

    fn modem(&mut self) -> ModemDescriptor<'static> {
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

    fn request_id(&mut self) -> RequestId {
        if self.rarely(8) {
            RequestId::ALL
        } else {
            RequestId(self.uint32())
        }
    }

    fn events(&mut self) -> EventsDescriptor<'static> {
        if self.rarely(6) {
            return EventsDescriptor::default();
        }
        let request_id = Some(self.request_id());
        let events = self.list(1, |it| RequestedEvent {
            name: it.name(&EVENTS),
            stream: it.maybe(3, Self::uint16),
            actions: it
                .maybe(2, Self::actions)
                .filter(|it| *it != RequestedActions::default())
                .map(Ref::from),
            parameters: it.parameters(),
        });
        EventsDescriptor { request_id, events }
    }

    fn actions(&mut self) -> RequestedActions<'static> {
        let mut actions = RequestedActions {
            keep_active: self.rarely(3),
            event_dm: self.maybe(3, Self::event_dm),
            second_event: self.maybe(3, Self::second_events),
            signals: self.maybe(3, Self::signals),
            ..RequestedActions::default()
        };
        if self.version >= 3 {
            actions.notify_behaviour = self.maybe(3, Self::notify_behaviour);
            actions.reset_events_descriptor = self.rarely(4);
        }
        actions
    }

    fn event_dm(&mut self) -> EventDm<'static> {
        if self.rarely(2) {
            EventDm::Value(self.digit_map_value())
        } else {
            EventDm::Name(token("dialplan00"))
        }
    }

    fn second_events(&mut self) -> SecondEventsDescriptor<'static> {
        if self.rarely(6) {
            return SecondEventsDescriptor::default();
        }
        let request_id = Some(self.request_id());
        let events = self.list(1, |it| {
            let mut actions = SecondRequestedActions {
                keep_active: it.rarely(3),
                event_dm: it.maybe(3, Self::event_dm),
                signals: it.maybe(3, Self::signals),
                ..SecondRequestedActions::default()
            };
            if it.version >= 3 {
                actions.notify_behaviour = it.maybe(3, Self::notify_behaviour);
                actions.reset_events_descriptor = it.rarely(4);
            }
            SecondRequestedEvent {
                name: it.name(&EVENTS),
                stream: it.maybe(3, Self::uint16),
                actions: Some(actions)
                    .filter(|it| *it != SecondRequestedActions::default())
                    .map(Ref::from),
                parameters: it.parameters(),
            }
        });
        SecondEventsDescriptor { request_id, events }
    }

    /// Regulated notifications nest; the standard sets no end to it, the generator does.
    fn notify_behaviour(&mut self) -> NotifyBehaviour<'static> {
        if self.depth >= 2 {
            return NotifyBehaviour::Never;
        }
        self.depth += 1;
        let behaviour = match self.below(4) {
            0 => NotifyBehaviour::Immediate,
            1 => NotifyBehaviour::Never,
            _ => NotifyBehaviour::Regulated(RegulatedEmbeddedDescriptor {
                second_event: self.maybe(2, Self::second_events),
                signals: self.maybe(2, Self::signals),
            }),
        };
        self.depth -= 1;
        behaviour
    }

    fn event_spec(&mut self) -> EventSpec<'static> {
        EventSpec {
            name: self.name(&EVENTS),
            stream: self.maybe(3, Self::uint16),
            parameters: self.parameters(),
        }
    }

    fn signals(&mut self) -> SignalsDescriptor<'static> {
        self.list(0, |it| match it.below(4) {
            0 => SignalRequest::SeqSigList(SeqSigList {
                id: it.uint16(),
                signals: it.list(1, Self::signal),
            }),
            _ => SignalRequest::Signal(it.signal()),
        })
    }

    fn signal(&mut self) -> Signal<'static> {
        let mut signal = Signal::new(self.name(&SIGNALS));
        if self.rarely(2) {
            return signal;
        }
        signal.stream = self.maybe(3, Self::uint16);
        signal.sig_type = self.maybe(3, |it| {
            it.pick(&[SignalType::Brief, SignalType::OnOff, SignalType::TimeOut])
        });
        signal.duration = self.maybe(3, Self::uint16);
        let reasons = if self.version >= 3 { 31 } else { 15 };
        signal.notify_completion = self.maybe(3, |it| NotifyCompletion(1 + it.byte() % reasons));
        signal.keep_active = self.rarely(3);
        signal.parameters = self.parameters();
        if self.version >= 3 {
            let directions = [
                SignalDirection::Internal,
                SignalDirection::External,
                SignalDirection::Both,
            ];
            signal.direction = self.maybe(3, |it| it.pick(&directions));
            signal.request_id = self.maybe(3, Self::request_id);
            signal.intersig_delay = self.maybe(3, Self::uint16);
        }
        signal
    }

    fn digit_map(&mut self) -> DigitMapDescriptor<'static> {
        match self.below(3) {
            0 => DigitMapDescriptor {
                name: Some(token("dialplan00")),
                value: None,
            },
            1 if self.text() => DigitMapDescriptor {
                name: None,
                value: Some(self.digit_map_value()),
            },
            _ => DigitMapDescriptor {
                name: Some(token("dialplan01")),
                value: Some(self.digit_map_value()),
            },
        }
    }

    fn digit_map_value(&mut self) -> DigitMapValue<'static> {
        let bodies = [
            "(0s| 00s|[1-7]xlxx|8lxxxxxxx|#xxxxxxx|*xx)",
            "123",
            "([0-9].L)",
            "x.",
            "(1Z2|3)",
        ];
        DigitMapValue {
            start_timer: self.maybe(3, |it| it.below(100) as u8),
            short_timer: self.maybe(3, |it| it.below(100) as u8),
            long_timer: self.maybe(3, |it| it.below(100) as u8),
            duration_timer: if self.version >= 2 {
                self.maybe(3, |it| it.below(100) as u8)
            } else {
                None
            },
            body: DigitMapBody::try_from(self.pick(&bodies)).expect("digit map"),
        }
    }

    fn time(&mut self) -> TimeNotation {
        let mut digits = [b'0'; 16];
        for digit in &mut digits {
            *digit += self.below(10) as u8;
        }
        let (date, time) = digits.split_at(8);
        TimeNotation::new(date.try_into().unwrap(), time.try_into().unwrap()).expect("digits")
    }

    fn observed_events(&mut self) -> ObservedEventsDescriptor<'static> {
        let request_id = self.request_id();
        let events = self.list(1, |it| ObservedEvent {
            name: it.name(&EVENTS),
            stream: it.maybe(3, Self::uint16),
            parameters: it.parameters(),
            time: it.maybe(2, Self::time),
        });
        ObservedEventsDescriptor { request_id, events }
    }

    fn statistic(&mut self) -> StatisticsParameter<'static> {
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

    fn package(&mut self) -> PackagesItem<'static> {
        PackagesItem {
            name: token(self.pick(&PACKAGES)),
            version: self.below(100) as u16,
        }
    }

    fn audit(&mut self) -> AuditDescriptor<'static> {
        let tokens = AuditTokens(self.uint16() & 0x3FF & if self.rarely(2) { 0x3FF } else { 0x40 });
        let parameters = if self.version >= 2 {
            self.list(0, Self::ind_audit)
        } else {
            List::EMPTY
        };
        AuditDescriptor { tokens, parameters }
    }

    fn ind_audit(&mut self) -> IndAuditParameter<'static> {
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

    fn ind_aud_signal(&mut self) -> IndAudSignal<'static> {
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

    fn ind_aud_property(&mut self) -> IndAudPropertyParm<'static> {
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

    fn select<T>(&mut self, value: T) -> AuditSelect<T> {
        match self.below(3) {
            1 if self.version >= 3 => AuditSelect::Equal(value),
            2 if self.version >= 3 && self.text() => {
                AuditSelect::Relation(Relation::UnequalTo, value)
            }
            _ => AuditSelect::Report,
        }
    }

    fn ind_aud_media(&mut self) -> IndAudMediaDescriptor<'static> {
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

    fn ind_aud_stream_parms(&mut self) -> IndAudStreamParms<'static> {
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

    fn service_change(&mut self) -> ServiceChangeParm<'static> {
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

    fn service_change_shared(&mut self) -> ServiceChangeResParm<'static> {
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

    fn service_change_result(&mut self) -> ServiceChangeResult<'static> {
        if self.rarely(4) {
            return ServiceChangeResult::Error(self.error());
        }
        match self.service_change_shared() {
            parms if parms == ServiceChangeResParm::default() => ServiceChangeResult::Accepted,
            parms => ServiceChangeResult::Parms(parms.into()),
        }
    }
}

fn token(text: &'static str) -> Token<'static> {
    Token::try_from(text).expect("token")
}
