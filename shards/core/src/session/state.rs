//! The life of a session as one table: `(state, event) -> (state, action)`. It moves no byte; the shard carries the action out.
//!
//! ```text
//!                   ┌──────────┐ no link: refuse ───────────────────────────────┐
//!  accepted ──────► │ Waiting  │ for a place on the link to send OPEN            │
//!     │             └────┬─────┘                                                │
//!     │ echo,            │ OPEN sent                                            │
//!     │ discard     ┌────▼─────┐ REJECT, no answer in time: refuse ─────────────┤
//!     │             │ Opening  │ not read                                       │
//!     │             └─┬──────┬─┘                                                │
//!     │       OPEN_OK │      │ client ended                                     │
//! ┌───▼───┐     ┌─────▼─┐  ┌─▼────────────┐                                     │
//! │ Local │     │ Open  │  │ OpeningEnded │                                     │
//! └─┬─┬───┘     └─┬───┬─┘  └─┬────────────┘                                     │
//!   │ │   CLOSE   │   │ client ended, or draining                               │
//!   │ ▼ ended     │   │      │                                                  │
//!   │ LocalEnding │   │      │ OPEN_OK                                          │
//!   │ │   RESET   │   │      │                                                  │
//!     │           │ ┌─▼──────▼─┐                                                │
//!     │           │ │ Ending   │ the rest of its data, then our CLOSE           │
//!     │           │ └─┬──────┬─┘                                                │
//!     │           │   │      │ CLOSE sent                                       │
//!     │           │   │    ┌─▼─────┐                                            │
//!     │           │   │    │ Ended │ the backend may still send, until its CLOSE│
//!     │           │   │    └─┬─────┘                                            │
//!  ┌──▼───────────▼───▼──────▼──┐                                               │
//!  │ Closing: what is outgoing is sent, then the socket goes                    │◄┘
//!  └──────────────┬─────────────┘
//!                 ▼ closed: the slot is vacant, its id stale
//! ```
//!
//! A client whose framing has words for it is told why its stream ends ([`next_of_stream`]): it becomes `Parting`, in place of `Closing`,
//! and its bytes are dropped until it ends too, or `parting_ms` have passed. So it does behind the last words of the backend, a stream error
//! perhaps. A socket that is closed with bytes unread is reset, and the last words with it.
//!
//! Each side sends exactly one CLOSE. Ours is sent from `Ending` behind the client's data, or *owed* to the link the moment the
//! session starts to close, when nothing of the client is to follow it. A RESET of either side retires the id at once.

/// Where a session stands. A vacant slot has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum State {
    /// Echo or discard: no backend.
    Local,
    /// As `Local`, and the client has ended: the rest of its frames is echoed.
    LocalEnding,
    /// OPEN is still to be sent: the link's quota is spent.
    Waiting,
    /// OPEN is sent, the answer is awaited; the client is not read.
    Opening,
    /// As `Opening`, and the client has already ended.
    OpeningEnded,
    /// Both ways open.
    Open,
    /// The client will send no more; our CLOSE follows the rest of its data.
    Ending,
    /// Our CLOSE is sent; the backend may still send.
    Ended,
    /// The last words to the client are said; its own end is awaited.
    Parting,
    /// The socket was told to close; its last word is awaited.
    Closing,
}

impl State {
    /// All of them, in the order of the table.
    #[cfg(test)]
    pub(crate) const ALL: [State; 10] = [
        State::Local,
        State::LocalEnding,
        State::Waiting,
        State::Opening,
        State::OpeningEnded,
        State::Open,
        State::Ending,
        State::Ended,
        State::Parting,
        State::Closing,
    ];

    /// Whether the conversation is over, and only the socket's end is awaited.
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, State::Parting | State::Closing)
    }

    /// Whether the backend, after `event` ended the session, still knows the id and waits for our CLOSE.
    pub(crate) const fn owes_close(self, event: Event) -> bool {
        matches!(
            self,
            State::Opening | State::OpeningEnded | State::Open | State::Ending
        ) && !matches!(event, Event::Reject | Event::BackendReset | Event::LinkLost)
    }

    /// Whether the session ends when its link is lost.
    pub(crate) const fn needs_link(self) -> bool {
        !matches!(
            self,
            State::Local | State::LocalEnding | State::Parting | State::Closing
        )
    }
}

