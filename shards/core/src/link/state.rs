//! The life of a link at its home shard as one table. Greetings before it (HELLO, dialling) are in [`super::greet`].
//!
//! ```text
//!                    DRAIN either way
//!  HELLO ──► Up ───────────────────────► Draining ◄─┐
//!            │ ▲                           │        │ comes back, was draining
//!   lost, to │ │ comes back with the same  │ lost   │
//!   be kept  │ │ epoch and a number we have│        │
//!            ▼ │                           ▼        │
//!           Lost                      LostDraining ─┘
//!            │                             │
//!            └───────── too late ──────────┴───► Gone: its sessions end
//! ```

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LinkState {
    /// For new sessions and old.
    Up,
    /// For the sessions it has.
    Draining,
    /// Without a socket, kept for its node to come back.
    Lost,
    /// As `Lost`, and it was draining.
    LostDraining,
    /// Over.
    Gone,
}

/// What can happen to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum LinkEvent {
    /// DRAIN came, or was sent.
    Drain,
    /// The socket broke or ended, and the link is one that can be resumed.
    Lost,
    /// The socket broke or ended, and nothing is kept; or a CLOSE of the whole link came; or the
    /// backend broke the protocol; or it came back and has forgotten.
    Ended,
    /// Its node came back to where it was.
    Resumed,
    /// Its node did not come back in time.
    Late,
}

/// The table.
pub(crate) const fn next(state: LinkState, event: LinkEvent) -> LinkState {
    use LinkEvent as E;
    use LinkState as S;
    match (state, event) {
        (S::Gone, _) => S::Gone,
        (_, E::Ended) => S::Gone,
        (S::Lost | S::LostDraining, E::Late) => S::Gone,
        (S::Up | S::Draining, E::Late) => state,
        (S::Up | S::Draining, E::Drain) => S::Draining,
        (S::Lost | S::LostDraining, E::Drain) => S::LostDraining,
        (S::Up, E::Lost) => S::Lost,
        (S::Draining, E::Lost) => S::LostDraining,
        (S::Lost | S::LostDraining, E::Lost) => state,
        (S::Up | S::Lost, E::Resumed) => S::Up,
        (S::Draining | S::LostDraining, E::Resumed) => S::Draining,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn the_whole_table() {
        use LinkEvent as E;
        use LinkState as S;
        let mut table = String::new();
        for state in [S::Up, S::Draining, S::Lost, S::LostDraining, S::Gone] {
            for event in [E::Drain, E::Lost, E::Ended, E::Resumed, E::Late] {
                writeln!(
                    table,
                    "{:<13} {:<10} {:?}",
                    format!("{state:?}"),
                    format!("{event:?}"),
                    next(state, event)
                )
                .expect("a string takes text");
            }
        }
        insta::assert_snapshot!(table);
    }
}
