//! Who asks from an address that proves nothing is sent at most twice what he sent, until he has an association.

use crate::stage::{UDP, address, counted, finish, ms, notify, plan};
use megaphone_core::SourceCheck;
use megaphone_metrics::Metric;
use megaphone_sim::World;
use megaphone_wheel::Rng;

const FROM: &str = "10.0.0.1:2944";

/// The bytes of the answer to the first question of a gateway, and of the same question again.
fn answers(times: usize, size: usize) -> (usize, Option<usize>, Option<usize>) {
    let (mut plan, _) = plan(2, SourceCheck::Address);
    assert_eq!(plan.config.limits.datagram_answer_times, 2, "the default");
    plan.config.limits.datagram_answer_times = times as u32;
    let mut world = World::new(plan, Rng::new(1));
    let question = notify("gw", 1, size);
    let mut ask = |message: &[u8]| {
        world.datagram(0, UDP, address(FROM), message);
        world.settle(ms(10));
        world.sent_datagrams().first().map(|it| it.bytes.len())
    };
    let (first, again) = (ask(&question), ask(&question));
    counted(
        &mut world,
        Metric::H248DroppedAmplified,
        u64::from(first.is_none()),
    );
    finish(world);
    (question.len(), first, again)
}

/// Of the first answer, so many times the question's bytes are sent, and not one more.
pub(crate) fn an_answer_is_so_many_times_the_question_at_most() {
    for times in [2, 3] {
        let (question, answer, _) = answers(times, 20);
        let rest = answer.expect("a short answer") - 20;
        for (bytes, there) in [
            (times * question - 1, true),
            (times * question, true),
            (times * question + 1, false),
        ] {
            let (asked, first, again) = answers(times, bytes - rest);
            assert_eq!(asked, question);
            assert_eq!(first, there.then_some(bytes), "{bytes} bytes");
            assert_eq!(again, Some(bytes), "the association is there by now");
        }
    }
}
