//! The transaction sender at the side that is talked to, and at the peer: what it gathers comes in one message.

use super::Value::{Every, Is};
use super::{CASE, Case, Differs, Value, notify};
use crate::Step::{Send, Wait};

const fn no_sender(otp: &'static [&'static str]) -> Differs {
    Differs::in_binary("C3: OTP's sender does not gather requests with binary", otp)
}

type Items = &'static [(&'static str, Value)];

const REQUESTS_BY_COUNT: Items = &[
    ("trans_req", Is("true")),
    ("trans_req_maxcount", Is("3")),
    ("trans_timer", Is("5000")),
];
const REQUESTS_BY_TIMER: Items = &[("trans_req", Is("true")), ("trans_timer", Is("200"))];
const REQUESTS_WAIT: Items = &[("trans_req", Is("true")), ("trans_timer", Is("5000"))];
const ACKS_BY_COUNT: Items = &[
    ("auto_ack", Is("true")),
    ("own_trans_ack", Is("true")),
    ("trans_ack_maxcount", Is("3")),
    ("trans_timer", Is("5000")),
];
const ACKS_BY_TIMER: Items = &[
    ("auto_ack", Is("true")),
    ("own_trans_ack", Is("true")),
    ("trans_timer", Is("300")),
];
const ACKS_ONE: Items = &[
    ("auto_ack", Is("true")),
    ("own_trans_ack", Is("true")),
    ("trans_ack_maxcount", Is("1")),
    ("trans_timer", Is("800")),
];

pub const CASES: &[Case] = &[
    Case {
        name: "requests_gather_until_the_count",
        items: REQUESTS_BY_COUNT,
        steps: &[Send(notify!("9", "three")), Wait(400)],
        differs: no_sender(&["p=9{c=-{n=three}}"]),
        ..CASE
    },
    Case {
        name: "requests_gather_until_the_timer",
        items: REQUESTS_BY_TIMER,
        steps: &[Send(notify!("9", "three")), Wait(600)],
        differs: no_sender(&["p=9{c=-{n=three}}"]),
        ..CASE
    },
    Case {
        name: "requests_gather_until_the_size",
        items: &[
            ("trans_req", Is("true")),
            ("trans_req_maxsize", Is("60")),
            ("trans_timer", Is("5000")),
        ],
        steps: &[Send(notify!("9", "three")), Wait(400)],
        differs: no_sender(&["p=9{c=-{n=three}}"]),
        ..CASE
    },
    Case {
        name: "stored_request_again_flushes",
        items: &[
            ("request_timer", Every(300, Some(1))),
            ("trans_req", Is("true")),
            ("trans_timer", Is("5000")),
        ],
        steps: &[Send(notify!("9", "call")), Wait(900)],
        differs: no_sender(&["p=9{c=-{n=call}}"]),
        ..CASE
    },
    Case {
        name: "reply_takes_stored_requests_along",
        items: REQUESTS_WAIT,
        steps: &[
            Send(notify!("9", "call")),
            Wait(300),
            Send(notify!("2", "ok")),
            Wait(200),
        ],
        differs: no_sender(&["p=9{c=-{n=call}}", "p=2{c=-{n=ok}}"]),
        ..CASE
    },
    Case {
        name: "pending_takes_stored_requests_along",
        items: REQUESTS_WAIT,
        steps: &[
            Send(notify!("9", "call")),
            Wait(300),
            Send(notify!("2", "slow")),
            Wait(50),
            Send(notify!("2", "slow")),
            Wait(600),
        ],
        differs: no_sender(&["p=9{c=-{n=call}}", "pn=2{}", "p=2{c=-{n=slow}}"]),
        ..CASE
    },
    Case {
        name: "acknowledgements_gather_until_the_count",
        items: ACKS_BY_COUNT,
        steps: &[
            Send(notify!("9", "three")),
            Wait(300),
            Send("P=1{C=-{N=ours}}"),
            Wait(50),
            Send("P=2{C=-{N=ours}}"),
            Wait(50),
            Send("P=3{C=-{N=ours}}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "acknowledgements_gather_until_the_timer",
        items: ACKS_BY_TIMER,
        steps: &[
            Send(notify!("9", "three")),
            Wait(300),
            Send("P=1{C=-{N=ours}}"),
            Wait(50),
            Send("P=3{C=-{N=ours}}"),
            Wait(600),
        ],
        ..CASE
    },
    Case {
        name: "immediate_acknowledgement_takes_stored_ones_along",
        items: &[
            ("auto_ack", Is("true")),
            ("own_trans_ack", Is("true")),
            ("trans_timer", Is("5000")),
        ],
        steps: &[
            Send(notify!("9", "three")),
            Wait(300),
            Send("P=1{C=-{N=ours}}"),
            Wait(100),
            Send("P=2{IA,C=-{N=ours}}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "count_of_one",
        items: ACKS_ONE,
        steps: &[
            Send(notify!("9", "three")),
            Wait(300),
            Send("P=1{C=-{N=ours}}"),
            Wait(100),
            Send("P=2{C=-{N=ours}}"),
            Wait(200),
        ],
        differs: Differs::always(
            "limits of 1 work; OTP always stores the first item",
            &[
                "p=9{c=-{n=three}}",
                "t=1{c=-{n=ours{oe=1{al/of}}}}",
                "t=2{c=-{n=ours{oe=1{al/of}}}}",
                "t=3{c=-{n=ours{oe=1{al/of}}}}",
                "k{1-2}",
            ],
        ),
        ..CASE
    },
    Case {
        name: "trans_ack_of_the_user",
        items: &[
            ("auto_ack", Is("true")),
            ("trans_ack", Is("true")),
            ("trans_timer", Is("5000")),
        ],
        steps: &[
            Send(notify!("9", "call")),
            Wait(300),
            Send("P=1{C=-{N=ours}}"),
            Wait(200),
        ],
        differs: Differs::always(
            "D2: a user's `trans_ack` reaches its connections",
            &["p=9{c=-{n=call}}", "t=1{c=-{n=ours{oe=1{al/of}}}}", "k{1}"],
        ),
        ..CASE
    },
    Case {
        name: "peer_gathers_acknowledgements_and_requests",
        items: &[("reply_timer", Every(300, Some(3)))],
        steps: &[
            Send(notify!("1", "ack")),
            Wait(50),
            Send(notify!("2", "ack")),
            Wait(50),
            Send(notify!("3", "ack")),
            Wait(350),
            // A reply with company: the range of all three, then a request.
            Send(concat!("K{1-3}", notify!("4", "ok"))),
            Wait(700),
        ],
        ..CASE
    },
    Case {
        name: "peer_answers_in_one_message",
        items: &[("auto_ack", Is("true"))],
        steps: &[
            Send(notify!("9", "three")),
            Wait(300),
            Send(concat!("P=1{C=-{N=ours}}K{9}", notify!("2", "ok"))),
            Wait(200),
        ],
        ..CASE
    },
];
