//! Limits of XMPP clients: how long a stream may take to begin and to end, and how many hear why they are refused.

use super::{longest, most};
use crate::stage::{STANZA, counted, finish, ms, with_backend, with_plan};
use megaphone_metrics::Metric;
use megaphone_sim::Plan;

pub(super) fn stream_ms() {
    longest(30_000, |after| {
        let (mut world, _) = with_backend(1);
        let client = world.connect(0, STANZA);
        world.clients[client].excused = true;
        world.settle(ms(0));
        world.settle(ms(after));
        let late = world.metric(Metric::FrameFaultHeaderDeadline) == 1;
        world.break_client(client);
        finish(world);
        late
    });
}

pub(super) fn parting_ms() {
    longest(2_000, |after| {
        let (mut world, _) = with_backend(1);
        let client = world.connect(0, STANZA);
        world.clients[client].excused = true;
        world.clients[client].answers_end = false;
        world.settle(ms(10));
        // No stream header, so no stream.
        world.write_bytes(client, b"<a/>");
        world.settle(ms(0));
        world.settle(ms(after));
        let over = world.clients[client].end.is_some();
        finish(world);
        over
    });
}

pub(super) fn refusals_told_max() {
    most(3, |refused| {
        let mut plan = Plan::calm(1);
        plan.config.limits.sessions_max = 1;
        plan.config.limits.refusals_told_max = 3;
        let (mut world, _) = with_plan(plan);
        let clients: Vec<usize> = (0..=refused).map(|_| world.connect(0, STANZA)).collect();
        let told = world.metric(Metric::StreamErrors);
        counted(&world, Metric::RefusedLimit, refused);
        for client in clients {
            world.clients[client].excused = true;
        }
        finish(world);
        told == refused
    });
}
