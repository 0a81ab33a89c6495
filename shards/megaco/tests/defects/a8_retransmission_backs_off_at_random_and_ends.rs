//! Re-sends double with a random part, are capped at 4 s and end at T-MAX. OTP: fixed doubling from 7 s without end.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::{Config, Profile};

#[test]
fn a8_retransmission_backs_off_at_random_and_ends() {
    let mut talk = Talk::connected(Config {
        profile: Profile::Rfc,
        ..config()
    });
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    let (mut gaps, mut last) = (Vec::new(), 0);
    for now in 1..60_000 {
        talk.pass(1);
        if talk.sent().is_some() {
            gaps.push(now - last);
            last = now;
        }
    }
    assert_eq!(gaps[0], 200);
    assert!(
        gaps.iter()
            .skip(1)
            .zip(1..)
            .all(|(gap, n)| *gap <= (200_u64 << n).min(4000) + 1),
        "{gaps:?}"
    );
    assert!(
        gaps.iter()
            .skip(1)
            .zip(1..)
            .all(|(gap, n)| *gap >= (100_u64 << n).min(2000)),
        "{gaps:?}"
    );
    assert!((20_000..30_000).contains(&last), "{gaps:?}");
    talk.told("handle_trans_reply timeout data 0");
}
