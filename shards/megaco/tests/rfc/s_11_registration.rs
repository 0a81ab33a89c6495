//! RFC 3525 11.2 to 11.5: the engine registers a gateway, with every method and every way in which it can go wrong.

use crate::harness::{MGC, Plan, Talk, config, ms, notified, notify};
use megaphone_megaco::config::Config;
use megaphone_megaco::registration::{GatewayOptions, GatewayState};
use megaphone_megaco::user::AckRequest;
use megaphone_megaco::{CallOptions, ControlHandle, Error, Input, Mid};
use std::ops::RangeInclusive;
use std::time::Duration;

fn named(name: &str) -> Mid {
    Mid::parse(&format!("<{name}>")).expect("a MID")
}

fn gateway(versions: RangeInclusive<u8>) -> Talk {
    let mut talk = Talk::new(Config {
        protocol_version: *versions.start(),
        ..config()
    });
    let options = GatewayOptions {
        controllers: vec![named("c1"), named("c2"), named("c3")],
        mwd: Duration::ZERO,
        versions,
    };
    talk.engine
        .register(talk.now, talk.user, options)
        .expect("the user runs");
    talk.told("waiting").pass(0);
    talk.told("contacting <c1> Restart").dials("c1");
    talk
}

/// The ServiceChange as it is sent.
fn change(id: u32, method: &str, reason: u32, version: u8) -> String {
    format!("T={id}{{C=-{{SC=ROOT{{SV{{MT={method},V={version},RE={reason}}}}}}}}}")
}

fn accepted(id: u32, version: u8) -> String {
    format!("P={id}{{C=-{{SC=ROOT{{SV{{V={version}}}}}}}}}")
}

/// Registered with `<c1>` over transport 1.
fn registered() -> Talk {
    let mut talk = gateway(1..=1);
    talk.dialed("c1", Some(1)).told("handle_connect <c1>");
    let sent = talk.sent().expect("a ServiceChange");
    assert!(sent.starts_with("T=1{C=-{SC=ROOT{SV{MT=RS"), "{sent}");
    talk.peer_as("c1", "P=1{C=-{SC=ROOT}}")
        .told("registered <c1> version 1")
        .nothing();
    talk.connection = talk.engine.controller_of(talk.user);
    talk
}

#[test]
fn s_11_2_cold_start_with_restart() {
    let mut talk = gateway(1..=1);
    talk.dialed("c1", Some(1)).told("handle_connect <c1>");
    let sent = talk.sent().expect("a ServiceChange");
    assert!(sent.contains("MT=RS") && sent.contains("901"), "{sent}");
    // A command before the answer.
    talk.peer_as("c1", &notify(9))
        .gets_code(9, 505)
        .told_nothing();
    talk.peer_as("c1", "P=1{C=-{SC=ROOT}}")
        .told("registered <c1> version 1");
    talk.peer_as("c1", &notify(10))
        .told("handle_trans_request 10")
        .gets(&notified(10));
    assert_eq!(
        talk.engine.gateway_state(talk.user),
        Some(&GatewayState::Registered(named("c1")))
    );
}

