//! A misspelt header is a syntax error like any other. OTP: 500, 400 or version 99, depending on the scanner.

use crate::harness::{Talk, config};

#[test]
fn a10_misspelt_header_gets_400() {
    let mut talk = Talk::connected(config());
    talk.raw(b"MEGCAO/1 <mg> T=1{C=-{N=A4444{OE=1{al/of}}}}")
        .told("handle_syntax_error 400");
    assert!(talk.sent().is_some_and(|answer| answer.contains("ER=400{")));
}
