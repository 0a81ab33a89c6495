//! Without a backend, a client is told so in its framing and closed in order.

use crate::stage::{CLASSIC_FIXED, RAW, TPKT, closed, counted, fine, ms, world};
use megaphone_metrics::Metric;
use megaphone_sim::{ClientEnd, Plan};

#[test]
fn a_client_is_told_why_and_closed_cleanly() {
    let mut world = world(Plan::calm(2));
    let text = "no backend is available";
    let tpkt = [&[3, 0, 0, 27], text.as_bytes()].concat();
    let classic = format!("{:010}|{:020}|{text}", 32 + text.len(), 0).into_bytes();
    for (listener, said) in [
        (RAW, format!("{text}\n").into_bytes()),
        (TPKT, tpkt),
        (CLASSIC_FIXED, classic),
    ] {
        let client = world.connect(1, listener);
        world.settle(ms(10));
        assert_eq!(world.clients[client].end, Some(ClientEnd::Closed));
        assert_eq!(
            world.clients[client].refusal.escape_ascii().to_string(),
            said.escape_ascii().to_string()
        );
        closed(&mut world, client);
    }
    counted(&world, Metric::RefusedNoLink, 3);
    world.drain(ms(1_000));
    fine(&world);
}
