//! What a shard is told about H.248: its users, who answers for them, and whom to believe.

use super::desk::Desk;
use crate::config::{ClientListener, Route};
use crate::contract::ShardId;
use crate::item::Serves;
use megaphone_frame::{Framing, tpkt};
use megaphone_h248::model::MId;
use megaphone_h248::sniff::{Sniffed, sniff};
use megaphone_megaco::Options;
use megaphone_megaco::config::{Config, Encoding};
use megaphone_megaco::registration::GatewayOptions;
use megaphone_megaco::setup::ConnectionSetup;
use megaphone_megaco::{Mid, User};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// H.248 on all shards: the same on each of them.
#[derive(Clone, Debug, Default)]
pub struct H248Config {
    /// The users, by the index that listeners resolve their names to.
    pub users: Vec<H248User>,
    /// Limits of the transaction engines, and defaults of users. The seed, and the limits that the shard has too, are set by it.
    pub options: Options,
    /// Where controllers are whose MID is no address.
    pub addresses: Vec<(Mid, SocketAddr)>,
    /// Which places of a known peer are believed.
    pub source_check: SourceCheck,
    /// Unpredictable: seeds hash tables and random delays.
    pub seed: u64,
}

impl H248Config {
    /// The index of the user of this name, or of this MID.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<u16> {
        let mid = Mid::parse(name);
        let named = |user: &H248User| user.name == name;
        let of_mid = |user: &H248User| mid.as_ref() == Some(&Mid::new(&user.mid));
        let at = self.users.iter().position(named);
        let at = at.or_else(|| self.users.iter().position(of_mid))?;
        u16::try_from(at).ok()
    }

    /// A bit for each user that controllers on the link of this name answer for, of those with one of these MIDs; without MIDs,
    /// of all of them.
    #[must_use]
    pub fn served(&self, link: &str, mids: &[&str]) -> u64 {
        let wanted: Vec<Mid> = mids.iter().filter_map(|mid| Mid::parse(mid)).collect();
        let is_served = |user: &&H248User| {
            matches!(&user.answers, Answers::Controllers(name) if name == link)
                && (mids.is_empty() || wanted.contains(&Mid::new(&user.mid)))
        };
        let bits = (0..Serves::USERS_MAX).zip(&self.users);
        bits.filter(|(_, user)| is_served(user))
            .fold(0, |bits, (at, _)| bits | 1 << at)
    }

    /// Whether H.248 is spoken at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.users.is_empty()
    }
}

/// A user: one local MID, its items, and who answers.
#[derive(Clone, Debug)]
pub struct H248User {
    /// The name that listeners use.
    pub name: String,
    /// Who we are to its peers.
    pub mid: MId<'static>,
    /// Its items; those of a listener's encoding and transport are set per connection.
    pub items: Config,
    /// Who answers.
    pub answers: Answers,
    /// What is different for single peers.
    pub connections: Vec<ConnectionSetup>,
    /// How it registers, if it is a gateway and not a controller. All its associations are at home on one shard then.
    pub gateway: Option<GatewayOptions>,
}

impl H248User {
    /// A controller of this name and MID, with OTP's items, answered for by the built-in user.
    #[must_use]
    pub fn new(name: &str, mid: MId<'static>) -> H248User {
        H248User {
            name: name.to_owned(),
            mid,
            items: Config::default(),
            answers: Answers::BuiltIn,
            connections: Vec::new(),
            gateway: None,
        }
    }
}

/// Who answers a user's requests.
#[derive(Clone, Default)]
pub enum Answers {
    /// The appliance itself: it registers gateways and answers every command.
    #[default]
    BuiltIn,
    /// A program's own callbacks.
    Module(Arc<dyn MakeUser>),
    /// Controllers on the links of this name.
    Controllers(String),
}

impl Answers {
    /// Callbacks that `make` makes on each shard.
    pub fn module<U: User + 'static>(
        make: impl Fn(ShardId, Desk) -> U + Send + Sync + 'static,
    ) -> Answers {
        let make = move |shard, desk| Box::new(make(shard, desk)) as Box<dyn User>;
        Answers::Module(Arc::new(make))
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answers::BuiltIn => f.write_str("BuiltIn"),
            Answers::Module(_) => f.write_str("Module"),
            Answers::Controllers(link) => write!(f, "Controllers({link:?})"),
        }
    }
}

/// Makes the callbacks of a user on each shard: they live on its thread and never leave it.
pub trait MakeUser: Send + Sync {
    /// The callbacks for this shard, and where they put what they want done there.
    fn make(&self, shard: ShardId, desk: Desk) -> Box<dyn User>;
}

