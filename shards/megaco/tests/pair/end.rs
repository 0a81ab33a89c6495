//! One end: an engine and a user that answers at once, later, slowly or not at all, and keeps books.

use megaphone_h248::model::{
    ActionReply, ActionRequest, CommandReply, ContextId, List, NotifyReply, TerminationId,
    TransactionResult,
};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::{
    AckRequest, AckStatus, Answer, Context, LongAnswer, UserAnswer, UserReply,
};
use megaphone_megaco::{CallId, ConnectionId, Engine, Options, RequestToken, User, UserId};
use megaphone_wheel::Rng;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What an end knows of itself.
#[derive(Debug)]
pub struct Books {
    pub rng: Rng,
    /// How often each transaction was executed here.
    pub executed: BTreeMap<u32, u32>,
    /// Requests whose answer is owed.
    pub owed: Vec<RequestToken>,
    /// Calls made here, and how many results they got.
    pub calls: BTreeMap<u64, u32>,
    pub casts: u64,
    pub cast_results: u64,
    pub timeouts: u64,
    pub ack_results: u64,
    pub acks_wanted: u64,
    /// Nobody is slow any more.
    pub healed: bool,
}

/// The same user twice: item `user_mod` may change between them.
pub const MODULES: [&str; 2] = ["party", "other party"];

#[derive(Clone)]
pub struct Party(pub Rc<RefCell<Books>>);

pub fn reply(rng: &mut Rng) -> (AckRequest, TransactionResult<'static>) {
    let one = |n: u64| {
        let terminations = List::one(TerminationId::try_from(format!("A{n}")).expect("a name"));
        ActionReply::new(
            ContextId(n as u32 + 1),
            vec![CommandReply::Notify(NotifyReply {
                terminations,
                error: None,
            })],
        )
    };
    let ack = match rng.below(4) {
        0 => AckRequest::Handle(1),
        1 => AckRequest::HandlePending(2),
        2 => AckRequest::HandleSloppy(3),
        _ => AckRequest::Discard,
    };
    let replies: Vec<_> = (0..=rng.below(4)).map(one).collect();
    (ack, TransactionResult::ActionReplies(replies.into()))
}

impl Books {
    fn answer(&mut self) -> UserAnswer<'static> {
        let (ack, result) = reply(&mut self.rng);
        if !matches!(ack, AckRequest::Discard) {
            self.acks_wanted += 1;
        }
        UserAnswer {
            ack,
            ..UserAnswer::discard(result)
        }
    }
}

impl User for Party {
    fn handle_trans_request<'m>(
        &mut self,
        _: &Context<'_>,
        token: RequestToken,
        _: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let mut books = self.0.borrow_mut();
        *books.executed.entry(token.transaction).or_default() += 1;
        let healed = books.healed;
        match books.rng.below(10) {
            0 | 1 if !healed => {
                books.owed.push(token);
                Answer::Later
            }
            2 if !healed => Answer::Pending(9),
            _ => Answer::Reply(books.answer()),
        }
    }

    fn handle_trans_long_request(
        &mut self,
        _: &Context<'_>,
        token: RequestToken,
        data: u64,
    ) -> LongAnswer<'static> {
        assert_eq!(data, 9);
        let mut books = self.0.borrow_mut();
        if books.rng.below(2) == 0 {
            books.owed.push(token);
            return LongAnswer::Later;
        }
        LongAnswer::Reply(books.answer())
    }

    fn handle_trans_reply(
        &mut self,
        _: &Context<'_>,
        reply: &UserReply<'_>,
        _: Option<u32>,
        _: u64,
    ) {
        let mut books = self.0.borrow_mut();
        match reply {
            UserReply::Segment { last: false, .. } => {}
            _ => books.cast_results += 1,
        }
    }

    fn handle_call_reply(&mut self, _: &Context<'_>, call: CallId, replies: &[UserReply<'_>]) {
        let mut books = self.0.borrow_mut();
        books.timeouts += replies
            .iter()
            .filter(|reply| matches!(reply, UserReply::Timeout))
            .count() as u64;
        *books.calls.entry(call.as_u64()).or_default() += 1;
    }

    fn handle_trans_ack(&mut self, _: &Context<'_>, _: &AckStatus, _: u64) {
        self.0.borrow_mut().ack_results += 1;
    }

    fn handle_trans_request_abort(&mut self, _: &Context<'_>, token: RequestToken) {
        self.0.borrow_mut().owed.retain(|owed| *owed != token);
    }
}

pub struct End {
    pub engine: Engine,
    pub user: UserId,
    pub books: Rc<RefCell<Books>>,
    pub connection: ConnectionId,
}

impl End {
    pub fn new(seed: u64, name: &'static str, mut config: Config) -> Self {
        let books = Rc::new(RefCell::new(Books {
            rng: Rng::new(seed),
            executed: BTreeMap::new(),
            owed: Vec::new(),
            calls: BTreeMap::new(),
            casts: 0,
            cast_results: 0,
            timeouts: 0,
            ack_results: 0,
            acks_wanted: 0,
            healed: false,
        }));
        let mut engine = Engine::new(Options {
            seed,
            ..Options::default()
        });
        for name in MODULES {
            let module = engine.add_module(name, Box::new(Party(books.clone())));
            config.user_mod = module.expect("a new name");
        }
        let user = engine
            .start_user_with(&super::world::mid(name), config)
            .expect("a legal configuration");
        Self {
            engine,
            user,
            books,
            connection: ConnectionId::from_u64(0),
        }
    }
}
