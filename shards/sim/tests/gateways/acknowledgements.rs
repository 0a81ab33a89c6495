//! A controller that acknowledges every reply: one message for each, or, with OTP's limits and a timer of 50 ms, one for many.

use crate::stage::{TCP, address, finish, ms, notify, plan};
use megaphone_core::{Answers, Desk, MakeUser, ShardId, SourceCheck};
use megaphone_h248::model::{
    ActionReply, ActionRequest, AmmRequest, Command, ContextId, List, NotifyReply, TerminationId,
    TransactionResult,
};
use megaphone_megaco::config::Config;
use megaphone_megaco::user::{Answer, Context, UserAnswer, UserReply};
use megaphone_megaco::{RequestToken, User};
use megaphone_sim::World;
use megaphone_wheel::Rng;
use std::collections::BTreeSet;
use std::sync::Arc;

const REQUESTS: u32 = 500;
/// Requests under way at the same time.
const WINDOW: u32 = 20;

/// A user that answers a Notify, and then has requests of its own, each followed by another when it is answered.
struct Caller {
    desk: Desk,
    left: u32,
}

impl Caller {
    fn cast(&mut self, cx: &Context<'_>) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            let modify = AmmRequest {
                terminations: List::one(TerminationId::new(&b"a"[..]).expect("a name")),
                descriptors: List::EMPTY,
            };
            let action = ActionRequest::new(ContextId(1), [Command::Modify(modify).into()]);
            self.desk.cast(cx.connection, vec![action], 0);
        }
    }
}

impl User for Caller {
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        (0..WINDOW).for_each(|_| self.cast(cx));
        let notified = NotifyReply {
            terminations: List::EMPTY,
            error: None,
        };
        let command = megaphone_h248::model::CommandReply::Notify(notified);
        let reply = ActionReply::new(actions[0].context_id, [command]);
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            [reply].into(),
        )))
    }

    fn handle_trans_reply(
        &mut self,
        cx: &Context<'_>,
        reply: &UserReply<'_>,
        _: Option<u32>,
        _: u64,
    ) {
        assert!(matches!(reply, UserReply::Ok(_)), "{reply:?}");
        self.cast(cx);
    }
}

/// The numbers that stand behind `mark`, up to the next of `ends`.
fn behind<'t>(text: &'t str, mark: &str, end: char) -> impl Iterator<Item = &'t str> {
    let parts = text.split(mark).skip(1).collect::<Vec<_>>();
    parts
        .into_iter()
        .filter_map(move |rest| rest.split(end).next())
}

/// What a gateway that answers everything is told: replies acknowledged, and messages that do so.
fn acknowledged(items: Config) -> (usize, u32) {
    let (mut plan, _) = plan(2, SourceCheck::Address);
    let make = move |_: ShardId, desk: Desk| {
        let left = REQUESTS;
        Box::new(Caller { desk, left }) as Box<dyn User>
    };
    plan.config.h248.users[0].answers = Answers::Module(Arc::new(make) as Arc<dyn MakeUser>);
    plan.config.h248.users[0].items = items;
    let mut world = World::new(plan, Rng::new(1));
    let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
    world.write_message(gateway, &notify("gw", 1, 0));
    let (mut acked, mut messages) = (BTreeSet::new(), 0);
    // Far more turns than are needed: a window of requests is answered in each.
    for _ in 0..4 * REQUESTS / WINDOW + 200 {
        world.settle(ms(1));
        for message in world.messages(gateway) {
            let text = String::from_utf8(message).expect("text");
            for id in behind(&text, "T=", '{') {
                let reply = format!("!/1 gw\nP={id}{{C=1{{MF=a}}}}");
                world.write_message(gateway, reply.as_bytes());
            }
            messages += u32::from(text.contains("K{"));
            for range in behind(&text, "K{", '}').flat_map(|ids| ids.split(',')) {
                let number = |id: &str| id.parse::<u32>().expect("an id");
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                acked.extend(number(first)..=number(last));
            }
        }
    }
    finish(world);
    (acked.len(), messages)
}

#[test]
fn the_sender_needs_a_fifth_of_the_messages_at_most() {
    let one_by_one = Config {
        auto_ack: true,
        ..Config::default()
    };
    // What remains is OTP's default: 10 acknowledgements, 10 requests, 2,048 bytes.
    let gathered = Config {
        trans_ack: true,
        trans_timer: 50,
        ..one_by_one.clone()
    };
    let limits = (
        gathered.trans_ack_maxcount,
        gathered.trans_req_maxcount,
        gathered.trans_req_maxsize,
    );
    assert_eq!(limits, (10, 10, 2_048));
    let all = REQUESTS as usize;
    assert_eq!(acknowledged(one_by_one), (all, REQUESTS));
    let (acks, messages) = acknowledged(gathered);
    assert_eq!(acks, all);
    assert!(messages * 5 <= REQUESTS, "{messages} messages for {acks}");
}
