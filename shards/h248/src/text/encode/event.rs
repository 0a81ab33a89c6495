//! Events and signals.

use super::super::keyword::Keyword;
use super::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    EventDm, EventSpec, EventsDescriptor, List, NotifyBehaviour, NotifyCompletion, ObservedEvent,
    ObservedEventsDescriptor, Parameter, RegulatedEmbeddedDescriptor, RequestId, RequestedActions,
    SecondEventsDescriptor, SecondRequestedActions, SeqSigList, Signal, SignalDirection,
    SignalRequest, SignalType, SignalsDescriptor, StreamId, TimeNotation,
};

/// A view of the actions of an event at either level.
pub(super) struct Actions<'m, 'a> {
    keep_active: bool,
    event_dm: Option<&'m EventDm<'a>>,
    second_event: Option<&'m SecondEventsDescriptor<'a>>,
    signals: Option<&'m SignalsDescriptor<'a>>,
    notify_behaviour: Option<&'m NotifyBehaviour<'a>>,
    reset_events_descriptor: bool,
}

/// Actions of a level.
pub(super) trait Level<'a> {
    fn actions(&self) -> Actions<'_, 'a>;
}

impl<'a> Level<'a> for RequestedActions<'a> {
    fn actions(&self) -> Actions<'_, 'a> {
        Actions {
            keep_active: self.keep_active,
            event_dm: self.event_dm.as_ref(),
            second_event: self.second_event.as_ref(),
            signals: self.signals.as_ref(),
            notify_behaviour: self.notify_behaviour.as_ref(),
            reset_events_descriptor: self.reset_events_descriptor,
        }
    }
}

