//! A minimal media gateway controller: it takes every gateway, asks each what its terminations are, and prints what it is told.
//!
//! ```text
//! cargo run --example mgc
//! cargo run --example mg        # in another terminal: a gateway that registers with it
//! ```

use megaphone::embed::Appliance;
use megaphone::failure::Failure;
use megaphone_core::{Answers, Desk, H248User};
use megaphone_h248::model::{
    ActionReply, ActionRequest, AuditDescriptor, AuditRequest, Command, CommandReply, ContextId,
    List, MId, NotifyReply, ServiceChangeReply, ServiceChangeResult, TerminationId, Token,
    TransactionResult,
};
use megaphone_megaco::user::{Answer, Context, Reason, UserAnswer, UserReply};
use megaphone_megaco::{RequestToken, User};

/// The controller on one shard: it answers the gateways at home there.
struct Mgc {
    desk: Desk,
}

impl Mgc {
    /// Notify is taken, ServiceChange registers, and nothing else is for a controller.
    fn answer<'m>(&self, cx: &Context<'_>, command: &Command<'m>) -> Option<CommandReply<'m>> {
        let peer = cx.remote.map(ToString::to_string).unwrap_or_default();
        match command {
            Command::ServiceChange(change) => {
                println!("{peer} registers: {:?}", change.parms.method);
                // What is ordered now is sent behind the answer.
                self.desk.cast(cx.connection, vec![audit()], 0);
                Some(CommandReply::ServiceChange(ServiceChangeReply {
                    terminations: change.terminations.clone(),
                    result: ServiceChangeResult::Accepted,
                }))
            }
            Command::Notify(notify) => {
                for event in notify.observed_events.events.iter() {
                    println!("{peer} observed {:?}", event.name);
                }
                Some(CommandReply::Notify(NotifyReply {
                    terminations: notify.terminations.clone(),
                    error: None,
                }))
            }
            _ => None,
        }
    }
}

/// "Which terminations do you have?"
fn audit() -> ActionRequest<'static> {
    let all = Command::AuditValue(AuditRequest {
        terminations: List::one(TerminationId::ALL),
        audit: AuditDescriptor::default(),
    });
    ActionRequest::new(ContextId::NULL, [all.into()])
}

impl User for Mgc {
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let reply = |action: &ActionRequest<'m>| {
            let commands = action.commands.iter();
            let replies = commands.filter_map(|request| self.answer(cx, &request.command));
            ActionReply::new(action.context_id, replies.collect::<List<_>>())
        };
        let replies = actions.iter().map(reply).collect();
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            replies,
        )))
    }

    fn handle_trans_reply(
        &mut self,
        cx: &Context<'_>,
        reply: &UserReply<'_>,
        _: Option<u32>,
        _: u64,
    ) {
        let peer = cx.remote.map(ToString::to_string).unwrap_or_default();
        match reply {
            UserReply::Ok(actions) => println!("{peer} has {:?}", actions[0].commands),
            other => println!("{peer} did not say what it has: {other:?}"),
        }
    }

    fn handle_disconnect(&mut self, cx: &Context<'_>, reason: &Reason) {
        let peer = cx.remote.map(ToString::to_string).unwrap_or_default();
        println!("{peer} is gone: {reason:?}");
    }
}

fn main() -> Result<(), Failure> {
    let mid = MId::DomainName(Token::new(&b"mgc.example"[..]).expect("a name"), None);
    let at = std::env::args().nth(1);
    let at = at.unwrap_or_else(|| "127.0.0.1:2944".into());
    Appliance::new()
        .listen(&format!("h248+tcp://{at}?user=mgc"))?
        .listen(&format!("h248+udp://{at}?user=mgc"))?
        .user(H248User {
            answers: Answers::module(|_, desk| Mgc { desk }),
            ..H248User::new("mgc", mid)
        })
        .run()
}
