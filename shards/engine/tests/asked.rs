//! An operator's questions reach the machine, also of a shard that sleeps, and its answers reach the sink.

mod support;

use megaphone_core::{Answer, Command, Input, Output, QuestionId, ShardId};
use megaphone_engine::EngineConfig;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use support::{Behaviour, Kit, PATIENCE, World, loopback};

/// Answers every question with its own number.
struct Clerk;

impl Behaviour for Clerk {
    type Item = ();

    fn on(&mut self, kit: &mut Kit<()>, _now: megaphone_wheel::Tick, input: Input<()>) {
        if let Input::Asked { question, .. } = input {
            let line = Answer::Line(question.0.to_string());
            for answer in [line, Answer::Done].map(Box::new) {
                kit.out(Output::Answer { question, answer });
            }
        }
    }
}

#[test]
fn each_question_is_answered_by_the_shard_it_was_asked_of() {
    let (sender, answers) = channel();
    let sender = Mutex::new(sender);
    let world = World::start(
        EngineConfig {
            shards: 2,
            answers: Arc::new(move |shard, question, answer| {
                sender
                    .lock()
                    .unwrap()
                    .send((shard, question, answer))
                    .unwrap();
            }),
            ..loopback()
        },
        |_| Clerk,
    );
    for number in 0..100 {
        let (shard, question) = (ShardId(number % 2), QuestionId(u64::from(number)));
        assert!(world.controls.ask(shard, question, Command::Gauges));
        for expected in [Answer::Line(number.to_string()), Answer::Done] {
            let answer = answers.recv_timeout(PATIENCE).expect("an answer");
            assert_eq!(answer, (shard, question, expected));
        }
    }
    assert!(
        !world
            .controls
            .ask(ShardId(2), QuestionId(0), Command::Gauges),
        "there is no such shard"
    );
    world.stop();
}
