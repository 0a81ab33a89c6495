//! Users of ejabberd that come by way of the appliance: what they may expect of a chat server, they get.

use std::net::SocketAddr;
use std::process::Command;

use super::ejabberd::Ejabberd;
use super::person::Person;
use crate::appliance::{Appliance, Setup, wait_for};
use crate::peers::peer;

/// The appliance between clients and this ejabberd, with its links up.
pub(super) fn in_front_of(ejabberd: &Ejabberd, more: &[&str]) -> Appliance {
    linked_to(ejabberd.links(), 1, more)
}

/// The same with the links by way of `place`: one, or one of each of two shards.
pub(super) fn linked_to(place: SocketAddr, links: u32, more: &[&str]) -> Appliance {
    let shards = if links == 1 { "one" } else { "all" };
    let mut setup = Setup::new()
        .listen("stanza", "link:chat")
        .argument("--link")
        .argument(&format!("connect:{place}?name=chat&shards={shards}"));
    for argument in more {
        setup = setup.argument(argument);
    }
    let appliance = setup.start();
    appliance.must_count("megaphone_link_up", links);
    appliance
}

#[test]
fn users_chat_through_the_appliance_as_they_would_without_it() {
    let ejabberd = Ejabberd::start(&[("--top", "sm_db_type: megaphone")]);
    for user in ["alice", "bob", "carol", "dora", "emil"] {
        ejabberd.register(user);
    }
    let mut appliance = in_front_of(&ejabberd, &["--limit", "frame_bytes_max=262144"]);
    strangers_are_turned_away(&appliance);
    messages_cross_shards(&appliance);
    rosters_and_presence(&appliance);
    large_stanzas(&appliance);
    bad_xml(&appliance);
    rooms(&appliance);
    lost_streams_resume(&appliance, &ejabberd);
    a_library_that_nobody_here_wrote(&appliance);
    wait_for("all to be logged out", || {
        (ejabberd.online() == 0).then_some(())
    });
    appliance.must_come_to_rest();
}

fn strangers_are_turned_away(appliance: &Appliance) {
    let mut stranger = Person::connect(appliance.clients());
    stranger.open_stream();
    stranger.authenticate("alice", "not her password");
    stranger.expect(&["<failure", "not-authorized", "</failure>"]);
    stranger.authenticate("nobody", "secret");
    stranger.expect(&["<failure", "not-authorized", "</failure>"]);
    // Without a login nothing else is answered.
    stranger.say("<message to='alice@localhost'><body>hello</body></message>");
    stranger.expect(&["<stream:error>", "not-authorized", "</stream:stream>"]);
    assert_eq!(stranger.rest(), "");
}

/// Anonymous users are spread over both shards; each writes to all.
fn messages_cross_shards(appliance: &Appliance) {
    // The kernel spreads them over two shards by hash: all on one is a chance of 2 in 2^24.
    let mut people: Vec<_> = (0..24)
        .map(|number| Person::anonymous(appliance.clients(), &format!("r{number}")))
        .collect();
    let sessions =
        |shard: u16| format!("megaphone_connections_accepted_total{{shard=\"{shard}\"}}");
    appliance.wait_until("both shards to have clients", |f| {
        f.sum(&sessions(0)) > 0.0 && f.sum(&sessions(1)) > 0.0
    });
    let jids: Vec<_> = people.iter().map(|person| person.jid.clone()).collect();
    for (from, person) in people.iter_mut().enumerate() {
        for (to, jid) in jids.iter().enumerate() {
            person.write_to(
                jid,
                &format!("m{from}.{to}"),
                &format!("from {from} to {to}"),
            );
        }
    }
    for (to, person) in people.iter_mut().enumerate() {
        let mut got: Vec<String> = Vec::new();
        for _ in 0..jids.len() {
            let text = person.expect(&["<message", "<body>", "</message>"]);
            let (_, body) = text.split_once("<body>").expect("it was expected");
            got.push(body.trim_end_matches("</body></message>").to_owned());
        }
        got.sort_unstable();
        let mut wanted: Vec<_> = (0..jids.len())
            .map(|from| format!("from {from} to {to}"))
            .collect();
        wanted.sort_unstable();
        assert_eq!(got, wanted);
        person.ping();
    }
    presence_crosses_shards(&mut people);
    for mut person in people {
        person.say("</stream:stream>");
        assert!(person.rest().ends_with("</stream:stream>"));
    }
}

