//! Copies of numbered packets that the backend has not acknowledged, so that they can be sent again after a loss.
//!
//! ```text
//!   number:   first                        cursor                next
//!   frames:   [ 17 | 18 acked | 19 | 20 ]  [ 21 | 22 | 23 ]
//!               sent on this socket          not yet
//! ```
//!
//! Acknowledged packets leave from the front. One acknowledged in the middle waits there and is sent again after a loss, because
//! numbers are counted, not sent: the backend drops what it has dealt with.

use megaphone_wheel::RangeSet;
use std::collections::VecDeque;

/// The replay buffer of one link. Its bound is its owner's duty: [`Replay::len`] says how full it is.
#[derive(Debug)]
pub(crate) struct Replay {
    bytes: VecDeque<u8>,
    /// Length of each packet, from number `first` on.
    frames: VecDeque<u32>,
    first: u64,
    /// The next to be sent on this socket, and where its bytes start.
    cursor: u64,
    cursor_at: usize,
    /// Behind the last that was ever sent: what lies beyond cannot be acknowledged.
    sent: u64,
    acked: RangeSet<u64>,
}

impl Replay {
    /// An empty buffer; the first packet will have number 1.
    pub(crate) fn new() -> Replay {
        Replay {
            bytes: VecDeque::new(),
            frames: VecDeque::new(),
            first: 1,
            cursor: 1,
            cursor_at: 0,
            sent: 1,
            acked: RangeSet::new(),
        }
    }

    /// Bytes kept.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The number of the next packet to be recorded.
    fn next(&self) -> u64 {
        self.first + self.frames.len() as u64
    }

    /// Keeps one packet, given in two parts, and numbers it.
    pub(crate) fn record(&mut self, header: &[u8], payload: &[u8]) {
        self.bytes.extend(header);
        self.bytes.extend(payload);
        self.frames.push_back((header.len() + payload.len()) as u32);
    }

    /// Whether everything recorded is sent on this socket.
    pub(crate) fn is_caught_up(&self) -> bool {
        self.cursor == self.next()
    }

    /// Notes that the packet just recorded was sent by its owner, without [`Replay::take_unsent`].
    pub(crate) fn skip_last(&mut self) {
        debug_assert_eq!(self.cursor + 1, self.next());
        self.cursor = self.next();
        self.cursor_at = self.bytes.len();
        self.sent = self.cursor;
    }

    /// The next packet to be sent on this socket, in up to two pieces; [`Replay::advance`] goes on.
    pub(crate) fn unsent(&self) -> Option<(&[u8], &[u8])> {
        let len = *self.frames.get((self.cursor - self.first) as usize)? as usize;
        let (front, back) = self.bytes.as_slices();
        let (from, to) = (self.cursor_at, self.cursor_at + len);
        let split = front.len();
        Some((
            front.get(from.min(split)..to.min(split)).unwrap_or(&[]),
            back.get(from.max(split) - split..to.max(split) - split)
                .unwrap_or(&[]),
        ))
    }

    /// The packet at the cursor is sent.
    pub(crate) fn advance(&mut self) {
        if let Some(&len) = self.frames.get((self.cursor - self.first) as usize) {
            self.cursor += 1;
            self.cursor_at += len as usize;
            self.sent = self.sent.max(self.cursor);
            self.release(self.cursor);
        }
    }

    /// Takes an acknowledgement of `first..=last`, whatever part of it is kept. The cost follows what is kept, not the
    /// width of the range.
    pub(crate) fn acknowledge(&mut self, first: u64, last: u64) {
        let first = first.max(self.first);
        let last = last.min(self.sent - 1);
        self.acked.insert_range(first, last);
        self.release(self.cursor);
    }

    /// Drops the acknowledged packets in front of number `before`. What is not sent on this socket yet stays even when it
    /// was acknowledged on an earlier one: the peer counts what comes, and a packet left out would give its number to the next.
    fn release(&mut self, before: u64) {
        while self.first < before && self.acked.first() == Some(self.first) {
            let Some((_, last)) = self.acked.take_front(1).next() else {
                break;
            };
            let end = last.min(before - 1);
            if end < last {
                self.acked.insert_range(end + 1, last);
            }
            self.drop_to(end);
        }
    }

