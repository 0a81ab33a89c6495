//! Commands, their replies, and the descriptors they may carry.

use super::Decoder;
use crate::ber::read::{Element, Error, Result};
use crate::codes::ErrorCode;
use crate::error::Problem;
use crate::model::{
    AmmDescriptor, AmmRequest, AmmsReply, AuditItem, AuditReply, AuditRequest,
    AuditReturnParameter, Command, CommandReply, EventsDescriptor, List, NotifyReply,
    NotifyRequest, ServiceChangeReply, ServiceChangeRequest, ServiceChangeResParm,
    ServiceChangeResult, SubtractRequest, TerminationAudit,
};

/// The alternative of `AuditReturnParameter` that names descriptors without contents.
const EMPTY_DESCRIPTORS: u8 = 11;

impl<'a> Decoder<'_, 'a> {
    #[inline(always)]
    pub(super) fn command(&self, element: Element<'a>) -> Result<Command<'a>> {
        Ok(match element.number() {
            Some(number @ 0..=2) => {
                let request = self.amm_request(element)?;
                match number {
                    0 => Command::Add(request),
                    1 => Command::Move(request),
                    _ => Command::Modify(request),
                }
            }
            Some(3) => Command::Subtract(self.subtract_request(element)?),
            Some(4) => Command::AuditCapability(self.audit_request(element)?),
            Some(5) => Command::AuditValue(self.audit_request(element)?),
            Some(6) => Command::Notify(self.notify_request(element)?),
            Some(7) => Command::ServiceChange(self.service_change_request(element)?),
            _ => {
                let error = element.error(Problem::Unexpected("command"));
                return Err(error.with_code(ErrorCode::UNKNOWN_COMMAND));
            }
        })
    }

    #[inline(always)]
    fn amm_request(&self, element: Element<'a>) -> Result<AmmRequest<'a>> {
        let mut reader = element.open()?;
        let terminations = self.some_termination_ids(reader.required(0, "terminationID")?)?;
        let descriptors = reader.required(1, "descriptors")?;
        reader.skip_extensions()?;
        let mut seen = 0u32;
        let limit = (self.limits.descriptors_max, "descriptors_max");
        let descriptors = self.list::<_, 4>(descriptors, limit, |descriptor| {
            // "At most one descriptor of each type" (annex A).
            let kind = 1 << descriptor.number().unwrap_or_default();
            if seen & kind != 0 {
                let error = descriptor.error(Problem::Repeated("descriptor"));
                return Err(error.with_code(ErrorCode::DESCRIPTOR_APPEARS_TWICE));
            }
            seen |= kind;
            self.amm_descriptor(descriptor)
        })?;
        Ok(AmmRequest {
            terminations,
            descriptors,
        })
    }

    #[inline(always)]
    fn amm_descriptor(&self, element: Element<'a>) -> Result<AmmDescriptor<'a>> {
        Ok(match element.number() {
            Some(0) => AmmDescriptor::Media(self.media(element)?),
            Some(1) => AmmDescriptor::Modem(self.modem(element)?),
            Some(2) => AmmDescriptor::Mux(self.mux(element)?),
            Some(3) => AmmDescriptor::Events(self.events(element)?),
            Some(4) => AmmDescriptor::EventBuffer(self.event_buffer(element)?),
            Some(5) => AmmDescriptor::Signals(self.signals(element)?),
            Some(6) => AmmDescriptor::DigitMap(self.digit_map(element)?),
            Some(7) => AmmDescriptor::Audit(self.audit(element)?),
            Some(8) => AmmDescriptor::Statistics(self.statistics(element)?),
            _ => return Err(unknown_descriptor(element)),
        })
    }

    #[inline(always)]
    fn subtract_request(&self, element: Element<'a>) -> Result<SubtractRequest<'a>> {
        let mut reader = element.open()?;
        let terminations = self.some_termination_ids(reader.required(0, "terminationID")?)?;
        let audit = reader.optionally(1, |audit| self.audit(audit))?;
        reader.skip_extensions()?;
        Ok(SubtractRequest {
            terminations,
            audit,
        })
    }

    #[inline(always)]
    fn audit_request(&self, element: Element<'a>) -> Result<AuditRequest<'a>> {
        let mut reader = element.open()?;
        let first = self.termination_id(reader.required(0, "terminationID")?.open()?)?;
        let audit = self.audit(reader.required(1, "auditDescriptor")?)?;
        let list = reader.optionally(2, |list| self.termination_ids(list))?;
        reader.skip_extensions()?;
        // The list, where there is one, begins with the first.
        let terminations = match list {
            Some(list) if !list.is_empty() => list,
            _ => self.arena.one_item(first),
        };
        Ok(AuditRequest {
            terminations,
            audit,
        })
    }

    #[inline(always)]
    fn notify_request(&self, element: Element<'a>) -> Result<NotifyRequest<'a>> {
        let mut reader = element.open()?;
        let terminations = self.some_termination_ids(reader.required(0, "terminationID")?)?;
        let observed_events =
            self.observed_events(reader.required(1, "observedEventsDescriptor")?)?;
        let error = reader.optionally(2, |error| self.error_descriptor(error))?;
        reader.skip_extensions()?;
        Ok(NotifyRequest {
            terminations,
            observed_events,
            error,
        })
    }

    fn service_change_request(&self, element: Element<'a>) -> Result<ServiceChangeRequest<'a>> {
        let mut reader = element.open()?;
        let terminations = self.some_termination_ids(reader.required(0, "terminationID")?)?;
        let parms = self.service_change_parm(reader.required(1, "serviceChangeParms")?)?;
        reader.skip_extensions()?;
        Ok(ServiceChangeRequest {
            terminations,
            parms: self.value_in_arena(parms),
        })
    }

    #[inline(always)]
    pub(super) fn command_reply(&self, element: Element<'a>) -> Result<CommandReply<'a>> {
        let element = element.below_command(self.limits.depth_max);
        Ok(match element.number() {
            Some(number @ 0..=3) => {
                let reply = self.amms_reply(element)?;
                match number {
                    0 => CommandReply::Add(reply),
                    1 => CommandReply::Move(reply),
                    2 => CommandReply::Modify(reply),
                    _ => CommandReply::Subtract(reply),
                }
            }
            // The two audit replies are CHOICEs and so have explicit tags.
            Some(4) => CommandReply::AuditCapability(self.audit_reply(element.only()?)?),
            Some(5) => CommandReply::AuditValue(self.audit_reply(element.only()?)?),
            Some(6) => CommandReply::Notify(self.notify_reply(element)?),
            Some(7) => CommandReply::ServiceChange(self.service_change_reply(element)?),
            _ => return Err(element.error(Problem::Unexpected("command reply"))),
        })
    }

    #[inline(always)]
    fn amms_reply(&self, element: Element<'a>) -> Result<AmmsReply<'a>> {
        let mut reader = element.open()?;
        let terminations = self.termination_ids(reader.required(0, "terminationID")?)?;
        let audit = reader.optionally(1, |audit| self.termination_audit(audit))?;
        reader.skip_extensions()?;
        Ok(AmmsReply {
            terminations,
            audit: audit.unwrap_or_default(),
        })
    }

    fn audit_reply(&self, element: Element<'a>) -> Result<AuditReply<'a>> {
        Ok(match element.number() {
            Some(0) => AuditReply::ContextAuditResult(self.termination_ids(element)?),
            Some(1) => AuditReply::Error(self.error_descriptor(element)?),
            Some(2) => {
                let mut reader = element.open()?;
                let id = self.termination_id(reader.required(0, "terminationID")?.open()?)?;
                let audit =
                    self.termination_audit(reader.required(1, "terminationAuditResult")?)?;
                reader.finish()?;
                AuditReply::AuditResult {
                    terminations: self.arena.one_item(id),
                    audit,
                }
            }
            Some(3) => {
                let mut reader = element.open()?;
                let terminations =
                    self.termination_ids(reader.required(0, "terminationIDList")?)?;
                let audit =
                    self.termination_audit(reader.required(1, "terminationAuditResult")?)?;
                reader.skip_extensions()?;
                AuditReply::AuditResult {
                    terminations,
                    audit,
                }
            }
            _ => return Err(element.error(Problem::Unexpected("audit reply"))),
        })
    }

    #[inline(always)]
    fn termination_audit(&self, element: Element<'a>) -> Result<TerminationAudit<'a>> {
        let mut reader = element.open()?;
        let mut audit = self.arena.gather();
        while let Some(parameter) = reader.next()? {
            let full = |items: usize| items >= self.limits.items_max;
            let limit = || parameter.error(Problem::Limit("items_max"));
            match parameter.number() {
                Some(EMPTY_DESCRIPTORS) => {
                    // A set on the wire, one item each in the model.
                    let empty = self.audit(parameter)?;
                    for token in empty.tokens.iter() {
                        if full(audit.len()) {
                            return Err(limit());
                        }
                        audit.push(empty_descriptor(token));
                    }
                }
                _ if full(audit.len()) => return Err(limit()),
                number => audit.push(self.audit_return(number, parameter)?),
            }
        }
        Ok(audit.finish())
    }

    #[inline(always)]
    fn audit_return(
        &self,
        number: Option<u8>,
        element: Element<'a>,
    ) -> Result<AuditReturnParameter<'a>> {
        Ok(match number {
            Some(0) => AuditReturnParameter::Error(self.error_descriptor(element)?),
            Some(1) => AuditReturnParameter::Media(self.media(element)?),
            Some(2) => AuditReturnParameter::Modem(self.modem(element)?),
            Some(3) => AuditReturnParameter::Mux(self.mux(element)?),
            Some(4) => AuditReturnParameter::Events(self.events(element)?),
            Some(5) => AuditReturnParameter::EventBuffer(self.event_buffer(element)?),
            Some(6) => AuditReturnParameter::Signals(self.signals(element)?),
            Some(7) => AuditReturnParameter::DigitMap(self.digit_map(element)?),
            Some(8) => AuditReturnParameter::ObservedEvents(self.observed_events(element)?),
            Some(9) => AuditReturnParameter::Statistics(self.statistics(element)?),
            Some(10) => AuditReturnParameter::Packages(self.packages(element)?),
            _ => return Err(unknown_descriptor(element)),
        })
    }

    #[inline(always)]
    fn notify_reply(&self, element: Element<'a>) -> Result<NotifyReply<'a>> {
        let mut reader = element.open()?;
        let terminations = self.termination_ids(reader.required(0, "terminationID")?)?;
        let error = reader.optionally(1, |error| self.error_descriptor(error))?;
        reader.skip_extensions()?;
        Ok(NotifyReply {
            terminations,
            error,
        })
    }

    fn service_change_reply(&self, element: Element<'a>) -> Result<ServiceChangeReply<'a>> {
        let mut reader = element.open()?;
        let terminations = self.termination_ids(reader.required(0, "terminationID")?)?;
        let result = reader.required(1, "serviceChangeResult")?.only()?;
        reader.skip_extensions()?;
        let result = match result.number() {
            Some(0) => ServiceChangeResult::Error(self.error_descriptor(result)?),
            Some(1) => {
                let parms = self.service_change_res_parm(result)?;
                if parms == ServiceChangeResParm::default() {
                    ServiceChangeResult::Accepted
                } else {
                    ServiceChangeResult::Parms(self.value_in_arena(parms))
                }
            }
            _ => return Err(result.error(Problem::Unexpected("serviceChangeResult"))),
        };
        Ok(ServiceChangeReply {
            terminations,
            result,
        })
    }
}

#[cold]
pub(super) fn unknown_descriptor(element: Element<'_>) -> Error {
    element
        .error(Problem::Unexpected("descriptor"))
        .with_code(ErrorCode::UNKNOWN_DESCRIPTOR)
}

/// A descriptor without contents: its own kind without items, where it has one.
fn empty_descriptor<'a>(item: AuditItem) -> AuditReturnParameter<'a> {
    match item {
        AuditItem::Events => AuditReturnParameter::Events(EventsDescriptor::default()),
        AuditItem::EventBuffer => AuditReturnParameter::EventBuffer(List::EMPTY),
        AuditItem::Signals => AuditReturnParameter::Signals(List::EMPTY),
        AuditItem::Statistics => AuditReturnParameter::Statistics(List::EMPTY),
        _ => AuditReturnParameter::Empty(item),
    }
}
