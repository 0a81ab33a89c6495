use super::*;

#[test]
fn every_item_has_its_name_and_reads_back_what_it_was_set_to() {
    for &item in Item::ALL {
        assert_eq!(Item::from_name(item.name()), Some(item));
        let mut config = Config::default();
        let value = config.get(item);
        config
            .set(item, &value)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            config,
            Config::default(),
            "{} does not take its own default",
            item.name()
        );
    }
    assert_eq!(
        Item::from_name("orig_pending_limit"),
        Some(Item::SentPendingLimit)
    );
}

#[test]
fn a_refused_value_says_why_and_changes_nothing() {
    let refused: &[(&str, Setting)] = &[
        ("min_trans_id", 0.into()),
        ("min_trans_id", (-1).into()),
        ("max_trans_id", 0.into()),
        ("max_trans_id", "plain".into()),
        ("max_trans_id", Setting::Int(1 << 32)),
        ("request_timer", "plain".into()),
        (
            "request_timer",
            Setting::Table(vec![("wait".to_owned(), 1.into())]),
        ),
        (
            "request_timer",
            Setting::Table(vec![("max_retries".to_owned(), "plain".into())]),
        ),
        ("request_timer", (-1).into()),
        ("sent_pending_limit", 0.into()),
        ("recv_pending_limit", 0.into()),
        ("recv_pending_limit", (-7).into()),
        ("auto_ack", 1.into()),
        ("trans_timer", "infinity".into()),
        ("trans_ack_maxcount", (-1).into()),
        ("protocol_version", 0.into()),
        ("protocol_version", 4.into()),
        ("protocol_version", 300.into()),
        ("send_mod", "megaco_sctp".into()),
        ("encoding_mod", "megaco_per_encoder".into()),
        ("encoding_config", Setting::List(vec!["native".into()])),
        ("auth_data", "secret".into()),
        ("resend_indication", "yes".into()),
        ("segment_send", 0.into()),
        ("max_pdu_size", 0.into()),
        ("profile", "itu".into()),
        ("long_timer", 0.into()),
        ("rtt_max", 1.into()),
    ];
    for (name, value) in refused {
        let mut config = Config::default();
        let error = config.set_by_name(name, value).expect_err(name);
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(config, Config::default(), "{name} changed something");
    }
}

#[test]
fn zero_is_legal_where_it_has_a_meaning() {
    for name in [
        "trans_timer",
        "trans_ack_maxcount",
        "trans_req_maxcount",
        "trans_req_maxsize",
        "request_timer",
        "reply_timer",
        "call_proxy_gc_timeout",
        "request_keep_alive_timeout",
    ] {
        let mut config = Config::default();
        config
            .set_by_name(name, &0.into())
            .unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn items_set_together_are_checked_together() {
    let mut config = Config::default();
    let (low, high) = (Setting::from(500), Setting::from(600));
    config
        .set_all([(Item::MaxTransId, &high), (Item::MinTransId, &low)])
        .expect("500 to 600 is a range");
    assert!(config.set(Item::MinTransId, &601.into()).is_err());
    assert_eq!(config.min_trans_id, 500);
}

#[test]
fn a_reading_is_told_from_an_unknown_word() {
    assert_eq!(
        Config::item("trans_id"),
        Err(ConfigError::ReadOnly("trans_id"))
    );
    assert_eq!(
        Config::default().set_by_name("trans_id", &1.into()),
        Err(ConfigError::ReadOnly("trans_id"))
    );
    assert_eq!(
        Config::item("tran_id"),
        Err(ConfigError::UnknownItem("tran_id".to_owned()))
    );
}

#[test]
fn a_timer_is_written_as_otp_writes_it() {
    let mut config = Config::default();
    let table = Setting::Table(vec![
        ("wait_for".to_owned(), 500.into()),
        ("factor".to_owned(), 1.into()),
        ("incr".to_owned(), (-20).into()),
        ("max_retries".to_owned(), 3.into()),
    ]);
    config
        .set_by_name("reply_timer", &table)
        .expect("a legal timer");
    assert_eq!(
        config.reply_timer,
        Timer::incremental(500, 1, -20, Retries::Count(3))
    );
    assert_eq!(config.get(Item::ReplyTimer), table);
}
