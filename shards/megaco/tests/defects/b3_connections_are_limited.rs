//! There are at most so many connections; a stranger beyond is told that we are busy.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::Options;

#[test]
fn b3_connections_are_limited() {
    let mut talk = Talk::with(
        config(),
        Options {
            connections_max: 2,
            ..Options::default()
        },
    );
    talk.peer_as("a", &notify(1))
        .gets(&notified(1))
        .peer_as("b", &notify(1))
        .gets(&notified(1));
    talk.peer_as("c", &notify(1))
        .gets(r#"ER=510{"Too many transactions"}"#);
    assert_eq!(talk.numbers().connections, 2);
}
