//! Messages as the bench writes them. Actions are encoded once; a message is put together from them.

use super::plan::{Encoding, Role};
use crate::failure::Failure;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{
    ActionRequest, AmmRequest, AuditDescriptor, AuditItem, AuditRequest, AuditTokens, Command,
    ContextId, List, MId, NotifyRequest, ObservedEvent, ObservedEventsDescriptor, PkgdName, Quoted,
    Ref, RequestId, ServiceChangeMethod, ServiceChangeParm, ServiceChangeProfile,
    ServiceChangeRequest, SubtractRequest, TerminationId, TimeNotation, Token, Transaction,
    TransactionId,
};
use megaphone_h248::text::{self, Header, Layout};
use megaphone_h248::{Arena, DecodeError, Decoded, EncodeError, Limits};

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// A gateway registers: ServiceChange of ROOT.
    Register,
    /// Traffic: one of the role's kinds of request, in turn.
    Traffic(u32),
}

/// Writes and reads messages of one encoding and version.
#[derive(Debug)]
pub(super) struct Wire {
    encoding: Encoding,
    version: u8,
    ber: BerConfig,
    limits: Limits,
    register: Vec<u8>,
    traffic: Vec<Vec<u8>>,
    part: Vec<u8>,
}

/// The termination that traffic is about: three levels of eight bits, so that it has a binary form too.
pub(super) const TERMINATION: &[u8] = b"11111111/00000000/00000001";

fn termination() -> TerminationId<'static> {
    TerminationId::new(TERMINATION).expect("a constant path")
}

fn register(version: u8) -> ActionRequest<'static> {
    let reason = Quoted::try_from("901 Cold Boot").expect("a constant text");
    let profile = ServiceChangeProfile {
        name: Token::try_from("resgw").expect("a constant name"),
        version: 1,
    };
    let parms = ServiceChangeParm {
        version: Some(version),
        profile: Some(profile),
        ..ServiceChangeParm::new(ServiceChangeMethod::Restart, reason.into())
    };
    let change = ServiceChangeRequest {
        terminations: List::one(TerminationId::ROOT),
        parms: Ref::from(parms),
    };
    ActionRequest::new(ContextId::NULL, [Command::ServiceChange(change).into()])
}

fn notify() -> ActionRequest<'static> {
    let off_hook = ObservedEvent {
        name: PkgdName::try_from("al/of").expect("a constant name"),
        stream: None,
        parameters: List::EMPTY,
        time: TimeNotation::new(*b"20260101", *b"00000000"),
    };
    let notify = NotifyRequest {
        terminations: List::one(termination()),
        observed_events: ObservedEventsDescriptor {
            request_id: RequestId(2_222),
            events: List::one(off_hook),
        },
        error: None,
    };
    ActionRequest::new(ContextId::NULL, [Command::Notify(notify).into()])
}

/// What a controller does with a gateway, over and over: Add, Modify, Subtract, AuditValue.
fn call() -> [ActionRequest<'static>; 4] {
    let amm = |termination| AmmRequest {
        terminations: List::one(termination),
        descriptors: List::EMPTY,
    };
    let subtract = SubtractRequest {
        terminations: List::one(termination()),
        audit: None,
    };
    let audit = AuditRequest {
        terminations: List::one(termination()),
        audit: AuditDescriptor {
            tokens: AuditTokens::default().with(AuditItem::Packages),
            ..AuditDescriptor::default()
        },
    };
    let one = ContextId(1);
    [
        (ContextId::CHOOSE, Command::Add(amm(TerminationId::CHOOSE))),
        (one, Command::Modify(amm(termination()))),
        (one, Command::Subtract(subtract)),
        (ContextId::NULL, Command::AuditValue(audit)),
    ]
    .map(|(context, command)| ActionRequest::new(context, [command.into()]))
}