#[test]
fn s_11_2_no_transport_no_answer_and_an_error_lead_to_the_next() {
    let mut talk = gateway(1..=1);
    talk.dialed("c1", None)
        .told("contacting <c2> Restart")
        .dials("c2");
    talk.dialed("c2", Some(2)).told("handle_connect <c2>");
    talk.sent().expect("a ServiceChange");
    talk.peer_as("c2", r#"P=1{C=-{SC=ROOT{ER=510{"busy"}}}}"#)
        .told("handle_disconnect Refused")
        .told("contacting <c3> Restart")
        .dials("c3");
    talk.dialed("c3", Some(3)).told("handle_connect <c3>");
    talk.sent().expect("a ServiceChange");
    // Nobody answers: the attempt ends, everyone has been tried, and after a wait it starts again with the primary.
    talk.pass(30_000);
    talk.told("handle_disconnect Refused")
        .told("waiting")
        .told("contacting <c1> Restart");
    talk.dials("c1");
}

#[test]
fn s_11_2_a_strangers_answer_ends_no_attempt() {
    let mut talk = gateway(1..=1);
    talk.dialed("c1", Some(1)).told("handle_connect <c1>");
    talk.sent().expect("a ServiceChange");
    talk.peer_as("stranger", r#"P=1{C=-{SC=ROOT{ER=510{"busy"}}}}"#)
        .told("handle_connect <stranger>")
        .nothing();
    talk.peer_as("c1", "P=1{C=-{SC=ROOT}}")
        .told("registered <c1> version 1");
}

#[test]
fn s_11_2_a_host_that_never_answers_holds_nobody_up() {
    let mut talk = gateway(1..=1);
    talk.pass(25_000)
        .told("contacting <c2> Restart")
        .dials("c2");
    let late = talk.engine.dialed(talk.now, talk.user, &named("c1"), None);
    assert_eq!(late, Err(Error::NoLongerWanted(named("c1"))));
}

#[test]
fn s_11_2_mgc_id_to_try_is_followed() {
    let mut talk = gateway(1..=1);
    talk.dialed("c1", Some(1)).told("handle_connect <c1>");
    talk.sent().expect("a ServiceChange");
    talk.peer_as("c1", "P=1{C=-{SC=ROOT{SV{MG=<c9>}}}}")
        .told("handle_disconnect Refused")
        .told("contacting <c9> Restart")
        .dials("c9");
    talk.dialed("c9", Some(9)).told("handle_connect <c9>");
    talk.sent().expect("a ServiceChange");
    talk.peer_as("c9", "P=2{C=-{SC=ROOT}}")
        .told("registered <c9> version 1");
    // A late word of the one that refused is nobody's answer.
    talk.peer_as("c1", "P=1{C=-{SC=ROOT}}");
    assert_eq!(
        talk.engine.gateway_state(talk.user),
        Some(&GatewayState::Registered(named("c9")))
    );
}

#[test]
fn s_11_2_redirection_without_end_ends() {
    let mut talk = gateway(1..=1);
    let mut name = "c1";
    for turn in 1..=9 {
        talk.dialed(name, Some(turn)).forget();
        talk.sent().expect("a ServiceChange");
        let next = if name == "c1" { "c9" } else { "c1" };
        talk.peer_as(
            name,
            &format!("P={turn}{{C=-{{SC=ROOT{{SV{{MG=<{next}>}}}}}}}}"),
        );
        if turn < 9 {
            talk.dials(next);
        }
        name = next;
    }
    talk.dials("c2");
}

#[test]
fn s_11_3_the_lower_version_rules_from_the_answer_on() {
    let mut talk = gateway(1..=3);
    talk.dialed("c1", Some(1))
        .told("handle_connect <c1>")
        .gets(&change(1, "RS", 901, 3));
    talk.peer_as("c1", &accepted(1, 2))
        .told("registered <c1> version 2");
    talk.connection = talk.engine.controller_of(talk.user);
    talk.version = 2;
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(2));
    // 11.3: whoever goes on in another version is refused.
    talk.version = 3;
    talk.peer_as("c1", &notify(7));
    let sent = talk.sent().expect("an answer");
    assert!(sent.contains("ER=406"), "{sent}");
}

#[test]
fn s_11_3_without_a_version_in_the_answer_the_proposed_one_rules() {
    let mut talk = gateway(1..=3);
    talk.dialed("c1", Some(1));
    talk.gets(&change(1, "RS", 901, 3));
    talk.peer_as("c1", "P=1{C=-{SC=ROOT}}").forget();
    talk.connection = talk.engine.controller_of(talk.user);
    talk.version = 3;
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(2));
}

#[test]
fn s_11_3_a_version_that_is_not_spoken_is_no_registration() {
    let mut talk = gateway(2..=3);
    talk.dialed("c1", Some(1))
        .told("handle_connect <c1>")
        .gets(&change(1, "RS", 901, 3));
    talk.peer_as("c1", &accepted(1, 1))
        .told("handle_disconnect Refused")
        .told("contacting <c2> Restart")
        .dials("c2");
}

