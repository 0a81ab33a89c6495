//! Users that are gateways: the engine looks for a controller, and this makes the ways to those it names.
//!
//! All of a gateway's associations are at home on one shard, which also has the sockets that it dialled.

use super::H248;
use super::channel::{Channel, Endpoint, host_of};
use crate::contract::{ConnectToken, ListenerId, Output, SocketFault, SocketId, Target};
use crate::session::state::State;
use crate::session::table::{Session, Slot};
use crate::shard::{Door, Shard, Way};
use megaphone_frame::{Framing, Limits as FrameLimits, tpkt};
use megaphone_h248::model::MId;
use megaphone_megaco::config::{Encoding, SendMod};
use megaphone_megaco::engine::Input as EngineInput;
use megaphone_megaco::{ControlHandle, Mid, UserId};
use std::net::SocketAddr;

/// What tells a gateway's connection attempts from those of links.
const TOKEN_BIT: u64 = 1 << 55;
/// Listeners' numbers are below this; above are the users' whose sockets were dialled.
const DIALLED: u16 = 1 << 15;
/// The ports of text and binary messages (RFC 3525 annex D).
const PORTS: [u16; 2] = [2944, 2945];

/// A connection that is being made.
#[derive(Debug)]
pub(super) struct Dial {
    token: u64,
    user: u16,
    controller: Mid,
    to: SocketAddr,
}

/// The dialled sockets of gateways, seen as one listener for each user.
pub(crate) fn door(listener: u16) -> Option<Door> {
    let user = listener.checked_sub(DIALLED)?;
    Some(Door {
        framing: Framing::Tpkt,
        way: Way::H248(user, super::Speech::Auto),
        limits: FrameLimits {
            frame_bytes_max: tpkt::BODY_BYTES_MAX,
        },
    })
}

impl H248 {
    fn index_of(&self, user: UserId) -> Option<u16> {
        let at = self.users.iter().position(|&it| it == user)?;
        u16::try_from(at).ok()
    }

    /// The address of a controller: that in its MID, or the one that is configured for it.
    fn address_of(&self, controller: &Mid, binary: bool) -> Option<SocketAddr> {
        let port = PORTS[usize::from(binary)];
        let known = self.addresses.iter().find(|(mid, _)| mid == controller);
        known.map(|(_, at)| *at).or(match controller.as_model() {
            MId::Ip4Address(ip, at) => Some((ip, at.unwrap_or(port)).into()),
            MId::Ip6Address(ip, at) => Some((ip, at.unwrap_or(port)).into()),
            _ => None,
        })
    }
}

impl Shard {
    /// Makes the way to a controller that the engine wants.
    pub(super) fn dial_controller(&mut self, h248: &mut H248, user: UserId, controller: Mid) {
        let config = h248.engine.user_info(user).map(|info| info.config);
        let (Ok(config), Some(index)) = (config, h248.index_of(user)) else {
            return;
        };
        let binary = config.encoding_mod == Encoding::Binary;
        let to = h248.address_of(&controller, binary);
        let Some(to) = to.filter(|_| !self.drain.is_draining()) else {
            let text = format!("no address is known of controller {controller}");
            self.note(crate::contract::NoteLevel::Warning, text);
            return self.way_made(h248, index, &controller, None, to);
        };
        if config.send_mod == SendMod::Udp {
            let channel = self.datagram_listener(index).and_then(|listener| match to {
                SocketAddr::V4(to) => Some(Channel::Ip4(listener, to)),
                SocketAddr::V6(_) => {
                    let to = Endpoint::from(to);
                    h248.book.borrow_mut().peers.channel(listener, to)
                }
            });
            return self.way_made(h248, index, &controller, channel, Some(to));
        }
        h248.dials_made = (h248.dials_made + 1) % TOKEN_BIT;
        let token = TOKEN_BIT | h248.dials_made;
        h248.dials.push(Dial {
            token,
            user: index,
            controller,
            to,
        });
        self.outputs.push_back(Output::Connect {
            token: ConnectToken(token),
            target: Target::Tcp { to, from: None },
        });
    }

