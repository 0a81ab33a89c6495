//! Echoes packets with the shipped shard on the shipped engine, for instruction counts that do not depend on the machine's mood.
//! `scripts/instructions` runs it:
//!
//! ```text
//! valgrind --tool=callgrind target/release/examples/echo_callgrind serve 127.0.0.1:7000     until its last client has gone
//! target/release/examples/echo_callgrind client 127.0.0.1:7000 32 64 1000
//! ```
//!
//! The client's arguments are the address, connections, bytes of a packet, and rounds. A round sends one packet on each connection
//! with one system call, and takes all of them back. The client is a process of its own because valgrind runs one thread of a
//! process at a time, and does not know that `io_uring_enter` may wait for the work of another. For the same reason it is the shard's
//! thread that ends the server.

use io_uring::types::Fd;
use io_uring::{IoUring, opcode, squeue};
use megaphone_core::{
    ClientListener, Input, Item, Machine, Output, Route, Shard, ShardConfig, SocketId,
};
use megaphone_engine::{EngineConfig, ListenerSpec, run};
use megaphone_frame::Framing;
use megaphone_pool::Gather;
use megaphone_wheel::Tick;
use std::error::Error;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |text: &String| text.parse::<usize>();
    match &arguments[..] {
        [role, address] if role == "serve" => serve(address.parse()?),
        [role, address, connections, bytes, rounds] if role == "client" => {
            let sizes = [number(connections)?, number(bytes)?, number(rounds)?];
            client(address.parse()?, sizes)
        }
        _ => Err("usage: echo_callgrind serve ADDR | client ADDR CONNECTIONS BYTES ROUNDS".into()),
    }
}

/// The shipped shard, and the end of the process with its last client.
struct Ending {
    shard: Shard,
    clients: usize,
}

impl Machine for Ending {
    type Item = Item;

    fn handle(&mut self, now: Tick, input: Input<Item>) {
        match input {
            Input::Accepted { .. } => self.clients += 1,
            Input::Closed { .. } if self.clients == 1 => std::process::exit(0),
            Input::Closed { .. } => self.clients -= 1,
            _ => {}
        }
        self.shard.handle(now, input);
    }

    fn poll(&mut self) -> Option<Output<Item>> {
        self.shard.poll()
    }

    fn deadline(&self) -> Option<Tick> {
        self.shard.deadline()
    }

    fn outgoing(&self, socket: SocketId) -> Option<&Gather> {
        self.shard.outgoing(socket)
    }

    fn sent_may_wait(&self, socket: SocketId) -> bool {
        self.shard.sent_may_wait(socket)
    }
}

/// One shard that echoes.
fn serve(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let config = EngineConfig {
        listeners: vec![ListenerSpec::tcp(address)],
        sockets_max: Some(1_024),
        ..EngineConfig::default()
    };
    let running = run(
        config,
        |birth| {
            let mut config = ShardConfig::new(birth.shard, birth.shards);
            config.listeners.push(ClientListener {
                framing: Framing::Raw,
                route: Route::Echo,
                frame_bytes_max: None,
                domain: String::new(),
            });
            let shard = Shard::new(config, birth.pool, None);
            Ending {
                shard: shard.expect("a configuration that can be served"),
                clients: 0,
            }
        },
        drop,
    )?;
    running.join()?;
    Ok(())
}

fn client(
    address: SocketAddr,
    [connections, bytes, rounds]: [usize; 3],
) -> Result<(), Box<dyn Error>> {
    let clients = (0..connections)
        .map(|_| {
            let stream = connect(address)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
        .collect::<std::io::Result<Vec<_>>>()?;
    let mut ring = IoUring::new(connections.next_power_of_two() as u32)?;
    let packet = vec![b'x'; bytes];
    let mut answers = vec![0; bytes * connections];
    for _ in 0..rounds {
        at_once(&mut ring, &clients, |_, socket| {
            opcode::Send::new(socket, packet.as_ptr(), bytes as u32)
                .flags(libc::MSG_WAITALL)
                .build()
        })?;
        at_once(&mut ring, &clients, |index, socket| {
            let answer = &mut answers[index * bytes..][..bytes];
            opcode::Recv::new(socket, answer.as_mut_ptr(), bytes as u32)
                .flags(libc::MSG_WAITALL)
                .build()
        })?;
    }
    Ok(())
}

/// Connects, as soon as the server listens.
fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        match TcpStream::connect(address) {
            Err(_) if Instant::now() < patience => std::thread::sleep(Duration::from_millis(20)),
            outcome => return outcome,
        }
    }
}

/// One operation on every client, with one system call, which waits for all of them.
fn at_once(
    ring: &mut IoUring,
    clients: &[TcpStream],
    mut operation: impl FnMut(usize, Fd) -> squeue::Entry,
) -> Result<(), Box<dyn Error>> {
    for (index, client) in clients.iter().enumerate() {
        let entry = operation(index, Fd(client.as_raw_fd()));
        // SAFETY: the packet and the answers stay where they are until all operations are done, below.
        unsafe { ring.submission().push(&entry) }?;
    }
    ring.submit_and_wait(clients.len())?;
    if ring.completion().any(|entry| entry.result() <= 0) {
        return Err("a packet was not echoed".into());
    }
    Ok(())
}
