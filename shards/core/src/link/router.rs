//! What one shard knows of all links, wherever their homes are: which are up, and who waits for them here.

use crate::contract::{Peer, ShardId, SocketId};
use crate::id::{ConnectionId, LinkId, spread};
use crate::item::{LinkStatus, Serves, Stage};
use crate::limits::ms;
use megaphone_mesh::Return;
use megaphone_wheel::{RangeSet, Tick};
use std::collections::VecDeque;

/// Farewells that may wait for a link's quota here when one more RESET for an unknown connection joins them.
const RESETS_WAITING_MAX: usize = 64;

/// A packet without data that is owed to a link and waits for quota: the end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owed {
    /// The connection that ended.
    pub(crate) connection: ConnectionId,
    /// How.
    pub(crate) what: Farewell,
}

/// How a connection's end is told to the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// CLOSE with this reason.
    Close(u16),
    /// RESET with this reason.
    Reset(u16),
}

/// One link as seen from a shard.
#[derive(Debug)]
pub(crate) struct View {
    /// Its present life; serial 0 before the first.
    pub(crate) id: LinkId,
    /// Its specification's index.
    pub(crate) spec: u16,
    /// Whether sessions may use it.
    pub(crate) stage: Stage,
    /// Payload bytes per packet, at most.
    pub(crate) payload_max: u32,
    /// What it serves, if it is a controller.
    pub(crate) serves: Serves,
    /// Sessions of this shard that wait for quota, and since when: first come, first served.
    pub(crate) waiting: VecDeque<(SocketId, Tick)>,
    /// Blocks of this shard that wait for this link.
    pub(crate) waiting_blocks: u32,
    /// Whether no client of this link is read here, because those are too many.
    pub(crate) held: bool,
    /// Clients of this shard that wait for their OPEN to be sent, first come, first served, with their addresses. They are not read
    /// and hold no block.
    pub(crate) opening: VecDeque<(SocketId, Peer)>,
    /// Farewells that wait for quota, before any session: at most one per connection that was opened.
    pub(crate) owed: VecDeque<Owed>,
    /// RESETs for unknown connections in the present second, and when it began.
    resets: u32,
    resets_since: Tick,
    /// Numbers of the link's packets that sessions of this shard accepted, not yet passed on.
    pub(crate) accepted: RangeSet<u64>,
    /// Returns kept back until `accepted` is passed on, because it has too many intervals.
    pub(crate) withheld: VecDeque<Return>,
}

impl View {
    fn new() -> View {
        View {
            id: LinkId::default(),
            spec: 0,
            stage: Stage::Gone,
            payload_max: 0,
            serves: Serves::default(),
            waiting: VecDeque::new(),
            waiting_blocks: 0,
            held: false,
            opening: VecDeque::new(),
            owed: VecDeque::new(),
            resets: 0,
            resets_since: Tick::ZERO,
            accepted: RangeSet::new(),
            withheld: VecDeque::new(),
        }
    }

    /// Owes the backend a RESET for a connection that is not there, unless there were too many of them in this second.
    #[must_use]
    pub(crate) fn owe_reset(
        &mut self,
        connection: ConnectionId,
        reason: u16,
        now: Tick,
        per_second: u32,
    ) -> bool {
        if now >= self.resets_since + ms(1_000) {
            (self.resets_since, self.resets) = (now, 0);
        }
        let fine = self.resets < per_second && self.owed.len() < RESETS_WAITING_MAX;
        if fine {
            self.resets += 1;
            self.owed.push_back(Owed {
                connection,
                what: Farewell::Reset(reason),
            });
        }
        fine
    }

    /// Whether packets of this life of the link still go anywhere.
    pub(crate) fn is_live(&self, id: LinkId) -> bool {
        self.id == id && self.stage != Stage::Gone
    }
}

/// All links as seen from a shard.
#[derive(Debug)]
pub(crate) struct Router {
    places: usize,
    /// By home and place.
    views: Vec<View>,
    /// Indices of the views that take new sessions, per link name.
    live: Vec<Vec<u32>>,
    /// The name's index, per link specification.
    names: Vec<u16>,
}

