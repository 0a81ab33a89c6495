//! Tests of SDP lines, records and properties.

use super::*;
use proptest::prelude::*;

const BODY: &[u8] = b"v=0\r\no=- 2890844526 2890842807 IN IP4 10.0.0.1\ns=-\ni=A talk\nu=http://example.org/\n\
e=a@example.org\np=+1 617 555-6011\nc=IN IP4 224.2.17.12/127/3\nb=AS:64\nz=2882844526 -1h 2898848070 0\n\
k=clear:secret\na=recvonly\na=rtpmap:96 L8/8000/2\na=fmtp:96 mode=2; x=1\na=ptime:30\na=quality:10\na=x:y\n\
t=3034423619 3042462419\nr=7d 1h 0 25h\nm=audio 49170/2 RTP/AVP 0 96\nV=1\rC=IN IP6 FF15::101/3\nm=video $ RTP/AVP 31";

#[test]
fn lines_account_for_every_byte() {
    let joined: Vec<u8> = lines(BODY).flat_map(|line| line.raw().to_vec()).collect();
    assert_eq!(joined, BODY);
    let odd = b"\r\n\nfoo\r\r\n=\n";
    assert_eq!(
        lines(odd)
            .map(|line| line.content().len())
            .collect::<Vec<_>>(),
        [0, 0, 3, 0, 1]
    );
    assert_eq!(
        lines(odd)
            .flat_map(|line| line.raw().to_vec())
            .collect::<Vec<_>>(),
        odd
    );
    assert_eq!(lines(b"").count(), 0);
}

#[test]
fn every_kind_of_line_has_a_record_that_writes_it_again() {
    let mut kinds = Vec::new();
    for line in lines(BODY) {
        let record = line
            .record()
            .unwrap_or_else(|e| panic!("{e}: {:?}", line.content().escape_ascii().to_string()));
        assert_eq!(record.to_string().as_bytes(), &line.content()[2..]);
        assert_eq!(Some(record.kind()), line.kind());
        kinds.push(record.kind());
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, *b"abceikmoprstuvz", "all fifteen kinds of C.11");
}

#[test]
fn fields_come_out_where_they_belong() {
    let record = |line| {
        lines(line)
            .next()
            .expect("a line")
            .record()
            .expect("a record")
    };
    assert_eq!(
        record(b"c=IN IP4 224.2.17.12/127/3"),
        Record::Connection {
            network: "IN",
            address_type: "IP4",
            address: "224.2.17.12",
            ttl: Some(Number::Given(127)),
            count: Some(Number::Given(3)),
        }
    );
    let Record::Connection { ttl, count, .. } = record(b"c=IN IP6 FF15::101/3") else {
        panic!("c=")
    };
    assert_eq!(
        (ttl, count),
        (None, Some(Number::Given(3))),
        "IPv6 has no time to live"
    );
    assert_eq!(
        record(b"m=audio $ RTP/AVP 0"),
        Record::Media {
            media: "audio",
            port: Number::Choose,
            ports: None,
            transport: "RTP/AVP",
            formats: vec!["0"],
        }
    );
    assert_eq!(
        record(b"a=a=ptime:30"),
        Record::Attribute(Attribute::Other {
            name: "a=ptime",
            value: "30"
        })
    );
    assert_eq!(
        record(b"k=prompt"),
        Record::Key {
            method: "prompt",
            key: None
        }
    );
}

#[test]
fn malformed_lines_have_no_record_but_an_offset() {
    for (body, offset) in [
        (&b"v=0\nv=x"[..], 4),
        (b"x=1", 0),
        (b"c=IN IP4", 0),
        (b"c=IN IP4 10.0.0.1/x", 0),
        (b"c=IN IP4 10.0.0.1/1/2/3", 0),
        (b"c=IN IP4 10.0.0.1 x", 0),
        (b"m=audio", 0),
        (b"m=audio 0x RTP/AVP 0", 0),
        (b"t=1", 0),
        (b"z=1", 0),
        (b"r=1 2", 0),
        (b"b=64", 0),
        (b"nonsense", 0),
        (b"s=\xff", 0),
    ] {
        let error = lines(body).find_map(|line| line.record().err());
        assert_eq!(error, Some(SdpError { offset }), "{}", body.escape_ascii());
    }
}

