//! Messages made of bytes: every byte string stands for a message that its version and both encodings can express.
//!
//! Property tests feed random bytes, so that shrinking the bytes shrinks the message; fuzz targets feed their own.
//! When the bytes run out, every choice is the simplest one.

#![allow(dead_code, unreachable_pub)]

mod command;
mod event;
mod media;

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

    fn request_id(&mut self) -> RequestId {
        if self.rarely(8) {
            RequestId::ALL
        } else {
            RequestId(self.uint32())
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
}

fn token(text: &'static str) -> Token<'static> {
    Token::try_from(text).expect("token")
}
