//! How many sessions each source address has, and how many it began in the present second: for the limits of one source. Counted only
//! while one of these limits is on; the driver then brings all clients of a source to one shard, whose count is the process's.
//!
//! An IPv6 client has 2^64 addresses to choose from, so its /64 counts as one source.

use crate::contract::Peer;
use crate::limits::{Limits, ms};
use megaphone_wheel::Tick;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// "No source."
pub(crate) const NONE: u32 = u32::MAX;
/// Sources without sessions that one step forgets.
const FORGET_MAX: u32 = 64;

#[derive(Debug)]
struct Source {
    key: u128,
    sessions: u32,
    /// Sessions begun in the second that began at `since`.
    opens: u32,
    since: Tick,
    /// When it may be forgotten, if it has no session by then.
    gone_at: Tick,
}

/// All sources of one shard.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    by_key: BTreeMap<u128, u32>,
    rows: Vec<Source>,
    free: Vec<u32>,
    /// Sources that lost their last session, in that order, by when they may be forgotten. One that got another meanwhile has another
    /// time by its next end.
    idle: VecDeque<(Tick, u32)>,
}

impl Sources {
    /// Sources that are counted.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Counts a session of a client; its source, or `None` if there are too many sessions of it, or too many sources.
    pub(crate) fn admit(&mut self, now: Tick, peer: Peer, limits: &Limits) -> Option<u32> {
        let (sessions_max, rate) = (limits.source_sessions_max, limits.source_opens_per_second);
        let Peer::Tcp { remote, .. } = peer else {
            return Some(NONE);
        };
        if !limits.counts_sources() {
            return Some(NONE);
        }
        self.forget(now);
        let at = self.of(key(remote.ip()), now, limits.sources_max)?;
        let source = self.rows.get_mut(at as usize)?;
        if now >= source.since + ms(1_000) {
            (source.since, source.opens) = (now, 0);
        }
        let full = sessions_max != 0 && source.sessions >= sessions_max;
        let fast = rate != 0 && source.opens >= rate;
        if full || fast {
            return None;
        }
        source.sessions += 1;
        source.opens += 1;
        Some(at)
    }

    /// The row of a source, made if there is room for one more.
    fn of(&mut self, key: u128, now: Tick, most: u32) -> Option<u32> {
        if let Some(&at) = self.by_key.get(&key) {
            return Some(at);
        }
        if self.by_key.len() >= most as usize {
            return None;
        }
        let source = Source {
            key,
            sessions: 0,
            opens: 0,
            since: now,
            gone_at: Tick::MAX,
        };
        let at = self.free.pop().unwrap_or(self.rows.len() as u32);
        match self.rows.get_mut(at as usize) {
            Some(row) => *row = source,
            None => self.rows.push(source),
        }
        self.by_key.insert(key, at);
        Some(at)
    }

    /// A session of this source is gone.
    pub(crate) fn release(&mut self, now: Tick, at: u32) {
        if let Some(source) = self.rows.get_mut(at as usize) {
            source.sessions = source.sessions.saturating_sub(1);
            if source.sessions == 0 {
                source.gone_at = now + ms(1_000);
                self.idle.push_back((source.gone_at, at));
            }
        }
    }

    /// Forgets sources that have had no session for a second: what they began before no longer counts.
    fn forget(&mut self, now: Tick) {
        for _ in 0..FORGET_MAX {
            let Some((when, at)) = self.idle.front().copied().filter(|&(when, _)| when <= now)
            else {
                return;
            };
            self.idle.pop_front();
            if let Some(source) = self.rows.get(at as usize)
                && source.sessions == 0
                && source.gone_at == when
                && self.by_key.get(&source.key) == Some(&at)
            {
                self.by_key.remove(&source.key);
                self.free.push(at);
            }
        }
    }
}