/// What a status changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The life that ended, if one did.
    pub(crate) ended: Option<LinkId>,
}

impl Router {
    /// A router that knows no live link; `names` is the index of its name for each link specification.
    pub(crate) fn new(shards: u16, links_max: u32, names: Vec<u16>) -> Router {
        let places = links_max as usize;
        let count = names
            .iter()
            .map(|&name| usize::from(name) + 1)
            .max()
            .unwrap_or(0);
        Router {
            places,
            views: (0..places * usize::from(shards))
                .map(|_| View::new())
                .collect(),
            live: vec![Vec::new(); count],
            names,
        }
    }

    fn index(&self, home: u16, place: u16) -> usize {
        usize::from(home) * self.places + usize::from(place)
    }

    /// The view of the link at that home and place.
    pub(crate) fn view_mut(&mut self, home: u16, place: u16) -> Option<&mut View> {
        if usize::from(place) >= self.places {
            return None;
        }
        let index = self.index(home, place);
        self.views.get_mut(index)
    }

    /// The view of this life of a link, if it is the present one and not gone.
    pub(crate) fn live_mut(&mut self, id: LinkId) -> Option<&mut View> {
        self.view_mut(id.home, id.place)
            .filter(|view| view.is_live(id))
    }

    /// All views.
    pub(crate) fn views_mut(&mut self) -> impl Iterator<Item = &mut View> {
        self.views.iter_mut()
    }

    /// All views.
    pub(crate) fn views(&self) -> impl Iterator<Item = &View> {
        self.views.iter()
    }

    /// Clients of this shard that wait for their OPEN on links of a specification.
    pub(crate) fn opening(&self, spec: u16) -> u64 {
        let of_spec = self.views.iter().filter(|view| view.spec == spec);
        of_spec.map(|view| view.opening.len() as u64).sum()
    }

    /// Takes the news of a link.
    pub(crate) fn update(&mut self, status: LinkStatus) -> Change {
        let LinkStatus {
            link,
            spec,
            stage,
            payload_max,
            serves,
        } = status;
        let (index, name) = (
            self.index(link.home, link.place),
            self.names.get(usize::from(spec)).copied(),
        );
        let (Some(view), Some(name)) = (self.views.get_mut(index), name) else {
            return Change { ended: None };
        };
        let replaced = view.stage != Stage::Gone && (view.id != link || stage == Stage::Gone);
        let ended = replaced.then_some(view.id);
        if ended.is_some() {
            view.waiting.clear();
            (view.waiting_blocks, view.held) = (0, false);
            view.opening.clear();
            view.owed.clear();
            view.accepted.clear();
        }
        (view.id, view.spec, view.stage, view.payload_max) = (link, spec, stage, payload_max);
        view.serves = serves;
        for live in &mut self.live {
            live.retain(|&at| at as usize != index);
        }
        // Controllers take no clients.
        if stage == Stage::Up
            && serves.users == 0
            && let Some(live) = self.live.get_mut(usize::from(name))
        {
            live.push(index as u32);
            live.sort_unstable();
        }
        Change { ended }
    }

    /// The controller that an association of `user` belongs to, of those that are up: the one with the highest hash of its own
    /// name and the peer's `key` (rendezvous hashing), so that one that comes or goes moves nobody else's associations.
    pub(crate) fn controller(&self, user: u16, key: u64) -> Option<LinkId> {
        let up = |view: &&View| view.stage == Stage::Up && view.serves.has(user);
        let weight = |view: &&View| spread(spread(view.serves.node ^ key) ^ view.serves.node);
        self.views
            .iter()
            .filter(up)
            .max_by_key(weight)
            .map(|view| view.id)
    }

