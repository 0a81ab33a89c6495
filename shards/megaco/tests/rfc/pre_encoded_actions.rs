//! Actions encoded once are sent in any number of transactions.

use crate::harness::{Talk, config, notify, notify_actions};
use megaphone_megaco::config::Item;
use megaphone_megaco::{Actions, CallOptions, Error};

#[test]
fn pre_encoded_actions() {
    let mut talk = Talk::connected(config());
    let actions = notify_actions();
    let encoded = talk
        .engine
        .encode_actions(talk.connection(), &actions, &CallOptions::default())
        .expect("they have a form");
    for id in 1..=3 {
        let sent = talk.engine.cast(
            talk.now,
            talk.connection(),
            &[Actions::Encoded(&encoded)],
            &CallOptions::default(),
        );
        assert_eq!(sent, Ok(()));
        talk.gets(&notify(id));
    }
    talk.set(Item::EncodingMod, "megaco_pretty_text_encoder");
    let wrong = talk.engine.cast(
        talk.now,
        talk.connection(),
        &[Actions::Encoded(&encoded)],
        &CallOptions::default(),
    );
    assert_eq!(wrong, Err(Error::WrongEncoding));
}
