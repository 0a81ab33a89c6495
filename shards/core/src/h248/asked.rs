//! An operator's questions about H.248, answered by each shard for the associations at home on it.

use super::H248;
use super::channel::Channel;
use crate::command::{Answer, Command, QuestionId, Traced};
use crate::contract::ShardId;
use crate::item::{Departure, Errand};
use crate::shard::Shard;
use megaphone_h248::mini;
use megaphone_megaco::config::Item;
use megaphone_megaco::{ConnectionId, Mid, UserId, canonical};
use std::fmt::Write as _;

/// An association whose messages somebody wants to see.
#[derive(Debug)]
pub(super) struct Watch {
    question: QuestionId,
    mid: Mid,
}

/// Associations traced at a time on each shard, at most.
const TRACES_MAX: usize = 16;

impl H248 {
    /// The users' names in the configuration, with what they are in the engine.
    fn named<'c>(&self, names: &'c [super::H248User]) -> Vec<(&'c str, UserId)> {
        let names = names.iter().map(|user| user.name.as_str());
        names.zip(self.users.iter().copied()).collect()
    }

    /// The associations with the peer of this written MID, one for each user at most.
    fn associations(&self, mid: &str) -> Result<Vec<ConnectionId>, String> {
        let mid = Mid::parse(mid).ok_or_else(|| {
            format!(
                "{mid:?} is no MID: write it as in a message, [10.0.0.1]:2944, <gw.example> or gw1"
            )
        })?;
        Ok(self.connections_with(&mid).collect())
    }

    fn connections_with(&self, mid: &Mid) -> impl Iterator<Item = ConnectionId> {
        let users = self.users.iter();
        users.filter_map(|&user| self.engine.connection(user, mid))
    }

    /// Traces under way.
    pub(crate) fn traces(&self) -> usize {
        self.watches.len()
    }

    /// Who traces peers of these MIDs.
    fn tracing(&self, is_one: impl Fn(&Mid) -> bool) -> Vec<QuestionId> {
        let watches = self.watches.iter().filter(|watch| is_one(&watch.mid));
        watches.map(|watch| watch.question).collect()
    }

    /// Whether somebody traces the sender of a message.
    pub(super) fn is_watched(&self, message: &[u8]) -> bool {
        if self.watches.is_empty() {
            return false;
        }
        mini::decode(message).is_some_and(|mini| {
            let key = canonical(&mini.mid);
            let is_it = |watch: &Watch| canonical(&watch.mid.as_model()) == key;
            self.watches.iter().any(is_it)
        })
    }

    fn line(&self, connection: ConnectionId) -> Option<String> {
        let info = self.engine.connection_info(connection).ok()?;
        let mut line = match &info.remote_mid {
            Some(mid) => format!("mid={mid}"),
            None => String::from("mid=preliminary"),
        };
        let way = match Channel::unpack(info.send_handle) {
            Some(Channel::Socket(shard, socket)) => {
                format!("tcp shard={} slot={}", shard.0, socket.slot)
            }
            Some(Channel::Ip4(_, to)) => format!("udp peer={to}"),
            Some(Channel::Ip6(at, life)) => match self.book.borrow().peers.way(at, life) {
                Some((_, to)) => format!("udp peer={}", to.address()),
                None => String::from("udp peer=unknown"),
            },
            None => String::from("none"),
        };
        let blocked = self.engine.is_blocked(connection).unwrap_or(false);
        let counters = info.counters.named().map(|(_, number)| number);
        let [
            messages_in,
            bytes_in,
            messages_out,
            bytes_out,
            errors,
            timer_recovery,
        ] = counters;
        let _ = write!(
            line,
            " transport={way} encoding={:?} version={} registered={} blocked={blocked} requests={} replies={} \
             messages_in={messages_in} bytes_in={bytes_in} messages_out={messages_out} bytes_out={bytes_out} errors={errors} \
             timer_recovery={timer_recovery}",
            info.config.encoding_mod,
            info.config.protocol_version,
            info.registered,
            info.requests.len(),
            info.replies.len(),
        );
        Some(line)
    }
}

