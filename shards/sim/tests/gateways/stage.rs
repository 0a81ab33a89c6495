//! What the scenarios share: a world that speaks H.248, a user that writes down what it executes, messages, and the end that
//! every scenario must stand.

use megaphone_core::{
    Answer as Told, Answers, Command, Desk, H248Door, H248User, MakeUser, QuestionId, ShardId,
    SourceCheck,
};
use megaphone_frame::Framing;
use megaphone_h248::model::{
    ActionReply, ActionRequest, Command as Asked, CommandReply, ErrorDescriptor, IntoOwned, MId,
    NotifyReply, Quoted, ServiceChangeReply, ServiceChangeResult, Token, Transaction,
    TransactionResult,
};
use megaphone_h248::{Arena, Limits, text};
use megaphone_megaco::user::{Answer, Context, UserAnswer};
use megaphone_megaco::{RequestToken, User};
use megaphone_metrics::Metric;
use megaphone_sim::{Plan, World};
use megaphone_wheel::Rng;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often each request, by sender and number, was executed.
pub(crate) type Executed = Arc<Mutex<BTreeMap<(String, u32), u32>>>;

/// A user that answers Notify and ServiceChange, and with an error of as many bytes as a Notify's request id asks for.
/// A Notify of event 9 is answered and asked back.
struct Clerk(Executed, Desk);

impl User for Clerk {
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        token: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let peer = cx.remote.map(ToString::to_string).unwrap_or_default();
        let mut executed = self.0.lock().expect("nobody panics with it");
        *executed.entry((peer, token.transaction)).or_default() += 1;
        let mut replies = Vec::new();
        for action in actions {
            for request in action.commands.iter() {
                match &request.command {
                    Asked::Notify(notify) if notify.observed_events.request_id.0 == ASK_BACK => {
                        self.1.cast(cx.connection, audit(), 0);
                        replies.push(CommandReply::Notify(NotifyReply {
                            terminations: notify.terminations.to_vec().into(),
                            error: None,
                        }));
                    }
                    Asked::Notify(notify) if notify.observed_events.request_id.0 > 9 => {
                        let text = "x".repeat(notify.observed_events.request_id.0 as usize);
                        let error = ErrorDescriptor {
                            code: 500,
                            text: Quoted::try_from(text).ok(),
                        };
                        return Answer::Reply(UserAnswer::discard(TransactionResult::Error(error)));
                    }
                    Asked::ServiceChange(change) => {
                        replies.push(CommandReply::ServiceChange(ServiceChangeReply {
                            terminations: change.terminations.clone(),
                            result: ServiceChangeResult::Accepted,
                        }));
                    }
                    other => replies.push(CommandReply::Notify(NotifyReply {
                        terminations: other.terminations().to_vec().into(),
                        error: None,
                    })),
                }
            }
        }
        let reply = ActionReply::new(actions[0].context_id, replies);
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            [reply].into(),
        )))
    }
}

/// The event that is asked back for.
const ASK_BACK: u32 = 9;

/// A request to a gateway.
fn audit() -> Vec<ActionRequest<'static>> {
    let arena = Arena::new();
    let message = b"!/1 <mgc> T=1{C=-{AV=ROOT{AT{}}}}";
    let decoded = text::decode(message, &arena, &Limits::default()).expect("well-formed");
    let Some(Transaction::Request(request)) = decoded.message.transactions().first() else {
        panic!("a request");
    };
    let actions = request.actions.iter();
    actions.map(|action| action.clone().into_owned()).collect()
}

/// The address that listeners are bound to.
pub(crate) const AT: &str = "192.0.2.1:2944";

/// The listeners of the world.
pub(crate) const TCP: usize = 0;
pub(crate) const UDP: usize = 1;

fn mgc() -> MId<'static> {
    MId::DomainName(Token::new(&b"mgc"[..]).expect("a name"), None)
}

/// A plan in which H.248 is spoken, and what its user has executed.
pub(crate) fn plan(shards: u16, check: SourceCheck) -> (Plan, Executed) {
    let mut plan = Plan::calm(shards);
    let executed = Executed::default();
    let book = executed.clone();
    let make = move |_: ShardId, desk: Desk| Box::new(Clerk(book.clone(), desk)) as Box<dyn User>;
    let door = H248Door {
        at: Some(address(AT)),
        ..H248Door::of("mgc")
    };
    plan.config.links.clear();
    plan.config.listeners = [Framing::Tpkt, Framing::Raw]
        .map(|framing| door.clone().listener(framing))
        .into();
    plan.config.h248.source_check = check;
    plan.config.h248.users = vec![H248User {
        answers: Answers::Module(Arc::new(make) as Arc<dyn MakeUser>),
        ..H248User::new("mgc", mgc())
    }];
    (plan, executed)
}

pub(crate) fn world(shards: u16, check: SourceCheck) -> (World, Executed) {
    let (plan, executed) = plan(shards, check);
    (World::new(plan, Rng::new(1)), executed)
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A gateway's Notify; `size` above 9 asks for an error of so many bytes.
pub(crate) fn notify(mid: &str, transaction: u32, size: usize) -> Vec<u8> {
    format!("!/1 {mid}\nT={transaction}{{C=-{{N=a{{OE={size}{{al/of}}}}}}}}").into_bytes()
}

/// A gateway's Notify that is answered with a request besides.
pub(crate) fn ask_back(mid: &str, transaction: u32) -> Vec<u8> {
    notify(mid, transaction, ASK_BACK as usize)
}

/// A gateway's registration.
pub(crate) fn register(mid: &str, transaction: u32) -> Vec<u8> {
    format!("!/1 {mid}\nT={transaction}{{C=-{{SC=ROOT{{SV{{MT=RS,RE=901}}}}}}}}").into_bytes()
}

/// The number of the transaction that a message replies to.
pub(crate) fn replies_to(message: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(message).ok()?;
    let (_, rest) = text.split_once("P=")?;
    rest.split('{').next()?.parse().ok()
}

/// The one message that a gateway got replies to this transaction.
pub(crate) fn answered(world: &mut World, gateway: usize, transaction: u32) {
    let messages = world.messages(gateway);
    let ids: Vec<_> = messages.iter().map(|it| replies_to(it)).collect();
    assert_eq!(ids, [Some(transaction)], "gateway {gateway}");
}

/// How often a request was executed.
pub(crate) fn executions(executed: &Executed, mid: &str, transaction: u32) -> u32 {
    let executed = executed.lock().expect("nobody panics with it");
    executed
        .get(&(mid.to_owned(), transaction))
        .copied()
        .unwrap_or(0)
}

/// Asks all shards; the lines of their answers, and refusals.
pub(crate) fn ask(world: &mut World, command: &Command) -> Vec<String> {
    for shard in 0..usize::from(world.plan.config.shards) {
        world.ask(shard, QuestionId(1), command.clone());
    }
    let said = std::mem::take(&mut world.answers);
    let lines = said.into_iter().filter_map(|(_, _, answer)| match answer {
        Told::Line(line) | Told::Refused(line) => Some(line),
        _ => None,
    });
    lines.collect()
}

/// A counter has this value over all shards.
pub(crate) fn counted(world: &mut World, metric: Metric, count: u64) {
    world.publish();
    assert_eq!(world.metric(metric), count, "{metric:?}");
}

/// Drains the world and checks that nothing is left over.
pub(crate) fn finish(mut world: World) {
    world.heal();
    world.settle(ms(100));
    world.drain(ms(1_000));
    assert_eq!(world.faults(), Vec::<String>::new());
}
