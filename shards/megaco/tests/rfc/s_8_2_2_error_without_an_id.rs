//! RFC 3525 8.2.2: a transaction whose id cannot be read is answered under id 0 with error 403.

use crate::harness::{Talk, config, notified, notify};

#[test]
fn s_8_2_2_error_without_an_id() {
    let mut talk = Talk::connected(config());
    talk.peer(&["T={C=-{N=A4444{OE=1{al/of}}}}".to_owned(), notify(2)].concat());
    talk.gets_code(0, 403).gets(&notified(2));
}
