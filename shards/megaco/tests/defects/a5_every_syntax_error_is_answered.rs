//! A message that does not decode is answered, whatever is in it. OTP: nothing, if the bad token has quotes.

use crate::harness::{Talk, config};

#[test]
fn a5_every_syntax_error_is_answered() {
    let mut talk = Talk::connected(config());
    for message in [
        "nonsense",
        "!/1 <mg>",
        "!/1 [1.2.3.4",
        "!/1 \"mg\" T=1{}",
        "",
        "{}",
    ] {
        talk.raw(message.as_bytes()).told("handle_syntax_error 400");
        let answer = talk.sent().unwrap_or_default();
        assert!(
            answer.contains("ER=400{"),
            "{message} was answered with {answer:?}"
        );
        talk.nothing();
    }
}
