//! Small machines and a way to run them on real sockets. Every wait has a limit, and its passing is a failure.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use megaphone_core::{
    Close, ConnectToken, Input, ListenerId, Machine, Note, NoteLevel, Output, Peer, ShardId,
    SocketFault, SocketId, Target,
};
use megaphone_engine::{Birth, Controls, EngineConfig, ListenAddress, ListenerSpec, Running, run};
use megaphone_metrics::{Metric, Page, Snapshot};
use megaphone_pool::{Gather, Pool};
use megaphone_wheel::Tick;
use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, Instant};

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a machine saw, for the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Accepted(ShardId, SocketId, Peer),
    AcceptFailed(SocketFault),
    Connected(SocketId, ConnectToken),
    ConnectFailed(ConnectToken, SocketFault),
    Adopted(ShardId, SocketId, u64),
    HandedOver(SocketId),
    Received(SocketId, usize),
    Ended(SocketId),
    Datagram(ShardId, ListenerId, SocketAddr, usize),
    Failed(SocketId, SocketFault),
    Closed(SocketId),
    Deadline(u64),
    Item(ShardId, ShardId),
    Drain,
}

/// What a test machine does with its inputs; the rest is done for it.
pub trait Behaviour: 'static {
    type Item: Send + 'static;
    fn on(&mut self, kit: &mut Kit<Self::Item>, now: Tick, input: Input<Self::Item>);
}

/// What every test machine has.
pub struct Kit<I> {
    pub shard: ShardId,
    pub shards: u16,
    pub pool: Pool,
    pub outputs: VecDeque<Output<I>>,
    pub outgoing: HashMap<SocketId, Gather>,
    pub deadline: Option<Tick>,
    seen: Option<Sender<Seen>>,
}

impl<I> Kit<I> {
    pub fn see(&self, seen: Seen) {
        if let Some(sender) = &self.seen {
            let _ = sender.send(seen);
        }
    }

    pub fn out(&mut self, output: Output<I>) {
        self.outputs.push_back(output);
    }

    pub fn read(&mut self, socket: SocketId, on: bool) {
        self.out(Output::Read { socket, on });
    }

    pub fn close(&mut self, socket: SocketId, how: Close) {
        self.out(Output::Close { socket, how });
    }

    /// Adopts a socket for sending and reads it.
    pub fn open(&mut self, socket: SocketId) {
        self.outgoing.insert(socket, self.pool.gather());
        self.read(socket, true);
    }

    pub fn send(&mut self, socket: SocketId, add: impl FnOnce(&Pool, &mut Gather)) {
        let pool = self.pool.clone();
        let Some(gather) = self.outgoing.get_mut(&socket) else {
            return;
        };
        let was_empty = gather.is_empty();
        add(&pool, gather);
        if was_empty && !gather.is_empty() {
            self.out(Output::Send { socket });
        }
    }

    /// What every machine does about `Sent` and `Closed`; says whether it was one of those.
    fn housekeeping(&mut self, input: &Input<I>) {
        match *input {
            Input::Sent { socket, bytes } => {
                if let Some(gather) = self.outgoing.get_mut(&socket) {
                    assert!(
                        bytes > 0 && bytes <= gather.len(),
                        "sent {bytes} of {}",
                        gather.len()
                    );
                    gather.advance(bytes, drop);
                }
            }
            Input::Closed { socket } | Input::HandedOver { socket } => {
                if let Some(gather) = self.outgoing.remove(&socket) {
                    self.pool.recycle(gather);
                }
            }
            _ => {}
        }
    }
}

pub struct TestMachine<B: Behaviour> {
    pub kit: Kit<B::Item>,
    pub behaviour: B,
}

impl<B: Behaviour> Machine for TestMachine<B> {
    type Item = B::Item;