    fn drop_to(&mut self, last: u64) {
        let count = (last + 1 - self.first) as usize;
        let bytes: usize = self.frames.drain(..count).map(|len| len as usize).sum();
        self.bytes.drain(..bytes);
        self.first = last + 1;
        self.cursor_at = self.cursor_at.saturating_sub(bytes);
        self.cursor = self.cursor.max(self.first);
    }

    /// Whether a peer that has received everything up to `received` can be served the rest.
    pub(crate) fn can_resume(&self, received: u64) -> bool {
        (self.first - 1..self.sent).contains(&received)
    }

    /// Starts again on a new socket, behind packet `received`.
    pub(crate) fn resume(&mut self, received: u64) {
        self.acked
            .insert_range(self.first, received.min(self.sent - 1));
        self.release(received.saturating_add(1));
        self.cursor = self.first;
        self.cursor_at = 0;
    }

    /// Packets that will be sent again.
    pub(crate) fn unacknowledged(&self) -> u64 {
        self.frames.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsent(replay: &mut Replay) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some((front, back)) = replay.unsent() {
            all.extend(front);
            all.extend(back);
            replay.advance();
        }
        all
    }

    fn four() -> Replay {
        let mut replay = Replay::new();
        for packet in [b"aa", b"bb", b"cc", b"dd"] {
            replay.record(&packet[..1], &packet[1..]);
        }
        replay
    }

    #[test]
    fn what_is_recorded_is_sent_once() {
        let mut replay = four();
        assert_eq!(unsent(&mut replay), b"aabbccdd");
        assert!(replay.is_caught_up());
        replay.record(b"e", b"e");
        replay.skip_last();
        assert_eq!(unsent(&mut replay), b"");
    }

    #[test]
    fn a_loss_replays_what_was_not_received() {
        let mut replay = four();
        unsent(&mut replay);
        assert!(replay.can_resume(0) && replay.can_resume(4) && !replay.can_resume(5));
        replay.acknowledge(3, 3);
        replay.resume(1);
        assert_eq!(unsent(&mut replay), b"bbccdd", "without a gap");
        replay.resume(4);
        assert_eq!((unsent(&mut replay), replay.len()), (vec![], 0));
    }

    #[test]
    fn acknowledged_packets_leave_from_the_front() {
        let mut replay = four();
        unsent(&mut replay);
        replay.acknowledge(2, 2);
        assert_eq!(replay.len(), 8);
        replay.acknowledge(1, 1);
        assert_eq!((replay.len(), replay.unacknowledged()), (4, 2));
        assert!(!replay.can_resume(1), "those are gone");
        replay.resume(2);
        assert_eq!(unsent(&mut replay), b"ccdd");
    }

    #[test]
    fn an_acknowledgement_during_a_replay_leaves_no_gap() {
        let mut replay = four();
        unsent(&mut replay);
        replay.acknowledge(3, 3);
        replay.resume(1);
        assert_eq!(replay.unsent(), Some((&b"bb"[..], &b""[..])));
        replay.advance();
        replay.acknowledge(2, 2);
        assert_eq!(unsent(&mut replay), b"ccdd", "3 is counted when it comes");
        assert_eq!(replay.unacknowledged(), 1, "3 left when it was sent");
        replay.acknowledge(4, 4);
        assert_eq!(replay.len(), 0);
    }

    #[test]
    fn absurd_ranges_cost_nothing() {
        let mut replay = four();
        replay.acknowledge(0, u64::MAX);
        assert_eq!(replay.len(), 8, "nothing was sent yet");
        unsent(&mut replay);
        replay.acknowledge(0, u64::MAX);
        assert_eq!(replay.len(), 0);
        replay.acknowledge(9, 2);
        replay.acknowledge(u64::MAX, u64::MAX);
        replay.record(b"e", b"e");
        assert_eq!(unsent(&mut replay), b"ee");
    }

    #[test]
    fn packets_that_wrap_around_the_ring_come_in_two_pieces() {
        let mut replay = Replay::new();
        for round in 0..50_u8 {
            replay.record(&[round; 3], &[round; 4]);
            assert_eq!(unsent(&mut replay), [round; 7]);
            replay.acknowledge(1, u64::from(round) + 1);
        }
    }
}
