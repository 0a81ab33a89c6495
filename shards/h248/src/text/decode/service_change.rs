//! Service change descriptors of requests and replies.

use super::super::keyword::Keyword;
use super::audit::item_of;
use super::cursor::{Cursor, Rule, Word};
use crate::arena::Gather;
use crate::error::Problem;
use crate::model::{
    AuditDescriptor, IndAuditParameter, MId, Parameter, ServiceChangeAddress, ServiceChangeMethod,
    ServiceChangeParm, ServiceChangeProfile, ServiceChangeResParm, ServiceChangeResult,
    TimeNotation, Token, Value,
};

/// What has been read of a request's descriptor.
struct Found<'a> {
    method: Option<ServiceChangeMethod<'a>>,
    reason: Option<Value<'a>>,
    delay: Option<u32>,
    incomplete: bool,
    info: Option<AuditDescriptor<'a>>,
    items: Gather<'a, IndAuditParameter<'a>>,
    extensions: Gather<'a, Parameter<'a>>,
    shared: ServiceChangeResParm<'a>,
}

impl<'a> Cursor<'a, '_> {
    /// `serviceChangeDescriptor`, behind its keyword.
    pub(super) fn service_change_parm(&mut self) -> Rule<ServiceChangeParm<'a>> {
        let start = self.at;
        self.open()?;
        let mut found = Found {
            method: None,
            reason: None,
            delay: None,
            incomplete: false,
            info: None,
            items: self.arena.gather(),
            extensions: self.arena.gather(),
            shared: ServiceChangeResParm::default(),
        };
        loop {
            let word = self.word("service change parameter")?;
            self.service_change_parameter(&word, &mut found)?;
            if !self.more()? {
                break;
            }
        }
        let Found {
            method,
            reason,
            delay,
            incomplete,
            mut info,
            items,
            extensions,
            shared,
        } = found;
        let Some(method) = method else {
            return Err(self.fail_with(472, start, Problem::Missing("Method")));
        };
        let Some(reason) = reason else {
            return Err(self.fail_with(472, start, Problem::Missing("Reason")));
        };
        if !items.is_empty() {
            info.get_or_insert_default().parameters = items.finish();
        }
        let ServiceChangeResParm {
            address,
            version,
            profile,
            mgc_id,
            time_stamp,
        } = shared;
        Ok(ServiceChangeParm {
            method,
            address,
            version,
            profile,
            reason,
            delay,
            mgc_id,
            time_stamp,
            non_standard_data: None,
            extensions: extensions.finish(),
            info,
            incomplete,
        })
    }

    /// `serviceChangeParm`, behind its first word.
    fn service_change_parameter(&mut self, word: &Word<'a>, found: &mut Found<'a>) -> Rule<()> {
        let keyword = self.keyword_of(word);
        if self.shared_parameter(keyword, word, &mut found.shared)? {
            return Ok(());
        }
        match keyword {
            Keyword::Method => {
                let method = self.service_change_method()?;
                self.once(&mut found.method, word.start, "Method", method)
            }
            Keyword::Reason => {
                self.equal()?;
                let reason = self.value()?;
                self.once(&mut found.reason, word.start, "Reason", reason)
            }
            Keyword::Delay => {
                self.equal()?;
                let delay = self.number(u32::MAX, "delay")?;
                self.once(&mut found.delay, word.start, "Delay", delay)
            }
            Keyword::ServiceChangeIncomplete => {
                found.incomplete = true;
                Ok(())
            }
            _ if item_of(keyword).is_some() => {
                let info = found.info.get_or_insert_default();
                self.audit_item(keyword, word.start, info, &mut found.items)
            }
            _ => {
                if found.extensions.len() >= self.limits.items_max {
                    return Err(self.fail_at(word.start, Problem::Limit("items_max")));
                }
                self.extension_of(word)?;
                let extension = self.parameter_of(word)?;
                found.extensions.push(extension);
                Ok(())
            }
        }
    }

    /// The parameters that requests and replies have in common; false if this is not one of them.
    fn shared_parameter(
        &mut self,
        keyword: Keyword,
        word: &Word<'a>,
        shared: &mut ServiceChangeResParm<'a>,
    ) -> Rule<bool> {
        match keyword {
            Keyword::ServiceChangeAddress => {
                let address = self.service_change_address()?;
                self.once(
                    &mut shared.address,
                    word.start,
                    "ServiceChangeAddress",
                    address,
                )?;
            }
            Keyword::MgcIdToTry => {
                self.equal()?;
                let mid = self.mid()?;
                self.once(&mut shared.mgc_id, word.start, "MgcIdToTry", mid)?;
            }
            Keyword::Profile => {
                let profile = self.profile()?;
                self.once(&mut shared.profile, word.start, "Profile", profile)?;
            }
            Keyword::Version => {
                self.equal()?;
                let version = self.number(99, "version")? as u8;
                self.once(&mut shared.version, word.start, "Version", version)?;
            }
            _ => {
                let Some(time) = Self::time_stamp_of(word) else {
                    return Ok(false);
                };
                self.once::<TimeNotation>(&mut shared.time_stamp, word.start, "time stamp", time)?;
            }
        }
        Ok(true)
    }

    /// `serviceChangeMethod`, behind its keyword.
    fn service_change_method(&mut self) -> Rule<ServiceChangeMethod<'a>> {
        self.equal()?;
        let word = self.word("method")?;
        Ok(match self.keyword_of(&word) {
            Keyword::Failover => ServiceChangeMethod::Failover,
            Keyword::Forced => ServiceChangeMethod::Forced,
            Keyword::Graceful => ServiceChangeMethod::Graceful,
            Keyword::Restart => ServiceChangeMethod::Restart,
            Keyword::Disconnected => ServiceChangeMethod::Disconnected,
            Keyword::HandOff => ServiceChangeMethod::HandOff,
            _ => ServiceChangeMethod::Extension(self.extension_of(&word)?),
        })
    }

    /// `serviceChangeAddress`, behind its keyword: a port when it is all digits.
    fn service_change_address(&mut self) -> Rule<ServiceChangeAddress<'a>> {
        self.equal()?;
        self.peek_past_space();
        let start = self.at;
        let word = self.word_here();
        self.at = start;
        if !word.bytes.is_empty() && word.bytes.iter().all(u8::is_ascii_digit) {
            return Ok(ServiceChangeAddress::Port(self.uint16("port")?));
        }
        let mid: MId<'a> = self.mid()?;
        Ok(ServiceChangeAddress::MId(mid))
    }

    /// `serviceChangeProfile`, behind its keyword: a name, a slash, a version.
    fn profile(&mut self) -> Rule<ServiceChangeProfile<'a>> {
        self.equal()?;
        let word = self.word("profile")?;
        let slash = memchr::memrchr(b'/', word.bytes).filter(|&slash| slash > 0);
        let Some(slash) = slash else {
            return Err(self.fail_at(word.start, Problem::Expected("profile name and version")));
        };
        let end = self.at;
        self.at = word.start + slash + 1;
        let version = self.number_here(99, "profile version")? as u8;
        if self.at != end {
            return Err(self.fail(Problem::Expected("profile version")));
        }
        Ok(ServiceChangeProfile {
            name: Token::checked(&word.bytes[..slash]),
            version,
        })
    }

    /// `serviceChangeReplyDescriptor`, behind its keyword.
    pub(super) fn service_change_result(&mut self) -> Rule<ServiceChangeResult<'a>> {
        self.open()?;
        if self.peek_past_space() == b'}' {
            self.close()?;
            return Ok(ServiceChangeResult::Accepted);
        }
        let mut parms = ServiceChangeResParm::default();
        loop {
            let word = self.word("service change parameter")?;
            if !self.shared_parameter(self.keyword_of(&word), &word, &mut parms)? {
                return Err(self.fail_at(word.start, Problem::Expected("service change parameter")));
            }
            if !self.more()? {
                return Ok(ServiceChangeResult::Parms(self.arena.value(parms)));
            }
        }
    }
}