/// Everybody shows himself to everybody else.
fn presence_crosses_shards(people: &mut [Person]) {
    let jids: Vec<_> = people.iter().map(|person| person.jid.clone()).collect();
    for person in people.iter_mut() {
        let own = person.jid.clone();
        for jid in jids.iter().filter(|jid| **jid != own) {
            person.say(&format!("<presence to='{jid}'><show>dnd</show></presence>"));
        }
    }
    for person in people {
        let others: Vec<_> = jids.iter().filter(|jid| **jid != person.jid).collect();
        let seen = others.iter().fold(String::new(), |seen, _| {
            seen + &person.expect(&["<presence", "<show>dnd</show>"])
        });
        let from = |jid: &&&String| seen.contains(&format!("from='{jid}'"));
        assert_eq!(others.iter().filter(from).count(), others.len(), "{seen}");
    }
}

fn rosters_and_presence(appliance: &Appliance) {
    let mut alice = Person::login(appliance.clients(), "alice", "home");
    let mut bob = Person::login(appliance.clients(), "bob", "work");
    for person in [&mut alice, &mut bob] {
        person.say("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
        person.expect(&["<iq", "id='roster'", "jabber:iq:roster", "/>"]);
    }
    alice.say("<presence type='subscribe' to='bob@localhost'/>");
    bob.expect(&["<presence", "subscribe", "/>"]);
    bob.say("<presence type='subscribed' to='alice@localhost'/>");
    alice.expect(&["subscription='to'"]);
    alice.expect(&["<presence", "from='bob@localhost/work'"]);
    bob.say("<presence><show>away</show><status>lunch</status></presence>");
    alice.expect(&[
        "<presence",
        "from='bob@localhost/work'",
        "<show>away</show>",
    ]);
    // An idle session that comes back to life still knows who may see it.
    bob.ping();
    bob.vanish();
    alice.expect(&[
        "<presence",
        "from='bob@localhost/work'",
        "type='unavailable'",
    ]);
    let mut bob = Person::login(appliance.clients(), "bob", "work");
    alice.expect(&["<presence", "from='bob@localhost/work'"]);
    // The same full name again: the older session is told, and goes.
    let _newer = Person::login(appliance.clients(), "bob", "work");
    bob.expect(&["<stream:error>", "conflict", "</stream:stream>"]);
    assert_eq!(bob.rest(), "");
}

/// As large as ejabberd takes them, and over the link in several packets.
fn large_stanzas(appliance: &Appliance) {
    let mut alice = Person::login(appliance.clients(), "alice", "home");
    let mut carol = Person::login(appliance.clients(), "carol", "home");
    for size in [1, 60_000, 65_536, 70_000, 200_000] {
        let body = "x".repeat(size);
        alice.write_to("carol@localhost/home", "large", &body);
        let text = carol.expect(&["<message", "id='large'", "</message>"]);
        assert!(text.contains(&format!("<body>{body}</body>")), "{size}");
    }
    alice.ping();
}

/// The stream of whoever sends it ends with the reason; nobody else notices.
fn bad_xml(appliance: &Appliance) {
    let mut witness = Person::login(appliance.clients(), "carol", "witness");
    for (bad, reason) in [
        ("<a></b>", "not-well-formed"),
        ("<!DOCTYPE x>", "restricted-xml"),
        ("<message><body>&undefined;</body></message>", "error"),
    ] {
        let mut person = Person::login(appliance.clients(), "alice", "bad");
        person.say(bad);
        person.expect(&["<stream:error", reason, "</stream:stream>"]);
        assert_eq!(person.rest(), "");
        witness.ping();
    }
}

fn rooms(appliance: &Appliance) {
    let names = ["alice", "bob", "carol"];
    let mut people: Vec<_> = names
        .iter()
        .map(|name| Person::login(appliance.clients(), name, "room"))
        .collect();
    for (person, name) in people.iter_mut().zip(names) {
        person.say(&format!(
            "<presence to='lounge@conference.localhost/{name}'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        ));
        person.expect(&["<subject", ">"]);
    }
    people[0].say(
        "<message to='lounge@conference.localhost' type='groupchat'><body>to all</body></message>",
    );
    for person in &mut people {
        person.expect(&[
            "from='lounge@conference.localhost/alice'",
            "<body>to all</body>",
        ]);
    }
    people.remove(1).vanish();
    people[0].expect(&[
        "from='lounge@conference.localhost/bob'",
        "type='unavailable'",
    ]);
}

/// XEP-0198: what was sent to a client that vanished arrives when it is back.
fn lost_streams_resume(appliance: &Appliance, ejabberd: &Ejabberd) {
    let mut alice = Person::login(appliance.clients(), "alice", "sm");
    let mut bob = Person::login(appliance.clients(), "bob", "sm");
    bob.say("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    let enabled = bob.expect(&["<enabled", "id='", "'", "/>"]);
    let (_, id) = enabled.split_once("id='").expect("it was expected");
    let (id, _) = id.split_once('\'').expect("it was expected");
    bob.ping();
    bob.say("<r xmlns='urn:xmpp:sm:3'/>");
    bob.expect(&["<a ", "h='1'", "/>"]);
    bob.vanish();
    alice.write_to("bob@localhost/sm", "lost", "are you there?");
    alice.ping();
    let sessions = || {
        let users = ejabberd.api("connected_users", "{}");
        users.matches("bob@localhost/sm").count()
    };
    assert_eq!(sessions(), 1, "it waits for him");
    let mut bob = Person::authenticated(appliance.clients(), "bob");
    bob.say(&format!(
        "<resume xmlns='urn:xmpp:sm:3' previd='{id}' h='1'/>"
    ));
    bob.expect(&["<resumed", "id='lost'", "are you there?"]);
    "bob@localhost/sm".clone_into(&mut bob.jid);
    bob.write_to("alice@localhost/sm", "back", "I am");
    alice.expect(&["from='bob@localhost/sm'", "I am"]);
    assert_eq!(sessions(), 1, "one session went on");
    // Leaving in order leaves nothing to resume.
    bob.say("</stream:stream>");
    bob.rest();
}

fn a_library_that_nobody_here_wrote(appliance: &Appliance) {
    let output = Command::new(peer("slixmpp_users.py"))
        .arg(appliance.clients().to_string())
        .output()
        .expect("Debian's python3 runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// TLS ended in front of the appliance, says the listener: ejabberd sees encrypted streams, and nothing is offered that would need its
/// own TLS connection.
#[test]
fn streams_whose_tls_ended_before_are_encrypted_to_ejabberd() {
    let ejabberd = Ejabberd::start(&[
        ("--listener", "stream_encrypted: true"),
        (
            "--top",
            "disable_sasl_mechanisms: [SCRAM-SHA-1-PLUS, SCRAM-SHA-256-PLUS, SCRAM-SHA-512-PLUS]",
        ),
    ]);
    for user in ["alice", "dora", "emil"] {
        ejabberd.register(user);
    }
    let mut appliance = in_front_of(&ejabberd, &["--limit", "frame_bytes_max=262144"]);
    let mut alice = Person::connect(appliance.clients());
    let features = alice.open_stream();
    assert!(
        features.contains("<mechanism>PLAIN</mechanism>")
            && !features.contains("-PLUS")
            && !features.contains("starttls"),
        "{features}"
    );
    drop(alice);
    let mut alice = Person::login(appliance.clients(), "alice", "home");
    let users = ejabberd.api("connected_users_info", "{}");
    assert!(
        users.contains("alice@localhost/home") && users.contains("\"c2s_tls\""),
        "{users}"
    );
    a_library_that_nobody_here_wrote(&appliance);
    alice.ping();
    drop(alice);
    appliance.must_come_to_rest();
}
