use super::*;
use std::time::Duration;

fn listen(text: &str) -> Result<Listen, String> {
    text.parse::<Listen>().map_err(|error| error.to_string())
}

#[test]
fn a_listener_has_a_framing_and_a_route() {
    let echo = listen("tcp://127.0.0.1:7000?framing=raw&route=echo").expect("right");
    assert_eq!(
        echo.client,
        ClientListener {
            framing: Framing::Raw,
            route: Route::Echo,
            frame_bytes_max: None,
            domain: String::new(),
        }
    );
    assert_eq!(
        echo.to_string(),
        "tcp://127.0.0.1:7000, raw frames, sent back"
    );
    assert!(!echo.spec().wants_peer);

    let chat =
        listen("unix:/run/chat?route=link:chat&framing=classic-var&frame-max=1MiB").expect("right");
    assert_eq!(chat.client.frame_bytes_max, Some(1 << 20));
    assert_eq!(
        chat.to_string(),
        "unix:/run/chat, classic-var frames, to link chat"
    );
    assert!(chat.spec().wants_peer);
    assert_eq!(
        listen("tcp://[::1]:1?framing=tpkt&route=discard").map(|l| l.client.route),
        Ok(Route::Discard)
    );
}

#[test]
fn the_kernels_side_can_be_chosen() {
    let chosen = listen(
        "tcp://127.0.0.1:1?framing=raw&route=echo&backlog=7&keepalive=5m&user-timeout=30s&send-buffer=16KiB&receive-buffer=8KiB",
    )
    .expect("right")
    .spec();
    assert_eq!(chosen.backlog, 7);
    assert_eq!(chosen.options.keepalive, Some(Duration::from_secs(300)));
    assert_eq!(chosen.options.user_timeout, Some(Duration::from_secs(30)));
    assert_eq!(chosen.options.send_buffer_bytes, Some(16_384));
    assert_eq!(chosen.options.receive_buffer_bytes, Some(8_192));

    let left = listen("tcp://127.0.0.1:1?framing=raw&route=echo")
        .expect("right")
        .spec();
    let tcp = ListenerSpec::tcp("127.0.0.1:1".parse().expect("an address"));
    assert_eq!((left.backlog, left.options), (tcp.backlog, tcp.options));
}

#[test]
fn what_is_wrong_is_named() {
    let start = "tcp://127.0.0.1:1?framing=raw&route=echo";
    for (text, named) in [
        ("127.0.0.1:7000?framing=raw&route=echo", "tcp://"),
        ("tcp://127.0.0.1:7000", "`framing=` is missing"),
        ("tcp://127.0.0.1:7000?framing=raw", "`route=` is missing"),
        ("tcp://127.0.0.1:7000?framing=morse&route=echo", "morse"),
        ("tcp://127.0.0.1:7000?framing=link&route=echo", "`link`"),
        ("tcp://127.0.0.1:7000?framing=raw&route=link:", "link:NAME"),
        ("tcp://127.0.0.1:99999?framing=raw&route=echo", "99999"),
        (
            &format!("{start}&colour=red"),
            "there are: framing, route, frame-max, domain, backlog, share, keepalive",
        ),
        (&format!("{start}&route=echo"), "twice"),
        (&format!("{start}&domain=a"), "framing=stanza"),
        (&format!("{start}&backlog=many"), "many"),
        (&format!("{start}&keepalive=30"), "30s"),
    ] {
        let error = listen(text).expect_err(text);
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn limits_hold_at_their_edges() {
    let fits =
        |more: &str| listen(&format!("tcp://127.0.0.1:1?framing=raw&route=echo&{more}")).is_ok();
    assert_eq!(
        ["0B", "1B", "1GiB", "1073741825B"].map(|n| fits(&format!("frame-max={n}"))),
        [false, true, true, false]
    );
    assert_eq!(
        ["0", "1", "1048576", "1048577"].map(|n| fits(&format!("backlog={n}"))),
        [false, true, true, false]
    );
    assert_eq!(
        ["0B", "1B", "1GiB", "1073741825B"].map(|n| fits(&format!("send-buffer={n}"))),
        [false, true, true, false]
    );
}

#[test]
fn the_keys_that_are_told_are_those_that_are_read() {
    let error = listen("tcp://127.0.0.1:1?framing=raw&route=echo&x=y").expect_err("x is no key");
    let told: Vec<&str> = KEYS.iter().map(|key| key.0).collect();
    assert_eq!(
        error,
        format!("`x` is not known here; there are: {}", told.join(", "))
    );
}
