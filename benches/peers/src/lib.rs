//! What the Rust echo peers share: their arguments, their listener, and the line they print at the end.

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

extern "C" fn on_term(_signal: libc::c_int) {
    // The runtime's threads may be asleep and need not be asked: the figures are all that is left to say.
    print_usage();
    // SAFETY: `_exit` may be called in a signal handler.
    unsafe { libc::_exit(0) };
}

/// Prints "READY" and arranges that SIGTERM prints the CPU time used and ends the program.
pub fn ready() {
    // SAFETY: the handler formats on its own stack and exits.
    unsafe { libc::signal(libc::SIGTERM, on_term as *const () as libc::sighandler_t) };
    println!("READY");
}

fn print_usage() {
    // SAFETY: an all-zero rusage is a valid value for getrusage to overwrite.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let micros = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
    println!(
        "{{\"user_us\": {}, \"system_us\": {}}}",
        micros(usage.ru_utime),
        micros(usage.ru_stime)
    );
}
