//! Forms of single elements: long and indefinite lengths, strings in pieces, extensions, values of every type.

use super::*;
use crate::error::Problem;

/// An element: tag, minimal length, contents.
fn tlv(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let contents = contents.concat();
    let mut out = Vec::new();
    let mut writer = write::Writer::new(&mut out);
    writer.octets(tag, &contents);
    writer.finish();
    out
}

/// The same element with an indefinite length.
fn indefinite(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    [&[tag, 0x80], &contents.concat()[..], &[0, 0]].concat()
}

/// A pending transaction of version 1 from `gw`, its shells made by `shell`.
fn pending(shell: impl Fn(u8, &[&[u8]]) -> Vec<u8>, more: &[u8]) -> Vec<u8> {
    let transaction = shell(0xa1, &[&tlv(0x80, &[&[5]]), more]);
    let body = shell(0xa2, &[&shell(0xa1, &[&transaction])]);
    let mid = shell(0xa1, &[&tlv(0x83, &[b"gw"])]);
    shell(0x30, &[&shell(0xa1, &[&tlv(0x80, &[&[1]]), &mid, &body])])
}

fn expected() -> Message<'static> {
    let mid = MId::DeviceName(TerminationId::try_from("gw").expect("a path"));
    Message::new(1, mid, [Transaction::Pending(5)])
}

#[test]
fn lengths_short_long_and_indefinite_read_the_same() {
    let long = |tag: u8, contents: &[&[u8]]| {
        let contents = contents.concat();
        [&[tag, 0x84, 0, 0, 0, contents.len() as u8], &contents[..]].concat()
    };
    for input in [
        pending(tlv, b""),
        pending(indefinite, b""),
        pending(long, b""),
    ] {
        let arena = Arena::new();
        assert_eq!(clean(&input, &arena, "pending"), expected());
    }
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    let arena = Arena::new();
    for more in [
        &[0x85, 1, 9][..],
        &[0xbf, 0x81, 0x05, 2, 0x80, 0],
        &[0xa7, 0x80, 0x80, 0, 0, 0],
    ] {
        assert_eq!(
            clean(&pending(tlv, more), &arena, "extended"),
            expected(),
            "{more:02x?}"
        );
    }
    // TransactionAck has no extension marker.
    let ack = tlv(
        0xa3,
        &[&tlv(0x30, &[&tlv(0x80, &[&[1]]), &tlv(0x82, &[&[1]])])],
    );
    let bytes = pending(tlv, b"");
    let at = bytes
        .windows(5)
        .position(|w| w == [0xa1, 3, 0x80, 1, 5])
        .expect("the transaction");
    let mid = tlv(0xa1, &[&tlv(0x83, &[b"gw"])]);
    let input = tlv(
        0x30,
        &[&tlv(
            0xa1,
            &[
                &tlv(0x80, &[&[1]]),
                &mid,
                &tlv(0xa2, &[&tlv(0xa1, &[&ack])]),
            ],
        )],
    );
    assert!(at > 0);
    let decoded =
        decode(&input, &arena, &Limits::default(), &BerConfig::default()).expect("usable");
    assert_eq!(
        decoded.faults[0].error.problem,
        Problem::Unexpected("element")
    );
}

#[test]
fn indefinite_lengths_are_bounded() {
    let arena = Arena::new();
    let nest = |levels: usize| {
        let mut inner = Vec::new();
        for _ in 0..levels {
            inner = indefinite(0xa9, &[&inner]);
        }
        pending(tlv, &inner)
    };
    let read = |input: &[u8]| {
        let limits = Limits::default();
        let decoded = decode(input, &arena, &limits, &BerConfig::default()).expect("usable");
        decoded.faults.first().map(|fault| fault.error.problem)
    };
    assert_eq!(read(&nest(3)), None);
    assert_eq!(read(&nest(2000)), Some(Problem::Limit("depth_max")));
    // Never closed.
    let open = [0xa9, 0x80].repeat(2000);
    assert_eq!(
        read(&pending(tlv, &open)),
        Some(Problem::Limit("depth_max"))
    );
    assert_eq!(
        read(&pending(tlv, &[0xa9, 0x80])),
        Some(Problem::Missing("end of contents"))
    );
    assert_eq!(
        read(&pending(tlv, &[0x89, 0x80, 0, 0])),
        Some(Problem::Expected("a definite length"))
    );
}

#[test]
fn a_string_may_come_in_pieces() {
    let pieces = tlv(
        0xa3,
        &[
            &tlv(0x04, &[b"g"]),
            &tlv(0x24, &[&tlv(0x04, &[b"w"]), &tlv(0x04, &[b""])]),
        ],
    );
    let body = tlv(0xa2, &[&tlv(0xa1, &[&tlv(0xa1, &[&tlv(0x80, &[&[5]])])])]);
    let input = tlv(
        0x30,
        &[&tlv(
            0xa1,
            &[&tlv(0x80, &[&[1]]), &tlv(0xa1, &[&pieces]), &body],
        )],
    );
    let arena = Arena::new();
    assert_eq!(clean(&input, &arena, "pieces"), expected());
}

