//! How a user comes in: one state machine per user, that hears a unit of the server's stream and says the next thing.
//!
//! ```text
//! Opening ──features──► Authenticating ──success──► Restarting ──features──► Binding ──► (Session) ──► (Roster) ──► (Ping)
//!                         └─challenge─┘                                                                    │ presence
//!                                                         Here ◄── own presence came back ── Announcing ◄──┘
//! ```

use super::read::Said;
use super::sasl::{Mechanism, Scram};
use super::users::Users;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Where a user stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Not connected yet.
    #[default]
    Away,
    /// The header is sent.
    Opening,
    /// SASL is under way.
    Authenticating,
    /// The second header is sent.
    Restarting,
    /// A resource is asked for.
    Binding,
    /// A session is asked for.
    Session,
    /// The roster is asked for.
    Roster,
    /// The server is pinged.
    Ping,
    /// Presence is sent.
    Announcing,
    /// Logged in and present.
    Here,
    /// Failed, or gone.
    Gone,
}

/// How users log in.
#[derive(Clone, Debug)]
pub struct Manner {
    /// The domain they log in to.
    pub domain: String,
    /// How they authenticate.
    pub mechanism: Mechanism,
    /// Everybody's password.
    pub password: String,
    /// Whether they ask for their roster.
    pub roster: bool,
    /// Whether they ping the server.
    pub ping: bool,
}

/// The resource that users ask for.
const RESOURCE: &str = "bench";

impl Manner {
    /// The header of a client's stream.
    #[must_use]
    pub fn header(&self) -> String {
        let domain = quick_xml::escape::escape(&self.domain);
        format!(
            "<?xml version='1.0'?><stream:stream to='{domain}' version='1.0' xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams'>"
        )
    }

    /// The first word about who this is.
    fn authenticate(&self, name: &str, scram: &Scram) -> String {
        let first = match self.mechanism {
            Mechanism::Plain => format!("\0{name}\0{}", self.password),
            Mechanism::Anonymous => String::new(),
            Mechanism::ScramSha1 => scram.first(),
        };
        let (mechanism, first) = (self.mechanism.name(), BASE64_STANDARD.encode(first));
        format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='{mechanism}'>{first}</auth>"
        )
    }

    /// What a user does on hearing `said`: appends what it says to `out`, and is then in the stage that is returned.
    ///
    /// # Errors
    ///
    /// Why it cannot log in.
    pub fn hear(
        &self,
        users: &Users,
        number: u32,
        (stage, scram): (Stage, &mut Scram),
        said: Said,
        out: &mut String,
    ) -> Result<Stage, String> {
        match (stage, said) {
            (_, Said::Failure(why)) => Err(format!("authentication failed: {why}")),
            (_, Said::StreamError(why)) => Err(format!("stream error: {why}")),
            (_, Said::End) => Err(format!("the server ended the stream while {stage:?}")),
            (_, Said::Broken(why)) => Err(format!("the server's stanza is no XML: {why}")),
            (_, Said::Iq { kind, id, .. }) if kind == "error" => {
                Err(format!("{id} was answered with an error"))
            }
            (Stage::Opening, Said::Features(features)) => {
                if !features
                    .mechanisms
                    .iter()
                    .any(|name| name == self.mechanism.name())
                {
                    let offered = features.mechanisms.join(", ");
                    let wanted = self.mechanism.name();
                    return Err(format!("{wanted} is not offered; there are: {offered}"));
                }
                out.push_str(&self.authenticate(&users.name(number), scram));
                Ok(Stage::Authenticating)
            }
            (Stage::Authenticating, Said::Challenge(challenge)) => {
                let answer = scram
                    .answer(&challenge, &self.password)
                    .ok_or("a challenge that cannot be answered")?;
                let answer = BASE64_STANDARD.encode(answer);
                out.push_str(&format!(
                    "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{answer}</response>"
                ));
                Ok(Stage::Authenticating)
            }
            (Stage::Authenticating, Said::Success(last)) => {
                if self.mechanism == Mechanism::ScramSha1 && !scram.is_proven_by(&last) {
                    return Err("the server does not know the password".into());
                }
                out.push_str(&self.header());
                Ok(Stage::Restarting)
            }
            (Stage::Restarting, Said::Features(features)) => {
                if !features.bind {
                    return Err("no resource can be bound".into());
                }
                out.push_str(&bind(features.session));
                Ok(Stage::Binding)
            }
            (Stage::Binding, Said::Iq { id, jid, .. }) if id.starts_with("bind") => {
                let name = jid.split('@').next().unwrap_or_default();
                if !users.give_name(number, name) {
                    return Err(format!("{jid} was bound for {}", users.name(number)));
                }
                Ok(match id.as_str() {
                    "bind-session" => {
                        out.push_str(
                            "<iq type='set' id='session'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
                        );
                        Stage::Session
                    }
                    _ => self.after(Stage::Session, out),
                })
            }
            (Stage::Session, Said::Iq { id, .. }) if id == "session" => Ok(self.after(stage, out)),
            (Stage::Roster, Said::Iq { id, .. }) if id == "roster" => Ok(self.after(stage, out)),
            (Stage::Ping, Said::Iq { id, .. }) if id == "ping" => Ok(self.after(stage, out)),
            (Stage::Announcing, Said::Presence { from, kind }) if kind.is_empty() => {
                let own = from.split('@').next() == Some(&users.name(number));
                Ok(if own { Stage::Here } else { stage })
            }
            _ => Ok(stage),
        }
    }

    /// The next of what follows `stage` once a resource is bound.
    fn after(&self, stage: Stage, out: &mut String) -> Stage {
        if stage == Stage::Session && self.roster {
            out.push_str("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
            return Stage::Roster;
        }
        if stage != Stage::Ping && self.ping {
            out.push_str("<iq type='get' id='ping'><ping xmlns='urn:xmpp:ping'/></iq>");
            return Stage::Ping;
        }
        out.push_str("<presence/>");
        Stage::Announcing
    }
}

