//! The programs in `examples` that build a user of their own into the appliance: with a peer that nobody here wrote, and with each other.

use super::peer::Megaco;
use crate::appliance::{own_address, wait_for};
use crate::told::Told;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

/// Runs an example, which `cargo test` has built beside the command.
fn example(name: &str, at: SocketAddr) -> Told {
    let binary = Path::new(env!("CARGO_BIN_EXE_megaphone"));
    let mut command = Command::new(binary.with_file_name("examples").join(name));
    command.arg(at.to_string());
    Told::start(command, "cargo build --examples was run")
}

/// The controller of `examples/mgc.rs`, once it listens.
fn controller() -> (Told, SocketAddr) {
    let at = SocketAddr::from((own_address(), 2944));
    let mgc = example("mgc", at);
    wait_for("the controller", || TcpStream::connect(at).ok().map(drop));
    (mgc, at)
}

#[test]
fn the_controller_serves_erlang_s_gateways() {
    let (mut mgc, at) = controller();
    for (transport, encoding) in [("tcp", "pretty"), ("udp", "ber")] {
        let more = ["--name", transport, "--requests", "3"];
        let mut gateway = Megaco::start("mg", at, (transport, encoding, 1), &more);
        mgc.wait_for_line(&format!("{transport}1 registers: Restart"));
        assert_eq!(gateway.done(), (3, 0), "{transport}");
        mgc.line_at_any_time(&format!("{transport}1 observed "));
        mgc.line_at_any_time(&format!("{transport}1 has "));
    }
}

#[test]
fn the_gateway_registers_with_the_controller_and_is_asked_what_it_has() {
    let (mut mgc, at) = controller();
    let mut mg = example("mg", at);
    mg.wait_for_line("<mgc.example> took us, in version 1");
    mg.line_at_any_time("the controller says: Ok");
    mg.line_at_any_time("asked: ");
    for said in ["registers: Restart", "observed ", "has "] {
        mgc.line_at_any_time(&format!("<mg.example> {said}"));
    }
}