/// A property and back, in a modify of the root; gives the octets inside the value's OCTET STRING and the value read.
fn wrapped(property: &'static str, value: &str, quoted: bool) -> (Vec<u8>, String) {
    let text = value.to_owned();
    let value = if quoted {
        Value::Quoted(Quoted::try_from(text).expect("printable"))
    } else {
        Value::Token(Token::try_from(text).expect("a token"))
    };
    let name = PkgdName::try_from(property).expect("a name");
    let parm = PropertyParm {
        name,
        value: ParmValue::Value(value),
    };
    let state = TerminationStateDescriptor {
        property_parms: [parm].into(),
        ..Default::default()
    };
    let media = MediaDescriptor {
        termination_state: Some(state),
        streams: MediaStreams::None,
    };
    let terminations = List::one(TerminationId::ROOT);
    let command = Command::Modify(AmmRequest {
        terminations,
        descriptors: [AmmDescriptor::Media(media)].into(),
    });
    let action = ActionRequest::new(ContextId::NULL, [command.into()]);
    let request = TransactionRequest {
        transaction_id: 1,
        actions: [action].into(),
    };
    let mid = MId::DeviceName(TerminationId::try_from("gw").expect("a path"));
    let bytes = encoded(
        &Message::new(1, mid, [Transaction::Request(request)]),
        &BerConfig::default(),
        property,
    );
    let arena = Arena::new();
    let read = clean(&bytes, &arena, property);
    let debug = format!("{read:?}");
    let at = debug.rfind("Value(").expect("a value") + 6;
    let value = debug[at..at + debug[at..].find(')').expect("closed")].to_owned();
    // The value is the last thing in the message.
    let start = bytes
        .windows(2)
        .rposition(|w| w[0] == 0x04 && usize::from(w[1]) + 2 <= bytes.len())
        .expect("wrapped");
    let outer = (0..=start)
        .find(|&at| bytes[at] == 0x04 && usize::from(bytes[at + 1]) + at + 2 == bytes.len());
    (
        bytes[outer.expect("the OCTET STRING") + 2..].to_vec(),
        value,
    )
}

#[test]
fn values_are_wrapped_by_their_type() {
    for (property, value, quoted, inner, read) in [
        ("tdmc/gain", "2", false, &[0x02, 1, 2][..], "2"),
        ("tdmc/gain", "-129", false, &[0x02, 2, 0xff, 0x7f], "-129"),
        (
            "tdmc/gain",
            "Automatic",
            false,
            &[0x02, 1, 0xff],
            "automatic",
        ),
        ("tdmc/ec", "ON", false, &[0x01, 1, 0xff], "on"),
        ("tdmc/ec", "off", false, &[0x01, 1, 0], "off"),
        ("tdmc/ec", "g165", false, b"\x16\x04g165", "g165"),
        ("nt/jit", "40", false, &[0x02, 1, 40], "40"),
        ("nt/jit", "40", true, b"\x16\x0240", "\"40\""),
        (
            "pkg_8001/item_0001",
            "200",
            false,
            &[0x02, 2, 0, 200],
            "200",
        ),
        ("pkg_8001/item_0001", "007", false, b"\x16\x03007", "007"),
        ("pkg_8001/item_0001", "a b", true, b"\x16\x03a b", "\"a b\""),
        (
            "pkg_8001/item_0001",
            "caf\u{e9}",
            true,
            b"\x0c\x05caf\xc3\xa9",
            "\"caf\\xc3\\xa9\"",
        ),
        ("pkg_0000/Media", "video", false, &[0x0a, 1, 1], "Video"),
        (
            "pkg_0000/NSAP",
            "47D8",
            false,
            &[0x04, 2, 0x47, 0xd8],
            "47D8",
        ),
        (
            "pkg_0000/Port",
            "65535",
            false,
            &[0x02, 3, 0, 0xff, 0xff],
            "65535",
        ),
    ] {
        assert_eq!(
            wrapped(property, value, quoted),
            (inner.to_vec(), read.to_owned()),
            "{property} {value}"
        );
    }
}

#[test]
fn fractions_are_fixed_point() {
    let names = names::Names {
        config: &BerConfig::default(),
    };
    let arena = Arena::new();
    for (text, back) in [
        ("0.2", "0.2"),
        ("12", "12"),
        ("0.50", "0.5"),
        ("99.9999999999", "100"),
        // Below zero there is no fixed point: such a value goes as a string.
        ("-0.5", "-0.5"),
    ] {
        let value = Value::Token(Token::try_from(text).expect("a token"));
        let mut out = Vec::new();
        let kind = Some(crate::package::ValueType::FixedPoint);
        let mut writer = write::Writer::new(&mut out);
        value::encode(&value, kind, &names, &mut writer).expect("encodes");
        writer.finish();
        let input = arena.bytes(&out);
        let element = read::Reader::new(input, 4)
            .next()
            .expect("an element")
            .expect("one");
        let read =
            value::decode(&element, element.contents, kind, &names, &arena).expect("decodes");
        assert_eq!(String::from_utf8_lossy(read.as_bytes()), back);
    }
}
