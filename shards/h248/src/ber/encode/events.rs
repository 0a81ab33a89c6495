//! Events: requested, embedded, buffered and observed, and the digit maps that collect them.

use super::{Encoder, Result};
use crate::ber::read::SEQUENCE;
use crate::ber::write::{constructed, primitive};
use crate::error::EncodeError;
use crate::model::{
    DigitMapDescriptor, DigitMapValue, EventDm, EventSpec, EventsDescriptor, NotifyBehaviour,
    ObservedEventsDescriptor, RequestedActions, SecondEventsDescriptor, SecondRequestedActions,
    TimeNotation,
};
use crate::package::Scope;

impl Encoder<'_, '_> {
    pub(super) fn events(&mut self, number: u8, events: &EventsDescriptor<'_>) -> Result<()> {
        self.events_with(number, events, Self::requested_actions)
    }

    fn second_events(&mut self, number: u8, events: &SecondEventsDescriptor<'_>) -> Result<()> {
        self.events_with(number, events, Self::second_requested_actions)
    }

    fn events_with<Actions>(
        &mut self,
        number: u8,
        events: &EventsDescriptor<'_, Actions>,
        actions: impl Fn(&mut Self, &Actions) -> Result<()>,
    ) -> Result<()> {
        self.within(constructed(number), |e| {
            e.optional(0, events.request_id.map(|id| id.0));
            e.list(constructed(1), &events.events, |e, event| {
                let (name, item) = e.names.pkgd_name(&event.name, Scope::Event)?;
                e.within(SEQUENCE, |e| {
                    e.writer.array(primitive(0), name);
                    e.optional(1, event.stream);
                    if let Some(found) = &event.actions {
                        e.within(constructed(2), |e| actions(e, found))?;
                    }
                    e.parameters(3, item, &event.parameters)
                })
            })
        })
    }

    fn requested_actions(&mut self, actions: &RequestedActions<'_>) -> Result<()> {
        self.keep_active(0, actions.keep_active);
        self.part(1, &actions.event_dm, Self::event_dm)?;
        self.part(2, &actions.second_event, Self::second_events)?;
        self.part(3, &actions.signals, Self::signals)?;
        self.part(4, &actions.notify_behaviour, Self::notify_behaviour)?;
        self.flag(5, actions.reset_events_descriptor);
        Ok(())
    }

    fn second_requested_actions(&mut self, actions: &SecondRequestedActions<'_>) -> Result<()> {
        self.keep_active(0, actions.keep_active);
        self.part(1, &actions.event_dm, Self::event_dm)?;
        self.part(2, &actions.signals, Self::signals)?;
        self.part(3, &actions.notify_behaviour, Self::notify_behaviour)?;
        self.flag(4, actions.reset_events_descriptor);
        Ok(())
    }

    /// A `BOOLEAN OPTIONAL` of which absence and FALSE mean the same.
    pub(super) fn keep_active(&mut self, number: u8, keep: bool) {
        if keep {
            self.writer.boolean(primitive(number), true);
        }
    }

    fn notify_behaviour(&mut self, number: u8, notify: &NotifyBehaviour<'_>) -> Result<()> {
        self.within(constructed(number), |e| match notify {
            NotifyBehaviour::Immediate => {
                e.flag(0, true);
                Ok(())
            }
            NotifyBehaviour::Regulated(regulated) => e.within(constructed(1), |e| {
                e.part(0, &regulated.second_event, Self::second_events)?;
                e.part(1, &regulated.signals, Self::signals)
            }),
            NotifyBehaviour::Never => {
                e.flag(2, true);
                Ok(())
            }
        })
    }

    pub(super) fn event_buffer(&mut self, number: u8, events: &[EventSpec<'_>]) -> Result<()> {
        self.list(constructed(number), events, |e, event| {
            let (name, item) = e.names.pkgd_name(&event.name, Scope::Event)?;
            e.within(SEQUENCE, |e| {
                e.writer.array(primitive(0), name);
                e.optional(1, event.stream);
                e.parameters(2, item, &event.parameters)
            })
        })
    }

    pub(super) fn observed_events(
        &mut self,
        number: u8,
        observed: &ObservedEventsDescriptor<'_>,
    ) -> Result<()> {
        self.within(constructed(number), |e| {
            e.writer.unsigned(primitive(0), observed.request_id.0);
            e.list(constructed(1), &observed.events, |e, event| {
                let (name, item) = e.names.pkgd_name(&event.name, Scope::Event)?;
                e.within(SEQUENCE, |e| {
                    e.writer.array(primitive(0), name);
                    e.optional(1, event.stream);
                    e.parameters(2, item, &event.parameters)?;
                    if let Some(time) = &event.time {
                        e.time_notation(3, time);
                    }
                    Ok(())
                })
            })
        })
    }

    pub(super) fn time_notation(&mut self, number: u8, time: &TimeNotation) {
        let mark = self.writer.open(constructed(number));
        self.writer.octets(primitive(0), time.date());
        self.writer.octets(primitive(1), time.time());
        self.writer.close(mark);
    }

    fn event_dm(&mut self, number: u8, map: &EventDm<'_>) -> Result<()> {
        self.within(constructed(number), |e| match map {
            EventDm::Name(name) => {
                let name = e.names.digit_map_name(name)?;
                e.writer.array(primitive(0), name);
                Ok(())
            }
            EventDm::Value(value) => e.digit_map_value(1, value),
        })
    }

    pub(super) fn digit_map(&mut self, number: u8, map: &DigitMapDescriptor<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            if let Some(name) = &map.name {
                let name = e.names.digit_map_name(name)?;
                e.writer.array(primitive(0), name);
            }
            e.part(1, &map.value, Self::digit_map_value)
        })
    }

    fn digit_map_value(&mut self, number: u8, value: &DigitMapValue<'_>) -> Result<()> {
        let timers = [
            value.start_timer,
            value.short_timer,
            value.long_timer,
            value.duration_timer,
        ];
        if timers.into_iter().flatten().any(|timer| timer > 99) {
            return Err(EncodeError::OutOfRange("timer"));
        }
        self.within(constructed(number), |e| {
            e.optional(0, value.start_timer);
            e.optional(1, value.short_timer);
            e.optional(2, value.long_timer);
            e.writer.octets(primitive(3), value.body.as_bytes());
            e.optional(4, value.duration_timer);
            Ok(())
        })
    }
}
