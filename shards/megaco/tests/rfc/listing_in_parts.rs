//! A long list of connections is taken in parts, while connections come and go.

use crate::harness::{Talk, config, notify};
use megaphone_megaco::ConnectionId;

#[test]
fn listing_in_parts() {
    let mut talk = Talk::new(config());
    for n in 0..2500 {
        talk.peer_as(&format!("mg{n}"), &notify(1)).sent();
    }
    let (mut seen, mut after): (Vec<ConnectionId>, _) = (Vec::new(), None);
    loop {
        let part: Vec<_> = talk.engine.connections_after(after).take(100).collect();
        let Some(last) = part.last() else { break };
        after = Some(*last);
        seen.extend(&part);
        // The one where the list goes on is gone when it does.
        talk.engine
            .disconnect(talk.now, *last, 0)
            .expect("it is live");
    }
    assert_eq!(seen.len(), 2500);
    assert!(
        seen.windows(2)
            .all(|pair| pair[0] < pair[1] || pair[0].as_u64() != pair[1].as_u64())
    );
    assert_eq!(talk.engine.connections().count(), 2475);
    assert_eq!(talk.engine.connections_of(talk.user).count(), 2475);
}
