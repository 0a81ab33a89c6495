//! The trace hook shows who did what with which transaction.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::trace::{DEBUG, Event, Level, Trace};
use std::cell::RefCell;
use std::rc::Rc;

struct Lines(Rc<RefCell<Vec<String>>>);

impl Trace for Lines {
    fn level(&self) -> Level {
        DEBUG
    }

    fn event(&mut self, event: &Event<'_>) {
        let id = event
            .transaction
            .map_or(String::new(), |id| format!(" {id}"));
        self.0
            .borrow_mut()
            .push(format!("{:?} {}{id}", event.way, event.label));
    }
}

#[test]
fn the_ladder_of_a_transaction() {
    let mut talk = Talk::connected(config());
    let lines = Rc::new(RefCell::new(Vec::new()));
    talk.engine.set_trace(Some(Box::new(Lines(lines.clone()))));
    talk.peer(&notify(1)).gets(&notified(1));
    assert_eq!(
        *lines.borrow(),
        [
            "In Request 1",
            "ToUser handle_trans_request",
            "Out Reply 1",
            "Out message 1"
        ]
    );
}
