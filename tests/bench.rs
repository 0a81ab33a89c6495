//! `megaphone bench` against `megaphone serve`, both as an operator starts them.
#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const MEGAPHONE: &str = env!("CARGO_BIN_EXE_megaphone");

/// A server that ends with the test.
struct Server {
    child: Child,
    to: String,
    metrics: SocketAddr,
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl Server {
    /// Serves echoes of `framing` on an address of 127/8 that is this test's own.
    fn start(number: u8, framing: &str) -> Server {
        let [high, low] = (std::process::id() as u16).to_be_bytes();
        let address = Ipv4Addr::new(127, 251 + high % 4, low, number);
        let to = format!("tcp://{address}:7000");
        let metrics = SocketAddr::from((address, 9464));
        let child = Command::new(MEGAPHONE)
            .args([
                "serve",
                "--shards",
                "2",
                "--metrics",
                &metrics.to_string(),
                "--listen",
            ])
            .arg(format!("{to}?framing={framing}&route=echo"))
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("megaphone starts");
        let said = child.stdout.take().expect("its output is piped");
        let mut first = String::new();
        BufReader::new(said)
            .read_line(&mut first)
            .expect("it says what it serves");
        assert!(first.starts_with("megaphone "), "{first}");
        Server { child, to, metrics }
    }

    fn bench(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(MEGAPHONE);
        command
            .arg("bench")
            .args(arguments)
            .args(["--to", &self.to, "--json"]);
        command.output().expect("megaphone starts")
    }
}

impl Server {
    /// Waits until the server has echoed this many packets.
    fn wait_echoed(&self, packets: u64) {
        let end = Instant::now() + PATIENCE;
        while self.echoed() < packets {
            assert!(
                Instant::now() < end,
                "{} packets were echoed",
                self.echoed()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn echoed(&self) -> u64 {
        let mut stream = TcpStream::connect(self.metrics).expect("figures are served");
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\n\r\n")
            .expect("a request is taken");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("figures are text");
        let echoed = text
            .lines()
            .filter(|line| line.starts_with("megaphone_frames_total") && line.contains("\"out\""));
        echoed
            .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
            .sum()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json(output: &Output) -> serde_json::Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn is_clean(result: &serde_json::Value) {
    for figure in ["errors", "lost", "misrouted"] {
        assert_eq!(result[figure], 0, "{result}");
    }
}

#[test]
fn an_open_loop_echo_is_counted_timed_and_written_down() {
    let server = Server::start(1, "raw");
    let folder = tempfile::tempdir().expect("a scratch folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (hgrm, hlog, pid) = (
        path("x.hgrm"),
        path("x.hlog"),
        server.child.id().to_string(),
    );
    let output = server.bench(&[
        "echo",
        "--connections",
        "50",
        "--size",
        "1KiB",
        "--rate",
        "2000",
        "--warmup",
        "200ms",
        "--duration",
        "1s",
        "--server-pid",
        &pid,
        "--hgrm",
        &hgrm,
        "--hlog",
        &hlog,
    ]);
    let result = json(&output);
    is_clean(&result);
    assert_eq!(result["packets"], 2_000);
    assert_eq!(result["seconds"], 1.0);
    let latency = |name: &str| result["latency_us"][name].as_f64().expect("a number");
    assert!(0.0 < latency("p50") && latency("p50") <= latency("p99"));
    assert!(latency("p99") <= latency("p999") && latency("p999") <= latency("max"));
    assert!(result["cpu_us_per_packet"].as_f64() > Some(0.0));
    assert!(result["machine"]["kernel"].is_string());
    let written = std::fs::read_to_string(hgrm).expect("the percentiles were written");
    assert!(written.contains("Percentile") && written.contains("#[Max"));
    let written = std::fs::read_to_string(hlog).expect("the log was written");
    assert!(
        written.lines().any(|line| line.starts_with("Tag=run,")),
        "{written}"
    );
}

#[test]
fn every_framing_is_echoed_in_a_closed_loop() {
    for (number, framing) in (2..).zip(["raw", "classic-fixed", "classic-var", "tpkt"]) {
        let server = Server::start(number, framing);
        let closed = [
            "echo",
            "--connections",
            "20",
            "--in-flight",
            "3",
            "--warmup",
            "0ms",
            "--duration",
            "300ms",
        ];
        let result = json(&server.bench(&[&closed[..], &["--framing", framing]].concat()));
        is_clean(&result);
        assert!(result["packets"].as_u64() > Some(0), "{framing}: {result}");
        assert!(result["cpu_us_per_packet"].is_null());
    }
}

#[test]
fn idle_touches_every_connection_in_its_turn_from_named_sources() {
    let server = Server::start(6, "raw");
    let result = json(&server.bench(&[
        "idle",
        "--connections",
        "300",
        "--every",
        "1s",
        "--duration",
        "2s",
        "--shards",
        "3",
        "--from",
        "127.0.3.1-127.0.3.3",
        "--ports",
        "20000-20099",
    ]));
    is_clean(&result);
    assert_eq!(result["packets"], 600, "two touches of 300 connections");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let nobody = Server {
        child: Command::new("true").spawn().expect("it starts"),
        to: "tcp://127.251.0.1:9".into(),
        metrics: SocketAddr::from(([127, 251, 0, 1], 9)),
    };
    let output = nobody.bench(&["echo", "--connections", "2", "--duration", "1s"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(69), "{said}");
    assert!(
        said.contains("127.251.0.1:9") && said.contains("Refused"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

/// The server dies in the middle: the run ends, what was under way is lost, and the exit code says so.
#[test]
fn a_server_that_dies_is_an_error_and_not_a_hang() {
    let mut server = Server::start(7, "raw");
    let mut bench = Command::new(MEGAPHONE)
        .args([
            "bench",
            "echo",
            "--connections",
            "10",
            "--rate",
            "1000",
            "--duration",
            "3s",
            "--grace",
            "100ms",
            "--json",
        ])
        .args(["--to", &server.to])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("megaphone starts");
    server.wait_echoed(300);
    server.child.kill().expect("the server is there");
    let mut printed = String::new();
    let mut out = bench.stdout.take().expect("its output is piped");
    out.read_to_string(&mut printed).expect("it prints text");
    let status = bench.wait().expect("it ends");
    assert_eq!(status.code(), Some(1), "{printed}");
    let result: serde_json::Value = serde_json::from_str(&printed).expect("one object");
    assert_eq!(result["errors"], 10, "each connection ended once: {result}");
}

/// What somebody sees who runs the command on a terminal: a line that moves, and at the end the result alone.
#[test]
fn on_a_terminal_a_line_shows_how_far_the_run_is() {
    let server = Server::start(8, "raw");
    // Python's standard library has a terminal to run it on; what is printed there comes out of the pipe.
    let spawn = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    let output = Command::new("python3")
        .args([
            "-c",
            spawn,
            MEGAPHONE,
            "bench",
            "echo",
            "--connections",
            "10",
        ])
        .args(["--warmup", "0ms", "--duration", "500ms", "--to", &server.to])
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .output()
        .expect("python3 starts");
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{seen}");
    for line in ["connections ", "sending     "] {
        let drawn = seen
            .split('\r')
            .any(|drawn| drawn.contains(line) && drawn.contains('░') | drawn.contains('█'));
        assert!(drawn, "no line of {line:?} in {seen:?}");
    }
    let rest = seen.rsplit('\r').next().unwrap_or_default();
    assert!(!rest.contains('█'), "the line is gone at the end: {rest:?}");
}
