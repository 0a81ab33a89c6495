//! Commands, their replies, and the descriptors they may carry.

use super::{Encoder, Result};
use crate::ber::write::constructed;
use crate::error::EncodeError;
use crate::model::{
    AmmDescriptor, AmmRequest, AmmsReply, AuditDescriptor, AuditItem, AuditReply, AuditRequest,
    AuditReturnParameter, AuditTokens, Command, CommandReply, List, ServiceChangeReply,
    ServiceChangeResParm, ServiceChangeResult,
};

impl Encoder<'_, '_> {
    pub(super) fn command(&mut self, command: &Command<'_>) -> Result<()> {
        match command {
            Command::Add(request) => self.amm_request(0, request),
            Command::Move(request) => self.amm_request(1, request),
            Command::Modify(request) => self.amm_request(2, request),
            Command::Subtract(request) => self.within(constructed(3), |e| {
                e.termination_ids(0, &request.terminations)?;
                e.part(1, &request.audit, Self::audit)
            }),
            Command::AuditCapability(request) => self.audit_request(4, request),
            Command::AuditValue(request) => self.audit_request(5, request),
            Command::Notify(request) => self.within(constructed(6), |e| {
                e.termination_ids(0, &request.terminations)?;
                e.observed_events(1, &request.observed_events)?;
                e.part(2, &request.error, Self::error_descriptor)
            }),
            Command::ServiceChange(request) => self.within(constructed(7), |e| {
                e.termination_ids(0, &request.terminations)?;
                e.within(constructed(1), |e| e.service_change_parm(&request.parms))
            }),
        }
    }