    fn handle(&mut self, now: Tick, input: Input<B::Item>) {
        self.kit.housekeeping(&input);
        let kit = &mut self.kit;
        match &input {
            Input::Accepted { socket, peer, .. } => {
                kit.see(Seen::Accepted(kit.shard, *socket, *peer))
            }
            Input::AcceptFailed { fault, .. } => kit.see(Seen::AcceptFailed(*fault)),
            Input::Connected { token, socket } => kit.see(Seen::Connected(*socket, *token)),
            Input::ConnectFailed { token, fault } => kit.see(Seen::ConnectFailed(*token, *fault)),
            Input::Adopted { socket, token } => kit.see(Seen::Adopted(kit.shard, *socket, *token)),
            Input::HandedOver { socket } => kit.see(Seen::HandedOver(*socket)),
            Input::Received { socket, data } => kit.see(Seen::Received(*socket, data.len())),
            Input::Ended { socket } => kit.see(Seen::Ended(*socket)),
            Input::Failed { socket, fault } => kit.see(Seen::Failed(*socket, *fault)),
            Input::Closed { socket } => kit.see(Seen::Closed(*socket)),
            Input::Item { from, .. } => kit.see(Seen::Item(kit.shard, *from)),
            Input::Deadline => kit.see(Seen::Deadline(now.as_nanos())),
            Input::Drain { .. } => kit.see(Seen::Drain),
            Input::Datagram {
                listener,
                from,
                data,
            } => kit.see(Seen::Datagram(kit.shard, *listener, *from, data.len())),
            Input::Sent { .. } | Input::Return { .. } | Input::Asked { .. } => {}
        }
        self.behaviour.on(kit, now, input);
    }

    fn poll(&mut self) -> Option<Output<B::Item>> {
        self.kit.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Tick> {
        self.kit.deadline
    }

    fn outgoing(&self, socket: SocketId) -> Option<&Gather> {
        self.kit.outgoing.get(&socket)
    }

    /// Both ways of sending are tried by every test with more than one client.
    fn sent_may_wait(&self, socket: SocketId) -> bool {
        socket.slot.is_multiple_of(2)
    }
}

/// Sends everything back; closes when the peer is done.
#[derive(Clone, Default)]
pub struct Echo;

impl Behaviour for Echo {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: Tick, input: Input<()>) {
        match input {
            Input::Accepted { socket, .. } => kit.open(socket),
            Input::Received { socket, data } => {
                kit.send(socket, |_, gather| gather.push_lease(data))
            }
            Input::Ended { socket } => kit.close(socket, Close::Gracefully),
            Input::Drain { .. } => kit.out(Output::Drained),
            _ => {}
        }
    }
}

/// A running engine whose machines report what they see, and at the end that their pools are whole.
pub struct World {
    running: Option<Running<bool>>,
    pub controls: Controls,
    pub addresses: Vec<ListenAddress>,
    pub pages: Vec<Arc<Page>>,
    seen: Receiver<Seen>,
    kept: VecDeque<Seen>,
}

impl World {
    /// Starts `behaviour` on each shard of `config`, with its events reported.
    pub fn start<B: Behaviour>(
        config: EngineConfig,
        behaviour: impl Fn(ShardId) -> B + Clone + Send + 'static,
    ) -> Self {
        Self::start_with(config, true, behaviour)
    }

    pub fn start_with<B: Behaviour>(
        mut config: EngineConfig,
        report: bool,
        behaviour: impl Fn(ShardId) -> B + Clone + Send + 'static,
    ) -> Self {
        config.pages = (0..config.shards).map(|_| Arc::new(Page::new(0))).collect();
        let pages = config.pages.clone();
        let (sender, seen) = channel();
        let sender = Mutex::new(sender);
        let sender = Arc::new(sender);
        let make = move |birth: Birth| TestMachine {
            behaviour: behaviour(birth.shard),
            kit: Kit {
                shard: birth.shard,
                shards: birth.shards,
                pool: birth.pool,
                outputs: VecDeque::new(),
                outgoing: HashMap::new(),
                deadline: None,
                seen: report.then(|| sender.lock().unwrap().clone()),
            },
        };
        let all_dropped = Arc::new(Barrier::new(usize::from(config.shards)));
        let finish = move |machine: TestMachine<B>| {
            let pool = machine.kit.pool.clone();
            drop(machine);
            // Blocks on loan to other shards' machines come home when those are dropped.
            all_dropped.wait();
            pool.collect_strays();
            assert!(pool.audit());
            pool.is_whole()
        };
        let running = run(config, make, finish).expect("the engine starts");
        let controls = running.controls();
        let addresses = running.listening().to_vec();
        Self {
            running: Some(running),
            controls,
            addresses,
            pages,
            seen,
            kept: VecDeque::new(),
        }
    }

