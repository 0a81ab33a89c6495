//! Credits for the lanes of the mesh: how many items this shard may have under way to each other shard, and for what.
//!
//! A lane's capacity is divided, once and for all, into **accounts**. Each item is paid from one account and its return credits
//! that account again. So no kind of traffic can take the lane from another:
//!
//! ```text
//!  capacity = control              link status, acknowledgements, hand-overs: answered at once
//!           + inbound              packets from links of the sender to sessions of the receiver: answered by itself
//!           + per_link x links     packets from sessions of the sender to each link of the receiver: answered when sent
//!           + opens x links        their OPENs: answered when sent, at the pace that the backend takes
//!           + h248 x 2             where H.248 is spoken: messages to their home shard, and from there to sockets
//! ```
//!
//! Packets for links, and OPENs, can wait for the world outside, and then they hold their own link's account and no other. Control, packets for
//! sessions (those at a pace while the pool is low) and H.248 messages to sockets are answered without waiting for anybody. Messages
//! to a home shard are answered at once too, unless too many of its own messages wait for credit to the sender's sockets: then they
//! wait for those, which wait for nobody. So the mesh cannot lock up, even with one credit per account.

use crate::contract::ShardId;

/// How a lane's capacity is divided. "Capacity 1" of a mesh means 1 in each account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneBudget {
    /// Items of control.
    pub control: u32,
    /// Packets for sessions.
    pub inbound: u32,
    /// Packets for each link.
    pub per_link: u32,
    /// OPENs for each link.
    pub opens: u32,
    /// H.248 messages, each way; not part of a lane where no H.248 is spoken.
    pub h248: u32,
}

impl LaneBudget {
    /// The same number for each account.
    #[must_use]
    pub const fn uniform(items: u32) -> LaneBudget {
        LaneBudget {
            control: items,
            inbound: items,
            per_link: items,
            opens: items,
            h248: items,
        }
    }

    /// The default for so many shards. Lanes are as many as the square of that, so few shards can have longer ones: what is under way
    /// on a lane is what its two shards do for each other in one turn, and each turn of a sleeping one costs a wake-up.
    #[must_use]
    pub fn for_shards(shards: u16) -> LaneBudget {
        let default = LaneBudget::default();
        let times = match shards {
            0..=26 => 4,
            27..=38 => 2,
            _ => 1,
        };
        LaneBudget {
            inbound: default.inbound * times,
            per_link: default.per_link * times,
            ..default
        }
    }

    /// What a lane must hold when each shard is home to `links` links at most, and speaks H.248 or not.
    #[must_use]
    pub const fn capacity(&self, links: u32, h248: bool) -> u32 {
        let h248 = if h248 { 2 * self.h248 } else { 0 };
        let of_link = self.per_link.saturating_add(self.opens);
        self.control + self.inbound + of_link.saturating_mul(links) + h248
    }
}

impl Default for LaneBudget {
    /// 8 + 24 + (20 + 4) for each link: 128 items of 64 bytes with 4 links. H.248 has 32 each way.
    fn default() -> LaneBudget {
        LaneBudget {
            control: 8,
            inbound: 24,
            per_link: 20,
            opens: 4,
            h248: 32,
        }
    }
}

/// Which account of a lane an item is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    /// Link status, acknowledgements, hand-overs.
    Control,
    /// Packets for sessions.
    Inbound,
    /// H.248 messages for associations at home there.
    ToHome,
    /// H.248 messages for sockets.
    ToGateway,
    /// Packets for the link at that place.
    Link(u16),
    /// OPENs for it.
    Open(u16),
}

impl Account {
    const CONTROL: u32 = 0;
    const INBOUND: u32 = 1;
    const TO_HOME: u32 = 2;
    const TO_GATEWAY: u32 = 3;
    const LINKS: u32 = 4;

    /// The tag that an item's return carries.
    pub(crate) const fn tag(self) -> u32 {
        match self {
            Account::Control => Self::CONTROL,
            Account::Inbound => Self::INBOUND,
            Account::ToHome => Self::TO_HOME,
            Account::ToGateway => Self::TO_GATEWAY,
            Account::Link(place) => Self::LINKS + 2 * place as u32,
            Account::Open(place) => Self::LINKS + 2 * place as u32 + 1,
        }
    }

    /// The account that a return credits.
    pub(crate) fn from_tag(tag: u32) -> Account {
        match tag {
            Self::CONTROL => Account::Control,
            Self::INBOUND => Account::Inbound,
            Self::TO_HOME => Account::ToHome,
            Self::TO_GATEWAY => Account::ToGateway,
            tag => {
                let place = ((tag - Self::LINKS) / 2) as u16;
                match (tag - Self::LINKS) % 2 {
                    0 => Account::Link(place),
                    _ => Account::Open(place),
                }
            }
        }
    }
}

/// The accounts of all lanes of one shard, its own local queue included: same-shard traffic keeps the same rules.
#[derive(Debug)]
pub(crate) struct Lanes {
    budget: LaneBudget,
    /// Accounts per lane: 4 and two for each link.
    width: usize,
    /// Items under way, by peer and account.
    spent: Box<[u32]>,
    /// Accounts of which more than half is spent.
    stretched: u32,
}

impl Lanes {
    pub(crate) fn new(budget: LaneBudget, shards: u16, links: u32) -> Lanes {
        let width = Account::LINKS as usize + 2 * links as usize;
        Lanes {
            budget,
            width,
            spent: vec![0; width * usize::from(shards)].into(),
            stretched: 0,
        }
    }