/// What can happen to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// OPEN went to the link.
    OpenSent,
    /// OPEN_OK came, or the link's dialect knows no OPEN.
    OpenOk,
    /// REJECT came.
    Reject,
    /// DATA came.
    Data,
    /// CREDIT came.
    Credit,
    /// CLOSE came.
    BackendClose,
    /// RESET came.
    BackendReset,
    /// The backend broke the protocol on this connection: more than its credit, a frame above the limit.
    BackendFault,
    /// The link is gone for good.
    LinkLost,
    /// Bytes came from the client.
    Bytes,
    /// The client will send no more.
    ClientEnded,
    /// The rest of the client's data is on its way, and our CLOSE behind it, where there is a backend.
    CloseSent,
    /// The client broke its framing.
    ClientFault,
    /// The client did not do in time what it has to: take bytes, or send the rest of a frame.
    ClientLate,
    /// OPEN was not answered in time.
    OpenLate,
    /// The shard drains, and the session is idle.
    Drain,
    /// The shard needs the room, or its patience ended.
    Shed,
    /// The socket is broken.
    Failed,
    /// The socket's last word.
    Closed,
}

impl Event {
    /// All of them, in the order of the table.
    #[cfg(test)]
    pub(crate) const ALL: [Event; 19] = [
        Event::OpenSent,
        Event::OpenOk,
        Event::Reject,
        Event::Data,
        Event::Credit,
        Event::BackendClose,
        Event::BackendReset,
        Event::BackendFault,
        Event::LinkLost,
        Event::Bytes,
        Event::ClientEnded,
        Event::CloseSent,
        Event::ClientFault,
        Event::ClientLate,
        Event::OpenLate,
        Event::Drain,
        Event::Shed,
        Event::Failed,
        Event::Closed,
    ];
}

/// What the shard does about it. Whether our CLOSE is owed follows from the state that is left
/// ([`State::owes_close`]), not from the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Nothing.
    Nothing,
    /// Counts a packet that came too late: after its connection began to close.
    CountLate,
    /// Takes the backend's credit and reads the client.
    Begin,
    /// Adds to the backend's credit, and goes on sending.
    TakeCredit,
    /// Passes data to the client.
    Deliver,
    /// Passes data to the route.
    Forward,
    /// Drops the client's bytes.
    Discard,
    /// Stops reading, sends the rest of the client's data and our CLOSE.
    Flush,
    /// Tells the client why, in its framing, and closes gracefully.
    Refuse,
    /// Tells the client why, ends our side, and drops what still comes; our CLOSE owed if it was not sent.
    Part,
    /// The backend has said its last words: ends our side behind them, and drops what still comes; our CLOSE owed if it was not sent.
    PartInOrder,
    /// Closes gracefully, our CLOSE owed if it was not sent.
    Close,
    /// Closes and drops what is outgoing, our CLOSE owed if it was not sent.
    CloseNow,
    /// Closes gracefully; the backend gets a RESET and no CLOSE.
    ResetBackend,
    /// Resets the client's socket; the backend gets nothing.
    ResetClient,
    /// The driver closes the socket by itself; our CLOSE owed if it was not sent.
    Abandon,
    /// The slot is vacant.
    Vacate,
}

