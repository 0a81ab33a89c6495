//! Events: requested, embedded, buffered and observed, and the digit maps that collect them.

use super::Decoder;
use crate::ber::read::{Element, Reader, Result};
use crate::chars;
use crate::error::Problem;
use crate::model::{
    DigitMapBody, DigitMapDescriptor, DigitMapValue, EventBufferDescriptor, EventDm, EventSpec,
    EventsDescriptor, List, NotifyBehaviour, ObservedEvent, ObservedEventsDescriptor, Parameter,
    RegulatedEmbeddedDescriptor, RequestId, RequestedActions, RequestedEvent,
    SecondEventsDescriptor, SecondRequestedActions, TimeNotation, Token,
};
use crate::package::{Item, Scope};

impl<'a> Decoder<'_, 'a> {
    #[inline(always)]
    pub(super) fn events(&self, element: Element<'a>) -> Result<EventsDescriptor<'a>> {
        self.events_with(element, Self::requested_actions)
    }

    fn second_events(&self, element: Element<'a>) -> Result<SecondEventsDescriptor<'a>> {
        self.events_with(element, Self::second_requested_actions)
    }

    #[inline(always)]
    fn events_with<Actions>(
        &self,
        element: Element<'a>,
        actions: impl Fn(&Self, Element<'a>) -> Result<Option<Actions>>,
    ) -> Result<EventsDescriptor<'a, Actions>> {
        let mut reader = element.open()?;
        let request_id = self.request_id(&mut reader, 0)?;
        let events = self.items::<_, 4>(reader.required(1, "eventList")?, |event| {
            self.requested_event(event, &actions)
        })?;
        reader.skip_extensions()?;
        Ok(EventsDescriptor { request_id, events })
    }

    #[inline(always)]
    fn requested_event<Actions>(
        &self,
        element: Element<'a>,
        actions: impl Fn(&Self, Element<'a>) -> Result<Option<Actions>>,
    ) -> Result<RequestedEvent<'a, Actions>> {
        let mut reader = self.sequence(element)?;
        let (name, item) = self.pkgd_name(reader.required(0, "pkgdName")?, Scope::Event)?;
        let stream = self.stream_id(&mut reader, 1)?;
        let actions = match reader.optional(2)? {
            Some(element) => actions(self, element)?,
            None => None,
        };
        let parameters = self.parameters(reader.required(3, "evParList")?, item)?;
        reader.skip_extensions()?;
        let actions = actions.map(|actions| self.value_in_arena(actions));
        Ok(RequestedEvent {
            name,
            stream,
            actions,
            parameters,
        })
    }

    /// `RequestedActions`; `None` when they ask nothing.
    fn requested_actions(&self, element: Element<'a>) -> Result<Option<RequestedActions<'a>>> {
        let mut reader = element.open()?;
        let actions = RequestedActions {
            keep_active: self.is_true(&mut reader, 0)?,
            event_dm: reader.optionally(1, |map| self.event_dm(map))?,
            second_event: reader.optionally(2, |events| self.second_events(events))?,
            signals: reader.optionally(3, |signals| self.signals(signals))?,
            notify_behaviour: reader.optionally(4, |notify| self.notify_behaviour(notify))?,
            reset_events_descriptor: self.flag(&mut reader, 5)?,
        };
        reader.skip_extensions()?;
        Ok((actions != RequestedActions::default()).then_some(actions))
    }

    /// `SecondRequestedActions`; `None` when they ask nothing.
    fn second_requested_actions(
        &self,
        element: Element<'a>,
    ) -> Result<Option<SecondRequestedActions<'a>>> {
        let mut reader = element.open()?;
        let actions = SecondRequestedActions {
            keep_active: self.is_true(&mut reader, 0)?,
            event_dm: reader.optionally(1, |map| self.event_dm(map))?,
            signals: reader.optionally(2, |signals| self.signals(signals))?,
            notify_behaviour: reader.optionally(3, |notify| self.notify_behaviour(notify))?,
            reset_events_descriptor: self.flag(&mut reader, 4)?,
        };
        reader.skip_extensions()?;
        Ok((actions != SecondRequestedActions::default()).then_some(actions))
    }

    fn notify_behaviour(&self, element: Element<'a>) -> Result<NotifyBehaviour<'a>> {
        let notify = element.only()?;
        Ok(match notify.number() {
            Some(0) => {
                notify.null()?;
                NotifyBehaviour::Immediate
            }
            Some(1) => {
                let mut reader = notify.open()?;
                let regulated = RegulatedEmbeddedDescriptor {
                    second_event: reader.optionally(0, |events| self.second_events(events))?,
                    signals: reader.optionally(1, |signals| self.signals(signals))?,
                };
                reader.skip_extensions()?;
                NotifyBehaviour::Regulated(regulated)
            }
            Some(2) => {
                notify.null()?;
                NotifyBehaviour::Never
            }
            _ => return Err(notify.error(Problem::Unexpected("notifyBehaviour"))),
        })
    }

    pub(super) fn event_buffer(&self, element: Element<'a>) -> Result<EventBufferDescriptor<'a>> {
        self.items::<_, 4>(element, |event| {
            let mut reader = self.sequence(event)?;
            let (name, item) = self.pkgd_name(reader.required(0, "eventName")?, Scope::Event)?;
            let stream = self.stream_id(&mut reader, 1)?;
            let parameters = self.parameters(reader.required(2, "eventParList")?, item)?;
            reader.skip_extensions()?;
            Ok(EventSpec {
                name,
                stream,
                parameters,
            })
        })
    }

    #[inline(always)]
    pub(super) fn observed_events(
        &self,
        element: Element<'a>,
    ) -> Result<ObservedEventsDescriptor<'a>> {
        let mut reader = element.open()?;
        let request_id = RequestId(reader.required(0, "requestId")?.u32("requestId")?);
        let events = reader.required(1, "observedEventLst")?;
        let events = self.items::<_, 2>(events, |event| self.observed_event(event))?;
        reader.finish()?;
        Ok(ObservedEventsDescriptor { request_id, events })
    }

    #[inline(always)]
    fn observed_event(&self, element: Element<'a>) -> Result<ObservedEvent<'a>> {
        let mut reader = self.sequence(element)?;
        let (name, item) = self.pkgd_name(reader.required(0, "eventName")?, Scope::Event)?;
        let stream = self.stream_id(&mut reader, 1)?;
        let parameters = self.parameters(reader.required(2, "eventParList")?, item)?;
        let time = reader.optionally(3, |time| self.time_notation(time))?;
        reader.skip_extensions()?;
        Ok(ObservedEvent {
            name,
            stream,
            parameters,
            time,
        })
    }

    #[inline(always)]
    pub(super) fn time_notation(&self, element: Element<'a>) -> Result<TimeNotation> {
        let mut reader = element.open()?;
        let date = self.exact(reader.required(0, "date")?, "eight digits")?;
        let time = self.exact(reader.required(1, "time")?, "eight digits")?;
        reader.finish()?;
        TimeNotation::new(date, time).ok_or_else(|| element.error(Problem::Expected("digits")))
    }

    /// `EventParameter`s or `SigParameter`s: both are a name, a value and `extraInfo`.
    #[inline(always)]
    pub(super) fn parameters(
        &self,
        element: Element<'a>,
        item: Option<&'static Item>,
    ) -> Result<List<'a, Parameter<'a>>> {
        self.items::<_, 4>(element, |parameter| {
            let mut reader = self.sequence(parameter)?;
            let name = self.exact(reader.required(0, "parameter name")?, "two octets")?;
            let (name, value_type) = self.names.read_parameter(item, name, self.arena);
            let value = self.parm_value(&mut reader, value_type)?;
            reader.skip_extensions()?;
            Ok(Parameter { name, value })
        })
    }

    #[inline]
    pub(super) fn stream_id(&self, reader: &mut Reader<'a>, number: u8) -> Result<Option<u16>> {
        reader.optionally(number, |stream| stream.u16("streamID"))
    }

    #[inline]
    pub(super) fn request_id(
        &self,
        reader: &mut Reader<'a>,
        number: u8,
    ) -> Result<Option<RequestId>> {
        reader.optionally(number, |id| id.u32("requestID").map(RequestId))
    }

    /// A `BOOLEAN OPTIONAL` of which absence and FALSE mean the same.
    #[inline]
    pub(super) fn is_true(&self, reader: &mut Reader<'a>, number: u8) -> Result<bool> {
        reader
            .optional(number)?
            .map_or(Ok(false), |value| value.boolean())
    }

    fn event_dm(&self, element: Element<'a>) -> Result<EventDm<'a>> {
        let map = element.only()?;
        Ok(match map.number() {
            Some(0) => EventDm::Name(self.digit_map_name(map)?),
            Some(1) => EventDm::Value(self.digit_map_value(map)?),
            _ => return Err(map.error(Problem::Unexpected("eventDM"))),
        })
    }

    pub(super) fn digit_map(&self, element: Element<'a>) -> Result<DigitMapDescriptor<'a>> {
        let mut reader = element.open()?;
        let name = reader.optionally(0, |name| self.digit_map_name(name))?;
        let value = reader.optionally(1, |value| self.digit_map_value(value))?;
        reader.finish()?;
        Ok(DigitMapDescriptor { name, value })
    }

    pub(super) fn digit_map_name(&self, element: Element<'a>) -> Result<Token<'a>> {
        let octets = self.exact(element, "two octets")?;
        Ok(self.names.read_digit_map_name(octets, self.arena))
    }

    fn digit_map_value(&self, element: Element<'a>) -> Result<DigitMapValue<'a>> {
        let mut reader = element.open()?;
        let timer = |reader: &mut Reader<'a>, number| {
            reader.optionally(number, |timer| timer.u8(99, "timer"))
        };
        let start_timer = timer(&mut reader, 0)?;
        let short_timer = timer(&mut reader, 1)?;
        let long_timer = timer(&mut reader, 2)?;
        let text = reader.required(3, "digitMapBody")?;
        let body = self.octets(text)?;
        let duration_timer = timer(&mut reader, 4)?;
        reader.skip_extensions()?;
        if body.len() > self.limits.body_bytes_max {
            return Err(text.error(Problem::Limit("body_bytes_max")));
        }
        // Blanks around a body belong to the text encoding's braces.
        let body = body.trim_ascii();
        if !chars::is_digit_map_body(body) {
            return Err(text.error(Problem::Expected("digit map")));
        }
        let body = DigitMapBody::checked(body);
        Ok(DigitMapValue {
            start_timer,
            short_timer,
            long_timer,
            duration_timer,
            body,
        })
    }
}
