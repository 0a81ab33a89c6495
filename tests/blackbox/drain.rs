//! SIGTERM: readiness falls, nobody new is taken, those who are here are closed cleanly, and the process ends well.

use std::net::TcpStream;

use crate::appliance::{Setup, wait_for};
use crate::clients::Client;
use crate::peers::Backend;

#[test]
fn idle_clients_are_closed_cleanly_and_the_process_ends() {
    let mut appliance = Setup::new().listen("raw", "echo").start();
    let mut clients: Vec<_> = (0..200)
        .map(|_| Client::connect(appliance.clients()))
        .collect();
    for client in &mut clients {
        client.exchange(b"hello");
    }
    appliance.signal("TERM");
    for client in &mut clients {
        assert!(client.rest().is_empty(), "a clean end");
    }
    assert_eq!(appliance.wait().code(), Some(0), "{}", appliance.log());
}

#[test]
fn without_clients_it_ends_at_once() {
    let mut appliance = Setup::new().listen("raw", "echo").link("chat").start();
    appliance.signal("TERM");
    assert_eq!(appliance.wait().code(), Some(0), "{}", appliance.log());
}

#[test]
fn a_drained_appliance_takes_nobody_new() {
    let mut appliance = Setup::new().listen("raw", "link:chat").link("chat").start();
    let mut backend = Backend::linked(appliance.links(), &[]);
    let mut client = Client::connect(appliance.clients());
    client.exchange(b"hello");
    backend.hold();
    client.send(b"in flight");
    appliance.signal("TERM");
    let address = appliance.clients();
    wait_for("new clients to be refused", || {
        match TcpStream::connect(address) {
            Err(_) => Some(()),
            Ok(stream) => Client::from(stream).is_closed().then_some(()),
        }
    });
    backend.command("release");
    assert_eq!(appliance.wait().code(), Some(0), "{}", appliance.log());
}
