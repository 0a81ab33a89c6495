//! Gateways: what they write comes from the test, whole messages; what they get is kept for it. The world only carries it.

use crate::world::World;
use megaphone_core::{Input, ListenerId, Peer, Route};
use megaphone_frame::Framing;
use std::net::SocketAddr;

/// A datagram that a shard sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentDatagram {
    /// The shard.
    pub shard: usize,
    /// The listener it went out from.
    pub listener: usize,
    /// Where to.
    pub to: SocketAddr,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl World {
    /// A gateway connects to an H.248 listener of a shard, from that address; its number.
    pub fn connect_gateway(&mut self, shard: usize, listener: usize, from: SocketAddr) -> usize {
        let peer = Peer::Tcp {
            remote: from,
            local: ([192, 0, 2, 1], 2944).into(),
        };
        let number = self.connect_as(shard, listener, peer);
        let client = &mut self.clients[number];
        client.is_gateway = true;
        // What it must get is the test's affair.
        client.excused = true;
        number
    }

    /// A gateway writes a message in TPKT.
    pub fn write_message(&mut self, number: usize, message: &[u8]) {
        let mut bytes = crate::client::encode(Framing::Tpkt, 0, message.len());
        bytes.extend_from_slice(message);
        self.write_bytes(number, &bytes);
    }

    /// The messages that a gateway got since this was last asked.
    pub fn messages(&mut self, number: usize) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.clients[number].messages)
    }

    /// A datagram arrives at a listener of a shard; false if there was no block for it, and it is lost.
    pub fn datagram(
        &mut self,
        shard: usize,
        listener: usize,
        from: SocketAddr,
        bytes: &[u8],
    ) -> bool {
        let Ok(data) = self.nodes[shard].pool.copy_in(bytes) else {
            return false;
        };
        self.tell(
            shard,
            Input::Datagram {
                listener: ListenerId(listener as u16),
                from,
                data,
            },
        );
        true
    }

    /// The datagrams that shards sent since this was last asked.
    pub fn sent_datagrams(&mut self) -> Vec<SentDatagram> {
        std::mem::take(&mut self.datagrams)
    }

    /// A shard sent a datagram.
    pub(crate) fn datagram_sent(&mut self, datagram: SentDatagram) {
        let spec = self.plan.config.listeners.get(datagram.listener);
        let takes_datagrams = spec.is_some_and(|spec| {
            spec.framing == Framing::Raw && matches!(spec.route, Route::H248(_))
        });
        if !takes_datagrams {
            let SentDatagram {
                shard, listener, ..
            } = datagram;
            return self.faults.push(format!(
                "shard {shard}: a datagram from listener {listener}, which is no UDP listener"
            ));
        }
        self.datagrams.push(datagram);
    }
}
