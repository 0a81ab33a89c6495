//! Names of framings and faults, and the helper for short bodies.

use super::{arrive, pool};
use crate::{Field, FrameFault, Framing, flat};

#[test]
fn framings_have_names() {
    for framing in Framing::ALL {
        assert_eq!(framing.to_string().parse(), Ok(framing));
    }
    let error = "Link".parse::<Framing>().expect_err("names are lower case");
    assert_eq!(
        error.to_string(),
        "no framing is called \"Link\"; there are link, classic-fixed, classic-var, tpkt, stanza and raw"
    );
}

#[test]
fn faults_say_what_and_where() {
    let fault = FrameFault::NotADigit {
        field: Field::Connection,
        at: 12,
        byte: b'x',
    };
    assert_eq!(
        fault.to_string(),
        "byte 0x78 at offset 12 of the header is no digit of the connection id"
    );
    assert_eq!(fault.name(), "not_a_digit");
}

#[test]
fn short_bodies_are_made_flat() {
    let pool = pool();
    let mut body = pool.gather();
    let mut room = [0; 1000];
    assert_eq!(flat(&body, &mut room), Some(&b""[..]));
    arrive(&pool, &mut body, &[b'a'; 600]);
    let at = body.front().as_ptr();
    assert_eq!(
        flat(&body, &mut room).map(<[u8]>::as_ptr),
        Some(at),
        "one piece is not copied"
    );
    arrive(&pool, &mut body, &[b'b'; 400]);
    assert_eq!(
        flat(&body, &mut room),
        Some(&[&[b'a'; 600][..], &[b'b'; 400]].concat()[..])
    );
    arrive(&pool, &mut body, b"c");
    assert_eq!(flat(&body, &mut room), None);
}
