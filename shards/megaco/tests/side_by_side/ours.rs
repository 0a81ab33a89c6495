//! Our side: the same user, the same steps.

use super::{Case, Step, Tongue};
use megaphone_h248::model::{
    ActionReply, ActionRequest, Command, CommandReply, ContextId, ErrorDescriptor, List, MId,
    NotifyReply, NotifyRequest, ObservedEvent, ObservedEventsDescriptor, PkgdName, RequestId,
    TerminationId, Token, TransactionResult,
};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::{
    AckRequest, AckStatus, Answer, Context, LongAnswer, User, UserAnswer, UserReply,
};
use megaphone_megaco::{
    Actions, CallOptions, ConnectionId, Engine, Input, Options, Output, ReceiveHandle,
    RequestToken, SendHandle,
};
use megaphone_wheel::Tick;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What the user does later.
enum Todo {
    Answer(RequestToken),
    Cast(ConnectionId),
}

/// What the user has to do and was told.
#[derive(Default)]
pub struct Books {
    later: Vec<(Tick, Todo)>,
    /// Casts answered well, and otherwise.
    pub replies: (usize, usize),
    pub acks: usize,
    pub ack_failures: usize,
    pub executed: usize,
}

/// The user of the script, in Rust.
struct Answers {
    tongue: Tongue,
    books: Rc<RefCell<Books>>,
}

/// After how long a slow one answers, and one casts that was asked to.
const SLOW: Duration = Duration::from_millis(350);
const CAST: Duration = Duration::from_millis(50);

impl Answers {
    fn reply(&self, name: &str, count: usize) -> TransactionResult<'static> {
        TransactionResult::ActionReplies(List::one(self.action(ContextId::NULL, name, count)))
    }

    fn action(&self, context: ContextId, name: &str, count: usize) -> ActionReply<'static> {
        let one = CommandReply::Notify(NotifyReply {
            terminations: List::one(termination(self.tongue, name)),
            error: None,
        });
        ActionReply::new(context, vec![one; count])
    }

    fn answer(&self, ack: AckRequest, name: &str) -> UserAnswer<'static> {
        UserAnswer {
            ack,
            ..UserAnswer::discard(self.reply(name, 1))
        }
    }

    fn later(&self, due: Tick, todo: Todo) {
        self.books.borrow_mut().later.push((due, todo));
    }
}

fn termination(tongue: Tongue, name: &str) -> TerminationId<'static> {
    TerminationId::try_from(tongue.name(name)).expect("a name")
}

/// What the request's termination is called.
fn asked(tongue: Tongue, actions: &[ActionRequest<'_>]) -> Option<String> {
    let command = &actions.first()?.commands.first()?.command;
    let name = command.terminations().first()?.to_string();
    let known = [
        "ok", "ack", "sloppy", "pack", "slow", "longs", "longe", "large", "none", "call", "three",
        "parts", "ours", "whole",
    ];
    let known = known.iter().find(|known| tongue.name(known) == name);
    known.map(|name| (*name).to_owned())
}

impl User for Answers {
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        self.books.borrow_mut().executed += 1;
        let name = asked(self.tongue, actions).unwrap_or_default();
        let casts = match name.as_str() {
            "call" => 1,
            "three" => 3,
            _ => 0,
        };
        for _ in 0..casts {
            self.later(cx.now + CAST, Todo::Cast(cx.connection));
        }
        match name.as_str() {
            "ok" | "call" | "three" => Answer::Reply(self.answer(AckRequest::Discard, &name)),
            "ack" | "ours" => Answer::Reply(self.answer(AckRequest::Handle(1), &name)),
            "sloppy" => Answer::Reply(self.answer(AckRequest::HandleSloppy(1), "sloppy")),
            "pack" => Answer::Reply(self.answer(AckRequest::HandlePending(1), "pack")),
            "large" => Answer::Reply(UserAnswer::discard(self.reply("large", 300))),
            "parts" | "whole" => {
                let parts = (1..=3).map(|part| self.action(ContextId(part), &name, 1));
                let ack = match name.as_str() {
                    "whole" => AckRequest::Handle(1),
                    _ => AckRequest::Discard,
                };
                Answer::Reply(UserAnswer {
                    ack,
                    ..UserAnswer::discard(TransactionResult::ActionReplies(parts.collect()))
                })
            }
            "none" => Answer::Ignore,
            "slow" => {
                self.later(cx.now + SLOW, Todo::Answer(token));
                Answer::Later
            }
            "longs" => Answer::Pending(1),
            "longe" => Answer::Pending(2),
            _ => Answer::Pending(0),
        }
    }

    fn handle_trans_long_request(
        &mut self,
        _: &Context<'_>,
        _: RequestToken,
        data: u64,
    ) -> LongAnswer<'static> {
        let error = ErrorDescriptor {
            code: 430,
            text: None,
        };
        LongAnswer::Reply(match data {
            1 => self.answer(AckRequest::HandleSloppy(1), "longs"),
            2 => UserAnswer::discard(TransactionResult::Error(error)),
            _ => self.answer(AckRequest::Handle(1), "long"),
        })
    }

    fn handle_trans_reply(
        &mut self,
        _: &Context<'_>,
        reply: &UserReply<'_>,
        _: Option<u32>,
        _: u64,
    ) {
        let mut books = self.books.borrow_mut();
        match reply {
            UserReply::Ok(_) | UserReply::Segment { last: true, .. } => books.replies.0 += 1,
            UserReply::Segment { .. } => {}
            _ => books.replies.1 += 1,
        }
    }

    fn handle_trans_ack(&mut self, _: &Context<'_>, status: &AckStatus, _: u64) {
        let mut books = self.books.borrow_mut();
        match status {
            AckStatus::Ok => books.acks += 1,
            _ => books.ack_failures += 1,
        }
    }
}

