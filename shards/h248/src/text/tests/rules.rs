//! One rule of the grammar after the other, where the golden messages do not go.

use super::clean;
use crate::model::*;
use crate::text::{Layout, decode, encode};
use crate::{Arena, EncodeError, Limits};

fn command<'a>(text: &str, arena: &'a Arena) -> Command<'a> {
    let input: &'a str = core::str::from_utf8(
        arena.bytes(format!("MEGACO/3 <mgc>\nT=1{{C=1{{{text}}}}}").as_bytes()),
    )
    .unwrap();
    let message = clean(input, arena);
    let Transaction::Request(request) = &message.transactions()[0] else {
        panic!("{message:?}")
    };
    request.actions[0].commands[0].command.clone()
}

/// What a Modify's Local descriptor holds.
fn local(body: &str) -> Vec<u8> {
    let arena = Arena::new();
    let Command::Modify(request) = command(&format!("MF=a{{M{{L{body}}}}}"), &arena) else {
        panic!()
    };
    let AmmDescriptor::Media(MediaDescriptor {
        streams: MediaStreams::One(parms),
        ..
    }) = &request.descriptors[0]
    else {
        panic!("{request:?}")
    };
    let Some(LocalRemoteDescriptor::Octets(octets)) = &parms.local else {
        panic!("{parms:?}")
    };
    octets.as_bytes().to_vec()
}

#[test]
fn white_space_comments_case_and_token_length_do_not_matter() {
    let (one, two) = (Arena::new(), Arena::new());
    let tidy = "MEGACO/1 [1.2.3.4]:2944 Transaction=1{Context=-{Notify=a/1{ObservedEvents=7{19990729T22000000:al/of}}}}";
    let wild = "; first a comment, { \" }\r\n\t mEgAcO/1 \t[1.2.3.4]:2944 ;and one here\r  \n\n tRaNsAcTiOn \r\n= \t1 \
                ;x\n { c\r=\n- ; y\n { NOTIFY\t=\tA/1 {oe = 7 {\r\n 19990729t22000000 \n:\t AL/OF ; z\n } } \n}\r}\n;end";
    assert_eq!(clean(wild, &two), clean(tidy, &one));
}

#[test]
fn bodies_pass_through_byte_for_byte() {
    assert_eq!(
        local("{ \r\n\tv=0\r\nS=A; {\"b\" \r\n\t\t}"),
        b"v=0\r\nS=A; {\"b\" \r\n"
    );
    assert_eq!(local("{}"), b"");
    assert_eq!(local("{ \n }"), b"");
    assert_eq!(local("{v=0}"), b"v=0");
    assert_eq!(local("{a=x\\}y}"), b"a=x}y");
    assert_eq!(local("{a=\\\\}y}"), b"a=\\}y");
    assert_eq!(local("{a=\u{e9}\u{7f}}"), "a=\u{e9}\u{7f}".as_bytes());
}

#[test]
fn a_backslash_at_the_end_of_a_body_does_not_hide_the_brace() {
    for layout in [Layout::Pretty, Layout::Compact] {
        let octets = OctetString::new(&b"a=\\"[..]).unwrap();
        let parms = StreamParms {
            local: Some(LocalRemoteDescriptor::Octets(octets)),
            ..StreamParms::default()
        };
        let media = MediaDescriptor {
            termination_state: None,
            streams: MediaStreams::One(parms.into()),
        };
        let request = AmmRequest {
            terminations: List::one(TerminationId::ALL),
            descriptors: [AmmDescriptor::Media(media)].into(),
        };
        let action = ActionRequest::new(ContextId::NULL, [Command::Add(request).into()]);
        let request = TransactionRequest {
            transaction_id: 1,
            actions: [action].into(),
        };
        let mid = MId::DeviceName(TerminationId::try_from("mg").unwrap());
        let message = Message::new(1, mid, [Transaction::Request(request)]);
        let mut out = Vec::new();
        encode(&message, layout, &mut out).unwrap();
        let arena = Arena::new();
        assert_eq!(
            decode(&out, &arena, &Limits::default())
                .unwrap()
                .clean()
                .unwrap(),
            message
        );
    }
}

