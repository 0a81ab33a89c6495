//! The associations at home on a shard, as far as the appliance must know them beside the transaction engine: where their peers
//! spoke from, and whether they may speak from elsewhere.

use super::channel::Channel;
use super::config::SourceCheck;
use super::peers::Peers;
use megaphone_h248::model::{ActionRequest, ErrorDescriptor};
use megaphone_h248::model::{Command, Message, Transaction, TransactionResult};
use megaphone_megaco::engine::{Guard, Moved, Verdict};
use megaphone_megaco::user::{
    AckStatus, Answer, Connect, Context, LongAnswer, Reason, RegistrationEvent, SyntaxAnswer,
    UserReply,
};
use megaphone_megaco::{CallId, ConnectionId, RequestToken, SendHandle, User};
use std::cell::RefCell;
use std::rc::Rc;

/// What the appliance knows of one association.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Association {
    /// Its connection in the engine as a number; 0 if the place is empty.
    connection: u64,
    /// The address its peer spoke from, as it is compared.
    host: u64,
    /// Where it sends.
    channel: SendHandle,
    /// When its peer was last found to have said something: milliseconds since the start, modulo 2^32.
    heard_ms: u32,
    /// The low bits of the number of its messages then; 0 before the first look.
    messages: u16,
    /// Whether its peer has registered, or was found by us.
    registered: bool,
}

/// All of them, by their place in the engine.
#[derive(Debug)]
pub(crate) struct Book {
    rows: Vec<Association>,
    live: u32,
    /// Of these, those whose peer has not registered.
    unregistered: u32,
    check: SourceCheck,
    pub(crate) peers: Peers,
    /// Messages that claimed to come from a known peer and were not believed.
    pub(crate) forged: u64,
    /// Times an association moved to another channel.
    pub(crate) moves: u64,
}

/// A book that the engine's callbacks share with the shard they run on.
pub(crate) type SharedBook = Rc<RefCell<Book>>;

impl Book {
    pub(crate) fn new(check: SourceCheck, peers: Peers) -> Book {
        Book {
            rows: Vec::new(),
            live: 0,
            unregistered: 0,
            check,
            peers,
            forged: 0,
            moves: 0,
        }
    }

    /// Live associations.
    pub(crate) fn live(&self) -> u32 {
        self.live
    }

    /// Live associations whose peer has never registered.
    pub(crate) fn unregistered(&self) -> u32 {
        self.unregistered
    }

    /// Places of associations, empty ones included.
    pub(super) fn places(&self) -> usize {
        self.rows.len()
    }

    /// The connection at a place, if its peer has not registered.
    pub(super) fn unregistered_at(&self, at: usize) -> Option<ConnectionId> {
        let row = self.rows.get(at).filter(|row| row.connection != 0)?;
        (!row.registered).then(|| ConnectionId::from_u64(row.connection))
    }

    /// Milliseconds since the peer at a place was last found to have said something; by now it has said so many messages.
    pub(super) fn silent_ms(&mut self, at: usize, messages: u32, now_ms: u32) -> u32 {
        let Some(row) = self.rows.get_mut(at) else {
            return 0;
        };
        let messages = messages as u16;
        if row.messages != messages {
            (row.messages, row.heard_ms) = (messages, now_ms);
        }
        now_ms.wrapping_sub(row.heard_ms)
    }

    /// The peer of an association has registered.
    pub(super) fn register(&mut self, connection: ConnectionId) {
        if let Some(row) = self.row(connection)
            && !std::mem::replace(&mut row.registered, true)
        {
            self.unregistered -= 1;
        }
    }

    fn row(&mut self, connection: ConnectionId) -> Option<&mut Association> {
        let row = self.rows.get_mut(connection.place())?;
        (row.connection == connection.as_u64()).then_some(row)
    }

    pub(super) fn enter(&mut self, connection: ConnectionId, channel: SendHandle, host: u64) {
        let at = connection.place();
        if at >= self.rows.len() {
            self.rows.resize(at + 1, Association::default());
        }
        self.leave_at(at);
        self.live += 1;
        self.unregistered += 1;
        self.peers.pin(Channel::unpack(channel), true);
        self.rows[at] = Association {
            connection: connection.as_u64(),
            host,
            channel,
            heard_ms: 0,
            messages: 0,
            registered: false,
        };
    }

    fn leave(&mut self, connection: ConnectionId) {
        if self.row(connection).is_some() {
            self.leave_at(connection.place());
        }
    }

    fn leave_at(&mut self, at: usize) {
        let old = std::mem::take(&mut self.rows[at]);
        if old.connection != 0 {
            self.live -= 1;
            self.unregistered -= u32::from(!old.registered);
            self.peers.pin(Channel::unpack(old.channel), false);
        }
    }
}

