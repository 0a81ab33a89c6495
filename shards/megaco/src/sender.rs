//! The transaction sender: acknowledgements and requests that wait to travel together. It decides when; the engine writes the message.
//!
//! ```text
//!            first item                       timer, full, duplicate, carrier, stop
//!  Idle ────────────────► Storing ─────────────────────────────────────────────────► Idle
//! ```
//! A *carrier* is a message that leaves anyway: a reply, a Pending, an immediate acknowledgement. It takes the stored items
//! along; if the whole would be larger than `trans_req_maxsize`, the stored ones go first in a message of their own.

use crate::config::Config;
use megaphone_wheel::{RangeSet, TimerId};

/// Where the sender stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SenderState {
    /// Nothing stored.
    Idle,
    /// Something stored; `trans_timer` runs.
    Storing,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SenderEvent {
    /// An acknowledgement that may wait.
    Ack,
    /// An acknowledgement that makes `trans_ack_maxcount`.
    AckFull,
    /// A request that may wait.
    Request,
    /// A request that makes `trans_req_maxcount` or `trans_req_maxsize`.
    RequestFull,
    /// A request that alone is as large as `trans_req_maxsize`.
    RequestLarge,
    /// A request that is stored already: a re-send.
    Duplicate,
    /// A message leaves anyway.
    Carrier,
    /// A message leaves anyway and has no room.
    CarrierLarge,
    /// `trans_timer` expired.
    Timer,
    /// Settings changed or the connection goes.
    Stop,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SenderAction {
    /// Store it and start `trans_timer`.
    StoreFirst,
    /// Store it; the timer goes on.
    Store,
    /// Send the new item, alone.
    SendNew,
    /// Send what is stored and the new item in one message.
    FlushWithNew,
    /// Send what is stored, then the new item in a message of its own.
    FlushThenNew,
    /// Send what is stored; the new item is among it.
    Flush,
    /// Send the carrier.
    SendCarrier,
    /// Send the carrier with what is stored.
    FlushWithCarrier,
    /// Send what is stored, then the carrier.
    FlushThenCarrier,
    /// Nothing.
    Ignore,
}

impl SenderState {
    /// Every state, for tables.
    pub const ALL: [Self; 2] = [Self::Idle, Self::Storing];

    /// The transition. Total: every pair has an answer.
    pub fn on(self, event: SenderEvent) -> (Self, SenderAction) {
        use SenderAction as A;
        use SenderEvent as E;
        match (self, event) {
            (Self::Idle, E::Ack | E::Request) => (Self::Storing, A::StoreFirst),
            (Self::Idle, E::AckFull | E::RequestFull | E::RequestLarge) => (Self::Idle, A::SendNew),
            (Self::Idle, E::Carrier | E::CarrierLarge) => (Self::Idle, A::SendCarrier),
            (Self::Idle, E::Duplicate | E::Timer | E::Stop) => (Self::Idle, A::Ignore),
            (Self::Storing, E::Ack | E::Request) => (Self::Storing, A::Store),
            (Self::Storing, E::AckFull | E::RequestFull) => (Self::Idle, A::FlushWithNew),
            (Self::Storing, E::RequestLarge) => (Self::Idle, A::FlushThenNew),
            (Self::Storing, E::Duplicate | E::Timer | E::Stop) => (Self::Idle, A::Flush),
            (Self::Storing, E::Carrier) => (Self::Idle, A::FlushWithCarrier),
            (Self::Storing, E::CarrierLarge) => (Self::Idle, A::FlushThenCarrier),
        }
    }
}

/// What one acknowledged range takes at most: two numbers of ten digits, a dash and a comma.
const ACK_BYTES_MAX: usize = 22;

/// What the message around transactions may take of `max_pdu_size`.
pub(crate) const HEADER_BYTES: usize = 128;

/// What is stored. Acknowledgements are intervals: four neighbours are one item on the wire, `1-4`.
#[derive(Debug, Default)]
pub(crate) struct Sender {
    pub acks: RangeSet<u32>,
    /// How many acknowledgements; intervals do not tell without counting.
    pub ack_count: u32,
    /// Ids of requests, oldest first; their rows hold the bytes.
    pub requests: Vec<u32>,
    /// Bytes of those requests.
    pub request_bytes: usize,
    pub armed: Option<TimerId>,
}

impl Sender {
    pub(crate) fn state(&self) -> SenderState {
        if self.ack_count == 0 && self.requests.is_empty() {
            SenderState::Idle
        } else {
            SenderState::Storing
        }
    }

    pub(crate) fn ack_event(&self, config: &Config) -> SenderEvent {
        if self.ack_count.saturating_add(1) >= config.trans_ack_maxcount {
            SenderEvent::AckFull
        } else {
            SenderEvent::Ack
        }
    }

    pub(crate) fn request_event(&self, config: &Config, id: u32, bytes: usize) -> SenderEvent {
        let (count, size) = (self.requests.len() + 1, self.request_bytes + bytes);
        if self.requests.contains(&id) {
            SenderEvent::Duplicate
        } else if bytes >= config.trans_req_maxsize as usize {
            SenderEvent::RequestLarge
        } else if count >= config.trans_req_maxcount as usize
            || size >= config.trans_req_maxsize as usize
        {
            SenderEvent::RequestFull
        } else {
            SenderEvent::Request
        }
    }

    pub(crate) fn carrier_event(&self, config: &Config, bytes: usize) -> SenderEvent {
        // Besides the user's guide's rule: company must not make a message larger than the peer takes.
        let acks = self.acks.intervals() * ACK_BYTES_MAX;
        let whole = HEADER_BYTES + acks + self.request_bytes + bytes;
        let oversize = config.max_pdu_size.is_some_and(|max| whole > max as usize);
        if oversize || self.request_bytes + bytes > config.trans_req_maxsize as usize {
            SenderEvent::CarrierLarge
        } else {
            SenderEvent::Carrier
        }
    }

    pub(crate) fn store_ack(&mut self, id: u32) {
        if self.acks.insert(id) {
            self.ack_count += 1;
        }
    }

    pub(crate) fn store_request(&mut self, id: u32, bytes: usize) {
        self.requests.push(id);
        self.request_bytes += bytes;
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> (RangeSet<u32>, Vec<u32>) {
        self.ack_count = 0;
        self.request_bytes = 0;
        (
            std::mem::take(&mut self.acks),
            std::mem::take(&mut self.requests),
        )
    }
}

/// Where a submission of several requests is cut: the sizes of the messages, and whether the last one is sent or stays.
///
/// Messages are filled up to `maxsize`, oldest first. If more than one results, the last stays stored.
pub(crate) fn pack(sizes: &[usize], maxsize: usize) -> Vec<usize> {
    let (mut chunks, mut count, mut bytes) = (Vec::new(), 0, 0_usize);
    for &size in sizes {
        if count > 0 && bytes.saturating_add(size) > maxsize {
            chunks.push(count);
            (count, bytes) = (0, 0);
        }
        count += 1;
        bytes = bytes.saturating_add(size);
    }
    chunks.push(count);
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_requests_are_cut_by_size() {
        assert_eq!(pack(&[10, 10, 10], 30), [3]);
        assert_eq!(pack(&[10, 10, 10, 1], 30), [3, 1]);
        assert_eq!(pack(&[99, 1, 99], 30), [1, 1, 1]);
        assert_eq!(pack(&[1], 0), [1]);
    }

    #[test]
    fn limits_are_exact() {
        let config = Config {
            trans_ack_maxcount: 3,
            trans_req_maxcount: 3,
            trans_req_maxsize: 100,
            ..Config::default()
        };
        let mut sender = Sender::default();
        sender.store_ack(1);
        assert_eq!(sender.ack_event(&config), SenderEvent::Ack);
        sender.store_ack(2);
        assert_eq!(sender.ack_event(&config), SenderEvent::AckFull);

        sender.store_request(7, 40);
        assert_eq!(sender.request_event(&config, 8, 59), SenderEvent::Request);
        assert_eq!(
            sender.request_event(&config, 8, 60),
            SenderEvent::RequestFull
        );
        assert_eq!(
            sender.request_event(&config, 8, 99),
            SenderEvent::RequestFull
        );
        assert_eq!(
            sender.request_event(&config, 8, 100),
            SenderEvent::RequestLarge
        );
        assert_eq!(sender.request_event(&config, 7, 1), SenderEvent::Duplicate);
        sender.store_request(8, 1);
        assert_eq!(
            sender.request_event(&config, 9, 1),
            SenderEvent::RequestFull
        );
        assert_eq!(sender.carrier_event(&config, 59), SenderEvent::Carrier);
        assert_eq!(sender.carrier_event(&config, 60), SenderEvent::CarrierLarge);
    }

    #[test]
    fn a_limit_of_one_or_zero_stores_nothing() {
        for limit in [0, 1] {
            let config = Config {
                trans_ack_maxcount: limit,
                trans_req_maxcount: limit,
                ..Config::default()
            };
            let sender = Sender::default();
            assert_eq!(sender.ack_event(&config), SenderEvent::AckFull);
            assert_eq!(
                sender.request_event(&config, 1, 1),
                SenderEvent::RequestFull
            );
        }
    }
}
