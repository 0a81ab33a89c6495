use super::*;
use crate::config::{Encoding, Module, Retries, Timer};
use crate::handle::{Remote, SendHandle};
use megaphone_wheel::Tick;

const DOCUMENT: &str = r#"
[listen]
anything = "else"

[megaco]
auto_ack = true
long_timer = 20000
connections_max = 1000
replies_max = 5000
admission = { per_second = 100, burst = 10, queue_max = 50000 }

[[megaco.user]]
mid = "<mgc.example>"
user_mod = "built-in"
request_timer = { wait_for = 500, factor = 2, incr = 0, max_retries = 7 }
orig_pending_limit = 5
max_trans_id = "infinity"
user_args = 7

[[megaco.user.connection]]
remote_mid = "[10.0.0.7]:2944"
protocol_version = 2
encoding_mod = "megaco_binary_encoder"

[[megaco.user.connection]]
remote_mid = "gw1@example"
auto_ack = false

[[megaco.user]]
mid = "gw9@example"
registration = "mg"
[megaco.user.gateway]
controllers = ["<mgc.example>", "<mgc2.example>"]
mwd_ms = 2500
versions = [1, 3]
"#;

#[test]
fn a_document_starts_users_with_their_items() {
    let setup = Setup::parse(DOCUMENT).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(setup.options.connections_max, 1000);
    assert_eq!(setup.options.replies_max, 5000);
    assert_eq!(
        setup.options.admission.map(|rate| rate.queue_max),
        Some(50_000)
    );
    let [controller, gateway] = &setup.users[..] else {
        panic!("{:?}", setup.users)
    };
    assert_eq!(
        controller.config,
        Config {
            auto_ack: true,
            long_timer: 20_000,
            request_timer: Timer::incremental(500, 2, 0, Retries::Count(7)),
            sent_pending_limit: Some(5),
            user_args: 7,
            user_mod: Module::named("built-in"),
            ..Config::default()
        }
    );
    let search = gateway.gateway.as_ref().expect("it registers");
    assert_eq!(
        (search.controllers.len(), search.mwd),
        (2, Duration::from_millis(2500))
    );
    assert_eq!(search.versions, 1..=3);
}

#[test]
fn what_is_different_for_one_peer_is_so_from_its_first_message() {
    let setup = Setup::parse(DOCUMENT).expect("legal");
    let mut engine = Engine::new(setup.options.clone());
    let missing = setup.start(Tick::ZERO, &mut engine);
    assert_eq!(missing, Err(Error::NoModuleOfName("built-in".to_owned())));
    engine
        .add_module("built-in", Box::new(crate::DefaultUser))
        .expect("a new name");
    let users = setup.start(Tick::ZERO, &mut engine).expect("they start");
    let user = users[0];
    assert!(
        engine.gateway_state(users[1]).is_some(),
        "it looks for its controller"
    );
    let receive = engine.receive_handle(user).expect("it runs");
    let mut connect = |remote: &str| {
        let remote = Remote::Known(Mid::parse(remote).expect("a MID"));
        let made = engine.connect(Tick::ZERO, &receive, remote, SendHandle(1), None, None);
        engine
            .connection_info(made.expect("it connects"))
            .expect("it is live")
            .config
    };
    let (one, other) = (connect("[10.0.0.7]:2944"), connect("[10.0.0.8]:2944"));
    assert_eq!(
        (one.protocol_version, one.encoding_mod),
        (2, Encoding::Binary)
    );
    assert_eq!(
        (other.protocol_version, other.encoding_mod),
        (1, Encoding::Pretty)
    );
    assert!(other.auto_ack && one.auto_ack && !connect("gw1@example").auto_ack);
}

