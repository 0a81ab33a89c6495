//! A registration that waits for admission is executed once at most, as itself, and only as far as it is not faulty.

use crate::harness::{Plan, Talk, ack, config, notify, service_change};
use megaphone_megaco::Options;
use megaphone_megaco::config::{Config, Registration};
use megaphone_megaco::registration::AdmissionRate;
use megaphone_megaco::user::AckRequest;

/// A controller whose bucket was just emptied: the next registration waits for a second.
fn busy(queue_max: usize) -> Talk {
    let rate = AdmissionRate {
        per_second: 1,
        burst: 1,
        queue_max,
    };
    let config = Config {
        registration: Registration::Controller,
        sent_pending_limit: Some(1),
        ..config()
    };
    let options = Options {
        admission: Some(rate),
        ..Options::default()
    };
    let mut talk = Talk::with(config, options);
    talk.plan(Plan::ReplyText(AckRequest::Discard, "C=-{SC=ROOT}".into()));
    talk.peer_as("first", &service_change(1));
    while talk.sent().is_some() {}
    talk.forget();
    talk.script.0.borrow_mut().show_requests = true;
    talk
}

#[test]
fn an_aborted_one_is_over() {
    let mut talk = busy(5);
    talk.peer(&service_change(1)).gets("PN=1{}");
    talk.peer(&service_change(1)).gets_code(1, 506);
    talk.told("handle_connect <mg>");
    talk.nothing_for(5000).told_nothing().leaves_nothing();
}

#[test]
fn another_in_its_row_is_not_taken_for_it() {
    let mut talk = busy(5);
    talk.peer(&service_change(1)).gets("PN=1{}");
    talk.peer(&service_change(1)).gets_code(1, 506);
    // Its row is free, and the next request of that id gets it.
    talk.peer(&ack("1")).forget();
    talk.plan(Plan::Later);
    talk.peer_as("first", &notify(1).replace("T=1", "T=2"));
    talk.told("handle_trans_request T=2{C=-{N=A4444{OE=1{al/of}}}}");
    talk.peer_as("other", &service_change(1)).gets("PN=1{}");
    talk.plan(Plan::ReplyText(AckRequest::Discard, "C=-{SC=ROOT}".into()));
    talk.told("handle_connect <other>").pass(1000);
    talk.gets("P=1{C=-{SC=ROOT}}").pass(2000).nothing();
    let request = talk.script.0.borrow_mut().log.pop_front();
    assert!(request.is_some_and(|said| said.contains("T=1{C=-{SC=ROOT")));
    talk.told_nothing();
}

#[test]
fn a_faulty_one_is_executed_up_to_its_fault() {
    let mut talk = busy(5);
    let request = service_change(1).replace("}}}}", "}},Nonsense=A1{},N=A2{OE=1{al/of}}}}");
    talk.peer(&request).gets("PN=1{}");
    talk.plan(Plan::ReplyText(AckRequest::Discard, "C=-{SC=ROOT}".into()));
    talk.told("handle_connect <mg>").pass(1000);
    let said = talk.script.0.borrow_mut().log.pop_front();
    assert!(said.is_some_and(|said| said.contains("SC=ROOT") && !said.contains("A2")));
    let answer = talk.sent().unwrap_or_default();
    assert!(answer.starts_with("P=1{C=-{SC=ROOT,ER=44"), "{answer}");
}

#[test]
fn those_behind_a_refused_one_go_on() {
    let mut talk = busy(0);
    talk.peer(&format!("{}{}", service_change(1), service_change(2)));
    talk.gets_code(1, 510).gets_code(2, 510);
    talk.leaves_nothing();
}
