//! One shard's end of all its lanes: it counts credits, and that is what makes the rings sound.

use crate::Return;
use crate::bell::{Bell, Bells};
use crate::lane::Lanes;
use crate::news::Walk;
use crate::sync::{Arc, Ordering, fence};
use std::fmt;
use std::mem::size_of;

/// What all ports share.
struct Shared<T> {
    shards: u16,
    capacity: u32,
    items: Lanes<T>,
    returns: Lanes<Return>,
}

impl<T> Shared<T> {
    fn lane(&self, from: u16, to: u16) -> usize {
        usize::from(from) * usize::from(self.shards) + usize::from(to)
    }
}

/// What a port knows of one peer. All numbers count up and wrap.
#[derive(Clone, Copy, Default)]
struct Peer {
    /// Items sent to it.
    sent: u32,
    /// Returns taken from it: `sent - settled` items are unanswered, at most the capacity.
    settled: u32,
    /// Items taken from it.
    received: u32,
    /// Returns given to it: at most `received`.
    answered: u32,
    /// Something for it is written and not yet published.
    unpublished: bool,
    /// Items are among that.
    items_unpublished: bool,
}

/// One shard's end of the mesh.
///
/// A driver's loop: [`Port::next_return`] and [`Port::next_item`] in bounded batches, [`Port::send`] and [`Port::give_back`] as the machine
/// says, [`Port::flush`] once per turn, and before it blocks [`Port::sleep`].
pub struct Port<T> {
    me: u16,
    shared: Arc<Shared<T>>,
    bells: Arc<Bells>,
    peers: Box<[Peer]>,
    unpublished: Vec<u16>,
    items: Walk,
    returns: Walk,
}

/// A value that the mesh did not take, with the reason. It means that somebody miscounted: a bug, to be counted as one.
pub struct Refused<V> {
    /// The value, so that nothing is lost silently.
    pub value: V,
    /// Why.
    pub reason: Refusal,
}

impl<V> fmt::Debug for Refused<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused")
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Why a port did not take a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such shard, or it is the port's own.
    NoSuchPeer,
    /// All credits of the lane are spent.
    NoCredit,
    /// All items received from that shard are answered already.
    NothingToAnswer,
}

/// There is work: do not sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work;

/// Makes the ports of a mesh of `shards` shards with `capacity` items per lane, one port per shard in order.
///
/// # Panics
///
/// If `capacity` is 0 or above 2^16: a configuration error that the caller has to exclude.
#[must_use]
pub fn mesh<T: Send>(shards: u16, capacity: u32) -> Vec<Port<T>> {
    assert!(
        (1..=1 << 16).contains(&capacity),
        "mesh capacity {capacity} is not within 1..=65536"
    );
    let lanes = usize::from(shards) * usize::from(shards);
    let shared = Arc::new(Shared {
        shards,
        capacity,
        items: Lanes::new(lanes, capacity),
        returns: Lanes::new(lanes, capacity),
    });
    let bells = Arc::new(Bells::new(shards));
    let port = |me| Port {
        me,
        shared: Arc::clone(&shared),
        bells: Arc::clone(&bells),
        peers: vec![Peer::default(); usize::from(shards)].into(),
        unpublished: Vec::with_capacity(usize::from(shards)),
        items: Walk::new(shards),
        returns: Walk::new(shards),
    };
    (0..shards).map(port).collect()
}

/// Bytes that [`mesh`] with these arguments reserves. Slots which no item has reached are address space only, not memory.
#[must_use]
pub fn memory_bytes<T>(shards: u16, capacity: u32) -> usize {
    let lanes = usize::from(shards) * usize::from(shards);
    let port = size_of::<Port<T>>()
        + usize::from(shards) * (size_of::<Peer>() + size_of::<u16>()) // peers, unpublished
        + 2 * Walk::memory_bytes(shards); // items, returns
    Lanes::<T>::memory_bytes(lanes, capacity)
        + Lanes::<Return>::memory_bytes(lanes, capacity)
        + Bells::memory_bytes(shards)
        + usize::from(shards) * port
}

