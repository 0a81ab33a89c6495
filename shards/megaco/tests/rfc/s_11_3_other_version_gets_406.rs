//! A message of a version that was not negotiated is refused with error 406.

use crate::harness::{Talk, config, notified, notify};
use megaphone_megaco::config::Item;

#[test]
fn s_11_3_other_version_gets_406() {
    let mut talk = Talk::connected(config());
    talk.raw(format!("!/2 <mg> {}", notify(1)).as_bytes())
        .told("handle_syntax_error 406");
    assert!(talk.sent().is_some_and(|text| {
        text.contains(r#"ER=406{"Not negotiated version: 2 [negotiated 1]"}"#)
    }));
    talk.set(Item::StrictVersion, false)
        .raw(format!("!/2 <mg> {}", notify(1)).as_bytes());
    assert!(
        talk.sent()
            .is_some_and(|text| text == format!("!/2 <mgc> {}", notified(1)))
    );
}
