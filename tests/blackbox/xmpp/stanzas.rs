//! XMPP clients in front of a backend that knows no XMPP: how streams are cut, how they end, and who is let in.

use super::backend::{Backend, CLOSE, DATA, OPEN};
use super::person::{HEADER, Person};
use crate::appliance::{Appliance, Setup};
use std::net::Ipv4Addr;
use std::time::Instant;

const CREDIT: u32 = 1 << 20;
/// Reasons of `docs/link-protocol.md`.
const FRAME_FAULT: u16 = 5;

/// The appliance with this backend on its one link.
fn linked(more: &[&str]) -> (Appliance, Backend) {
    let appliance = unlinked(more);
    let backend = Backend::linked(appliance.links());
    appliance.must_count("megaphone_link_up", 1);
    (appliance, backend)
}

fn unlinked(more: &[&str]) -> Appliance {
    let mut setup = Setup::new()
        .listen_with("stanza", "link:chat", "&domain=chat.example")
        .link("chat");
    for argument in more {
        setup = setup.argument(argument);
    }
    setup.start()
}

/// However the bytes arrive, the backend hears one unit at a time, whole and unchanged, and no keepalive.
#[test]
fn streams_are_cut_into_units() {
    let (mut appliance, mut backend) = linked(&[]);
    let units = [
        HEADER,
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>",
        HEADER,
        "<message to='b@c'><body>a &gt; b &amp;&#x41;</body></message>",
        "<message to='a>b/>'><body><![CDATA[</message> <!-- ]]]]><![CDATA[>]]></body></message>",
        "<presence/>",
        "<iq id=\"'\" type='get'><q xmlns='x:y'><a/><a></a></q></iq>",
        "<message><body>\u{e4}\u{20ac}\u{1f600}</body></message>",
        "</stream:stream>",
    ];
    let stream = units[..units.len() - 1].join(" \n\t\r\n") + units[units.len() - 1];
    for step in [1, 3, 50, stream.len()] {
        let mut person = Person::connect(appliance.clients());
        let open = backend.open();
        assert_eq!(open.client(), person.local());
        let connection = open.connection;
        backend.accept(connection, CREDIT);
        for part in stream.as_bytes().chunks(step) {
            person.say_bytes(part);
        }
        for unit in units {
            assert_eq!(backend.hear(connection).0, unit);
        }
        let answer = format!("{HEADER}<anything/></stream:stream>");
        backend.say(connection, &answer);
        backend.close(connection);
        assert_eq!(person.rest_in_order(), answer);
        assert_eq!(backend.next().kind, CLOSE);
    }
    let absorbed = 4.0 * (units.len() - 2) as f64;
    appliance.wait_until("keepalives to have been seen", |f| {
        f.sum("megaphone_keepalives_absorbed_total") >= absorbed
    });
    appliance.must_come_to_rest();
}

/// A unit larger than the backend's credit comes in parts, never more of them than there is credit for.
#[test]
fn a_stanza_larger_than_its_credit_comes_in_parts() {
    let (mut appliance, mut backend) = linked(&[]);
    let mut person = Person::connect(appliance.clients());
    let connection = backend.take(1_000);
    let stanza = format!("<message><body>{}</body></message>", "x".repeat(20_000));
    person.say(HEADER);
    assert_eq!(backend.hear(connection), (HEADER.to_owned(), 1));
    person.say(&stanza);
    person.say("<presence/>");
    let (heard, parts) = backend.hear(connection);
    assert!(heard == stanza && parts > 20, "{parts} parts");
    assert_eq!(backend.hear(connection), ("<presence/>".to_owned(), 1));
    drop(person);
    assert_eq!(backend.must_close(connection), 0);
    appliance.must_come_to_rest();
}

