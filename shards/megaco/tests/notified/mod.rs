//! What figures and benches share: an engine whose user accepts everything with the least reply there is, and messages for it.
#![allow(dead_code, unreachable_pub, reason = "each of them uses its part")]

use megaphone_h248::model::{
    ActionReply, ActionRequest, Command, CommandReply, List, MId, NotifyReply, ServiceChangeReply,
    ServiceChangeResult, Token, TransactionResult,
};
use megaphone_megaco::config::{Config, Encoding};
use megaphone_megaco::user::{Answer, Context, User, UserAnswer};
use megaphone_megaco::{Engine, Input, Options, Output, ReceiveHandle, RequestToken, SendHandle};
use megaphone_wheel::Tick;

/// Accepts each Notify and each ServiceChange.
struct Notified;

impl User for Notified {
    fn handle_trans_request<'m>(
        &mut self,
        _: &Context<'_>,
        _: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let replies = actions.iter().map(|action| {
            let commands = action
                .commands
                .iter()
                .filter_map(|request| match &request.command {
                    Command::Notify(notify) => Some(CommandReply::Notify(NotifyReply {
                        terminations: notify.terminations.clone(),
                        error: None,
                    })),
                    Command::ServiceChange(change) => {
                        Some(CommandReply::ServiceChange(ServiceChangeReply {
                            terminations: change.terminations.clone(),
                            result: ServiceChangeResult::Accepted,
                        }))
                    }
                    _ => None,
                });
            ActionReply::new(action.context_id, commands.collect::<List<'_, _>>())
        });
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            replies.collect(),
        )))
    }
}

/// An engine with one user called `<mgc>`, in compact text unless `config` says otherwise.
pub fn engine(options: Options, config: Config) -> (Engine, ReceiveHandle) {
    let mut engine = Engine::new(options);
    let module = engine.add_module("notified", Box::new(Notified));
    let config = Config {
        user_mod: module.expect("a new name"),
        ..config
    };
    let mid = MId::DomainName(Token::try_from("mgc").expect("a name"), None);
    let user = engine.start_user_with(&mid, config);
    let user = user.expect("a legal configuration");
    let receive = engine.receive_handle(user).expect("it runs");
    (engine, receive)
}

/// Compact text, and OTP's defaults.
pub fn compact() -> Config {
    Config {
        encoding_mod: Encoding::Compact,
        ..Config::default()
    }
}

/// A message arrives; what it leads to is taken.
pub fn receive(engine: &mut Engine, now: Tick, receive: &ReceiveHandle, from: u64, bytes: &[u8]) {
    let input = Input::Received {
        receive,
        send_handle: SendHandle(from),
        control: None,
        extra: None,
        bytes,
    };
    engine.handle(now, input);
    while let Some(output) = engine.poll() {
        if let Output::Send(send) = output {
            engine.recycle(send.bytes);
        }
    }
}

/// A Notify of gateway `connection`.
pub fn notify(connection: u32, id: u32) -> String {
    let [_, a, b, c] = connection.to_be_bytes();
    format!(
        "!/1 [10.{a}.{b}.{c}]:2944 T={id}{{C=-{{N=A4444{{OE=2222{{19990729T22000000:al/of}}}}}}}}"
    )
}
