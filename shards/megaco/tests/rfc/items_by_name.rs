//! Every item of users and connections can be read and changed by its written name and value, as an operator types them.

use crate::harness::{MG, MGC, Plan, Talk, config, notify};
use megaphone_megaco::config::{Item, Setting};
use megaphone_megaco::{CallOptions, Error, Mid};

#[test]
fn every_item_reads_back_as_it_is_written() {
    let mut talk = Talk::connected(config());
    let (connection, user) = (talk.connection(), talk.user);
    for item in Item::ALL {
        let value = talk.engine.connection_item(connection, item.name());
        let text = value.expect("an item").to_string();
        talk.engine
            .update_conn_text(talk.now, connection, item.name(), &text)
            .and_then(|()| talk.engine.update_user_text(user, item.name(), &text))
            .unwrap_or_else(|error| panic!("{}: {error}", item.name()));
        let again = talk.engine.connection_item(connection, item.name());
        assert_eq!(again.map(|value| value.to_string()).as_ref(), Ok(&text));
    }
}

#[test]
fn values_are_written_as_in_toml_or_as_bare_words() {
    let mut talk = Talk::connected(config());
    let connection = talk.connection();
    for (name, text, shown) in [
        ("reply_timer", "5000", "5000"),
        ("reply_timer", "infinity", "infinity"),
        ("reply_timer", "\"infinity\"", "infinity"),
        (
            "request_timer",
            "{ wait_for = 500, factor = 1, max_retries = 3 }",
            "{ factor = 1, incr = 0, max_retries = 3, wait_for = 500 }",
        ),
        ("auto_ack", " true ", "true"),
        ("segment_send", "3", "3"),
        ("encoding_config", "[\"otp_values\"]", "[\"otp_values\"]"),
        (
            "encoding_mod",
            "megaco_binary_encoder",
            "megaco_binary_encoder",
        ),
        ("orig_pending_limit", "7", "7"),
        ("user_mod", "megaco_user_default", "megaco_user_default"),
    ] {
        talk.engine
            .update_conn_text(talk.now, connection, name, text)
            .unwrap_or_else(|error| panic!("{name} {text}: {error}"));
        let value = talk.engine.connection_item(connection, name).expect(name);
        let value: Setting = value
            .to_string()
            .parse()
            .expect("what is shown can be typed");
        let shown: Setting = shown.parse().expect("a value");
        assert_eq!(sorted(value), sorted(shown), "{name}");
    }
}

fn sorted(value: Setting) -> Setting {
    match value {
        Setting::Table(mut fields) => {
            fields.sort_by(|(a, _), (b, _)| a.cmp(b));
            Setting::Table(fields)
        }
        other => other,
    }
}

#[test]
fn a_bad_name_or_value_is_told_and_changes_nothing() {
    let mut talk = Talk::connected(config());
    let connection = talk.connection();
    let before = talk.engine.connection_info(connection).expect("it is live");
    for (name, text, word) in [
        ("reply_timer", "soon", "milliseconds"),
        ("reply_timer", "1.5", "1.5"),
        ("reply_timer", "", "not a value"),
        ("reply_timer", "{ wait = 1 }", "wait_for"),
        ("sent_pending_limit", "0", "1 or more"),
        ("trans_id", "5", "reading"),
        ("replytimer", "5", "replytimer"),
        ("user_mod", "99", "callback module"),
        ("user_mod", "nobody", "nobody"),
    ] {
        let error = talk
            .engine
            .update_conn_text(talk.now, connection, name, text)
            .expect_err(name);
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(talk.engine.connection_info(connection), Ok(before));
}

#[test]
fn readings_show_what_goes_on() {
    let mut talk = Talk::connected(config());
    let (connection, user) = (talk.connection(), talk.user);
    talk.plan(Plan::Later).peer(&notify(77));
    talk.cast(&[notify(1)], &CallOptions::default());
    let shown = |name: &str| {
        let value = talk.engine.connection_item(connection, name);
        value.map(|value| value.to_string())
    };
    for (name, value) in [
        ("local_mid", "<mgc>"),
        ("remote_mid", "<mg>"),
        ("requests", "[1]"),
        ("replies", "[77]"),
        ("trans_id", "2"),
        ("send_handle", "1"),
        ("control_pid", "1"),
        ("trans_sender", "false"),
        ("cancel", "false"),
    ] {
        assert_eq!(shown(name).as_deref(), Ok(value), "{name}");
    }
    let of_user = |name: &str| talk.engine.user_item(user, name).map(|v| v.to_string());
    assert_eq!(of_user("connections").as_deref(), Ok("[\"<mg>\"]"));
    assert_eq!(of_user("requests").as_deref(), Ok("[[1]]"));
    assert_eq!(of_user("mid").as_deref(), Ok("<mgc>"));
    let named = |name: &str| Mid::parse(&format!("<{name}>")).expect("a MID");
    assert_eq!(talk.engine.find_user(&named(MGC)), Some(user));
    assert_eq!(talk.engine.connection(user, &named(MG)), Some(connection));
    assert!(matches!(
        talk.engine.connection_item(connection, "nonsense"),
        Err(Error::Config(_))
    ));
}