#[test]
fn s_11_5_failover_then_disconnected() {
    let mut talk = registered();
    // An open request of ours outlives its controller.
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(2));
    let down = |at, talk: &mut Talk| {
        let control = ControlHandle(at);
        talk.engine
            .handle(talk.now, Input::ControlDown { control, reason: 0 });
    };
    down(1, &mut talk);
    talk.told("handle_disconnect no_controlling_process 0")
        .told("contacting <c2> Failover")
        .dials("c2");
    talk.dialed("c2", Some(2)).told("handle_connect <c2>");
    let sent = talk.sent().expect("a ServiceChange");
    assert!(sent.contains("MT=FL") && sent.contains("909"), "{sent}");
    talk.peer_as("c2", "P=3{C=-{SC=ROOT}}")
        .told("registered <c2> version 1");
    // The new one answers what the old one owes.
    talk.peer_as("c2", &notified(2))
        .told("handle_trans_reply ok 1 data 0");

    // It fails too, and nobody else answers: the one that controlled us last is asked with Disconnected.
    down(2, &mut talk);
    talk.told("handle_disconnect no_controlling_process 0")
        .told("contacting <c1> Failover")
        .dials("c1");
    talk.dialed("c1", None)
        .told("contacting <c3> Failover")
        .dials("c3");
    talk.dialed("c3", None).told("waiting").pass(0);
    talk.told("contacting <c1> Failover").dials("c1");
    talk.dialed("c1", None)
        .told("contacting <c2> Disconnected")
        .dials("c2");
    talk.dialed("c2", Some(4)).told("handle_connect <c2>");
    let sent = talk.sent().expect("a ServiceChange");
    assert!(sent.contains("MT=DC") && sent.contains("900"), "{sent}");
}

#[test]
fn s_11_5_hand_off() {
    let mut talk = registered();
    talk.cast(&[notify(1)], &CallOptions::default())
        .gets(&notify(2));
    talk.plan(Plan::ReplyText(
        AckRequest::Discard,
        "C=-{SC=ROOT}".to_owned(),
    ));
    talk.peer_as("c1", "T=50{C=-{SC=ROOT{SV{MT=HO,RE=903,MG=<c5>}}}}")
        .told("handle_trans_request 50")
        .told("contacting <c5> HandOff")
        .gets("P=50{C=-{SC=ROOT}}")
        .dials("c5");
    // Until the other has us, the one that had us may still command.
    talk.peer_as("c1", &notify(51))
        .told("handle_trans_request 51")
        .gets(&notified(51));
    talk.dialed("c5", Some(5)).told("handle_connect <c5>");
    let sent = talk.sent().expect("a ServiceChange");
    assert!(sent.contains("MT=HO") && sent.contains("903"), "{sent}");
    talk.peer_as("c5", "P=3{C=-{SC=ROOT}}")
        .told("registered <c5> version 1");
    talk.peer_as("c1", &notify(52)).gets_code(52, 505);
    // What we had asked the old one is asked of the new one.
    talk.pass(10_000).told("handle_trans_reply timeout data 0");
    assert_eq!(
        talk.engine
            .controller_of(talk.user)
            .map(|id| { talk.engine.connection_info(id).expect("live").remote_mid }),
        Some(Some(named("c5")))
    );
}

#[test]
fn s_11_5_a_refused_hand_off_changes_nothing() {
    let mut talk = registered();
    talk.plan(Plan::Error(502));
    talk.peer_as("c1", "T=50{C=-{SC=ROOT{SV{MT=HO,RE=903,MG=<c5>}}}}")
        .told("handle_trans_request 50")
        .gets("P=50{ER=502{}}")
        .nothing()
        .told_nothing();
}

#[test]
fn s_11_5_a_hand_off_that_fails_is_a_failure_of_the_controller() {
    let mut talk = registered();
    talk.plan(Plan::ReplyText(
        AckRequest::Discard,
        "C=-{SC=ROOT}".to_owned(),
    ));
    talk.peer_as("c1", "T=50{C=-{SC=ROOT{SV{MT=HO,RE=903,MG=<c5>}}}}");
    talk.sent();
    talk.dials("c5").forget();
    talk.dialed("c5", None)
        .told("contacting <c1> Disconnected")
        .dials("c1");
}

#[test]
fn s_9_2_local_activity_ends_the_wait_and_unregister_ends_the_search() {
    let mut talk = Talk::new(config());
    let options = GatewayOptions {
        controllers: vec![named("c1")],
        mwd: Duration::from_secs(600),
        versions: 1..=1,
    };
    talk.engine
        .register(talk.now, talk.user, options.clone())
        .expect("the user runs");
    talk.told("waiting").nothing();
    talk.now += ms(1);
    talk.engine.local_activity(talk.now, talk.user);
    talk.told("contacting <c1> Restart").dials("c1");
    talk.engine.unregister(talk.user).expect("the user runs");
    talk.pass(3_600_000).told_nothing();
    assert_eq!(talk.numbers().timers, 0);
    assert_eq!(talk.engine.gateway_state(talk.user), None);
    talk.engine
        .register(talk.now, talk.user, options)
        .expect("it may start again");
    talk.engine
        .stop_user(talk.now, talk.user)
        .expect("it has no connection");
    assert_eq!(talk.numbers().timers, 0, "{MGC} is gone with its search");
}
