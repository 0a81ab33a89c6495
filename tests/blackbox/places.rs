//! Where clients and backends are: Unix sockets, links that the appliance connects, secrets, the classic formats on a link, and
//! what is served when nothing is asked for.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::appliance::{Setup, own_address};
use crate::clients::{Client, pattern};
use crate::peers::{Backend, ClassicBackend, peer, python_client};

#[test]
fn clients_and_backends_may_come_by_unix_sockets() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let place = |name: &str| format!("unix:{}", folder.path().join(name).display());
    let mut appliance = Setup::new()
        .argument("--listen")
        .argument(&format!("{}?framing=raw&route=link:chat", place("clients")))
        .argument("--link")
        .argument(&format!("listen:{}?name=chat", place("backends")))
        .start();
    let mut backend = Backend::start(&["--connect", &place("backends")], &[]);
    backend.wait_for_line("LINKED");
    let mut clients: Vec<_> = (0..8)
        .map(|_| Client::connect_unix(&folder.path().join("clients")))
        .collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.exchange(&pattern(number as u64, 10_000));
    }
    drop(clients);
    appliance.must_come_to_rest();
}

#[test]
fn the_appliance_connects_to_a_backend_and_again_when_it_is_lost() {
    let mut backend = Backend::start(&["--listen", "0"], &[]);
    let port = backend
        .said_at_start()
        .rsplit('=')
        .next()
        .unwrap_or_default()
        .to_owned();
    let mut appliance = Setup::new()
        .listen("raw", "link:chat")
        .argument("--link")
        .argument(&format!("connect:127.0.0.1:{port}?name=chat"))
        .start();
    backend.wait_for_line("LINKED");
    appliance.must_count("megaphone_link_up", 1);
    Client::connect(appliance.clients()).exchange(b"hello");
    backend.command("drop");
    backend.wait_for_line("LINKED");
    appliance.wait_until("the link to be up again", |f| {
        f.sum("megaphone_link_connects_total") == 2.0 && f.sum("megaphone_link_up") == 1.0
    });
    Client::connect(appliance.clients()).exchange(b"hello again");
    appliance.must_come_to_rest();
}

#[test]
fn a_backend_must_know_the_links_secret() {
    let mut secret = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    write!(secret, "sesame").expect("a file can be written");
    let at = SocketAddr::from((own_address(), 6280));
    let mut appliance = Setup::new()
        .listen("raw", "link:chat")
        .argument("--link")
        .argument(&format!(
            "listen:{at}?name=chat&token-file={}",
            secret.path().display()
        ))
        .start();
    let mut wrong = Backend::start(&["--connect", &at.to_string()], &["--token", "barley"]);
    let refused = wrong.wait_for_line("REFUSED");
    assert!(refused.contains("reason=13"), "{refused}");
    let _right = Backend::linked(at, &["--token", "sesame"]);
    Client::connect(appliance.clients()).exchange(b"open");
    drop(wrong);
    appliance.must_come_to_rest();
}

#[test]
fn backends_of_2011_and_2012_are_served_as_they_were_written() {
    for framing in ["classic-fixed", "classic-var"] {
        let at = SocketAddr::from((own_address(), 6280));
        let mut appliance = Setup::new()
            .listen("raw", "link:old")
            .argument("--link")
            .argument(&format!("listen:{at}?name=old&framing={framing}"))
            .start();
        let backend = ClassicBackend::start(at, framing);
        appliance.must_count("megaphone_link_up", 1);
        python_client(
            appliance.clients(),
            &["--connections", "50", "--packets", "20", "--size", "3000"],
        );
        drop(backend);
        appliance.must_come_to_rest();
    }
}

/// In a network namespace of its own, since the default ports are the same for everybody.
#[test]
fn without_an_argument_it_serves_a_safe_default_and_says_what_to_try() {
    let script = "ip link set lo up || exit 90\n\
                  \"$1\" serve >\"$3\" & server=$!\n\
                  for _ in $(seq 200); do\n\
                  python3 \"$2\" --connect 127.0.0.1:7000 --packets 10 && break; sleep 0.1\n\
                  done\n\
                  grep -v ' 0100007F\\| local_address\\| 00000000000000000000000001000000' /proc/net/tcp /proc/net/tcp6 && exit 91\n\
                  kill -TERM $server; wait $server";
    let said = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    let status = Command::new("unshare")
        .args([
            "--map-root-user",
            "--net",
            "sh",
            "-c",
            script,
            "sh",
            env!("CARGO_BIN_EXE_megaphone"),
        ])
        .args([peer("client.py").as_path(), said.path()])
        .status()
        .expect("unshare is installed (Debian: util-linux)");
    let text = std::fs::read_to_string(Path::new(said.path())).expect("what it said can be read");
    assert_eq!(
        status.code(),
        Some(0),
        "91: it listens beyond loopback; it said {text}"
    );
    for word in [
        "127.0.0.1:7000",
        "127.0.0.1:6280",
        "http://127.0.0.1:9464/metrics",
        "try",
    ] {
        assert!(text.contains(word), "no {word} in: {text}");
    }
    let again = format!("{} bench echo", env!("CARGO_BIN_EXE_megaphone"));
    assert!(
        text.contains(&again),
        "a command that works here is named: {text}"
    );
}