#[test]
fn every_item_can_be_written_in_every_place() {
    for item in Item::ALL {
        let value = Config::default().get(*item);
        let value = match value {
            Setting::Word(word) => format!("{word:?}"),
            other => other.to_string(),
        };
        let line = format!("{} = {value}", item.name());
        let of_user = format!("[[megaco.user]]\nmid = \"<a>\"\n{line}\n");
        let of_peer = format!("{of_user}[[megaco.user.connection]]\nremote_mid = \"<b>\"\n");
        let mut documents = vec![format!("[megaco]\n{line}\n"), of_user];
        if !matches!(item, Item::MinTransId | Item::MaxTransId) {
            documents.push(format!("{of_peer}{line}\n"));
        }
        for document in documents {
            let setup =
                Setup::parse(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
            assert!(
                setup
                    .users
                    .iter()
                    .all(|user| user.config == Config::default())
            );
        }
    }
}

#[test]
fn a_bad_value_is_told_with_its_key() {
    for (document, told) in [
        ("[megaco", "line 1"),
        ("megaco = 1", "megaco: it is a table"),
        ("[megaco]\nreply_timer = 1.5", "megaco.reply_timer"),
        (
            "[megaco]\nreply_time = 5",
            "megaco.reply_time: no configuration item",
        ),
        ("[megaco]\nconnections_max = -1", "megaco.connections_max"),
        (
            "[megaco]\nadmission = { per_second = 0, burst = 1, queue_max = 1 }",
            "megaco.admission.per_second",
        ),
        (
            "[megaco]\nadmission = { per_second = 1, burst = 1 }",
            "megaco.admission.queue_max",
        ),
        (
            "[megaco]\nadmission = { per_second = 1, burst = 1, queue_max = 1, x = 1 }",
            "megaco.admission.x",
        ),
        ("[megaco.user]\nmid = \"<a>\"", "megaco.user: it is a list"),
        ("[[megaco.user]]\nauto_ack = true", "megaco.user[0].mid"),
        ("[[megaco.user]]\nmid = \"<a\"", "megaco.user[0].mid"),
        (
            "[[megaco.user]]\nmid = \"<a>\"\n[[megaco.user]]\nmid = \"<A>\"",
            "megaco.user[1].mid: another user",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\nsent_pending_limit = 0",
            "megaco.user[0].sent_pending_limit",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\nmin_trans_id = 9\nmax_trans_id = 8",
            "megaco.user[0].max_trans_id",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\ntrans_id = 1",
            "megaco.user[0].trans_id",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\n[[megaco.user.connection]]\nauto_ack = 1",
            "megaco.user[0].connection[0].auto_ack",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\n[[megaco.user.connection]]\nmin_trans_id = 1",
            "megaco.user[0].connection[0].min_trans_id",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\n[[megaco.user.connection]]\nauto_ack = true",
            "megaco.user[0].connection[0].remote_mid",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\ngateway = { controllers = [] }",
            "megaco.user[0].gateway.controllers",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\ngateway = { controllers = [\"<b>\"], versions = [2, 1] }",
            "megaco.user[0].gateway.versions",
        ),
        (
            "[[megaco.user]]\nmid = \"<a>\"\ngateway = { controllers = [\"<b>\"], mwd = 1 }",
            "megaco.user[0].gateway.mwd",
        ),
    ] {
        let error = Setup::parse(document).expect_err(document).to_string();
        assert!(error.contains(told), "{document}: {error}");
    }
}

#[test]
fn what_is_different_for_one_peer_holds_when_its_name_becomes_known_and_when_the_user_changes() {
    let mut engine = Engine::new(Options::default());
    let user = engine
        .start_user(&Mid::parse("<mgc>").expect("a MID").as_model(), &[])
        .expect("it starts");
    let peer = Mid::parse("<mg>").expect("a MID");
    let items = vec![
        (Item::MaxTransId, Setting::from(500)),
        (Item::AutoAck, true.into()),
    ];
    engine.set_overrides(user, &peer, items).expect("legal");
    let refused = engine.update_user_info(user, Item::MinTransId, &501.into());
    assert!(
        refused.is_err(),
        "it contradicts what is different for the peer"
    );
    let bad = vec![(Item::SentPendingLimit, Setting::from(0))];
    assert!(engine.set_overrides(user, &peer, bad).is_err());

    let receive = engine.receive_handle(user).expect("it runs");
    let made = engine.connect(
        Tick::ZERO,
        &receive,
        Remote::Preliminary,
        SendHandle(1),
        None,
        None,
    );
    let connection = made.expect("it connects");
    let item = |engine: &Engine| engine.connection_item(connection, "auto_ack");
    assert_eq!(item(&engine), Ok(false.into()));
    let input = crate::Input::Received {
        receive: &receive,
        send_handle: SendHandle(1),
        control: None,
        extra: None,
        bytes: b"!/1 <mg> T=1{C=-{N=A4444{OE=1{al/of}}}}",
    };
    engine.handle(Tick::ZERO, input);
    assert_eq!(item(&engine), Ok(true.into()));
    assert_eq!(engine.set_overrides(user, &peer, Vec::new()), Ok(()));
}
