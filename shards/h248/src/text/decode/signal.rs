//! Signals and signal lists.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule, Word};
use crate::arena::Gather;
use crate::error::Problem;
use crate::model::{
    List, NotifyCompletion, Parameter, SeqSigList, Signal, SignalDirection, SignalRequest,
    SignalType, SignalsDescriptor,
};

impl<'a> Cursor<'a, '_> {
    /// `signalsDescriptor`, behind its keyword; empty braces and none at all mean the same.
    pub(super) fn signals(&mut self) -> Rule<SignalsDescriptor<'a>> {
        if !self.try_open()? {
            return Ok(List::EMPTY);
        }
        if self.peek_past_space() == b'}' {
            self.close()?;
            return Ok(List::EMPTY);
        }
        self.list(|cursor| {
            let word = cursor.word("signal")?;
            if cursor.keyword_of(&word) != Keyword::SignalList {
                return Ok(SignalRequest::Signal(cursor.signal_of(&word)?));
            }
            cursor.equal()?;
            let id = cursor.uint16("signal list id")?;
            cursor.open()?;
            let signals = cursor.list(|cursor| {
                let word = cursor.word("signal")?;
                cursor.signal_of(&word)
            })?;
            Ok(SignalRequest::SeqSigList(SeqSigList { id, signals }))
        })
    }

    /// `signalRequest`, behind its name.
    fn signal_of(&mut self, word: &Word<'a>) -> Rule<Signal<'a>> {
        let mut signal = Signal::new(self.pkgd_name_of(word)?);
        if !self.try_open()? {
            return Ok(signal);
        }
        let mut parameters: Gather<'a, Parameter<'a>> = self.arena.gather();
        loop {
            let word = self.word("signal parameter")?;
            self.sig_parameter(&word, &mut signal, &mut parameters)?;
            if !self.more()? {
                signal.parameters = parameters.finish();
                return Ok(signal);
            }
        }
    }

    /// `sigParameter`, behind its first word.
    fn sig_parameter(
        &mut self,
        word: &Word<'a>,
        signal: &mut Signal<'a>,
        parameters: &mut Gather<'a, Parameter<'a>>,
    ) -> Rule<()> {
        let start = word.start;
        match self.keyword_of(word) {
            Keyword::Stream => {
                self.equal()?;
                let stream = self.uint16("stream id")?;
                self.once(&mut signal.stream, start, "Stream", stream)
            }
            Keyword::SignalType => {
                self.equal()?;
                let sig_type = match self.keyword() {
                    (Keyword::OnOff, _) => SignalType::OnOff,
                    (Keyword::TimeOut, _) => SignalType::TimeOut,
                    (Keyword::Brief, _) => SignalType::Brief,
                    (_, start) => return Err(self.fail_at(start, Problem::Expected("signal type"))),
                };
                self.once(&mut signal.sig_type, start, "SignalType", sig_type)
            }
            Keyword::Duration => {
                self.equal()?;
                let duration = self.uint16("duration")?;
                self.once(&mut signal.duration, start, "Duration", duration)
            }
            Keyword::NotifyCompletion => {
                let reasons = self.notify_completion()?;
                self.once(
                    &mut signal.notify_completion,
                    start,
                    "NotifyCompletion",
                    reasons,
                )
            }
            Keyword::KeepActive => {
                signal.keep_active = true;
                Ok(())
            }
            Keyword::Direction => {
                self.equal()?;
                let direction = match self.keyword() {
                    (Keyword::Internal, _) => SignalDirection::Internal,
                    (Keyword::External, _) => SignalDirection::External,
                    (Keyword::Both, _) => SignalDirection::Both,
                    (_, start) => {
                        return Err(self.fail_at(start, Problem::Expected("signal direction")));
                    }
                };
                self.once(&mut signal.direction, start, "SPADirection", direction)
            }
            Keyword::RequestId => {
                self.equal()?;
                let id = self.request_id()?;
                self.once(&mut signal.request_id, start, "SPARequestID", id)
            }
            Keyword::IntersigDelay => {
                self.equal()?;
                let delay = self.uint16("intersignal delay")?;
                self.once(&mut signal.intersig_delay, start, "Intersignal", delay)
            }
            _ if parameters.len() >= self.limits.items_max => {
                Err(self.fail_at(start, Problem::Limit("items_max")))
            }
            _ => {
                parameters.push(self.parameter_of(word)?);
                Ok(())
            }
        }
    }

    /// `EQUAL LBRKT notificationReason *(COMMA notificationReason) RBRKT`
    fn notify_completion(&mut self) -> Rule<NotifyCompletion> {
        self.equal()?;
        self.open()?;
        let mut reasons = NotifyCompletion::default();
        loop {
            reasons = reasons.with(match self.keyword() {
                (Keyword::TimeOut, _) => NotifyCompletion::TIME_OUT,
                (Keyword::InterruptByEvent, _) => NotifyCompletion::INTERRUPT_BY_EVENT,
                (Keyword::InterruptByNewSignalDescr, _) => {
                    NotifyCompletion::INTERRUPT_BY_NEW_SIGNAL_DESCR
                }
                (Keyword::OtherReason, _) => NotifyCompletion::OTHER_REASON,
                (Keyword::Iteration, _) => NotifyCompletion::ITERATION,
                (_, start) => {
                    return Err(self.fail_at(start, Problem::Expected("notification reason")));
                }
            });
            if !self.more()? {
                return Ok(reasons);
            }
        }
    }
}
