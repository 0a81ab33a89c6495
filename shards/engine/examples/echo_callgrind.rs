//! Echoes a fixed number of packets with the shipped shard on the shipped engine, for instruction counts that do not depend on
//! the machine's mood:
//!
//! ```text
//! cargo build --release -p megaphone-engine --example echo_callgrind
//! valgrind --tool=callgrind --separate-threads=yes target/release/examples/echo_callgrind 32 64 1000
//! ```
//!
//! Arguments: connections, bytes of a packet, rounds. A round sends one packet on each connection with one system call, and
//! takes all of them back. What counts is the thread that runs the shard: the difference between two numbers of rounds,
//! divided by the packets between them, is the cost of a packet. `scripts/instructions` does all that.

use io_uring::types::Fd;
use io_uring::{IoUring, opcode, squeue};
use megaphone_core::{ClientListener, Route, Shard, ShardConfig};
use megaphone_engine::{EngineConfig, ListenAddress, ListenerSpec, run};
use megaphone_frame::Framing;
use std::error::Error;
use std::net::{SocketAddr, TcpStream};
use std::num::ParseIntError;
use std::os::fd::AsRawFd;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers = |texts: &[String]| -> Result<Vec<usize>, ParseIntError> {
        texts.iter().map(|text| text.parse()).collect()
    };
    match &arguments[..] {
        [role, address, sizes @ ..] if role == "client" => {
            client(address.parse()?, &numbers(sizes)?)
        }
        sizes if sizes.len() == 3 => serve(sizes),
        _ => Err("usage: echo_callgrind CONNECTIONS BYTES ROUNDS".into()),
    }
}

/// The shard, until the client, a process of its own, is done.
fn serve(sizes: &[String]) -> Result<(), Box<dyn Error>> {
    let config = EngineConfig {
        listeners: vec![ListenerSpec::tcp("127.0.0.1:0".parse()?)],
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
            Shard::new(config, birth.pool, None).expect("a configuration that can be served")
        },
        drop,
    )?;
    let ListenAddress::Tcp(address) = running.listening()[0] else {
        return Err("no TCP address".into());
    };
    let client = Command::new(std::env::current_exe()?)
        .args(["client", &address.to_string()])
        .args(sizes)
        .status()?;
    running.controls().stop();
    running.join()?;
    client
        .success()
        .then_some(())
        .ok_or("the client failed".into())
}

fn client(address: SocketAddr, sizes: &[usize]) -> Result<(), Box<dyn Error>> {
    let [connections, bytes, rounds] = *sizes else {
        return Err("three sizes are wanted".into());
    };
    let clients = (0..connections)
        .map(|_| {
            let stream = TcpStream::connect(address)?;
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
