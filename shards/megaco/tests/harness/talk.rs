//! One engine and a scripted peer.

use super::user::{Plan, Script, answer};
use super::{actions, ms};
use megaphone_h248::model::{MId, Token};
use megaphone_megaco::config::{Config, Item, Setting};
use megaphone_megaco::engine::{Numbers, Send};
use megaphone_megaco::user::Connect;
use megaphone_megaco::{
    Actions, CallOptions, ConnectionId, ControlHandle, Engine, Input, Mid, Options, Output,
    ReceiveHandle, Remote, SendHandle, UserId,
};
use megaphone_wheel::Tick;
use std::time::Duration;

/// Our MID in conversations.
pub const MGC: &str = "mgc";
/// The peer's.
pub const MG: &str = "mg";
/// Where the peer is.
pub const PEER: SendHandle = SendHandle(1);

pub fn mid(name: &str) -> MId<'static> {
    MId::DomainName(Token::try_from(name.to_owned()).expect("a name"), None)
}

/// A conversation.
pub struct Talk {
    pub engine: Engine,
    pub user: UserId,
    pub script: Script,
    pub now: Tick,
    pub receive: ReceiveHandle,
    pub connection: Option<ConnectionId>,
    pub version: u8,
    pub last: Option<Send>,
    peer: String,
}

impl Talk {
    /// An engine called `<mgc>` with one user.
    pub fn new(config: Config) -> Self {
        Self::with(config, Options::default())
    }

    pub fn with(mut config: Config, options: Options) -> Self {
        let mut engine = Engine::new(options);
        let script = Script::default();
        let module = engine.add_module("script", Box::new(script.clone()));
        config.user_mod = module.expect("a new name");
        let version = config.protocol_version;
        let user = engine
            .start_user_with(&mid(MGC), config)
            .expect("a legal configuration");
        let receive = engine.receive_handle(user).expect("the user runs");
        Self {
            engine,
            user,
            script,
            now: Tick::ZERO,
            receive,
            connection: None,
            version,
            last: None,
            peer: MG.to_owned(),
        }
    }

    /// The same, already connected to `<mg>`, with the callback of it taken off the log.
    pub fn connected(config: Config) -> Self {
        let mut talk = Self::new(config);
        talk.connect(MG);
        talk.told("handle_connect <mg>");
        talk
    }

    pub fn connect(&mut self, name: &str) -> ConnectionId {
        let remote = Remote::Known(Mid::new(&mid(name)));
        self.connect_to(remote, Some(ControlHandle(1)))
    }

    /// Connects to whoever will answer.
    pub fn connect_preliminary(&mut self) -> ConnectionId {
        self.connect_to(Remote::Preliminary, None)
    }

    fn connect_to(&mut self, remote: Remote, control: Option<ControlHandle>) -> ConnectionId {
        let made = self
            .engine
            .connect(self.now, &self.receive, remote, PEER, control, None);
        let connection = made.expect("a connection");
        self.connection = Some(connection);
        connection
    }

    pub fn connection(&self) -> ConnectionId {
        self.connection.expect("connected")
    }

    // The peer.

    /// The peer sends transactions in one message.
    pub fn peer(&mut self, transactions: &str) -> &mut Self {
        let peer = self.peer.clone();
        self.peer_as(&peer, transactions)
    }

    /// Someone else sends them.
    pub fn peer_as(&mut self, name: &str, transactions: &str) -> &mut Self {
        let message = format!("!/{} <{name}> {transactions}", self.version);
        self.raw(message.as_bytes())
    }

