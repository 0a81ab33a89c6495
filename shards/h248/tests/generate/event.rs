//! Events, signals and digit maps.

use super::*;

impl Source<'_> {
    pub(super) fn events(&mut self) -> EventsDescriptor<'static> {
        if self.rarely(6) {
            return EventsDescriptor::default();
        }
        let request_id = Some(self.request_id());
        let events = self.list(1, |it| RequestedEvent {
            name: it.name(&EVENTS),
            stream: it.maybe(3, Self::uint16),
            actions: it
                .maybe(2, Self::actions)
                .filter(|it| *it != RequestedActions::default())
                .map(Ref::from),
            parameters: it.parameters(),
        });
        EventsDescriptor { request_id, events }
    }

    pub(super) fn actions(&mut self) -> RequestedActions<'static> {
        let mut actions = RequestedActions {
            keep_active: self.rarely(3),
            event_dm: self.maybe(3, Self::event_dm),
            second_event: self.maybe(3, Self::second_events),
            signals: self.maybe(3, Self::signals),
            ..RequestedActions::default()
        };
        if self.version >= 3 {
            actions.notify_behaviour = self.maybe(3, Self::notify_behaviour);
            actions.reset_events_descriptor = self.rarely(4);
        }
        actions
    }

    pub(super) fn event_dm(&mut self) -> EventDm<'static> {
        if self.rarely(2) {
            EventDm::Value(self.digit_map_value())
        } else {
            EventDm::Name(token("dialplan00"))
        }
    }

    pub(super) fn second_events(&mut self) -> SecondEventsDescriptor<'static> {
        if self.rarely(6) {
            return SecondEventsDescriptor::default();
        }
        let request_id = Some(self.request_id());
        let events = self.list(1, |it| {
            let mut actions = SecondRequestedActions {
                keep_active: it.rarely(3),
                event_dm: it.maybe(3, Self::event_dm),
                signals: it.maybe(3, Self::signals),
                ..SecondRequestedActions::default()
            };
            if it.version >= 3 {
                actions.notify_behaviour = it.maybe(3, Self::notify_behaviour);
                actions.reset_events_descriptor = it.rarely(4);
            }
            SecondRequestedEvent {
                name: it.name(&EVENTS),
                stream: it.maybe(3, Self::uint16),
                actions: Some(actions)
                    .filter(|it| *it != SecondRequestedActions::default())
                    .map(Ref::from),
                parameters: it.parameters(),
            }
        });
        SecondEventsDescriptor { request_id, events }
    }

    /// Regulated notifications nest; the standard sets no end to it, the generator does.
    pub(super) fn notify_behaviour(&mut self) -> NotifyBehaviour<'static> {
        if self.depth >= 2 {
            return NotifyBehaviour::Never;
        }
        self.depth += 1;
        let behaviour = match self.below(4) {
            0 => NotifyBehaviour::Immediate,
            1 => NotifyBehaviour::Never,
            _ => NotifyBehaviour::Regulated(RegulatedEmbeddedDescriptor {
                second_event: self.maybe(2, Self::second_events),
                signals: self.maybe(2, Self::signals),
            }),
        };
        self.depth -= 1;
        behaviour
    }

    pub(super) fn event_spec(&mut self) -> EventSpec<'static> {
        EventSpec {
            name: self.name(&EVENTS),
            stream: self.maybe(3, Self::uint16),
            parameters: self.parameters(),
        }
    }

    pub(super) fn signals(&mut self) -> SignalsDescriptor<'static> {
        self.list(0, |it| match it.below(4) {
            0 => SignalRequest::SeqSigList(SeqSigList {
                id: it.uint16(),
                signals: it.list(1, Self::signal),
            }),
            _ => SignalRequest::Signal(it.signal()),
        })
    }

    pub(super) fn signal(&mut self) -> Signal<'static> {
        let mut signal = Signal::new(self.name(&SIGNALS));
        if self.rarely(2) {
            return signal;
        }
        signal.stream = self.maybe(3, Self::uint16);
        signal.sig_type = self.maybe(3, |it| {
            it.pick(&[SignalType::Brief, SignalType::OnOff, SignalType::TimeOut])
        });
        signal.duration = self.maybe(3, Self::uint16);
        let reasons = if self.version >= 3 { 31 } else { 15 };
        signal.notify_completion = self.maybe(3, |it| NotifyCompletion(1 + it.byte() % reasons));
        signal.keep_active = self.rarely(3);
        signal.parameters = self.parameters();
        if self.version >= 3 {
            let directions = [
                SignalDirection::Internal,
                SignalDirection::External,
                SignalDirection::Both,
            ];
            signal.direction = self.maybe(3, |it| it.pick(&directions));
            signal.request_id = self.maybe(3, Self::request_id);
            signal.intersig_delay = self.maybe(3, Self::uint16);
        }
        signal
    }

    pub(super) fn digit_map(&mut self) -> DigitMapDescriptor<'static> {
        match self.below(3) {
            0 => DigitMapDescriptor {
                name: Some(token("dialplan00")),
                value: None,
            },
            1 if self.text() => DigitMapDescriptor {
                name: None,
                value: Some(self.digit_map_value()),
            },
            _ => DigitMapDescriptor {
                name: Some(token("dialplan01")),
                value: Some(self.digit_map_value()),
            },
        }
    }

    pub(super) fn digit_map_value(&mut self) -> DigitMapValue<'static> {
        let bodies = [
            "(0s| 00s|[1-7]xlxx|8lxxxxxxx|#xxxxxxx|*xx)",
            "123",
            "([0-9].L)",
            "x.",
            "(1Z2|3)",
        ];
        DigitMapValue {
            start_timer: self.maybe(3, |it| it.below(100) as u8),
            short_timer: self.maybe(3, |it| it.below(100) as u8),
            long_timer: self.maybe(3, |it| it.below(100) as u8),
            duration_timer: if self.version >= 2 {
                self.maybe(3, |it| it.below(100) as u8)
            } else {
                None
            },
            body: DigitMapBody::try_from(self.pick(&bodies)).expect("digit map"),
        }
    }

    pub(super) fn observed_events(&mut self) -> ObservedEventsDescriptor<'static> {
        let request_id = self.request_id();
        let events = self.list(1, |it| ObservedEvent {
            name: it.name(&EVENTS),
            stream: it.maybe(3, Self::uint16),
            parameters: it.parameters(),
            time: it.maybe(2, Self::time),
        });
        ObservedEventsDescriptor { request_id, events }
    }
}