/// What must not be in a stream ends it: the client hears why and then the end, even one that goes on talking; the backend
/// gets what was before, and the end of the connection.
#[test]
fn hazards_end_a_stream_with_the_reason() {
    let (mut appliance, mut backend) = linked(&["--limit", "frame_bytes_max=10000"]);
    let deep = "<a>".repeat(65);
    let long = format!("<{}/>", "n".repeat(257));
    let attributes: String = (0..65).map(|n| format!(" a{n}=''")).collect();
    let many = format!("<a{attributes}/>");
    let large = format!("<message>{}", "x".repeat(10_000));
    for (bad, condition) in [
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>", "restricted-xml"),
        ("<!-- a comment -->", "restricted-xml"),
        ("<?php ?>", "restricted-xml"),
        ("<message>&lol;</message>", "restricted-xml"),
        ("text", "bad-format"),
        ("<message \u{1}/>", "not-well-formed"),
        (&deep, "policy-violation"),
        (&long, "policy-violation"),
        (&many, "policy-violation"),
        (&large, "policy-violation"),
    ] {
        let mut person = Person::connect(appliance.clients());
        let connection = backend.take(CREDIT);
        person.say(HEADER);
        person.say("<presence/>");
        person.say(bad);
        // With bytes unread a socket that is closed is reset, and the last words are lost.
        person.say(&"<presence/>".repeat(5_000));
        assert_eq!(backend.hear(connection).0, HEADER);
        assert_eq!(backend.hear(connection).0, "<presence/>");
        assert_eq!(backend.must_close(connection), FRAME_FAULT, "{bad:.20}");
        let said = person.rest_in_order();
        assert!(
            said.starts_with("<?xml version='1.0'?><stream:stream ")
                && said.contains(" from='chat.example' ")
                && said.contains(&format!("<stream:error><{condition} "))
                && said.ends_with("</stream:error></stream:stream>"),
            "{bad:.20}: {said}"
        );
    }
    appliance.must_come_to_rest();
    appliance.must_count("megaphone_stream_errors_total", 10);
}

#[test]
fn an_encoding_other_than_utf_8_is_not_spoken() {
    let (mut appliance, mut backend) = linked(&[]);
    let mut person = Person::connect(appliance.clients());
    let connection = backend.take(CREDIT);
    person.say("<?xml version='1.0' encoding='latin-1'?>");
    assert_eq!(backend.must_close(connection), FRAME_FAULT);
    assert!(person.rest_in_order().contains("<unsupported-encoding "));
    drop(person);
    appliance.must_come_to_rest();
}

/// A client that was told why its stream ends and does not end it is let go; what it was told waits for it.
#[test]
fn who_does_not_listen_is_let_go() {
    let (mut appliance, mut backend) = linked(&["--limit", "parting_ms=300"]);
    let mut person = Person::connect(appliance.clients());
    let connection = backend.take(CREDIT);
    person.say(HEADER);
    backend.hear(connection);
    backend.say(connection, HEADER);
    // A fault that the appliance sees before it has the backend's header is told behind a header of its own.
    assert_eq!(person.expect(&[HEADER]), HEADER);
    person.say("<message \u{1}/>");
    assert_eq!(backend.must_close(connection), FRAME_FAULT);
    appliance.must_count("megaphone_connections_closed_total", 1);
    let said = person.rest_in_order();
    assert!(
        said.starts_with("<stream:error>") && said.ends_with("</stream:error></stream:stream>"),
        "behind the one header: {said}"
    );
    appliance.must_come_to_rest();
}

/// A backend ends a stream while its client goes on talking: what the backend said last arrives all the same.
#[test]
fn the_last_words_of_a_backend_reach_a_client_that_talks() {
    let (mut appliance, mut backend) = linked(&[]);
    let mut person = Person::connect(appliance.clients());
    let connection = backend.take(1_000);
    person.say(HEADER);
    backend.hear(connection);
    // Far more than there is credit for: it is not read before the end.
    person.say(&"<presence/>".repeat(5_000));
    let words = format!("{HEADER}<stream:error><conflict/></stream:error></stream:stream>");
    backend.say(connection, &words);
    backend.close(connection);
    assert_eq!(person.rest_in_order(), words);
    drop(person);
    appliance.must_come_to_rest();
}

#[test]
fn a_client_that_is_refused_is_told_why() {
    let (mut appliance, mut backend) = linked(&["--limit", "open_rate=0"]);
    for (reason, text, condition) in [
        (9, "no <guests>", "policy-violation"),
        (8, "", "resource-constraint"),
        (1, "", "system-shutdown"),
        (0x8001, "a reason of its own", "undefined-condition"),
    ] {
        let mut person = Person::connect(appliance.clients());
        let connection = backend.open().connection;
        backend.reject(connection, reason, text);
        let said = person.rest_in_order();
        let text = text.replace('<', "&lt;").replace('>', "&gt;");
        assert!(
            said.contains(&format!("<stream:error><{condition} ")) && said.contains(&text),
            "{reason}: {said}"
        );
    }
    appliance.must_come_to_rest();
}

