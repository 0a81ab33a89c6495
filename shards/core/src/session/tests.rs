//! The whole table of a session's life, as a snapshot: a change of one cell is a change a reviewer sees.

use super::state::{Event, State, next, next_of_stream};
use std::fmt::Write;

#[test]
fn the_whole_table() {
    let mut table = String::new();
    for state in State::ALL {
        for event in Event::ALL {
            let (to, action) = next(state, event);
            let stays = if to == state {
                "·".to_owned()
            } else {
                format!("{to:?}")
            };
            writeln!(
                table,
                "{:<13} {:<14} {stays:<13} {action:?}",
                format!("{state:?}"),
                format!("{event:?}")
            )
            .expect("a string takes text");
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn closing_is_left_by_closed_alone() {
    for event in Event::ALL {
        assert_eq!(next(State::Closing, event).0, State::Closing);
    }
    for state in State::ALL {
        assert_eq!(next(state, Event::Closed).1, super::state::Action::Vacate);
    }
}

#[test]
fn a_stream_differs_only_where_its_client_hears_last_words() {
    let mut told = String::new();
    for state in State::ALL {
        for event in Event::ALL {
            let (to, action) = next_of_stream(state, event);
            if (to, action) != next(state, event) {
                assert_eq!(to, State::Parting);
                writeln!(told, "{state:?} {event:?} {action:?}").expect("a string takes text");
            }
        }
    }
    insta::assert_snapshot!(told);
}
