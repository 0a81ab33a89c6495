//! H.248 as its operator has it: the documents in `examples`, `ctl`, `trace`; gateways that we are, and what happens when the other side
//! is killed.

use super::bench::{Bench, gateways};
use super::dissect::tshark;
use super::peer::Megaco;
use crate::appliance::{Appliance, PATIENCE, Setup, own_address, own_place_in_ip_6, wait_for};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// An appliance that serves a document of `examples` at an address of its own, with a control socket.
struct Operated {
    appliance: Appliance,
    /// Where listeners are, or a gateway's controller.
    address: Ipv4Addr,
    folder: TempDir,
}

impl Operated {
    /// With `127.0.0.1` in the document read as `address`, and with changes: what stands there, and what shall.
    fn start(
        document: &str,
        address: Ipv4Addr,
        changes: &[(&str, &str)],
        more: &[&str],
    ) -> Operated {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("examples")
            .join(document);
        let mut text = fs::read_to_string(path).expect("the example is there");
        text = text.replace("127.0.0.1", &address.to_string());
        for (from, to) in changes {
            assert!(text.contains(from), "{document} says {from:?}");
            text = text.replace(from, to);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(document);
        fs::write(&file, text).expect("the folder takes it");
        let ctl = folder.path().join("ctl");
        let paths = [&file, &ctl].map(|path| path.to_str().expect("a plain path").to_owned());
        let setup = Setup::new().argument("--config").argument(&paths[0]);
        let setup = setup.argument("--ctl").argument(&paths[1]);
        let setup = more.iter().fold(setup, |setup, one| setup.argument(one));
        Operated {
            appliance: setup.start(),
            address,
            folder,
        }
    }

    /// Ends it as a crash would, and starts another in its place.
    fn crash_and_start_again(self) -> Operated {
        let (at, address) = (self.at(), self.address);
        self.appliance.signal("KILL");
        drop(self);
        // The kernel takes a ring's sockets down behind the process's end.
        wait_for("its ports to be free", || {
            let both = (TcpListener::bind(at), UdpSocket::bind(at));
            (both.0.is_ok() && both.1.is_ok()).then_some(())
        });
        Operated::start("mgc.toml", address, &[], &[])
    }

    fn mgc(more: &[&str]) -> Operated {
        Operated::start("mgc.toml", own_address(), &[], more)
    }

    fn at(&self) -> SocketAddr {
        SocketAddr::from((self.address, 2944))
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("ctl")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_megaphone"));
        command.arg(verb).arg("--socket").arg(self.socket());
        command
    }

    /// Asks; the lines of the answer.
    fn ctl(&self, words: &[&str]) -> Vec<String> {
        let output = self.command("ctl").args(words).output();
        let output = output.expect("the command runs");
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {why}");
        let said = String::from_utf8_lossy(&output.stdout);
        said.lines().map(String::from).collect()
    }

    /// The line of an association, once there is one of which `wanted` holds.
    fn association(&self, mid: &str, wanted: impl Fn(&str) -> bool) -> String {
        wait_for(mid, || {
            let lines = self.ctl(&["association", mid]);
            let line = lines
                .into_iter()
                .find(|line| line.contains(" transport="))?;
            wanted(&line).then_some(line)
        })
    }
}

/// A gateway over UDP that says what the test wants.
struct Gateway(UdpSocket);

impl Gateway {
    fn new(to: SocketAddr) -> Gateway {
        let local = match to {
            SocketAddr::V4(_) => "127.0.0.1:0",
            SocketAddr::V6(_) => "[::1]:0",
        };
        let socket = UdpSocket::bind(local).expect("a port is left");
        socket.connect(to).expect("connecting a datagram socket");
        Gateway(socket)
    }

    fn say(&self, message: &str) {
        self.0.send(message.as_bytes()).expect("loopback takes it");
    }

    fn hear(&self) -> String {
        self.0.set_read_timeout(Some(PATIENCE)).expect("possible");
        let mut room = [0; 65_536];
        let len = self.0.recv(&mut room).expect("an answer");
        String::from_utf8_lossy(&room[..len]).into_owned()
    }

