//! Acknowledgements both ways: what the backend acknowledged leaves the replay buffer, and what the sessions of all shards accepted
//! is merged here and acknowledged at a bounded rate.

use crate::item::Accepted;
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_frame::link::{FrameType, RANGES_MAX, Range, Reason, decode_ack, encode_ack};
use megaphone_wheel::Tick;

impl Shard {
    /// Sessions of some shard accepted packets of a link at home here.
    pub(crate) fn link_accepted(&mut self, accepted: &Accepted) {
        let Some(link) = self.links.live_mut(accepted.link) else {
            return;
        };
        for (first, last) in accepted.ranges() {
            link.accepted.insert_range(first, last);
        }
        self.arm_ack(accepted.link.place);
    }

    /// A packet of the backend needed no session.
    pub(super) fn accept_here(&mut self, place: u16, sequence: u64) {
        if sequence == 0 {
            return;
        }
        if let Some(link) = self.links.link_mut(place) {
            link.accepted.insert(sequence);
        }
        self.arm_ack(place);
    }

    fn arm_ack(&mut self, place: u16) {
        let at = self.now + ms(self.config.limits.ack_ms);
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        if link.ack_at == Tick::MAX && !link.accepted.is_empty() && link.socket.is_some() {
            link.ack_at = at;
            self.arm_link(place);
        }
    }

    /// Sends what is to be acknowledged. Without a block for it, or a socket, it waits.
    pub(super) fn send_acks(&mut self, place: u16) {
        loop {
            let Some(link) = self.links.link_mut(place) else {
                return;
            };
            link.ack_at = Tick::MAX;
            let ranges = link
                .accepted
                .iter()
                .map(|(first, last)| Range { first, last });
            self.bytes.clear();
            let count = encode_ack(ranges.take(RANGES_MAX), &mut self.bytes);
            if count == 0 {
                return;
            }
            let payload = std::mem::take(&mut self.bytes);
            let said = self.link_says(place, FrameType::Ack, &payload);
            self.bytes = payload;
            if !said {
                return self.arm_ack(place);
            }
            if let Some(link) = self.links.link_mut(place) {
                link.accepted.take_front(count).for_each(drop);
            }
        }
    }

    /// The backend acknowledged packets of ours. One bad range ends the link.
    pub(super) fn acknowledged(&mut self, place: u16, payload: &[u8]) -> Result<(), Reason> {
        let Some(link) = self.links.link_mut(place) else {
            return Ok(());
        };
        if !link.numbered {
            return Err(Reason::Protocol);
        }
        for Range { first, last } in decode_ack(payload).map_err(|_| Reason::Protocol)? {
            link.replay.acknowledge(first, last);
        }
        self.release_withheld(place);
        Ok(())
    }
}