#[test]
fn message_identifiers_in_all_five_forms() {
    for (text, expected) in [
        (
            "[124.124.124.222]:55555",
            MId::Ip4Address([124, 124, 124, 222].into(), Some(55555)),
        ),
        ("[1.2.3.4]", MId::Ip4Address([1, 2, 3, 4].into(), None)),
        (
            "[ 2001:db8::1 ]:2944",
            MId::Ip6Address("2001:db8::1".parse().unwrap(), Some(2944)),
        ),
        (
            "[::ffff:1.2.3.4]",
            MId::Ip6Address("::ffff:1.2.3.4".parse().unwrap(), None),
        ),
        (
            "<Mgc-1.example.org>:65535",
            MId::DomainName("mgc-1.EXAMPLE.org".try_into().unwrap(), Some(65535)),
        ),
        (
            "gw/1@example.org",
            MId::DeviceName("GW/1@example.org".try_into().unwrap()),
        ),
        (
            "mtp{0a1B2c}",
            MId::MtpAddress(MtpAddress::new(&[0x0A, 0x1B, 0x2C]).unwrap()),
        ),
    ] {
        let (arena, input) = (Arena::new(), format!("!/1 {text} PN=1{{}}"));
        assert_eq!(clean(&input, &arena).mid, expected, "{text}");
    }
    for text in [
        "[256.1.1.1]",
        "[1.2.3]",
        "[1.2.3.4]:65536",
        "<>",
        "<a b>",
        "mtp{123}",
        "mtp{12}",
        "[1::2::3]",
        "a{b",
    ] {
        let (arena, input) = (Arena::new(), format!("!/1 {text} PN=1{{}}"));
        assert!(
            decode(input.as_bytes(), &arena, &Limits::default()).is_err(),
            "{text}"
        );
    }
}

#[test]
fn an_acknowledgement_range_is_one_interval() {
    let arena = Arena::new();
    let message = clean("!/1 <mg> K{1-4294967295,7,9-8}", &arena);
    let acks = [
        TransactionAck {
            first: 1,
            last: Some(u32::MAX),
        },
        TransactionAck {
            first: 7,
            last: None,
        },
        TransactionAck {
            first: 9,
            last: Some(8),
        },
    ];
    assert_eq!(
        message.transactions(),
        [Transaction::ResponseAck(acks.into())]
    );
}

#[test]
fn an_authentication_header_is_carried() {
    let arena = Arena::new();
    let text = "Authentication = 0x00000001:0x000000aB:0x0102030405060708090A0B0C\nMEGACO/1 <mg>\nPending = 1 {}";
    let message = clean(text, &arena);
    let header = message.auth_header.unwrap();
    assert_eq!(
        (header.sec_parm_index, header.seq_num),
        ([0, 0, 0, 1], [0, 0, 0, 0xAB])
    );
    assert_eq!(header.auth_data.octets().len(), 12);
    let mut out = Vec::new();
    encode(&message, Layout::Compact, &mut out).unwrap();
    let compact = "AU=0x00000001:0x000000AB:0x0102030405060708090A0B0C !/1 <mg> PN=1{}";
    assert_eq!(String::from_utf8(out).unwrap(), compact);
}