    /// The first UDP listener of a user.
    fn datagram_listener(&self, user: u16) -> Option<ListenerId> {
        let of_user = |door: &Door| {
            door.framing == Framing::Raw && matches!(door.way, Way::H248(it, _) if it == user)
        };
        let at = self.doors.iter().position(of_user)?;
        Some(ListenerId(at as u16))
    }

    /// Tells the engine of the way to a controller, or that there is none.
    fn way_made(
        &mut self,
        h248: &mut H248,
        user: u16,
        controller: &Mid,
        channel: Option<Channel>,
        to: Option<SocketAddr>,
    ) {
        let Some(&id) = h248.users.get(usize::from(user)) else {
            return;
        };
        let made = channel.and_then(|channel| {
            let receive = h248.engine.receive_handle(id).ok()?;
            let handle = channel.pack()?;
            // A socket that dies ends what lives by it: then the search goes on.
            let control = matches!(channel, Channel::Socket(..)).then_some(ControlHandle(handle.0));
            Some((receive, handle, control))
        });
        // A controller that is not wanted any more needs no answer.
        let _ = h248.engine.dialed(self.now, id, controller, made);
        h248.stirred = true;
        if let (Some((_, handle, _)), Some(to)) = (made, to)
            && let Some(connection) = h248.engine.connection(id, controller)
        {
            let host = host_of(to.ip(), h248.seed);
            let mut book = h248.book.borrow_mut();
            book.enter(connection, handle, host);
            book.register(connection);
        }
    }

    /// A dialled socket is there; false if it was not dialled here.
    pub(crate) fn controller_reached(&mut self, token: ConnectToken, socket: SocketId) -> bool {
        let Some((mut h248, dial)) = self.take_dial(token) else {
            return false;
        };
        let listener = DIALLED + dial.user;
        let mut session = Session::new(socket.generation, listener, State::Local);
        session.host = host_of(dial.to.ip(), h248.seed);
        self.table.put(socket, Slot::Session(session));
        h248.whereabouts.enter(socket, dial.to);
        let channel = Channel::Socket(self.me, socket);
        self.way_made(
            &mut h248,
            dial.user,
            &dial.controller,
            Some(channel),
            Some(dial.to),
        );
        self.h248 = Some(h248);
        self.set_reading(socket, true);
        true
    }

    /// A controller could not be reached; false if nobody dialled it here.
    pub(crate) fn controller_unreachable(
        &mut self,
        token: ConnectToken,
        fault: SocketFault,
    ) -> bool {
        let Some((mut h248, dial)) = self.take_dial(token) else {
            return false;
        };
        let text = format!(
            "controller {} cannot be reached at {} ({fault:?})",
            dial.controller, dial.to
        );
        self.note(crate::contract::NoteLevel::Warning, text);
        self.way_made(&mut h248, dial.user, &dial.controller, None, Some(dial.to));
        self.h248 = Some(h248);
        true
    }

    fn take_dial(&mut self, token: ConnectToken) -> Option<(Box<H248>, Dial)> {
        let h248 = self.h248.as_mut()?;
        let at = h248.dials.iter().position(|dial| dial.token == token.0)?;
        let dial = h248.dials.swap_remove(at);
        self.h248.take().map(|h248| (h248, dial))
    }

    /// A socket is gone: if it was dialled, what lived by it ends.
    pub(crate) fn dialled_gone(&mut self, socket: SocketId, listener: u16) {
        if listener < DIALLED {
            return;
        }
        let handle = Channel::Socket(self.me, socket).pack();
        if let (Some(h248), Some(handle)) = (self.h248.as_mut(), handle) {
            h248.stirred = true;
            h248.engine.handle(
                self.now,
                EngineInput::ControlDown {
                    control: ControlHandle(handle.0),
                    reason: 0,
                },
            );
        }
    }
}
