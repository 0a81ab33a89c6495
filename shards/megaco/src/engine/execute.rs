//! A message's requests on their way to the user: in order, held back or not, long requests after the others.

use super::answer::Progress;
use super::receive::{Prepared, Source};
use super::{Batch, Engine, faults};
use crate::reply::{Reply, ReplyAction, ReplyEvent, ReplyName, ReplyState};
use crate::user::{LongAnswer, UserAnswer};
use megaphone_h248::model::{
    ActionRequest, IntoOwned, List, Transaction, TransactionRequest, TransactionResult,
};
use megaphone_wheel::Tick;
use std::collections::VecDeque;

impl Engine {
    /// Executes a message's requests in order; those behind one that is answered later wait for it, unless `threaded`.
    pub(super) fn run(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        version: u8,
        transactions: &[Transaction<'_>],
        prepared: &Prepared,
    ) {
        let threaded = self
            .connections
            .get(place)
            .is_some_and(|row| row.config.threaded);
        let mut long = VecDeque::new();
        for (turn, (at, position)) in prepared.iter().enumerate() {
            let Some(Transaction::Request(request)) = transactions.get(*position) else {
                continue;
            };
            match self.execute(now, *at, Some(source), version, request) {
                Progress::Over => {}
                Progress::Long(data) => long.extend(self.name(*at).zip(Some(data))),
                Progress::Later if threaded => {}
                Progress::Later => {
                    let rest = prepared[turn + 1..].iter().filter_map(|(at, position)| {
                        let Transaction::Request(request) = transactions.get(*position)? else {
                            return None;
                        };
                        Some((self.name(*at)?, request.clone().into_owned()))
                    });
                    let waiting: VecDeque<_> = rest.collect();
                    return self.wait_behind(now, *at, Batch { waiting, long });
                }
            }
        }
        self.run_long(now, &mut long);
    }

    /// The requests of a batch wait until `at` is answered.
    fn wait_behind(&mut self, now: Tick, at: u32, batch: Batch) {
        if batch.waiting.is_empty() && batch.long.is_empty() {
            return;
        }
        for (waiting, _) in &batch.waiting {
            if self.named(*waiting).is_some() {
                self.arm_execution(now, waiting.at);
            }
        }
        let batch = self.batches.insert(batch);
        match self.replies.get_mut(at) {
            Some(reply) => reply.rare.get_or_insert_default().batch = Some(batch),
            None => self.go_on(now, Some(batch)),
        }
    }

    /// The request in front of a batch is answered.
    pub(super) fn go_on(&mut self, now: Tick, batch: Option<u32>) {
        let Some(mut batch) = batch.and_then(|batch| self.batches.remove(batch)) else {
            return;
        };
        while let Some((name, request)) = batch.waiting.pop_front() {
            // It may have been answered with an error while it waited.
            let Some(version) = self.prepared(name).map(|reply| reply.version) else {
                continue;
            };
            match self.execute(now, name.at, None, version, &request) {
                Progress::Over => {}
                Progress::Long(data) => batch.long.push_back((name, data)),
                Progress::Later => return self.wait_behind(now, name.at, batch),
            }
        }
        self.run_long(now, &mut batch.long);
    }

    pub(super) fn name(&self, at: u32) -> Option<ReplyName> {
        let serial = self.replies.get(at)?.serial;
        Some(ReplyName { at, serial })
    }

    pub(super) fn named(&self, name: ReplyName) -> Option<&Reply> {
        let reply = self.replies.get(name.at)?;
        (reply.serial == name.serial).then_some(reply)
    }

    /// A row that is still to be executed.
    pub(super) fn prepared(&self, name: ReplyName) -> Option<&Reply> {
        self.named(name)
            .filter(|reply| reply.state == ReplyState::Prepared)
    }

    /// Long requests, after all others; none waits for another.
    pub(super) fn run_long(&mut self, now: Tick, long: &mut VecDeque<(ReplyName, u64)>) {
        while let Some((name, data)) = long.pop_front() {
            let at = name.at;
            let Some(token) = self.token(at) else {
                continue;
            };
            let Some(reply) = self
                .named(name)
                .filter(|reply| reply.state == ReplyState::Long)
            else {
                continue;
            };
            let (place, version) = (reply.connection, reply.version);
            let source = Source {
                send_handle: reply.send_handle,
                control: None,
                extra: reply.extra,
            };
            let mut callee = self.callee(place, Some(source));
            callee.version = version;
            let answer = self.call_user(
                now,
                place,
                callee,
                "handle_trans_long_request",
                |user, cx| user.handle_trans_long_request(cx, token, data),
            );
            match answer {
                LongAnswer::Later => self.arm_execution(now, at),
                LongAnswer::Reply(answer) => self.reply_of_user(now, at, answer),
            }
        }
    }

    /// Gives a request to the user, if it is a registration once it is admitted.
    fn execute(
        &mut self,
        now: Tick,
        at: u32,
        source: Option<Source>,
        version: u8,
        request: &TransactionRequest<'_>,
    ) -> Progress {
        let Some(reply) = self.replies.get_mut(at) else {
            return Progress::Over;
        };
        let registers = reply.rare.as_ref().is_some_and(|rare| rare.registers);
        if registers && let Some(progress) = self.hold_back(now, at, request) {
            return progress;
        }
        self.start(now, at, source, version, request)
    }

    /// Gives an admitted request to the user: what of it is not faulty.
    pub(super) fn start(
        &mut self,
        now: Tick,
        at: u32,
        source: Option<Source>,
        version: u8,
        request: &TransactionRequest<'_>,
    ) -> Progress {
        let Some(reply) = self.replies.get_mut(at) else {
            return Progress::Over;
        };
        let (state, action) = reply.state.on(ReplyEvent::Start);
        if action != ReplyAction::Execute {
            return Progress::Over;
        }
        reply.state = state;
        let note = reply.rare.as_mut().and_then(|rare| rare.note.take());
        let Some(note) = note else {
            return self.execute_actions(now, at, source, version, &request.actions);
        };
        let (actions, tail) = note.cut(request);
        if let Some(rare) = reply.rare.as_mut() {
            rare.tail = Some(tail);
        }
        if faults::is_empty(&actions) {
            self.reply_of_user(
                now,
                at,
                UserAnswer::discard(TransactionResult::ActionReplies(List::EMPTY)),
            );
            return Progress::Over;
        }
        self.execute_actions(now, at, source, version, &actions)
    }

    fn execute_actions(
        &mut self,
        now: Tick,
        at: u32,
        source: Option<Source>,
        version: u8,
        actions: &[ActionRequest<'_>],
    ) -> Progress {
        let (Some(token), Some(reply)) = (self.token(at), self.replies.get(at)) else {
            return Progress::Over;
        };
        let place = reply.connection;
        let source = source.unwrap_or(Source {
            send_handle: reply.send_handle,
            control: None,
            extra: reply.extra,
        });
        self.totals.requests_executed += 1;
        let mut callee = self.callee(place, Some(source));
        callee.version = version;
        let answer = self.call_user(now, place, callee, "handle_trans_request", |user, cx| {
            user.handle_trans_request(cx, token, actions)
        });
        self.answered_by_user(now, at, answer)
    }
}
