//! A running `megaphone serve`, started for one test and ended with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// How long anything may take before a test gives up: far more than it takes on a busy machine with a debug build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Ports below the ephemeral range, so that no outgoing connection is in the way. The address is the test's own.
const LISTEN_PORT: u16 = 5222;
const LINK_PORT: u16 = 6280;
const METRICS_PORT: u16 = 9464;

/// Waits until `probe` gives a value.
pub(crate) fn wait_for<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(Instant::now() < end, "waited {PATIENCE:?} for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// An address of 127/8 that no other test of this or another run on this machine uses.
pub(crate) fn own_address() -> Ipv4Addr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [high, low] = (std::process::id() as u16).to_be_bytes();
    // Beyond 250 the second byte goes on where no other run begins.
    let (half, last) = ((number / 250) as u8, (number % 250) as u8);
    assert!(half < 2, "a run has 500 addresses");
    Ipv4Addr::new(127, 1 + high % 126 + 127 * half, low, 1 + last)
}

/// A place at the one address that IPv6 has for loopback, with a port that no other test of this run uses, below the ephemeral range.
pub(crate) fn own_place_in_ip_6() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let run = (std::process::id() % 1_250) as u16;
    SocketAddr::from((Ipv6Addr::LOCALHOST, 10_000 + 16 * run + number))
}

/// What a test wants of the appliance.
pub(crate) struct Setup {
    address: Ipv4Addr,
    arguments: Vec<String>,
    wrapper: Vec<String>,
    listeners: u16,
    links: u16,
    document: Option<NamedTempFile>,
}

impl Setup {
    /// Two shards, metrics, and nothing served yet.
    pub(crate) fn new() -> Setup {
        let address = own_address();
        let metrics = SocketAddr::from((address, METRICS_PORT));
        let arguments =
            ["serve", "--shards", "2", "--metrics", &metrics.to_string()].map(String::from);
        Setup {
            address,
            arguments: arguments.into(),
            wrapper: Vec::new(),
            listeners: 0,
            links: 0,
            document: None,
        }
    }

    pub(crate) fn shards(mut self, shards: u16) -> Setup {
        self.arguments[2] = shards.to_string();
        self
    }

    /// Serves clients on the test's address, each listener on the next port.
    pub(crate) fn listen(self, framing: &str, route: &str) -> Setup {
        self.listen_with(framing, route, "")
    }

    /// Serves clients, with more options (`&key=value`).
    pub(crate) fn listen_with(mut self, framing: &str, route: &str, more: &str) -> Setup {
        let at = SocketAddr::from((self.address, LISTEN_PORT + self.listeners));
        self.listeners += 1;
        self.arguments.push(String::from("--listen"));
        self.arguments
            .push(format!("tcp://{at}?framing={framing}&route={route}{more}"));
        self
    }

    /// Backends of this name connect to us.
    pub(crate) fn link(mut self, name: &str) -> Setup {
        let at = SocketAddr::from((self.address, LINK_PORT + self.links));
        self.links += 1;
        self.arguments.push(String::from("--link"));
        self.arguments.push(format!("listen:{at}?name={name}"));
        self
    }

    pub(crate) fn argument(mut self, argument: &str) -> Setup {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Serves what this TOML document says.
    pub(crate) fn document(mut self, text: &str) -> Setup {
        let mut file = NamedTempFile::new().expect("a temporary file can be made");
        file.write_all(text.as_bytes())
            .expect("the document can be written");
        let path = file.path().to_str().expect("a plain path").to_owned();
        self.document = Some(file);
        self.argument("--config").argument(&path)
    }

    /// Runs the binary under a limit of open files.
    pub(crate) fn open_files(mut self, limit: u32) -> Setup {
        self.wrapper = vec![
            String::from("-c"),
            format!("ulimit -n {limit}; exec \"$0\" \"$@\""),
        ];
        self
    }

    fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_megaphone");
        let mut command = if self.wrapper.is_empty() {
            Command::new(binary)
        } else {
            let mut shell = Command::new("sh");
            shell.args(&self.wrapper).arg(binary);
            shell
        };
        command.args(&self.arguments).stdin(Stdio::null());
        command
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(self) -> Appliance {
        let log = NamedTempFile::new().expect("a temporary file can be made");
        let out = || {
            Stdio::from(
                File::options()
                    .append(true)
                    .open(log.path())
                    .expect("the log can be opened"),
            )
        };
        let child = self
            .command()
            .stdout(out())
            .stderr(out())
            .spawn()
            .expect("megaphone starts");
        let mut appliance = Appliance {
            child,
            address: self.address,
            log,
            _document: self.document,
        };
        wait_for("the appliance to be ready", || {
            appliance.must_run();
            appliance
                .get("/readyz")
                .filter(|answer| answer.status == 200)
                .map(drop)
        });
        appliance
    }
}

/// An HTTP answer of the metrics endpoint.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

pub(crate) struct Appliance {
    child: Child,
    address: Ipv4Addr,
    log: NamedTempFile,
    _document: Option<NamedTempFile>,
}

impl Appliance {
    /// Where clients connect: the first listener.
    pub(crate) fn clients(&self) -> SocketAddr {
        self.clients_of(0)
    }

