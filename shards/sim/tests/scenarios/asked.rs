//! An operator asks a running shard what it holds.

use crate::stage::{RAW_ECHO, finish, ms, world};
use megaphone_core::{Answer, Command, QuestionId};
use megaphone_sim::Plan;

#[test]
fn a_shard_says_what_it_holds() {
    let mut world = world(Plan::calm(1));
    world.connect(0, RAW_ECHO);
    world.settle(ms(10));
    world.ask(0, QuestionId(7), Command::Gauges);
    let [
        (0, QuestionId(7), Answer::Line(line)),
        (0, QuestionId(7), Answer::Done),
    ] = world.answers.as_slice()
    else {
        panic!("{:?}", world.answers);
    };
    assert!(line.starts_with("sessions=1 active=0 links="), "{line}");
    finish(world);
}
