//! To the controllers: events become frames, frames become items for the link of whoever the association belongs to.

use super::{Controllers, Event, Frame, Open, Outgoing, Row, Told, association_id};
use crate::contract::ShardId;
use crate::credit::Account;
use crate::deadlines::Timer;
use crate::h248::H248;
use crate::id::LinkId;
use crate::item::{Item, Packet, Payload};
use crate::limits::ms;
use crate::shard::Shard;
use megaphone_frame::link::Head;
use megaphone_frame::link::user::{
    Connect, LAST, TAKEN_OVER, UserFrame, encode_ack, encode_result,
};
use megaphone_megaco::config::SendMod;
use megaphone_megaco::{ConnectionId, Mid};
use megaphone_metrics::Metric;
use megaphone_pool::Class;
use std::collections::VecDeque;

#[cfg(test)]
mod tests;

/// Frames that may wait for a link before what nobody has to answer (faults, unexpected messages) is no longer told.
const NEWS_WAITING_MAX: usize = 1_024;

impl Controllers {
    /// Puts a frame in line for a link.
    pub(super) fn push(&mut self, link: LinkId, head: Head, payload: Vec<u8>) {
        let fresh = || Outgoing {
            link,
            frames: VecDeque::new(),
        };
        let out = self
            .outgoing
            .entry((link.home, link.place))
            .or_insert_with(fresh);
        if out.link != link {
            // What waited was for one that is gone.
            *out = fresh();
        }
        out.frames.push_back(Frame {
            head,
            payload,
            sent: 0,
        });
    }

    /// Forgets a request, if it is open.
    pub(super) fn settle(&mut self, connection: ConnectionId, of: impl Fn(&Open) -> bool) -> bool {
        let Some(row) = self.row(connection) else {
            return false;
        };
        let before = row.open.len();
        row.open.retain(|open| !of(open));
        let settled = before - row.open.len();
        self.inbox.borrow_mut().open -= settled;
        settled > 0
    }

    fn lacks_room(&self, link: LinkId) -> bool {
        self.outgoing
            .get(&(link.home, link.place))
            .is_some_and(|out| out.frames.len() >= NEWS_WAITING_MAX)
    }
}

/// A frame's header for an association.
pub(super) fn head(home: ShardId, kind: UserFrame, connection: ConnectionId) -> Head {
    Head::new(kind.kind(), association_id(home, connection).bits())
}

impl Shard {
    /// Turns what the engine told into frames, and sends them as far as credit goes.
    pub(in crate::h248) fn relay(&mut self, h248: &mut H248) {
        loop {
            let event = h248.controllers.inbox.borrow_mut().events.pop_front();
            let Some(event) = event else { break };
            self.relay_event(h248, event);
        }
        let links: Vec<(u16, u16)> = h248.controllers.outgoing.keys().copied().collect();
        for (home, place) in links {
            self.send_frames(h248, home, place);
        }
    }

    fn relay_event(&mut self, h248: &mut H248, event: Event) {
        match event {
            Event::Connected {
                connection,
                user,
                key,
            } => self.row_begins(h248, connection, user, key),
            Event::Disconnected {
                connection,
                code,
                why,
            } => self.row_ends(h248, connection, code, why),
            Event::Request { token, message } => {
                let connection = token.connection();
                let open = Open {
                    token,
                    message,
                    offered: false,
                };
                match h248.controllers.row(connection) {
                    Some(row) => row.open.push(open),
                    None => h248.controllers.inbox.borrow_mut().open -= 1,
                }
                self.offer(h248, connection);
            }
            Event::Abort { token } => {
                let connection = token.connection();
                let controllers = &mut h248.controllers;
                if controllers.settle(connection, |open| open.token == token) {
                    let bytes = token.to_bytes().to_vec();
                    self.say(h248, connection, UserFrame::Abort, 0, 0, bytes);
                }
            }
            Event::CastResult {
                connection,
                tag,
                result,
                last,
            } => {
                let flags = if last { LAST } else { 0 };
                self.say_result(h248, connection, tag, 0, &result, flags);
            }
            Event::CallResults {
                connection,
                call,
                results,
            } => self.say_results(h248, connection, call, &results),
            Event::Ack {
                connection,
                data,
                came,
                why,
            } => {
                let mut payload = Vec::new();
                encode_ack(data, came, if came { "" } else { &why }, &mut payload);
                self.say(h248, connection, UserFrame::Ack, 0, 0, payload);
            }
            Event::Unexpected {
                connection,
                message,
            } => self.say_news(
                h248,
                connection,
                UserFrame::Unexpected,
                0,
                0,
                message.into(),
            ),
            Event::Fault {
                connection,
                flags,
                code,
                text,
            } => {
                let text = text.into_bytes();
                self.say_news(h248, connection, UserFrame::Fault, flags, code, text);
            }
        }
    }