    fn limit(&self, account: Account) -> u32 {
        match account {
            Account::Control => self.budget.control,
            Account::Inbound => self.budget.inbound,
            Account::ToHome | Account::ToGateway => self.budget.h248,
            Account::Link(_) => self.budget.per_link,
            Account::Open(_) => self.budget.opens,
        }
    }

    fn cell(&mut self, peer: ShardId, account: Account) -> Option<&mut u32> {
        let column = account.tag() as usize;
        if column >= self.width {
            return None;
        }
        self.spent
            .get_mut(usize::from(peer.0) * self.width + column)
    }

    /// Pays for one item to `peer`; false if the account is spent.
    #[must_use]
    pub(crate) fn spend(&mut self, peer: ShardId, account: Account) -> bool {
        let limit = self.limit(account);
        match self.cell(peer, account) {
            Some(spent) if *spent < limit => {
                *spent += 1;
                let stretches = *spent == limit / 2 + 1;
                self.stretched += u32::from(stretches);
                true
            }
            _ => false,
        }
    }

    /// Whether of any account more than half is spent.
    pub(crate) fn is_stretched(&self) -> bool {
        self.stretched > 0
    }

    /// Whether [`Lanes::spend`] would succeed.
    pub(crate) fn has(&mut self, peer: ShardId, account: Account) -> bool {
        let limit = self.limit(account);
        self.cell(peer, account).is_some_and(|spent| *spent < limit)
    }

    /// Credits the account again; false if nothing was spent from it, which is a bug of whoever answered.
    #[must_use]
    pub(crate) fn refund(&mut self, peer: ShardId, account: Account) -> bool {
        let limit = self.limit(account);
        match self.cell(peer, account) {
            Some(spent) if *spent > 0 => {
                *spent -= 1;
                let relaxes = *spent == limit / 2;
                self.stretched -= u32::from(relaxes);
                true
            }
            _ => false,
        }
    }

    /// Items under way to `peer`.
    pub(crate) fn under_way(&self, peer: ShardId) -> u32 {
        let start = usize::from(peer.0) * self.width;
        self.spent[start..start + self.width].iter().sum()
    }

    /// Items under way to all shards.
    pub(crate) fn under_way_all(&self) -> u32 {
        self.spent.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: ShardId = ShardId(1);

    #[test]
    fn accounts_never_sum_up_beyond_the_capacity() {
        let budget = LaneBudget {
            control: 2,
            inbound: 3,
            per_link: 4,
            opens: 5,
            h248: 5,
        };
        let mut lanes = Lanes::new(budget, 2, 2);
        let accounts = [
            Account::Control,
            Account::Inbound,
            Account::ToHome,
            Account::ToGateway,
            Account::Link(0),
            Account::Link(1),
            Account::Open(0),
            Account::Open(1),
        ];
        for account in accounts {
            while lanes.spend(PEER, account) {}
            assert!(!lanes.has(PEER, account));
        }
        assert_eq!(lanes.under_way_all(), budget.capacity(2, true));
        assert!(lanes.refund(PEER, Account::Link(1)));
        assert!(
            !lanes.has(PEER, Account::Link(0)),
            "an account lends nothing to another"
        );
        assert!(lanes.spend(PEER, Account::Link(1)));
    }

    #[test]
    fn the_lanes_of_fewer_shards_take_no_more_memory_than_those_of_54() {
        let slots = |shards: u16| {
            let capacity = LaneBudget::for_shards(shards).capacity(4, false);
            u64::from(shards).pow(2) * u64::from(capacity.next_power_of_two())
        };
        for shards in 1..=54 {
            assert!(slots(shards) <= slots(54), "{shards} shards");
        }
        assert_eq!(LaneBudget::for_shards(54), LaneBudget::default());
        assert!(LaneBudget::for_shards(2).per_link > LaneBudget::default().per_link);
    }

    #[test]
    fn an_account_is_stretched_beyond_its_half() {
        for (limit, half) in [(1, 0), (2, 1), (3, 1), (20, 10)] {
            let mut lanes = Lanes::new(LaneBudget::uniform(limit), 2, 1);
            for _ in 0..half {
                assert!(lanes.spend(PEER, Account::Inbound));
            }
            assert!(!lanes.is_stretched());
            assert!(lanes.spend(PEER, Account::Inbound) && lanes.is_stretched());
            while lanes.spend(ShardId(0), Account::Control) {}
            assert!(lanes.refund(PEER, Account::Inbound) && lanes.is_stretched());
            while lanes.refund(ShardId(0), Account::Control) {}
            assert!(!lanes.is_stretched());
        }
    }

    #[test]
    fn unknown_accounts_and_refunds_without_debt_are_refused() {
        let mut lanes = Lanes::new(LaneBudget::uniform(1), 2, 1);
        assert!(!lanes.spend(PEER, Account::Link(1)));
        assert!(!lanes.spend(ShardId(2), Account::Control));
        assert!(!lanes.refund(PEER, Account::Control));
    }

    #[test]
    fn a_tag_gives_back_its_account() {
        for account in [
            Account::Control,
            Account::Inbound,
            Account::ToHome,
            Account::ToGateway,
            Account::Link(0),
            Account::Open(0),
            Account::Link(u16::MAX),
            Account::Open(u16::MAX),
        ] {
            assert_eq!(Account::from_tag(account.tag()), account);
        }
    }
}
