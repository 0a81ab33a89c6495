//! The scanner beside a full XML parser, on generated and damaged streams: whatever the parser takes for a document,
//! the scanner must cut where the parser sees the root's children begin and end.

use super::{HEADER, UnitKind, units};
use crate::stanza::StanzaLimits;
use proptest::prelude::*;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Where the parser sees the units of a stream that starts with [`HEADER`]: kind, start and end. `None` if it is no document, or
/// has something that XMPP forbids.
fn parsed(text: &str) -> Option<Vec<(UnitKind, usize, usize)>> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut out = Vec::new();
    let mut depth = 0;
    let mut start = 0;
    loop {
        let before = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let after = usize::try_from(reader.buffer_position()).ok()?;
        match event {
            Event::Eof => return (depth == 0).then_some(out),
            Event::Decl(_) => {}
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => return None,
            Event::Start(tag) => {
                tag.attributes()
                    .try_for_each(|attribute| attribute.map(drop))
                    .ok()?;
                depth += 1;
                match depth {
                    1 => out.push((UnitKind::Header, 0, after)),
                    2 => start = before,
                    _ => {}
                }
            }
            Event::Empty(tag) => {
                tag.attributes()
                    .try_for_each(|attribute| attribute.map(drop))
                    .ok()?;
                if depth == 1 {
                    out.push((UnitKind::Stanza, before, after));
                }
            }
            Event::End(_) => {
                depth -= 1;
                match depth {
                    0 => out.push((UnitKind::End, before, after)),
                    1 => out.push((UnitKind::Stanza, start, after)),
                    _ => {}
                }
            }
            _ if depth < 2 && !text[before..after].trim().is_empty() => return None,
            _ => {}
        }
    }
}

/// Where the scanner sees them.
fn scanned(text: &str) -> Option<Vec<(UnitKind, usize, usize)>> {
    let (found, fault) = units(&[text.as_bytes()], &StanzaLimits::DEFAULT);
    if fault.is_some() {
        return None;
    }
    let mut at = 0;
    let mut out = Vec::new();
    for (kind, unit) in found {
        if kind != UnitKind::Keepalive {
            out.push((kind, at, at + unit.len()));
        }
        at += unit.len();
    }
    Some(out)
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_.-]{0,6}(:[a-z]{1,4})?"
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -%'-;=-~éü€\n]{0,12}".prop_map(|text| text.replace("]]>", "")),
        Just("&lt;&amp;&#65;&#x1F600;".to_owned()),
        "[a-z<>&]{0,8}".prop_map(|text| format!("<![CDATA[{text}]]>")),
    ]
}

fn attributes() -> impl Strategy<Value = String> {
    proptest::collection::btree_map(name(), "[ -!#-%(-;=-~é]{0,8}", 0..4).prop_map(|map| {
        map.iter()
            .enumerate()
            .map(|(at, (name, value))| {
                if at % 2 == 0 {
                    format!(" {name}='{value}'")
                } else {
                    format!("\n{name} = \"{value}\"")
                }
            })
            .collect()
    })
}

fn element() -> impl Strategy<Value = String> {
    let leaf =
        (name(), attributes()).prop_map(|(name, attributes)| format!("<{name}{attributes}/>"));
    leaf.prop_recursive(5, 24, 4, |inner| {
        let content = proptest::collection::vec(prop_oneof![text(), inner], 0..4);
        (name(), attributes(), content).prop_map(|(name, attributes, content)| {
            format!("<{name}{attributes}>{}</{name}>", content.concat())
        })
    })
}

fn stream() -> impl Strategy<Value = String> {
    let between = prop_oneof![Just(""), Just(" "), Just("\r\n\t")];
    proptest::collection::vec((element(), between), 0..6).prop_map(|stanzas| {
        let body: String = stanzas
            .iter()
            .map(|(stanza, space)| format!("{stanza}{space}"))
            .collect();
        format!("{HEADER}{body}</stream:stream>")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn generated_streams_are_cut_where_the_parser_cuts(text in stream()) {
        let expected = parsed(&text);
        prop_assert!(expected.is_some(), "the generator makes documents: {text}");
        prop_assert_eq!(scanned(&text), expected);
    }

    #[test]
    fn damaged_streams_that_are_still_documents_are_cut_alike(text in stream(), at in any::<proptest::sample::Index>(), byte in "[<>/='\"& a!?\\]-]") {
        let mut damaged = text.into_bytes();
        let at = HEADER.len() + at.index(damaged.len() - HEADER.len());
        damaged[at] = byte.as_bytes()[0];
        let Ok(text) = String::from_utf8(damaged) else { return Ok(()) };
        if let (Some(expected), Some(found)) = (parsed(&text), scanned(&text)) {
            prop_assert_eq!(found, expected, "{}", text);
        }
    }
}
