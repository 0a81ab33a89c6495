//! Starts, asks and ends ejabberd by `tests/peers/ejabberd.sh`.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;
use std::thread;

use crate::appliance::{PATIENCE, own_address};
use crate::peers::peer;

pub(super) struct Ejabberd {
    folder: tempfile::TempDir,
    address: Ipv4Addr,
}

impl Ejabberd {
    /// On an address of its own, with options of the script, and with nobody registered.
    pub(super) fn start(options: &[(&str, &str)]) -> Ejabberd {
        let ejabberd = Ejabberd {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            address: own_address(),
        };
        let mut arguments = vec![ejabberd.address.to_string()];
        for (key, value) in options {
            arguments.extend([(*key).to_owned(), (*value).to_owned()]);
        }
        ejabberd.script("start", &arguments);
        ejabberd
    }

    fn script(&self, verb: &str, arguments: &[String]) {
        let output = Command::new(peer("ejabberd.sh"))
            .arg(verb)
            .arg(self.folder.path())
            .args(arguments)
            .output()
            .expect("the script runs");
        assert!(
            output.status.success(),
            "{verb}: {} (Debian: ejabberd; scripts/test installs them)",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(super) fn links(&self) -> SocketAddr {
        SocketAddr::from((self.address, 6280))
    }

    pub(super) fn unix_links(&self) -> String {
        format!(
            "unix:{}",
            self.folder.path().join("megaphone.sock").display()
        )
    }

    pub(super) fn stop(&mut self) {
        self.script("stop", &[]);
    }

    pub(super) fn kill(&mut self) {
        self.script("kill", &[]);
    }

    /// Starts it again after its end.
    pub(super) fn again(&mut self) {
        self.script("again", &[]);
    }

    /// Calls a command of its administration interface and gives the JSON that it answers.
    pub(super) fn api(&self, command: &str, arguments: &str) -> String {
        let mut stream =
            TcpStream::connect((self.address, 5280)).expect("ejabberd's interface is reached");
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a timeout can be set");
        write!(
            stream,
            "POST /api/{command} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{arguments}",
            arguments.len()
        )
        .expect("ejabberd reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("ejabberd answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{command}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        body.to_owned()
    }

    /// Makes a user whose password is `secret`.
    pub(super) fn register(&self, user: &str) {
        let arguments =
            format!("{{\"user\":\"{user}\",\"host\":\"localhost\",\"password\":\"secret\"}}");
        self.api("register", &arguments);
    }

    /// How many users it says are logged in.
    pub(super) fn online(&self) -> usize {
        let answer = self.api("connected_users_number", "{}");
        let digits: String = answer.chars().filter(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    }

    fn log(&self) -> String {
        let mut log = String::new();
        for name in ["console.log", "ejabberd.log"] {
            let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            let _ = writeln!(log, "--- {name}\n{text}");
        }
        log
    }
}

impl Drop for Ejabberd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = Command::new(peer("ejabberd.sh"))
            .arg("kill")
            .arg(self.folder.path())
            .output();
        if thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
