//! `test_request` and `test_reply`: a message as it would be sent, in any version and codec, and nothing is.

use crate::harness::{Talk, config, notify, notify_actions};
use megaphone_h248::model::{ErrorDescriptor, TransactionResult};
use megaphone_megaco::CallOptions;
use megaphone_megaco::config::Encoding;

#[test]
fn a_request_is_shown_as_it_would_be_sent() {
    let mut talk = Talk::connected(config());
    let actions = notify_actions();
    let connection = talk.connection();
    let written = |version, encoding| {
        let trial = talk
            .engine
            .test_request(connection, version, encoding, &actions);
        trial.expect("it is live").1.expect("it has a form")
    };
    let compact = written(1, Encoding::Compact);
    assert_eq!(
        String::from_utf8_lossy(&compact),
        format!("!/1 <mgc> {}", notify(1))
    );
    assert!(written(3, Encoding::Pretty).starts_with(b"MEGACO/3 <mgc>"));
    // Nothing was sent and no id used.
    talk.nothing();
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
}

#[test]
fn a_reply_is_shown_and_what_has_no_form_is_told() {
    let talk = Talk::connected(config());
    let connection = talk.connection();
    let error = ErrorDescriptor {
        code: 501,
        text: None,
    };
    let reply = TransactionResult::Error(error);
    let (_, written) = talk
        .engine
        .test_reply(connection, 2, Encoding::Compact, reply)
        .expect("it is live");
    assert_eq!(written.as_deref(), Ok(&b"!/2 <mgc> P=0{ER=501{}}"[..]));
    let reply = TransactionResult::Error(ErrorDescriptor {
        code: 501,
        text: None,
    });
    let binary = talk
        .engine
        .test_reply(connection, 1, Encoding::Binary, reply);
    let binary = binary.expect("it is live").1.expect("it has a form");
    assert_eq!(binary[0], 0x30, "a SEQUENCE");
    let empty = talk
        .engine
        .test_request(connection, 1, Encoding::Compact, &[]);
    assert!(
        empty.expect("it is live").1.is_err(),
        "a request without actions has no form"
    );
}
