//! Peers on UDP over IPv6, by a number: their addresses do not fit into the 64 bits of a channel.

use super::channel::{Channel, Endpoint};
use crate::contract::ListenerId;
use foldhash::quality::FixedState;
use std::collections::HashMap;

/// One peer's way.
#[derive(Clone, Copy, Debug)]
struct Row {
    listener: ListenerId,
    to: Endpoint,
    /// Counts the uses of this row, so that a channel of a former one is recognised.
    life: u32,
    /// Associations that send here: a row with none may be used for another peer.
    pins: u32,
    /// Whether a message came since the hand last passed.
    recent: bool,
}

/// The table. When it is full, rows without associations are used again, those first that were quiet longest.
#[derive(Debug)]
pub(crate) struct Peers {
    rows: Vec<Row>,
    by_address: HashMap<(ListenerId, Endpoint), u32, FixedState>,
    most: usize,
    hand: usize,
}

impl Peers {
    pub(crate) fn new(most: u32, seed: u64) -> Peers {
        Peers {
            rows: Vec::new(),
            by_address: HashMap::with_hasher(FixedState::with_seed(seed)),
            most: most as usize,
            hand: 0,
        }
    }

    /// Rows in use.
    pub(crate) fn len(&self) -> usize {
        self.by_address.len()
    }

    /// The channel to a peer; `None` if the table is full of peers with associations.
    pub(crate) fn channel(&mut self, listener: ListenerId, to: Endpoint) -> Option<Channel> {
        if let Some(&at) = self.by_address.get(&(listener, to)) {
            let row = self.rows.get_mut(at as usize)?;
            row.recent = true;
            return Some(Channel::Ip6(at, row.life));
        }
        let row = Row {
            listener,
            to,
            life: 1,
            pins: 0,
            recent: true,
        };
        let at = if self.rows.len() < self.most {
            self.rows.push(row);
            self.rows.len() - 1
        } else {
            let at = self.victim()?;
            let old = self.rows[at];
            self.by_address.remove(&(old.listener, old.to));
            let life = old.life.wrapping_add(1) & ((1 << 30) - 1);
            self.rows[at] = Row { life, ..row };
            at
        };
        self.by_address.insert((listener, to), at as u32);
        Some(Channel::Ip6(at as u32, self.rows[at].life))
    }

    /// A row without associations, by second chance.
    fn victim(&mut self) -> Option<usize> {
        for _ in 0..2 * self.rows.len() {
            let at = self.hand;
            self.hand = (self.hand + 1) % self.rows.len();
            let row = &mut self.rows[at];
            if row.pins == 0 && !std::mem::take(&mut row.recent) {
                return Some(at);
            }
        }
        None
    }

    /// Where a channel leads; `None` if its row has another use now.
    pub(crate) fn way(&self, at: u32, life: u32) -> Option<(ListenerId, Endpoint)> {
        let row = self.rows.get(at as usize)?;
        (row.life == life).then_some((row.listener, row.to))
    }

    /// An association sends to this channel from now on, or no more.
    pub(crate) fn pin(&mut self, channel: Option<Channel>, on: bool) {
        let Some(Channel::Ip6(at, life)) = channel else {
            return;
        };
        if let Some(row) = self.rows.get_mut(at as usize)
            && row.life == life
        {
            row.pins = if on {
                row.pins + 1
            } else {
                row.pins.saturating_sub(1)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn peer(number: u16) -> Endpoint {
        let address: SocketAddr = format!("[2001:db8::{number:x}]:2944")
            .parse()
            .expect("an address");
        address.into()
    }

    #[test]
    fn a_full_table_keeps_peers_with_associations_and_gives_away_quiet_ones() {
        let mut peers = Peers::new(2, 1);
        let home = ListenerId(0);
        let first = peers.channel(home, peer(1));
        let second = peers.channel(home, peer(2));
        assert_eq!(
            peers.channel(home, peer(1)),
            first,
            "one peer has one channel"
        );
        peers.pin(first, true);
        let third = peers.channel(home, peer(3));
        assert!(third.is_some() && peers.len() == 2);
        let Some(Channel::Ip6(at, life)) = second else {
            panic!("a channel over IPv6");
        };
        assert_eq!(peers.way(at, life), None, "the row has another use now");
        peers.pin(third, true);
        assert_eq!(
            peers.channel(home, peer(4)),
            None,
            "all have associations: limit + 1"
        );
        peers.pin(third, false);
        assert!(peers.channel(home, peer(4)).is_some());
        let Some(Channel::Ip6(at, life)) = first else {
            panic!("a channel over IPv6");
        };
        assert_eq!(peers.way(at, life), Some((home, peer(1))));
    }
}
