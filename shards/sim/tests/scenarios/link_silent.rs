//! A link on which nothing is heard: a PING after ten seconds, lost after thirty.

use crate::stage::{CHAT, finish, ms, with_backend};
use megaphone_metrics::LinkMetric;
use megaphone_sim::Sight;

#[test]
fn an_idle_link_lives_by_its_pings() {
    let (mut world, backend) = with_backend(1);
    world.settle(ms(120_000));
    assert!(world.backends[backend].up);
    let pings = world.sights.count(Sight::Ponged);
    assert!((10..=13).contains(&pings), "{pings} pings");
    finish(world);
}

#[test]
fn a_link_that_answers_nothing_is_lost_after_thirty_seconds() {
    let (mut world, backend) = with_backend(1);
    world.backends[backend].reads = false;
    world.settle(ms(29_000));
    assert_eq!(world.link_metric(CHAT, LinkMetric::Losses), 0);
    world.settle(ms(2_000));
    assert_eq!(world.link_metric(CHAT, LinkMetric::Losses), 1);
    world.settle(ms(11_000));
    assert_eq!(world.gauges(0).links, 0, "and gone after ten more");
    finish(world);
}
