//! Peers that share no code with the appliance: an Erlang backend and Python clients, from `tests/peers`.

use crate::told::Told;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) fn peer(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/peers")
        .join(name)
}

/// The Erlang backend, which sends every packet back.
pub(crate) struct Backend {
    told: Told,
    ready: String,
}

impl Backend {
    /// Connects to a link listener of the appliance and waits until the link stands.
    pub(crate) fn linked(to: SocketAddr, arguments: &[&str]) -> Backend {
        let mut backend = Backend::start(&["--connect", &to.to_string()], arguments);
        backend.wait_for_line("LINKED");
        backend
    }

    /// Starts it without waiting for a link.
    pub(crate) fn start(place: &[&str], arguments: &[&str]) -> Backend {
        let arguments = [place, arguments].concat();
        let mut told = Told::escript("link_echo.escript", &arguments);
        let ready = told.wait_for_line("READY");
        Backend { told, ready }
    }

    /// The next line that starts with `start`; what comes before it is passed over.
    pub(crate) fn wait_for_line(&mut self, start: &str) -> String {
        self.told.wait_for_line(start)
    }

    pub(crate) fn command(&mut self, command: &str) {
        self.told.command(command);
    }

    /// Has it keep packets back from now on. It says so: what is sent to it later may otherwise come first.
    pub(crate) fn hold(&mut self) {
        self.command("hold");
        self.told.stats();
    }

    /// The line with which it said that it can be reached, and where.
    pub(crate) fn said_at_start(&self) -> &str {
        &self.ready
    }

    /// One of its counters.
    pub(crate) fn count(&mut self, name: &str) -> u64 {
        let stats = self.told.stats();
        let count = stats.get(name).copied();
        count.unwrap_or_else(|| panic!("no {name} in {stats:?}"))
    }

    /// Ends it at once, as a crash would.
    pub(crate) fn kill(mut self) {
        self.told.kill();
    }
}

/// The program printed in `docs/link-protocol.md`.
pub(crate) struct DocumentBackend {
    child: Child,
    _source: tempfile::NamedTempFile,
}

impl DocumentBackend {
    /// Takes the Erlang text out of the document and runs it, but for the address that it connects to.
    pub(crate) fn start(to: SocketAddr) -> DocumentBackend {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/link-protocol.md");
        let document = std::fs::read_to_string(path).expect("the document is there");
        let (_, rest) = document
            .split_once("```erlang\n-module(echo_backend)")
            .expect("it prints a backend");
        let (program, _) = rest.split_once("```").expect("the program ends");
        let program = program.replace("127.0.0.1", &to.ip().to_string());
        let mut source = tempfile::NamedTempFile::new().expect("a temporary file can be made");
        write!(
            source,
            "#!/usr/bin/env escript\n-module(echo_backend){program}"
        )
        .expect("a file can be written");
        let child = Command::new("escript")
            .arg(source.path())
            .args([to.port().to_string(), String::from("document")])
            .stdin(Stdio::null())
            .spawn()
            .expect("escript is installed (Debian: erlang-base; scripts/test installs it)");
        DocumentBackend {
            child,
            _source: source,
        }
    }
}

impl Drop for DocumentBackend {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A backend of the original Megaphone's time.
pub(crate) struct ClassicBackend {
    child: Child,
}

impl ClassicBackend {
    pub(crate) fn start(to: SocketAddr, framing: &str) -> ClassicBackend {
        let child = Command::new("python3")
            .arg(peer("classic_backend.py"))
            .args(["--connect", &to.to_string(), "--framing", framing])
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 is installed");
        ClassicBackend { child }
    }
}

impl Drop for ClassicBackend {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the Python client to its end and fails the test unless every packet came back as it went.
pub(crate) fn python_client(to: SocketAddr, arguments: &[&str]) -> String {
    let output = Command::new("python3")
        .arg(peer("client.py"))
        .args(["--connect", &to.to_string()])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("python3 is installed");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said
}
