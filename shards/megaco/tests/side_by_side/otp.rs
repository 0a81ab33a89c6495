//! OTP's side: the peer script in a process, one TCP connection per case.

use super::{Case, Step, compared};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub struct Otp {
    child: Child,
    ports: Vec<u16>,
    /// Kept open: the virtual machine ends when nobody reads what it prints.
    _output: BufReader<ChildStdout>,
}

impl Otp {
    /// Starts the script with a user per case; `None` if there is no Erlang or no megaco.
    pub fn start(cases: &[Case]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/otp_answers.escript");
        let mut child = Command::new("escript")
            .arg(script)
            // The first user is only there to warm the virtual machine up.
            .arg("[]")
            .args(cases.iter().map(|case| case.items))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut output = BufReader::new(child.stdout.take()?);
        let port = |line: String| line.strip_prefix("PORT ")?.trim().parse().ok();
        let lines = output.by_ref().lines().map_while(Result::ok);
        let ports: Vec<u16> = lines.filter_map(port).take(cases.len() + 1).collect();
        if ports.len() == cases.len() + 1 {
            return Some(Self {
                child,
                ports,
                _output: output,
            });
        }
        child.kill().and_then(|()| child.wait()).ok();
        None
    }

    /// Runs all cases side by side in time: each on its own connection and thread.
    pub fn run(&mut self, cases: &'static [Case]) -> Vec<Vec<String>> {
        warm_up(self.ports[0]);
        let runs: Vec<_> = cases
            .iter()
            .zip(self.ports[1..].to_vec())
            .map(|(case, port)| thread::spawn(move || converse(case, port)))
            .collect();
        runs.into_iter()
            .map(|run| run.join().unwrap_or_default())
            .collect()
    }
}

impl Drop for Otp {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// Cold code answers late, and late answers look like missing ones: requests are sent until one is answered at once.
fn warm_up(port: u16) {
    let mut stream = connect(port);
    for id in 1..200 {
        let (mut heard, mut buffer) = (Vec::new(), Vec::new());
        send(
            &mut stream,
            port,
            &format!("T={id}{{C=-{{N=long{{OE=1{{al/of}}}}}}}}"),
        );
        listen(
            &mut stream,
            &mut buffer,
            Duration::from_millis(40),
            &mut heard,
        );
        if heard.len() >= 2 && id > 10 {
            return;
        }
    }
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the script listens");
    let timeout = Some(Duration::from_millis(10));
    stream.set_read_timeout(timeout).expect("a socket option");
    stream
}

/// Every case has a peer of its own: OTP keys kept replies by the peer's MID and the transaction, whoever the user is.
fn send(stream: &mut TcpStream, port: u16, transactions: &str) {
    let message = format!("!/1 <mg{port}> {transactions}");
    let length = u16::try_from(message.len() + 4).expect("a short message");
    let mut packet = vec![3, 0];
    packet.extend(length.to_be_bytes());
    packet.extend(message.as_bytes());
    stream.write_all(&packet).expect("the script reads");
}

/// How long a slow machine may take longer than the script says.
const GRACE: Duration = Duration::from_millis(400);

fn converse(case: &Case, port: u16) -> Vec<String> {
    let mut stream = connect(port);
    let (mut heard, mut buffer) = (Vec::new(), Vec::new());
    for step in case.script() {
        match step {
            Step::Send(transactions) => send(&mut stream, port, transactions),
            Step::Wait(ms) => listen(
                &mut stream,
                &mut buffer,
                Duration::from_millis(ms),
                &mut heard,
            ),
        }
    }
    listen(&mut stream, &mut buffer, GRACE, &mut heard);
    heard
}

fn listen(stream: &mut TcpStream, buffer: &mut Vec<u8>, time: Duration, heard: &mut Vec<String>) {
    let start = Instant::now();
    while start.elapsed() < time {
        let mut chunk = [0; 4096];
        if let Ok(count) = stream.read(&mut chunk) {
            buffer.extend(&chunk[..count]);
        }
        while let [3, _, high, low, ..] = buffer[..] {
            let length = usize::from(u16::from_be_bytes([high, low]));
            if buffer.len() < length || length < 4 {
                break;
            }
            let packet: Vec<u8> = buffer.drain(..length).collect();
            heard.extend(compared(&packet[4..]));
        }
    }
}
