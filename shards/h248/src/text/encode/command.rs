//! Commands and their replies.

use super::super::keyword::Keyword;
use super::writer::Writer;
use crate::error::EncodeError;
use crate::model::{
    AmmDescriptor, AmmRequest, AmmsReply, AuditItem, AuditReply, AuditRequest,
    AuditReturnParameter, Command, CommandReply, CommandRequest, NotifyReply, NotifyRequest,
    ServiceChangeReply, ServiceChangeResult, SubtractRequest, TerminationId,
};

impl<const PRETTY: bool> Writer<'_, PRETTY> {
    pub(super) fn command_request(&mut self, request: &CommandRequest<'_>) {
        if request.optional {
            self.raw(b"O-");
        }
        if request.wildcard_return {
            self.raw(b"W-");
        }
        match &request.command {
            Command::Add(request) => {
                self.key(Keyword::Add);
                self.amm_request(request);
            }
            Command::Move(request) => {
                self.key(Keyword::Move);
                self.amm_request(request);
            }
            Command::Modify(request) => {
                self.key(Keyword::Modify);
                self.amm_request(request);
            }
            Command::Subtract(request) => self.subtract(request),
            Command::AuditCapability(request) => {
                self.key(Keyword::AuditCap);
                self.audit_request(request);
            }
            Command::AuditValue(request) => {
                self.key(Keyword::AuditValue);
                self.audit_request(request);
            }
            Command::Notify(request) => self.notify(request),
            Command::ServiceChange(request) => {
                self.key(Keyword::ServiceChange);
                self.equal_ids(&request.terminations);
                self.open();
                self.service_change_parm(&request.parms);
                self.close();
            }
        }
    }

    #[inline]
    fn equal_ids(&mut self, ids: &[TerminationId<'_>]) {
        self.equal();
        self.termination_ids(ids);
    }

    fn amm_request(&mut self, request: &AmmRequest<'_>) {
        self.equal_ids(&request.terminations);
        if !request.descriptors.is_empty() {
            self.open();
            self.separated(&request.descriptors, Self::amm_descriptor);
            self.close();
        }
    }

    fn amm_descriptor(&mut self, descriptor: &AmmDescriptor<'_>) {
        match descriptor {
            AmmDescriptor::Media(media) => self.media(media),
            AmmDescriptor::Modem(modem) => self.modem(modem),
            AmmDescriptor::Mux(mux) => self.mux(mux),
            AmmDescriptor::Events(events) => self.events(events),
            AmmDescriptor::EventBuffer(specs) => self.event_buffer(specs),
            AmmDescriptor::Signals(signals) => self.signals(signals),
            AmmDescriptor::DigitMap(map) => self.digit_map(map),
            AmmDescriptor::Audit(audit) => self.audit(audit),
            AmmDescriptor::Statistics(statistics) => self.statistics(statistics),
        }
    }

    fn subtract(&mut self, request: &SubtractRequest<'_>) {
        self.key(Keyword::Subtract);
        self.equal_ids(&request.terminations);
        if let Some(audit) = &request.audit {
            self.open();
            self.audit(audit);
            self.close();
        }
    }

    fn audit_request(&mut self, request: &AuditRequest<'_>) {
        self.equal_ids(&request.terminations);
        self.open();
        self.audit(&request.audit);
        self.close();
    }

    fn notify(&mut self, request: &NotifyRequest<'_>) {
        self.key(Keyword::Notify);
        self.equal_ids(&request.terminations);
        self.open();
        self.observed_events(&request.observed_events);
        if let Some(error) = &request.error {
            self.comma();
            self.error_descriptor(error);
        }
        self.close();
    }

    pub(super) fn command_reply(&mut self, reply: &CommandReply<'_>) {
        match reply {
            CommandReply::Add(reply) => {
                self.key(Keyword::Add);
                self.amms_reply(reply);
            }
            CommandReply::Move(reply) => {
                self.key(Keyword::Move);
                self.amms_reply(reply);
            }
            CommandReply::Modify(reply) => {
                self.key(Keyword::Modify);
                self.amms_reply(reply);
            }
            CommandReply::Subtract(reply) => {
                self.key(Keyword::Subtract);
                self.amms_reply(reply);
            }
            CommandReply::AuditCapability(reply) => {
                self.key(Keyword::AuditCap);
                self.audit_reply(reply);
            }
            CommandReply::AuditValue(reply) => {
                self.key(Keyword::AuditValue);
                self.audit_reply(reply);
            }
            CommandReply::Notify(reply) => self.notify_reply(reply),
            CommandReply::ServiceChange(reply) => self.service_change_reply(reply),
        }
    }

    fn amms_reply(&mut self, reply: &AmmsReply<'_>) {
        self.equal_ids(&reply.terminations);
        self.termination_audit(&reply.audit);
    }

    fn termination_audit(&mut self, audit: &[AuditReturnParameter<'_>]) {
        if !audit.is_empty() {
            self.open();
            self.separated(audit, Self::audit_return_parameter);
            self.close();
        }
    }

    fn audit_reply(&mut self, reply: &AuditReply<'_>) {
        match reply {
            AuditReply::ContextAuditResult(terminations) => {
                self.equal();
                self.key(Keyword::Context);
                self.braced(terminations, "termination id list", |writer, id| {
                    writer.raw(id.as_bytes())
                });
            }
            AuditReply::Error(error) => {
                self.equal();
                self.key_open(Keyword::Context);
                self.error_descriptor(error);
                self.close();
            }
            AuditReply::AuditResult {
                terminations,
                audit,
            } => {
                // The grammar cannot tell such a termination from the keyword.
                if terminations.iter().any(|id| *id == "C" || *id == "Context") {
                    let what = "audited termination called Context";
                    self.refuse(EncodeError::NotRepresentable(what));
                }
                self.equal_ids(terminations);
                self.termination_audit(audit);
            }
        }
    }

    fn audit_return_parameter(&mut self, parameter: &AuditReturnParameter<'_>) {
        match parameter {
            AuditReturnParameter::Error(error) => self.error_descriptor(error),
            AuditReturnParameter::Media(media) => self.media(media),
            AuditReturnParameter::Modem(modem) => self.modem(modem),
            AuditReturnParameter::Mux(mux) => self.mux(mux),
            AuditReturnParameter::Events(events) => self.events(events),
            AuditReturnParameter::EventBuffer(specs) => self.event_buffer(specs),
            AuditReturnParameter::Signals(signals) => self.signals(signals),
            AuditReturnParameter::DigitMap(map) => self.digit_map(map),
            AuditReturnParameter::ObservedEvents(events) => self.observed_events(events),
            AuditReturnParameter::Statistics(statistics) => self.statistics(statistics),
            AuditReturnParameter::Packages(packages) => self.packages(packages),
            AuditReturnParameter::Empty(item) => self.audit_item(*item),
        }
    }

    pub(super) fn audit_item(&mut self, item: AuditItem) {
        self.key(match item {
            AuditItem::Mux => Keyword::Mux,
            AuditItem::Modem => Keyword::Modem,
            AuditItem::Media => Keyword::Media,
            AuditItem::Events => Keyword::Events,
            AuditItem::Signals => Keyword::Signals,
            AuditItem::DigitMap => Keyword::DigitMap,
            AuditItem::Statistics => Keyword::Statistics,
            AuditItem::ObservedEvents => Keyword::ObservedEvents,
            AuditItem::Packages => Keyword::Packages,
            AuditItem::EventBuffer => Keyword::EventBuffer,
        });
    }

    fn notify_reply(&mut self, reply: &NotifyReply<'_>) {
        self.key(Keyword::Notify);
        self.equal_ids(&reply.terminations);
        if let Some(error) = &reply.error {
            self.open();
            self.error_descriptor(error);
            self.close();
        }
    }

    fn service_change_reply(&mut self, reply: &ServiceChangeReply<'_>) {
        self.key(Keyword::ServiceChange);
        self.equal_ids(&reply.terminations);
        match &reply.result {
            ServiceChangeResult::Accepted => {}
            ServiceChangeResult::Error(error) => {
                self.open();
                self.error_descriptor(error);
                self.close();
            }
            ServiceChangeResult::Parms(parms) => {
                self.open();
                self.service_change_res_parm(parms);
                self.close();
            }
        }
    }
}