    fn registers(&self, mid: &str) {
        self.say(&format!(
            "!/1 {mid} T=1{{C=-{{SC=ROOT{{SV{{MT=RS,RE=\"901\"}}}}}}}}"
        ));
        let answer = self.hear();
        assert!(answer.contains("P=1{"), "{answer}");
    }
}

fn notify(mid: &str, id: u32) -> String {
    format!("!/1 {mid} T={id}{{C=-{{N=A1{{OE=1{{19990729T22000000:al/of}}}}}}}}")
}

#[test]
fn an_operator_sees_changes_blocks_and_ends_associations() {
    let operated = Operated::mgc(&[]);
    let gateway = Gateway::new(operated.at());
    gateway.registers("gw1");
    let user = |user: &str| format!("user={user} mid=<mgc.example> associations=");
    let users = operated.ctl(&["users"]);
    assert_eq!(users.len(), 2, "each shard has the user: {users:?}");
    assert!(users.iter().all(|line| line.contains(&user("default"))));
    let line = operated.association("gw1", |_| true);
    let peer = gateway.0.local_addr().expect("it is bound");
    assert!(line.contains(&format!("udp peer={peer}")), "{line}");
    assert!(
        operated
            .ctl(&["associations"])
            .iter()
            .any(|it| it.contains("mid=gw1 "))
    );

    // One item of the association, and one of its user, which those made later have.
    operated.ctl(&["set", "default@gw1", "reply_timer", "5000"]);
    operated.ctl(&["set", "default", "reply_timer", "7000"]);
    let later = Gateway::new(operated.at());
    later.registers("gw2");
    for (mid, value) in [("gw1", "reply_timer=5000"), ("gw2", "reply_timer=7000")] {
        let items = operated.ctl(&["association", mid]);
        assert!(items.iter().any(|item| item.ends_with(value)), "{items:?}");
    }
    let refused = operated
        .command("ctl")
        .args(["set", "default", "reply_timer", "soon"])
        .output();
    assert_eq!(refused.expect("it runs").status.code(), Some(1));

    operated.ctl(&["block", "gw1"]);
    gateway.say(&notify("gw1", 2));
    // The other is answered meanwhile, and the first is not.
    later.say(&notify("gw2", 2));
    assert!(later.hear().contains("P=2{"));
    operated.association("gw1", |line| line.contains("blocked=true"));
    gateway.0.set_nonblocking(true).expect("possible");
    assert!(gateway.0.recv(&mut [0; 100]).is_err());
    gateway.0.set_nonblocking(false).expect("possible");
    operated.ctl(&["unblock", "gw1"]);
    assert!(gateway.hear().contains("P=2{"), "it was kept");

    operated.ctl(&["disconnect", "gw1"]);
    operated.appliance.wait_until("one association less", |f| {
        f.sum("megaphone_h248_associations") == 1.0
            && f.sum("megaphone_h248_answer_seconds_count") >= 4.0
    });
}

/// What a trace wrote: its lines, and its capture.
fn trace(operated: &Operated, mid: &str, count: u32, traffic: impl FnOnce()) -> (String, Vec<u8>) {
    let file = operated.folder.path().join("trace.pcapng");
    let mut command = operated.command("trace");
    command.args(["--association", mid, "--count", &count.to_string()]);
    command.arg("--pcapng").arg(&file).stdout(Stdio::piped());
    let mut child: Child = command.spawn().expect("the command runs");
    let output = child.stdout.take().expect("its output is a pipe");
    // Its file is there when it has begun to ask.
    wait_for("the trace", || file.exists().then_some(()));
    wait_for("the trace on each shard", || {
        let lines = operated.ctl(&["gauges"]);
        let traces: u32 = lines.iter().filter_map(|line| field(line, "traces")).sum();
        (traces == 2).then_some(())
    });
    traffic();
    let lines: Vec<String> = BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .collect();
    assert!(child.wait().expect("it ends").success());
    let capture = fs::read(file).expect("a capture");
    (lines.join("\n"), capture)
}

fn field(line: &str, name: &str) -> Option<u32> {
    let fields = line.split(' ').filter_map(|field| field.split_once('='));
    let mut values = fields.filter(|(it, _)| *it == name);
    values.next()?.1.parse().ok()
}

#[test]
fn a_trace_is_a_ladder_and_a_capture_with_addresses() {
    let at = own_place_in_ip_6();
    let listen = format!("h248+udp://{at}");
    let operated = Operated::mgc(&["--listen", &listen]);
    for to in [operated.at(), at] {
        let gateway = Gateway::new(to);
        let peer = gateway.0.local_addr().expect("it is bound");
        let mid = if to.is_ipv4() { "gw4" } else { "gw6" };
        let (ladder, capture) = trace(&operated, mid, 4, || {
            gateway.registers(mid);
            gateway.say(&notify(mid, 2));
            gateway.hear();
        });
        for part in [
            &format!("{peer} ─")[..],
            &format!("─ {to}"),
            "── Transaction 1 C=- {ServiceChange ROOT} ─",
            "◄── Reply 2 C=- {Notify} ─",
        ] {
            assert!(ladder.contains(part), "{part} in\n{ladder}");
        }
        let ip = if to.is_ipv4() { "ipv4" } else { "ipv6" };
        let field = |end: &str| format!("exported_pdu.{ip}_{end}");
        let fields = [field("src"), field("dst")];
        let more = ["-e", &fields[0], "-e", &fields[1]];
        let seen = tshark(&capture, "megaco", &more);
        let (theirs, ours) = (peer.ip(), to.ip());
        for (number, line) in seen.iter().enumerate() {
            let (from, into) = if number % 2 == 0 {
                (theirs, ours)
            } else {
                (ours, theirs)
            };
            assert_eq!(*line, format!("{from}|{into}|1||"));
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
    }
}

/// Our gateway, which dials the controller at this place.
fn gateway_of(controller: SocketAddr, send_mod: &str) -> Operated {
    let own = SocketAddr::from((own_address(), 2944));
    let more = match send_mod {
        "megaco_udp" => vec![String::from("--listen"), format!("h248+udp://{own}")],
        _ => Vec::new(),
    };
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let std::net::IpAddr::V4(address) = controller.ip() else {
        panic!("an IPv4 address");
    };
    let changes = [
        ("\"megaco_tcp\"", &format!("\"{send_mod}\"")[..]),
        // Erlang's controller is a device.
        ("<mgc.example>", "mgc"),
    ];
    Operated::start("mg.toml", address, &changes, &more)
}

#[test]
fn a_gateway_of_ours_registers_with_erlang_s_controller_and_again_when_that_was_killed() {
    for transport in ["tcp", "udp"] {
        let at = SocketAddr::from((own_address(), 2944));
        let tongue = (transport, "compact", 1);
        let mut controller = Megaco::start("mgc", at, tongue, &["--name", "mgc"]);
        let gateway = gateway_of(at, &format!("megaco_{transport}"));
        let stats = wait_for("the registration", || {
            Some(controller.stats()).filter(|stats| stats["requests"] >= 1)
        });
        assert_eq!(stats["requests"], 1, "{transport}: once");
        gateway.association("mgc", |line| line.contains("registered=true"));
        controller.command("call 3");
        assert_eq!(controller.done(), (12, 0), "it obeys over {transport}");
        controller.kill();
        let mut again = Megaco::start("mgc", at, tongue, &["--name", "mgc"]);
        if transport == "tcp" {
            // Its socket broke: it looks for a controller again.
            wait_for("another registration", || {
                (again.stats()["requests"] >= 1).then_some(())
            });
            again.command("call 2");
            assert_eq!(again.done(), (8, 0));
        }
    }
}

#[test]
fn a_controller_that_is_killed_and_started_again_leaves_no_request_without_an_answer() {
    let operated = Operated::mgc(&[]);
    let at = operated.at();
    let tongue = ("udp", "compact", 2);
    let many = [
        "--gateways",
        "20",
        "--requests",
        "60",
        "--rate",
        "400",
        "--resend",
        "100ms",
    ];
    let many = [&many[..], &["--duration", "60s"]].concat();
    let run = Bench::start("mg", at, tongue, &many);
    operated.appliance.wait_until("traffic", |f| {
        f.sum("megaphone_h248_transactions_total{dir=\"in\"}") > 200.0
    });
    let again = operated.crash_and_start_again();
    run.outcome().assert_clean(1_200);
    let served = again.appliance.figures();
    assert!(served.sum("megaphone_h248_transactions_total{dir=\"in\"}") > 0.0);
}

#[test]
fn over_tcp_each_request_to_a_controller_that_was_killed_is_answered_or_reported() {
    let operated = Operated::mgc(&[]);
    let at = operated.at();
    let more = ["--connections", "4", "--requests", "3000", "--window", "2"];
    let mut peers = Megaco::start("mg", at, ("tcp", "pretty", 1), &more);
    operated.appliance.wait_until("traffic", |f| {
        f.sum("megaphone_h248_transactions_total{dir=\"in\"}") > 200.0
    });
    let again = operated.crash_and_start_again();
    let (answered, reported) = peers.done();
    assert_eq!(answered + reported, 12_000);
    assert!(
        answered >= 200 - 4 && reported > 0,
        "{answered} and {reported}"
    );
    // Whoever comes again is served.
    gateways(
        again.at(),
        ("tcp", "pretty", 1),
        &["--gateways", "4", "--requests", "5"],
    )
    .assert_clean(20);
}