    /// Any bytes arrive.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.raw_from(bytes, PEER)
    }

    pub fn raw_from(&mut self, bytes: &[u8], send_handle: SendHandle) -> &mut Self {
        let input = Input::Received {
            receive: &self.receive,
            send_handle,
            control: Some(ControlHandle(1)),
            extra: None,
            bytes,
        };
        self.engine.handle(self.now, input);
        self
    }

    /// The next message sent, without its header, now.
    pub fn sent(&mut self) -> Option<String> {
        match self.engine.poll()? {
            Output::Send(send) => {
                let text = String::from_utf8_lossy(&send.bytes).into_owned();
                self.last = Some(send);
                let header = format!("!/{} <{MGC}> ", self.version);
                Some(text.strip_prefix(&header).unwrap_or(&text).to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    /// A gateway wants a transport to this controller.
    #[track_caller]
    pub fn dials(&mut self, name: &str) -> &mut Self {
        let wanted = Output::Dial {
            user: self.user,
            controller: Mid::new(&mid(name)),
        };
        assert_eq!(self.engine.poll(), Some(wanted), "at {}", self.now);
        self
    }

    /// It gets one, by the handle with this number, or it gets none.
    #[track_caller]
    pub fn dialed(&mut self, name: &str, handle: Option<u64>) -> &mut Self {
        let receive = self.receive;
        let transport = handle.map(|at| (receive, SendHandle(at), Some(ControlHandle(at))));
        let controller = Mid::new(&mid(name));
        let done = self
            .engine
            .dialed(self.now, self.user, &controller, transport);
        assert_eq!(done, Ok(()), "at {}", self.now);
        self
    }

    /// The peer gets exactly this, now.
    #[track_caller]
    pub fn gets(&mut self, transactions: &str) -> &mut Self {
        let sent = self.sent();
        assert_eq!(sent.as_deref(), Some(transactions), "at {}", self.now);
        self
    }

    /// The peer gets an error for a transaction, now.
    #[track_caller]
    pub fn gets_code(&mut self, id: u32, code: u16) -> &mut Self {
        let sent = self.sent().unwrap_or_default();
        let start = format!("P={id}{{ER={code}{{");
        assert!(sent.starts_with(&start), "{sent:?} is not {start}");
        self
    }

    /// The peer gets this after exactly so many milliseconds, and nothing before.
    #[track_caller]
    pub fn gets_after(&mut self, wait: u64, transactions: &str) -> &mut Self {
        if wait > 0 {
            self.nothing_for(wait - 1);
            self.pass(1);
        }
        self.gets(transactions)
    }

    /// The peer gets nothing more now.
    #[track_caller]
    pub fn nothing(&mut self) -> &mut Self {
        let sent = self.sent();
        assert_eq!(sent, None, "at {}", self.now);
        self
    }

    /// Nothing is sent for so many milliseconds.
    #[track_caller]
    pub fn nothing_for(&mut self, wait: u64) -> &mut Self {
        self.pass(wait);
        self.nothing()
    }

    /// Time passes; timers fire when they are due.
    pub fn pass(&mut self, wait: u64) -> &mut Self {
        let end = self.now + ms(wait);
        while let Some(due) = self.engine.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.engine.handle(self.now, Input::Timeout);
        }
        self.now = end;
        self
    }

    // The user.

    /// What the user will do with the next requests.
    pub fn plan(&mut self, plan: Plan) -> &mut Self {
        self.script.0.borrow_mut().plans.push_back(plan);
        self
    }

    pub fn plan_connect(&mut self, answer: Connect) -> &mut Self {
        self.script.0.borrow_mut().connects.push_back(answer);
        self
    }

    /// The user answers the oldest request whose token it kept.
    #[track_caller]
    pub fn answer(&mut self, plan: Plan) -> &mut Self {
        let token = self
            .script
            .0
            .borrow_mut()
            .tokens
            .pop_back()
            .expect("a token");
        self.engine
            .answer(self.now, token, answer(plan))
            .expect("the request is open");
        self
    }

    /// The user was told exactly this next.
    #[track_caller]
    pub fn told(&mut self, what: &str) -> &mut Self {
        let said = self.script.0.borrow_mut().log.pop_front();
        assert_eq!(said.as_deref(), Some(what), "at {}", self.now);
        self
    }

    /// The user was told nothing more.
    #[track_caller]
    pub fn told_nothing(&mut self) -> &mut Self {
        let log = std::mem::take(&mut self.script.0.borrow_mut().log);
        assert!(log.is_empty(), "at {}: {log:?}", self.now);
        self
    }

    /// What the user was told so far does not matter.
    pub fn forget(&mut self) -> &mut Self {
        self.script.0.borrow_mut().log.clear();
        self
    }

    /// Ids of the requests the user was given so far.
    pub fn executed(&self) -> Vec<u32> {
        self.script.0.borrow().executed.clone()
    }

    /// The user calls with requests in compact text, one transaction each (their ids are not used).
    #[track_caller]
    pub fn call(&mut self, requests: &[String], options: &CallOptions) -> u64 {
        let all: Vec<_> = requests.iter().map(|request| actions(request)).collect();
        let all: Vec<Actions<'_>> = all.iter().map(|actions| Actions::Plain(actions)).collect();
        let call = self.engine.call(self.now, self.connection(), &all, options);
        call.expect("the call is legal").as_u64()
    }

    #[track_caller]
    pub fn cast(&mut self, requests: &[String], options: &CallOptions) -> &mut Self {
        let all: Vec<_> = requests.iter().map(|request| actions(request)).collect();
        let all: Vec<Actions<'_>> = all.iter().map(|actions| Actions::Plain(actions)).collect();
        self.engine
            .cast(self.now, self.connection(), &all, options)
            .expect("the cast is legal");
        self
    }

    #[track_caller]
    pub fn set(&mut self, item: Item, value: impl Into<Setting>) -> &mut Self {
        let connection = self.connection();
        self.engine
            .update_conn_info(self.now, connection, item, &value.into())
            .expect("a legal value");
        self
    }

    /// The user's live connections.
    pub fn connections(&self) -> Vec<ConnectionId> {
        self.engine
            .user_info(self.user)
            .expect("the user runs")
            .connections
    }

    /// Rows and timers that are left.
    pub fn numbers(&self) -> Numbers {
        self.engine.numbers()
    }

    /// After everything has run out: nothing is left behind.
    #[track_caller]
    pub fn leaves_nothing(&mut self) -> &mut Self {
        self.pass(Duration::from_secs(3600).as_millis() as u64);
        let numbers = self.numbers();
        assert_eq!(
            (
                numbers.requests,
                numbers.replies,
                numbers.calls,
                numbers.batches,
                numbers.timers
            ),
            (0, 0, 0, 0, 0)
        );
        self
    }
}
