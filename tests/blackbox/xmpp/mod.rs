//! XMPP: the appliance before a backend that is written by hand; Debian's ejabberd with `mod_megaphone`, at the other end of a link that a
//! Python program holds; and both together, with real users.

mod backend;
mod breaks;
mod cable;
mod ejabberd;
mod person;
mod stanzas;
mod users;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::peers::peer;
use ejabberd::Ejabberd;

#[test]
fn the_erlang_modules_pass_their_own_tests() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("ejabberd/test/run");
    let output = Command::new(run).output().expect("the tests can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

const SECRET: &str = "sesame";

/// One conversation of `tests/peers/link_appliance.py`.
fn conversation(place: &str, scenario: &str) -> Command {
    let mut command = Command::new("python3");
    command
        .arg(peer("link_appliance.py"))
        .args([place, scenario, "--token", SECRET])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn must_succeed(place: &str, scenario: &str) {
    let output = conversation(place, scenario)
        .output()
        .expect("python3 is installed");
    assert!(
        output.status.success(),
        "{scenario}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn ejabberd_holds_its_end_of_the_link_protocol() {
    let mut ejabberd = Ejabberd::start(&[
        ("--listener", "token: sesame"),
        ("--listener", "resume_timeout: 30"),
        ("--top", "sm_db_type: megaphone"),
    ]);
    let place = ejabberd.links().to_string();
    for scenario in [
        "sessions",
        "orderly_ends",
        "faults_of_connections",
        "faults_of_links",
        "credit",
        "small_frames",
        "resume",
        "no_resume",
        "wrong_token",
    ] {
        must_succeed(&place, scenario);
    }
    must_succeed(&ejabberd.unix_links(), "sessions");
    own_addresses_are_known(&ejabberd, &place);
    a_stop_is_announced(&mut ejabberd, &place);
}

/// What ejabberd tells of its users is where they are, not where the appliance is.
fn own_addresses_are_known(ejabberd: &Ejabberd, place: &str) {
    let mut child = conversation(place, "addresses")
        .spawn()
        .expect("python3 is installed");
    let mut said = BufReader::new(child.stdout.take().expect("its output is a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it speaks");
    let users = ejabberd.api("connected_users_info", "{}");
    drop(child.stdin.take());
    let status = child.wait().expect("a child can be waited for");
    assert!(status.success() && line == "READY\n", "{status} {line}");
    for address in ["\"192.0.2.55\"", "\"2001:db8::55\""] {
        assert!(users.contains(address), "no {address} in {users}");
    }
}

fn a_stop_is_announced(ejabberd: &mut Ejabberd, place: &str) {
    let mut child = conversation(place, "stopping")
        .spawn()
        .expect("python3 is installed");
    let mut said = BufReader::new(child.stdout.take().expect("its output is a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it speaks");
    ejabberd.stop();
    let output = child.wait_with_output().expect("a child can be waited for");
    assert!(
        output.status.success() && line == "READY\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// As the document says it: `module_install` in a running ejabberd, two blocks of configuration, a restart. Nothing else of stock
/// ejabberd is changed, and links from this machine need no secret.
#[test]
fn the_module_installs_as_a_contributed_one() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("ejabberd");
    let source = source.to_str().expect("the path is text");
    let ejabberd = Ejabberd::start(&[("--contributed", source)]);
    must_succeed(&ejabberd.links().to_string(), "sessions");
}
