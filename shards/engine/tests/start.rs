//! Starting: what is wrong is said before anything runs.

mod support;

use megaphone_core::{Input, Machine, Output, SocketId};
use megaphone_engine::{EngineConfig, EngineError, ListenerSpec, run};
use megaphone_pool::{Class, Gather, PoolConfig};
use megaphone_wheel::Tick;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use support::loopback;

/// Never asked anything.
struct Nobody;

impl Machine for Nobody {
    type Item = ();
    fn handle(&mut self, _: Tick, _: Input<()>) {}
    fn poll(&mut self) -> Option<Output<()>> {
        None
    }
    fn deadline(&self) -> Option<Tick> {
        None
    }
    fn outgoing(&self, _: SocketId) -> Option<&Gather> {
        None
    }
}

fn refusal(config: EngineConfig) -> EngineError {
    match run(config, |_| Nobody, drop) {
        Ok(_) => panic!("it must not start"),
        Err(error) => error,
    }
}

#[test]
fn contradictions_are_named() {
    for (config, text) in [
        (
            EngineConfig {
                shards: 0,
                ..loopback()
            },
            "0 shards",
        ),
        (
            EngineConfig {
                shards: 4_097,
                ..loopback()
            },
            "4097 shards",
        ),
        (
            EngineConfig {
                receive_buffers: 1_000,
                ..loopback()
            },
            "power of two",
        ),
        (
            EngineConfig {
                mesh_capacity: 0,
                ..loopback()
            },
            "mesh capacity",
        ),
        (
            EngineConfig {
                sockets_max: Some(1 << 30),
                ..loopback()
            },
            "RLIMIT_NOFILE",
        ),
        (
            EngineConfig {
                sockets_max: Some(0),
                ..loopback()
            },
            "RLIMIT_NOFILE",
        ),
    ] {
        let error = refusal(config).to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = refusal(EngineConfig {
        listeners: vec![ListenerSpec::tcp(address)],
        ..loopback()
    });
    assert!(matches!(&error, EngineError::Listen { .. }), "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[test]
fn a_live_unix_socket_is_not_stolen_and_a_dead_one_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listening = UnixListener::bind(&path).unwrap();
    let config = || EngineConfig {
        listeners: vec![ListenerSpec::unix(&path)],
        ..loopback()
    };
    assert!(matches!(refusal(config()), EngineError::Listen { .. }));
    drop(listening);
    assert!(path.exists());
    let running = run(config(), |_| Nobody, drop).unwrap();
    running.controls().stop();
    running.join().unwrap();
}

#[test]
fn a_shard_that_cannot_start_stops_the_others() {
    let pool = PoolConfig::new(0).with(Class::Receive, 2_047, 16);
    let error = refusal(EngineConfig {
        shards: 3,
        pool,
        ..loopback()
    });
    assert!(error.to_string().contains("2047"), "{error}");
}
