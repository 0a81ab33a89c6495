//! Every limit of a shard at one below, at, and one above; a limit without its test fails here.

mod clients;
mod links;
mod walks;
mod xmpp;

use crate::{backend_never_reads, storm, unknown_connections};
use megaphone_core::LIMITS;

macro_rules! shown {
    ($($key:ident by $scenario:path,)+) => {
        $(#[test]
        fn $key() {
            $scenario();
        })+

        /// The limits that have a test.
        const SHOWN: &[&str] = &[$(stringify!($key)),+];
    };
}

shown! {
    sessions_max by clients::sessions_max,
    frame_bytes_max by clients::frame_bytes_max,
    outgoing_bytes_max by clients::outgoing_bytes_max,
    window_bytes_max by clients::window_bytes_max,
    header_ms by clients::header_ms,
    body_ms by clients::body_ms,
    body_rate_min by clients::body_rate_min,
    stream_ms by xmpp::stream_ms,
    parting_ms by xmpp::parting_ms,
    refusals_told_max by xmpp::refusals_told_max,
    settle_ms by clients::settle_ms,
    stall_ms by clients::stall_ms,
    open_rate by storm::open_rate,
    opens_waiting_max by storm::opens_waiting_max,
    source_sessions_max by storm::source_sessions_max,
    source_opens_per_second by storm::source_opens_per_second,
    sources_max by storm::sources_max,
    open_ms by clients::open_ms,
    linger_ms by clients::linger_ms,
    links_max by links::links_max,
    greetings_max by links::greetings_max,
    hello_ms by links::hello_ms,
    packet_bytes_max by links::packet_bytes_max,
    link_outgoing_bytes_max by backend_never_reads::link_outgoing_bytes_max,
    ping_ms by links::ping_ms,
    silence_ms by links::silence_ms,
    replay_bytes_max by links::replay_bytes_max,
    resume_ms by links::resume_ms,
    ack_ms by links::ack_ms,
    ack_intervals_max by links::ack_intervals_max,
    resets_per_second by unknown_connections::resets_per_second,
    redial_ms by links::redial_ms,
    redial_ms_max by links::redial_ms_max,
    scan_slots by walks::scan_slots,
    scan_closes by walks::scan_closes,
    scan_ms by walks::scan_ms,
    slow_accepts_per_second by walks::slow_accepts_per_second,
    calm_ms by walks::calm_ms,
}

#[test]
fn none_is_left_out() {
    // Those of H.248 gateways and controllers are not driven from here: `tests/gateways` has them.
    let of_sessions = LIMITS
        .iter()
        .filter(|limit| !limit.occupancy.starts_with("megaphone_h248_"));
    let keys: Vec<&str> = of_sessions.map(|limit| limit.key).collect();
    assert_eq!(SHOWN, keys);
}

/// A limit on how much: `fits` says whether that much passes.
fn most(limit: u64, fits: impl Fn(u64) -> bool) {
    for (amount, fine) in [(limit - 1, true), (limit, true), (limit + 1, false)] {
        assert_eq!(fits(amount), fine, "{amount} with a limit of {limit}");
    }
}

/// A limit on how long: `ended` says whether it has been applied after so many milliseconds.
fn longest(limit: u64, ended: impl Fn(u64) -> bool) {
    for (after, due) in [(limit - 1, false), (limit, true), (limit + 1, true)] {
        assert_eq!(ended(after), due, "after {after} ms of {limit}");
    }
}
