//! Events: requested, embedded, buffered, observed.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule, Word};
use crate::arena::Gather;
use crate::error::Problem;
use crate::model::{
    EventBufferDescriptor, EventDm, EventSpec, EventsDescriptor, List, NotifyBehaviour,
    ObservedEvent, ObservedEventsDescriptor, Parameter, RegulatedEmbeddedDescriptor,
    RequestedActions, RequestedEvent, SecondEventsDescriptor, SecondRequestedActions,
    SignalsDescriptor, StreamId, TimeNotation,
};

/// What stands in the braces of a requested event, at either level.
#[derive(Default)]
struct EventParameters<'a> {
    stream: Option<StreamId>,
    actions: Option<RequestedActions<'a>>,
    parameters: List<'a, Parameter<'a>>,
}

impl<'a> Cursor<'a, '_> {
    /// `eventsDescriptor`, behind its keyword.
    pub(super) fn events(&mut self) -> Rule<EventsDescriptor<'a>> {
        self.events_with(|_, _, actions| Ok(actions))
    }

    /// `embedFirst`, behind its keyword.
    fn second_events(&mut self) -> Rule<SecondEventsDescriptor<'a>> {
        self.events_with(Self::second_requested_actions)
    }

    /// Events of which `level` takes the actions, given where their event begins.
    #[inline]
    fn events_with<Actions>(
        &mut self,
        level: impl Fn(&mut Self, usize, RequestedActions<'a>) -> Rule<Actions>,
    ) -> Rule<EventsDescriptor<'a, Actions>> {
        if self.peek_past_space() != b'=' {
            return Ok(EventsDescriptor {
                request_id: None,
                events: List::EMPTY,
            });
        }
        self.equal()?;
        let request_id = Some(self.request_id()?);
        self.open()?;
        let events = self.list(|cursor| {
            let start = cursor.at;
            let name = cursor.pkgd_name()?;
            let found = cursor.event_parameters()?;
            let actions = match found.actions {
                Some(actions) => Some(cursor.arena.value(level(cursor, start, actions)?)),
                None => None,
            };
            Ok(RequestedEvent {
                name,
                stream: found.stream,
                actions,
                parameters: found.parameters,
            })
        })?;
        Ok(EventsDescriptor { request_id, events })
    }

    /// Actions of the second level, where there is no third.
    fn second_requested_actions(
        &mut self,
        start: usize,
        actions: RequestedActions<'a>,
    ) -> Rule<SecondRequestedActions<'a>> {
        if actions.second_event.is_some() {
            return Err(self.fail_at(start, Problem::Unexpected("events in an embedded event")));
        }
        Ok(SecondRequestedActions {
            keep_active: actions.keep_active,
            event_dm: actions.event_dm,
            signals: actions.signals,
            notify_behaviour: actions.notify_behaviour,
            reset_events_descriptor: actions.reset_events_descriptor,
        })
    }

    /// The braces behind the name of a `requestedEvent` or `secondRequestedEvent`, if there are any.
    fn event_parameters(&mut self) -> Rule<EventParameters<'a>> {
        let mut found = EventParameters::default();
        if !self.try_open()? {
            return Ok(found);
        }
        let mut parameters: Gather<'a, Parameter<'a>> = self.arena.gather();
        loop {
            let word = self.word("event parameter")?;
            self.event_parameter(&word, &mut found, &mut parameters)?;
            if !self.more()? {
                found.parameters = parameters.finish();
                return Ok(found);
            }
        }
    }

    /// `eventParameter` or `secondEventParameter`, behind its first word.
    fn event_parameter(
        &mut self,
        word: &Word<'a>,
        found: &mut EventParameters<'a>,
        parameters: &mut Gather<'a, Parameter<'a>>,
    ) -> Rule<()> {
        match self.keyword_of(word) {
            Keyword::Stream => {
                self.equal()?;
                let stream = self.uint16("stream id")?;
                return self.once(&mut found.stream, word.start, "Stream", stream);
            }
            Keyword::KeepActive => found.actions.get_or_insert_default().keep_active = true,
            Keyword::ResetEventsDescriptor => {
                found
                    .actions
                    .get_or_insert_default()
                    .reset_events_descriptor = true;
            }
            Keyword::Embed => {
                let (signals, events) = self.embed()?;
                let actions = found.actions.get_or_insert_default();
                if actions.signals.is_some() || actions.second_event.is_some() {
                    return Err(self.fail_at(word.start, Problem::Repeated("Embed")));
                }
                (actions.signals, actions.second_event) = (signals, events);
            }
            Keyword::DigitMap => {
                let map = self.event_dm()?;
                let slot = &mut found.actions.get_or_insert_default().event_dm;
                return self.once(slot, word.start, "DigitMap", map);
            }
            keyword @ (Keyword::NotifyImmediate
            | Keyword::NotifyRegulated
            | Keyword::NeverNotify) => {
                let behaviour = self.notify_behaviour(keyword)?;
                let slot = &mut found.actions.get_or_insert_default().notify_behaviour;
                return self.once(slot, word.start, "notify behaviour", behaviour);
            }
            _ => {
                if parameters.len() >= self.limits.items_max {
                    return Err(self.fail_at(word.start, Problem::Limit("items_max")));
                }
                parameters.push(self.parameter_of(word)?);
            }
        }
        Ok(())
    }

    /// `embedWithSig`, `embedNoSig` or `embedSig`, behind the keyword.
    fn embed(
        &mut self,
    ) -> Rule<(
        Option<SignalsDescriptor<'a>>,
        Option<SecondEventsDescriptor<'a>>,
    )> {
        self.open()?;
        let (mut signals, mut events) = (None, None);
        loop {
            match self.keyword() {
                (Keyword::Signals, start) => {
                    let descriptor = self.signals()?;
                    self.once(&mut signals, start, "Signals", descriptor)?;
                }
                (Keyword::Events, start) => {
                    let descriptor = self.second_events()?;
                    self.once(&mut events, start, "Events", descriptor)?;
                }
                (_, start) => {
                    return Err(self.fail_at(start, Problem::Expected("Signals or Events")));
                }
            }
            if !self.more()? {
                return Ok((signals, events));
            }
        }
    }

    /// `eventDM`, behind its keyword.
    fn event_dm(&mut self) -> Rule<EventDm<'a>> {
        // OTP writes a value without the equals sign.
        if self.peek_past_space() != b'{' {
            self.equal()?;
        }
        if self.peek_past_space() == b'{' {
            return Ok(EventDm::Value(self.digit_map_value()?));
        }
        Ok(EventDm::Name(self.name()?))
    }

    /// `notifyBehaviour`, behind its keyword.
    fn notify_behaviour(&mut self, keyword: Keyword) -> Rule<NotifyBehaviour<'a>> {
        match keyword {
            Keyword::NotifyImmediate => return Ok(NotifyBehaviour::Immediate),
            Keyword::NeverNotify => return Ok(NotifyBehaviour::Never),
            _ => {}
        }
        if !self.try_open()? {
            return Ok(NotifyBehaviour::Regulated(
                RegulatedEmbeddedDescriptor::default(),
            ));
        }
        match self.keyword() {
            (Keyword::Embed, _) => {}
            (_, start) => return Err(self.fail_at(start, Problem::Expected("Embed"))),
        }
        let (signals, second_event) = self.embed()?;
        self.close()?;
        Ok(NotifyBehaviour::Regulated(RegulatedEmbeddedDescriptor {
            second_event,
            signals,
        }))
    }

    /// `eventBufferDescriptor`, behind its keyword.
    pub(super) fn event_buffer(&mut self) -> Rule<EventBufferDescriptor<'a>> {
        if !self.try_open()? {
            return Ok(List::EMPTY);
        }
        self.list(|cursor| {
            let name = cursor.pkgd_name()?;
            let (stream, parameters) = cursor.plain_parameters()?;
            Ok(EventSpec {
                name,
                stream,
                parameters,
            })
        })
    }

    /// `observedEventsDescriptor`, behind its keyword.
    pub(super) fn observed_events(&mut self) -> Rule<ObservedEventsDescriptor<'a>> {
        self.equal()?;
        let request_id = self.request_id()?;
        self.open()?;
        let events = self.list(Self::observed_event)?;
        Ok(ObservedEventsDescriptor { request_id, events })
    }

    /// `observedEvent`
    fn observed_event(&mut self) -> Rule<ObservedEvent<'a>> {
        let mut word = self.word("event")?;
        let mut time = None;
        if self.peek_past_space() == b':' {
            time = Some(self.time_stamp(&word)?);
            self.at += 1;
            word = self.word("event")?;
        }
        let name = self.pkgd_name_of(&word)?;
        let (stream, parameters) = self.plain_parameters()?;
        Ok(ObservedEvent {
            name,
            stream,
            parameters,
            time,
        })
    }

    fn time_stamp(&mut self, word: &Word<'a>) -> Rule<TimeNotation> {
        match Self::time_stamp_of(word) {
            Some(time) => Ok(time),
            None => Err(self.fail_at(word.start, Problem::Expected("time stamp"))),
        }
    }

    /// `[LBRKT (eventStream / eventOther) *(COMMA ...) RBRKT]`
    fn plain_parameters(&mut self) -> Rule<(Option<StreamId>, List<'a, Parameter<'a>>)> {
        if !self.try_open()? {
            return Ok((None, List::EMPTY));
        }
        let mut stream = None;
        let mut parameters: Gather<'a, Parameter<'a>> = self.arena.gather();
        loop {
            let word = self.word("event parameter")?;
            if self.keyword_of(&word) == Keyword::Stream {
                self.equal()?;
                let id = self.uint16("stream id")?;
                self.once(&mut stream, word.start, "Stream", id)?;
            } else if parameters.len() >= self.limits.items_max {
                return Err(self.fail_at(word.start, Problem::Limit("items_max")));
            } else {
                parameters.push(self.parameter_of(&word)?);
            }
            if !self.more()? {
                return Ok((stream, parameters.finish()));
            }
        }
    }
}
