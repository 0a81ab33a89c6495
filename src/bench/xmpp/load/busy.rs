//! What only a user has to whom something happens: bytes on their way in or out, and the place in its login. Records are used again.

use crate::bench::xmpp::sasl::Scram;
use megaphone_frame::Expect;
use megaphone_frame::stanza::Phase;
use megaphone_pool::{Gather, Pool};

/// "No record."
pub(super) const NONE: u32 = u32::MAX;

/// The record of one user.
#[derive(Debug)]
pub(super) struct Busy {
    pub(super) input: Gather,
    pub(super) expect: Expect,
    pub(super) outgoing: Gather,
    pub(super) scram: Option<Box<Scram>>,
}

/// All records, used and free.
#[derive(Debug, Default)]
pub(super) struct Busies {
    records: Vec<Busy>,
    free: Vec<u32>,
}

impl Busies {
    /// The record at `index`, or a new one whose place is noted there.
    pub(super) fn of(&mut self, index: &mut u32, phase: Phase, pool: &Pool) -> &mut Busy {
        if *index == NONE {
            *index = self.free.pop().unwrap_or(self.records.len() as u32);
            if *index as usize == self.records.len() {
                self.records.push(Busy {
                    input: pool.gather(),
                    expect: Expect::default(),
                    outgoing: pool.gather(),
                    scram: None,
                });
            }
            self.records[*index as usize].expect = Expect::at(phase);
        }
        &mut self.records[*index as usize]
    }

    /// Where the stream of a user stands to whom nothing is happening; `None` if something is.
    pub(super) fn spent(&self, index: u32) -> Option<Expect> {
        let busy = self.records.get(index as usize)?;
        let spent = busy.input.is_empty() && busy.outgoing.is_empty() && busy.scram.is_none();
        spent.then_some(busy.expect)
    }

    /// Gives a record back.
    pub(super) fn give(&mut self, index: &mut u32) {
        let at = std::mem::replace(index, NONE);
        if let Some(busy) = self.records.get_mut(at as usize) {
            busy.input.clear();
            busy.outgoing.clear();
            busy.scram = None;
            self.free.push(at);
        }
    }

    /// What is to be sent for a user.
    pub(super) fn outgoing(&self, index: u32) -> Option<&Gather> {
        self.records.get(index as usize).map(|busy| &busy.outgoing)
    }
}
