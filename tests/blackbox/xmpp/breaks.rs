//! What breaks between users and ejabberd, and what they see of it.

use super::cable::Cable;
use super::ejabberd::Ejabberd;
use super::person::Person;
use super::users::{in_front_of, linked_to};
use crate::appliance::{Appliance, wait_for};

/// Waits until the link has been made a second time: that it is up may be old news.
fn must_be_linked_again(appliance: &Appliance) {
    appliance.wait_until("the link to be up again", |f| {
        f.sum("megaphone_link_connects_total") >= 2.0 && f.sum("megaphone_link_up") == 1.0
    });
}

#[test]
fn users_that_leave_all_at_once_are_all_logged_out() {
    let ejabberd = Ejabberd::start(&[("--top", "sm_db_type: megaphone")]);
    let mut appliance = in_front_of(&ejabberd, &[]);
    let mut people: Vec<_> = (0..300)
        .map(|number| Person::anonymous(appliance.clients(), &format!("r{number}")))
        .collect();
    assert_eq!(ejabberd.online(), 300);
    let stays = people.pop();
    people.into_iter().for_each(Person::vanish);
    wait_for("299 to be logged out", || {
        (ejabberd.online() == 1).then_some(())
    });
    stays.expect("there were 300").ping();
    appliance.must_come_to_rest();
}

#[test]
fn when_the_appliance_drains_every_stream_ends_in_order() {
    let ejabberd = Ejabberd::start(&[]);
    let mut appliance = in_front_of(&ejabberd, &[]);
    let mut people: Vec<_> = (0..20)
        .map(|number| Person::anonymous(appliance.clients(), &format!("r{number}")))
        .collect();
    appliance.signal("TERM");
    for person in &mut people {
        let said = person.rest();
        assert!(said.ends_with("</stream:stream>"), "{said}");
    }
    assert_eq!(appliance.wait().code(), Some(0), "{}", appliance.log());
    wait_for("all to be logged out", || {
        (ejabberd.online() == 0).then_some(())
    });
}

#[test]
fn when_ejabberd_dies_its_users_are_let_go_and_may_come_again() {
    let mut ejabberd = Ejabberd::start(&[("--listener", "resume_timeout: 30")]);
    let mut appliance = in_front_of(&ejabberd, &["--limit", "resume_ms=1000"]);
    let mut alice = Person::anonymous(appliance.clients(), "home");
    ejabberd.kill();
    let said = alice.rest();
    assert!(
        said.is_empty() || said.ends_with("</stream:stream>"),
        "{said}"
    );
    ejabberd.again();
    must_be_linked_again(&appliance);
    ejabberd.register("alice");
    Person::login(appliance.clients(), "alice", "home").ping();
    // In order: it says why.
    let mut alice = Person::login(appliance.clients(), "alice", "work");
    ejabberd.stop();
    let said = alice.rest();
    assert!(
        said.contains("system-shutdown") && said.ends_with("</stream:stream>"),
        "{said}"
    );
    appliance.must_come_to_rest();
}

const CUTS: u32 = 5;

/// Both sides keep what was under way: users do not notice.
#[test]
fn a_link_that_is_cut_goes_on_where_it_was() {
    let ejabberd = Ejabberd::start(&[("--listener", "resume_timeout: 30")]);
    for links in [1, 2] {
        cut_goes_on(&ejabberd, links);
    }
}

fn cut_goes_on(ejabberd: &Ejabberd, links: u32) {
    let cable = Cable::lay_to(ejabberd.links());
    let mut appliance = linked_to(cable.end(), links, &[]);
    let mut alice = Person::anonymous(appliance.clients(), "alice");
    let mut bob = Person::anonymous(appliance.clients(), "bob");
    for round in 0..CUTS {
        for number in 0..50 {
            alice.write_to(&bob.jid, &format!("m{round}.{number}."), "hello");
        }
        cable.cut();
        for number in 0..50 {
            let text = bob.expect(&["<message", "</message>"]);
            assert!(text.contains(&format!("id='m{round}.{number}.'")), "{text}");
        }
    }
    alice.ping();
    bob.ping();
    let figures = appliance.wait_until("every cut to have been noticed", |f| {
        f.sum("megaphone_link_losses_total") >= f64::from(CUTS)
    });
    assert_eq!(figures.sum("megaphone_connections_closed_total"), 0.0);
    assert_eq!(ejabberd.online(), 2);
    drop((alice, bob));
    wait_for("both to be logged out", || {
        (ejabberd.online() == 0).then_some(())
    });
    appliance.must_come_to_rest();
}

/// Neither side waits: sessions end with their link, and users come again.
#[test]
fn a_link_that_is_cut_takes_its_sessions_along_if_nobody_is_to_wait() {
    let ejabberd = Ejabberd::start(&[]);
    let cable = Cable::lay_to(ejabberd.links());
    let mut appliance = linked_to(cable.end(), 1, &[]);
    let mut alice = Person::anonymous(appliance.clients(), "alice");
    cable.cut();
    let said = alice.rest();
    assert!(
        said.is_empty() || said.ends_with("</stream:stream>"),
        "{said}"
    );
    wait_for("her to be logged out", || {
        (ejabberd.online() == 0).then_some(())
    });
    must_be_linked_again(&appliance);
    Person::anonymous(appliance.clients(), "alice").ping();
    appliance.must_come_to_rest();
}
