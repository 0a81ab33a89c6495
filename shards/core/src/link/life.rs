//! A link from its first HELLO to its last session: coming up, being lost, coming back, draining, ending; and its timers.

use super::greet::Met;
use super::outlet::Outlet;
use super::replay::Replay;
use super::state::{LinkEvent, LinkState, next};
use super::{Link, LinkId, Remains};
use crate::contract::{Close, NoteLevel, ShardId, SocketId};
use crate::credit::Account;
use crate::deadlines::Timer;
use crate::drain::Scan;
use crate::item::{Item, LinkStatus};
use crate::limits::ms;
use crate::session::table::Slot;
use crate::shard::Shard;
use megaphone_frame::Expect;
use megaphone_frame::link::{FrameType, Reason, Verdict};
use megaphone_metrics::{LinkMetric, Metric};
use megaphone_pool::Gather;
use megaphone_wheel::{RangeSet, Tick};
use std::collections::VecDeque;

impl Shard {
    /// A backend was greeted and is new here: a link begins. `None` if there is no place for it.
    pub(super) fn begin_link(&mut self, met: Met, socket: SocketId) -> Option<u16> {
        let place = self.links.places.iter().position(Option::is_none)? as u16;
        let serial = &mut self.links.serials[usize::from(place)];
        *serial = serial.checked_add(1).unwrap_or(1);
        let id = LinkId {
            home: self.me.0,
            place,
            serial: *serial,
        };
        self.links.places[usize::from(place)] = Some(Link {
            id,
            spec: met.spec,
            dialect: met.dialect,
            state: LinkState::Up,
            node: met.node,
            epoch: met.epoch,
            numbered: met.numbered,
            payload_max: met.payload_max,
            serves: met.serves,
            socket: Some(socket),
            reading: met.reading,
            input: Gather::new(),
            expect: Expect::default(),
            held: None,
            body: Gather::new(),
            outlet: Outlet::default(),
            opens: VecDeque::new(),
            open_due: Tick::ZERO,
            open_at: Tick::MAX,
            backlog: VecDeque::new(),
            replay: Replay::new(),
            withheld: VecDeque::new(),
            received: 0,
            accepted: RangeSet::new(),
            ack_at: Tick::MAX,
            heard: self.now,
            pinged: false,
            stall_by: Tick::MAX,
            resume_by: Tick::MAX,
            timer: None,
        });
        let spec = usize::from(met.spec);
        self.cells.link_add(spec, LinkMetric::Up, 1);
        self.cells.link_add(spec, LinkMetric::Connects, 1);
        Some(place)
    }

    /// A link's node came back to where it was, on a new socket.
    pub(super) fn resume_link(
        &mut self,
        place: u16,
        resume: u64,
        payload_max: u32,
        socket: SocketId,
        reading: bool,
    ) {
        let now = self.now;
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        let was_lost = link.socket.is_none();
        link.state = next(link.state, LinkEvent::Resumed);
        link.socket = Some(socket);
        link.reading = reading;
        link.payload_max = payload_max;
        link.heard = now;
        link.pinged = false;
        link.resume_by = Tick::MAX;
        link.replay.resume(resume);
        let (spec, replayed) = (usize::from(link.spec), link.replay.unacknowledged());
        self.cells.link_add(spec, LinkMetric::Connects, 1);
        self.cells.link_add(spec, LinkMetric::Replayed, replayed);
        self.cells
            .link_add(spec, LinkMetric::Up, u64::from(was_lost));
    }

    /// Everything that a link does once its socket is in place: it is known to all, watched, and works off what waits.
    pub(super) fn link_is_ready(&mut self, place: u16) {
        let Some(link) = self.links.link(place) else {
            return;
        };
        let Some(socket) = link.socket else { return };
        let text = format!(
            "link {} is up with {:?}",
            self.config.links[usize::from(link.spec)].name,
            link.node
        );
        self.table.put(
            socket,
            Slot::Link {
                generation: socket.generation,
                place,
            },
        );
        self.note(NoteLevel::Info, text);
        self.tell_all(place);
        self.await_progress(place);
        self.send_acks(place);
        self.work_off(place);
        self.release_withheld(place);
        self.arm_link(place);
        if self.drain.is_draining() {
            self.drain_link(place);
        }
        self.read_link(place);
    }

    /// The link's socket ended or broke. Kept if it may come back, else over.
    pub(crate) fn link_lost(&mut self, place: u16) {
        let resume_by = self.now + ms(self.config.limits.resume_ms);
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        if !link.numbered {
            return self.link_is_over(place, None);
        }
        if matches!(link.state, LinkState::Lost | LinkState::LostDraining) {
            return;
        }
        link.state = next(link.state, LinkEvent::Lost);
        link.resume_by = resume_by;
        self.detach(place, Close::Now);
        if let Some(link) = self.links.link_mut(place) {
            // Its sessions go on putting packets into the replay buffer until that is full; new ones go elsewhere.
            let spec = usize::from(link.spec);
            self.cells.link_add(spec, LinkMetric::Losses, 1);
            self.tell_all(place);
            self.arm_link(place);
            self.redial_soon(spec as u16);
        }
    }