/// The table.
pub(crate) const fn next(state: State, event: Event) -> (State, Action) {
    use Action as A;
    use Event as E;
    use State as S;
    match (state, event) {
        (_, E::Closed) => (S::Closing, A::Vacate),

        // The socket goes already: only its last word counts, and a client that does not even take that.
        (S::Closing, E::ClientLate | E::Shed) => (S::Closing, A::CloseNow),
        (
            S::Closing,
            E::Data | E::Credit | E::BackendClose | E::BackendReset | E::OpenOk | E::Reject,
        ) => (S::Closing, A::CountLate),
        (S::Closing, E::Bytes) => (S::Closing, A::Discard),
        (S::Closing, _) => (S::Closing, A::Nothing),

        (_, E::Failed) => (S::Closing, A::Abandon),

        // The last words are said.
        (S::Parting, E::ClientEnded) => (S::Closing, A::Close),
        (S::Parting, E::Bytes) => (S::Parting, A::Discard),
        (
            S::Parting,
            E::Data | E::Credit | E::BackendClose | E::BackendReset | E::OpenOk | E::Reject,
        ) => (S::Parting, A::CountLate),
        (_, E::ClientLate | E::Shed) => (S::Closing, A::CloseNow),

        // Before the backend answered.
        (S::Waiting, E::OpenSent) => (S::Opening, A::Nothing),
        (S::Waiting, E::OpenOk) => (S::Open, A::Begin),
        (S::Opening, E::OpenOk) => (S::Open, A::Begin),
        (S::OpeningEnded, E::OpenOk) => (S::Ending, A::Begin),
        (S::Opening, E::ClientEnded) => (S::OpeningEnded, A::Nothing),
        (S::Waiting, E::ClientEnded) => (S::Closing, A::Close),
        (
            S::Waiting | S::Opening | S::OpeningEnded,
            E::Reject | E::OpenLate | E::LinkLost | E::Drain | E::BackendClose,
        ) => (S::Closing, A::Refuse),
        (S::Waiting | S::Opening | S::OpeningEnded, E::BackendReset) => (S::Closing, A::Refuse),
        (S::Waiting | S::Opening | S::OpeningEnded, E::Data | E::BackendFault) => {
            (S::Closing, A::ResetBackend)
        }
        (S::Waiting | S::Opening | S::OpeningEnded, E::Bytes) => (state, A::Forward),
        (S::Waiting | S::Opening | S::OpeningEnded, E::ClientFault) => (S::Closing, A::Close),

        // Echo and discard.
        (S::Local, E::Bytes) => (S::Local, A::Forward),
        (S::Local, E::ClientEnded | E::Drain) => (S::LocalEnding, A::Flush),
        (S::LocalEnding, E::CloseSent) => (S::Closing, A::Close),
        (S::LocalEnding, E::Bytes) => (S::LocalEnding, A::Discard),
        (S::Local | S::LocalEnding, E::ClientFault) => (S::Closing, A::Close),
        (
            S::Local | S::LocalEnding,
            E::Data | E::BackendClose | E::BackendReset | E::Credit | E::Reject | E::OpenOk,
        ) => (state, A::CountLate),

        // Both ways open, or one of them.
        (S::Open | S::Ending | S::Ended, E::Data) => (state, A::Deliver),
        (S::Open | S::Ending, E::Credit) => (state, A::TakeCredit),
        (S::Open, E::Bytes) => (S::Open, A::Forward),
        (S::Ending | S::Ended, E::Bytes) => (state, A::Discard),
        (S::Open, E::ClientEnded | E::Drain) => (S::Ending, A::Flush),
        (S::Ending, E::CloseSent) => (S::Ended, A::Nothing),
        (S::Open | S::Ending | S::Ended, E::BackendClose) => (S::Closing, A::Close),
        (S::Open | S::Ending | S::Ended, E::LinkLost) => (S::Closing, A::Close),
        (S::Open | S::Ending | S::Ended, E::ClientFault) => (S::Closing, A::Close),
        (S::Open | S::Ending | S::Ended, E::BackendReset) => (S::Closing, A::ResetClient),
        (S::Open | S::Ending | S::Ended, E::BackendFault) => (S::Closing, A::ResetBackend),
        (S::Open | S::Ending | S::Ended, E::OpenOk | E::Reject) => (S::Closing, A::ResetBackend),

        (_, _) => (state, A::Nothing),
    }
}

/// As [`next`], for a client that is told why its stream ends, by us or by the backend.
pub(crate) const fn next_of_stream(state: State, event: Event) -> (State, Action) {
    use Action as A;
    use Event as E;
    use State as S;
    match (next(state, event), state, event) {
        (_, S::Open | S::Local, E::ClientFault | E::LinkLost | E::Drain) => (S::Parting, A::Part),
        ((_, A::Refuse), S::Waiting | S::Opening, _) => (S::Parting, A::Part),
        (_, S::Open, E::BackendClose) => (S::Parting, A::PartInOrder),
        (outcome, _, _) => outcome,
    }
}
