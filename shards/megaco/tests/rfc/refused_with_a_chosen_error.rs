//! A user refuses a connection with an error of its own; nothing is left of it.

use crate::harness::{Talk, config, notified, notify};
use megaphone_h248::model::ErrorDescriptor;
use megaphone_megaco::user::Connect;

#[test]
fn refused_with_a_chosen_error() {
    let mut talk = Talk::new(config());
    let error = ErrorDescriptor {
        code: 500,
        text: None,
    };
    talk.plan_connect(Connect::RefuseWith(error))
        .peer(&notify(1))
        .told("handle_connect <mg>")
        .gets("ER=500{}")
        .told_nothing();
    assert_eq!(talk.numbers().connections, 0);
    talk.peer(&notify(1))
        .told("handle_connect <mg>")
        .gets(&notified(1));
}
