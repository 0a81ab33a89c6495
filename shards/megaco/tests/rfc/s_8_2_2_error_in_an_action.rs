//! RFC 3525 8.2.2: the actions before the faulty one are executed; its context is answered with error 422.

use crate::harness::{Talk, config};

#[test]
fn s_8_2_2_error_in_an_action() {
    let mut talk = Talk::connected(config());
    talk.script.0.borrow_mut().show_requests = true;
    talk.peer("T=1{C=-{N=A4444{OE=1{al/of}}},C=2{=}}");
    talk.told("handle_trans_request T=1{C=-{N=A4444{OE=1{al/of}}}}");
    let answer = talk.sent().unwrap_or_default();
    assert!(answer.starts_with("P=1{C=-{N=A4444},C=2{ER=4"), "{answer}");
}
