//! A hierarchical timer wheel: many deadlines, constant work each, no surprise in any single call. It
//! reads no clock and calls nobody back.
//!
//! ```text
//! level 0   64 slots of one granule each         |.|.|h|.|.|.| ... |      h: where the hand stands
//! level 1   64 slots of 64 granules              |.|h|.|.|.|.| ... |
//! level 2   64 slots of 4,096 granules           |h|.|.|.|.|.| ... |      ... until u64 is covered
//! ```
//!
//! A timer sits on the level of the highest base-64 digit in which its granule differs from the hand's, in
//! the slot of that digit. So all timers of a level lie before all timers of the next one, and the first
//! occupied slot of the first occupied level holds the earliest. When the hand enters a slot above level
//! 0, its timers are dealt out to lower levels, oldest first; a timer moves at most once per level.

use crate::Tick;
use std::num::NonZeroU32;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Timers that one [`Wheel::pop`] moves between levels at most.
///
/// Small enough that a call stays in the low microseconds, large enough that a million timers due in the
/// same slot are dealt out within a few thousand calls per level.
pub const WORK_PER_POP_MAX: u32 = 256;

const SLOT_BITS: u32 = 6;
const SLOTS: usize = 1 << SLOT_BITS;
const LEVELS_MAX: usize = 64usize.div_ceil(SLOT_BITS as usize);
/// The index that means "no entry".
const NONE: u32 = u32::MAX;

/// The name of a timer in one [`Wheel`]; stale once it fired or was cancelled, even if its place is reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimerId {
    index: u32,
    generation: NonZeroU32,
}

/// Timers of key `K`, fired in the order of their deadlines, then of their insertion.
///
/// Deadlines are rounded **up** to the wheel's granularity, so a timer never fires early; two deadlines in
/// the same granule fire in the order of their insertion. A deadline behind the hand (already past at the
/// last [`Wheel::pop`]) counts as the hand's granule.
///
/// An entry takes 24 bytes beside its `Option<K>`; cancelled and fired entries are reused. Start with
/// [`Wheel::with_capacity`] where growing (one copy of the table) is unwelcome.
#[derive(Debug)]
pub struct Wheel<K> {
    granularity_ns: u64,
    /// Granule up to which everything has fired or is in a level-0 slot or being dealt out.
    hand: u64,
    /// The slot above level 0 that contains the hand and is still being dealt out.
    dealing: Option<Home>,
    /// Per level, a bit for every slot that has timers.
    occupied: [u64; LEVELS_MAX],
    slots: Box<[Slot]>,
    entries: Vec<Entry<K>>,
    free: u32,
    live: u32,
    moves: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    head: u32,
    tail: u32,
}

#[derive(Debug)]
struct Entry<K> {
    granule: u64,
    next: u32,
    prev: u32,
    generation: NonZeroU32,
    home: Home,
    key: Option<K>,
}

/// A slot of the wheel: `level * 64 + slot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home(u16);

impl Home {
    fn new(level: usize, slot: u64) -> Home {
        Home((level * SLOTS) as u16 | slot as u16)
    }

    fn level(self) -> usize {
        usize::from(self.0) / SLOTS
    }

    fn slot(self) -> usize {
        usize::from(self.0) % SLOTS
    }
}

impl<K> Wheel<K> {
    /// An empty wheel whose deadlines are rounded up to multiples of `granularity` (1 ns at least).
    #[must_use]
    pub fn new(granularity: Duration) -> Wheel<K> {
        Wheel::with_capacity(granularity, 0)
    }

    /// As [`Wheel::new`], with room for `timers` of them before the table has to grow.
    #[must_use]
    pub fn with_capacity(granularity: Duration, timers: usize) -> Wheel<K> {
        let granularity_ns = u64::try_from(granularity.as_nanos())
            .unwrap_or(u64::MAX)
            .max(1);
        let granule_bits = u64::BITS - u64::MAX.div_ceil(granularity_ns).leading_zeros();
        let levels = granule_bits.div_ceil(SLOT_BITS) as usize;
        Wheel {
            granularity_ns,
            hand: 0,
            dealing: None,
            occupied: [0; LEVELS_MAX],
            slots: vec![
                Slot {
                    head: NONE,
                    tail: NONE
                };
                levels * SLOTS
            ]
            .into(),
            entries: Vec::with_capacity(timers),
            free: NONE,
            live: 0,
            moves: 0,
        }
    }

