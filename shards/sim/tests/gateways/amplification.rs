//! Who asks from an address that proves nothing is sent at most twice what he sent, until he has an association.

use crate::stage::{UDP, address, counted, finish, ms, notify, world};
use megaphone_core::SourceCheck;
use megaphone_metrics::Metric;

const FROM: &str = "10.0.0.1:2944";

/// The bytes of the answer to the first question of a gateway, and of the same question again.
fn answers(size: usize) -> (usize, Option<usize>, Option<usize>) {
    let (mut world, _) = world(2, SourceCheck::Address);
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

#[test]
fn an_answer_is_twice_the_question_at_most() {
    let (question, answer, _) = answers(20);
    let rest = answer.expect("a short answer") - 20;
    for (more, there) in [(0, true), (1, false)] {
        let bytes = 2 * question + more;
        let (asked, first, again) = answers(bytes - rest);
        assert_eq!(asked, question);
        assert_eq!(first, there.then_some(bytes), "{bytes} bytes");
        assert_eq!(again, Some(bytes), "the association is there by now");
    }
}
