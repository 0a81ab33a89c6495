//! Two nodes of a controller serve one gateway: each has a connection of its own to it, with requests of its own. (OTP's case has users on
//! nodes that know each other; here a second engine of the same MID is such a node, and the host says which connection a message is for.)

use crate::harness::{MG, Talk, config, mid, notified, notify, service_change, service_changed};
use megaphone_megaco::{CallOptions, Mid, Remote, SendHandle};

#[test]
fn dist() {
    let (mut node, mut other) = (Talk::new(config()), Talk::new(config()));
    node.peer(&service_change(1)).told("handle_connect <mg>");
    node.gets(&notified(1)).forget();
    assert_eq!(node.connections().len(), 1);

    // The other node connects with the gateway's MID and a handle that leads through the node that has the transport.
    let through = SendHandle(2);
    let known = Remote::Known(Mid::new(&mid(MG)));
    let made = other
        .engine
        .connect(other.now, &other.receive, known, through, None, None);
    other.connection = made.ok();
    other.told("handle_connect <mg>");
    other.call(&[service_change(1)], &CallOptions::default());
    other.gets(&service_change(1));
    assert_eq!(other.last.as_ref().map(|send| send.handle), Some(through));
    other
        .peer(&service_changed(1))
        .told("call 1: ok 1")
        .told_nothing();

    // Neither knows the other's transactions, and each ends by itself.
    node.peer(&notify(2)).gets(&notified(2)).forget();
    assert!(other.numbers().replies == 0 && node.numbers().requests == 0);
    for talk in [&mut node, &mut other] {
        let connection = talk.connections()[0];
        talk.engine
            .disconnect(talk.now, connection, 1)
            .expect("it is live");
        talk.told("handle_disconnect user_disconnect 1");
        assert_eq!(talk.engine.stop_user(talk.now, talk.user), Ok(()));
    }
}