/// The question for a resource. Its id remembers whether a session has to be asked for next.
fn bind(session: bool) -> String {
    let id = if session { "bind-session" } else { "bind" };
    format!(
        "<iq type='set' id='{id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
         <resource>{RESOURCE}</resource></bind></iq>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::xmpp::read::read;
    use megaphone_frame::stanza::UnitKind;

    fn manner(mechanism: Mechanism) -> Manner {
        Manner {
            domain: "example.org".into(),
            mechanism,
            password: "secret".into(),
            roster: true,
            ping: true,
        }
    }

    /// Lets user 1 hear the stanzas one after the other; what it says to each, and where it stands then.
    fn talk(
        manner: &Manner,
        users: &Users,
        stanzas: &[&str],
    ) -> (Vec<String>, Result<Stage, String>) {
        let (mut stage, mut scram, mut said) = (Stage::Opening, Scram::default(), Vec::new());
        for stanza in stanzas {
            let mut out = String::new();
            let heard = read(UnitKind::Stanza, stanza.as_bytes());
            match manner.hear(users, 1, (stage, &mut scram), heard, &mut out) {
                Ok(next) => stage = next,
                Err(why) => return (said, Err(why)),
            }
            said.push(out);
        }
        (said, Ok(stage))
    }

    const PLAIN: &str =
        "<features><mechanisms><mechanism>PLAIN</mechanism></mechanisms></features>";

    #[test]
    fn a_user_comes_in() {
        let users = Users::new("user", 0, 2, false);
        let (said, stage) = talk(
            &manner(Mechanism::Plain),
            &users,
            &[
                PLAIN,
                "<success/>",
                "<features><bind/><session/></features>",
                "<iq type='result' id='bind-session'><bind><jid>user1@example.org/bench</jid></bind></iq>",
                "<iq type='result' id='session'/>",
                "<iq type='result' id='roster'><query/></iq>",
                "<iq type='result' id='ping'/>",
                "<presence from='other@example.org/bench'/>",
                "<presence from='user1@example.org/bench'/>",
            ],
        );
        assert_eq!(stage, Ok(Stage::Here));
        assert!(
            said[0].contains(">AHVzZXIxAHNlY3JldA==</auth>"),
            "{}",
            said[0]
        );
        let beginnings = [
            "<auth ",
            "<?xml ",
            "<iq type='set' id='bind-session'>",
            "<iq type='set' id='session'>",
        ];
        for (said, beginning) in said.iter().zip(beginnings) {
            assert!(said.starts_with(beginning), "{said}");
        }
        assert_eq!(said[6], "<presence/>");
    }

    #[test]
    fn a_user_stays_out() {
        let users = Users::new("user", 0, 2, false);
        let plain = manner(Mechanism::Plain);
        for (stanzas, why) in [
            (&["<features><bind/></features>"][..], "not offered"),
            (
                &[PLAIN, "<failure><not-authorized/></failure>"],
                "not-authorized",
            ),
            (&[PLAIN, "<success/>", "<features/>"], "no resource"),
            (&["<stream:error><conflict/></stream:error>"], "conflict"),
            (
                &[
                    PLAIN,
                    "<success/>",
                    "<features><bind/></features>",
                    "<iq type='result' id='bind'><bind><jid>user2@example.org/bench</jid></bind></iq>",
                ],
                "was bound for user1",
            ),
        ] {
            let (_, end) = talk(&plain, &users, stanzas);
            assert!(end.as_ref().is_err_and(|end| end.contains(why)), "{end:?}");
        }
        let scram = PLAIN.replace("PLAIN", "SCRAM-SHA-1");
        let (_, end) = talk(
            &manner(Mechanism::ScramSha1),
            &users,
            &[&scram, "<success>dj0=</success>"],
        );
        assert_eq!(end, Err("the server does not know the password".into()));
    }
}
