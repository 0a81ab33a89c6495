//! OPENs at the pace that a backend takes. Each shard has a few of them here at a time, in the order in which they came; the rest of its
//! clients wait with it, unread. So a storm of clients costs the backend `open_rate` logins a second, and nobody else's data waits for it.

use super::Link;
use crate::config::Dialect;
use crate::contract::ShardId;
use crate::credit::Account;
use crate::item::Packet;
use crate::shard::Shard;
use megaphone_frame::link::FrameType;
use megaphone_metrics::LinkMetric;
use megaphone_pool::{Exhausted, Pool};
use megaphone_wheel::Tick;
use std::time::Duration;

/// How far a link that was quiet may run ahead of its pace.
const BURST: Duration = Duration::from_millis(100);
/// Who is ahead of the pace waits so long at least: a few OPENs at a time cost fewer turns than one by one.
const PAUSE: Duration = Duration::from_millis(2);

impl Link {
    /// Whether the next OPEN may be sent now; if not, `open_at` says when.
    fn is_open_due(&mut self, now: Tick, rate: u32) -> bool {
        if rate == 0 || self.dialect != Dialect::V1 {
            return true;
        }
        let due = self.open_due.max(now);
        if due > now + BURST {
            // The pace is a sum of intervals: what is ahead of it by more than the burst waits for the difference.
            self.open_at = now + due.since(now).saturating_sub(BURST).max(PAUSE);
            return false;
        }
        self.open_due = due + Duration::from_nanos(1_000_000_000 / u64::from(rate));
        true
    }

    /// Puts an OPEN on the stream, or into the replay buffer if the stream is not there or behind. Its bytes are copied, so that nothing
    /// of its sender is held.
    fn put_open(
        &mut self,
        pool: &Pool,
        packet: &Packet,
        frame: &mut Vec<u8>,
    ) -> Result<(), Exhausted> {
        let payload = packet.payload.bytes();
        let Some(header) = self.header(packet, payload.len() as u32) else {
            return Ok(());
        };
        if self.socket.is_none() || !self.replay.is_caught_up() {
            self.replay.record(&header, payload);
            return Ok(());
        }
        frame.clear();
        frame.extend_from_slice(&header);
        frame.extend_from_slice(payload);
        self.outlet.push_bytes(pool, frame)?;
        if self.numbered {
            self.replay.record(&header, payload);
            self.replay.skip_last();
        }
        Ok(())
    }
}

impl Shard {
    /// Sends OPENs that wait, as far as the pace, the replay buffer and blocks go.
    pub(crate) fn send_opens(&mut self, place: u16) {
        let (now, rate) = (self.now, self.config.limits.open_rate);
        let most = self.config.limits.replay_bytes_max as usize;
        let pool = self.pool.clone();
        let mut sent = false;
        while let Some(link) = self.links.link_mut(place) {
            link.open_at = Tick::MAX;
            if link.opens.is_empty() || link.replay.len() > most || !link.is_open_due(now, rate) {
                break;
            }
            let Some((from, packet)) = link.opens.pop_front() else {
                break;
            };
            let (spec, bytes) = (usize::from(link.spec), packet.payload.bytes().len() as u64);
            if link.put_open(&pool, &packet, &mut self.frame).is_err() {
                link.opens.push_front((from, packet));
                self.wait_for_pool();
                break;
            }
            sent = true;
            self.cells.link_add(spec, LinkMetric::PacketsOut, 1);
            self.cells.link_add(spec, LinkMetric::BytesOut, bytes);
            self.give_back(from, Account::Open(place), packet.payload.into_returned());
        }
        if sent {
            self.pump_replay(place);
        }
        self.arm_link(place);
    }

    /// A connection ended whose OPEN was not sent: nothing is. True if so.
    pub(super) fn forget_open(&mut self, place: u16, end: &Packet) -> bool {
        let ends = matches!(
            FrameType::from_code(end.kind),
            FrameType::Close | FrameType::Reset
        );
        let Some(link) = self.links.link_mut(place).filter(|_| ends) else {
            return false;
        };
        let of_this = |(_, open): &(ShardId, Packet)| open.connection == end.connection;
        let Some((from, open)) = link
            .opens
            .iter()
            .position(of_this)
            .and_then(|at| link.opens.remove(at))
        else {
            return false;
        };
        self.give_back(from, Account::Open(place), open.payload.into_returned());
        true
    }
}
