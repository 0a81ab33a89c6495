//! A cable between the appliance and ejabberd that can be cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::appliance::own_address;

/// Carries every connection made to its end to the place it was laid to. Its threads end with their connections; the one that
/// accepts ends with the process.
pub(super) struct Cable {
    end: SocketAddr,
    ends: Arc<Mutex<Vec<TcpStream>>>,
}

impl Cable {
    pub(super) fn lay_to(place: SocketAddr) -> Cable {
        let listener =
            TcpListener::bind((own_address(), 6280)).expect("an address of its own is free");
        let end = listener.local_addr().expect("a listener has an address");
        let ends = Arc::new(Mutex::new(Vec::new()));
        let laid = Arc::clone(&ends);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(place) else {
                    continue;
                };
                let twin = |stream: &TcpStream| stream.try_clone().expect("a socket has a twin");
                let mut ends = laid.lock().expect("nobody panics with it");
                ends.extend([twin(&near), twin(&far)]);
                let (near_twin, far_twin) = (twin(&near), twin(&far));
                thread::spawn(move || carry(near, far));
                thread::spawn(move || carry(far_twin, near_twin));
            }
        });
        Cable { end, ends }
    }

    /// Where to connect to.
    pub(super) fn end(&self) -> SocketAddr {
        self.end
    }

    /// Breaks all that it carries; new connections find it mended.
    pub(super) fn cut(&self) {
        for end in self.ends.lock().expect("nobody panics with it").drain(..) {
            // The other end may have gone by itself.
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
