//! A reply without a form in the encoding is error 500, and the peer is not left waiting.

use crate::harness::{Plan, Talk, config, notify};
use megaphone_h248::model::TransactionResult;
use megaphone_megaco::user::{Answer, UserAnswer};

#[test]
fn reply_that_cannot_be_written() {
    let mut talk = Talk::connected(config());
    let token = {
        talk.plan(Plan::Later).peer(&notify(1)).nothing();
        talk.script
            .0
            .borrow_mut()
            .tokens
            .pop_back()
            .expect("a token")
    };
    let empty = TransactionResult::ActionReplies(Vec::new().into());
    talk.engine
        .answer(talk.now, token, Answer::Reply(UserAnswer::discard(empty)))
        .expect("it is open");
    talk.gets_code(1, 500).leaves_nothing();
}
