//! From a greeting to a link: a backend that was greeted goes on where it was, or begins anew.

use super::greet::Met;
use super::outlet::Outlet;
use crate::config::Dialect;
use crate::contract::{Close, SocketId};
use crate::id::spread;
use crate::shard::Shard;
use megaphone_frame::link::{FrameType, Hello, Reason};
use megaphone_metrics::Metric;
use megaphone_pool::Gather;

impl Shard {
    /// A backend said HELLO, and this is its home: its link goes on or begins.
    pub(super) fn greeted(&mut self, index: u32, hello: &Hello<'_>) {
        let Some(spec) = self.greeting_mut(index).map(|greeting| greeting.spec) else {
            return;
        };
        let payload_max = hello.max_frame.min(self.config.limits.packet_bytes_max);
        if let Some(place) = self.links.place_of(spec, hello.name) {
            let resumes = self.links.link(place).is_some_and(|link| {
                link.numbered
                    && hello.wants_ack()
                    && hello.epoch == link.epoch
                    && link.replay.can_resume(hello.resume)
            });
            self.replace(place, resumes);
            if resumes {
                let (epoch, received) = self
                    .links
                    .link(place)
                    .map_or((0, 0), |link| (link.epoch, link.received));
                if !self.say_hello(index, FrameType::HelloOk, epoch, received) {
                    return self.end_greeting(index, None);
                }
                let Some((socket, outlet, input, reading)) = self.promote(index) else {
                    return;
                };
                self.resume_link(place, hello.resume, payload_max, socket, reading);
                return self.settle_in(place, outlet, input);
            }
        }
        let epoch = self.new_epoch();
        if !self.links.places.iter().any(Option::is_none) {
            self.count(Metric::RefusedLimit);
            return self.end_greeting(index, Some(Reason::Exhausted));
        }
        if !self.say_hello(index, FrameType::HelloOk, epoch, 0) {
            return self.end_greeting(index, None);
        }
        self.start_link(index, hello, epoch, payload_max);
    }

    /// The backend that we dialled answered.
    pub(super) fn answered(&mut self, index: u32, hello: &Hello<'_>) {
        let Some(spec) = self.greeting_mut(index).map(|greeting| greeting.spec) else {
            return;
        };
        let payload_max = hello.max_frame.min(self.config.limits.packet_bytes_max);
        if let Some(place) = self.links.diallers[usize::from(spec)].place
            && let Some((epoch, _)) = self.resumable(spec)
        {
            let resumes = hello.wants_ack() && hello.epoch == epoch;
            let can = self
                .links
                .link(place)
                .is_some_and(|link| link.replay.can_resume(hello.resume));
            if resumes && can {
                let Some((socket, outlet, input, reading)) = self.promote(index) else {
                    return;
                };
                self.resume_link(place, hello.resume, payload_max, socket, reading);
                self.dialled(spec, place);
                return self.settle_in(place, outlet, input);
            }
            self.link_is_over(place, None);
            if resumes {
                // It asks for what is gone: come again without a past.
                return self.end_greeting(index, None);
            }
        }
        self.start_link(index, hello, hello.epoch, payload_max);
    }

    fn start_link(&mut self, index: u32, hello: &Hello<'_>, epoch: u64, payload_max: u32) {
        let Some(spec) = self.greeting_mut(index).map(|greeting| greeting.spec) else {
            return;
        };
        if !self.links.places.iter().any(Option::is_none) {
            self.count(Metric::RefusedLimit);
            return self.end_greeting(index, Some(Reason::Exhausted));
        }
        let Some((socket, outlet, input, reading)) = self.promote(index) else {
            return;
        };
        let serves = self.served_by(spec, hello).unwrap_or_default();
        let met = Met {
            spec,
            dialect: Dialect::V1,
            node: hello.name.to_owned(),
            epoch,
            numbered: hello.wants_ack(),
            payload_max,
            serves,
            reading,
        };
        if let Some(place) = self.begin_link(met, socket) {
            self.dialled(spec, place);
            self.settle_in(place, outlet, input);
        }
    }

    /// Makes room for a link that comes again under the name of one that is here.
    fn replace(&mut self, place: u16, resumes: bool) {
        let stuck = self
            .links
            .link_mut(place)
            .is_some_and(|link| !link.outlet.gather().is_empty());
        if stuck {
            // A path that takes nothing any more is why backends come again: what lies in it must not keep the newcomer's
            // credit until a deadline. Numbered packets are sent again anyway.
            self.detach(place, Close::Now);
        } else {
            self.say_goodbye(place, Reason::Replaced);
            self.detach(place, Close::Gracefully);
        }
        if resumes {
            // Lost for the moment that its HELLO_OK takes, if it was not before.
            self.link_lost(place);
        } else {
            self.link_is_over(place, None);
        }
    }

    /// Takes socket, outlet and input out of a greeting that becomes a link.
    fn promote(&mut self, index: u32) -> Option<(SocketId, Outlet, Gather, bool)> {
        let greeting = self.links.greetings.get_mut(index as usize)?.take()?;
        if let Some(timer) = greeting.timer {
            self.wheel.cancel(timer);
        }
        Some((
            greeting.socket?,
            greeting.outlet,
            greeting.input,
            greeting.reading,
        ))
    }

    /// Gives a link what its greeting has still to send, and has read already.
    fn settle_in(&mut self, place: u16, outlet: Outlet, input: Gather) {
        if let Some(link) = self.links.link_mut(place) {
            link.outlet = outlet;
            link.input = input;
        }
        self.link_is_ready(place);
    }

    /// An epoch that was never used: by this process's start, by this shard, by this count.
    fn new_epoch(&mut self) -> u64 {
        self.epochs += 1;
        let start = self.config.epoch.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        spread(start ^ u64::from(self.me.0) << 48 ^ self.epochs).max(1)
    }
}