impl Shard {
    /// Answers a question about H.248; the last word follows by the caller, unless it is a trace. False if it goes on.
    pub(crate) fn asked_h248(&mut self, question: QuestionId, command: &Command) -> bool {
        let Some(mut h248) = self.h248.take() else {
            self.say_refused(question, "this shard serves no H.248".into());
            return true;
        };
        let ends = match command {
            Command::Trace { mid } => self.start_trace(&mut h248, question, mid),
            _ => {
                if let Err(why) = self.asked_of(&mut h248, question, command) {
                    self.say_refused(question, why);
                }
                true
            }
        };
        h248.stirred = true;
        self.h248 = Some(h248);
        ends
    }

    fn say_refused(&mut self, question: QuestionId, why: String) {
        self.answer(question, Answer::Refused(why));
    }

    fn say_line(&mut self, question: QuestionId, line: String) {
        self.answer(question, Answer::Line(line));
    }

    fn asked_of(
        &mut self,
        h248: &mut H248,
        question: QuestionId,
        command: &Command,
    ) -> Result<(), String> {
        match command {
            Command::Users => self.list_users(h248, question),
            Command::Associations => self.list_associations(h248, question),
            Command::Association { mid } => {
                for connection in h248.associations(mid)? {
                    self.describe(h248, question, connection);
                }
            }
            Command::Configure {
                user,
                mid,
                item,
                value,
            } => self.configure(h248, user, mid.as_deref(), item, value)?,
            Command::Reception { mid, on } => {
                for connection in h248.associations(mid)? {
                    self.receive_from(h248, connection, *on);
                }
            }
            Command::Disconnect { mid } => {
                for connection in h248.associations(mid)? {
                    let done = h248.engine.disconnect(self.now, connection, 0);
                    done.map_err(|fault| fault.to_string())?;
                }
            }
            Command::Untrace { trace } => {
                let before = h248.watches.len();
                h248.watches.retain(|watch| watch.question != *trace);
                h248.whereabouts.forget();
                if h248.watches.len() < before {
                    self.answer(*trace, Answer::Done);
                }
            }
            _ => return Err("this question is not known here".into()),
        }
        Ok(())
    }

    fn list_users(&mut self, h248: &H248, question: QuestionId) {
        let names = h248.named(&self.config.h248.users);
        let line = |(name, user): (&str, UserId)| {
            let mid = h248.engine.user_item(user, "mid");
            let mid = mid.map_or_else(|fault| fault.to_string(), |mid| mid.to_string());
            let associations = h248.engine.connections_of(user).count();
            format!("user={name} mid={mid} associations={associations}")
        };
        let lines: Vec<String> = names.into_iter().map(line).collect();
        for line in lines {
            self.say_line(question, line);
        }
    }

    fn list_associations(&mut self, h248: &H248, question: QuestionId) {
        let mut left_out = 0_usize;
        for (at, connection) in h248.engine.connections().enumerate() {
            if at >= Command::LINES_MAX {
                left_out += 1;
            } else if let Some(line) = h248.line(connection) {
                self.say_line(question, line);
            }
        }
        if left_out > 0 {
            self.say_line(question, format!("left_out={left_out}"));
        }
    }

    /// Everything about one association: its line, and each of its items.
    fn describe(&mut self, h248: &H248, question: QuestionId, connection: ConnectionId) {
        if let Some(line) = h248.line(connection) {
            self.say_line(question, line);
        }
        for item in Item::ALL {
            if let Ok(value) = h248.engine.connection_item(connection, item.name()) {
                self.say_line(question, format!("{}={value}", item.name()));
            }
        }
    }

