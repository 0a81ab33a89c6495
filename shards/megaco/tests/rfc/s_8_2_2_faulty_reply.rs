//! RFC 3525 8.2.2: what is left of a faulty reply is not passed off as the whole; its sender is never answered with an error.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::CallOptions;

#[test]
fn s_8_2_2_faulty_reply() {
    for faulty in [
        "P=1{C=-{N=A4444},Nonsense=7{N=A1}}",
        "P=1{C=-{N=A4444,Nonsense=A1}}",
    ] {
        let mut talk = Talk::connected(config());
        talk.call(&[notify(1)], &CallOptions::default());
        talk.gets(&notify(1)).peer(faulty).nothing();
        let told = talk.script.0.borrow_mut().log.pop_front();
        assert!(
            told.as_deref()
                .is_some_and(|told| told.starts_with("call 1: faulty 4")),
            "{faulty}: {told:?}"
        );
        assert_eq!(talk.engine.totals().faulty_replies, 1);
        assert_eq!(talk.engine.totals().counters.errors, 1);
        talk.told_nothing().leaves_nothing();
    }
}

#[test]
fn its_neighbours_are_whole() {
    let mut talk = Talk::connected(config());
    talk.call(&[notify(1), notify(2)], &CallOptions::default());
    talk.gets(&format!("{}{}", notify(1), notify(2)));
    talk.peer(&format!("P=1{{C=-{{N=A4444,Nonsense=A1}}}}{}", notified(2)));
    let told = talk.script.0.borrow_mut().log.pop_front();
    let told = told.unwrap_or_default();
    assert!(
        told.starts_with("call 1: faulty 4") && told.ends_with("; ok 1"),
        "{told}"
    );
}

#[test]
fn a_reply_that_is_lost_is_counted() {
    let mut talk = Talk::connected(config());
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    talk.peer(&format!("{}P=two{{C=-{{N=A4444}}}}", notified(1)));
    talk.nothing().told("handle_trans_reply ok 1 data 0");
    assert_eq!(talk.engine.totals().faulty_replies, 1);
}