/// Whether a message registers the whole gateway: its first request does.
fn registers(message: &Message<'_>) -> bool {
    let first = message.transactions().iter().find_map(|it| match it {
        Transaction::Request(request) => Some(request),
        _ => None,
    });
    first.is_some_and(|request| change_root(&request.actions))
}

/// Whether a request's first command is a ServiceChange of ROOT (RFC 3525 7.2.8).
fn change_root(actions: &[ActionRequest<'_>]) -> bool {
    let first = actions.first().and_then(|action| action.commands.first());
    matches!(first.map(|request| &request.command), Some(Command::ServiceChange(change))
        if change.terminations.iter().all(|id| id.is_root()))
}

/// Whether an answer is an error for all that was asked. One that comes later is taken to be none.
fn refuses(answer: &Answer<'_>) -> bool {
    matches!(answer, Answer::Reply(reply) if matches!(reply.result, TransactionResult::Error(_)))
}

/// The engine's [`Guard`]: an association follows its peer as far as the check allows.
#[derive(Debug)]
pub(crate) struct Doorkeeper(pub(crate) SharedBook);

impl Guard for Doorkeeper {
    fn moved(&mut self, moved: &Moved<'_>) -> Verdict {
        let book = &mut *self.0.borrow_mut();
        let check = book.check;
        let host = moved.extra.unwrap_or(0);
        let Some(row) = book.row(moved.connection) else {
            return Verdict::Stay;
        };
        let believed = match check {
            SourceCheck::Off => true,
            SourceCheck::Strict => row.host == host,
            SourceCheck::Address => row.host == host || registers(moved.message),
        };
        if !believed {
            book.forged += 1;
            return Verdict::Drop;
        }
        (row.host, row.channel) = (host, moved.to);
        book.moves += 1;
        book.peers.pin(Channel::unpack(moved.from), false);
        book.peers.pin(Channel::unpack(moved.to), true);
        Verdict::Follow
    }
}

/// A user whose associations are written into the book.
pub(crate) struct Entered {
    pub(crate) book: SharedBook,
    pub(crate) user: Box<dyn User>,
}

impl User for Entered {
    fn handle_connect(&mut self, cx: &Context<'_>) -> Connect {
        let answer = self.user.handle_connect(cx);
        if matches!(answer, Connect::Accept | Connect::Later) {
            let host = cx.extra.unwrap_or(0);
            self.book
                .borrow_mut()
                .enter(cx.connection, cx.send_handle, host);
        }
        answer
    }

    fn handle_disconnect(&mut self, cx: &Context<'_>, reason: &Reason) {
        self.book.borrow_mut().leave(cx.connection);
        self.user.handle_disconnect(cx, reason);
    }

    fn handle_syntax_error(
        &mut self,
        cx: &Context<'_>,
        default: &ErrorDescriptor<'_>,
    ) -> SyntaxAnswer {
        self.user.handle_syntax_error(cx, default)
    }

    fn handle_message_error(&mut self, cx: &Context<'_>, error: &ErrorDescriptor<'_>) {
        self.user.handle_message_error(cx, error);
    }

    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let answer = self.user.handle_trans_request(cx, token, actions);
        if change_root(actions) && !refuses(&answer) {
            self.book.borrow_mut().register(cx.connection);
        }
        answer
    }

    fn handle_trans_long_request(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        data: u64,
    ) -> LongAnswer<'static> {
        self.user.handle_trans_long_request(cx, token, data)
    }

    fn handle_trans_reply(
        &mut self,
        cx: &Context<'_>,
        reply: &UserReply<'_>,
        number: Option<u32>,
        data: u64,
    ) {
        self.user.handle_trans_reply(cx, reply, number, data);
    }

    fn handle_call_reply(&mut self, cx: &Context<'_>, call: CallId, replies: &[UserReply<'_>]) {
        self.user.handle_call_reply(cx, call, replies);
    }

    fn handle_trans_ack(&mut self, cx: &Context<'_>, status: &AckStatus, data: u64) {
        self.user.handle_trans_ack(cx, status, data);
    }

    fn handle_unexpected_trans(&mut self, cx: &Context<'_>, transaction: &Transaction<'_>) {
        self.user.handle_unexpected_trans(cx, transaction);
    }

    fn handle_trans_request_abort(&mut self, cx: &Context<'_>, token: RequestToken) {
        self.user.handle_trans_request_abort(cx, token);
    }

    fn handle_registration(&mut self, cx: &Context<'_>, event: &RegistrationEvent<'_>) {
        self.user.handle_registration(cx, event);
    }

    fn handle_segment_reply(
        &mut self,
        cx: &Context<'_>,
        transaction: u32,
        number: u16,
        complete: bool,
    ) {
        self.user
            .handle_segment_reply(cx, transaction, number, complete);
    }
}
