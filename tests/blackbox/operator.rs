//! What an operator asks of a running appliance: `megaphone ctl` over the control socket.

use crate::appliance::Setup;
use crate::clients::Client;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn ctl(socket: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_megaphone"));
    command.arg("ctl").arg("--socket").arg(socket);
    command.args(words.split(' '));
    command.output().expect("the command runs")
}

fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(String::from).collect()
}

#[test]
fn an_operator_is_answered_and_told_what_can_be_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("ctl");
    let setup = Setup::new().listen("raw", "echo");
    let appliance = setup
        .argument("--ctl")
        .argument(socket.to_str().expect("a plain path"))
        .start();
    let mut client = Client::connect(appliance.clients());
    client.exchange(b"a client is there");

    let mode = fs::metadata(&socket).expect("the socket").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600, "only its owner may use it");

    let gauges = ctl(&socket, "gauges");
    assert!(gauges.status.success());
    let mut held = lines(&gauges);
    held.sort();
    assert_eq!(held.len(), 2, "a line of each shard: {held:?}");
    assert!(held[0].starts_with("shard=0 sessions="), "{held:?}");
    assert!(held[1].starts_with("shard=1 sessions="), "{held:?}");
    let sessions = held
        .iter()
        .filter(|line| line.contains("sessions=1 "))
        .count();
    assert_eq!(sessions, 1, "{held:?}");

    assert!(
        lines(&ctl(&socket, "help"))
            .iter()
            .any(|line| line.starts_with("trace MID"))
    );
    let unknown = ctl(&socket, "gages");
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("there are gauges, "));
    let nobody = ctl(&folder.path().join("nothing"), "gauges");
    assert_eq!(nobody.status.code(), Some(69), "nobody answers there");
}
