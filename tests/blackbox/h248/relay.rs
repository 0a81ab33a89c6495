//! A bad network: datagrams go through a relay that loses, doubles and delays them as a seed says, and keeps a copy of each.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What happens to how many of a hundred datagrams, each way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Weather {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    /// They come after those sent later.
    pub(crate) delayed: u64,
}

/// What was carried: whether towards the server, and the bytes.
pub(crate) type Carried = Vec<(bool, Vec<u8>)>;

pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    carried: Arc<Mutex<Carried>>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Carries datagrams between whoever sends to `from` and `to`.
    pub(crate) fn start(from: SocketAddr, to: SocketAddr, weather: Weather, seed: u64) -> Relay {
        let socket = UdpSocket::bind(from).expect("the relay's address is free");
        let address = socket.local_addr().expect("it is bound");
        let (stop, carried) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let mut road = Road {
            socket,
            to,
            weather,
            draws: seed | 1,
            peers: HashMap::new(),
            waiting: Vec::new(),
            carried: Arc::clone(&carried),
        };
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                road.turn();
            }
        });
        Relay {
            address,
            stop,
            carried,
            thread: Some(thread),
        }
    }

    /// What was carried so far.
    pub(crate) fn carried(&self) -> Carried {
        self.carried.lock().expect("the relay lives").clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Road {
    socket: UdpSocket,
    to: SocketAddr,
    weather: Weather,
    draws: u64,
    /// For each peer, the socket by which the server sees it.
    peers: HashMap<SocketAddr, UdpSocket>,
    /// Datagrams that come late: when, from whose road, towards the server or not, and the bytes.
    waiting: Vec<(Instant, SocketAddr, bool, Vec<u8>)>,
    carried: Arc<Mutex<Carried>>,
}

impl Road {
    /// Takes what is there, both ways, and sends what is due.
    fn turn(&mut self) {
        let mut room = [0; 65_536];
        self.socket
            .set_read_timeout(Some(Duration::from_millis(1)))
            .expect("a timeout is possible");
        // A port of a peer that is gone may answer with an error; the next datagram is another matter.
        while let Ok((len, from)) = self.socket.recv_from(&mut room) {
            let to = self.to;
            self.peers.entry(from).or_insert_with(|| {
                let local = SocketAddr::new(to.ip(), 0);
                let socket = UdpSocket::bind(local).expect("ports are left");
                socket.connect(to).expect("connecting a datagram socket");
                socket.set_nonblocking(true).expect("possible");
                socket
            });
            self.take(from, true, &room[..len]);
            self.socket.set_nonblocking(true).expect("possible");
        }
        self.socket.set_nonblocking(false).expect("possible");
        let mut answers = Vec::new();
        for (peer, socket) in &self.peers {
            while let Ok(len) = socket.recv(&mut room) {
                answers.push((*peer, room[..len].to_vec()));
            }
        }
        for (peer, bytes) in answers {
            self.take(peer, false, &bytes);
        }
        let now = Instant::now();
        let (due, later) = self.waiting.drain(..).partition(|(at, ..)| *at <= now);
        self.waiting = later;
        let due: Vec<(Instant, SocketAddr, bool, Vec<u8>)> = due;
        for (_, peer, forth, bytes) in due {
            self.send(peer, forth, &bytes);
        }
    }

    fn draw(&mut self, percent: u64) -> bool {
        // xorshift64: enough for weather.
        self.draws ^= self.draws << 13;
        self.draws ^= self.draws >> 7;
        self.draws ^= self.draws << 17;
        self.draws % 100 < percent
    }

    fn take(&mut self, peer: SocketAddr, forth: bool, bytes: &[u8]) {
        if self.draw(self.weather.lost) {
            return;
        }
        if self.draw(self.weather.doubled) {
            self.send(peer, forth, bytes);
        }
        if self.draw(self.weather.delayed) {
            let at = Instant::now() + Duration::from_millis(30);
            self.waiting.push((at, peer, forth, bytes.to_vec()));
        } else {
            self.send(peer, forth, bytes);
        }
    }

    fn send(&mut self, peer: SocketAddr, forth: bool, bytes: &[u8]) {
        let copy = (forth, bytes.to_vec());
        self.carried.lock().expect("nobody panicked").push(copy);
        // Lost all the same if the other side is gone or full.
        let _ = match self.peers.get(&peer).filter(|_| forth) {
            Some(socket) => socket.send(bytes),
            None => self.socket.send_to(bytes, peer),
        };
    }
}