#[test]
fn a_client_that_no_answer_comes_for_is_told_so() {
    let (mut appliance, mut backend) = linked(&["--limit", "open_ms=500"]);
    let mut person = Person::connect(appliance.clients());
    let connection = backend.open().connection;
    assert!(person.rest_in_order().contains("<connection-timeout "));
    assert_eq!(backend.must_close(connection), 3);
    drop(person);
    appliance.must_come_to_rest();
}

#[test]
fn who_comes_when_all_places_are_taken_is_told_so() {
    let mut appliance = Setup::new()
        .shards(1)
        .listen("stanza", "link:chat")
        .link("chat")
        .argument("--limit")
        .argument("sessions_max=3")
        .start();
    let mut nobody = Person::connect(appliance.clients());
    assert!(
        nobody.rest_in_order().contains("<internal-server-error "),
        "no backend"
    );
    drop(nobody);
    appliance.wait_until("its place to be free again", |f| {
        f.sum("megaphone_connections_refused_total") == 1.0 && f.sum("megaphone_sessions") == 0.0
    });
    let mut backend = Backend::linked(appliance.links());
    appliance.must_count("megaphone_link_up", 1);
    let people: Vec<_> = (0..3)
        .map(|_| (Person::connect(appliance.clients()), backend.take(CREDIT)))
        .collect();
    let mut late = Person::connect(appliance.clients());
    assert!(late.rest_in_order().contains("<resource-constraint "));
    for (person, connection) in people {
        drop(person);
        backend.must_close(connection);
    }
    appliance.must_come_to_rest();
}

/// OPENs leave at their pace, whatever the number of clients that come at once, and all have their turn.
#[test]
fn a_crowd_is_let_in_at_the_backends_pace() {
    const RATE: u32 = 200;
    const CROWD: u32 = 300;
    let (mut appliance, mut backend) = linked(&["--limit", "open_rate=200"]);
    let begun = Instant::now();
    let people: Vec<_> = (0..CROWD)
        .map(|_| Person::connect(appliance.clients()))
        .collect();
    let mut connections = Vec::new();
    for number in 0..CROWD {
        connections.push(backend.take(CREDIT));
        // A tenth of a second's may go at once. On a slow machine it takes longer, never shorter.
        let due = number.saturating_sub(RATE / 10 + 1) * 1_000 / RATE;
        assert!(
            begun.elapsed().as_millis() >= u128::from(due),
            "OPEN {number}"
        );
    }
    drop(people);
    for _ in connections {
        let connection = backend.next().connection;
        backend.close(connection);
    }
    appliance.must_come_to_rest();
}

/// Whatever shard a source's connections would have reached, its limit is one for the process.
#[test]
fn a_source_has_its_limit_over_all_shards() {
    const MOST: usize = 3;
    let mut appliance = Setup::new()
        .shards(4)
        .listen("stanza", "link:chat")
        .link("chat")
        .argument("--limit")
        .argument("source_sessions_max=3")
        .start();
    let mut backend = Backend::linked(appliance.links());
    appliance.must_count("megaphone_link_up", 1);
    let sources = (1..=16).map(|number| Ipv4Addr::new(127, 77, 0, number));
    let people: Vec<Vec<Person>> = sources
        .map(|source| {
            let of_source = || Person::connect_from(source, appliance.clients());
            let people: Vec<Person> = (0..MOST)
                .map(|_| {
                    let person = of_source();
                    let open = backend.open();
                    backend.accept(open.connection, CREDIT);
                    assert_eq!(open.client(), person.local());
                    person
                })
                .collect();
            for _ in 0..2 * MOST {
                assert!(of_source().rest_in_order().contains("<policy-violation "));
            }
            people
        })
        .collect();
    let figures = appliance.wait_until("all to be counted", |f| {
        f.sum("megaphone_sessions") == (16 * MOST) as f64
    });
    assert!(
        figures.shards_with("megaphone_sessions") > 1,
        "sources are spread over the shards"
    );
    drop(people);
    for _ in 0..16 * MOST {
        let frame = backend.next();
        assert!(frame.kind != OPEN && frame.kind != DATA);
        backend.close(frame.connection);
    }
    appliance.must_come_to_rest();
}
