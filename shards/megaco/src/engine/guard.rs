//! Messages of a known peer that come from another place: the host decides whether its connection follows them.

use super::Engine;
use super::receive::Source;
use crate::handle::{ConnectionId, ReceiveHandle, SendHandle};
use megaphone_h248::model::Message;
use megaphone_wheel::Tick;

/// A message whose sender is the peer of a live connection, from a place where that connection does not send.
#[derive(Debug)]
pub struct Moved<'a> {
    /// The connection of that peer.
    pub connection: ConnectionId,
    /// Where it sends.
    pub from: SendHandle,
    /// Where the message came from.
    pub to: SendHandle,
    /// What the transport gave with the message.
    pub extra: Option<u64>,
    /// The message.
    pub message: &'a Message<'a>,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is processed and answered where it came from; the connection stays where it is. Without a guard always this.
    Stay,
    /// The connection sends there from now on, in the encoding and by the transport of that place.
    Follow,
    /// It is dropped.
    Drop,
}

/// Decides about them (RFC 3525 leaves it to the transport whether a sender is who it says).
pub trait Guard {
    /// What becomes of the message.
    fn moved(&mut self, moved: &Moved<'_>) -> Verdict;
}

impl Engine {
    /// Installs or removes the guard.
    pub fn set_guard(&mut self, guard: Option<Box<dyn Guard>>) -> Option<Box<dyn Guard>> {
        std::mem::replace(&mut self.guard, guard)
    }

    /// Whether the last message came from the peer of a connection that existed before it.
    pub fn was_known(&self) -> bool {
        self.known
    }

    /// Whether the message may be processed; the connection follows it if it should.
    pub(super) fn admits(
        &mut self,
        now: Tick,
        place: u32,
        receive: &ReceiveHandle,
        source: Source,
        message: &Message<'_>,
    ) -> bool {
        let Some(row) = self.connections.get(place) else {
            return false;
        };
        if row.send_handle == source.send_handle {
            return true;
        }
        let (from, encoding, send_mod) = (
            row.send_handle,
            row.config.encoding_mod,
            row.config.send_mod,
        );
        let connection = self.id_at(place);
        let verdict = self.guard.as_mut().map_or(Verdict::Stay, |guard| {
            guard.moved(&Moved {
                connection,
                from,
                to: source.send_handle,
                extra: source.extra,
                message,
            })
        });
        match verdict {
            Verdict::Stay => true,
            Verdict::Drop => false,
            Verdict::Follow => {
                let moved = self.update_handles(connection, source.send_handle, source.control);
                let differs = encoding != receive.encoding_mod || send_mod != receive.send_mod;
                let receive = ReceiveHandle {
                    protocol_version: None,
                    ..*receive
                };
                // Both can only fail for a connection that is not there.
                moved.is_ok()
                    && (!differs
                        || self
                            .update_receive_handle(now, connection, &receive)
                            .is_ok())
            }
        }
    }
}
