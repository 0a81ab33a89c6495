//! Ids of finished transactions are remembered for LONG-TIMER, however scattered. At the limit new requests are refused; none is forgotten.

use crate::harness::{Talk, ack, config, notified, notify};
use megaphone_megaco::Options;

/// Finished transactions with every second id.
fn finished(count: u32, options: Options) -> Talk {
    let mut talk = Talk::with(config(), options);
    for n in 1..=count {
        talk.peer(&notify(2 * n)).gets(&notified(2 * n));
        talk.peer(&ack(&(2 * n).to_string()));
    }
    talk
}

#[test]
fn scattered_ids_are_remembered_beyond_thousands() {
    let mut talk = finished(10_000, Options::default());
    let executed = talk.executed().len();
    for n in 1..=10_000 {
        talk.peer(&notify(2 * n)).nothing();
    }
    assert_eq!(talk.executed().len(), executed);
    assert_eq!(talk.engine.totals().late_duplicates, 10_000);
}

#[test]
fn at_the_limit_requests_are_refused_and_nothing_is_forgotten() {
    for (count, refused) in [(9, false), (10, true), (11, true)] {
        let options = Options {
            recent_intervals_per_connection_max: 10,
            ..Options::default()
        };
        let mut talk = finished(count.min(10), options);
        talk.forget();
        talk.peer(&notify(1001));
        if refused {
            talk.gets_code(1001, 510).told_nothing();
        } else {
            talk.gets(&notified(1001));
        }
        talk.peer(&notify(2)).nothing();
        // LONG-TIMER later there is room again.
        talk.pass(60_000).peer(&notify(2001)).gets(&notified(2001));
    }
}

#[test]
fn replies_of_all_connections_are_limited_together() {
    for (limit, refused) in [(1, true), (2, true), (3, false), (4, false)] {
        let options = Options {
            replies_max: limit,
            ..Options::default()
        };
        let mut talk = Talk::with(config(), options);
        for n in 1..=3 {
            talk.peer_as(&format!("mg{n}"), &notify(n));
        }
        let refusals = talk.engine.totals().refused;
        assert_eq!(refusals > 0, refused, "{limit}");
        assert_eq!(talk.numbers().replies, limit.min(3));
    }
}
