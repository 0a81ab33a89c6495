//! What the transport gives with a message reaches every callback that the message leads to, on both sides of a transaction.

use crate::harness::{Talk, ack, config, notified, notify, service_change};
use megaphone_h248::model::{ActionRequest, Transaction, TransactionResult};
use megaphone_megaco::config::Item;
use megaphone_megaco::user::{
    AckRequest, AckStatus, Answer, Connect, Context, LongAnswer, User, UserAnswer, UserReply,
};
use megaphone_megaco::{CallId, CallOptions, Input, Options, RequestToken, SendHandle};
use std::cell::RefCell;
use std::rc::Rc;

/// Which callbacks were told what.
type Seen = Vec<(&'static str, Option<u64>)>;

#[derive(Clone, Default)]
struct Extra(Rc<RefCell<Seen>>);

impl Extra {
    fn saw(&self, what: &'static str, cx: &Context<'_>) {
        self.0.borrow_mut().push((what, cx.extra));
    }

    fn answer() -> UserAnswer<'static> {
        UserAnswer {
            ack: AckRequest::Handle(1),
            ..UserAnswer::discard(TransactionResult::ActionReplies(Vec::new().into()))
        }
    }
}

impl User for Extra {
    fn handle_connect(&mut self, cx: &Context<'_>) -> Connect {
        self.saw("connect", cx);
        Connect::Accept
    }

    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        _: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        self.saw("request", cx);
        match token.transaction {
            1 => Answer::Reply(Self::answer()),
            _ => Answer::Pending(0),
        }
    }

    fn handle_trans_long_request(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        _: u64,
    ) -> LongAnswer<'static> {
        self.saw("long request", cx);
        LongAnswer::Reply(Self::answer())
    }

    fn handle_trans_ack(&mut self, cx: &Context<'_>, _: &AckStatus, _: u64) {
        self.saw("ack", cx);
    }

    fn handle_trans_reply(&mut self, cx: &Context<'_>, _: &UserReply<'_>, _: Option<u32>, _: u64) {
        self.saw("reply", cx);
    }

    fn handle_call_reply(&mut self, cx: &Context<'_>, _: CallId, _: &[UserReply<'_>]) {
        self.saw("call reply", cx);
    }

    fn handle_unexpected_trans(&mut self, cx: &Context<'_>, _: &Transaction<'_>) {
        self.saw("unexpected", cx);
    }
}

fn receive(talk: &mut Talk, transactions: &str, extra: u64) {
    let bytes = format!("!/1 <mg> {transactions}");
    let input = Input::Received {
        receive: &talk.receive,
        send_handle: SendHandle(1),
        control: None,
        extra: Some(extra),
        bytes: bytes.as_bytes(),
    };
    talk.engine.handle(talk.now, input);
}

fn talk(options: Options) -> (Talk, Extra) {
    let mut talk = Talk::with(config(), options);
    let seen = Extra::default();
    let module = talk.engine.add_module("extra", Box::new(seen.clone()));
    let name = module.expect("a new name").name().into();
    let done = talk
        .engine
        .update_user_info(talk.user, Item::UserMod, &name);
    done.expect("it was just added");
    (talk, seen)
}

#[test]
fn an_acknowledgement_that_is_worked_off_later_keeps_it() {
    let (mut talk, seen) = talk(Options {
        acks_per_step: 1,
        ..Options::default()
    });
    for _ in 0..3 {
        receive(&mut talk, &service_change(1), 1);
    }
    receive(&mut talk, &[notify(2), notify(3)].concat(), 2);
    seen.0.borrow_mut().clear();
    receive(&mut talk, &ack("1-3"), 73);
    assert_eq!(*seen.0.borrow(), [("ack", Some(73))]);
    talk.pass(1);
    assert_eq!(*seen.0.borrow(), [("ack", Some(73)); 3]);
}

#[test]
fn otp_6865_request_and_reply_plain_extra2() {
    let (mut talk, seen) = talk(Options::default());
    receive(&mut talk, &service_change(1), 71);
    receive(&mut talk, &notify(2), 72);
    receive(&mut talk, &ack("1,2"), 73);
    talk.connection = talk.connections().first().copied();
    talk.cast(&[notify(1)], &CallOptions::default());
    receive(&mut talk, &notified(1), 74);
    talk.call(&[notify(2)], &CallOptions::default());
    receive(&mut talk, &notified(2), 75);
    receive(&mut talk, &notified(9), 76);
    let extras = [
        ("connect", 71),
        ("request", 71),
        ("request", 72),
        ("long request", 72),
        ("ack", 73),
        ("ack", 73),
        ("reply", 74),
        ("call reply", 75),
        ("unexpected", 76),
    ];
    let extras = extras.map(|(what, extra)| (what, Some(extra)));
    assert_eq!(*seen.0.borrow(), extras);
}
