//! One transaction the peer originated: its states, and its row. It is kept after the answer so that a duplicate is answered, not executed.
//!
//! ```text
//!             user called            user answers                ack, or time is up
//!  Prepared ─────────────► Executing ─────────────► Answered ──────────────────────► Done
//!     │                     │   │ user: pending         ▲
//!     │                     │   └────────► Long ────────┤
//!     │   too many Pendings,│                │          │ last segment acknowledged
//!     │   or no answer      ▼                │          │
//!     └─────────────────► Aborted ◄──────────┘◄───── Segmenting
//! ```
//! A `Done` transaction leaves its id behind for LONG-TIMER (RFC 3525 D.1.1).

use crate::config::Timer;
use crate::engine::{Note, Tail};
use crate::handle::{ControlHandle, SendHandle};
use crate::mid::Mid;
use crate::segment::Segments;
use crate::table::Moment;
use megaphone_wheel::{Tick, TimerId};

/// Where the answering of a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyState {
    /// Known, and waiting for earlier requests of its message.
    Prepared,
    /// The user has it.
    Executing,
    /// The user has it and said that it will take long.
    Long,
    /// The reply was sent and is kept.
    Answered,
    /// Segments of the reply are being sent.
    Segmenting,
    /// Answered by us with an error while the user was busy.
    Aborted,
    /// Gone.
    Done,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyEvent {
    /// Its turn has come.
    Start,
    /// The same request again.
    Duplicate,
    /// The same request again, and one Pending more would be too many.
    DuplicateOverLimit,
    /// `pending_timer` says that a Pending is due.
    PendingDue,
    /// The same, and it would be one too many.
    PendingOverLimit,
    /// The user took longer than `execution_timer`.
    ExecutionTimedOut,
    /// The user asked for time.
    UserPending,
    /// The user answered.
    UserReply,
    /// The user answered with more than fits in one message.
    UserReplySegmented,
    /// The user wants no reply to be sent.
    UserIgnore,
    /// The peer has the reply.
    Ack,
    /// A segment was acknowledged, and others are not.
    SegmentAck,
    /// The last outstanding segment was acknowledged.
    LastSegmentAck,
    /// The timer expired and has periods left.
    Expired,
    /// The timer expired for the last time.
    TimedOut,
    /// The connection is cancelled.
    Cancel,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyAction {
    /// Call the user.
    Execute,
    /// Send a Pending, and one counts.
    SendPending,
    /// Send error 506 and tell the user if it is working.
    AbortPendingLimit,
    /// Send error 500 and tell the user.
    AbortNoAnswer,
    /// Send a Pending and let the user go on.
    GoOnLong,
    /// Send and keep the reply.
    SendReply,
    /// Send the first window of segments.
    SendSegments,
    /// Send the next segment.
    SendNextSegment,
    /// All segments have arrived: keep them as a whole reply is kept.
    KeepSegments,
    /// Drop the row and do not remember the id: the user wanted that.
    Drop,
    /// Drop the row, remember the id, tell the user if it asked.
    Acknowledged,
    /// Drop the row, remember the id, tell the user that segments were never acknowledged.
    SegmentsMissing,
    /// Send the stored reply again.
    Resend,
    /// Send it again if an acknowledgement was asked for.
    ResendIfWanted,
    /// Send the unacknowledged segments again.
    ResendSegments,
    /// Drop the row, remember the id, tell the user that no acknowledgement came if it asked.
    NeverAcknowledged,
    /// Drop the row, remember the id.
    Forget,
    /// Drop the row, remember the id, tell the user that it was cancelled if it asked.
    Cancelled,
    /// The peer acknowledges what we have not sent.
    Violation,
    /// The user answers what is no longer open.
    Stale,
    /// Nothing.
    Ignore,
}

impl ReplyState {
    /// Every state, for tables.
    pub const ALL: [Self; 7] = [
        Self::Prepared,
        Self::Executing,
        Self::Long,
        Self::Answered,
        Self::Segmenting,
        Self::Aborted,
        Self::Done,
    ];

    /// The transition. Total: every pair has an answer.
    pub fn on(self, event: ReplyEvent) -> (Self, ReplyAction) {
        use ReplyAction as A;
        use ReplyEvent as E;
        match (self, event) {
            (Self::Prepared, E::Start) => (Self::Executing, A::Execute),
            (Self::Prepared | Self::Executing | Self::Long, E::Duplicate | E::PendingDue) => {
                (self, A::SendPending)
            }
            (
                Self::Prepared | Self::Executing | Self::Long,
                E::DuplicateOverLimit | E::PendingOverLimit,
            ) => (Self::Aborted, A::AbortPendingLimit),
            (Self::Prepared | Self::Executing | Self::Long, E::ExecutionTimedOut) => {
                (Self::Aborted, A::AbortNoAnswer)
            }
            (
                Self::Prepared | Self::Executing | Self::Long,
                E::Ack | E::SegmentAck | E::LastSegmentAck,
            ) => (self, A::Violation),
            (Self::Executing, E::UserPending) => (Self::Long, A::GoOnLong),
            (Self::Executing | Self::Long, E::UserReply) => (Self::Answered, A::SendReply),
            (Self::Executing | Self::Long, E::UserReplySegmented) => {
                (Self::Segmenting, A::SendSegments)
            }
            (Self::Executing | Self::Long, E::UserIgnore) => (Self::Done, A::Drop),
            // Only what waits for an acknowledgement is cancelled; a user at work finishes (OTP's rule).
            (Self::Prepared | Self::Executing | Self::Long, E::Cancel) => (self, A::Ignore),

            (Self::Answered | Self::Aborted, E::Duplicate | E::DuplicateOverLimit) => {
                (self, A::Resend)
            }
            (Self::Answered, E::Ack) => (Self::Done, A::Acknowledged),
            (Self::Answered, E::Expired) => (self, A::ResendIfWanted),
            (Self::Answered, E::TimedOut) => (Self::Done, A::NeverAcknowledged),
            (Self::Answered | Self::Segmenting, E::Cancel) => (Self::Done, A::Cancelled),

            (Self::Segmenting, E::Duplicate | E::DuplicateOverLimit | E::Expired) => {
                (self, A::ResendSegments)
            }
            (Self::Segmenting, E::SegmentAck) => (self, A::SendNextSegment),
            (Self::Segmenting, E::LastSegmentAck) => (Self::Answered, A::KeepSegments),
            (Self::Segmenting, E::Ack | E::TimedOut) => (Self::Done, A::SegmentsMissing),

            (Self::Aborted, E::Ack | E::TimedOut | E::Cancel) => (Self::Done, A::Forget),

            (_, E::UserPending | E::UserReply | E::UserReplySegmented | E::UserIgnore) => {
                (self, A::Stale)
            }
            (
                _,
                E::Start
                | E::Duplicate
                | E::DuplicateOverLimit
                | E::PendingDue
                | E::PendingOverLimit
                | E::ExecutionTimedOut
                | E::Ack
                | E::SegmentAck
                | E::LastSegmentAck
                | E::Expired
                | E::TimedOut
                | E::Cancel,
            ) => (self, A::Ignore),
        }
    }
}

/// The row of a reply.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Place of its connection.
    pub connection: u32,
    pub id: u32,
    /// Tells this row from an older one in the same place: part of the user's token.
    pub serial: u32,
    pub pendings: u32,
    pub state: ReplyState,
    /// Its protocol version.
    pub version: u8,
    /// Whether an acknowledgement was asked for.
    pub imm_ack: bool,
    /// Whether `bytes` or the segments are binary, whatever the connection is now.
    pub binary: bool,
    /// What is left of the pending timer, later of the reply timer.
    pub timer: Timer,
    pub armed: Option<TimerId>,
    /// When the request came; later, when it was answered.
    pub since: Tick,
    /// Number of its answer: what was answered later was not meant by an acknowledgement.
    pub answered: Moment,
    /// Where the request came from: its replies and Pendings go there.
    pub send_handle: SendHandle,
    /// What the transport gave with the request.
    pub extra: Option<u64>,
    /// The user's data, if it wants to know of the acknowledgement.
    pub ack: Option<u64>,
    /// The encoded transaction, to be sent again to duplicates.
    pub bytes: Box<[u8]>,
    /// What only few replies have.
    pub rare: Option<Box<RareReply>>,
}

/// Which row is meant, for those who come back to it later: its place may have been given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplyName {
    pub at: u32,
    pub serial: u32,
}

/// What only few replies have.
#[derive(Debug, Default)]
pub(crate) struct RareReply {
    /// What the transport it came by lives with; only of a registration.
    pub control: Option<ControlHandle>,
    /// The first error of the request, until it is executed.
    pub note: Option<Note>,
    /// How its reply ends because of that error.
    pub tail: Option<Tail>,
    /// It registers the gateway (a ServiceChange of the root).
    pub registers: bool,
    /// It hands us over to another controller, or to whom we find.
    pub hand_off: Option<Option<Mid>>,
    /// Option `reply_timer` of the reply, while segments are being sent.
    pub reply_timer: Option<Timer>,
    pub segments: Option<Segments>,
    /// The message whose further requests wait for this one.
    pub batch: Option<u32>,
}
