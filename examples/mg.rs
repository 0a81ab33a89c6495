//! A minimal media gateway: it registers with a controller, reports that a line went off hook, and answers what it is asked.
//!
//! ```text
//! cargo run --example mg -- 127.0.0.1:2944
//! ```
//!
//! Looking for the controller, the random wait after a start, coming back after a loss and the hand-off to another are done for it.

use megaphone::embed::Appliance;
use megaphone::failure::Failure;
use megaphone_core::{Answers, Desk, H248User};
use megaphone_h248::model::{
    ActionReply, ActionRequest, AmmsReply, AuditReply, Command, CommandReply, ContextId, List, MId,
    NotifyReply, NotifyRequest, ObservedEvent, ObservedEventsDescriptor, PkgdName, RequestId,
    ServiceChangeReply, ServiceChangeResult, TerminationId, TimeNotation, Token, TransactionResult,
};
use megaphone_megaco::registration::GatewayOptions;
use megaphone_megaco::user::{Answer, Context, RegistrationEvent, UserAnswer, UserReply};
use megaphone_megaco::{Mid, RequestToken, User};
use std::net::SocketAddr;
use std::time::Duration;

/// The one line of this gateway.
const LINE: &[u8] = b"line/1";

struct Mg {
    desk: Desk,
}

fn line() -> TerminationId<'static> {
    TerminationId::new(LINE).expect("a name")
}

/// "Somebody took up the receiver of line 1."
fn off_hook() -> ActionRequest<'static> {
    let event = ObservedEvent {
        name: PkgdName::try_from("al/of").expect("the analogue line package's off-hook"),
        stream: None,
        parameters: List::EMPTY,
        time: TimeNotation::new(*b"20000101", *b"00000000"),
    };
    let notify = Command::Notify(NotifyRequest {
        terminations: List::one(line()),
        observed_events: ObservedEventsDescriptor {
            request_id: RequestId(1),
            events: [event].into(),
        },
        error: None,
    });
    ActionRequest::new(ContextId::NULL, [notify.into()])
}

/// Everything succeeds; what is left to the gateway is its one line.
fn answer<'m>(command: &Command<'m>) -> CommandReply<'m> {
    let terminations: List<'m, TerminationId<'m>> = match command.terminations() {
        named if named.iter().any(|id| id.has_all() || id.has_choose()) => List::one(line()),
        named => named.to_vec().into(),
    };
    let done = AmmsReply {
        terminations: terminations.clone(),
        audit: List::EMPTY,
    };
    let audited = AuditReply::AuditResult {
        terminations: terminations.clone(),
        audit: List::EMPTY,
    };
    match command {
        Command::Add(_) => CommandReply::Add(done),
        Command::Move(_) => CommandReply::Move(done),
        Command::Modify(_) => CommandReply::Modify(done),
        Command::Subtract(_) => CommandReply::Subtract(done),
        Command::AuditCapability(_) => CommandReply::AuditCapability(audited),
        Command::AuditValue(_) => CommandReply::AuditValue(audited),
        Command::Notify(_) => CommandReply::Notify(NotifyReply {
            terminations,
            error: None,
        }),
        Command::ServiceChange(_) => CommandReply::ServiceChange(ServiceChangeReply {
            terminations,
            result: ServiceChangeResult::Accepted,
        }),
    }
}

impl User for Mg {
    fn handle_registration(&mut self, cx: &Context<'_>, event: &RegistrationEvent<'_>) {
        match event {
            RegistrationEvent::Contacting(contact) => println!("asking {}", contact.controller),
            RegistrationEvent::Waiting { .. } => println!("waiting"),
            RegistrationEvent::Registered {
                controller,
                version,
            } => {
                println!("{controller} took us, in version {version}");
                self.desk.cast(cx.connection, vec![off_hook()], 0);
            }
            _ => {}
        }
    }

    fn handle_trans_request<'m>(
        &mut self,
        _: &Context<'_>,
        _: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        println!("asked: {actions:?}");
        let reply = |action: &ActionRequest<'m>| {
            let replies = action.commands.iter().map(|it| answer(&it.command));
            let context = match action.context_id {
                ContextId::CHOOSE => ContextId(1),
                context => context,
            };
            ActionReply::new(context, replies.collect::<List<_>>())
        };
        let replies = actions.iter().map(reply).collect();
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            replies,
        )))
    }

    fn handle_trans_reply(
        &mut self,
        _: &Context<'_>,
        reply: &UserReply<'_>,
        _: Option<u32>,
        _: u64,
    ) {
        println!("the controller says: {reply:?}");
    }
}

fn main() -> Result<(), Failure> {
    let at = std::env::args().nth(1);
    let at = at.unwrap_or_else(|| "127.0.0.1:2944".into());
    let at: SocketAddr = at
        .parse()
        .map_err(|_| Failure::Usage(format!("{at} is no address with a port")))?;
    let name = |text: &'static [u8]| MId::DomainName(Token::new(text).expect("a name"), None);
    let controller = Mid::new(&name(b"mgc.example"));
    let gateway = H248User {
        answers: Answers::module(|_, desk| Mg { desk }),
        gateway: Some(GatewayOptions {
            controllers: vec![controller.clone()],
            mwd: Duration::from_millis(100),
            versions: 1..=1,
        }),
        ..H248User::new("mg", name(b"mg.example"))
    };
    Appliance::new()
        .user(gateway)
        .address(controller, at)
        .shards(1)?
        .run()
}
