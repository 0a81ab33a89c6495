//! One transaction we originated: its states, and its row. Which messages follow is the engine's affair.
//!
//! ```text
//!            Reply                 (answered, gone)
//! Waiting ───────────────────────► Done
//!    │ Pending        Reply ┌────► Done
//!    ├────────────► Pended ─┤
//!    │                      │ Segment
//!    │ Segment              ▼            all segments, or time is up
//!    ├──────────────► Collecting ──────► Done
//!    │ KeptReply                         keep-alive is over
//!    └──────────────► Answered ────────► Done
//! ```

use crate::call::Origin;
use crate::config::Timer;
use crate::handle::SendHandle;
use crate::segment::Collected;
use megaphone_wheel::{Tick, TimerId};
use std::sync::Arc;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestState {
    /// Sent (or stored in the sender); `request_timer` runs.
    Waiting,
    /// A Pending arrived; `long_request_timer` runs.
    Pended,
    /// Segments of the reply arrive; the request timer has stopped.
    Collecting,
    /// A cast was answered and is kept so that further replies are numbered.
    Answered,
    /// Gone.
    Done,
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestEvent {
    /// A whole reply.
    Reply,
    /// A whole reply to a cast with a keep-alive time.
    KeptReply,
    /// A Pending within `recv_pending_limit`.
    Pending,
    /// A Pending beyond it.
    PendingOverLimit,
    /// A segment, and others are missing.
    Segment,
    /// The segment that makes the reply complete.
    FinalSegment,
    /// The timer expired and has periods left.
    Expired,
    /// The timer expired for the last time.
    TimedOut,
    /// The connection is cancelled.
    Cancel,
    /// The transport could not send it.
    SendFailed,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequestAction {
    /// Give the reply to whoever waits for it.
    Deliver,
    /// Give it, and start the keep-alive time.
    DeliverAndKeep,
    /// Give it with its arrival number.
    DeliverNumbered,
    /// Stop `request_timer`, start `long_request_timer`.
    SwitchTimer,
    /// Restart `long_request_timer` with its next period.
    RestartTimer,
    /// Fail: too many Pendings.
    FailPendingLimit,
    /// Stop the request timer, keep the segment and acknowledge it.
    FirstSegment,
    /// Keep the segment and acknowledge it.
    KeepSegment,
    /// Acknowledge the segment and give the whole reply.
    DeliverSegments,
    /// Send it again and restart the timer.
    Resend,
    /// Only restart the timer.
    WaitOn,
    /// Fail: no reply.
    FailTimeout,
    /// Fail: segments are missing; tell the peer (error 459).
    FailSegments,
    /// Fail: cancelled.
    FailCancelled,
    /// Fail: not sent.
    FailSend,
    /// The keep-alive time is over.
    Forget,
    /// Tell the user of a transaction nobody waits for.
    Unexpected,
    /// Nothing.
    Ignore,
}

impl RequestState {
    /// Every state, for tables.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Pended,
        Self::Collecting,
        Self::Answered,
        Self::Done,
    ];

    /// The transition. Total: every pair has an answer.
    pub fn on(self, event: RequestEvent) -> (Self, RequestAction) {
        use RequestAction as A;
        use RequestEvent as E;
        match (self, event) {
            (Self::Waiting | Self::Pended, E::Reply) => (Self::Done, A::Deliver),
            (Self::Waiting | Self::Pended, E::KeptReply) => (Self::Answered, A::DeliverAndKeep),
            (Self::Waiting, E::Pending) => (Self::Pended, A::SwitchTimer),
            (Self::Pended, E::Pending) => (Self::Pended, A::RestartTimer),
            (Self::Waiting | Self::Pended, E::PendingOverLimit) => {
                (Self::Done, A::FailPendingLimit)
            }
            (Self::Waiting | Self::Pended, E::Segment) => (Self::Collecting, A::FirstSegment),
            (Self::Waiting | Self::Pended | Self::Collecting, E::FinalSegment) => {
                (Self::Done, A::DeliverSegments)
            }
            (Self::Waiting | Self::Pended, E::Expired) => (self, A::Resend),
            (Self::Waiting | Self::Pended, E::TimedOut) => (Self::Done, A::FailTimeout),
            (Self::Waiting | Self::Pended | Self::Collecting, E::Cancel) => {
                (Self::Done, A::FailCancelled)
            }
            (Self::Waiting | Self::Pended, E::SendFailed) => (Self::Done, A::FailSend),

            (Self::Collecting, E::Segment) => (self, A::KeepSegment),
            (Self::Collecting, E::Expired) => (self, A::WaitOn),
            (Self::Collecting, E::TimedOut) => (Self::Done, A::FailSegments),
            // The peer changed its mind between a segmented and a whole reply.
            (Self::Collecting, E::Reply | E::KeptReply) => (self, A::Unexpected),
            // RFC 3525 D.1.4: a Pending after a reply is ignored.
            (Self::Collecting | Self::Answered, E::Pending | E::PendingOverLimit) => {
                (self, A::Ignore)
            }
            // A re-send failed while its reply was already on the way.
            (Self::Collecting | Self::Answered, E::SendFailed) => (self, A::Ignore),

            (Self::Answered, E::Reply | E::KeptReply) => (self, A::DeliverNumbered),
            (Self::Answered, E::Segment | E::FinalSegment) => (self, A::Unexpected),
            (Self::Answered, E::Expired | E::TimedOut | E::Cancel) => (Self::Done, A::Forget),

            (Self::Done, E::Expired | E::TimedOut | E::Cancel | E::SendFailed) => (self, A::Ignore),
            (Self::Done, _) => (self, A::Unexpected),
        }
    }
}

/// The row of a request.
#[derive(Debug)]
pub(crate) struct Request {
    /// Place of its connection.
    pub connection: u32,
    /// Place of its user: half of its key.
    pub user: u32,
    /// The other half.
    pub id: u32,
    pub state: RequestState,
    /// What is left of the running timer.
    pub timer: Timer,
    /// The timer is not `timer` but the measured back-off of profile `rfc`.
    pub backoff: bool,
    pub armed: Option<TimerId>,
    /// Used from the first Pending on.
    pub long_timer: Timer,
    /// The encoded transaction, for re-sends; given up at a Pending unless `long_request_resend`.
    pub bytes: Option<Arc<[u8]>>,
    /// Whether those bytes are binary, whatever the connection is now.
    pub binary: bool,
    pub origin: Origin,
    pub first_sent: Tick,
    /// How often it was sent again.
    pub resends: u32,
    pub pendings: u32,
    /// Neighbours in the connection's list of requests.
    pub previous: Option<u32>,
    pub next: Option<u32>,
    /// What only few requests have.
    pub rare: Option<Box<RareRequest>>,
}

/// What only few requests have.
#[derive(Debug, Default)]
pub(crate) struct RareRequest {
    /// Option `send_handle` of the call.
    pub send_handle: Option<SendHandle>,
    /// Option `protocol_version` of the call.
    pub version: Option<u8>,
    /// Option `request_keep_alive_timeout` of the cast.
    pub keep_alive: Option<u32>,
    /// Replies delivered so far.
    pub replies: u32,
    pub segments: Option<Collected>,
    /// It registers the gateway (a ServiceChange of the root).
    pub registers: bool,
}
