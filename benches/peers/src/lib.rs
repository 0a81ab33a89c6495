//! What the Rust echo peers share: their arguments, their listener, and the line they print at the end.
#![forbid(unsafe_code)]

use socket2::{Domain, Protocol, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// A peer's arguments: `PORT [CPU]`.
pub struct Arguments {
    /// The port to listen on, on all IPv4 addresses.
    pub port: u16,
    /// The core to run on.
    pub cpu: usize,
}

/// Reads the arguments or ends the program with a usage line.
pub fn arguments() -> Arguments {
    let mut words = std::env::args().skip(1);
    let port = words.next().and_then(|word| word.parse().ok());
    let cpu = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    let Some(port) = port else {
        eprintln!("usage: PORT [CPU]");
        std::process::exit(64);
    };
    Arguments { port, cpu }
}

/// The same listener for every peer: TCP_NODELAY inherited by what it accepts, a backlog of 4,096.
pub fn listener(port: u16) -> TcpListener {
    let socket =
        Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a TCP socket");
    socket.set_reuse_address(true).expect("SO_REUSEADDR");
    socket.set_tcp_nodelay(true).expect("TCP_NODELAY");
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    socket.bind(&address.into()).expect("the port is free");
    socket.listen(4096).expect("listen");
    socket.set_nonblocking(true).expect("O_NONBLOCK");
    socket.into()
}

/// Prints "READY" and arranges that SIGTERM prints the CPU time used and ends the program.
pub fn ready() {
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM])
        .expect("SIGTERM can be handled");
    std::thread::spawn(move || {
        signals.forever().next();
        println!("{{\"cpu_us\": {}}}", cpu_us());
        std::process::exit(0);
    });
    println!("READY");
}

/// CPU time of all threads so far, in microseconds, as the scheduler accounts for it.
fn cpu_us() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("procfs is mounted");
    let nanoseconds: u64 = tasks
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok())
        .filter_map(|line| line.split(' ').next()?.parse::<u64>().ok())
        .sum();
    nanoseconds / 1000
}
