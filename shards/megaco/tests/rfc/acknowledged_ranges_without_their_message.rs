//! Acknowledgements that were taken out of their messages and merged elsewhere do what they would have done.

use crate::harness::{Plan, Talk, config, notify};
use megaphone_megaco::user::AckRequest;
use megaphone_megaco::{ConnectionId, Input};

#[test]
fn ranges_end_the_replies_they_name() {
    let mut talk = Talk::connected(config());
    for id in 1..=5 {
        talk.plan(Plan::Reply(AckRequest::HandleSloppy(id.into())));
        talk.peer(&notify(id))
            .told(&format!("handle_trans_request {id}"));
        talk.sent();
    }
    let connection = talk.connection();
    let ranges = [(4, 4), (1, 2), (2, 1), (900, u32::MAX)];
    talk.engine.handle(
        talk.now,
        Input::Acknowledged {
            connection,
            ranges: &ranges,
        },
    );
    talk.told("handle_trans_ack ok data 4")
        .told("handle_trans_ack ok data 1")
        .told("handle_trans_ack ok data 2")
        .told_nothing();
    assert_eq!(talk.numbers().replies, 2);
    assert_eq!(talk.engine.totals().reversed_acks, 1);
}

#[test]
fn ranges_of_a_connection_that_is_gone_do_nothing() {
    let mut talk = Talk::connected(config());
    talk.peer(&notify(1)).sent();
    let connection = ConnectionId::from_u64(talk.connection().as_u64() + (1 << 32));
    talk.engine.handle(
        talk.now,
        Input::Acknowledged {
            connection,
            ranges: &[(1, 1)],
        },
    );
    assert_eq!(talk.numbers().replies, 1);
}
