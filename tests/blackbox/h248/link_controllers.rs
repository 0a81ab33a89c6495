//! Controllers on a link: `examples/controller.py` answers Erlang's gateways, which speak BER, by way of two shards.

use super::peer::Megaco;
use crate::appliance::{Appliance, PATIENCE, Setup, own_address};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

const TAKEOVERS: &str = "megaphone_h248_takeovers_total";

/// An appliance whose gateways are answered for by controllers.
pub(crate) struct Served {
    pub(crate) appliance: Appliance,
    /// Where gateways come in.
    pub(crate) gateways: SocketAddr,
    /// Where controllers do.
    pub(crate) link: SocketAddr,
}

/// With so many shards, and these items of its user.
pub(crate) fn serve_with(shards: u16, items: &str) -> Served {
    serve_as(shards, "", items)
}

/// The same with these options of its listeners.
pub(crate) fn serve_as(shards: u16, options: &str, items: &str) -> Served {
    let address = own_address();
    let (gateways, link) = (
        SocketAddr::from((address, 2944)),
        SocketAddr::from((address, 6280)),
    );
    let document = format!(
        "listen = ['h248+tcp://{gateways}{options}', 'h248+udp://{gateways}{options}']\n\
         link = ['listen:{link}?name=mgc']\n\
         [[megaco.user]]\nmid = '<mgc.example>'\nuser_mod = 'link:mgc'\n{items}"
    );
    Served {
        appliance: Setup::new().shards(shards).document(&document).start(),
        gateways,
        link,
    }
}

fn serve() -> Served {
    serve_with(2, "")
}

/// A running `examples/controller.py`.
pub(crate) struct Controller {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Controller {
    pub(crate) fn start(link: SocketAddr, name: &str, more: &[&str]) -> Controller {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/controller.py");
        let mut child = Command::new("python3")
            .arg(program)
            .args(["--connect", &link.to_string(), "--name", name])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed");
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let mut controller = Controller { child, output };
        assert_eq!(controller.line(), format!("{name} serves"));
        controller
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let len = self.output.read_line(&mut line).expect("it is text");
        assert!(len > 0, "the controller has ended");
        line.trim_end().into()
    }

    /// The next line with this in it.
    pub(crate) fn wait_for_line(&mut self, part: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Asks it to end; what it counted.
    pub(crate) fn figures(mut self) -> serde_json::Value {
        let pid = self.child.id().to_string();
        let told = Command::new("kill").arg(&pid).status();
        assert!(told.expect("kill runs").success());
        let figures = self.wait_for_line("{");
        let figures = serde_json::from_str(&figures).expect("one object");
        self.must_end();
        figures
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.must_end();
    }

    fn must_end(&mut self) {
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("it can be asked").is_none() {
            assert!(Instant::now() < end, "the controller does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_controller_that_reads_text_serves_a_thousand_gateways_that_speak_ber() {
    let Served {
        appliance,
        gateways: at,
        link,
    } = serve();
    let controller = Controller::start(link, "one", &[]);
    let many = ["--connections", "1000", "--requests", "3", "--window", "1"];
    let mut gateways = Megaco::start("mg", at, ("tcp", "ber", 2), &many);
    assert_eq!(gateways.done(), (3_000, 0));
    let figures = controller.figures();
    assert_eq!(figures["registered"], 1_000, "{figures}");
    assert_eq!(
        figures["requests"], 4_000,
        "each is offered once: {figures}"
    );
    assert_eq!(
        (&figures["faults"], &figures["offered_again"]),
        (&0.into(), &0.into())
    );
    drop(gateways);
    appliance.must_count("megaphone_h248_faults_total", 0);
}

#[test]
fn a_controller_calls_the_gateways_that_register() {
    let Served {
        appliance,
        gateways: at,
        link,
    } = serve();
    let controller = Controller::start(link, "one", &["--modify", "--configure", "trans_ack=true"]);
    // Not Erlang's: one node takes requests of the same number to its other gateways for duplicates.
    let few = [
        "--gateways",
        "10",
        "--rate",
        "50",
        "--duration",
        "4s",
        "--warmup",
        "0s",
    ];
    let run = super::bench::Bench::start("mg", at, ("tcp", "compact", 1), &few);
    appliance.wait_until("the gateways to answer", |f| {
        f.sum("megaphone_h248_transactions_total{dir=\"out\"}") >= 10.0
    });
    let outcome = run.outcome();
    assert_eq!(outcome.count("errors"), 0);
    let figures = controller.figures();
    assert_eq!(figures["registered"], 10, "{figures}");
    let answered =
        figures["results"].as_u64().unwrap_or(0) + figures["failed"].as_u64().unwrap_or(0);
    assert_eq!(answered, 10, "each call has its result: {figures}");
}

#[test]
fn a_controller_that_is_killed_leaves_nobody_without_an_answer() {
    let Served {
        appliance,
        gateways: at,
        link,
    } = serve();
    let deaf = Controller::start(link, "deaf", &["--silent"]);
    let other = Controller::start(link, "other", &[]);
    let few = ["--gateways", "40", "--requests", "3", "--duration", "60s"];
    let run = super::bench::Bench::start("mg", at, ("tcp", "pretty", 2), &few);
    appliance.wait_until("requests that nobody answers", |f| {
        f.sum("megaphone_h248_controller_requests") > 0.0
            && f.sum("megaphone_h248_associations") == 40.0
    });
    deaf.kill();
    appliance.wait_until("the other to take over", |f| f.sum(TAKEOVERS) > 0.0);
    run.outcome().assert_clean(120);
    let figures = other.figures();
    assert!(figures["taken_over"].as_u64() > Some(0), "{figures}");
    assert!(figures["offered_again"].as_u64() > Some(0), "{figures}");
}
