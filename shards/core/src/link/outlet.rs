//! What is outgoing on a link's socket, and whose item each stretch of it was: the item's credit goes home when its bytes are sent.
//!
//! ```text
//!  sent         marks:  (end, whose item)                       queued
//!   │  ┌────────┬──────────────────┬────────┬───────────────────┐ │
//!   ▼  │ header │ body, on loan    │ header │ body, copied      │ ▼
//!      └────────┴──────────────────┴────────┴───────────────────┘
//!                               end: block and credit        end: credit
//! ```

use crate::contract::ShardId;
use crate::item::Payload;
use megaphone_pool::{Exhausted, Gather, Piece, Pool, Returned};
use std::collections::VecDeque;

/// An item's place in the stream.
#[derive(Debug)]
struct Mark {
    /// Position behind its last byte.
    end: u64,
    /// Who sent it.
    from: ShardId,
    /// Its block: in the gather until it is sent, or here because it was copied, or none.
    block: Block,
}

#[derive(Debug)]
enum Block {
    None,
    Here(Returned),
    InGather,
}

/// An item that was dealt with: its sender, and its block if it carried one.
pub(crate) type Done = (ShardId, Option<Returned>);

/// What became of a payload that was queued.
#[derive(Debug)]
pub(crate) enum Queued {
    /// It was copied, or there was none: the block may go home now.
    Copied(Option<Returned>),
    /// It is in the gather.
    Kept,
}

/// The outgoing side of one socket.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    gather: Gather,
    /// Whether the driver was told, and has not sent everything.
    sending: bool,
    /// Bytes ever queued, and ever sent.
    queued: u64,
    sent: u64,
    marks: VecDeque<Mark>,
    /// Loans that were sent, until their marks are reached.
    finished: VecDeque<Returned>,
    /// Where the link's own words lie: no item's credit bounds them. From, to.
    own: VecDeque<(u64, u64)>,
    own_bytes: u64,
}

impl Outlet {
    /// The bytes, for the driver.
    pub(crate) fn gather(&self) -> &Gather {
        &self.gather
    }

    /// Bytes waiting.
    pub(crate) fn len(&self) -> usize {
        self.gather.len()
    }

    /// Appends bytes that are nobody's item, or nothing at all.
    pub(crate) fn push_bytes(&mut self, pool: &Pool, bytes: &[u8]) -> Result<(), Exhausted> {
        self.gather.push_bytes(pool, bytes)?;
        self.queued += bytes.len() as u64;
        Ok(())
    }

    /// As [`Outlet::push_bytes`], for an answer to the peer that no credit bounds: [`Outlet::own_bytes`] says how many wait.
    pub(crate) fn push_own(&mut self, pool: &Pool, bytes: &[u8]) -> Result<(), Exhausted> {
        let from = self.queued;
        self.push_bytes(pool, bytes)?;
        match self.own.back_mut() {
            Some(last) if last.1 == from => last.1 = self.queued,
            _ => self.own.push_back((from, self.queued)),
        }
        self.own_bytes += bytes.len() as u64;
        Ok(())
    }

    /// Bytes waiting that are nobody's item.
    pub(crate) fn own_bytes(&self) -> usize {
        self.own_bytes as usize
    }

    /// Appends a payload whose header was just pushed. It is taken by reference when there is no block to copy it into.
    pub(crate) fn push_payload(&mut self, pool: &Pool, payload: Payload) -> Queued {
        self.queued += payload.bytes().len() as u64;
        match payload {
            Payload::Short { .. } => Queued::Copied(None),
            Payload::Lent(loan) => match self.gather.push_loan(pool, loan) {
                Some(returned) => Queued::Copied(Some(returned)),
                None => Queued::Kept,
            },
        }
    }

    /// Keeps an item's credit until everything queued so far is sent.
    pub(crate) fn mark(&mut self, from: ShardId, queued: Queued) {
        let block = match queued {
            Queued::Copied(Some(returned)) => Block::Here(returned),
            Queued::Copied(None) => Block::None,
            Queued::Kept => Block::InGather,
        };
        self.marks.push_back(Mark {
            end: self.queued,
            from,
            block,
        });
    }

