//! What a server says, as far as a user of the bench has to know: one unit of its stream at a time.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use megaphone_frame::stanza::UnitKind;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One unit of the server's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The header of a stream.
    Header,
    /// What the server offers next.
    Features(Features),
    /// SASL goes on.
    Challenge(Vec<u8>),
    /// SASL succeeded, with what the server adds.
    Success(Vec<u8>),
    /// SASL failed, for this reason.
    Failure(String),
    /// An answer or a question.
    Iq {
        /// `result`, `error`, `get` or `set`.
        kind: String,
        /// The id.
        id: String,
        /// Who says it; empty for the server itself.
        from: String,
        /// The address that was bound, if that is what it says.
        jid: String,
        /// Whether it asks for an answer by XEP-0199.
        is_ping: bool,
    },
    /// A message.
    Message {
        /// Who sent it.
        from: String,
        /// `error` is what matters.
        kind: String,
        /// Its text.
        body: String,
    },
    /// Somebody's presence.
    Presence {
        /// Whose.
        from: String,
        /// Empty for `available`.
        kind: String,
    },
    /// The stream ends for this reason.
    StreamError(String),
    /// The stream ends.
    End,
    /// Something else.
    Other,
    /// Not XML.
    Broken(String),
}

/// What the server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// SASL mechanisms.
    pub mechanisms: Vec<String>,
    /// Resource binding.
    pub bind: bool,
    /// A session has to be asked for (RFC 3921).
    pub session: bool,
}

/// Reads one unit.
#[must_use]
pub fn read(kind: UnitKind, bytes: &[u8]) -> Said {
    match kind {
        UnitKind::Header => Said::Header,
        UnitKind::End => Said::End,
        UnitKind::Keepalive => Said::Other,
        UnitKind::Stanza => stanza(bytes).unwrap_or_else(|error| Said::Broken(error.to_string())),
    }
}

/// An element below a stanza's: its name, and the text it begins with.
type Child = (String, String);

fn stanza(bytes: &[u8]) -> Result<Said, quick_xml::Error> {
    let mut reader = Reader::from_reader(bytes);
    // It ends with the stanza, whose last tag the framing has seen.
    reader.config_mut().check_end_names = false;
    let mut top: Option<(String, [String; 3])> = None;
    let mut children: Vec<Child> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event()? {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
                match &top {
                    None => top = Some((name, attributes(&tag)?)),
                    Some(_) => children.push((name, String::new())),
                }
            }
            Event::Text(part) => {
                let part = part.decode()?;
                append(&mut children, &mut text, &part);
            }
            Event::GeneralRef(reference) => {
                let name = reference.decode()?;
                let character = match reference.resolve_char_ref()? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_xml_entity(&name)
                        .unwrap_or_default()
                        .to_owned(),
                };
                append(&mut children, &mut text, &character);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(top.map_or(Said::Other, |(name, attributes)| {
        meaning(&name, attributes, &children, text)
    }))
}

/// Text belongs to the last element that began; the bench reads none with text between elements.
fn append(children: &mut [Child], text: &mut String, part: &str) {
    match children.last_mut() {
        Some((_, of_child)) => of_child.push_str(part),
        None => text.push_str(part),
    }
}

/// `from`, `type` and `id`.
fn attributes(tag: &BytesStart<'_>) -> Result<[String; 3], quick_xml::Error> {
    let mut found: [String; 3] = Default::default();
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let place = match attribute.key.as_ref() {
            b"from" => 0,
            b"type" => 1,
            b"id" => 2,
            _ => continue,
        };
        found[place] = attribute.unescape_value()?.into_owned();
    }
    Ok(found)
}

fn meaning(name: &str, [from, kind, id]: [String; 3], children: &[Child], text: String) -> Said {
    let has = |wanted: &str| children.iter().any(|(name, _)| name == wanted);
    let text_of = |wanted: &str| {
        let child = children.iter().find(|(name, _)| name == wanted);
        child.map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let first = || {
        let child = children.first();
        child.map_or_else(|| name.to_owned(), |(name, _)| name.clone())
    };
    let decoded = || BASE64_STANDARD.decode(text.trim()).unwrap_or_default();
    match name {
        "features" => Said::Features(Features {
            mechanisms: children
                .iter()
                .filter(|(name, _)| name == "mechanism")
                .map(|(_, text)| text.trim().to_owned())
                .collect(),
            bind: has("bind"),
            session: has("session") && !has("optional"),
        }),
        "challenge" => Said::Challenge(decoded()),
        "success" => Said::Success(decoded()),
        "failure" => Said::Failure(first()),
        "iq" => Said::Iq {
            kind,
            id,
            from,
            jid: text_of("jid"),
            is_ping: has("ping"),
        },
        "message" => Said::Message {
            from,
            kind,
            body: text_of("body"),
        },
        "presence" => Said::Presence { from, kind },
        "error" => {
            let why = text_of("text");
            Said::StreamError(format!("{} {why}", first()).trim_end().to_owned())
        }
        _ => Said::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        read(UnitKind::Stanza, text.as_bytes())
    }

    #[test]
    fn features_of_a_server() {
        let first = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>\
                     <mechanism>SCRAM-SHA-1</mechanism></mechanisms><register/></stream:features>";
        let features = Features {
            mechanisms: vec!["PLAIN".into(), "SCRAM-SHA-1".into()],
            ..Features::default()
        };
        assert_eq!(said(first), Said::Features(features));
        for (optional, session) in [("<optional/>", false), ("", true)] {
            let second =
                format!("<stream:features><bind/><session>{optional}</session></stream:features>");
            let features = Features {
                mechanisms: Vec::new(),
                bind: true,
                session,
            };
            assert_eq!(said(&second), Said::Features(features));
        }
    }

    #[test]
    fn sasl_and_errors() {
        assert_eq!(
            said("<challenge>cj1h</challenge>"),
            Said::Challenge(b"r=a".to_vec())
        );
        assert_eq!(said("<success xmlns='x'/>"), Said::Success(Vec::new()));
        assert_eq!(
            said("<failure xmlns='x'><not-authorized/></failure>"),
            Said::Failure("not-authorized".into())
        );
        assert_eq!(
            said("<stream:error><conflict xmlns='x'/><text>Replaced</text></stream:error>"),
            Said::StreamError("conflict Replaced".into())
        );
    }

    #[test]
    fn stanzas() {
        assert_eq!(
            said("<message from='a@b/c' type='chat'><body>1 &lt; &#50;</body></message>"),
            Said::Message {
                from: "a@b/c".into(),
                kind: "chat".into(),
                body: "1 < 2".into()
            }
        );
        assert_eq!(
            said("<iq type='result' id='bind'><bind><jid>a@b/c</jid></bind></iq>"),
            Said::Iq {
                kind: "result".into(),
                id: "bind".into(),
                from: String::new(),
                jid: "a@b/c".into(),
                is_ping: false
            }
        );
        assert_eq!(
            said("<presence from='a@b/c'/>"),
            Said::Presence {
                from: "a@b/c".into(),
                kind: String::new()
            }
        );
        assert_eq!(read(UnitKind::End, b"</stream:stream>"), Said::End);
        assert!(matches!(said("<a b></a>"), Said::Other | Said::Broken(_)));
    }
}