    /// The backend broke the protocol, or is silent: it is told why, and the link is over or lost.
    pub(super) fn end_link(&mut self, place: u16, reason: Reason) {
        let Some(link) = self.links.link(place) else {
            return;
        };
        let spec = usize::from(link.spec);
        if reason != Reason::Unresponsive {
            self.cells.link_add(spec, LinkMetric::Faults, 1);
            self.link_is_over(place, Some(reason));
        } else {
            self.link_lost(place);
        }
    }

    /// The end of a link's life: `reason`, if any, is said to the backend, and all its sessions end.
    pub(crate) fn link_is_over(&mut self, place: u16, reason: Option<Reason>) {
        if let Some(reason) = reason {
            self.say_goodbye(place, reason);
        }
        self.detach(
            place,
            if reason.is_some() {
                Close::Gracefully
            } else {
                Close::Now
            },
        );
        let Some(mut link) = self
            .links
            .places
            .get_mut(usize::from(place))
            .and_then(Option::take)
        else {
            return;
        };
        if let Some((timer, _)) = link.timer {
            self.wheel.cancel(timer);
        }
        link.state = next(link.state, LinkEvent::Ended);
        let (spec, gone) = (link.spec, link.status());
        let text = format!(
            "link {} to {:?} is over",
            self.config.links[usize::from(spec)].name,
            link.node
        );
        self.note(NoteLevel::Warning, text);
        self.dissolve(link);
        self.links.note(self.me, gone);
        self.link_status(gone);
        self.announce_all();
        self.redial_soon(spec);
    }

    /// CLOSE on connection 0.
    pub(super) fn say_goodbye(&mut self, place: u16, reason: Reason) {
        let mut payload = Vec::new();
        Verdict::of(reason).encode(&mut payload);
        self.link_says(place, FrameType::Close, &payload);
    }

    /// Parts a link from its socket. What is outgoing stays with the socket until that is closed.
    pub(super) fn detach(&mut self, place: u16, how: Close) {
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        let Some(socket) = link.socket.take() else {
            return;
        };
        let (spec, outlet) = (usize::from(link.spec), std::mem::take(&mut link.outlet));
        link.input.clear();
        link.expect = Expect::default();
        link.ack_at = Tick::MAX;
        link.stall_by = Tick::MAX;
        self.cells.link_sub(spec, LinkMetric::Up, 1);
        self.leave_socket(socket, place, outlet, how);
    }

    /// Closes a socket that belongs to nobody any more. What is outgoing stays with it until it is closed, and if it should
    /// still be sent, for so long only as a client would get.
    pub(super) fn leave_socket(
        &mut self,
        socket: SocketId,
        place: u16,
        outlet: Outlet,
        how: Close,
    ) {
        let timer = (how == Close::Gracefully).then(|| {
            let at = self.now + ms(self.config.limits.stall_ms);
            self.wheel.insert(at, Timer::Leaving(socket))
        });
        let remains = self.links.keep_remains(Remains {
            place,
            outlet,
            timer,
        });
        self.table.put(
            socket,
            Slot::Closing {
                generation: socket.generation,
                remains,
            },
        );
        self.close_socket(socket, how);
    }

    /// A backend does not take what it was told last.
    pub(crate) fn leaving_late(&mut self, socket: SocketId) {
        if let Some(&Slot::Closing { remains, .. }) = self.table.get(socket) {
            self.links.forget_timer(remains);
            self.close_socket(socket, Close::Now);
        }
    }

    /// DRAIN came: no new sessions.
    pub(super) fn link_drains(&mut self, place: u16) {
        if let Some(link) = self.links.link_mut(place) {
            link.state = next(link.state, LinkEvent::Drain);
            self.tell_all(place);
        }
    }

    /// Tells all shards how a link stands, this one at once.
    fn tell_all(&mut self, place: u16) {
        let Some(status) = self.links.link(place).map(Link::status) else {
            return;
        };
        self.links.note(self.me, status);
        self.link_status(status);
        self.announce_all();
    }

    fn announce_all(&mut self) {
        for shard in 0..self.config.shards {
            self.announce(ShardId(shard));
        }
    }

    /// Sends the news of links to one shard, as far as control credits go. Only the last news of each link counts.
    pub(crate) fn announce(&mut self, to: ShardId) {
        while let Some(&place) = self
            .links
            .news
            .get(usize::from(to.0))
            .and_then(VecDeque::front)
        {
            if !self.lanes.spend(to, Account::Control) {
                return;
            }
            self.links.news[usize::from(to.0)].pop_front();
            if let Some(status) = self.links.status[usize::from(place)] {
                self.send_item(to, Item::Status(status));
            }
        }
    }

