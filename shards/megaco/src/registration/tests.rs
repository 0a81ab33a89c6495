use super::*;
use crate::mid::Mid;
use megaphone_h248::model::{MId, Token};
use megaphone_wheel::Tick;
use std::time::Duration;

fn mgc(name: &'static str) -> Mid {
    Mid::new(&MId::DomainName(
        Token::new(name.as_bytes()).expect("a name"),
        None,
    ))
}

fn seconds(n: u64) -> Tick {
    Tick::from(Duration::from_secs(n))
}

fn started() -> Gateway {
    let options = GatewayOptions {
        controllers: vec![mgc("first"), mgc("second"), mgc("third")],
        mwd: Duration::from_secs(600),
        versions: 1..=2,
    };
    let (mut gateway, step) = Gateway::start(seconds(0), options, 1);
    let Step::Wait(until) = step else {
        panic!("{step:?}")
    };
    assert!(until <= seconds(600));
    assert_eq!(gateway.timeout(Tick(until.0 - 1)), Step::Wait(until));
    assert_eq!(
        contact(gateway.timeout(until)),
        (mgc("first"), Method::Restart)
    );
    gateway
}

fn contact(step: Step) -> (Mid, Method) {
    match step {
        Step::Contact(contact) => (contact.controller, contact.method),
        other => panic!("{other:?}"),
    }
}

#[test]
fn gateways_do_not_start_together() {
    let options = GatewayOptions {
        controllers: vec![mgc("first")],
        mwd: Duration::from_secs(600),
        versions: 1..=1,
    };
    let mut times: Vec<Tick> = (0..1000)
        .map(
            |seed| match Gateway::start(Tick::ZERO, options.clone(), seed).1 {
                Step::Wait(until) => until,
                other => panic!("{other:?}"),
            },
        )
        .collect();
    times.sort_unstable();
    assert!(
        (seconds(250)..seconds(350)).contains(&times[500]),
        "{}",
        times[500]
    );
    times.dedup();
    assert!(times.len() > 990);
}

#[test]
fn local_activity_ends_the_wait() {
    let options = GatewayOptions {
        controllers: vec![mgc("first")],
        mwd: Duration::from_secs(600),
        versions: 1..=1,
    };
    let (mut gateway, _) = Gateway::start(Tick::ZERO, options, 3);
    assert_eq!(contact(gateway.local_activity(Tick(1))).0, mgc("first"));
    assert_eq!(gateway.local_activity(Tick(2)), Step::Nothing);
}

#[test]
fn a_redirection_comes_before_the_list() {
    let mut gateway = started();
    assert_eq!(
        contact(gateway.answered(seconds(1), None, Some(mgc("other")))),
        (mgc("other"), Method::Restart)
    );
    assert_eq!(
        contact(gateway.unanswered(seconds(2))),
        (mgc("second"), Method::Restart)
    );
    let registered = gateway.answered(seconds(3), Some(1), None);
    assert_eq!(
        registered,
        Step::Registered {
            controller: mgc("second"),
            version: 1
        }
    );
}

#[test]
fn redirections_do_not_go_on_for_ever() {
    let mut gateway = started();
    for _ in 0..gateway::REDIRECTIONS_MAX {
        assert_eq!(
            contact(gateway.answered(seconds(1), None, Some(mgc("other")))).0,
            mgc("other")
        );
    }
    assert_eq!(
        contact(gateway.answered(seconds(1), None, Some(mgc("other")))).0,
        mgc("second")
    );
}

#[test]
fn a_version_we_do_not_speak_is_no_registration() {
    let mut gateway = started();
    assert_eq!(
        contact(gateway.answered(seconds(1), Some(3), None)).0,
        mgc("second")
    );
}

#[test]
fn after_the_last_on_the_list_everybody_waits_again() {
    let mut gateway = started();
    assert_eq!(contact(gateway.unanswered(seconds(1))).0, mgc("second"));
    assert_eq!(contact(gateway.unanswered(seconds(2))).0, mgc("third"));
    let Step::Wait(until) = gateway.unanswered(seconds(3)) else {
        panic!()
    };
    assert!((seconds(3)..=seconds(603)).contains(&until));
    assert_eq!(contact(gateway.timeout(until)).0, mgc("first"));
}

#[test]
fn a_failed_controller_is_passed_over_and_comes_back_as_disconnected() {
    let mut gateway = started();
    gateway.answered(seconds(1), None, None);
    assert_eq!(*gateway.state(), GatewayState::Registered(mgc("first")));
    assert_eq!(
        contact(gateway.controller_failed(seconds(2))),
        (mgc("second"), Method::Failover)
    );
    assert_eq!(
        contact(gateway.unanswered(seconds(3))),
        (mgc("third"), Method::Failover)
    );
    let Step::Wait(until) = gateway.unanswered(seconds(4)) else {
        panic!()
    };
    assert_eq!(
        contact(gateway.timeout(until)),
        (mgc("first"), Method::Disconnected)
    );
}

#[test]
fn a_hand_off_goes_to_the_designated_controller_then_fails_over() {
    let mut gateway = started();
    gateway.answered(seconds(1), None, None);
    assert_eq!(
        contact(gateway.hand_off(mgc("new"))),
        (mgc("new"), Method::HandOff)
    );
    assert_eq!(
        contact(gateway.unanswered(seconds(2))),
        (mgc("first"), Method::Disconnected)
    );
    assert_eq!(
        contact(gateway.unanswered(seconds(3))),
        (mgc("second"), Method::Failover)
    );
}

#[test]
fn admission_keeps_its_rate_and_its_burst() {
    let mut admission = Admission::new(AdmissionRate {
        per_second: 10,
        burst: 3,
        queue_max: 10,
    });
    let admitted = (0..10).filter(|_| admission.take(seconds(1))).count();
    assert_eq!(admitted, 3);
    assert_eq!(admission.next(seconds(1)), Tick(seconds(1).0 + 100_000_000));
    let mut later = 0;
    for ms in 0..=10_000_u64 {
        later += usize::from(admission.take(Tick(seconds(1).0 + ms * 1_000_000)));
    }
    assert_eq!(later, 100);
}
