//! Segmented replies (version 3): what is sent in a window and sent again until acknowledged, and what is collected until complete.
//!
//! ```text
//! sending    Open ── all are out ──► Flushed ── all are acknowledged ──► Complete
//! receiving  Collecting ── the last is seen, others are missing ──► Gaps ── none is missing ──► Complete
//! ```

use crate::config::{Expiry, Timer};
use megaphone_h248::model::TransactionResult;
use megaphone_wheel::Tick;
use std::collections::BTreeMap;
use std::time::Duration;

/// The highest segment number taken from a peer or given to one.
pub const SEGMENTS_MAX: u16 = 1024;

/// How far the sending of a segmented reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendState {
    /// Segments wait for the window.
    Open,
    /// All are out, some are not acknowledged.
    Flushed,
    /// All are acknowledged.
    Complete,
}

/// How far the collecting of a segmented reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectState {
    /// The last one was not seen yet.
    Collecting,
    /// It was, and others are missing: `segment_recv_timer` runs.
    Gaps,
    /// Nothing is missing.
    Complete,
}

/// A segmented reply on its way out.
#[derive(Debug)]
pub(crate) struct Segments {
    /// Encoded transactions, one per segment.
    parts: Vec<Box<[u8]>>,
    /// Segments sent and not acknowledged: their index, timer and when it expires.
    outstanding: Vec<(usize, Timer, Tick)>,
    /// The first segment never sent.
    next: usize,
    window: usize,
    timer: Timer,
}

impl Segments {
    pub(crate) fn new(parts: Vec<Box<[u8]>>, window: Option<u32>, timer: Timer) -> Self {
        Self {
            parts,
            outstanding: Vec::new(),
            next: 0,
            window: window.map_or(usize::MAX, |window| window as usize),
            timer,
        }
    }

    pub(crate) fn state(&self) -> SendState {
        match (self.next < self.parts.len(), self.outstanding.is_empty()) {
            (true, _) => SendState::Open,
            (false, false) => SendState::Flushed,
            (false, true) => SendState::Complete,
        }
    }

    /// The segments the window lets out now.
    pub(crate) fn send(&mut self, now: Tick) -> Vec<Box<[u8]>> {
        let mut out = Vec::new();
        while self.next < self.parts.len() && self.outstanding.len() < self.window {
            self.outstanding
                .push((self.next, self.timer, due(now, self.timer)));
            out.push(self.parts[self.next].clone());
            self.next += 1;
        }
        out
    }

    /// An acknowledgement of a segment; whether it was outstanding.
    pub(crate) fn acknowledge(&mut self, number: u16) -> bool {
        let before = self.outstanding.len();
        self.outstanding
            .retain(|(index, ..)| index + 1 != usize::from(number));
        self.outstanding.len() < before
    }

    /// Segments never acknowledged, sent or not.
    pub(crate) fn missing(&self) -> Vec<u16> {
        let outstanding = self.outstanding.iter().map(|(index, ..)| *index);
        let mut missing: Vec<usize> = outstanding.chain(self.next..self.parts.len()).collect();
        missing.sort_unstable();
        missing.into_iter().map(number_of).collect()
    }

    /// When the next segment's timer expires.
    pub(crate) fn deadline(&self) -> Option<Tick> {
        self.outstanding.iter().map(|(.., due)| *due).min()
    }

    /// The segments whose timer expired at `now`, to be sent again; `None` if one expired for the last time.
    pub(crate) fn expire(&mut self, now: Tick) -> Option<Vec<Box<[u8]>>> {
        let mut again = Vec::new();
        for (index, timer, at) in &mut self.outstanding {
            if *at > now {
                continue;
            }
            match timer.expire() {
                Expiry::Final => return None,
                Expiry::Restart(next) => {
                    (*timer, *at) = (next, due(now, next));
                    again.push(self.parts[*index].clone());
                }
            }
        }
        Some(again)
    }

    /// The outstanding segments again: the request came again, so some were lost.
    pub(crate) fn outstanding(&self) -> Vec<Box<[u8]>> {
        self.outstanding
            .iter()
            .map(|(index, ..)| self.parts[*index].clone())
            .collect()
    }

