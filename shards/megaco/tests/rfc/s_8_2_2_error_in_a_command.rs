//! RFC 3525 8.2.2: the commands before the faulty one are executed; then comes error 442.

use crate::harness::{Talk, config};

#[test]
fn s_8_2_2_error_in_a_command() {
    let mut talk = Talk::connected(config());
    talk.script.0.borrow_mut().show_requests = true;
    talk.peer("T=1{C=-{N=A4444{OE=1{al/of}},Nonsense=A1{},N=A4445{OE=1{al/of}}}}");
    talk.told("handle_trans_request T=1{C=-{N=A4444{OE=1{al/of}}}}");
    let answer = talk.sent().unwrap_or_default();
    assert!(answer.starts_with("P=1{C=-{N=A4444,ER=44"), "{answer}");
}