impl<T: Send> Port<T> {
    /// The shard this port belongs to.
    #[must_use]
    pub fn shard(&self) -> u16 {
        self.me
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.shared.shards
    }

    /// Items per lane that may be unanswered.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.shared.capacity
    }

    /// Items sent to `to` and not answered yet.
    #[must_use]
    pub fn outstanding(&self, to: u16) -> u32 {
        self.peers
            .get(usize::from(to))
            .map_or(0, |peer| peer.sent.wrapping_sub(peer.settled))
    }

    /// This shard's doorbell, for others than its peers.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell {
            bells: Arc::clone(&self.bells),
            shard: self.me,
        }
    }

    /// Writes an item for `to`; [`Port::flush`] publishes it.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the item if the lane's credits are spent or there is no such peer: a bug of the caller.
    pub fn send(&mut self, to: u16, item: T) -> Result<(), Refused<T>> {
        let me = self.me;
        let Some(peer) = self.peers.get_mut(usize::from(to)).filter(|_| to != me) else {
            return Err(Refused {
                value: item,
                reason: Refusal::NoSuchPeer,
            });
        };
        if peer.sent.wrapping_sub(peer.settled) >= self.shared.capacity {
            return Err(Refused {
                value: item,
                reason: Refusal::NoCredit,
            });
        }
        let lane = self.shared.lane(self.me, to);
        // SAFETY: this port is the only writer of items on this lane, and the credit proves that the slot was taken.
        unsafe { self.shared.items.write(lane, peer.sent, item) };
        peer.sent = peer.sent.wrapping_add(1);
        peer.items_unpublished = true;
        self.mark_unpublished(to);
        Ok(())
    }

    /// Writes the return for an item that came from `to`; [`Port::flush`] publishes it.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the return if nothing from that shard is unanswered: a bug of the caller.
    pub fn give_back(&mut self, to: u16, back: Return) -> Result<(), Refused<Return>> {
        let Some(peer) = self.peers.get_mut(usize::from(to)) else {
            return Err(Refused {
                value: back,
                reason: Refusal::NoSuchPeer,
            });
        };
        if peer.answered == peer.received {
            return Err(Refused {
                value: back,
                reason: Refusal::NothingToAnswer,
            });
        }
        let lane = self.shared.lane(to, self.me);
        // SAFETY: this port is the only writer of returns on this lane, and an item that was taken and not answered proves
        // that the slot was taken.
        unsafe { self.shared.returns.write(lane, peer.answered, back) };
        peer.answered = peer.answered.wrapping_add(1);
        self.mark_unpublished(to);
        Ok(())
    }

    fn mark_unpublished(&mut self, to: u16) {
        let peer = &mut self.peers[usize::from(to)];
        if !peer.unpublished {
            peer.unpublished = true;
            self.unpublished.push(to);
        }
    }

    /// Publishes what was written since the last flush, and calls `ring` for each peer that sleeps and must be woken.
    pub fn flush(&mut self, mut ring: impl FnMut(u16)) {
        if self.unpublished.is_empty() {
            return;
        }
        self.publish();
        fence(Ordering::SeqCst);
        for to in self.unpublished.drain(..) {
            let peer = &mut self.peers[usize::from(to)];
            peer.unpublished = false;
            if self
                .bells
                .must_ring(to, std::mem::take(&mut peer.items_unpublished))
            {
                ring(to);
            }
        }
    }

    fn publish(&self) {
        for &to in &self.unpublished {
            let peer = &self.peers[usize::from(to)];
            self.shared
                .items
                .publish(self.shared.lane(self.me, to), peer.sent);
            self.shared
                .returns
                .publish(self.shared.lane(to, self.me), peer.answered);
            self.bells.announce(self.me, to);
        }
    }

    /// Whether there may be an item or a return to take: a look at this shard's own words alone, for the turns that have none.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.serving()
            || !self.items.is_empty()
            || !self.returns.is_empty()
            || self.bells.has_news(self.me)
    }

    /// The next item and its source, in order per source, fairly among sources.
    pub fn next_item(&mut self) -> Option<(u16, T)> {
        loop {
            let (from, until) = self.items.current();
            let peer = &mut self.peers[usize::from(from)];
            let lane = self.shared.lane(from, self.me);
            if peer.received != until {
                // SAFETY: this port is the only reader of items on this lane; `until` was read from its write position.
                let item = unsafe { self.shared.items.take(lane, peer.received) };
                peer.received = peer.received.wrapping_add(1);
                return Some((from, item));
            }
            let source = self.items.next_source().or_else(|| {
                self.collect();
                self.items.next_source()
            })?;
            let until = self
                .shared
                .items
                .published(self.shared.lane(source, self.me));
            self.items.serve(source, until);
        }
    }

    /// The next return and the shard that had the item.
    pub fn next_return(&mut self) -> Option<(u16, Return)> {
        loop {
            let (from, until) = self.returns.current();
            let peer = &mut self.peers[usize::from(from)];
            let lane = self.shared.lane(self.me, from);
            if peer.settled != until {
                // SAFETY: this port is the only reader of returns on this lane; `until` was read from its write position.
                let back = unsafe { self.shared.returns.take(lane, peer.settled) };
                peer.settled = peer.settled.wrapping_add(1);
                return Some((from, back));
            }
            let source = self.returns.next_source().or_else(|| {
                self.collect();
                self.returns.next_source()
            })?;
            let until = self
                .shared
                .returns
                .published(self.shared.lane(self.me, source));
            self.returns.serve(source, until);
        }
    }

    /// Moves the news of this shard from the shared bits to the two walks.
    fn collect(&mut self) {
        let Self { items, returns, .. } = self;
        self.bells.take_news(self.me, |word, bits| {
            items.add(word, bits);
            returns.add(word, bits);
        });
    }

    /// Declares this shard asleep: the next peer that publishes items for it will ring, and one that publishes returns alone if
    /// `returns_wake`. Without it, returns wait until the shard wakes for another reason.
    ///
    /// # Errors
    ///
    /// [`Work`] if there is something to take or to flush: the shard is awake then and should go on.
    pub fn sleep(&mut self, returns_wake: bool) -> Result<(), Work> {
        let busy = !self.unpublished.is_empty()
            || !self.items.is_empty()
            || !self.returns.is_empty()
            || self.serving()
            || !self.bells.sleep(self.me, returns_wake);
        if busy { Err(Work) } else { Ok(()) }
    }

    /// Whether a walk is inside a published stretch.
    fn serving(&self) -> bool {
        let (item_source, items_until) = self.items.current();
        let (return_source, returns_until) = self.returns.current();
        self.peers[usize::from(item_source)].received != items_until
            || self.peers[usize::from(return_source)].settled != returns_until
    }

    /// Declares this shard awake: peers need not ring.
    pub fn wake(&mut self) {
        self.bells.wake(self.me);
    }
}

impl<T> Drop for Port<T> {
    /// Publishes what is written and leaves the lanes; what nobody took is dropped with the last port.
    fn drop(&mut self) {
        for (index, peer) in self.peers.iter().enumerate() {
            let Ok(other) = u16::try_from(index) else {
                continue;
            };
            let outward = self.shared.lane(self.me, other);
            let inward = self.shared.lane(other, self.me);
            self.shared.items.publish(outward, peer.sent);
            self.shared.returns.publish(inward, peer.answered);
            self.shared.items.leave(inward, peer.received);
            self.shared.returns.leave(outward, peer.settled);
        }
    }
}
