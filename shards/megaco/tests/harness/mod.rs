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

pub use talk::{MG, MGC, Talk};
pub use user::{Plan, Script};
pub use wire::Wire;

use megaphone_h248::Arena;
use megaphone_h248::Limits;
use megaphone_h248::model::{ActionRequest, IntoOwned, Transaction};
use megaphone_megaco::config::{Config, Encoding, Retries, Timer};
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

/// An incremental timer that doubles.
pub fn doubling(ms: u32, retries: u32) -> Timer {
    Timer::incremental(ms, 2, 0, Retries::Count(retries))
}

/// A Notify in transaction `id`.
pub fn notify(id: u32) -> String {
    format!("T={id}{{C=-{{N=A4444{{OE=1{{al/of}}}}}}}}")
}

/// Its reply.
pub fn notified(id: u32) -> String {
    format!("P={id}{{C=-{{N=A4444}}}}")
}

/// Its reply, with an immediate acknowledgement asked for.
pub fn notified_ia(id: u32) -> String {
    format!("P={id}{{IA,C=-{{N=A4444}}}}")
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
