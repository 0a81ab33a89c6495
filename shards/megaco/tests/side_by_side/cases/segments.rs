//! Segmented replies (version 3), sent and received.

use super::Value::Is;
use super::{CASE, Case, Differs, Value, notify};
use crate::Step::{Send, Wait};

const WHOLE: Differs = Differs::in_binary(
    "C3: OTP does not segment with binary",
    &["p=1{c=1{n=parts},c=2{n=parts},c=3{n=parts}}"],
);

type Items = &'static [(&'static str, Value)];

/// A size that one action reply of the script fits in, and two do not.
const AT_ONCE: Items = &[
    ("segment_send", Is("infinity")),
    ("max_pdu_size", Is("148")),
];
const ONE: Items = &[("segment_send", Is("1")), ("max_pdu_size", Is("148"))];
const TWO: Items = &[("segment_send", Is("2")), ("max_pdu_size", Is("148"))];

pub const CASES: &[Case] = &[
    Case {
        name: "segments_at_once",
        items: AT_ONCE,
        version: 3,
        steps: &[
            Send(notify!("1", "parts")),
            Wait(300),
            Send("SM=1/1"),
            Wait(50),
            Send("SM=1/2"),
            Wait(50),
            Send("SM=1/3/&"),
            Wait(50),
            Send("K{1}"),
            Wait(100),
        ],
        differs: WHOLE,
        ..CASE
    },
    Case {
        name: "segments_one_at_a_time",
        items: ONE,
        version: 3,
        steps: &[
            Send(notify!("1", "parts")),
            Wait(300),
            Send("SM=1/1"),
            Wait(200),
            Send("SM=1/2"),
            Wait(200),
            Send("SM=1/3/&"),
            Wait(100),
        ],
        differs: WHOLE,
        ..CASE
    },
    Case {
        name: "segments_two_at_a_time",
        items: TWO,
        version: 3,
        steps: &[
            Send(notify!("1", "parts")),
            Wait(300),
            Send("SM=1/2"),
            Wait(200),
            Send("SM=1/1"),
            Wait(200),
            Send("SM=1/3/&"),
            Wait(100),
        ],
        differs: WHOLE,
        ..CASE
    },
    Case {
        name: "segment_acknowledged_twice_moves_the_window_once",
        items: ONE,
        version: 3,
        steps: &[
            Send(notify!("1", "parts")),
            Wait(300),
            Send("SM=1/1"),
            Wait(200),
            Send("SM=1/1"),
            Wait(200),
        ],
        differs: WHOLE,
        ..CASE
    },
    Case {
        name: "each_action_reply_has_a_segment",
        items: &[
            ("segment_send", Is("infinity")),
            ("max_pdu_size", Is("162")),
        ],
        version: 3,
        steps: &[Send(notify!("1", "parts")), Wait(300)],
        differs: WHOLE,
        ..CASE
    },
    Case {
        name: "small_reply_is_not_segmented",
        items: AT_ONCE,
        version: 3,
        steps: &[Send(notify!("1", "ok")), Wait(300)],
        ..CASE
    },
    Case {
        name: "segments_received",
        version: 3,
        steps: &[
            Send(notify!("9", "call")),
            Wait(300),
            Send("P=1/1{C=1{N=ours}}"),
            Wait(100),
            Send("P=1/2{C=2{N=ours}}"),
            Wait(100),
            Send("P=1/3/&{C=3{N=ours}}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "segments_received_out_of_order",
        version: 3,
        steps: &[
            Send(notify!("9", "call")),
            Wait(300),
            Send("P=1/3/&{C=3{N=ours}}"),
            Wait(100),
            Send("P=1/1{C=1{N=ours}}"),
            Wait(100),
            Send("P=1/1{C=1{N=ours}}"),
            Wait(100),
            Send("P=1/2{C=2{N=ours}}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "segment_that_never_comes",
        items: &[("segment_recv_timer", Is("300"))],
        version: 3,
        steps: &[
            Send(notify!("9", "call")),
            Wait(300),
            Send("P=1/1{C=1{N=ours}}"),
            Wait(100),
            Send("P=1/3/&{C=3{N=ours}}"),
            Wait(700),
        ],
        ..CASE
    },
];
