//! Requests, replies, Pendings, acknowledgements: what needs no sender and no segments.

use super::Value::{Every, Is};
use super::{CASE, Case, Differs, notify};
use crate::Step::{Send, Wait};

pub const CASES: &[Case] = &[
    Case {
        name: "request_and_reply",
        steps: &[Send(notify!("1", "ok")), Wait(300)],
        ..CASE
    },
    Case {
        name: "duplicate_gets_the_stored_reply",
        steps: &[
            Send(notify!("1", "ok")),
            Wait(200),
            Send(notify!("1", "ok")),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "handle_ack_asks_for_it",
        steps: &[
            Send(notify!("1", "ack")),
            Wait(200),
            Send("K{1}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "sloppy_ack_does_not",
        steps: &[
            Send(notify!("1", "sloppy")),
            Wait(200),
            Send("K{1}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "ignored_request",
        steps: &[Send(notify!("1", "none")), Wait(300)],
        ..CASE
    },
    Case {
        name: "duplicate_while_executing_gets_pending",
        steps: &[
            Send(notify!("1", "slow")),
            Wait(100),
            Send(notify!("1", "slow")),
            Wait(600),
        ],
        ..CASE
    },
    Case {
        name: "pending_by_timer",
        items: &[("pending_timer", Every(140, None))],
        steps: &[Send(notify!("1", "slow")), Wait(700)],
        ..CASE
    },
    Case {
        name: "pending_limit_by_timer",
        items: &[
            ("pending_timer", Every(100, None)),
            ("sent_pending_limit", Is("1")),
        ],
        steps: &[Send(notify!("1", "slow")), Wait(700)],
        ..CASE
    },
    Case {
        name: "pending_limit_by_duplicates",
        items: &[("sent_pending_limit", Is("1"))],
        steps: &[
            Send(notify!("1", "slow")),
            Wait(50),
            Send(notify!("1", "slow")),
            Wait(50),
            Send(notify!("1", "slow")),
            Wait(600),
        ],
        ..CASE
    },
    Case {
        name: "long_request",
        steps: &[
            Send(notify!("1", "long")),
            Wait(300),
            Send("K{1}"),
            Wait(100),
        ],
        ..CASE
    },
    Case {
        name: "reply_repeated_until_acknowledged",
        items: &[("reply_timer", Every(200, Some(3)))],
        steps: &[
            Send(notify!("1", "ack")),
            Wait(500),
            Send("K{1}"),
            Wait(400),
        ],
        ..CASE
    },
    Case {
        name: "own_request_repeated",
        items: &[("request_timer", Every(200, Some(2)))],
        steps: &[Send(notify!("9", "call")), Wait(900)],
        ..CASE
    },
    Case {
        name: "auto_ack",
        items: &[("auto_ack", Is("true"))],
        steps: &[
            Send(notify!("9", "call")),
            Wait(200),
            Send("P=1{C=-{N=ours}}"),
            Wait(200),
        ],
        ..CASE
    },
    Case {
        name: "unexpected_transactions_get_no_answer",
        steps: &[
            Send("PN=77{}"),
            Wait(100),
            Send("P=78{C=-{N=ok}}"),
            Wait(100),
            Send("K{79-90}"),
            Wait(100),
        ],
        ..CASE
    },
    Case {
        name: "acknowledged_then_duplicate",
        steps: &[
            Send(notify!("1", "ok")),
            Wait(200),
            Send("K{1}"),
            Wait(100),
            Send(notify!("1", "ok")),
            Wait(200),
        ],
        differs: Differs::always(
            "A3: at most once holds over LONG-TIMER, also after the acknowledgement",
            &["p=1{c=-{n=ok}}", "p=1{c=-{n=ok}}"],
        ),
        ..CASE
    },
    Case {
        name: "aborted_then_duplicates",
        items: &[("sent_pending_limit", Is("1"))],
        steps: &[
            Send(notify!("1", "slow")),
            Wait(50),
            Send(notify!("1", "slow")),
            Wait(50),
            Send(notify!("1", "slow")),
            Wait(500),
            Send(notify!("1", "slow")),
            Wait(100),
            Send(notify!("1", "slow")),
            Wait(600),
        ],
        differs: Differs::always(
            "A3: an aborted request is answered with its error again, never executed again",
            &["pn=1{}", "p=1{er=506}}", "pn=1{}", "p=1{c=-{n=slow}}"],
        ),
        ..CASE
    },
    Case {
        name: "syntax_error_in_one_transaction",
        text_only: true,
        steps: &[
            Send(concat!(
                notify!("1", "ok"),
                "T=2{C=-{Nonsense=A{}}}",
                notify!("3", "ok")
            )),
            Wait(300),
        ],
        differs: Differs::always(
            "A4, A5: an error stays in its transaction, and is answered",
            &[],
        ),
        ..CASE
    },
    Case {
        name: "several_transactions_in_order",
        steps: &[
            Send(concat!(
                notify!("5", "ok"),
                notify!("6", "ok"),
                notify!("7", "ok")
            )),
            Wait(400),
        ],
        differs: Differs::always(
            "D9: executed first to last",
            &["p=7{c=-{n=ok}}", "p=6{c=-{n=ok}}", "p=5{c=-{n=ok}}"],
        ),
        ..CASE
    },
    Case {
        name: "long_request_with_sloppy_ack",
        steps: &[Send(notify!("1", "longs")), Wait(300)],
        differs: Differs::always(
            "D4: a long request may be answered as any other",
            &["pn=1{}", "p=1{er=500}}"],
        ),
        ..CASE
    },
    Case {
        name: "long_request_with_an_error",
        steps: &[Send(notify!("1", "longe")), Wait(300)],
        differs: Differs::always(
            "D4: a long request may be answered with an error descriptor",
            &["pn=1{}", "p=1{er=500}}"],
        ),
        ..CASE
    },
    Case {
        name: "large_reply_with_a_stored_acknowledgement",
        items: &[
            ("auto_ack", Is("true")),
            ("trans_ack", Is("true")),
            ("trans_req", Is("true")),
            ("trans_timer", Is("2000")),
        ],
        steps: &[
            Send(notify!("9", "call")),
            Wait(200),
            Send("P=1{C=-{N=ours}}"),
            Wait(100),
            Send(notify!("1", "large")),
            Wait(300),
        ],
        differs: Differs::always(
            "D1: a large reply loses nothing that is stored",
            &["p=9{c=-{n=call}}", "p=1{c=-{ and more"],
        ),
        ..CASE
    },
    Case {
        name: "sender_without_timer",
        items: &[("trans_req", Is("true"))],
        steps: &[Send(notify!("1", "ok")), Wait(300)],
        differs: Differs::in_text("C2: no timer, no sender, and the request is answered", &[]),
        ..CASE
    },
];
