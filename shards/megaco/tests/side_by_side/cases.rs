//! The conversations: what the peer sends and when, under which items, and why the answers may differ.

use super::Step::{self, Send, Wait};
use megaphone_megaco::config::{Retries, Timer};

/// A conversation.
pub struct Case {
    pub name: &'static str,
    /// Items in OTP's form.
    pub items: &'static str,
    /// The same for us: numbers and words.
    pub ours: &'static [(&'static str, Result<i64, &'static str>)],
    pub request_timer: Option<Timer>,
    pub pending_timer: Option<Timer>,
    pub reply_timer: Option<Timer>,
    pub steps: &'static [Step],
    /// Why the two differ, if they should.
    pub differs: Option<&'static str>,
}

const PLAIN: Case = Case {
    name: "",
    items: "[]",
    ours: &[],
    request_timer: None,
    pending_timer: None,
    reply_timer: None,
    steps: &[],
    differs: None,
};

const EVERY_100: Timer = Timer::incremental(100, 1, 0, Retries::Infinity);

macro_rules! notify {
    ($id:literal, $name:literal) => {
        concat!("T=", $id, "{C=-{N=", $name, "{OE=1{al/of}}}}")
    };
}

pub const CASES: &[Case] = &[
    Case {
        name: "request_and_reply",
        steps: &[Send(notify!("1", "ok")), Wait(300)],
        ..PLAIN
    },
    Case {
        name: "duplicate_gets_the_stored_reply",
        steps: &[
            Send(notify!("1", "ok")),
            Wait(200),
            Send(notify!("1", "ok")),
            Wait(200),
        ],
        ..PLAIN
    },
    Case {
        name: "handle_ack_asks_for_it",
        steps: &[
            Send(notify!("1", "ack")),
            Wait(200),
            Send("K{1}"),
            Wait(200),
        ],
        ..PLAIN
    },
    Case {
        name: "sloppy_ack_does_not",
        steps: &[
            Send(notify!("1", "sloppy")),
            Wait(200),
            Send("K{1}"),
            Wait(200),
        ],
        ..PLAIN
    },
    Case {
        name: "ignored_request",
        steps: &[Send(notify!("1", "none")), Wait(300)],
        ..PLAIN
    },
    Case {
        name: "duplicate_while_executing_gets_pending",
        steps: &[
            Send(notify!("1", "slow")),
            Wait(100),
            Send(notify!("1", "slow")),
            Wait(600),
        ],
        ..PLAIN
    },
    Case {
        name: "pending_by_timer",
        items: "[{pending_timer,{incr,100,1,0,infinity}}]",
        pending_timer: Some(EVERY_100),
        steps: &[Send(notify!("1", "slow")), Wait(700)],
        ..PLAIN
    },
    Case {
        name: "pending_limit_by_timer",
        items: "[{pending_timer,{incr,100,1,0,infinity}},{sent_pending_limit,1}]",
        ours: &[("sent_pending_limit", Ok(1))],
        pending_timer: Some(EVERY_100),
        steps: &[Send(notify!("1", "slow")), Wait(700)],
        ..PLAIN
    },
    Case {
        name: "pending_limit_by_duplicates",
        items: "[{sent_pending_limit,1}]",
        ours: &[("sent_pending_limit", Ok(1))],
        steps: &[
            Send(notify!("1", "slow")),
            Wait(50),
            Send(notify!("1", "slow")),
            Wait(50),
            Send(notify!("1", "slow")),
            Wait(600),
        ],
        ..PLAIN
    },
    Case {
        name: "long_request",
        steps: &[
            Send(notify!("1", "long")),
            Wait(300),
            Send("K{1}"),
            Wait(100),
        ],
        ..PLAIN
    },
    Case {
        name: "reply_repeated_until_acknowledged",
        items: "[{reply_timer,{incr,200,1,0,3}}]",
        reply_timer: Some(Timer::incremental(200, 1, 0, Retries::Count(3))),
        steps: &[
            Send(notify!("1", "ack")),
            Wait(500),
            Send("K{1}"),
            Wait(400),
        ],
        ..PLAIN
    },
    Case {
        name: "own_request_repeated",
        items: "[{request_timer,{incr,200,1,0,2}}]",
        request_timer: Some(Timer::incremental(200, 1, 0, Retries::Count(2))),
        steps: &[Send(notify!("9", "call")), Wait(900)],
        differs: Some(
            "OTP's user casts inside its callback, ours after it: request and reply change places",
        ),
        ..PLAIN
    },
    Case {
        name: "auto_ack",
        items: "[{auto_ack,true}]",
        ours: &[("auto_ack", Err("true"))],
        steps: &[
            Send(notify!("9", "call")),
            Wait(200),
            Send("P=1{C=-{N=ours}}"),
            Wait(200),
        ],
        differs: Some(
            "OTP's user casts inside its callback, ours after it: request and reply change places",
        ),
        ..PLAIN
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
        ..PLAIN
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
        differs: Some("A3: at most once holds over LONG-TIMER, also after the acknowledgement"),
        ..PLAIN
    },
    Case {
        name: "aborted_then_duplicates",
        items: "[{sent_pending_limit,1}]",
        ours: &[("sent_pending_limit", Ok(1))],
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
        differs: Some(
            "A3: an aborted request is answered with its error again, never executed again",
        ),
        ..PLAIN
    },
    Case {
        name: "syntax_error_in_one_transaction",
        steps: &[
            Send(concat!(
                notify!("1", "ok"),
                "T=2{C=-{Nonsense=A{}}}",
                notify!("3", "ok")
            )),
            Wait(300),
        ],
        differs: Some("A4, A5: an error stays in its transaction, and is answered"),
        ..PLAIN
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
        differs: Some("D9: executed first to last"),
        ..PLAIN
    },
    Case {
        name: "long_request_with_sloppy_ack",
        steps: &[Send(notify!("1", "longs")), Wait(300)],
        differs: Some("D4: a long request may be answered as any other"),
        ..PLAIN
    },
    Case {
        name: "long_request_with_an_error",
        steps: &[Send(notify!("1", "longe")), Wait(300)],
        differs: Some("D4: a long request may be answered with an error descriptor"),
        ..PLAIN
    },
    Case {
        name: "large_reply_with_a_stored_acknowledgement",
        items: "[{auto_ack,true},{trans_ack,true},{trans_req,true},{trans_timer,2000}]",
        ours: &[
            ("auto_ack", Err("true")),
            ("trans_ack", Err("true")),
            ("trans_req", Err("true")),
            ("trans_timer", Ok(2000)),
        ],
        steps: &[
            Send(notify!("9", "call")),
            Wait(200),
            Send("P=1{C=-{N=ours}}"),
            Wait(100),
            Send(notify!("1", "large")),
            Wait(300),
        ],
        differs: Some("D1: a large reply loses nothing that is stored"),
        ..PLAIN
    },
    Case {
        name: "sender_without_timer",
        items: "[{trans_req,true}]",
        ours: &[("trans_req", Err("true"))],
        steps: &[Send(notify!("1", "ok")), Wait(300)],
        differs: Some("C2: no timer, no sender, and the request is answered"),
        ..PLAIN
    },
];
