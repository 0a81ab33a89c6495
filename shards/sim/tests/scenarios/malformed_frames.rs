//! Bytes that are no frame: the client is closed, the fault is counted by kind, and its backend is told.

use crate::stage::{CLASSIC_FIXED, CLASSIC_VAR, TPKT, closed, counted, finish, ms, with_backend};
use megaphone_metrics::Metric;

/// Each case: the listener, what is written, whether the client then ends, and what is counted.
fn cases() -> Vec<(&'static str, usize, Vec<u8>, bool, Metric)> {
    let id = "00000000000000001000";
    let fixed = |length: &str| format!("{length}|{id}|").into_bytes();
    vec![
        (
            "length below the header",
            CLASSIC_FIXED,
            fixed("0000000031"),
            false,
            Metric::FrameFaultTooShort,
        ),
        (
            "length above the limit",
            CLASSIC_FIXED,
            fixed("0000065569"),
            false,
            Metric::FrameFaultTooLong,
        ),
        (
            "no digits",
            CLASSIC_FIXED,
            fixed("00000x0040"),
            false,
            Metric::FrameFaultMalformed,
        ),
        (
            "an id that overflows",
            CLASSIC_FIXED,
            b"0000000040|99999999999999999999|".to_vec(),
            false,
            Metric::FrameFaultMalformed,
        ),
        (
            "a length that overflows",
            CLASSIC_VAR,
            b"1000|99999999999|".to_vec(),
            false,
            Metric::FrameFaultMalformed,
        ),
        (
            "a length without digits",
            CLASSIC_VAR,
            b"1000||".to_vec(),
            false,
            Metric::FrameFaultMalformed,
        ),
        (
            "TPKT below its header",
            TPKT,
            vec![3, 0, 0, 3],
            false,
            Metric::FrameFaultTooShort,
        ),
        (
            "TPKT of another version",
            TPKT,
            vec![4, 0, 0, 8],
            false,
            Metric::FrameFaultMalformed,
        ),
        (
            "an end inside a header",
            TPKT,
            vec![3, 0],
            true,
            Metric::FrameFaultEnded,
        ),
        (
            "an end inside a body",
            TPKT,
            vec![3, 0, 0, 9, 1],
            true,
            Metric::FrameFaultEnded,
        ),
    ]
}

#[test]
fn each_kind_is_closed_and_counted() {
    for (what, listener, bytes, ends, metric) in cases() {
        let (mut world, backend) = with_backend(2);
        let client = world.connect(1, listener);
        world.settle(ms(10));
        world.clients[client].excused = true;
        world.write_bytes(client, &bytes);
        if ends {
            world.end(client);
        }
        world.settle(ms(10));
        closed(&mut world, client);
        assert_eq!(world.metric(metric), 1, "{what}: {metric:?}");
        counted(&world, Metric::ClosedFrameFault, 1);
        let closed = world.backends[backend]
            .conversations
            .values()
            .all(|talk| talk.appliance_closed);
        assert!(closed, "{what}: the backend was told");
        finish(world);
    }
}
