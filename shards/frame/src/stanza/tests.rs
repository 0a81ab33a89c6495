use super::{Condition, Scan, StanzaFault, StanzaLimits, Unit, UnitKind};
use megaphone_pool::{Gather, Pool, PoolConfig};
use proptest::prelude::*;

mod against_a_parser;

const HEADER: &str = "<?xml version='1.0'?><stream:stream to='example.net' xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";

fn pool() -> Pool {
    Pool::new(&PoolConfig::new(0)).expect("a default pool")
}

/// Feeds `arrivals` one by one; says which units came out, as text.
fn units(
    arrivals: &[&[u8]],
    limits: &StanzaLimits,
) -> (Vec<(UnitKind, String)>, Option<StanzaFault>) {
    let pool = pool();
    let mut scan = Scan::default();
    let mut input = Gather::new();
    let mut out = Vec::new();
    for arrival in arrivals {
        input.push_bytes(&pool, arrival).expect("room in the pool");
        loop {
            match scan.next(&input, limits) {
                Ok(Some(Unit { kind, bytes })) => {
                    let mut unit = Gather::new();
                    input.take_front(bytes as usize, &mut unit);
                    out.push((kind, String::from_utf8_lossy(&unit.to_vec()).into_owned()));
                }
                Ok(None) => break,
                Err(fault) => return (out, Some(fault)),
            }
        }
    }
    assert_eq!(
        input.is_empty(),
        scan.is_between(),
        "what is left is a unit begun"
    );
    (out, None)
}

fn whole(text: &str) -> (Vec<(UnitKind, String)>, Option<StanzaFault>) {
    units(&[text.as_bytes()], &StanzaLimits::DEFAULT)
}

fn fault_of(text: &str) -> StanzaFault {
    whole(text).1.unwrap_or_else(|| panic!("accepted: {text}"))
}