    /// The listener of that number, from 0.
    pub(crate) fn clients_of(&self, number: u16) -> SocketAddr {
        SocketAddr::from((self.address, LISTEN_PORT + number))
    }

    /// Where backends connect: the first link.
    pub(crate) fn links(&self) -> SocketAddr {
        self.links_of(0)
    }

    /// The link of that number, from 0.
    pub(crate) fn links_of(&self, number: u16) -> SocketAddr {
        SocketAddr::from((self.address, LINK_PORT + number))
    }

    pub(crate) fn metrics_address(&self) -> SocketAddr {
        SocketAddr::from((self.address, METRICS_PORT))
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    /// Fails the test when the process has ended.
    pub(crate) fn must_run(&mut self) {
        if let Some(status) = self.child.try_wait().expect("a child can be asked") {
            panic!("megaphone ended: {status}\n{}", self.log());
        }
    }

    /// GETs `path`; `None` while nothing answers there.
    pub(crate) fn get(&self, path: &str) -> Option<Answer> {
        let mut stream = TcpStream::connect(self.metrics_address()).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"
        )
        .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let (first, headers) = head.split_once("\r\n").unwrap_or((head, ""));
        let status = first.split(' ').nth(1)?.parse().ok()?;
        Some(Answer {
            status,
            headers: headers.to_lowercase(),
            body: body.to_owned(),
        })
    }

    /// The present figures.
    pub(crate) fn figures(&self) -> Figures {
        let answer = self.get("/metrics").expect("the metrics endpoint answers");
        assert_eq!(answer.status, 200);
        Figures::read(&answer.body)
    }

    /// Waits until `wanted` holds of the figures.
    pub(crate) fn wait_until(&self, what: &str, wanted: impl Fn(&Figures) -> bool) -> Figures {
        let mut last = Figures::default();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            last = self.figures();
            if wanted(&last) {
                return last;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!(
            "waited {PATIENCE:?} for {what}; the figures are\n{}\n{}",
            last.text(),
            self.log()
        );
    }

    /// Waits until `figure` is exactly `count`: shards publish a few times a second, so the last event may not show yet.
    pub(crate) fn must_count(&self, figure: &str, count: u32) {
        self.wait_until(&format!("{figure} to be {count}"), |f| {
            f.sum(figure) == f64::from(count)
        });
    }

    /// Waits until no client is connected, and checks that no block is lost and no assumption was broken.
    pub(crate) fn must_come_to_rest(&mut self) {
        self.must_run();
        let figures = self.wait_until("all clients to be gone and all blocks to be home", |f| {
            f.sum("megaphone_pool_blocks{state=\"leased\"}") == 0.0
                && f.sum("megaphone_mesh_loans") == 0.0
        });
        assert_eq!(figures.sum("megaphone_bugs_total"), 0.0, "{}", self.log());
    }

    /// Sends a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.process().to_string())
            .status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for the process's end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_for("megaphone to end", || {
            self.child.try_wait().expect("a child can be asked")
        })
    }
}

impl Drop for Appliance {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- megaphone said\n{}", self.log());
        }
    }
}

/// Runs the binary to its end with `arguments` and gives its exit code and what it said.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_megaphone"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("megaphone starts");
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(said, "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), said)
}

/// Samples of one scrape: `name{labels}` to value.
#[derive(Default)]
pub(crate) struct Figures {
    samples: BTreeMap<String, f64>,
}

impl Figures {
    pub(crate) fn read(text: &str) -> Figures {
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let samples = lines.map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample has a value");
            (name.to_owned(), value.parse().expect("a value is a number"))
        });
        Figures {
            samples: samples.collect(),
        }
    }

    /// The sum over shards of `name`, or of `name{label="value",…}` where each of these labels must be present.
    pub(crate) fn sum(&self, wanted: &str) -> f64 {
        self.matching(wanted).map(|(_, value)| value).sum()
    }

    /// How many shards have a value above 0.
    pub(crate) fn shards_with(&self, wanted: &str) -> usize {
        self.matching(wanted)
            .filter(|(_, value)| *value > 0.0)
            .count()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.samples.keys().map(String::as_str)
    }

    fn matching<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let (name, labels) = wanted.split_once('{').unwrap_or((wanted, ""));
        let labels: Vec<&str> = labels
            .trim_end_matches('}')
            .split(',')
            .filter(|l| !l.is_empty())
            .collect();
        self.samples.iter().filter_map(move |(sample, value)| {
            let (own, own_labels) = sample.split_once('{').unwrap_or((sample, ""));
            let fits = own == name && labels.iter().all(|l| own_labels.contains(l));
            fits.then_some((sample.as_str(), *value))
        })
    }

    fn text(&self) -> String {
        let present = self
            .samples
            .iter()
            .filter(|(name, value)| **value != 0.0 && !name.contains("_bucket"));
        present.fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{name} {value}");
            text
        })
    }
}