    /// A live link of that name for a new session of `shard`: one at home there if there is any, else any, spread by `seed`.
    pub(crate) fn choose(&self, name: u16, shard: ShardId, seed: u64) -> Option<LinkId> {
        let live = self.live.get(usize::from(name))?;
        let home = |at: &&u32| **at as usize / self.places.max(1) == usize::from(shard.0);
        let here = live.iter().filter(home).count();
        let among = if here > 0 { here } else { live.len() };
        if among == 0 {
            return None;
        }
        let nth = (spread(seed) % among as u64) as usize;
        let at = if here > 0 {
            live.iter().filter(home).nth(nth)
        } else {
            live.get(nth)
        };
        at.map(|&at| self.views[at as usize].id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(home: u16, place: u16, serial: u32, stage: Stage) -> LinkStatus {
        LinkStatus {
            link: LinkId {
                home,
                place,
                serial,
            },
            spec: 0,
            stage,
            payload_max: 1,
            serves: Serves::default(),
        }
    }

    #[test]
    fn a_controller_that_goes_moves_only_its_own() {
        let mut router = Router::new(3, 1, vec![0]);
        let controller = |home: u16, stage| LinkStatus {
            serves: Serves {
                users: 0b10,
                node: u64::from(home) + 77,
            },
            ..status(home, 0, 1, stage)
        };
        for home in 0..3 {
            router.update(controller(home, Stage::Up));
        }
        assert_eq!(
            router.choose(0, ShardId(0), 1),
            None,
            "clients find no backend"
        );
        assert_eq!(router.controller(0, 1), None, "it serves another user");
        let chosen = |router: &Router| -> Vec<u16> {
            (0..3_000_u64)
                .filter_map(|key| router.controller(1, spread(key)).map(|id| id.home))
                .collect()
        };
        let before = chosen(&router);
        for home in 0..3 {
            let share = before.iter().filter(|&&at| at == home).count();
            assert!((800..1_200).contains(&share), "{share} of 3,000");
        }
        router.update(controller(1, Stage::Gone));
        let after = chosen(&router);
        assert_eq!(after.len(), 3_000);
        let moved = before.iter().zip(&after).filter(|(was, is)| was != is);
        assert!(moved.clone().all(|(was, _)| *was == 1));
        assert_eq!(moved.count(), before.iter().filter(|&&at| at == 1).count());
    }

    #[test]
    fn a_link_at_home_is_preferred_and_others_are_spread_over() {
        let mut router = Router::new(4, 2, vec![0]);
        assert_eq!(router.choose(0, ShardId(0), 1), None);
        router.update(status(1, 0, 1, Stage::Up));
        router.update(status(2, 1, 1, Stage::Up));
        assert!((0..99).all(|seed| {
            router
                .choose(0, ShardId(2), seed)
                .is_some_and(|id| id.home == 2)
        }));
        let to_one = (0..1_000)
            .filter(|&seed| {
                router
                    .choose(0, ShardId(0), seed)
                    .is_some_and(|id| id.home == 1)
            })
            .count();
        assert!((400..600).contains(&to_one), "{to_one}");
    }

    #[test]
    fn links_beyond_the_first_65_536_are_found() {
        let mut router = Router::new(4_096, 17, vec![0]);
        router.update(status(4_095, 16, 1, Stage::Up));
        let chosen = router.choose(0, ShardId(0), 1).expect("it is up");
        assert_eq!((chosen.home, chosen.place), (4_095, 16));
        router.update(status(4_095, 16, 1, Stage::Gone));
        assert_eq!(router.choose(0, ShardId(0), 1), None);
    }

    #[test]
    fn a_draining_link_takes_no_new_session_and_a_new_life_ends_the_old() {
        let mut router = Router::new(1, 1, vec![0]);
        router.update(status(0, 0, 1, Stage::Up));
        assert_eq!(
            router.update(status(0, 0, 1, Stage::Draining)),
            Change { ended: None }
        );
        assert_eq!(router.choose(0, ShardId(0), 1), None);
        let old = LinkId {
            home: 0,
            place: 0,
            serial: 1,
        };
        assert!(router.live_mut(old).is_some());
        assert_eq!(
            router.update(status(0, 0, 2, Stage::Up)),
            Change { ended: Some(old) }
        );
        assert!(router.live_mut(old).is_none() && router.choose(0, ShardId(0), 1).is_some());
        let new = LinkId { serial: 2, ..old };
        assert_eq!(
            router.update(status(0, 0, 2, Stage::Gone)),
            Change { ended: Some(new) }
        );
        assert_eq!(
            router.update(status(0, 0, 2, Stage::Gone)),
            Change { ended: None }
        );
    }
}
