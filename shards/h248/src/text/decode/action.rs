//! Actions of requests and replies: lists of commands whose faulty members are set aside.

use super::super::keyword::Keyword;
use super::cursor::{Cursor, Rule, Stop};
use crate::arena::Gather;
use crate::error::{Problem, Scope};
use crate::model::{
    ActionReply, ActionRequest, CommandReply, CommandRequest, ContextAttrAuditRequest, ContextId,
    ContextRequest, ErrorDescriptor, List,
};

impl<'a> Cursor<'a, '_> {
    /// `actionRequest *(COMMA actionRequest) RBRKT`; `kept` gets the actions when the transaction's end is not found.
    pub(super) fn actions(
        &mut self,
        transaction: usize,
        kept: &mut List<'a, ActionRequest<'a>>,
    ) -> Rule<List<'a, ActionRequest<'a>>> {
        let depth = self.depth;
        let mut actions: Gather<'a, ActionRequest<'a>> = self.arena.gather();
        loop {
            if actions.len() >= self.limits.actions_max {
                *kept = actions.finish();
                return Err(self.fail(Problem::Limit("actions_max")));
            }
            self.peek_past_space();
            let start = self.at;
            let mut action = ActionRequest::new(ContextId::NULL, List::EMPTY);
            let mut context = None;
            if let Err(Stop) = self.action(transaction, actions.len(), &mut action, &mut context) {
                self.confine(
                    Scope::Action {
                        transaction,
                        index: actions.len(),
                        context,
                    },
                    422,
                )?;
                if context.is_some() {
                    actions.push(action);
                }
                if !self.skip_unit(start, depth) {
                    return Ok(actions.finish());
                }
            } else {
                actions.push(action);
                if self.lost {
                    return Ok(actions.finish());
                }
            }
            match self.more() {
                Ok(true) => {}
                Ok(false) => return Ok(actions.finish()),
                Err(Stop) => {
                    *kept = actions.finish();
                    return Err(Stop);
                }
            }
        }
    }

    /// `actionRequest`, into `action`, so that a failure leaves what was decoded before it.
    fn action(
        &mut self,
        transaction: usize,
        index: usize,
        action: &mut ActionRequest<'a>,
        context: &mut Option<ContextId>,
    ) -> Rule<()> {
        action.context_id = self.context_id_of_action()?;
        *context = Some(action.context_id);
        self.open()?;
        let depth = self.depth;
        let mut commands: Gather<'a, CommandRequest<'a>> = self.arena.gather();
        let mut properties = None;
        let mut audit = None;
        let outcome = loop {
            match self.action_item(
                &mut properties,
                &mut audit,
                &mut commands,
                (transaction, index),
                depth,
            ) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(Stop) => break Err(Stop),
            }
        };
        action.commands = commands.finish();
        action.context_request = properties;
        action.context_attr_audit =
            audit.filter(|audit| *audit != ContextAttrAuditRequest::default());
        outcome
    }

    /// One property, audit or command, and the separator behind it.
    fn action_item(
        &mut self,
        properties: &mut Option<ContextRequest<'a>>,
        audit: &mut Option<ContextAttrAuditRequest<'a>>,
        commands: &mut Gather<'a, CommandRequest<'a>>,
        (transaction, action): (usize, usize),
        depth: usize,
    ) -> Rule<bool> {
        self.peek_past_space();
        let start = self.at;
        let (optional, wildcard_return) = self.command_prefix();
        let word = self.word_here();
        let keyword = self.keyword_of(&word);
        if self.context_property(keyword, word.start, properties)? {
            return self.more();
        }
        if keyword == Keyword::ContextAudit {
            let request = self.context_audit()?;
            self.once(audit, word.start, "ContextAudit", request)?;
            return self.more();
        }
        if commands.len() >= self.limits.commands_max {
            return Err(self.fail_at(start, Problem::Limit("commands_max")));
        }
        let command = self.command(keyword, word.start).and_then(|command| {
            self.end_of_item()?;
            Ok(command)
        });
        match command {
            Ok(command) => commands.push(CommandRequest {
                optional,
                wildcard_return,
                command,
            }),
            Err(Stop) => {
                let scope = Scope::Command {
                    transaction,
                    action,
                    index: commands.len(),
                    optional,
                };
                self.confine(scope, 442)?;
                if !self.skip_unit(start, depth) {
                    return Ok(false);
                }
            }
        }
        self.more()
    }

    /// `["O-"] ["W-"]`
    fn command_prefix(&mut self) -> (bool, bool) {
        let mut prefix = |letter: u8| {
            let here = self.peek() | 0x20 == letter && self.input.get(self.at + 1) == Some(&b'-');
            if here {
                self.at += 2;
            }
            here
        };
        let optional = prefix(b'o');
        (optional, prefix(b'w'))
    }

    /// A comma or closing brace has to follow; it is left there. What else follows makes the item faulty, rather
    /// than the list it is in.
    fn end_of_item(&mut self) -> Rule<()> {
        match self.peek_past_space() {
            b',' | b'}' => Ok(()),
            _ => Err(self.fail(Problem::Expected(", or }"))),
        }
    }

    /// `CtxToken EQUAL ContextID`
    fn context_id_of_action(&mut self) -> Rule<ContextId> {
        match self.keyword() {
            (Keyword::Context, _) => {}
            (_, start) => return Err(self.fail_at(start, Problem::Expected("Context"))),
        }
        self.equal()?;
        self.context_id()
    }

    /// `actionReply *(COMMA actionReply) RBRKT`
    pub(super) fn action_replies(&mut self, transaction: usize) -> Rule<List<'a, ActionReply<'a>>> {
        let depth = self.depth;
        let mut replies: Gather<'a, ActionReply<'a>> = self.arena.gather();
        loop {
            if replies.len() >= self.limits.actions_max {
                return Err(self.fail(Problem::Limit("actions_max")));
            }
            self.peek_past_space();
            let start = self.at;
            let mut reply = ActionReply::new(ContextId::NULL, List::EMPTY);
            let mut context = None;
            if let Err(Stop) =
                self.action_reply(transaction, replies.len(), &mut reply, &mut context)
            {
                self.confine(
                    Scope::Action {
                        transaction,
                        index: replies.len(),
                        context,
                    },
                    422,
                )?;
                if context.is_some() {
                    replies.push(reply);
                }
                if !self.skip_unit(start, depth) {
                    return Ok(replies.finish());
                }
            } else {
                replies.push(reply);
                if self.lost {
                    return Ok(replies.finish());
                }
            }
            if !self.more()? {
                return Ok(replies.finish());
            }
        }
    }

    /// `actionReply`, into `reply`, so that a failure leaves what was decoded before it.
    fn action_reply(
        &mut self,
        transaction: usize,
        index: usize,
        reply: &mut ActionReply<'a>,
        context: &mut Option<ContextId>,
    ) -> Rule<()> {
        reply.context_id = self.context_id_of_action()?;
        *context = Some(reply.context_id);
        // An action with nothing to report may leave out its braces (H.248.1 v3).
        if !self.try_open()? {
            return Ok(());
        }
        let depth = self.depth;
        let mut commands: Gather<'a, CommandReply<'a>> = self.arena.gather();
        let mut properties = None;
        let outcome = loop {
            let at = (transaction, index);
            match self.action_reply_item(
                &mut properties,
                &mut reply.error,
                &mut commands,
                at,
                depth,
            ) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(Stop) => break Err(Stop),
            }
        };
        reply.commands = commands.finish();
        reply.context_reply = properties;
        outcome
    }

    /// One property, command reply or error, and the separator behind it.
    fn action_reply_item(
        &mut self,
        properties: &mut Option<ContextRequest<'a>>,
        error: &mut Option<ErrorDescriptor<'a>>,
        commands: &mut Gather<'a, CommandReply<'a>>,
        (transaction, action): (usize, usize),
        depth: usize,
    ) -> Rule<bool> {
        let (keyword, start) = self.keyword();
        if self.context_property(keyword, start, properties)? {
            return self.more();
        }
        if keyword == Keyword::Error {
            let descriptor = self.error_descriptor()?;
            self.once(error, start, "Error", descriptor)?;
            return self.more();
        }
        if commands.len() >= self.limits.commands_max {
            return Err(self.fail_at(start, Problem::Limit("commands_max")));
        }
        let reply = self.command_reply(keyword, start).and_then(|reply| {
            self.end_of_item()?;
            Ok(reply)
        });
        match reply {
            Ok(reply) => commands.push(reply),
            Err(Stop) => {
                let scope = Scope::Command {
                    transaction,
                    action,
                    index: commands.len(),
                    optional: false,
                };
                self.confine(scope, 442)?;
                if !self.skip_unit(start, depth) {
                    return Ok(false);
                }
            }
        }
        self.more()
    }
}
