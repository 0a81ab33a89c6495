//! A trace shows each message with the addresses that it travelled between, wherever its socket is.

use crate::stage::{AT, TCP, UDP, address, finish, ms, notify, register, world};
use megaphone_core::{Answer, Command, Ends, QuestionId, SourceCheck, Traced, Transport};
use megaphone_sim::World;

const TRACE: QuestionId = QuestionId(7);

fn trace(world: &mut World, mid: &str) {
    for shard in 0..2 {
        world.ask(shard, TRACE, Command::Trace { mid: mid.into() });
    }
}

fn untrace(world: &mut World) {
    for shard in 0..2 {
        world.ask(shard, QuestionId(8), Command::Untrace { trace: TRACE });
    }
}

/// What was traced since this was last asked.
fn traced(world: &mut World) -> Vec<Traced> {
    let said = std::mem::take(&mut world.answers);
    let messages = said
        .into_iter()
        .filter_map(|(_, question, answer)| match answer {
            Answer::Message(traced) if question == TRACE => Some(traced),
            _ => None,
        });
    messages.collect()
}

/// A question and its answer were traced, with these addresses.
fn shows(world: &mut World, over: Transport, theirs: &str) {
    let ends = Ends {
        theirs: Some(address(theirs)),
        ours: Some(address(AT)),
    };
    let traced = traced(world);
    let seen: Vec<_> = traced
        .iter()
        .map(|it| (it.received, it.over, it.ends))
        .collect();
    assert_eq!(seen, [(true, over, ends), (false, over, ends)]);
}

#[test]
fn a_gateway_that_comes_after_the_trace_is_shown_with_its_address_from_the_first_message() {
    // Of eight names some are at home with their socket, and some are not.
    for mid in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        for from in ["10.0.0.1:5000", "[2001:db8::1]:5000"] {
            let (mut world, _) = world(2, SourceCheck::Address);
            trace(&mut world, mid);
            let gateway = world.connect_gateway(0, TCP, address(from));
            world.write_message(gateway, &notify(mid, 1, 0));
            world.settle(ms(10));
            shows(&mut world, Transport::Tcp, from);
            world.write_message(gateway, &notify("another", 1, 0));
            world.settle(ms(10));
            assert_eq!(traced(&mut world), []);
            world.datagram(1, UDP, address(from), &notify(mid, 2, 0));
            world.settle(ms(10));
            shows(&mut world, Transport::Udp, from);
            untrace(&mut world);
            finish(world);
        }
    }
}

#[test]
fn a_gateway_that_was_there_before_the_trace_is_shown_with_its_address() {
    for mid in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let (mut world, _) = world(2, SourceCheck::Address);
        let gateway = world.connect_gateway(0, TCP, address("10.0.0.1:5000"));
        world.write_message(gateway, &register(mid, 1));
        world.settle(ms(10));
        trace(&mut world, mid);
        world.settle(ms(10));
        world.write_message(gateway, &notify(mid, 2, 0));
        world.settle(ms(10));
        shows(&mut world, Transport::Tcp, "10.0.0.1:5000");
        untrace(&mut world);
        world.write_message(gateway, &notify(mid, 3, 0));
        world.settle(ms(10));
        assert_eq!(traced(&mut world), []);
        finish(world);
    }
}