    /// All segments, to answer a duplicate when they are complete.
    pub(crate) fn parts(&self) -> &[Box<[u8]>] {
        &self.parts
    }
}

fn number_of(index: usize) -> u16 {
    u16::try_from(index + 1).unwrap_or(u16::MAX)
}

fn due(now: Tick, timer: Timer) -> Tick {
    timer
        .period_ms()
        .map_or(Tick::MAX, |ms| now.after(Duration::from_millis(ms.into())))
}

/// What a segment is to the collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// New.
    New,
    /// Had it: acknowledge again, deliver nothing.
    Duplicate,
    /// Impossible: number 0, beyond the last one, beyond [`SEGMENTS_MAX`], or a second last one.
    Impossible,
}

/// A segment's part of a result, kept until the whole is delivered.
pub(crate) type Held = TransactionResult<'static>;

/// A segmented reply on its way in.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// What came, by segment number; `None` if it was delivered at once.
    segments: BTreeMap<u16, Option<Held>>,
    last: Option<u16>,
}

impl Collected {
    pub(crate) fn accept(&mut self, number: u16, complete: bool, held: Option<Held>) -> Accepted {
        let beyond = self
            .last
            .is_some_and(|last| number > last || (complete && number != last));
        let short = complete
            && self
                .segments
                .last_key_value()
                .is_some_and(|(&highest, _)| highest > number);
        if number == 0 || number > SEGMENTS_MAX || beyond || short {
            return Accepted::Impossible;
        }
        if self.segments.contains_key(&number) {
            return Accepted::Duplicate;
        }
        self.segments.insert(number, held);
        if complete {
            self.last = Some(number);
        }
        Accepted::New
    }

    pub(crate) fn state(&self) -> CollectState {
        match self.last {
            None => CollectState::Collecting,
            Some(last) if self.segments.len() == usize::from(last) => CollectState::Complete,
            Some(_) => CollectState::Gaps,
        }
    }

    /// Numbers below the last one that never came.
    pub(crate) fn missing(&self) -> Vec<u16> {
        let last = self.last.unwrap_or(0);
        (1..=last)
            .filter(|number| !self.segments.contains_key(number))
            .collect()
    }

