//! A blocked connection takes no messages; what came meanwhile is taken in order when it is unblocked, up to a limit.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::connection::HELD_MESSAGES_MAX;

#[test]
fn messages_wait_for_the_end_of_the_block() {
    let mut talk = Talk::connected(config());
    let connection = talk.connection();
    talk.engine.block(connection).expect("it is live");
    talk.peer(&notify(1))
        .peer(&notify(2))
        .nothing()
        .told_nothing();
    talk.peer_as("other", &notify(9))
        .told("handle_connect <other>")
        .told("handle_trans_request 9")
        .gets(&notified(9));
    assert_eq!(talk.engine.is_blocked(connection), Ok(true));
    talk.engine
        .unblock(talk.now, connection)
        .expect("it is live");
    talk.told("handle_trans_request 1")
        .told("handle_trans_request 2")
        .gets(&notified(1))
        .gets(&notified(2));
    talk.peer(&notify(3)).gets(&notified(3));
}

#[test]
fn what_comes_beyond_the_limit_is_dropped_and_counted() {
    for (sent, dropped) in [
        (HELD_MESSAGES_MAX - 1, 0),
        (HELD_MESSAGES_MAX, 0),
        (HELD_MESSAGES_MAX + 1, 1),
    ] {
        let mut talk = Talk::connected(config());
        let connection = talk.connection();
        talk.engine.block(connection).expect("it is live");
        (1..=sent).for_each(|id| {
            talk.peer(&notify(id as u32));
        });
        talk.engine
            .unblock(talk.now, connection)
            .expect("it is live");
        assert_eq!(talk.executed().len(), sent - dropped);
        assert_eq!(talk.engine.totals().held_dropped, dropped as u64);
    }
}
