//! What the command line takes, what it says when it does not, and the exit codes (those of sysexits.h).

use std::net::TcpListener;

use crate::appliance::{Appliance, Setup, own_address, run};
use crate::clients::Client;

const USAGE: Option<i32> = Some(64);
const UNAVAILABLE: Option<i32> = Some(69);

#[test]
fn help_and_version_are_no_errors() {
    let (code, help) = run(&["--help"]);
    assert_eq!(code, Some(0));
    for verb in ["serve", "bench"] {
        assert!(help.contains(verb), "{help}");
    }
    let (code, version) = run(&["--version"]);
    assert_eq!(code, Some(0));
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");
    let (code, help) = run(&["serve", "--help"]);
    assert_eq!(code, Some(0));
    for option in ["--shards", "--cpuset", "--listen", "--link", "--metrics"] {
        assert!(help.contains(option), "{help}");
    }
}

#[test]
fn a_wrong_command_line_says_what_is_wrong() {
    let cases: &[(&[&str], &str)] = &[
        (&["sing"], "sing"),
        (&["serve", "--shards", "none"], "none"),
        (&["serve", "--shards", "0"], "0"),
        (&["serve", "--shards", "5000"], "5000"),
        (&["serve", "--cpuset", "3-1"], "3-1"),
        (&["serve", "--listen", "127.0.0.1:7000"], "127.0.0.1:7000"),
        (
            &[
                "serve",
                "--listen",
                "tcp://127.0.0.1:7000?framing=morse&route=echo",
            ],
            "morse",
        ),
        (
            &[
                "serve",
                "--listen",
                "tcp://127.0.0.1:7000?framing=raw&route=nowhere",
            ],
            "nowhere",
        ),
        (
            &[
                "serve",
                "--listen",
                "tcp://127.0.0.1:7000?framing=raw&route=link:absent",
            ],
            "absent",
        ),
        (
            &[
                "serve",
                "--listen",
                "tcp://127.0.0.1:7000?framing=raw&route=echo&colour=red",
            ],
            "colour",
        ),
        (
            &[
                "serve",
                "--listen",
                "tcp://127.0.0.1:99999?framing=raw&route=echo",
            ],
            "99999",
        ),
        (
            &["serve", "--link", "listen:127.0.0.1:6280?title=chat"],
            "title",
        ),
        (
            &["serve", "--link", "hear:127.0.0.1:6280?name=chat"],
            "hear",
        ),
        (&["serve", "--metrics", "here"], "here"),
        (&["serve", "--volume", "11"], "--volume"),
    ];
    for (arguments, word) in cases {
        let (code, said) = run(arguments);
        assert_eq!(code, USAGE, "{arguments:?}: {said}");
        assert!(
            said.contains(word),
            "{arguments:?} is answered without naming {word}: {said}"
        );
    }
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind((own_address(), 0)).expect("a port is free");
    let at = taken
        .local_addr()
        .expect("a listener has an address")
        .to_string();
    let listen = format!("tcp://{at}?framing=raw&route=echo");
    let (code, said) = run(&[
        "serve",
        "--shards",
        "1",
        "--listen",
        &listen,
        "--metrics",
        &format!("{}:9464", own_address()),
    ]);
    assert_eq!(code, UNAVAILABLE, "{said}");
    assert!(said.contains(&at), "{said}");
}

fn listener_at(appliance: &Appliance, more: &str) -> String {
    format!("tcp://{}?framing=raw&route=echo{more}", appliance.clients())
}

#[test]
fn a_second_process_gets_no_share_of_the_clients_unasked() {
    let mut first = Setup::new().listen("raw", "echo").start();
    for more in ["", "&share=no"] {
        let listen = listener_at(&first, more);
        let (code, said) = run(&["serve", "--listen", &listen, "--metrics", "off"]);
        assert_eq!(code, UNAVAILABLE, "{said}");
        assert!(said.contains(&first.clients().to_string()), "{said}");
    }
    Client::connect(first.clients()).exchange(b"undisturbed");
    first.must_come_to_rest();
}

#[test]
fn a_second_process_may_share_the_clients() {
    let mut first = Setup::new()
        .listen_with("raw", "echo", "&share=yes")
        .start();
    let listen = listener_at(&first, "&share=yes");
    let setup = Setup::new().argument("--listen").argument(&listen);
    let mut second = setup.start();
    // The kernel spreads them over four sockets by hash: none of 64 on either process is a chance of 2 in 2^64.
    let mut clients: Vec<_> = (0..64).map(|_| Client::connect(first.clients())).collect();
    for client in &mut clients {
        client.exchange(b"by either");
    }
    for appliance in [&first, &second] {
        appliance.wait_until("a share of the clients to be there", |f| {
            f.sum("megaphone_connections_accepted_total") > 0.0
        });
    }
    drop(clients);
    first.must_come_to_rest();
    second.must_come_to_rest();
}
