//! What the control socket says: one JSON object a line. A question is one line of words; the answers end with `"done"`.

use megaphone_core::{Answer, ShardId, Traced, Transport};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The shard that says it; none if the appliance as a whole does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u16>,
    /// What it says.
    #[serde(flatten)]
    pub saying: Saying,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saying {
    /// A line of `key=value` pairs, or of help.
    Line(String),
    /// It cannot be done, and why.
    Refused(String),
    /// A message of a traced association.
    Message(Message),
    /// The last word: `{"done": null}`.
    Done,
}

/// A traced message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// When its home shard saw it: nanoseconds since 1970.
    pub unix_ns: u64,
    /// Whether the peer sent it; else we did.
    pub received: bool,
    /// `tcp` or `udp`.
    pub over: Over,
    /// The peer's address, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<SocketAddr>,
    /// Our address, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ours: Option<SocketAddr>,
    /// The message without any framing.
    #[serde(with = "in_base64")]
    pub base64: Vec<u8>,
}

/// A transport by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// TPKT over TCP.
    Tcp,
    /// A datagram.
    Udp,
}

impl Said {
    /// Something that the appliance as a whole says.
    #[must_use]
    pub const fn whole(saying: Saying) -> Said {
        Said {
            shard: None,
            saying,
        }
    }

    /// A shard's answer; `started` is when ticks were 0. `None` for kinds of answers that this program does not know yet.
    #[must_use]
    pub fn from_shard(shard: ShardId, answer: Answer, started: SystemTime) -> Option<Said> {
        let saying = match answer {
            Answer::Line(line) => Saying::Line(line),
            Answer::Refused(why) => Saying::Refused(why),
            Answer::Message(message) => Saying::Message(Message::from_trace(message, started)),
            Answer::Done => Saying::Done,
            _ => return None,
        };
        Some(Said {
            shard: Some(shard.0),
            saying,
        })
    }

    /// As one line.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From one line.
    ///
    /// # Errors
    ///
    /// The line is not of this form.
    pub fn from_json(line: &str) -> Result<Said, serde_json::Error> {
        serde_json::from_str(line)
    }
}

impl Message {
    fn from_trace(traced: Traced, started: SystemTime) -> Message {
        let over = match traced.over {
            Transport::Tcp => Over::Tcp,
            Transport::Udp => Over::Udp,
        };
        let at = started + Duration::from_nanos(traced.at.as_nanos());
        let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Message {
            unix_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
            received: traced.received,
            over,
            theirs: traced.ends.theirs,
            ours: traced.ends.ours,
            base64: traced.bytes,
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.received { "received" } else { "sent" };
        write!(f, "{way} {} bytes", self.base64.len())
    }
}

mod in_base64 {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_STANDARD.decode(text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use megaphone_core::Ends;
    use megaphone_wheel::Tick;

    #[test]
    fn everything_said_can_be_read_again() {
        let traced = Traced {
            at: Tick(1_500_000_000),
            home: ShardId(3),
            received: true,
            over: Transport::Udp,
            ends: Ends {
                theirs: "192.0.2.1:2944".parse().ok(),
                ours: "[2001:db8::1]:2944".parse().ok(),
            },
            bytes: b"!/1 mg P=1".to_vec(),
        };
        let started = UNIX_EPOCH + Duration::from_secs(10);
        let answers = [
            Answer::Line("a=1".into()),
            Answer::Refused("no".into()),
            Answer::Message(traced),
            Answer::Done,
        ];
        for answer in answers {
            let said = Said::from_shard(ShardId(3), answer, started).expect("known");
            let again = Said::from_json(&said.to_json()).expect("its own form");
            assert_eq!(again, said);
            if let Saying::Message(message) = again.saying {
                assert_eq!(message.unix_ns, 11_500_000_000);
                assert_eq!(message.to_string(), "received 10 bytes");
            }
        }
        let whole = Said::whole(Saying::Refused("no".into()));
        assert_eq!(whole.to_json(), r#"{"refused":"no"}"#);
        assert!(Said::from_json("gauges").is_err());
    }
}
