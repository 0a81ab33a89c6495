//! The user that is there without being asked for: it registers gateways and answers every command with success.
//!
//! It keeps no contexts and no terminations: what it is asked to choose it makes up, what it is asked to report it reports as
//! empty. That is what a gateway or a load generator needs that wants to be answered, and no call agent.

use megaphone_h248::model::{
    ActionReply, ActionRequest, AmmDescriptor, AmmRequest, AmmsReply, AuditDescriptor, AuditReply,
    AuditReturnParameter, Command, CommandReply, ContextId, List, NotifyReply, Ref,
    ServiceChangeMethod, ServiceChangeReply, ServiceChangeRequest, ServiceChangeResParm,
    ServiceChangeResult, TerminationAudit, TerminationId, TerminationIdList, TransactionResult,
};
use megaphone_megaco::user::{Answer, Context, UserAnswer};
use megaphone_megaco::{ConnectionId, RequestToken, User};
use std::cell::RefCell;
use std::rc::Rc;

/// The highest version spoken.
const VERSION_MAX: u8 = 3;

/// Associations whose gateway said goodbye: to be disconnected once it is answered.
pub(crate) type Leavers = Rc<RefCell<Vec<ConnectionId>>>;

/// The built-in user.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    leavers: Leavers,
    /// The last context and the last termination made up.
    context: u32,
    termination: u32,
}

impl BuiltIn {
    pub(crate) fn new(leavers: Leavers) -> BuiltIn {
        BuiltIn {
            leavers,
            context: 0,
            termination: 0,
        }
    }

    fn action<'m>(&mut self, cx: &Context<'_>, action: &ActionRequest<'m>) -> ActionReply<'m> {
        let context = match action.context_id {
            ContextId::CHOOSE => self.next_context(),
            context => context,
        };
        let commands = action
            .commands
            .iter()
            .map(|request| self.command(cx, &request.command));
        ActionReply::new(context, commands.collect::<List<_>>())
    }

    fn next_context(&mut self) -> ContextId {
        // 0 is the null context, and the two highest numbers mean "choose" and "all".
        self.context = self.context % (ContextId::CHOOSE.0 - 1) + 1;
        ContextId(self.context)
    }

    fn command<'m>(&mut self, cx: &Context<'_>, command: &Command<'m>) -> CommandReply<'m> {
        match command {
            Command::Add(request) => CommandReply::Add(self.changed(request)),
            Command::Move(request) => CommandReply::Move(self.changed(request)),
            Command::Modify(request) => CommandReply::Modify(self.changed(request)),
            Command::Subtract(request) => CommandReply::Subtract(AmmsReply {
                terminations: self.chosen(&request.terminations),
                audit: report(request.audit.as_ref()),
            }),
            Command::AuditCapability(request) => {
                CommandReply::AuditCapability(AuditReply::AuditResult {
                    terminations: self.chosen(&request.terminations),
                    audit: report(Some(&request.audit)),
                })
            }
            Command::AuditValue(request) => CommandReply::AuditValue(AuditReply::AuditResult {
                terminations: self.chosen(&request.terminations),
                audit: report(Some(&request.audit)),
            }),
            Command::Notify(request) => CommandReply::Notify(NotifyReply {
                terminations: self.chosen(&request.terminations),
                error: None,
            }),
            Command::ServiceChange(request) => {
                CommandReply::ServiceChange(self.service_change(cx, request))
            }
        }
    }

    fn changed<'m>(&mut self, request: &AmmRequest<'m>) -> AmmsReply<'m> {
        let audit = request.descriptors.iter().find_map(|it| match it {
            AmmDescriptor::Audit(audit) => Some(audit),
            _ => None,
        });
        AmmsReply {
            terminations: self.chosen(&request.terminations),
            audit: report(audit),
        }
    }

    /// Registers, with the lower of the versions if one was proposed; a gateway that leaves as a whole is let go.
    fn service_change<'m>(
        &mut self,
        cx: &Context<'_>,
        request: &ServiceChangeRequest<'m>,
    ) -> ServiceChangeReply<'m> {
        let leaves = matches!(
            request.parms.method,
            ServiceChangeMethod::Forced | ServiceChangeMethod::Graceful
        );
        if leaves && request.terminations.iter().all(TerminationId::is_root) {
            self.leavers.borrow_mut().push(cx.connection);
        }
        let result = match request.parms.version {
            None => ServiceChangeResult::Accepted,
            Some(version) => {
                ServiceChangeResult::Parms(Ref::Owned(Box::new(ServiceChangeResParm {
                    version: Some(version.clamp(1, VERSION_MAX)),
                    ..ServiceChangeResParm::default()
                })))
            }
        };
        ServiceChangeReply {
            terminations: self.chosen(&request.terminations),
            result,
        }
    }

    /// The same terminations, with a name for each that was left to us.
    fn chosen<'m>(&mut self, terminations: &TerminationIdList<'m>) -> TerminationIdList<'m> {
        if !terminations.iter().any(TerminationId::has_choose) {
            return terminations.clone();
        }
        let choose = |id: &TerminationId<'m>| match id.has_choose() {
            true => self.choose(id),
            false => id.clone(),
        };
        terminations.iter().map(choose).collect()
    }

    /// A name in place of the wildcard. One that is written in bits, as binary messages have them, stays so.
    fn choose<'m>(&mut self, id: &TerminationId<'m>) -> TerminationId<'m> {
        self.termination = self.termination % 0x00ff_fffe + 1;
        let [_, high, middle, low] = self.termination.to_be_bytes();
        if id.as_bytes() == b"$" {
            return name(format!("{high:08b}/{middle:08b}/{low:08b}"));
        }
        let in_bits = id
            .as_bytes()
            .iter()
            .all(|byte| matches!(byte, b'0' | b'1' | b'/' | b'$' | b'*'));
        let own = if in_bits {
            format!("{low:08b}")
        } else {
            self.termination.to_string()
        };
        let text = String::from_utf8_lossy(id.as_bytes());
        name(text.replace('$', &own))
    }
}

/// A name that we made, or the one that always is.
fn name<'m>(text: String) -> TerminationId<'m> {
    TerminationId::new(text.into_bytes()).unwrap_or(TerminationId::ROOT)
}

/// What is reported about a termination that nothing is known of: each descriptor asked for, without content.
fn report<'m>(audit: Option<&AuditDescriptor<'_>>) -> TerminationAudit<'m> {
    match audit {
        None => List::EMPTY,
        Some(audit) if audit.tokens.is_empty() => List::EMPTY,
        Some(audit) => audit
            .tokens
            .iter()
            .map(AuditReturnParameter::Empty)
            .collect(),
    }
}

impl User for BuiltIn {
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let replies = actions.iter().map(|action| self.action(cx, action));
        let replies = replies.collect::<List<_>>();
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            replies,
        )))
    }
}
