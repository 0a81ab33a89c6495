//! Messages, octets, errors and timer expiries are counted per connection and in total.

use crate::harness::{Talk, config, doubling, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Config;

#[test]
fn counters_by_otps_names() {
    let mut talk = Talk::connected(Config {
        request_timer: doubling(100, 1),
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .pass(300)
        .peer(&notify(7));
    let sent: usize =
        std::iter::from_fn(|| talk.sent().map(|text| text.len() + "!/1 <mgc> ".len())).sum();
    let counters = talk
        .engine
        .connection_counters(talk.connection())
        .expect("it is live");
    let want = [
        ("medGwyGatewayNumInMessages", 1),
        ("medGwyGatewayNumInOctets", notify(7).len() as u64 + 9),
        ("medGwyGatewayNumOutMessages", 3),
        ("medGwyGatewayNumOutOctets", sent as u64),
        ("medGwyGatewayNumErrors", 1),
        ("medGwyGatewayNumTimerRecovery", 2),
    ];
    assert_eq!(counters.named(), want);
    assert_eq!(talk.engine.totals().counters, counters);
    assert_eq!(talk.engine.answer_times().count(), 1);
}
