//! H.248 on shards that are driven by hand: controllers on links, and what waits between a home and a socket.
#![forbid(unsafe_code)]

mod controllers;
mod outbox;
#[path = "../support/mod.rs"]
mod support;

use megaphone_core::{Answers, H248Door, H248User, ShardConfig};
use megaphone_frame::Framing;
use megaphone_h248::model::{MId, Token};

/// Adds a listener for gateways over TCP, and the user `mgc` whose they are.
fn serve(config: &mut ShardConfig, answers: Answers) {
    let listener = H248Door::of("mgc").listener(Framing::Tpkt);
    config.listeners.push(listener);
    let name = Token::new(&b"mgc.example"[..]).expect("a name");
    config.h248.users.push(H248User {
        answers,
        ..H248User::new("mgc", MId::DomainName(name, None))
    });
}
