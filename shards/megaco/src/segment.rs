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

/// What can happen to a segmented reply on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendEvent {
    /// The window lets segments out, and more wait.
    Sent,
    /// The window lets the last segments out.
    SentLast,
    /// An outstanding segment is acknowledged, and others are outstanding.
    Ack,
    /// The only outstanding segment is acknowledged.
    LastAck,
    /// A segment is acknowledged that is not outstanding.
    StrayAck,
    /// A segment's timer expires and runs again.
    Expired,
    /// A segment's timer expires for the last time.
    TimedOut,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SendAction {
    /// Send them and start their timers.
    Send,
    /// Let the window out.
    Next,
    /// The reply is kept as a whole from here on.
    Keep,
    /// Send the segment again.
    Resend,
    /// Segments are missing: the reply has failed.
    Fail,
    /// Nothing.
    Ignore,
}

impl SendState {
    /// Every state, for tables.
    pub const ALL: [Self; 3] = [Self::Open, Self::Flushed, Self::Complete];

    /// The transition. Total: every pair has an answer.
    pub fn on(self, event: SendEvent) -> (Self, SendAction) {
        use SendAction as A;
        use SendEvent as E;
        match (self, event) {
            (Self::Open, E::Sent) => (Self::Open, A::Send),
            (Self::Open, E::SentLast) => (Self::Flushed, A::Send),
            // With all of a window acknowledged the next one is due.
            (Self::Open, E::Ack | E::LastAck) => (Self::Open, A::Next),
            (Self::Flushed, E::Ack) => (Self::Flushed, A::Ignore),
            (Self::Flushed, E::LastAck) => (Self::Complete, A::Keep),
            (Self::Open | Self::Flushed, E::Expired) => (self, A::Resend),
            (Self::Open | Self::Flushed, E::TimedOut) => (self, A::Fail),
            (Self::Flushed | Self::Complete, E::Sent | E::SentLast)
            | (Self::Complete, E::Ack | E::LastAck | E::Expired | E::TimedOut)
            | (_, E::StrayAck) => (self, A::Ignore),
        }
    }
}

/// How far the collecting of a segmented reply is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CollectState {
    /// The last one was not seen yet.
    #[default]
    Collecting,
    /// It was, and others are missing: `segment_recv_timer` runs.
    Gaps,
    /// Nothing is missing.
    Complete,
}

/// What can happen to a segmented reply on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CollectEvent {
    /// A new segment, and others are missing or the last is not known.
    Segment,
    /// The last segment, and others are missing.
    Last,
    /// The segment with which nothing is missing.
    Final,
    /// A segment that was here before.
    Again,
    /// A segment that cannot be: number 0, beyond the last one, beyond [`SEGMENTS_MAX`], or a second last one.
    Impossible,
}

impl CollectState {
    /// Every state, for tables.
    pub const ALL: [Self; 3] = [Self::Collecting, Self::Gaps, Self::Complete];

    /// The transition. Total: every pair has an answer.
    pub fn on(self, event: CollectEvent) -> (Self, Accepted) {
        use CollectEvent as E;
        match (self, event) {
            (Self::Collecting, E::Segment) => (Self::Collecting, Accepted::New),
            (Self::Collecting, E::Last) => (Self::Gaps, Accepted::New),
            (Self::Gaps, E::Segment) => (Self::Gaps, Accepted::New),
            (Self::Collecting | Self::Gaps, E::Final) => (Self::Complete, Accepted::New),
            (_, E::Again) => (self, Accepted::Duplicate),
            // A second last one, and anything new once nothing is missing.
            (Self::Gaps, E::Last)
            | (Self::Complete, E::Segment | E::Last | E::Final)
            | (_, E::Impossible) => (self, Accepted::Impossible),
        }
    }
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
    state: SendState,
}

impl Segments {
    pub(crate) fn new(parts: Vec<Box<[u8]>>, window: Option<u32>, timer: Timer) -> Self {
        Self {
            parts,
            outstanding: Vec::new(),
            next: 0,
            window: window.map_or(usize::MAX, |window| window as usize),
            timer,
            state: SendState::Open,
        }
    }

    pub(crate) fn state(&self) -> SendState {
        self.state
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
        let event = if self.next < self.parts.len() {
            SendEvent::Sent
        } else {
            SendEvent::SentLast
        };
        self.state = self.state.on(event).0;
        out
    }

    /// An acknowledgement of a segment; what follows from it.
    pub(crate) fn acknowledge(&mut self, number: u16) -> SendAction {
        let before = self.outstanding.len();
        self.outstanding
            .retain(|(index, ..)| index + 1 != usize::from(number));
        let event = match self.outstanding.len() {
            after if after == before => SendEvent::StrayAck,
            0 => SendEvent::LastAck,
            _ => SendEvent::Ack,
        };
        let (state, action) = self.state.on(event);
        self.state = state;
        action
    }

    /// Whether a segment is out and not acknowledged.
    pub(crate) fn is_outstanding(&self, number: u16) -> bool {
        self.outstanding
            .iter()
            .any(|(index, ..)| index + 1 == usize::from(number))
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
            let (event, next) = match timer.expire() {
                Expiry::Final => (SendEvent::TimedOut, Timer::Infinity),
                Expiry::Restart(next) => (SendEvent::Expired, next),
            };
            match self.state.on(event).1 {
                SendAction::Resend => {
                    (*timer, *at) = (next, due(now, next));
                    again.push(self.parts[*index].clone());
                }
                _ => return None,
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
pub enum Accepted {
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
    state: CollectState,
}

impl Collected {
    pub(crate) fn accept(&mut self, number: u16, complete: bool, held: Option<Held>) -> Accepted {
        let (state, accepted) = self.state.on(self.event(number, complete));
        self.state = state;
        if accepted == Accepted::New {
            self.segments.insert(number, held);
            if complete {
                self.last = Some(number);
            }
        }
        accepted
    }

    /// What a segment is to what came before it.
    fn event(&self, number: u16, complete: bool) -> CollectEvent {
        let beyond = self
            .last
            .is_some_and(|last| number > last || (complete && number != last));
        let short = complete
            && self
                .segments
                .last_key_value()
                .is_some_and(|(&highest, _)| highest > number);
        if number == 0 || number > SEGMENTS_MAX || beyond || short {
            return CollectEvent::Impossible;
        }
        if self.segments.contains_key(&number) {
            return CollectEvent::Again;
        }
        let last = if complete { Some(number) } else { self.last };
        match last {
            Some(last) if self.segments.len() + 1 == usize::from(last) => CollectEvent::Final,
            Some(_) if complete => CollectEvent::Last,
            _ => CollectEvent::Segment,
        }
    }

    pub(crate) fn state(&self) -> CollectState {
        self.state
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
        assert_eq!(segments.acknowledge(2), SendAction::Next);
        assert_eq!(segments.acknowledge(2), SendAction::Ignore);
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
}
