//! Takes each input to the session, the link or the greeting it is for. Inputs for a socket that is gone are dropped here.

use super::Shard;
use crate::contract::{Close, Input, ListenerId, Output, Peer, SocketFault, SocketId};
use crate::item::Item;
use crate::session::state::Event;
use crate::session::table::{NONE, Slot};
use megaphone_metrics::Metric;
use megaphone_pool::Lease;

/// What a socket is, without borrowing the table.
#[derive(Clone, Copy)]
enum Owner {
    Session,
    Link(u16),
    Greeting(u32),
    Nobody,
}

impl Shard {
    pub(super) fn dispatch(&mut self, input: Input<Item>) {
        match input {
            Input::Accepted {
                listener,
                socket,
                peer,
            } => self.accepted(listener, socket, peer),
            // The driver counts these, backs off and goes on by itself.
            Input::AcceptFailed { .. } => {}
            Input::Connected { token, socket } => self.connected(token, socket),
            Input::ConnectFailed { token, fault } => self.connect_failed(token, fault),
            Input::Adopted { socket, token } => self.adopted(socket, token),
            Input::HandedOver { socket } => self.handed_over(socket),
            Input::Received { socket, data } => self.received(socket, data),
            Input::Ended { socket } => self.ended(socket),
            Input::Sent { socket, bytes } => self.sent(socket, bytes),
            Input::Failed { socket, fault } => self.failed(socket, fault),
            Input::Closed { socket } => self.closed(socket),
            Input::Datagram {
                listener,
                from,
                data,
            } => self.datagram(listener, from, data),
            Input::Item { from, item } => self.on_item(from, item),
            Input::Return { from, back } => self.on_return(from, back),
            Input::Deadline => self.on_deadline(),
            Input::Drain { by } => self.start_drain(by),
            Input::Asked { question, command } => self.asked(question, &command),
        }
    }

    fn owner(&self, socket: SocketId) -> Owner {
        match self.table.get(socket) {
            Some(Slot::Session(_)) => Owner::Session,
            Some(Slot::Link { place, .. }) => Owner::Link(*place),
            Some(Slot::Greeting { index, .. }) => Owner::Greeting(*index),
            Some(Slot::Closing { .. } | Slot::Vacant) | None => Owner::Nobody,
        }
    }

    /// A listener's number says whether a client came or a backend.
    fn accepted(&mut self, listener: ListenerId, socket: SocketId, peer: Peer) {
        let clients = self.doors.len();
        let index = usize::from(listener.0);
        if index < clients {
            self.client_accepted(index, socket, peer);
        } else if index - clients < self.config.links.len() {
            self.backend_accepted((index - clients) as u16, socket);
        } else {
            self.bug("a socket came from a listener that was not configured");
            self.refuse_socket(socket);
        }
    }

    fn received(&mut self, socket: SocketId, data: Lease) {
        match self.owner(socket) {
            Owner::Session => self.client_bytes(socket, data),
            Owner::Link(place) => self.link_bytes(place, data),
            Owner::Greeting(index) => self.greeting_bytes(index, data),
            Owner::Nobody => {}
        }
    }

    fn ended(&mut self, socket: SocketId) {
        match self.owner(socket) {
            Owner::Session => self.client_ended(socket),
            Owner::Link(place) => self.link_lost(place),
            Owner::Greeting(index) if self.is_leaving(index) => {
                // Its new shard will find the end too.
            }
            Owner::Greeting(index) => self.greeting_ended(index),
            Owner::Nobody => {}
        }
    }

    fn sent(&mut self, socket: SocketId, bytes: usize) {
        match self.owner(socket) {
            Owner::Session => self.client_took(socket, bytes),
            Owner::Link(place) => self.link_sent(place, bytes),
            Owner::Greeting(index) => self.greeting_sent(index, bytes),
            Owner::Nobody => self.remains_sent(socket, bytes),
        }
    }

    fn failed(&mut self, socket: SocketId, _fault: SocketFault) {
        match self.owner(socket) {
            Owner::Session => self.session_event(socket, Event::Failed, Metric::ClosedByPeer),
            Owner::Link(place) => self.link_lost(place),
            Owner::Greeting(index) => self.greeting_ended(index),
            Owner::Nobody => {}
        }
    }

    fn closed(&mut self, socket: SocketId) {
        self.burying = Some(socket);
        match self.owner(socket) {
            Owner::Session => self.session_event(socket, Event::Closed, Metric::ClosedOther),
            // A driver that says `Closed` without `Failed` before it.
            Owner::Link(place) => {
                self.link_lost(place);
                self.bury(socket);
            }
            Owner::Greeting(index) => {
                self.greeting_ended(index);
                self.bury(socket);
            }
            Owner::Nobody => self.bury(socket),
        }
        self.burying = None;
        self.drain_progress();
    }

    /// Tells the driver to close a socket, unless the driver has just said that it is closed.
    pub(crate) fn close_socket(&mut self, socket: SocketId, how: Close) {
        if self.burying != Some(socket) {
            self.outputs.push_back(Output::Close { socket, how });
        }
    }

    /// The last word about a socket that belongs to nobody: what was outgoing goes, and what it carried goes home.
    fn bury(&mut self, socket: SocketId) {
        if let Slot::Closing { remains, .. } = self.table.vacate(socket)
            && remains != NONE
        {
            self.dispose_of_remains(remains);
        }
    }
}