    /// What was kept, in the order of the numbers.
    pub(crate) fn take(&mut self) -> Vec<(u16, Held)> {
        let segments = std::mem::take(&mut self.segments);
        segments
            .into_iter()
            .filter_map(|(number, held)| Some((number, held?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Retries;

    fn parts(count: usize) -> Vec<Box<[u8]>> {
        (1..=count).map(|n| vec![n as u8].into()).collect()
    }

    fn numbers(parts: &[Box<[u8]>]) -> Vec<u8> {
        parts.iter().map(|part| part[0]).collect()
    }

    #[test]
    fn the_window_bounds_what_is_out() {
        let mut segments = Segments::new(parts(4), Some(2), Timer::Infinity);
        assert_eq!(numbers(&segments.send(Tick(0))), [1, 2]);
        assert!(segments.send(Tick(0)).is_empty());
        assert!(segments.acknowledge(2));
        assert!(!segments.acknowledge(2));
        assert_eq!(numbers(&segments.send(Tick(0))), [3]);
        assert_eq!(segments.state(), SendState::Open);
        assert_eq!(segments.missing(), [1, 3, 4]);
        segments.acknowledge(1);
        segments.acknowledge(3);
        assert_eq!(numbers(&segments.send(Tick(0))), [4]);
        assert_eq!(segments.state(), SendState::Flushed);
        segments.acknowledge(4);
        assert_eq!(segments.state(), SendState::Complete);
    }

    #[test]
    fn each_segment_has_its_own_timer() {
        let ms = |n: u64| Tick(n * 1_000_000);
        let timer = Timer::incremental(100, 1, 0, Retries::Count(1));
        let mut segments = Segments::new(parts(3), Some(2), timer);
        segments.send(ms(0));
        segments.acknowledge(1);
        assert_eq!(numbers(&segments.send(ms(50))), [3]);
        assert_eq!(segments.deadline(), Some(ms(100)));
        assert_eq!(
            segments.expire(ms(100)).map(|again| numbers(&again)),
            Some(vec![2])
        );
        assert_eq!(segments.deadline(), Some(ms(150)));
        assert_eq!(
            segments.expire(ms(150)).map(|again| numbers(&again)),
            Some(vec![3])
        );
        assert_eq!(
            segments.expire(ms(200)),
            None,
            "the second expiry of segment 2 is final"
        );
    }

    #[test]
    fn segments_are_collected_in_any_order() {
        let mut collected = Collected::default();
        assert_eq!(collected.accept(3, true, None), Accepted::New);
        assert_eq!(collected.state(), CollectState::Gaps);
        assert_eq!(collected.missing(), [1, 2]);
        assert_eq!(collected.accept(1, false, None), Accepted::New);
        assert_eq!(collected.accept(1, false, None), Accepted::Duplicate);
        for impossible in [(0, false), (4, false), (2, true), (SEGMENTS_MAX + 1, false)] {
            assert_eq!(
                collected.accept(impossible.0, impossible.1, None),
                Accepted::Impossible
            );
        }
        assert_eq!(collected.accept(2, false, None), Accepted::New);
        assert_eq!(collected.state(), CollectState::Complete);
    }

    #[test]
    fn the_last_segment_cannot_come_before_a_known_one() {
        let mut collected = Collected::default();
        assert_eq!(collected.accept(5, false, None), Accepted::New);
        assert_eq!(collected.accept(4, true, None), Accepted::Impossible);
        assert_eq!(collected.accept(SEGMENTS_MAX, false, None), Accepted::New);
    }

    /// Both tables, made by driving the real thing from each state with each event.
    #[test]
    fn every_state_and_event() {
        let mut lines = Vec::new();
        let timer = Timer::incremental(10, 1, 0, Retries::Count(1));
        for (sent, name) in [
            (1, "one of two out"),
            (2, "all out"),
            (3, "all acknowledged"),
        ] {
            let fresh = || {
                let mut segments =
                    Segments::new(parts(2), Some(if sent == 1 { 1 } else { 2 }), timer);
                segments.send(Tick(0));
                if sent == 3 {
                    segments.acknowledge(1);
                    segments.acknowledge(2);
                }
                segments
            };
            let mut line = |event: &str, segments: &Segments, result: String| {
                lines.push(format!(
                    "{:?} ({name}), {event} -> {:?}, {result}",
                    fresh().state(),
                    segments.state()
                ));
            };
            let mut segments = fresh();
            let known = segments.acknowledge(1);
            line("acknowledged 1", &segments, format!("outstanding {known}"));
            let next = numbers(&segments.send(Tick(0)));
            line(
                "acknowledged 1 and sent",
                &segments,
                format!("sends {next:?}"),
            );
            let mut segments = fresh();
            let again = segments
                .expire(Tick(10_000_000))
                .map(|again| numbers(&again));
            line("expired", &segments, format!("sends {again:?}"));
            let again = segments
                .expire(Tick(20_000_000))
                .map(|again| numbers(&again));
            line("expired again", &segments, format!("sends {again:?}"));
        }
        for (have, name) in [
            (&[(1, false)][..], "1 of ?"),
            (&[(3, true)], "3 of 3"),
            (&[(1, false), (2, true)], "both of 2"),
        ] {
            for (number, complete) in [(1, false), (2, false), (3, true), (4, false), (0, false)] {
                let mut collected = Collected::default();
                have.iter().for_each(|(number, last)| {
                    assert_eq!(collected.accept(*number, *last, None), Accepted::New)
                });
                let before = collected.state();
                let accepted = collected.accept(number, complete, None);
                let last = if complete { " the last" } else { "" };
                lines.push(format!(
                    "{before:?} ({name}), segment {number}{last} -> {:?}, {accepted:?}",
                    collected.state()
                ));
            }
        }
        insta::assert_snapshot!(lines.join("\n"));
    }
}