impl<F: Fn(ShardId, Desk) -> Box<dyn User> + Send + Sync> MakeUser for F {
    fn make(&self, shard: ShardId, desk: Desk) -> Box<dyn User> {
        self(shard, desk)
    }
}

/// Where a listener's messages go and how they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct H248Door {
    /// The name of their user.
    pub user: String,
    /// Their encoding.
    pub speech: Speech,
    /// The address that the listener is bound to, for traces.
    pub at: Option<SocketAddr>,
}

impl H248Door {
    /// To the user of this name, in any encoding.
    #[must_use]
    pub fn of(user: &str) -> H248Door {
        H248Door {
            user: user.to_owned(),
            speech: Speech::Auto,
            at: None,
        }
    }

    /// A listener with this door: of messages in TPKT, or one in each datagram ([`Framing::Raw`]).
    #[must_use]
    pub fn listener(self, framing: Framing) -> ClientListener {
        ClientListener {
            framing,
            route: Route::H248(self),
            frame_bytes_max: Some(tpkt::BODY_BYTES_MAX),
            domain: String::new(),
        }
    }
}

/// The encoding of a listener's messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Speech {
    /// Whatever each message's first bytes say.
    #[default]
    Auto,
    /// Text, long or short: it is answered as it is written.
    Text,
    /// BER.
    Ber,
    /// As [`Speech::Auto`]; BER is answered with its values as OTP writes them.
    OtpAuto,
    /// BER with its values as OTP writes them: raw in their octet string, without the wrapping of RFC 3525 A.2.
    OtpBer,
}

impl Speech {
    /// How a message is written. One that is neither text nor BER counts as text and is answered with a syntax error.
    #[must_use]
    pub fn form(self, message: &[u8]) -> Form {
        let text = || {
            let start = message.iter().position(|byte| !byte.is_ascii_whitespace());
            match start.map(|at| message[at]) {
                Some(b'!') => Form::Compact,
                _ => Form::Pretty,
            }
        };
        match self {
            Speech::Ber => Form::Ber,
            Speech::OtpBer => Form::OtpBer,
            Speech::Text => text(),
            Speech::Auto | Speech::OtpAuto => match (sniff(message), self) {
                (Sniffed::Ber { .. }, Speech::OtpAuto) => Form::OtpBer,
                (Sniffed::Ber { .. }, _) => Form::Ber,
                (Sniffed::Text { .. } | Sniffed::Unknown, _) => text(),
            },
        }
    }
}

/// How one message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Form {
    /// Text with long tokens.
    Pretty,
    /// Text with short tokens.
    Compact,
    /// BER.
    Ber,
    /// BER with values as OTP writes them.
    OtpBer,
}

impl Form {
    /// All of them, in the order of their numbers.
    pub const ALL: [Form; 4] = [Form::Pretty, Form::Compact, Form::Ber, Form::OtpBer];

    /// As the transaction engine calls it.
    #[must_use]
    pub const fn encoding(self) -> Encoding {
        match self {
            Form::Pretty => Encoding::Pretty,
            Form::Compact => Encoding::Compact,
            Form::Ber | Form::OtpBer => Encoding::Binary,
        }
    }
}

/// Which places of a peer that is known are believed to be that peer. RFC 3525 leaves it to the transport (IPsec, 10.1); this
/// is what can be done without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SourceCheck {
    /// Any: whoever says a MID is that peer, and is answered there.
    Off,
    /// Any port and transport of the address that the peer spoke from first; another address only with a ServiceChange of
    /// the whole gateway, as a gateway that restarts elsewhere sends it.
    #[default]
    Address,
    /// Any port and transport of that address, and no other while the association lives.
    Strict,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_answered_as_it_is_written() {
        for (speech, message, form) in [
            (Speech::Auto, &b"!/1 [1.2.3.4]"[..], Form::Compact),
            (Speech::Auto, b"\r\n !/1 [1.2.3.4]", Form::Compact),
            (Speech::Auto, b"MEGACO/1 [1.2.3.4]", Form::Pretty),
            (Speech::Auto, b"\x30\x10", Form::Ber),
            (Speech::Auto, b"GET / HTTP/1.1", Form::Pretty),
            (Speech::Auto, b"", Form::Pretty),
            (Speech::Text, b"\x30\x10", Form::Pretty),
            (Speech::Ber, b"MEGACO/1", Form::Ber),
            (Speech::OtpAuto, b"\x30\x10", Form::OtpBer),
            (Speech::OtpAuto, b"!/1 [1.2.3.4]", Form::Compact),
            (Speech::OtpBer, b"\x30\x10", Form::OtpBer),
        ] {
            assert_eq!(speech.form(message), form, "{}", message.escape_ascii());
        }
    }
}
