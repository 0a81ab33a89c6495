//! RFC 3525 11.2: requests go where the registration came from. A gateway that registers over a new socket does not go down with the old one.

use crate::harness::{Plan, Talk, config, notify, service_change, service_changed};
use megaphone_megaco::config::{Config, Registration};
use megaphone_megaco::user::AckRequest;
use megaphone_megaco::{CallOptions, ControlHandle, Input, SendHandle};

fn registers(talk: &mut Talk, id: u32, at: u64) {
    talk.plan(Plan::ReplyText(
        AckRequest::Discard,
        "C=-{SC=ROOT}".to_owned(),
    ));
    let message = format!("!/1 <mg> {}", service_change(id));
    let input = Input::Received {
        receive: &talk.receive,
        send_handle: SendHandle(at),
        control: Some(ControlHandle(at)),
        extra: None,
        bytes: message.as_bytes(),
    };
    talk.engine.handle(talk.now, input);
    talk.gets(&service_changed(id));
}

#[test]
fn requests_follow_the_registration() {
    let mut talk = Talk::new(Config {
        registration: Registration::Controller,
        ..config()
    });
    registers(&mut talk, 1, 5);
    let connection = talk.engine.connections().next().expect("it registered");
    talk.connection = Some(connection);
    registers(&mut talk, 2, 6);
    talk.forget();
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(1));
    assert_eq!(
        talk.last.as_ref().map(|send| send.handle),
        Some(SendHandle(6))
    );

    let down = |control, talk: &mut Talk| {
        let control = ControlHandle(control);
        talk.engine
            .handle(talk.now, Input::ControlDown { control, reason: 7 });
    };
    down(5, &mut talk);
    talk.told_nothing();
    assert_eq!(talk.engine.is_registered(connection), Ok(true));
    down(6, &mut talk);
    talk.told("handle_disconnect no_controlling_process 7");
}