    /// Takes the news of a link, here or elsewhere; the sessions of a life that ended end, a few at a time.
    pub(crate) fn link_status(&mut self, status: LinkStatus) {
        if status.link.home != self.me.0 && status.link.home >= self.config.shards {
            return self.bug("news of a link of no shard");
        }
        let change = self.router.update(status);
        if let Some(view) = self.router.view_mut(status.link.home, status.link.place) {
            let home = ShardId(status.link.home);
            let withheld: Vec<_> = if change.ended.is_some() {
                view.withheld.drain(..).collect()
            } else {
                Vec::new()
            };
            for back in withheld {
                self.give_back(home, Account::Inbound, back.block);
            }
        }
        if let Some(ended) = change.ended {
            self.scan(Scan::LinkLost(ended));
            self.controller_gone();
        }
        if change.ended.is_some() || status.serves.users != 0 {
            self.controllers_changed();
        }
    }

    /// Starts the backend's clock anew: by then it must have taken a byte more of what is outgoing, if anything is.
    pub(super) fn await_progress(&mut self, place: u16) {
        let by = self.now + ms(self.config.limits.stall_ms);
        if let Some(link) = self.links.link_mut(place) {
            link.stall_by = match link.outlet.len() {
                0 => Tick::MAX,
                _ => by,
            };
            if link.timer.is_none_or(|(_, set)| set > by) {
                self.arm_link(place);
            }
        }
    }

    /// Sets the link's timer to the earliest of what it waits for.
    pub(super) fn arm_link(&mut self, place: u16) {
        let limits = &self.config.limits;
        let Some(link) = self.links.places.get_mut(usize::from(place)) else {
            return;
        };
        let Some(link) = link.as_mut() else {
            return;
        };
        let talk = match link.pinged {
            _ if !link.must_talk(limits) => Tick::MAX,
            true => link.heard + ms(limits.silence_ms),
            false => link.heard + ms(limits.ping_ms),
        };
        let at = talk
            .min(link.resume_by)
            .min(link.ack_at)
            .min(link.stall_by)
            .min(link.open_at);
        link.timer = match link.timer {
            Some((id, set)) if at < set => {
                self.wheel.reschedule(id, at);
                Some((id, at))
            }
            None if at < Tick::MAX => Some((self.wheel.insert(at, Timer::Link(place)), at)),
            unchanged => unchanged,
        };
    }

    /// Something a link waited for is due, or was moved meanwhile.
    pub(crate) fn link_timer(&mut self, place: u16) {
        let limits = self.config.limits.clone();
        let now = self.now;
        let Some(link) = self.links.link_mut(place) else {
            return;
        };
        link.timer = None;
        if link.resume_by <= now {
            link.state = next(link.state, LinkEvent::Late);
            self.count(Metric::ClosedLinkLost);
            return self.link_is_over(place, None);
        }
        if link.stall_by <= now {
            return self.link_stalled(place);
        }
        let acks = link.ack_at <= now;
        let silent = link.must_talk(&limits);
        let (dead, quiet) = (
            silent && link.heard + ms(limits.silence_ms) <= now,
            silent && !link.pinged && link.heard + ms(limits.ping_ms) <= now,
        );
        if dead {
            return self.end_link(place, Reason::Unresponsive);
        }
        if acks {
            self.send_acks(place);
        }
        self.send_opens(place);
        if quiet {
            if let Some(link) = self.links.link_mut(place) {
                link.pinged = true;
            }
            self.link_says(place, FrameType::Ping, &now.0.to_be_bytes());
        }
        self.arm_link(place);
    }

    /// The backend takes nothing of what waits for it.
    fn link_stalled(&mut self, place: u16) {
        let Some(link) = self.links.link(place) else {
            return;
        };
        let spec = usize::from(link.spec);
        let text = format!(
            "link {}: {:?} takes nothing of the {} bytes that wait for it; its connection is given up",
            self.config.links[spec].name,
            link.node,
            link.outlet.len()
        );
        self.cells.link_add(spec, LinkMetric::Stalls, 1);
        self.note(NoteLevel::Warning, text);
        self.link_lost(place);
    }

    /// Says DRAIN to a backend.
    pub(crate) fn drain_link(&mut self, place: u16) {
        let within = self
            .drain
            .by()
            .since(self.now)
            .as_millis()
            .min(u128::from(u32::MAX)) as u32;
        self.link_says(
            place,
            FrameType::Drain,
            &megaphone_frame::link::encode_drain(within),
        );
        self.link_drains(place);
    }

    /// Closes a link in good order: there is no session left that needs it.
    pub(crate) fn retire_links(&mut self) {
        for place in 0..self.config.limits.links_max as u16 {
            if self.links.link(place).is_some() {
                self.link_is_over(place, Some(Reason::Drain));
            }
        }
    }
}
