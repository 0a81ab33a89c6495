//! Messages that wait at their home for credit to the shard of a gateway's socket: how many make that shard wait, and how many more
//! are lost.

use crate::serve;
use crate::support::World;
use megaphone_core::{
    Answers, Desk, Input, LaneBudget, ListenerId, ShardConfig, ShardId, SocketId,
};
use megaphone_frame::tpkt;
use megaphone_h248::model::{
    ActionReply, ActionRequest, Command, IntoOwned, Transaction, TransactionResult,
};
use megaphone_h248::{Arena, Limits, text};
use megaphone_megaco::user::{Answer, Context, UserAnswer};
use megaphone_megaco::{RequestToken, User};
use megaphone_metrics::Metric;

/// Sends as many requests of its own as the id of a Notify's event says, and answers.
struct Asker(Desk);

impl User for Asker {
    fn handle_trans_request<'m>(
        &mut self,
        cx: &Context<'_>,
        _: RequestToken,
        actions: &[ActionRequest<'m>],
    ) -> Answer<'m> {
        let commands = actions.iter().flat_map(|action| action.commands.iter());
        for request in commands {
            if let Command::Notify(notify) = &request.command {
                for _ in 0..notify.observed_events.request_id.0 {
                    self.0.cast(cx.connection, audit(), 0);
                }
            }
        }
        let reply = ActionReply::new(actions[0].context_id, []);
        Answer::Reply(UserAnswer::discard(TransactionResult::ActionReplies(
            [reply].into(),
        )))
    }
}

/// A request to a gateway.
fn audit() -> Vec<ActionRequest<'static>> {
    let arena = Arena::new();
    let message = b"!/1 <mgc> T=1{C=-{AV=ROOT{AT{}}}}";
    let decoded = text::decode(message, &arena, &Limits::default()).expect("well-formed");
    let transactions = decoded.message.transactions();
    let Transaction::Request(request) = &transactions[0] else {
        panic!("a request");
    };
    let actions = request.actions.iter();
    actions.map(|action| action.clone().into_owned()).collect()
}

/// Two shards with one credit each way: a gateway on the first, at home on the second.
struct Scene {
    world: World,
    socket: SocketId,
    mid: String,
    next: u32,
}

impl Scene {
    fn new(outbox_max: u32) -> Scene {
        let mut config = ShardConfig::new(ShardId(0), 2);
        config.lanes = LaneBudget::uniform(1);
        config.limits.h248_outbox_max = outbox_max;
        serve(&mut config, Answers::module(|_, desk| Asker(desk)));
        let mut world = World::new(&config);
        let socket = world.accept(0, ListenerId(0));
        // The first name whose message goes to the other shard.
        for number in 0..64 {
            let mut scene = Scene {
                world,
                socket,
                mid: format!("gw{number}"),
                next: 1,
            };
            scene.notify(0);
            scene.world.settle();
            if scene.counted(0, Metric::H248Hops) > 0 {
                scene.world.send(0, socket);
                return scene;
            }
            world = scene.world;
        }
        panic!("no name is at home on the other shard");
    }

    /// The gateway notifies; the user is to send so many requests.
    fn notify(&mut self, requests: u32) {
        let id = self.next;
        self.next += 1;
        let message = format!(
            "!/1 {} T={id}{{C=-{{N=a{{OE={requests}{{al/of}}}}}}}}",
            self.mid
        );
        let header = tpkt::header(message.len() as u32).expect("short enough");
        let bytes = [&header[..], message.as_bytes()].concat();
        self.world.receive(0, self.socket, &bytes);
    }

    /// All goes on, but nothing that home sends reaches the gateway's shard.
    fn settle_but_for_the_gateway(&mut self) {
        loop {
            let nodes = &mut self.world.nodes;
            let item = nodes[1].port.next_item();
            if let Some((from, item)) = item {
                let from = ShardId(from);
                self.world.tell(1, Input::Item { from, item });
                continue;
            }
            let back = nodes[0].port.next_return();
            let Some((from, back)) = back else {
                return;
            };
            let from = ShardId(from);
            self.world.tell(0, Input::Return { from, back });
        }
    }

    fn counted(&self, shard: usize, metric: Metric) -> u64 {
        self.world.nodes[shard].shard.cells().get(metric)
    }

    /// Messages at home so far.
    fn arrived(&self) -> u64 {
        self.counted(0, Metric::H248Hops) - 1
    }

    /// The messages that the gateway gets in the end.
    fn hears(&mut self) -> usize {
        self.world.settle();
        let mut count = 0;
        loop {
            self.world.send(0, self.socket);
            if self.world.sent.is_empty() {
                return count;
            }
            let mut rest = &self.world.sent[..];
            while let [_, _, high, low, ..] = *rest {
                rest = &rest[usize::from(u16::from_be_bytes([high, low]))..];
                count += 1;
            }
            self.world.settle();
        }
    }
}

#[test]
fn so_many_answers_wait_before_the_gateway_s_shard_has_to() {
    for most in [1, 4] {
        for waiting in [most - 1, most, most + 1] {
            let mut scene = Scene::new(most);
            // One answer is under way, so many wait when the next message comes, and then comes one more.
            let messages = waiting + 3;
            for _ in 0..messages {
                scene.notify(0);
                scene.settle_but_for_the_gateway();
            }
            let expected = messages.min(most + 2);
            assert_eq!(
                scene.arrived(),
                u64::from(expected),
                "{waiting} waited, limit {most}"
            );
            assert_eq!(scene.hears(), messages as usize, "nothing is lost");
            assert_eq!(scene.counted(1, Metric::H248DroppedCredit), 0);
        }
    }
}

#[test]
fn at_twice_as_many_more_are_lost() {
    for most in [1, 4] {
        for waiting in [2 * most - 1, 2 * most, 2 * most + 1] {
            let mut scene = Scene::new(most);
            // The answer is under way, and the requests wait.
            scene.notify(waiting);
            scene.settle_but_for_the_gateway();
            let lost = u64::from(waiting.saturating_sub(2 * most));
            assert_eq!(
                scene.counted(1, Metric::H248DroppedCredit),
                lost,
                "{waiting} of {most}"
            );
            assert_eq!(scene.hears() as u64, 1 + u64::from(waiting) - lost);
        }
    }
}
