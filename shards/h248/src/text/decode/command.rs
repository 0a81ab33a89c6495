//! Commands, their replies, and the descriptors each may carry.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule, Stop};
use crate::error::Problem;
use crate::model::{
    AmmDescriptor, AmmRequest, AmmsReply, AuditItem, AuditReply, AuditRequest,
    AuditReturnParameter, Command, CommandReply, DigitMapDescriptor, List, NotifyReply,
    NotifyRequest, ServiceChangeReply, ServiceChangeRequest, ServiceChangeResult, SubtractRequest,
    TerminationAudit,
};

impl<'a> Cursor<'a, '_> {
    /// `commandRequest`, behind its keyword.
    pub(super) fn command(&mut self, keyword: Keyword, start: usize) -> Rule<Command<'a>> {
        match keyword {
            Keyword::Add => Ok(Command::Add(self.amm_request()?)),
            Keyword::Move => Ok(Command::Move(self.amm_request()?)),
            Keyword::Modify => Ok(Command::Modify(self.amm_request()?)),
            Keyword::Subtract => self.subtract(),
            Keyword::AuditCap => Ok(Command::AuditCapability(self.audit_request()?)),
            Keyword::AuditValue => Ok(Command::AuditValue(self.audit_request()?)),
            Keyword::Notify => self.notify(),
            Keyword::ServiceChange => self.service_change(),
            _ => Err(self.unknown_command(start)),
        }
    }

    #[cold]
    fn unknown_command(&mut self, start: usize) -> Stop {
        if self.at == start {
            return self.fail(Problem::Expected("command"));
        }
        self.fail_with(443, start, Problem::Unexpected("command"))
    }

    /// `ammRequest`
    fn amm_request(&mut self) -> Rule<AmmRequest<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        if !self.try_open()? {
            return Ok(AmmRequest {
                terminations,
                descriptors: List::EMPTY,
            });
        }
        let mut seen = 0;
        let max = self.limits.descriptors_max;
        let descriptors = self.items(max, "descriptors_max", |cursor| {
            cursor.amm_descriptor(&mut seen)
        })?;
        Ok(AmmRequest {
            terminations,
            descriptors,
        })
    }

    /// `ammParameter`
    fn amm_descriptor(&mut self, seen: &mut u16) -> Rule<AmmDescriptor<'a>> {
        let (keyword, start) = self.keyword();
        let (descriptor, kind) = match keyword {
            Keyword::Media => (AmmDescriptor::Media(self.media()?), AuditItem::Media),
            Keyword::Modem => (AmmDescriptor::Modem(self.modem()?), AuditItem::Modem),
            Keyword::Mux => (AmmDescriptor::Mux(self.mux()?), AuditItem::Mux),
            Keyword::Events => (AmmDescriptor::Events(self.events()?), AuditItem::Events),
            Keyword::EventBuffer => (
                AmmDescriptor::EventBuffer(self.event_buffer()?),
                AuditItem::EventBuffer,
            ),
            Keyword::Signals => (AmmDescriptor::Signals(self.signals()?), AuditItem::Signals),
            Keyword::DigitMap => (
                AmmDescriptor::DigitMap(self.digit_map()?),
                AuditItem::DigitMap,
            ),
            Keyword::Statistics => (
                AmmDescriptor::Statistics(self.statistics()?),
                AuditItem::Statistics,
            ),
            // Observed events cannot be asked for by an Add, so their bit is free for the audit descriptor.
            Keyword::Audit => (
                AmmDescriptor::Audit(self.audit()?),
                AuditItem::ObservedEvents,
            ),
            _ => return Err(self.illegal_descriptor(keyword, start)),
        };
        let bit = 1 << kind as u16;
        if *seen & bit != 0 {
            return Err(self.fail_with(448, start, Problem::Repeated("descriptor")));
        }
        *seen |= bit;
        Ok(descriptor)
    }

    #[cold]
    fn illegal_descriptor(&mut self, keyword: Keyword, start: usize) -> Stop {
        match keyword {
            _ if self.at == start => self.fail(Problem::Expected("descriptor")),
            Keyword::ObservedEvents
            | Keyword::Packages
            | Keyword::Services
            | Keyword::Error
            | Keyword::Topology => self.fail_with(
                447,
                start,
                Problem::Unexpected("descriptor in this command"),
            ),
            _ => self.fail_with(444, start, Problem::Unexpected("descriptor")),
        }
    }

    /// `digitMapDescriptor`, behind its keyword.
    fn digit_map(&mut self) -> Rule<DigitMapDescriptor<'a>> {
        let mut name = None;
        if self.peek_past_space() == b'=' {
            self.equal()?;
            if self.peek_past_space() != b'{' {
                name = Some(self.name()?);
            }
        }
        let value = if self.peek_past_space() == b'{' {
            Some(self.digit_map_value()?)
        } else {
            None
        };
        if name.is_none() && value.is_none() {
            return Err(self.fail(Problem::Expected("digit map")));
        }
        Ok(DigitMapDescriptor { name, value })
    }

    /// `subtractRequest`
    fn subtract(&mut self) -> Rule<Command<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        let audit = if self.try_open()? {
            Some(self.audit_in_braces()?)
        } else {
            None
        };
        Ok(Command::Subtract(SubtractRequest {
            terminations,
            audit,
        }))
    }

    /// `auditRequest`. OTP leaves out an empty descriptor together with its braces.
    fn audit_request(&mut self) -> Rule<AuditRequest<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        let audit = if self.try_open()? {
            self.audit_in_braces()?
        } else {
            Default::default()
        };
        Ok(AuditRequest {
            terminations,
            audit,
        })
    }

    /// `auditDescriptor RBRKT`
    fn audit_in_braces(&mut self) -> Rule<crate::model::AuditDescriptor<'a>> {
        match self.keyword() {
            (Keyword::Audit, _) => {}
            (keyword, start) => return Err(self.illegal_descriptor(keyword, start)),
        }
        let audit = self.audit()?;
        self.close()?;
        Ok(audit)
    }

    /// `notifyRequest`
    fn notify(&mut self) -> Rule<Command<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        self.open()?;
        match self.keyword() {
            (Keyword::ObservedEvents, _) => {}
            (keyword, start) => return Err(self.illegal_descriptor(keyword, start)),
        }
        let observed_events = self.observed_events()?;
        let mut error = None;
        if self.more()? {
            match self.keyword() {
                (Keyword::Error, _) => error = Some(self.error_descriptor()?),
                (keyword, start) => return Err(self.illegal_descriptor(keyword, start)),
            }
            self.close()?;
        }
        Ok(Command::Notify(NotifyRequest {
            terminations,
            observed_events,
            error,
        }))
    }

    /// `serviceChangeRequest`
    fn service_change(&mut self) -> Rule<Command<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        self.open()?;
        match self.keyword() {
            (Keyword::Services, _) => {}
            (keyword, start) => return Err(self.illegal_descriptor(keyword, start)),
        }
        let parms = self.service_change_parm()?;
        self.close()?;
        Ok(Command::ServiceChange(ServiceChangeRequest {
            terminations,
            parms: self.arena.value(parms),
        }))
    }

    /// `commandReplys`, behind its keyword.
    pub(super) fn command_reply(
        &mut self,
        keyword: Keyword,
        start: usize,
    ) -> Rule<CommandReply<'a>> {
        match keyword {
            Keyword::Add => Ok(CommandReply::Add(self.amms_reply()?)),
            Keyword::Move => Ok(CommandReply::Move(self.amms_reply()?)),
            Keyword::Modify => Ok(CommandReply::Modify(self.amms_reply()?)),
            Keyword::Subtract => Ok(CommandReply::Subtract(self.amms_reply()?)),
            Keyword::AuditCap => Ok(CommandReply::AuditCapability(self.audit_reply()?)),
            Keyword::AuditValue => Ok(CommandReply::AuditValue(self.audit_reply()?)),
            Keyword::Notify => self.notify_reply(),
            Keyword::ServiceChange => self.service_change_reply(),
            _ => Err(self.unknown_command(start)),
        }
    }

    /// `ammsReply`
    fn amms_reply(&mut self) -> Rule<AmmsReply<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        let audit = self.termination_audit_in_braces()?;
        Ok(AmmsReply {
            terminations,
            audit,
        })
    }

    /// `auditReply`
    fn audit_reply(&mut self) -> Rule<AuditReply<'a>> {
        self.equal()?;
        self.peek_past_space();
        let start = self.at;
        // A termination may be called like the keyword; only the keyword is followed by a list or an error.
        if self.keyword().0 == Keyword::Context && self.peek_past_space() == b'{' {
            let behind = self.at;
            self.open()?;
            if self.keyword().0 == Keyword::Error && self.peek_past_space() == b'=' {
                let error = self.error_descriptor()?;
                self.close()?;
                return Ok(AuditReply::Error(error));
            }
            self.at = behind;
            self.depth -= 1;
            return Ok(AuditReply::ContextAuditResult(self.termination_id_list()?));
        }
        self.at = start;
        let terminations = self.termination_ids()?;
        let audit = self.termination_audit_in_braces()?;
        Ok(AuditReply::AuditResult {
            terminations,
            audit,
        })
    }

    /// `[LBRKT terminationAudit RBRKT]`
    fn termination_audit_in_braces(&mut self) -> Rule<TerminationAudit<'a>> {
        if !self.try_open()? {
            return Ok(List::EMPTY);
        }
        self.items(
            self.limits.descriptors_max,
            "descriptors_max",
            Self::audit_return_parameter,
        )
    }

    /// `auditReturnParameter`: a descriptor, or only its name when it is empty.
    fn audit_return_parameter(&mut self) -> Rule<AuditReturnParameter<'a>> {
        let (keyword, start) = self.keyword();
        let named_only = !matches!(self.peek_past_space(), b'{' | b'=' | b'[');
        let empty = |item| Ok(AuditReturnParameter::Empty(item));
        match keyword {
            Keyword::Media if named_only => empty(AuditItem::Media),
            Keyword::Modem if named_only => empty(AuditItem::Modem),
            Keyword::Mux if named_only => empty(AuditItem::Mux),
            Keyword::DigitMap if named_only => empty(AuditItem::DigitMap),
            Keyword::ObservedEvents if named_only => empty(AuditItem::ObservedEvents),
            Keyword::Packages if named_only => empty(AuditItem::Packages),
            Keyword::Media => Ok(AuditReturnParameter::Media(self.media()?)),
            Keyword::Modem => Ok(AuditReturnParameter::Modem(self.modem()?)),
            Keyword::Mux => Ok(AuditReturnParameter::Mux(self.mux()?)),
            Keyword::Events => Ok(AuditReturnParameter::Events(self.events()?)),
            Keyword::EventBuffer => Ok(AuditReturnParameter::EventBuffer(self.event_buffer()?)),
            Keyword::Signals => Ok(AuditReturnParameter::Signals(self.signals()?)),
            Keyword::DigitMap => Ok(AuditReturnParameter::DigitMap(self.digit_map()?)),
            Keyword::ObservedEvents => Ok(AuditReturnParameter::ObservedEvents(
                self.observed_events()?,
            )),
            Keyword::Statistics => Ok(AuditReturnParameter::Statistics(self.statistics()?)),
            Keyword::Packages => Ok(AuditReturnParameter::Packages(self.packages()?)),
            Keyword::Error => Ok(AuditReturnParameter::Error(self.error_descriptor()?)),
            _ => Err(self.illegal_descriptor(keyword, start)),
        }
    }

    /// `notifyReply`
    fn notify_reply(&mut self) -> Rule<CommandReply<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        let mut error = None;
        if self.try_open()? {
            match self.keyword() {
                (Keyword::Error, _) => error = Some(self.error_descriptor()?),
                (keyword, start) => return Err(self.illegal_descriptor(keyword, start)),
            }
            self.close()?;
        }
        Ok(CommandReply::Notify(NotifyReply {
            terminations,
            error,
        }))
    }

    /// `serviceChangeReply`
    fn service_change_reply(&mut self) -> Rule<CommandReply<'a>> {
        self.equal()?;
        let terminations = self.termination_ids()?;
        let mut result = ServiceChangeResult::Accepted;
        if self.try_open()? {
            result = match self.keyword() {
                (Keyword::Error, _) => ServiceChangeResult::Error(self.error_descriptor()?),
                (Keyword::Services, _) => self.service_change_result()?,
                (keyword, start) => return Err(self.illegal_descriptor(keyword, start)),
            };
            self.close()?;
        }
        Ok(CommandReply::ServiceChange(ServiceChangeReply {
            terminations,
            result,
        }))
    }
}