/// A Notify of the termination of this name.
pub fn notify(tongue: Tongue, name: &str) -> ActionRequest<'static> {
    let event = ObservedEvent {
        name: PkgdName::try_from("al/of").expect("a name"),
        stream: None,
        parameters: List::EMPTY,
        time: None,
    };
    let notify = Command::Notify(NotifyRequest {
        terminations: List::one(termination(tongue, name)),
        observed_events: ObservedEventsDescriptor {
            request_id: RequestId(1),
            events: vec![event].into(),
        },
        error: None,
    });
    ActionRequest::new(ContextId::NULL, vec![notify.into()])
}

/// An engine with the user.
pub struct Ours {
    pub engine: Engine,
    pub books: Rc<RefCell<Books>>,
    pub receive: ReceiveHandle,
    pub now: Tick,
    tongue: Tongue,
}

impl Ours {
    /// It is called `name` and has these items.
    pub fn new(tongue: Tongue, name: &str, mut config: Config) -> Self {
        let mut engine = Engine::new(Options::default());
        let books = Rc::new(RefCell::new(Books::default()));
        let answers = Answers {
            tongue,
            books: books.clone(),
        };
        let module = engine.add_module("answers", Box::new(answers));
        config.user_mod = module.expect("a new name");
        config.encoding_mod = tongue.encoding;
        config.protocol_version = tongue.version;
        let mid = MId::DomainName(Token::try_from(name.to_owned()).expect("a name"), None);
        let user = engine.start_user_with(&mid, config);
        let user = user.expect("a legal configuration");
        let receive = engine.receive_handle(user).expect("it runs");
        Self {
            engine,
            books,
            receive,
            now: Tick::ZERO,
            tongue,
        }
    }

    pub fn received(&mut self, bytes: &[u8]) {
        let input = Input::Received {
            receive: &self.receive,
            send_handle: SendHandle(1),
            control: None,
            extra: None,
            bytes,
        };
        self.engine.handle(self.now, input);
    }

    pub fn cast(&mut self, connection: ConnectionId, name: &str) {
        let actions = [notify(self.tongue, name)];
        let actions = [Actions::Plain(&actions)];
        let options = CallOptions::default();
        let cast = self.engine.cast(self.now, connection, &actions, &options);
        cast.expect("a legal cast");
    }

    /// Time has passed: what is due happens.
    pub fn turn(&mut self, now: Tick) {
        self.now = now;
        while self.engine.deadline().is_some_and(|due| due <= now) {
            self.engine.handle(now, Input::Timeout);
        }
        let all = std::mem::take(&mut self.books.borrow_mut().later);
        let (due, later): (Vec<_>, Vec<_>) = all.into_iter().partition(|(due, _)| *due <= now);
        self.books.borrow_mut().later.extend(later);
        for (_, todo) in due {
            match todo {
                Todo::Cast(connection) => self.cast(connection, "ours"),
                Todo::Answer(token) => {
                    let answers = Answers {
                        tongue: self.tongue,
                        books: self.books.clone(),
                    };
                    let answer = Answer::Reply(answers.answer(AckRequest::Discard, "slow"));
                    // An aborted request makes it stale: nobody waits for the answer.
                    self.engine.answer(now, token, answer).ok();
                }
            }
        }
    }

    /// What it wants sent.
    pub fn sent(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| match self.engine.poll()? {
            Output::Send(send) => Some(send.bytes),
            _ => None,
        })
        .collect()
    }
}

/// A case in virtual time: what the peer hears.
pub fn run(case: &Case, tongue: Tongue) -> Vec<String> {
    let mut config = Config::default();
    for (name, value) in case.items {
        let name = name.trim_start_matches("own_");
        let done = config.set_by_name(name, &value.setting());
        done.expect("a legal item");
    }
    let (mut ours, mut heard) = (Ours::new(tongue, "mgc", config), Vec::new());
    for step in case.steps {
        match step {
            Step::Send(transactions) => ours.received(&tongue.written("mg", transactions)),
            Step::Wait(ms) => {
                for _ in 0..*ms {
                    ours.turn(ours.now + Duration::from_millis(1));
                    let sent = ours.sent();
                    heard.extend(sent.iter().map(|bytes| tongue.compared(bytes)));
                }
            }
        }
    }
    heard
}
