//! What the appliance itself says to an XMPP client: why its stream ends (RFC 6120 4.9), and nothing else.
//!
//! ```text
//! [<?xml version='1.0'?><stream:stream …>]  <stream:error><CONDITION/><text>…</text></stream:error></stream:stream>
//!  └── if none was sent on this stream ──┘
//! ```

use super::Condition;

/// What the header of our own stream says, where the backend has not sent one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamHeader<'a> {
    /// The domain that is served; empty if it is not known here.
    pub from: &'a str,
    /// Names the stream. Nothing follows on it but its end, so a connection's id will do.
    pub id: u64,
}

const ERRORS: &str = "urn:ietf:params:xml:ns:xmpp-streams";

/// Appends a stream error and the end of the stream, behind a header if one is given.
pub fn stream_error(
    header: Option<StreamHeader<'_>>,
    condition: Condition,
    text: &str,
    out: &mut Vec<u8>,
) {
    if let Some(StreamHeader { from, id }) = header {
        out.extend_from_slice(
            b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
              xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en'",
        );
        if !from.is_empty() {
            out.extend_from_slice(b" from='");
            escape(from, out);
            out.push(b'\'');
        }
        out.extend_from_slice(format!(" id='{id:016x}'>").as_bytes());
    }
    let name = condition.name();
    out.extend_from_slice(format!("<stream:error><{name} xmlns='{ERRORS}'/>").as_bytes());
    if !text.is_empty() {
        out.extend_from_slice(format!("<text xmlns='{ERRORS}' xml:lang='en'>").as_bytes());
        escape(text, out);
        out.extend_from_slice(b"</text>");
    }
    out.extend_from_slice(b"</stream:error></stream:stream>");
}

/// Appends `text` as character data or the inside of an attribute value. Characters that XML does not know are left out: a
/// backend's reason may hold any.
fn escape(text: &str, out: &mut Vec<u8>) {
    for character in text.chars() {
        match character {
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '&' => out.extend_from_slice(b"&amp;"),
            '\'' => out.extend_from_slice(b"&apos;"),
            '"' => out.extend_from_slice(b"&quot;"),
            '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                let mut room = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut room).as_bytes());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(header: Option<StreamHeader<'_>>, text: &str) -> String {
        let mut out = Vec::new();
        stream_error(header, Condition::PolicyViolation, text, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn an_error_on_a_stream_that_has_a_header() {
        assert_eq!(
            said(None, ""),
            "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>"
        );
    }

    #[test]
    fn a_header_of_our_own_goes_first_and_all_of_it_is_xml() {
        let header = StreamHeader {
            from: "a'<b>",
            id: 0xabc,
        };
        let said = said(Some(header), "1 < 2 & \u{1}3");
        let mut reader = quick_xml::Reader::from_str(&said);
        while reader.read_event().expect("well-formed") != quick_xml::events::Event::Eof {}
        assert!(said.contains("from='a&apos;&lt;b&gt;' id='0000000000000abc'>"));
        assert!(said.contains(">1 &lt; 2 &amp; 3</text>"));
    }
}