    /// How many timers are waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.live as usize
    }

    /// True if no timer is waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How often a timer was moved from one level to a lower one since the wheel exists: the wheel's work
    /// beyond insertion and removal.
    #[must_use]
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// Sets a timer that yields `key` at `at`, rounded up to the granularity.
    ///
    /// # Panics
    /// If 4,294,967,295 timers are waiting already (a hundred gigabytes of them).
    pub fn insert(&mut self, at: Tick, key: K) -> TimerId {
        let granule = self.granule_of(at);
        let index = self.allocate(granule, key);
        self.live += 1;
        let home = self.home_of_new(granule);
        self.append(home, index);
        TimerId {
            index,
            generation: self.entries[index as usize].generation,
        }
    }

    /// Takes a timer back and returns its key; `None` if it has fired or was cancelled.
    pub fn cancel(&mut self, id: TimerId) -> Option<K> {
        self.live_entry(id)?;
        self.unlink(id.index);
        self.release(id.index)
    }

    /// Moves a timer to another moment, as if newly inserted but under the same name; false if it has
    /// fired or was cancelled.
    pub fn reschedule(&mut self, id: TimerId, at: Tick) -> bool {
        if self.live_entry(id).is_none() {
            return false;
        }
        let granule = self.granule_of(at);
        self.unlink(id.index);
        self.entries[id.index as usize].granule = granule;
        let home = self.home_of_new(granule);
        self.append(home, id.index);
        true
    }

    /// The key of a waiting timer.
    #[must_use]
    pub fn get(&self, id: TimerId) -> Option<&K> {
        self.live_entry(id)?.key.as_ref()
    }

    /// The earliest moment at which [`Wheel::pop`] has something to do: to fire a timer, or to deal a slot
    /// out. Never later than the earliest timer; `None` if there is none.
    ///
    /// After a `pop(now)` that returned `None`, a deadline not after `now` says that the call's work was
    /// used up and that the next call goes on.
    #[must_use]
    pub fn deadline(&self) -> Option<Tick> {
        if self.dealing.is_some() {
            return Some(self.tick_of(self.hand));
        }
        let (home, start) = self.first()?;
        let slot = self.slots[usize::from(home.0)];
        // A lone timer is the earliest of all: sleep through to it instead of waking at its slot's start.
        let granule = if slot.head == slot.tail {
            self.entries[slot.head as usize].granule
        } else {
            start
        };
        Some(self.tick_of(granule))
    }

    /// Fires one timer that is due at `now`: the earliest, and of equals the one set first.
    ///
    /// `None` if nothing is due, or if [`WORK_PER_POP_MAX`] moves were spent before the earliest timer was
    /// found; [`Wheel::deadline`] tells which. Callers bound their own step by the number of calls.
    pub fn pop(&mut self, now: Tick) -> Option<K> {
        let due = now.0 / self.granularity_ns;
        let mut work = WORK_PER_POP_MAX;
        loop {
            if let Some(home) = self.dealing {
                work = self.deal_out(home, work)?;
            }
            match self.first() {
                Some((home, start)) if start <= due => {
                    self.hand = start;
                    if home.level() == 0 {
                        let index = self.slots[usize::from(home.0)].head;
                        self.unlink(index);
                        return self.release(index);
                    }
                    self.dealing = Some(home);
                }
                // Nothing lies between the hand and `due`, so the hand may go there.
                _ => {
                    self.hand = self.hand.max(due);
                    return None;
                }
            }
        }
    }

    /// Moves timers of `home` to lower levels; the work left, or `None` when it ran out before the end.
    fn deal_out(&mut self, home: Home, mut work: u32) -> Option<u32> {
        loop {
            let index = self.slots[usize::from(home.0)].head;
            if index == NONE {
                return Some(work);
            }
            work = work.checked_sub(1)?;
            self.moves += 1;
            self.unlink(index);
            let lower = self.home_by_digits(self.entries[index as usize].granule);
            self.append(lower, index);
        }
    }

    /// The first occupied slot of the first occupied level, and the granule at which it starts.
    fn first(&self) -> Option<(Home, u64)> {
        let level = self.occupied.iter().position(|&bits| bits != 0)?;
        let slot = u64::from(self.occupied[level].trailing_zeros());
        let shift = level as u32 * SLOT_BITS;
        let above = self.hand.checked_shr(shift + SLOT_BITS).unwrap_or(0);
        let start = above.checked_shl(shift + SLOT_BITS).unwrap_or(0) | slot << shift;
        Some((Home::new(level, slot), start))
    }

    /// Where a timer belongs that is set now.
    fn home_of_new(&self, granule: u64) -> Home {
        let home = self.home_by_digits(granule);
        match self.dealing {
            // Its equals may still wait in the slot being dealt out: behind them, or it would overtake.
            Some(dealing) if home.level() < dealing.level() => dealing,
            _ => home,
        }
    }

    /// Level and slot of the highest base-64 digit that differs from the hand's.
    fn home_by_digits(&self, granule: u64) -> Home {
        let highest_bit = (granule ^ self.hand).checked_ilog2().unwrap_or(0);
        let level = highest_bit / SLOT_BITS;
        Home::new(
            level as usize,
            granule >> (level * SLOT_BITS) & (SLOTS as u64 - 1),
        )
    }

    /// The granule in which a timer for `at` fires.
    fn granule_of(&self, at: Tick) -> u64 {
        at.0.div_ceil(self.granularity_ns).max(self.hand)
    }

    /// The moment at which a granule is reached.
    fn tick_of(&self, granule: u64) -> Tick {
        Tick(granule.saturating_mul(self.granularity_ns))
    }

    fn live_entry(&self, id: TimerId) -> Option<&Entry<K>> {
        let entry = self.entries.get(id.index as usize)?;
        (entry.generation == id.generation && entry.key.is_some()).then_some(entry)
    }

    /// An entry that holds `key` and is in no list yet.
    fn allocate(&mut self, granule: u64, key: K) -> u32 {
        let home = Home(0);
        if let Some(entry) = self.entries.get_mut(self.free as usize) {
            let index = self.free;
            self.free = entry.next;
            *entry = Entry {
                granule,
                next: NONE,
                prev: NONE,
                generation: entry.generation,
                home,
                key: Some(key),
            };
            return index;
        }
        let index = self.entries.len() as u32;
        assert!(
            self.entries.len() < NONE as usize,
            "a wheel holds at most u32::MAX - 1 timers"
        );
        let generation = NonZeroU32::MIN;
        self.entries.push(Entry {
            granule,
            next: NONE,
            prev: NONE,
            generation,
            home,
            key: Some(key),
        });
        index
    }

    /// Gives an unlinked entry back and makes its names stale; its key.
    fn release(&mut self, index: u32) -> Option<K> {
        let entry = &mut self.entries[index as usize];
        entry.generation = entry.generation.checked_add(1).unwrap_or(NonZeroU32::MIN);
        entry.next = self.free;
        self.free = index;
        self.live -= 1;
        entry.key.take()
    }

    /// Puts an entry at the end of a slot's list.
    fn append(&mut self, home: Home, index: u32) {
        let slot = &mut self.slots[usize::from(home.0)];
        let prev = std::mem::replace(&mut slot.tail, index);
        match self.entries.get_mut(prev as usize) {
            Some(last) => last.next = index,
            None => slot.head = index,
        }
        self.occupied[home.level()] |= 1 << home.slot();
        let entry = &mut self.entries[index as usize];
        (entry.prev, entry.next, entry.home) = (prev, NONE, home);
    }

    /// Takes an entry out of its slot's list; the last one ends a dealing-out.
    fn unlink(&mut self, index: u32) {
        let Entry {
            prev, next, home, ..
        } = self.entries[index as usize];
        let slot = &mut self.slots[usize::from(home.0)];
        match self.entries.get_mut(prev as usize) {
            Some(before) => before.next = next,
            None => slot.head = next,
        }
        match self.entries.get_mut(next as usize) {
            Some(after) => after.prev = prev,
            None => slot.tail = prev,
        }
        if slot.head == NONE {
            self.occupied[home.level()] &= !(1 << home.slot());
            if self.dealing == Some(home) {
                self.dealing = None;
            }
        }
    }
}

/// A wheel of 1 ms granules: fine enough for every protocol timer, coarse enough to gather wake-ups.
impl<K> Default for Wheel<K> {
    fn default() -> Wheel<K> {
        Wheel::new(Duration::from_millis(1))
    }
}