    /// An association of a controlled user is made, or its peer's MID became known: then it stays with the controller it has, who is
    /// told the MID by a second CONNECT.
    fn row_begins(&mut self, h248: &mut H248, connection: ConnectionId, user: u16, key: u64) {
        if let Some(row) = h248.controllers.row(connection) {
            row.key = key;
            let before = row.controller;
            let now = self.controller_of(h248, connection);
            if let Some(link) = now.filter(|_| now == before) {
                self.say_connect(h248, connection, link, 0);
            }
            return;
        }
        let at = connection.place();
        let rows = &mut h248.controllers.rows;
        if at >= rows.len() {
            rows.resize_with(at + 1, || None);
        }
        rows[at] = Some(Box::new(Row {
            connection,
            user,
            key,
            controller: None,
            had_one: false,
            open: Vec::new(),
        }));
        self.offer(h248, connection);
    }

    fn row_ends(&mut self, h248: &mut H248, connection: ConnectionId, code: u16, why: String) {
        self.say(h248, connection, UserFrame::Disconnect, 0, code, why.into());
        h248.controllers.settle(connection, |_| true);
        if h248.controllers.row(connection).is_some() {
            h248.controllers.rows[connection.place()] = None;
        }
    }

    /// The controller of an association, if there is one. A new one is told of the association and of what is open.
    fn controller_of(&mut self, h248: &mut H248, connection: ConnectionId) -> Option<LinkId> {
        let row = h248.controllers.row(connection)?;
        let is_live = |shard: &mut Shard, link| shard.router.live_mut(link).is_some();
        if let Some(link) = row.controller
            && is_live(self, link)
        {
            return Some(link);
        }
        row.controller = self.router.controller(row.user, row.key);
        let link = row.controller?;
        let taken_over = std::mem::replace(&mut row.had_one, true);
        row.open
            .iter_mut()
            .for_each(|open| open.offered &= taken_over);
        let flags = if taken_over { TAKEN_OVER } else { 0 };
        if taken_over {
            self.count(Metric::H248Takeovers);
        }
        self.say_connect(h248, connection, link, flags);
        self.offer_open(h248, connection, link, true);
        Some(link)
    }

    /// Tells a controller of an association that is its own.
    fn say_connect(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        link: LinkId,
        flags: u8,
    ) -> Option<()> {
        let user = h248.controllers.row(connection)?.user;
        let info = h248.engine.connection_info(connection).ok()?;
        let local = self.config.h248.users.get(usize::from(user))?;
        let remote = info.remote_mid.map(|mid| mid.to_string());
        let mut payload = Vec::new();
        Connect {
            local: &Mid::new(&local.mid).to_string(),
            remote: remote.as_deref().unwrap_or(""),
            encoding: info.config.encoding_mod as u8,
            transport: u8::from(info.config.send_mod == SendMod::Udp),
        }
        .encode(&mut payload);
        let mut begin = head(self.me, UserFrame::Connect, connection);
        (begin.flags, begin.aux) = (flags, u16::from(info.config.protocol_version));
        h248.controllers.push(link, begin, payload);
        Some(())
    }

    /// Offers what is open and was not offered yet to whoever the association belongs to.
    fn offer(&mut self, h248: &mut H248, connection: ConnectionId) {
        if let Some(link) = self.controller_of(h248, connection) {
            self.offer_open(h248, connection, link, false);
        }
    }

    fn offer_open(&mut self, h248: &mut H248, connection: ConnectionId, link: LinkId, all: bool) {
        let request = head(self.me, UserFrame::Request, connection);
        let Some(row) = h248.controllers.row(connection) else {
            return;
        };
        let mut frames = Vec::new();
        for open in row.open.iter_mut().filter(|open| all || !open.offered) {
            let mut head = request;
            if std::mem::replace(&mut open.offered, true) {
                head.flags = TAKEN_OVER;
            }
            frames.push((head, [&open.token.to_bytes()[..], &open.message].concat()));
        }
        for (head, payload) in frames {
            h248.controllers.push(link, head, payload);
        }
    }

    /// Tells the association's controller something; nobody, if there is none.
    pub(super) fn say(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        kind: UserFrame,
        flags: u8,
        aux: u16,
        payload: Vec<u8>,
    ) {
        if let Some(link) = self.controller_of(h248, connection) {
            let mut head = head(self.me, kind, connection);
            (head.flags, head.aux) = (flags, aux);
            h248.controllers.push(link, head, payload);
        }
    }

    /// The same for what needs no answer: not told to one who does not even take what does.
    fn say_news(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        kind: UserFrame,
        flags: u8,
        aux: u16,
        payload: Vec<u8>,
    ) {
        let link = h248
            .controllers
            .row(connection)
            .and_then(|row| row.controller);
        if link.is_some_and(|link| h248.controllers.lacks_room(link)) {
            return self.count(Metric::H248DroppedNews);
        }
        self.say(h248, connection, kind, flags, aux, payload);
    }