    fn configure(
        &mut self,
        h248: &mut H248,
        user: &str,
        mid: Option<&str>,
        item: &str,
        value: &str,
    ) -> Result<(), String> {
        let names = h248.named(&self.config.h248.users);
        let known = names.iter().find(|(name, _)| *name == user);
        let &(_, id) = known.ok_or_else(|| format!("no user is called {user:?}"))?;
        let Some(mid) = mid else {
            return h248.update_user(id, item, value);
        };
        let mid = Mid::parse(mid).ok_or_else(|| format!("{mid:?} is no MID"))?;
        let Some(connection) = h248.engine.connection(id, &mid) else {
            // It is at home elsewhere, or nowhere: the lines of the others say which.
            return Ok(());
        };
        h248.update_association(self.now, connection, item, value)
    }

    /// Takes an association's messages, or takes them no more: its socket is not read then, and what comes by other ways is kept
    /// by the engine as far as it keeps such.
    pub(super) fn receive_from(&mut self, h248: &mut H248, connection: ConnectionId, on: bool) {
        let done = if on {
            h248.engine.unblock(self.now, connection)
        } else {
            h248.engine.block(connection)
        };
        let info = h248.engine.connection_info(connection);
        if let (Ok(()), Ok(info)) = (done, info)
            && let Some(Channel::Socket(shard, socket)) = Channel::unpack(info.send_handle)
        {
            let what = Errand::Block(!on);
            self.run_errand(h248, shard, Departure { socket, what });
        }
    }

    /// Sends an errand to a socket's shard, behind what waits for it.
    pub(super) fn run_errand(&mut self, h248: &mut H248, shard: ShardId, departure: Departure) {
        if shard == self.me {
            // Later, as from any other shard: the session may want to go on at once, and H.248 is at work now.
            h248.errands.push(departure);
        } else if let Some(outbox) = h248.outboxes.get_mut(usize::from(shard.0)) {
            outbox.waiting.push_back(departure);
            self.empty_outbox(h248, shard);
        }
    }

    fn start_trace(&mut self, h248: &mut H248, question: QuestionId, mid: &str) -> bool {
        let Some(mid) = Mid::parse(mid) else {
            self.say_refused(question, format!("{mid:?} is no MID"));
            return true;
        };
        if h248.watches.len() >= TRACES_MAX {
            self.say_refused(
                question,
                format!("{TRACES_MAX} associations are traced already"),
            );
            return true;
        }
        h248.whereabouts.forget();
        let connections: Vec<ConnectionId> = h248.connections_with(&mid).collect();
        h248.watches.push(Watch { question, mid });
        for connection in connections {
            let handle = h248.engine.connection_info(connection);
            let handle = handle.ok().map(|info| info.send_handle);
            if let Some(channel) = handle.and_then(Channel::unpack) {
                self.inquire(h248, channel);
            }
        }
        false
    }

    /// Shows a message that came to whoever traces its sender.
    pub(super) fn show_received(&mut self, h248: &mut H248, channel: Channel, message: &[u8]) {
        let Some(mini) = mini::decode(message) else {
            return;
        };
        let key = canonical(&mini.mid);
        let tracing: Vec<QuestionId> = h248.tracing(|mid| canonical(&mid.as_model()) == key);
        self.show(h248, &tracing, true, channel, message);
    }

    /// Shows a message that is sent to whoever traces its peer.
    pub(super) fn show_sent(
        &mut self,
        h248: &mut H248,
        connection: Option<ConnectionId>,
        channel: Channel,
        message: &[u8],
    ) {
        let Some(connection) = connection else {
            return;
        };
        let Ok(info) = h248.engine.connection_info(connection) else {
            return;
        };
        let tracing = h248.tracing(|mid| info.remote_mid.as_ref() == Some(mid));
        self.show(h248, &tracing, false, channel, message);
    }

    fn show(
        &mut self,
        h248: &mut H248,
        tracing: &[QuestionId],
        received: bool,
        channel: Channel,
        message: &[u8],
    ) {
        if tracing.is_empty() {
            return;
        }
        let (over, ends) = self.ends_of(h248, channel);
        if ends.theirs.is_none() {
            self.inquire(h248, channel);
        }
        for &question in tracing {
            let traced = Traced {
                at: self.now,
                home: self.me,
                received,
                over,
                ends,
                bytes: message.to_vec(),
            };
            self.answer(question, Answer::Message(traced));
        }
    }
}