#[test]
fn values_and_relations() {
    let arena = Arena::new();
    let text =
        "MF=a{M{O{p/a=1,p/b=\"x y\",p/c>2,p/d<-3,p/e#ON,p/f=[1:\"z\"],p/g=[1,2],p/h={3,4},p/i=$}}}";
    let Command::Modify(request) = command(text, &arena) else {
        panic!()
    };
    let AmmDescriptor::Media(MediaDescriptor {
        streams: MediaStreams::One(parms),
        ..
    }) = &request.descriptors[0]
    else {
        panic!()
    };
    let token = |text: &'static str| Value::Token(text.try_into().unwrap());
    let quoted = |text: &'static str| Value::Quoted(text.try_into().unwrap());
    let expected = [
        ParmValue::Value(token("1")),
        ParmValue::Value(quoted("x y")),
        ParmValue::Relation(Relation::GreaterThan, token("2")),
        ParmValue::Relation(Relation::SmallerThan, token("-3")),
        ParmValue::Relation(Relation::UnequalTo, token("on")),
        ParmValue::Range([token("1"), quoted("z")].into()),
        ParmValue::All([token("1"), token("2")].into()),
        ParmValue::Any([token("3"), token("4")].into()),
        ParmValue::Value(token("$")),
    ];
    let found: Vec<_> = parms
        .local_control
        .iter()
        .flat_map(|it| &it.property_parms)
        .map(|it| it.value.clone())
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn digit_maps_with_timers_and_in_every_form() {
    for (text, name, timers, body) in [
        ("DM=plan", Some("plan"), [None; 4], None),
        ("DM={ 123 }", None, [None; 4], Some("123")),
        (
            "DM=plan{T:10,S:3 ,\n L:9,Z:25, (0s| 00s|[1-7]x.) \n}",
            Some("plan"),
            [Some(10), Some(3), Some(9), Some(25)],
            Some("(0s| 00s|[1-7]x.)"),
        ),
    ] {
        let arena = Arena::new();
        let Command::Modify(request) = command(&format!("MF=a{{{text}}}"), &arena) else {
            panic!()
        };
        let AmmDescriptor::DigitMap(map) = &request.descriptors[0] else {
            panic!("{request:?}")
        };
        assert_eq!(map.name.as_ref().and_then(Token::as_str), name);
        let value = map.value.as_ref();
        assert_eq!(value.and_then(|value| value.body.as_str()), body);
        let found = value.map_or([None; 4], |it| {
            [
                it.start_timer,
                it.short_timer,
                it.long_timer,
                it.duration_timer,
            ]
        });
        assert_eq!(found, timers);
    }
}

#[test]
fn what_text_cannot_say_is_refused_and_leaves_nothing_behind() {
    let mid = || MId::DeviceName(TerminationId::try_from("mg").unwrap());
    let empty = Message::new(1, mid(), []);
    let groups = StreamParms {
        local: Some(LocalRemoteDescriptor::Groups(List::EMPTY)),
        ..StreamParms::default()
    };
    let media = MediaDescriptor {
        termination_state: None,
        streams: MediaStreams::One(groups.into()),
    };
    let add = AmmRequest {
        terminations: List::one(TerminationId::ALL),
        descriptors: [AmmDescriptor::Media(media)].into(),
    };
    let action = ActionRequest::new(ContextId::NULL, [Command::Add(add).into()]);
    let request = TransactionRequest {
        transaction_id: 1,
        actions: [action].into(),
    };
    let binary = Message::new(1, mid(), [Transaction::Request(request)]);
    for (message, expected) in [
        (empty, EncodeError::Empty("transaction list")),
        (
            binary,
            EncodeError::NotRepresentable("annex C property group"),
        ),
    ] {
        let mut out = b"before".to_vec();
        assert_eq!(encode(&message, Layout::Pretty, &mut out), Err(expected));
        assert_eq!(out, b"before");
    }
}

#[test]
fn atoms_are_checked_when_made() {
    assert!(
        Token::try_from("a b").is_err()
            && Token::try_from("").is_err()
            && Token::try_from("a,b").is_err()
    );
    assert!(
        Quoted::try_from("say \"x\"").is_err()
            && Quoted::try_from("a\nb").is_err()
            && Quoted::try_from("").is_ok()
    );
    assert!(
        PkgdName::try_from("al").is_err()
            && PkgdName::try_from("al/").is_err()
            && PkgdName::try_from("a/b/c").is_err()
    );
    assert!(
        PkgdName::try_from("*/*").is_ok()
            && PkgdName::try_from("al/*").is_ok()
            && PkgdName::try_from("a*/b").is_err()
    );
    assert!(
        TerminationId::try_from("a".repeat(64)).is_ok()
            && TerminationId::try_from("a".repeat(65)).is_err()
    );
    assert!(
        OctetString::try_from("v=0\0").is_err()
            && OctetString::try_from(" v=0").is_err()
            && OctetString::try_from("v=0 ").is_err()
    );
    assert!(DigitMapBody::try_from("1}2").is_err() && DigitMapBody::try_from(" 1").is_err());
}

#[test]
fn the_arena_is_all_a_warm_decoder_needs() {
    let mut arena = Arena::with_capacity(16 * 1024);
    let before = arena.allocated_bytes();
    for (_, bytes) in super::corpus("time_test") {
        arena.reset();
        decode(&bytes, &arena, &Limits::default())
            .unwrap()
            .clean()
            .unwrap();
    }
    assert_eq!(arena.allocated_bytes(), before);
}
