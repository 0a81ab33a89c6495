//! Doorbells: which shards sleep, and who has news for whom. It does not know how a shard is woken; that is the driver's business.
//!
//! # Why no wake-up is lost
//!
//! ```text
//!   sender                                sleeper
//!   publish, set the news bit             sleep = ASLEEP
//!   fence                                 fence
//!   asleep?  yes: AWAKE and ring          news?  yes: AWAKE and work on; no: sleep
//! ```
//!
//! Of two sequentially consistent fences one comes first. If the sender's does, the sleeper sees the bit; if the sleeper's
//! does, the sender sees the word. The word is written by swaps alone: of many senders one rings, and its writes by the
//! sleeper and by senders stand in one order.
//!
//! A shard that needs no return to go on may sleep more lightly: `DOZING`, it is not rung for returns alone. They wait in their ring
//! until it wakes for something else; their news bits stay set.

use crate::sync::{Arc, AtomicU32, AtomicU64, Ordering, fence};
use crossbeam_utils::CachePadded;
use std::mem::size_of;

/// At work.
const AWAKE: u32 = 0;
/// Not to be woken for returns alone.
const DOZING: u32 = 1;
/// To be woken for anything.
const ASLEEP: u32 = 2;

/// The doorbells of all shards.
pub(crate) struct Bells {
    doors: Box<[Door]>,
}

/// One shard's side of the street.
struct Door {
    sleep: CachePadded<AtomicU32>,
    /// One bit per source shard: it has published something since the bit was last taken.
    news: Box<[AtomicU64]>,
}

impl Bells {
    pub(crate) fn new(shards: u16) -> Self {
        let door = |_| Door {
            sleep: CachePadded::new(AtomicU32::new(AWAKE)),
            news: (0..words(shards)).map(|_| AtomicU64::new(0)).collect(),
        };
        Self {
            doors: (0..shards).map(door).collect(),
        }
    }

    pub(crate) fn memory_bytes(shards: u16) -> usize {
        usize::from(shards) * (size_of::<Door>() + words(shards) * size_of::<AtomicU64>())
    }

    /// Says that `from` has published something for `to`.
    pub(crate) fn announce(&self, from: u16, to: u16) {
        let (word, bit) = position(from);
        self.doors[usize::from(to)].news[word].fetch_or(bit, Ordering::Release);
    }

    /// Whether the caller must wake `to`, for items or for returns alone. Call it after a sequentially consistent fence that follows
    /// the announcement.
    pub(crate) fn must_ring(&self, to: u16, for_items: bool) -> bool {
        let sleep = &self.doors[usize::from(to)].sleep;
        match sleep.load(Ordering::Relaxed) {
            AWAKE => false,
            DOZING if !for_items => false,
            // It may have woken and dozed off meanwhile: whoever changes the word rings.
            _ => sleep.swap(AWAKE, Ordering::Relaxed) != AWAKE,
        }
    }

    /// Takes the news bits of `shard`, word by word.
    pub(crate) fn take_news(&self, shard: u16, mut each: impl FnMut(usize, u64)) {
        for (index, word) in self.doors[usize::from(shard)].news.iter().enumerate() {
            if word.load(Ordering::Relaxed) != 0 {
                each(index, word.swap(0, Ordering::Acquire));
            }
        }
    }

    /// Declares `shard` asleep, to be woken for returns too or not; false, and it is awake again, if there is news for it.
    pub(crate) fn sleep(&self, shard: u16, returns_wake: bool) -> bool {
        let door = &self.doors[usize::from(shard)];
        let depth = if returns_wake { ASLEEP } else { DOZING };
        door.sleep.swap(depth, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let quiet = !self.has_news(shard);
        if !quiet {
            door.sleep.swap(AWAKE, Ordering::Relaxed);
        }
        quiet
    }

    /// Whether some shard has published something for `shard` since the bits were last taken.
    pub(crate) fn has_news(&self, shard: u16) -> bool {
        let news = &self.doors[usize::from(shard)].news;
        news.iter().any(|word| word.load(Ordering::Relaxed) != 0)
    }

    /// Declares `shard` awake.
    pub(crate) fn wake(&self, shard: u16) {
        self.doors[usize::from(shard)]
            .sleep
            .store(AWAKE, Ordering::Relaxed);
    }
}

/// Words of 64 bits for one bit per shard.
pub(crate) fn words(shards: u16) -> usize {
    usize::from(shards).div_ceil(64)
}

/// The word and the bit of a shard.
pub(crate) fn position(shard: u16) -> (usize, u64) {
    (usize::from(shard / 64), 1 << (shard % 64))
}

/// One shard's doorbell for parties outside the mesh, such as a control mailbox.
#[derive(Clone)]
pub struct Bell {
    pub(crate) bells: Arc<Bells>,
    pub(crate) shard: u16,
}

impl Bell {
    /// Asks, after something was made visible to the shard by other means, whether the shard must be woken for it.
    ///
    /// The shard's side is: [`crate::Port::sleep`], then a look at that other place, then sleep.
    #[must_use]
    pub fn must_ring(&self) -> bool {
        fence(Ordering::SeqCst);
        self.bells.must_ring(self.shard, true)
    }
}
