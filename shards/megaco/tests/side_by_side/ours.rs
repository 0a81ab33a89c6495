//! Our side: the same user, the same steps, virtual time.

use super::{Case, Step, compared};
use megaphone_h248::model::{
    ActionReply, ActionRequest, Command, CommandReply, ContextId, ErrorDescriptor, List, MId,
    NotifyReply, NotifyRequest, ObservedEvent, ObservedEventsDescriptor, PkgdName, RequestId,
    TerminationId, Token, TransactionResult,
};
use megaphone_megaco::config::{Config, Encoding, Item, Module, Setting};
use megaphone_megaco::user::{AckRequest, Answer, Context, LongAnswer, User, UserAnswer};
use megaphone_megaco::{
    Actions, CallOptions, Engine, Input, Options, Output, RequestToken, SendHandle,
};
use megaphone_wheel::Tick;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Default)]
struct Owed {
    slow: Vec<RequestToken>,
    casts: usize,
}

struct Answers(Rc<RefCell<Owed>>);

fn reply(name: &str, count: usize) -> TransactionResult<'static> {
    let one = CommandReply::Notify(NotifyReply {
        terminations: List::one(TerminationId::try_from(name.to_owned()).expect("a name")),
        error: None,
    });
    TransactionResult::ActionReplies(
        vec![ActionReply::new(ContextId::NULL, vec![one; count])].into(),
    )
}

fn answer(ack: AckRequest, name: &str, count: usize) -> UserAnswer<'static> {
    UserAnswer {
        ack,
        ..UserAnswer::discard(reply(name, count))
    }
}

impl User for Answers {
    fn handle_trans_request<'m>(
        &mut self,
        _: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let termination = actions.first().and_then(|action| {
            Some(
                action
                    .commands
                    .first()?
                    .command
                    .terminations()
                    .first()?
                    .to_string(),
            )
        });
        match termination.unwrap_or_default().as_str() {
            "ok" => Answer::Reply(answer(AckRequest::Discard, "ok", 1)),
            "ack" => Answer::Reply(answer(AckRequest::Handle(1), "ack", 1)),
            "sloppy" => Answer::Reply(answer(AckRequest::HandleSloppy(1), "sloppy", 1)),
            "pack" => Answer::Reply(answer(AckRequest::HandlePending(1), "pack", 1)),
            "large" => Answer::Reply(answer(AckRequest::Discard, "large", 300)),
            "none" => Answer::Ignore,
            "slow" => {
                self.0.borrow_mut().slow.push(token);
                Answer::Later
            }
            "call" => {
                self.0.borrow_mut().casts += 1;
                Answer::Reply(answer(AckRequest::Discard, "call", 1))
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
            1 => answer(AckRequest::HandleSloppy(1), "longs", 1),
            2 => UserAnswer::discard(TransactionResult::Error(error)),
            _ => answer(AckRequest::Handle(1), "long", 1),
        })
    }
}

fn notify() -> ActionRequest<'static> {
    let event = ObservedEvent {
        name: PkgdName::try_from("al/of").expect("a name"),
        stream: None,
        parameters: List::EMPTY,
        time: None,
    };
    let notify = Command::Notify(NotifyRequest {
        terminations: List::one(TerminationId::try_from("ours").expect("a name")),
        observed_events: ObservedEventsDescriptor {
            request_id: RequestId(1),
            events: vec![event].into(),
        },
        error: None,
    });
    ActionRequest::new(ContextId::NULL, vec![notify.into()])
}

/// The configuration that the case asks of our side.
fn configured(case: &Case, user_mod: Module) -> Config {
    let mut config = Config {
        encoding_mod: Encoding::Compact,
        user_mod,
        ..Config::default()
    };
    for (item, value) in case.ours {
        let value = match value {
            Ok(number) => Setting::Int(*number),
            Err(word) => Setting::Word((*word).to_owned()),
        };
        let value = if matches!(value, Setting::Word(ref word) if word == "true") {
            Setting::Bool(true)
        } else {
            value
        };
        config
            .set(Config::item(item).unwrap_or(Item::Profile), &value)
            .expect("a legal item");
    }
    if let Some(timer) = case.request_timer {
        config.request_timer = timer;
    }
    if let Some(timer) = case.pending_timer {
        config.pending_timer = timer;
    }
    if let Some(timer) = case.reply_timer {
        config.reply_timer = timer;
    }
    config
}

pub fn run(case: &Case) -> Vec<String> {
    let mut engine = Engine::new(Options::default());
    let owed = Rc::new(RefCell::new(Owed::default()));
    let user_mod = engine
        .add_module("answers", Box::new(Answers(owed.clone())))
        .expect("a new name");
    let config = configured(case, user_mod);
    let mid = MId::DomainName(Token::try_from("mgc").expect("a name"), None);
    let user = engine
        .start_user_with(&mid, config)
        .expect("a legal configuration");
    let receive = engine.receive_handle(user).expect("it runs");
    let (mut now, mut heard, mut slow) = (Tick::ZERO, Vec::new(), Vec::new());
    for step in case.script() {
        match step {
            Step::Send(transactions) => {
                let message = format!("!/1 <mg> {transactions}");
                let input = Input::Received {
                    receive: &receive,
                    send_handle: SendHandle(1),
                    control: None,
                    extra: None,
                    bytes: message.as_bytes(),
                };
                engine.handle(now, input);
            }
            Step::Wait(ms) => {
                for _ in 0..ms {
                    now += Duration::from_millis(1);
                    while engine.deadline().is_some_and(|due| due <= now) {
                        engine.handle(now, Input::Timeout);
                    }
                    while slow.first().is_some_and(|(due, _)| *due <= now) {
                        let (_, token) = slow.remove(0);
                        // An aborted request makes it stale: nobody waits for the answer.
                        engine
                            .answer(
                                now,
                                token,
                                Answer::Reply(answer(AckRequest::Discard, "slow", 1)),
                            )
                            .ok();
                    }
                    collect(&mut engine, &mut heard);
                }
            }
        }
        let after: Vec<RequestToken> = std::mem::take(&mut owed.borrow_mut().slow);
        slow.extend(
            after
                .into_iter()
                .map(|token| (now + Duration::from_millis(350), token)),
        );
        for _ in 0..std::mem::take(&mut owed.borrow_mut().casts) {
            let connection = engine.user_info(user).expect("it runs").connections[0];
            let actions = [notify()];
            engine
                .cast(
                    now,
                    connection,
                    &[Actions::Plain(&actions)],
                    &CallOptions::default(),
                )
                .expect("a legal cast");
        }
        collect(&mut engine, &mut heard);
    }
    heard
}

fn collect(engine: &mut Engine, heard: &mut Vec<String>) {
    while let Some(Output::Send(send)) = engine.poll() {
        heard.extend(compared(&send.bytes));
    }
}
