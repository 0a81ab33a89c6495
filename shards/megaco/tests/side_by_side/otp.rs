//! OTP's side: the peer script in a process, one TCP connection per case.

use super::{Case, Step, Tongue};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub struct Otp {
    child: Child,
    tongue: Tongue,
    ports: Vec<u16>,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a case's peer heard, and how late OTP or the peer were meanwhile.
#[derive(Debug, Default)]
pub struct Heard {
    pub messages: Vec<String>,
    pub late: Duration,
}

impl Otp {
    /// Starts the script with a user per case; `None` if there is no Erlang or no megaco.
    pub fn start(tongue: Tongue, cases: &[&Case]) -> Option<Self> {
        Self::with(tongue, cases.iter().map(|case| case.in_erlang()))
    }

    /// The same with a user for each of these lists of items.
    pub fn with(tongue: Tongue, items: impl Iterator<Item = String>) -> Option<Self> {
        let items: Vec<String> = items.collect();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/otp_answers.escript");
        let mut child = Command::new("escript")
            .arg(script)
            .arg(tongue.in_erlang())
            // The first user is only there to warm the virtual machine up.
            .arg("[]")
            .args(&items)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (input, stdout) = (child.stdin.take()?, child.stdout.take()?);
        let mut output = BufReader::new(stdout);
        let port = |line: String| line.strip_prefix("PORT ")?.trim().parse().ok();
        let lines = output.by_ref().lines().map_while(Result::ok);
        let ports: Vec<u16> = lines.filter_map(port).take(items.len() + 1).collect();
        let mut otp = Self {
            child,
            tongue,
            ports,
            input,
            output,
        };
        if otp.ports.len() <= items.len() {
            return None;
        }
        otp.warm_up();
        Some(otp)
    }

    /// Where the users listen, in their order.
    pub fn ports(&self) -> &[u16] {
        &self.ports[1..]
    }

    /// Runs all cases side by side in time: each on its own connection and thread.
    pub fn run(&mut self, cases: &[&'static Case]) -> Vec<Heard> {
        let tongue = self.tongue;
        self.late();
        let runs: Vec<_> = cases
            .iter()
            .zip(self.ports())
            .map(|(&case, &port)| thread::spawn(move || Peer::new(tongue, port).converse(case)))
            .collect();
        let ends = runs.into_iter().map(|run| run.join().unwrap_or_default());
        let mut all: Vec<Heard> = ends.collect();
        let late = self.late();
        for heard in &mut all {
            heard.late = heard.late.max(late);
        }
        all
    }

    /// By how much a timer of the virtual machine was late at most, since this was asked last.
    fn late(&mut self) -> Duration {
        let asked = writeln!(self.input);
        let mut lines = self.output.by_ref().lines().map_while(Result::ok);
        let late = lines.find_map(|line| line.strip_prefix("LATE ")?.trim().parse().ok());
        let late = late.filter(|_| asked.is_ok());
        // One that does not answer is as late as can be.
        late.map_or(Duration::MAX, Duration::from_millis)
    }

    /// Cold code answers late, and late answers look like missing ones: requests are sent until one is answered at once.
    fn warm_up(&mut self) {
        let mut peer = Peer::new(self.tongue, self.ports[0]);
        for id in 1..200 {
            peer.heard.messages.clear();
            peer.send(&format!("T={id}{{C=-{{N=long{{OE=1{{al/of}}}}}}}}"));
            peer.listen(Duration::from_millis(40));
            if peer.heard.messages.len() >= 2 && id > 10 {
                return;
            }
        }
    }
}

impl Drop for Otp {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// How long a slow machine may take longer than the script says.
const GRACE: Duration = Duration::from_millis(400);

/// How long a peer waits for a message before it looks at the time.
const READ: Duration = Duration::from_millis(10);

/// A scripted peer of one user.
struct Peer {
    tongue: Tongue,
    stream: TcpStream,
    /// OTP keys kept replies by the peer's MID and the transaction, whoever the user is: every case has a peer of its own.
    name: String,
    buffer: Vec<u8>,
    heard: Heard,
}

impl Peer {
    fn new(tongue: Tongue, port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the script listens");
        stream
            .set_read_timeout(Some(READ))
            .expect("a socket option");
        Self {
            tongue,
            stream,
            name: format!("mg{port}"),
            buffer: Vec::new(),
            heard: Heard::default(),
        }
    }

    fn converse(mut self, case: &Case) -> Heard {
        for step in case.steps {
            match step {
                Step::Send(transactions) => self.send(transactions),
                Step::Wait(ms) => self.listen(Duration::from_millis(*ms)),
            }
        }
        self.listen(GRACE);
        self.heard
    }

    fn send(&mut self, transactions: &str) {
        let message = self.tongue.written(&self.name, transactions);
        send(&mut self.stream, &message);
    }

    fn listen(&mut self, time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            for message in receive(&mut self.stream, &mut self.buffer) {
                self.heard.messages.push(self.tongue.compared(&message));
            }
        }
        let late = start.elapsed().saturating_sub(time + READ);
        self.heard.late = self.heard.late.max(late);
    }
}

/// Sends one message in its TPKT.
pub fn send(stream: &mut TcpStream, message: &[u8]) {
    let length = u16::try_from(message.len() + 4).expect("a short message");
    let mut packet = vec![3, 0];
    packet.extend(length.to_be_bytes());
    packet.extend(message);
    stream.write_all(&packet).expect("the script reads");
}

/// The messages that are there, after the stream's timeout at the latest.
pub fn receive(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Vec<Vec<u8>> {
    let mut chunk = [0; 16_384];
    if let Ok(count) = stream.read(&mut chunk) {
        buffer.extend(&chunk[..count]);
    }
    let mut messages = Vec::new();
    while let [3, _, high, low, ..] = buffer[..] {
        let length = usize::from(u16::from_be_bytes([high, low]));
        if buffer.len() < length || length < 4 {
            break;
        }
        let packet: Vec<u8> = buffer.drain(..length).collect();
        messages.push(packet[4..].to_vec());
    }
    messages
}
