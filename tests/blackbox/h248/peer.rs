//! The Erlang peer: gateways or a controller, from `tests/peers/megaco_peer.escript`.

use crate::h248::Tongue;
use crate::told::{Told, fields};
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};

/// A running peer.
pub(crate) struct Megaco(Told);

impl Megaco {
    /// Starts it, and waits until it listens, or until its gateways are registered.
    pub(crate) fn start(
        role: &str,
        at: SocketAddr,
        (transport, encoding, version): Tongue,
        more: &[&str],
    ) -> Megaco {
        let (host, port) = (at.ip().to_string(), at.port().to_string());
        let version = version.to_string();
        let place = [role, "--host", &host, "--port", &port];
        let tongue = ["--transport", transport, "--encoding", encoding];
        let tongue = [&tongue[..], &["--version", &version]].concat();
        let arguments = [&place[..], &tongue, more].concat();
        let mut megaco = Megaco(Told::escript("megaco_peer.escript", &arguments));
        megaco.wait_for_line("READY");
        megaco
    }

    /// Waits for the end of its traffic: requests answered, and not.
    pub(crate) fn done(&mut self) -> (u64, u64) {
        let fields = fields(&self.wait_for_line("DONE"));
        (fields["ok"], fields["failed"])
    }
}

impl Deref for Megaco {
    type Target = Told;

    fn deref(&self) -> &Told {
        &self.0
    }
}

impl DerefMut for Megaco {
    fn deref_mut(&mut self) -> &mut Told {
        &mut self.0
    }
}