#[test]
fn tags_and_kinds_are_those_of_annex_c() {
    let native = crate::package::PackageTable::standard()
        .package_by_id(0)
        .expect("Annex C");
    for kind in *b"vosiuepcbzkatrm" {
        let tag = tag_of_kind(kind).expect("a tag");
        assert_eq!(kind_of_tag(tag), Some(kind));
        let item = native
            .properties
            .iter()
            .find(|item| item.id == tag)
            .expect("listed");
        assert_eq!(item.name.as_bytes(), [kind]);
    }
    assert_eq!(
        (tag_of_kind(b'v'), tag_of_kind(b'm')),
        (Some(0xb001), Some(0xb00f))
    );
    assert_eq!(
        (tag_of_kind(b'x'), tag_of_kind(b'V'), tag_of_kind(0)),
        (None, None, None)
    );
    assert_eq!(
        (kind_of_tag(0xb000), kind_of_tag(0xb010), kind_of_tag(0)),
        (None, None, None)
    );
}

#[test]
fn a_v_line_begins_a_group() {
    let begins: Vec<_> = groups(b"c=1\n\nm=2\nv=0\nc=3\nV=0\n")
        .map(|p| p.expect("SDP").0)
        .collect();
    assert_eq!(begins, [true, false, true, false, true]);
}

#[test]
fn lines_become_properties_and_lines_again() {
    let text = b"v=0\nC=IN IP4 $\nm=audio $ RTP/AVP 0\n";
    let mut body = Vec::new();
    for property in groups(text) {
        let (_, property) = property.expect("SDP");
        assert!(write_line(&mut body, property, b"\n"));
    }
    assert_eq!(body, b"v=0\nc=IN IP4 $\nm=audio $ RTP/AVP 0\n");
    assert!(!write_line(
        &mut body,
        Property {
            tag: 0x1001,
            value: b""
        },
        b"\n"
    ));
    let errors: Vec<_> = groups(b"v=0\nno_such=1").filter_map(Result::err).collect();
    assert_eq!(errors, [SdpError { offset: 4 }]);
}

#[test]
fn a_group_that_does_not_begin_with_v_gets_one() {
    let mut body = Vec::new();
    write_group(&mut body, Some(0xb008), b"\n");
    assert_eq!(body, b"", "not the first");
    body.extend_from_slice(b"c=1\n");
    write_group(&mut body, Some(0xb008), b"\n");
    assert_eq!(body, b"c=1\nv=0\n");
    write_group(&mut body, Some(0xb001), b"\n");
    assert_eq!(body, b"c=1\nv=0\n");
}

proptest! {
    #[test]
    fn any_body_is_its_lines(body in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), any::<u8>()], 0..80)) {
        let mut at = 0;
        for line in lines(&body) {
            prop_assert_eq!(line.offset(), at);
            at += line.raw().len();
            prop_assert!(!line.content().contains(&b'\n') && !line.content().contains(&b'\r'));
        }
        prop_assert_eq!(at, body.len());
    }

    #[test]
    fn a_record_writes_what_it_was_parsed_from(kind in "[a-z]", value in "[ -~]{0,30}|[0-9$*/: ]{0,20}") {
        if let Some(record) = Record::parse(kind.as_bytes()[0], &value) {
            let words = |text: &str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
            match record {
                Record::Origin { .. } | Record::Media { .. } => prop_assert_eq!(record.to_string(), words(&value)),
                _ => prop_assert_eq!(record.to_string(), value),
            }
        }
    }
}
