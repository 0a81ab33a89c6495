//! A cable between gateways and a controller over TCP that keeps a copy of what goes through it, segment by segment.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What was carried: the connection's number, whether towards the server, and the bytes that came at once.
pub(crate) type Segments = Vec<(u16, bool, Vec<u8>)>;

pub(crate) struct Pipe {
    pub(crate) address: SocketAddr,
    stop: Arc<AtomicBool>,
    carried: Arc<Mutex<Segments>>,
}

impl Pipe {
    /// Carries what is connected to an address of its own to `to`.
    pub(crate) fn start(to: SocketAddr) -> Pipe {
        let listener = TcpListener::bind(SocketAddr::new(to.ip(), 0)).expect("a port is left");
        listener.set_nonblocking(true).expect("possible");
        let address = listener.local_addr().expect("it is bound");
        let stop = Arc::new(AtomicBool::new(false));
        let carried = Arc::new(Mutex::new(Segments::new()));
        let (stopped, kept) = (Arc::clone(&stop), Arc::clone(&carried));
        thread::spawn(move || {
            let mut number = 0;
            while !stopped.load(Ordering::Relaxed) {
                let Ok((client, _)) = listener.accept() else {
                    thread::sleep(Duration::from_millis(2));
                    continue;
                };
                client.set_nonblocking(false).expect("possible");
                let server = TcpStream::connect(to).expect("the server is there");
                for (forth, from, to) in [(true, &client, &server), (false, &server, &client)] {
                    let ends = [from, to].map(|end| end.try_clone().expect("descriptors are left"));
                    let kept = Arc::clone(&kept);
                    thread::spawn(move || carry(ends, (number, forth), &kept));
                }
                number += 1;
            }
        });
        Pipe {
            address,
            stop,
            carried,
        }
    }

    /// What was carried so far.
    pub(crate) fn carried(&self) -> Segments {
        self.carried.lock().expect("nobody panicked").clone()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Carries one way until that end closes.
fn carry([mut from, mut to]: [TcpStream; 2], way: (u16, bool), kept: &Mutex<Segments>) {
    let mut room = [0; 8_192];
    while let Ok(len @ 1..) = from.read(&mut room) {
        let segment = (way.0, way.1, room[..len].to_vec());
        kept.lock().expect("nobody panicked").push(segment);
        if to.write_all(&room[..len]).is_err() {
            break;
        }
    }
    // The other may be gone already.
    let _ = to.shutdown(Shutdown::Write);
}