    fn amm_request(&mut self, number: u8, request: &AmmRequest<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.termination_ids(0, &request.terminations)?;
            e.list(constructed(1), &request.descriptors, |e, descriptor| {
                e.amm_descriptor(descriptor)
            })
        })
    }

    fn amm_descriptor(&mut self, descriptor: &AmmDescriptor<'_>) -> Result<()> {
        match descriptor {
            AmmDescriptor::Media(media) => self.media(0, media),
            AmmDescriptor::Modem(modem) => self.modem(1, modem),
            AmmDescriptor::Mux(mux) => self.mux(2, mux),
            AmmDescriptor::Events(events) => self.events(3, events),
            AmmDescriptor::EventBuffer(events) => self.event_buffer(4, events),
            AmmDescriptor::Signals(signals) => self.signals(5, signals),
            AmmDescriptor::DigitMap(map) => self.digit_map(6, map),
            AmmDescriptor::Audit(audit) => self.audit(7, audit),
            AmmDescriptor::Statistics(statistics) => self.statistics(8, statistics),
        }
    }

    fn audit_request(&mut self, number: u8, request: &AuditRequest<'_>) -> Result<()> {
        let Some(first) = request.terminations.first() else {
            return Err(EncodeError::Empty("termination id list"));
        };
        self.within(constructed(number), |e| {
            e.termination_id(constructed(0), first)?;
            e.audit(1, &request.audit)?;
            if request.terminations.len() > 1 {
                e.termination_ids(2, &request.terminations)?;
            }
            Ok(())
        })
    }

    pub(super) fn command_reply(&mut self, reply: &CommandReply<'_>) -> Result<()> {
        match reply {
            CommandReply::Add(reply) => self.amms_reply(0, reply),
            CommandReply::Move(reply) => self.amms_reply(1, reply),
            CommandReply::Modify(reply) => self.amms_reply(2, reply),
            CommandReply::Subtract(reply) => self.amms_reply(3, reply),
            CommandReply::AuditCapability(reply) => {
                self.within(constructed(4), |e| e.audit_reply(reply))
            }
            CommandReply::AuditValue(reply) => {
                self.within(constructed(5), |e| e.audit_reply(reply))
            }
            CommandReply::Notify(reply) => self.within(constructed(6), |e| {
                e.termination_ids(0, &reply.terminations)?;
                e.part(1, &reply.error, Self::error_descriptor)
            }),
            CommandReply::ServiceChange(reply) => self.service_change_reply(7, reply),
        }
    }

    fn amms_reply(&mut self, number: u8, reply: &AmmsReply<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.termination_ids(0, &reply.terminations)?;
            if !reply.audit.is_empty() {
                e.termination_audit(&reply.audit)?;
            }
            Ok(())
        })
    }

    fn audit_reply(&mut self, reply: &AuditReply<'_>) -> Result<()> {
        match reply {
            AuditReply::ContextAuditResult(ids) => self.list(constructed(0), ids, |e, id| {
                e.termination_id(super::SEQUENCE, id)
            }),
            AuditReply::Error(error) => self.error_descriptor(1, error),
            AuditReply::AuditResult {
                terminations,
                audit,
            } => match terminations.as_slice() {
                [] => Err(EncodeError::Empty("termination id list")),
                [only] => self.within(constructed(2), |e| {
                    e.termination_id(constructed(0), only)?;
                    e.termination_audit(audit)
                }),
                _ => self.within(constructed(3), |e| {
                    e.termination_ids(0, terminations)?;
                    e.termination_audit(audit)
                }),
            },
        }
    }

    fn termination_audit(&mut self, audit: &[AuditReturnParameter<'_>]) -> Result<()> {
        self.within(constructed(1), |e| {
            let mut rest = audit;
            while let [first, after @ ..] = rest {
                rest = match empty_item(first) {
                    Some(item) => e.empty_descriptors(item, after)?,
                    None => {
                        e.audit_return(first)?;
                        after
                    }
                };
            }
            Ok(())
        })
    }

    /// `emptyDescriptors` is a set: it takes in the items that follow as long as they are in the order of their bits.
    fn empty_descriptors<'r, 'm>(
        &mut self,
        first: AuditItem,
        mut rest: &'r [AuditReturnParameter<'m>],
    ) -> Result<&'r [AuditReturnParameter<'m>]> {
        let mut tokens = AuditTokens::default().with(first);
        let mut last = first;
        while let [next, after @ ..] = rest
            && let Some(next) = empty_item(next)
            && next as u8 > last as u8
        {
            tokens = tokens.with(next);
            last = next;
            rest = after;
        }
        self.audit(
            11,
            &AuditDescriptor {
                tokens,
                parameters: List::EMPTY,
            },
        )?;
        Ok(rest)
    }

    fn audit_return(&mut self, parameter: &AuditReturnParameter<'_>) -> Result<()> {
        match parameter {
            AuditReturnParameter::Error(error) => self.error_descriptor(0, error),
            AuditReturnParameter::Media(media) => self.media(1, media),
            AuditReturnParameter::Modem(modem) => self.modem(2, modem),
            AuditReturnParameter::Mux(mux) => self.mux(3, mux),
            AuditReturnParameter::Events(events) => self.events(4, events),
            AuditReturnParameter::EventBuffer(events) => self.event_buffer(5, events),
            AuditReturnParameter::Signals(signals) => self.signals(6, signals),
            AuditReturnParameter::DigitMap(map) => self.digit_map(7, map),
            AuditReturnParameter::ObservedEvents(events) => self.observed_events(8, events),
            AuditReturnParameter::Statistics(statistics) => self.statistics(9, statistics),
            AuditReturnParameter::Packages(packages) => self.packages(10, packages),
            AuditReturnParameter::Empty(item) => self.empty_descriptors(*item, &[]).map(|_| ()),
        }
    }

    fn service_change_reply(&mut self, number: u8, reply: &ServiceChangeReply<'_>) -> Result<()> {
        self.within(constructed(number), |e| {
            e.termination_ids(0, &reply.terminations)?;
            e.within(constructed(1), |e| match &reply.result {
                ServiceChangeResult::Error(error) => e.error_descriptor(0, error),
                ServiceChangeResult::Accepted => {
                    e.service_change_res_parm(1, &ServiceChangeResParm::default())
                }
                ServiceChangeResult::Parms(parms) => e.service_change_res_parm(1, parms),
            })
        })
    }
}

/// The item, when a descriptor has no contents. Other descriptors can be empty themselves and are written so.
fn empty_item(parameter: &AuditReturnParameter<'_>) -> Option<AuditItem> {
    match parameter {
        AuditReturnParameter::Empty(item) => Some(*item),
        AuditReturnParameter::Statistics(statistics) if statistics.is_empty() => {
            Some(AuditItem::Statistics)
        }
        _ => None,
    }
}