    pub fn address(&self) -> SocketAddr {
        match &self.addresses[0] {
            ListenAddress::Tcp(address) => *address,
            ListenAddress::Udp(_) | ListenAddress::Unix(_) => panic!("not TCP"),
        }
    }

    /// A client of the first listener.
    pub fn client(&self) -> TcpStream {
        client(self.address())
    }

    /// Waits for the first event that `pick` answers, and keeps the others for later.
    pub fn wait_for<T>(&mut self, what: &str, mut pick: impl FnMut(&Seen) -> Option<T>) -> T {
        let limit = Instant::now() + PATIENCE;
        if let Some(at) = self.kept.iter().position(|seen| pick(seen).is_some()) {
            let seen = self.kept.remove(at).unwrap();
            return pick(&seen).unwrap();
        }
        loop {
            let left = limit.saturating_duration_since(Instant::now());
            match self.seen.recv_timeout(left) {
                Ok(seen) => match pick(&seen) {
                    Some(picked) => return picked,
                    None => self.kept.push_back(seen),
                },
                Err(_) => panic!("no {what}; seen instead: {:?}", self.kept),
            }
        }
    }

    pub fn wait_accepted(&mut self) -> (ShardId, SocketId, Peer) {
        self.wait_for("accept", |seen| match seen {
            Seen::Accepted(shard, socket, peer) => Some((*shard, *socket, *peer)),
            _ => None,
        })
    }

    pub fn wait_closed(&mut self, socket: SocketId) {
        self.wait_for("close", |seen| {
            (*seen == Seen::Closed(socket)).then_some(())
        });
    }

    /// The sum of a figure over all shards, as of now.
    pub fn figure(&self, metric: Metric) -> u64 {
        let before: Vec<u64> = self.pages.iter().map(|page| page.publications()).collect();
        self.controls.publish();
        let limit = Instant::now() + PATIENCE;
        let mut snapshot = Snapshot::new();
        let mut sum = 0;
        for (page, before) in self.pages.iter().zip(before) {
            while page.publications() == before {
                assert!(Instant::now() < limit, "a shard does not publish");
                std::thread::yield_now();
            }
            while !page.read(&mut snapshot) {}
            sum += snapshot.get(metric);
        }
        sum
    }

    /// Waits until a figure has reached a value.
    pub fn wait_figure(&self, metric: Metric, least: u64) {
        self.wait_until(metric, |value| value >= least);
    }

    /// Waits until a figure is as wanted. Asks now and then; passing the limit is the failure.
    pub fn wait_until(&self, metric: Metric, wanted: impl Fn(u64) -> bool) {
        let limit = Instant::now() + PATIENCE;
        loop {
            let value = self.figure(metric);
            if wanted(value) {
                return;
            }
            assert!(Instant::now() < limit, "{metric:?} is {value}");
            std::thread::yield_now();
        }
    }

    /// Stops the engine; every pool must be whole.
    pub fn stop(mut self) {
        self.controls.stop();
        self.end();
    }

    /// Waits for the engine to end by itself; every pool must be whole.
    pub fn end(&mut self) {
        let running = self.running.take().unwrap();
        let (sender, ended) = channel();
        std::thread::spawn(move || sender.send(running.join()));
        let whole = ended
            .recv_timeout(PATIENCE)
            .expect("the engine ends")
            .expect("in good order");
        assert!(
            whole.iter().all(|&whole| whole),
            "blocks are missing: {whole:?}"
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // After a failed test the threads must not stay.
        self.controls.stop();
    }
}

/// A connected blocking client whose reads and writes have a limit.
pub fn client(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("connects");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends `bytes` and reads them back.
pub fn echo(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    let mut back = vec![0; bytes.len()];
    stream.read_exact(&mut back).unwrap();
    assert!(back == bytes, "echoed bytes differ");
}

/// A config with one loopback listener.
pub fn loopback() -> EngineConfig {
    EngineConfig {
        listeners: vec![ListenerSpec::tcp("127.0.0.1:0".parse().unwrap())],
        sockets_max: Some(1_024),
        notes: Arc::new(|_, note: &Note| {
            assert!(note.level <= NoteLevel::Warning, "{}", note.text)
        }),
        ..EngineConfig::default()
    }
}

/// `ListenerId` and `Target` for the tests that need them.
pub fn tcp(to: SocketAddr) -> Target {
    Target::Tcp { to, from: None }
}

pub const FIRST: ListenerId = ListenerId(0);