fn expect(text: &str, expected: &[(UnitKind, &str)]) {
    let (found, fault) = whole(text);
    assert_eq!(fault, None, "{text}");
    let found: Vec<_> = found
        .iter()
        .map(|(kind, text)| (*kind, text.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_scan_is_small() {
    assert!(size_of::<Scan>() <= 16);
}

#[test]
fn a_session_is_cut_into_its_units() {
    let text = format!(
        "{HEADER}<iq id='a'/>\n<message to=\"b@c\"><body>a &gt; b &#x41;</body></message> </stream:stream>\n"
    );
    expect(
        &text,
        &[
            (UnitKind::Header, HEADER),
            (UnitKind::Stanza, "<iq id='a'/>"),
            (UnitKind::Keepalive, "\n"),
            (
                UnitKind::Stanza,
                "<message to=\"b@c\"><body>a &gt; b &#x41;</body></message>",
            ),
            (UnitKind::Keepalive, " "),
            (UnitKind::End, "</stream:stream>"),
            (UnitKind::Keepalive, "\n"),
        ],
    );
}

#[test]
fn a_stream_restarts_with_and_without_a_declaration() {
    let bare = "<stream:stream to='x'>";
    let text = format!("{bare}<auth/>{HEADER}<iq/>{bare}<presence/>");
    expect(
        &text,
        &[
            (UnitKind::Header, bare),
            (UnitKind::Stanza, "<auth/>"),
            (UnitKind::Header, HEADER),
            (UnitKind::Stanza, "<iq/>"),
            (UnitKind::Header, bare),
            (UnitKind::Stanza, "<presence/>"),
        ],
    );
}

#[test]
fn markup_inside_values_and_cdata_is_text() {
    let stanza = "<m a='/>\"' b=\"'>\"><![CDATA[</m>]]]]><x>]</x><y></y></m>";
    expect(
        &format!("{HEADER}{stanza}"),
        &[(UnitKind::Header, HEADER), (UnitKind::Stanza, stanza)],
    );
}

#[test]
fn every_split_gives_the_same_units() {
    let text = format!("\n{HEADER}<a b='c&amp;d'/>\t<e><f/>g<![CDATA[h]]></e ></stream:stream>");
    let merged = |units: Vec<(UnitKind, String)>| {
        // White space is reported as it comes: neighbours count as one.
        let mut out: Vec<(UnitKind, String)> = Vec::new();
        for (kind, text) in units {
            match out.last_mut() {
                Some((UnitKind::Keepalive, before)) if kind == UnitKind::Keepalive => {
                    before.push_str(&text)
                }
                _ => out.push((kind, text)),
            }
        }
        out
    };
    let (expected, fault) = whole(&text);
    assert_eq!(fault, None);
    let bytes = text.as_bytes();
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let arrivals = [&bytes[..first], &bytes[first..second], &bytes[second..]];
            let (found, fault) = units(&arrivals, &StanzaLimits::DEFAULT);
            assert_eq!(
                (merged(found), fault),
                (expected.clone(), None),
                "split at {first} and {second}"
            );
        }
    }
    let one_by_one: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(
        merged(units(&one_by_one, &StanzaLimits::DEFAULT).0),
        expected
    );
}

#[test]
fn what_xmpp_forbids_is_restricted_xml() {
    for inside in [
        "<m><!-- comment --></m>",
        "<!-- comment -->",
        "<!DOCTYPE x [<!ENTITY a 'b'>]>",
        "<m><?php ?></m>",
        "<?php ?>",
        "<?xml-stylesheet ?>",
        "<m>&nbsp;</m>",
        "<m a='&x;'/>",
        "<m>&;</m>",
        "<m>&#;</m>",
        "<m>&#xg;</m>",
        "<m>&amp</m>",
        "<m>&#0000000000000065;</m>",
        "<m><![cdata[x]]></m>",
    ] {
        let fault = fault_of(&format!("{HEADER}{inside}"));
        assert_eq!(
            fault.condition(),
            Condition::RestrictedXml,
            "{inside}: {fault}"
        );
    }
    let fault = fault_of("<!DOCTYPE x><stream:stream>");
    assert_eq!(fault.condition(), Condition::RestrictedXml);
}

#[test]
fn what_is_not_xml_is_not_well_formed() {
    for inside in [
        "< m/>",
        "<m a=b/>",
        "<m a='<'/>",
        "<m a'b'/>",
        "<m a='b'c='d'/>",
        "<1/>",
        "<m/ >",
        "<m>\0</m>",
        "<m></m x>",
        "</>",
        "<m a='\u{1}'/>",
    ] {
        let fault = fault_of(&format!("{HEADER}{inside}"));
        assert_eq!(
            fault.condition(),
            Condition::NotWellFormed,
            "{inside}: {fault}"
        );
    }
}

#[test]
fn what_is_out_of_place_is_a_bad_format() {
    for text in [
        "<iq/>".to_owned(),
        "text".to_owned(),
        "</stream:stream>".to_owned(),
        "<stream:stream/>".to_owned(),
        "<?xml version='1.0'?></a>".to_owned(),
        "<?xml version='1.0'?><iq/>".to_owned(),
        format!("{HEADER}text"),
        format!("{HEADER}<?xml version='1.0'?><iq/>"),
        format!("{HEADER}</stream:stream><iq/>"),
    ] {
        let fault = fault_of(&text);
        assert_eq!(fault.condition(), Condition::BadFormat, "{text}: {fault}");
    }
}

#[test]
fn other_encodings_are_refused() {
    for text in [
        "<?xml version='1.0' encoding='UTF-16'?>",
        "<?xml version='1.0' encoding=\"latin-1\"?>",
        "<?xml encoding='utf'?>",
    ] {
        assert_eq!(fault_of(text), StanzaFault::Encoding, "{text}");
    }
    assert_eq!(
        units(&[b"\xfe\xff\0<"], &StanzaLimits::DEFAULT).1,
        Some(StanzaFault::Encoding)
    );
    assert_eq!(
        units(&[b"\xef\xbb\xbf<"], &StanzaLimits::DEFAULT).1,
        Some(StanzaFault::Encoding)
    );
    for text in [
        "<?xml version='1.0' encoding='utf-8'?>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes'?>",
    ] {
        let text = format!("{text}<stream:stream>");
        expect(&text, &[(UnitKind::Header, &text)]);
    }
}

#[test]
fn every_limit_holds_at_its_edge() {
    let limits = StanzaLimits {
        stanza_bytes_max: 100,
        depth_max: 4,
        attributes_max: 3,
        name_bytes_max: 13,
    };
    let check = |text: &str, fault: Option<StanzaFault>| {
        let text = format!("<stream:stream>{text}");
        assert_eq!(units(&[text.as_bytes()], &limits).1, fault, "{text}");
    };
    let sized = |bytes: usize| format!("<m>{}</m>", "x".repeat(bytes - 7));
    check(&sized(99), None);
    check(&sized(100), None);
    check(&sized(101), Some(StanzaFault::TooLong { limit: 100 }));
    check("<a><b/></a>", None);
    check("<a><b><c></c></b></a>", None);
    check(
        "<a><b><c><d></d></c></b></a>",
        Some(StanzaFault::TooDeep { limit: 4 }),
    );
    check("<m a='' b=''/>", None);
    check("<m a='' b='' c=''/>", None);
    check(
        "<m a='' b='' c='' d=''/>",
        Some(StanzaFault::TooManyAttributes { limit: 3 }),
    );
    let named = |bytes: usize| format!("<{}/>", "n".repeat(bytes));
    check(&named(12), None);
    check(&named(13), None);
    check(&named(14), Some(StanzaFault::NameTooLong { limit: 13 }));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_stall(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
        let cut = cut.min(bytes.len());
        units(&[&bytes[..cut], &bytes[cut..]], &StanzaLimits::DEFAULT);
        let text = format!("{HEADER}<m>");
        units(&[text.as_bytes(), &bytes], &StanzaLimits::DEFAULT);
    }
}