    pub(super) fn say_result(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        tag: u64,
        index: u16,
        result: &Told,
        flags: u8,
    ) {
        let mut payload = Vec::new();
        encode_result(tag, result.outcome, index, &result.content, &mut payload);
        self.say(h248, connection, UserFrame::Result, flags, 0, payload);
    }

    /// The results of a call, for whoever made it; if that one is gone, nobody waits for them.
    fn say_results(
        &mut self,
        h248: &mut H248,
        connection: ConnectionId,
        call: u64,
        results: &[Told],
    ) {
        let Some((caller, tag)) = h248.controllers.calls.remove(&call) else {
            return;
        };
        if h248
            .controllers
            .row(connection)
            .and_then(|row| row.controller)
            != Some(caller)
        {
            return;
        }
        for (index, result) in results.iter().enumerate() {
            let flags = if index + 1 == results.len() { LAST } else { 0 };
            let index = u16::try_from(index).unwrap_or(u16::MAX);
            self.say_result(h248, connection, tag, index, result, flags);
        }
    }

    /// Credit for a link came back, or blocks.
    pub(crate) fn speak_to_controller(&mut self, home: ShardId, place: u16) {
        if let Some(mut h248) = self.h248.take() {
            self.send_frames(&mut h248, home.0, place);
            self.h248 = Some(h248);
        }
    }

    /// Blocks may be there again for whoever waited for them.
    pub(crate) fn speak_to_controllers(&mut self) {
        if let Some(mut h248) = self.h248.take() {
            self.relay(&mut h248);
            self.h248 = Some(h248);
        }
    }

    /// Sends what waits for a link, as far as credit and blocks go.
    fn send_frames(&mut self, h248: &mut H248, home: u16, place: u16) {
        let Some(out) = h248.controllers.outgoing.get_mut(&(home, place)) else {
            return;
        };
        let account = Account::Link(place);
        let Some(most) = self.router.live_mut(out.link).map(|view| view.payload_max) else {
            // Its requests are offered to somebody else.
            h248.controllers.outgoing.remove(&(home, place));
            return;
        };
        let part_max = self.pool.block_bytes(Class::Bulk).min(most as usize);
        while let Some(frame) = out.frames.front_mut() {
            if !self.lanes.has(ShardId(home), account) {
                return;
            }
            let left = &frame.payload[frame.sent..];
            let part = &left[..left.len().min(part_max)];
            let payload = match part.len() <= Payload::SHORT_MAX {
                true => Payload::short(part),
                false => match self.pool.copy_in(part) {
                    Ok(lease) => Payload::lend(lease),
                    Err(_) => return self.wait_for_pool(),
                },
            };
            frame.sent += part.len();
            let (link, head, ends) = (out.link, frame.head, frame.sent == frame.payload.len());
            if ends {
                out.frames.pop_front();
            }
            if !self.lanes.spend(ShardId(home), account) {
                return self.bug("credit that was there is gone");
            }
            let packet = Packet {
                link,
                connection: crate::id::ConnectionId::from_bits(head.connection),
                sequence: 0,
                kind: head.kind.code(),
                flags: head.with_more(!ends).flags,
                aux: head.aux,
                payload,
            };
            self.send_item(ShardId(home), Item::ToLink(packet));
        }
        h248.controllers.outgoing.remove(&(home, place));
    }

    /// A controller came or went: associations without one are looked for, a stretch at a time.
    pub(crate) fn controllers_changed(&mut self) {
        let at = self.now + ms(self.config.limits.scan_ms);
        if let Some(h248) = self.h248.as_mut()
            && !h248.controllers.rows.is_empty()
            && h248.controllers.search.replace(0).is_none()
        {
            self.wheel.insert(at, Timer::Controllers);
        }
    }

    /// Gives the next associations without a controller to one, and offers it what is open.
    pub(crate) fn search_orphans(&mut self) {
        let Some(mut h248) = self.h248.take() else {
            return;
        };
        let from = h248.controllers.search.take().unwrap_or(0);
        let until = from + self.config.limits.scan_slots as usize;
        for at in from..until.min(h248.controllers.rows.len()) {
            let row = h248.controllers.rows[at].as_ref();
            if let Some(connection) = row.map(|row| row.connection) {
                self.controller_of(&mut h248, connection);
            }
        }
        if until < h248.controllers.rows.len() {
            h248.controllers.search = Some(until);
            let at = self.now + ms(self.config.limits.scan_ms);
            self.wheel.insert(at, Timer::Controllers);
        }
        self.relay(&mut h248);
        self.h248 = Some(h248);
    }
}