    /// Whether the driver must be told that there is something to send.
    pub(crate) fn must_tell(&mut self) -> bool {
        let tell = !self.sending && !self.gather.is_empty();
        self.sending |= tell;
        tell
    }

    /// The driver sent `bytes`; `done` gets the items that are sent with that.
    pub(crate) fn advance(&mut self, bytes: usize, done: &mut Vec<Done>) {
        let before = self.gather.len();
        let finished = &mut self.finished;
        self.gather.advance(bytes, |piece| {
            if let Piece::Loan(loan) = piece {
                finished.push_back(loan.into_returned());
            }
        });
        self.sent += (before - self.gather.len()) as u64;
        self.sending = !self.gather.is_empty();
        self.forget_own();
        while self.marks.front().is_some_and(|mark| mark.end <= self.sent) {
            let Some(mark) = self.marks.pop_front() else {
                break;
            };
            let block = match mark.block {
                Block::None => None,
                Block::Here(returned) => Some(returned),
                Block::InGather => self.finished.pop_front(),
            };
            done.push((mark.from, block));
        }
    }

    /// What was sent of the link's own words waits no more.
    fn forget_own(&mut self) {
        while let Some(front) = self.own.front_mut() {
            let end = front.1.min(self.sent);
            self.own_bytes -= end.saturating_sub(front.0);
            front.0 = front.0.max(end);
            if front.0 < front.1 {
                return;
            }
            self.own.pop_front();
        }
    }

    /// Drops everything: the socket is gone.
    pub(crate) fn clear(&mut self, done: &mut Vec<Done>) {
        self.advance(self.gather.len(), done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use megaphone_pool::PoolConfig;

    const FROM: ShardId = ShardId(2);

    #[test]
    fn credits_go_home_when_the_last_byte_is_sent() {
        let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
        let mut outlet = Outlet::default();
        let mut done = Vec::new();
        let body = pool.copy_in(&[7; 1_000]).expect("a block");
        outlet.push_bytes(&pool, &[1; 16]).expect("a block");
        let queued = outlet.push_payload(&pool, Payload::lend(body));
        assert!(matches!(queued, Queued::Kept));
        outlet.mark(FROM, queued);
        let small = pool.copy_in(&[8; 10]).expect("a block");
        outlet.push_bytes(&pool, &[2; 16]).expect("a block");
        let queued = outlet.push_payload(&pool, Payload::lend(small));
        assert!(matches!(queued, Queued::Copied(Some(_))));
        outlet.mark(FROM, queued);
        assert!(outlet.must_tell() && !outlet.must_tell());

        outlet.advance(1_015, &mut done);
        assert!(done.is_empty());
        outlet.advance(1, &mut done);
        assert_eq!(done.len(), 1);
        assert!(outlet.gather.len() == 26 && !outlet.must_tell());
        outlet.clear(&mut done);
        assert_eq!(done.len(), 2);
        for (from, block) in done {
            assert_eq!(from, FROM);
            assert!(pool.take_back(block.expect("both carried a block")));
        }
        assert!(pool.is_whole() && !outlet.must_tell());
    }

    #[test]
    fn own_words_wait_until_they_are_sent() {
        let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
        let mut outlet = Outlet::default();
        let mut done = Vec::new();
        outlet.push_own(&pool, &[1; 10]).expect("a block");
        outlet.push_own(&pool, &[1; 10]).expect("a block");
        outlet.push_bytes(&pool, &[2; 100]).expect("a block");
        outlet.push_own(&pool, &[1; 10]).expect("a block");
        assert_eq!((outlet.own_bytes(), outlet.own.len()), (30, 2));
        for (bytes, left) in [(5, 25), (15, 10), (100, 10), (9, 1), (1, 0)] {
            outlet.advance(bytes, &mut done);
            assert_eq!(outlet.own_bytes(), left);
        }
        assert!(outlet.own.is_empty() && outlet.len() == 0);
    }
}