impl<'a> Level<'a> for SecondRequestedActions<'a> {
    fn actions(&self) -> Actions<'_, 'a> {
        Actions {
            keep_active: self.keep_active,
            event_dm: self.event_dm.as_ref(),
            second_event: None,
            signals: self.signals.as_ref(),
            notify_behaviour: self.notify_behaviour.as_ref(),
            reset_events_descriptor: self.reset_events_descriptor,
        }
    }
}

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn events<'a>(&mut self, events: &EventsDescriptor<'a, impl Level<'a>>) {
        if self.events_header(events.request_id, events.events.len()) {
            self.separated(&events.events, |writer, event| {
                let actions = event.actions.as_ref().map(|actions| actions.actions());
                writer.raw(event.name.as_bytes());
                writer.requested(event.stream, &event.parameters, actions.as_ref());
            });
            self.close();
        }
    }

    /// `Events`, or `Events = id {` when there are events.
    fn events_header(&mut self, request_id: Option<RequestId>, events: usize) -> bool {
        self.key(Keyword::Events);
        match request_id {
            None if events > 0 => self.refuse(EncodeError::Empty("request id")),
            None => {}
            Some(_) if events == 0 => {
                self.refuse(EncodeError::NotRepresentable("request id without events"))
            }
            Some(id) => {
                self.equal();
                self.request_id(id);
                self.open();
                return true;
            }
        }
        false
    }

    /// The parameters of a requested event, in braces if there are any.
    fn requested(
        &mut self,
        stream: Option<StreamId>,
        parameters: &List<'_, Parameter<'_>>,
        actions: Option<&Actions<'_, '_>>,
    ) {
        if stream.is_none() && parameters.is_empty() && actions.is_none() {
            return;
        }
        self.open();
        let mut first = true;
        self.stream(stream, &mut first);
        self.parameters(parameters, &mut first);
        if let Some(actions) = actions {
            self.actions(actions, &mut first);
        }
        if first {
            self.refuse(EncodeError::Empty("requested actions"));
        }
        self.close();
    }

    fn actions(&mut self, actions: &Actions<'_, '_>, first: &mut bool) {
        if actions.keep_active {
            self.next(first);
            self.key(Keyword::KeepActive);
        }
        if let Some(map) = actions.event_dm {
            self.next(first);
            self.key_equal(Keyword::DigitMap);
            match map {
                EventDm::Name(name) => self.raw(name.as_bytes()),
                EventDm::Value(value) => self.digit_map_value(value),
            }
        }
        if actions.signals.is_some() || actions.second_event.is_some() {
            self.next(first);
            self.embed(actions.signals, actions.second_event);
        }
        if let Some(behaviour) = actions.notify_behaviour {
            self.next(first);
            self.notify_behaviour(behaviour);
        }
        if actions.reset_events_descriptor {
            self.next(first);
            self.key(Keyword::ResetEventsDescriptor);
        }
    }

    fn embed(
        &mut self,
        signals: Option<&SignalsDescriptor<'_>>,
        events: Option<&SecondEventsDescriptor<'_>>,
    ) {
        self.key_open(Keyword::Embed);
        let mut first = true;
        if let Some(signals) = signals {
            self.next(&mut first);
            self.signals(signals);
        }
        if let Some(events) = events {
            self.next(&mut first);
            self.events(events);
        }
        self.close();
    }

    fn notify_behaviour(&mut self, behaviour: &NotifyBehaviour<'_>) {
        match behaviour {
            NotifyBehaviour::Immediate => self.key(Keyword::NotifyImmediate),
            NotifyBehaviour::Never => self.key(Keyword::NeverNotify),
            NotifyBehaviour::Regulated(RegulatedEmbeddedDescriptor {
                second_event,
                signals,
            }) => {
                self.key(Keyword::NotifyRegulated);
                if signals.is_some() || second_event.is_some() {
                    self.open();
                    self.embed(signals.as_ref(), second_event.as_ref());
                    self.close();
                }
            }
        }
    }

    pub(super) fn event_buffer(&mut self, specs: &[EventSpec<'_>]) {
        self.key(Keyword::EventBuffer);
        if specs.is_empty() {
            return;
        }
        self.open();
        self.separated(specs, |writer, spec| {
            writer.raw(spec.name.as_bytes());
            writer.requested(spec.stream, &spec.parameters, None);
        });
        self.close();
    }

    pub(super) fn observed_events(&mut self, observed: &ObservedEventsDescriptor<'_>) {
        self.key_equal(Keyword::ObservedEvents);
        self.request_id(observed.request_id);
        self.braced(
            &observed.events,
            "ObservedEvents",
            |writer, event: &ObservedEvent<'_>| {
                if let Some(time) = &event.time {
                    writer.time(time);
                    writer.byte(b':');
                }
                writer.raw(event.name.as_bytes());
                writer.requested(event.stream, &event.parameters, None);
            },
        );
    }

    pub(super) fn time(&mut self, time: &TimeNotation) {
        self.raw(time.date());
        self.byte(b'T');
        self.raw(time.time());
    }

    pub(super) fn signals(&mut self, signals: &SignalsDescriptor<'_>) {
        self.key(Keyword::Signals);
        if signals.is_empty() {
            return;
        }
        self.open();
        self.separated(signals, |writer, request| match request {
            SignalRequest::Signal(signal) => writer.signal(signal),
            SignalRequest::SeqSigList(SeqSigList { id, signals }) => {
                writer.key_equal(Keyword::SignalList);
                writer.number((*id).into());
                writer.braced(signals, "signal list", Self::signal);
            }
        });
        self.close();
    }

    fn signal(&mut self, signal: &Signal<'_>) {
        self.raw(signal.name.as_bytes());
        let bare = signal.stream.is_none()
            && signal.sig_type.is_none()
            && signal.duration.is_none()
            && signal.notify_completion.is_none()
            && !signal.keep_active
            && signal.parameters.is_empty()
            && signal.direction.is_none()
            && signal.request_id.is_none()
            && signal.intersig_delay.is_none();
        if bare {
            return;
        }
        self.open();
        self.sig_parameters(signal);
        self.close();
    }

    fn sig_parameters(&mut self, signal: &Signal<'_>) {
        let mut first = true;
        self.stream(signal.stream, &mut first);
        if let Some(sig_type) = signal.sig_type {
            self.next(&mut first);
            self.key_equal(Keyword::SignalType);
            self.key(match sig_type {
                SignalType::Brief => Keyword::Brief,
                SignalType::OnOff => Keyword::OnOff,
                SignalType::TimeOut => Keyword::TimeOut,
            });
        }
        if let Some(duration) = signal.duration {
            self.next(&mut first);
            self.key_equal(Keyword::Duration);
            self.number(duration.into());
        }
        if let Some(reasons) = signal.notify_completion {
            self.next(&mut first);
            self.notify_completion(reasons);
        }
        if signal.keep_active {
            self.next(&mut first);
            self.key(Keyword::KeepActive);
        }
        self.parameters(&signal.parameters, &mut first);
        if let Some(direction) = signal.direction {
            self.next(&mut first);
            self.key_equal(Keyword::Direction);
            self.key(match direction {
                SignalDirection::Internal => Keyword::Internal,
                SignalDirection::External => Keyword::External,
                SignalDirection::Both => Keyword::Both,
            });
        }
        if let Some(id) = signal.request_id {
            self.next(&mut first);
            self.key_equal(Keyword::RequestId);
            self.request_id(id);
        }
        if let Some(delay) = signal.intersig_delay {
            self.next(&mut first);
            self.key_equal(Keyword::IntersigDelay);
            self.number(delay.into());
        }
    }

    fn notify_completion(&mut self, reasons: NotifyCompletion) {
        let named = [
            (NotifyCompletion::TIME_OUT, Keyword::TimeOut),
            (
                NotifyCompletion::INTERRUPT_BY_EVENT,
                Keyword::InterruptByEvent,
            ),
            (
                NotifyCompletion::INTERRUPT_BY_NEW_SIGNAL_DESCR,
                Keyword::InterruptByNewSignalDescr,
            ),
            (NotifyCompletion::OTHER_REASON, Keyword::OtherReason),
            (NotifyCompletion::ITERATION, Keyword::Iteration),
        ];
        self.key_equal(Keyword::NotifyCompletion);
        self.open();
        let mut first = true;
        for (_, keyword) in named
            .into_iter()
            .filter(|&(reason, _)| reasons.contains(reason))
        {
            self.next(&mut first);
            self.key(keyword);
        }
        if first {
            self.refuse(EncodeError::Empty("NotifyCompletion"));
        }
        self.close();
    }
}
