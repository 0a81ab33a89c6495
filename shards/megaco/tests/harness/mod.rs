//! Conversations in virtual time: one engine against a scripted peer ([`Talk`]), or two engines over a wire ([`Wire`]). No sleeps, no clock.
//!
//! A script reads top to bottom: what the peer sends, what it must get, what the user is told, how much time passes.
//! Messages are compact text without their header: `T=1{…}` is sent and expected as `!/1 <mg> T=1{…}`.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each group of conversations uses its part"
)]

mod talk;
mod user;
mod wire;

#[allow(unused_imports, reason = "each group of conversations uses its part")]
pub use self::{
    talk::{MG, MGC, PEER, Talk, mid},
    user::{Plan, Script, answer},
    wire::Wire,
};

use megaphone_h248::Arena;
use megaphone_h248::Limits;
use megaphone_h248::model::{ActionRequest, IntoOwned, Transaction};
use megaphone_megaco::config::{Config, Encoding, Retries, SegmentSend, Timer};
use megaphone_wheel::Tick;
use std::time::Duration;

/// A configuration for conversations: compact text, no timer that surprises.
pub fn config() -> Config {
    Config {
        encoding_mod: Encoding::Compact,
        request_timer: Timer::Once(10_000),
        ..Config::default()
    }
}

/// Acknowledgements are accumulated for 5 s or up to a count.
pub fn acks(maxcount: u32) -> Config {
    Config {
        auto_ack: true,
        trans_ack: true,
        trans_ack_maxcount: maxcount,
        trans_timer: 5000,
        ..config()
    }
}

/// Requests are accumulated for 5 s or up to a count or size.
pub fn requests(maxcount: u32, maxsize: u32) -> Config {
    Config {
        trans_req: true,
        trans_req_maxcount: maxcount,
        trans_req_maxsize: maxsize,
        trans_timer: 5000,
        ..config()
    }
}

/// Both are.
pub fn both(ack_maxcount: u32, req_maxcount: u32, maxsize: u32) -> Config {
    Config {
        auto_ack: true,
        trans_ack: true,
        trans_ack_maxcount: ack_maxcount,
        ..requests(req_maxcount, maxsize)
    }
}

/// Ten Pendings may be sent per request.
pub fn limited() -> Config {
    Config {
        sent_pending_limit: Some(10),
        ..config()
    }
}

/// Version 3, with a message size that lets one action reply through.
pub fn segmented(send: SegmentSend) -> Config {
    Config {
        protocol_version: 3,
        segment_send: send,
        max_pdu_size: Some(128 + 30),
        ..config()
    }
}

/// An incremental timer that doubles.
pub fn doubling(ms: u32, retries: u32) -> Timer {
    Timer::incremental(ms, 2, 0, Retries::Count(retries))
}

/// A Notify in transaction `id`.
pub fn notify(id: u32) -> String {
    format!("T={id}{{C=-{{N=A4444{{OE=1{{al/of}}}}}}}}")
}

/// A larger request in transaction `id`.
pub fn long(id: u32) -> String {
    format!("T={id}{{C=-{{N=A4444{{OE=1{{al/of,al/on,al/fl}}}}}}}}")
}

/// Three action replies.
pub fn three() -> String {
    "C=1{MF=A1},C=2{MF=A2},C=3{MF=A3}".to_owned()
}

/// The error that ends a request over `sent_pending_limit`.
pub fn limit_exceeded(id: u32) -> String {
    format!(r#"P={id}{{ER=506{{"Pending limit exceeded"}}}}"#)
}

/// Its reply.
pub fn notified(id: u32) -> String {
    format!("P={id}{{C=-{{N=A4444}}}}")
}

/// Its reply, with an immediate acknowledgement asked for.
pub fn notified_ia(id: u32) -> String {
    format!("P={id}{{IA,C=-{{N=A4444}}}}")
}

/// A registration in transaction `id`.
pub fn service_change(id: u32) -> String {
    format!("T={id}{{C=-{{SC=ROOT{{SV{{MT=RS,RE=\"901 Cold Boot\"}}}}}}}}")
}

/// Its acceptance.
pub fn service_changed(id: u32) -> String {
    format!("P={id}{{C=-{{SC=ROOT}}}}")
}

/// An acknowledgement of one or more ids, as written: `K{1-3}`.
pub fn ack(ids: &str) -> String {
    format!("K{{{ids}}}")
}

/// A Pending.
pub fn pending(id: u32) -> String {
    format!("PN={id}{{}}")
}

/// The actions of a request in compact text.
pub fn actions(request: &str) -> Vec<ActionRequest<'static>> {
    let arena = Arena::new();
    let text = format!("!/1 <x> {request}");
    let decoded = megaphone_h248::text::decode(text.as_bytes(), &arena, &Limits::default());
    let message = decoded.expect("a legal request").message;
    match &message.transactions()[0] {
        Transaction::Request(request) => request.actions.clone().into_owned().to_vec(),
        other => panic!("not a request: {other:?}"),
    }
}

/// The actions of [`notify`].
pub fn notify_actions() -> Vec<ActionRequest<'static>> {
    actions(&notify(1))
}

pub fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub fn at_ms(ms: u64) -> Tick {
    Tick::from(Duration::from_millis(ms))
}