impl Wire {
    /// # Errors
    ///
    /// [`Failure::Usage`] if the encoding cannot say what the role has to say.
    pub(super) fn new(encoding: Encoding, version: u8, role: Role) -> Result<Wire, Failure> {
        let mut wire = Wire {
            encoding,
            version,
            ber: BerConfig::default(),
            limits: Limits::default(),
            register: Vec::new(),
            traffic: Vec::new(),
            part: Vec::new(),
        };
        let encode = |action: &ActionRequest<'_>| {
            wire.encode_action(action).map_err(|error| {
                Failure::Usage(format!("{encoding:?}, version {version}: {error}"))
            })
        };
        let register = encode(&register(version))?;
        let traffic = match role {
            Role::Gateway => vec![encode(&notify())?],
            Role::Controller => call().iter().map(encode).collect::<Result<_, _>>()?,
        };
        wire.register = register;
        wire.traffic = traffic;
        Ok(wire)
    }

    fn encode_action(&self, action: &ActionRequest<'_>) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        match self.layout() {
            Some(layout) => text::encode_action(action, layout, &mut out)?,
            None => ber::encode_action(action, &self.ber, &mut out)?,
        }
        Ok(out)
    }

    fn layout(&self) -> Option<Layout> {
        match self.encoding {
            Encoding::Pretty => Some(Layout::Pretty),
            Encoding::Compact => Some(Layout::Compact),
            Encoding::Ber => None,
        }
    }

    pub(super) fn version(&self) -> u8 {
        self.version
    }

    /// Appends a request as a whole message.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] for a name that the encoding cannot say.
    pub(super) fn request(
        &mut self,
        mid: &MId<'_>,
        id: TransactionId,
        ask: Ask,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let action: &[u8] = match ask {
            Ask::Register => &self.register,
            Ask::Traffic(turn) => &self.traffic[turn as usize % self.traffic.len()],
        };
        self.part.clear();
        match self.layout() {
            Some(layout) => text::join_request(id, &[action], layout, &mut self.part)?,
            None => ber::join_request(id, &[action], &mut self.part)?,
        }
        self.message(mid, &[&self.part], out)
    }

    /// Appends a transaction.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] if the encoding cannot say it.
    pub(super) fn transaction(
        &self,
        transaction: &Transaction<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self.layout() {
            Some(layout) => text::encode_transaction(transaction, layout, out),
            None => ber::encode_transaction(transaction, &self.ber, out),
        }
    }

    /// Appends a message of transactions that were encoded before.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] without transactions.
    pub(super) fn message(
        &self,
        mid: &MId<'_>,
        transactions: &[&[u8]],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let header = Header {
            auth_header: None,
            version: self.version,
            mid: mid.clone(),
        };
        match self.layout() {
            Some(layout) => text::join_message(&header, transactions, layout, out),
            None => ber::join_message(&header, transactions, out),
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if it is of no use as a whole.
    pub(super) fn decode<'a>(
        &self,
        bytes: &'a [u8],
        arena: &'a Arena,
    ) -> Result<Decoded<'a>, DecodeError> {
        match self.layout() {
            Some(_) => text::decode(bytes, arena, &self.limits),
            None => ber::decode(bytes, arena, &self.limits, &self.ber),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_can_say_its_part_in_every_encoding_and_version() {
        let mid = MId::DomainName(Token::try_from("mg1").unwrap(), None);
        for encoding in [Encoding::Pretty, Encoding::Compact, Encoding::Ber] {
            for version in 1..=3 {
                for (role, kinds) in [(Role::Gateway, 1), (Role::Controller, 4)] {
                    let mut wire = Wire::new(encoding, version, role).unwrap();
                    for ask in (0..kinds).map(Ask::Traffic).chain([Ask::Register]) {
                        let mut message = Vec::new();
                        wire.request(&mid, 7, ask, &mut message).unwrap();
                        let arena = Arena::new();
                        let decoded = wire.decode(&message, &arena).unwrap().clean().unwrap();
                        assert_eq!((decoded.version, &decoded.mid), (version, &mid));
                        assert!(matches!(
                            decoded.transactions(),
                            [Transaction::Request(request)] if request.transaction_id == 7
                        ));
                    }
                }
            }
        }
    }
}
