//! What only XMPP clients have: keepalives that stop here, and words for why a stream ends (RFC 6120 4.9).

use super::events::Why;
use super::forward::Cut;
use crate::contract::{Output, SocketId};
use crate::id::ConnectionId;
use crate::limits::ms;
use crate::shard::{Door, Shard};
use megaphone_frame::stanza::{StreamHeader, stream_error};
use megaphone_metrics::Metric;

impl Shard {
    /// White space between stanzas says that the client lives: its TCP knows that by now, and the backend need not.
    pub(super) fn absorb_keepalive(&mut self, socket: SocketId, door: Door) -> Cut {
        self.count(Metric::KeepalivesAbsorbed);
        if let Some(active) = self.session_active(socket) {
            active.frame.clear();
            active.in_frame = false;
        }
        // The next unit is none, or we would have seen no end of this one.
        self.cut(socket, door)
    }

    /// The client begins a stream, or begins it anew after authentication: the backend has a header to answer.
    pub(super) fn stream_begins(&mut self, socket: SocketId) {
        if let Some(session) = self.table.session_mut(socket) {
            session.answered = false;
        }
    }

    /// Whether one more client that is refused may be told why: each holds a slot and a block for a moment.
    pub(super) fn may_tell_refusal(&self) -> bool {
        let limits = &self.config.limits;
        let most = limits.sessions_max.saturating_add(limits.refusals_told_max);
        self.table.sessions() < most && self.overload.level() < 3
    }

    /// Appends a stream error and the end of the stream to what the client gets, behind a header if the backend has not sent one.
    /// Without a block the client gets the end of its connection alone.
    pub(super) fn tell_stream_error(&mut self, socket: SocketId, why: Why<'_>) {
        let Some(session) = self.table.session(socket) else {
            return;
        };
        let header = (!session.answered).then(|| StreamHeader {
            from: &self.config.listeners[usize::from(session.listener)].domain,
            id: ConnectionId::new(self.me, socket).bits(),
        });
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        stream_error(header, why.condition, why.text, &mut bytes);
        let pool = self.pool.clone();
        if let Some(active) = self.session_active_or_new(socket)
            && active.outgoing.push_bytes(&pool, &bytes).is_ok()
        {
            self.count(Metric::FramesOut);
            self.count(Metric::StreamErrors);
            self.client_send(socket);
        }
        self.bytes = bytes;
    }

    /// Ends our side behind what the client still gets, and waits for its end without listening to what it says.
    pub(super) fn part(&mut self, socket: SocketId) {
        self.outputs.push_back(Output::Finish { socket });
        let by = self.now + ms(self.config.limits.parting_ms);
        if let Some(active) = self.session_active_or_new(socket) {
            active.answer_by = by;
        }
        self.arm_session(socket);
        self.set_reading(socket, true);
    }
}