/// An address as a source: an IPv4 address as it is, of an IPv6 address its /64.
fn key(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        // Never below 2^32: an address in `::/64` is no IPv4 address.
        IpAddr::V6(ip) => u128::from(ip) >> 64 << 64 | 1 << 32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(ip: &str) -> Peer {
        let remote = std::net::SocketAddr::new(ip.parse().expect("an address"), 1);
        Peer::Tcp {
            remote,
            local: remote,
        }
    }

    fn limits(sessions: u32, rate: u32, sources: u32) -> Limits {
        Limits {
            source_sessions_max: sessions,
            source_opens_per_second: rate,
            sources_max: sources,
            ..Limits::default()
        }
    }

    #[test]
    fn sessions_of_one_source() {
        let (mut sources, limits) = (Sources::default(), limits(3, 0, 10));
        let admitted: Vec<bool> = (0..4)
            .map(|_| sources.admit(Tick(5), peer("192.0.2.1"), &limits).is_some())
            .collect();
        assert_eq!(admitted, [true, true, true, false]);
        assert!(sources.admit(Tick(5), peer("192.0.2.2"), &limits).is_some());
        sources.release(Tick(6), 0);
        assert_eq!(
            sources.admit(Tick(6), peer("::ffff:192.0.2.1"), &limits),
            Some(0)
        );
        assert_eq!(sources.admit(Tick(6), peer("192.0.2.1"), &limits), None);
    }

    #[test]
    fn sessions_per_second_of_one_source() {
        let (mut sources, limits) = (Sources::default(), limits(0, 2, 10));
        for round in 0..3 {
            let now = Tick(7) + ms(1_000) * round;
            let admitted: Vec<bool> = (0..3)
                .map(|_| sources.admit(now, peer("192.0.2.1"), &limits).is_some())
                .collect();
            assert_eq!(admitted, [true, true, false]);
            sources.release(now, 0);
        }
    }

    #[test]
    fn a_64_of_ipv6_is_one_source() {
        let (mut sources, limits) = (Sources::default(), limits(1, 0, 10));
        let mut admits = |ip| sources.admit(Tick(1), peer(ip), &limits).is_some();
        assert!(admits("2001:db8::1") && !admits("2001:db8::ffff:2"));
        assert!(admits("2001:db8:0:1::1"), "another /64");
        assert!(admits("0.0.0.1") && admits("::1"));
    }

    #[test]
    fn sources_are_bounded_and_forgotten() {
        let (mut sources, limits) = (Sources::default(), limits(5, 5, 2));
        let mut now = Tick(1);
        assert_eq!(sources.admit(now, peer("192.0.2.1"), &limits), Some(0));
        assert_eq!(sources.admit(now, peer("192.0.2.2"), &limits), Some(1));
        assert_eq!(sources.admit(now, peer("192.0.2.3"), &limits), None);
        sources.release(now, 0);
        assert_eq!(
            sources.admit(now, peer("192.0.2.3"), &limits),
            None,
            "its second is not over"
        );
        now += ms(1_000);
        assert_eq!(sources.admit(now, peer("192.0.2.3"), &limits), Some(0));
        assert_eq!(sources.len(), 2);
    }

    #[test]
    fn one_that_comes_again_is_not_forgotten() {
        let (mut sources, limits) = (Sources::default(), limits(5, 5, 2));
        let start = Tick(1);
        assert_eq!(sources.admit(start, peer("192.0.2.1"), &limits), Some(0));
        sources.release(start, 0);
        assert_eq!(sources.admit(start, peer("192.0.2.1"), &limits), Some(0));
        assert!(
            sources
                .admit(start + ms(1_000), peer("192.0.2.2"), &limits)
                .is_some()
        );
        assert_eq!(sources.len(), 2, "it has a session");
    }

    #[test]
    fn without_limits_nothing_is_counted() {
        let mut sources = Sources::default();
        let none = Some(NONE);
        assert_eq!(
            sources.admit(Tick(1), peer("192.0.2.1"), &Limits::default()),
            none
        );
        assert_eq!(sources.admit(Tick(1), Peer::Unix, &limits(1, 1, 1)), none);
        assert_eq!(sources.len(), 0);
    }
}
