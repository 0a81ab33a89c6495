use super::*;

fn link(text: &str) -> Result<Link, String> {
    text.parse::<Link>().map_err(|error| error.to_string())
}

#[test]
fn backends_connect_to_us_or_we_to_them() {
    let listen = link("listen:127.0.0.1:6280?name=chat").expect("right");
    assert_eq!(listen.link_spec(Vec::new()).side, LinkSide::Listen);
    assert!(listen.listener().is_some_and(|spec| !spec.wants_peer));
    assert_eq!(
        listen.to_string(),
        "of link chat come in at tcp://127.0.0.1:6280"
    );

    let connect = link("connect:unix:/run/x?name=a.b-c_1&framing=classic-fixed&token-file=/etc/t")
        .expect("right");
    assert_eq!(connect.listener(), None);
    assert_eq!(connect.token_file.as_deref(), Some("/etc/t".as_ref()));
    let spec = connect.link_spec(b"secret".to_vec());
    let target = Target::Unix("/run/x".into());
    assert_eq!(spec.side, LinkSide::Connect(target.clone(), Diallers::One));
    assert_eq!(
        (spec.dialect, spec.token.as_slice()),
        (Dialect::ClassicFixed, &b"secret"[..])
    );
    assert_eq!(
        connect.to_string(),
        "of link a.b-c_1 are called at unix:/run/x, classic-fixed"
    );

    let each = link("connect:unix:/run/x?name=chat&shards=all").expect("right");
    assert_eq!(
        each.link_spec(Vec::new()).side,
        LinkSide::Connect(target, Diallers::All)
    );
    assert_eq!(
        each.to_string(),
        "of link chat are called at unix:/run/x by each shard"
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (text, named) in [
        ("127.0.0.1:6280?name=chat", "listen:ADDR"),
        ("hear:127.0.0.1:6280?name=chat", "hear"),
        ("listen:127.0.0.1:6280", "name=chat"),
        ("listen:127.0.0.1:6280?name=", "``"),
        ("listen:127.0.0.1:6280?name=a b", "`a b`"),
        ("listen:127.0.0.1:6280?title=chat", "`name=` is missing"),
        (
            "listen:127.0.0.1:6280?name=chat&title=x",
            "`title` is not known",
        ),
        ("connect:localhost:6280?name=chat", "localhost"),
        ("listen:127.0.0.1:6280?name=chat&framing=raw", "`raw`"),
        ("connect:127.0.0.1:6280?name=chat&shards=2", "`2`"),
        ("listen:127.0.0.1:6280?name=chat&shards=all", "connect:"),
    ] {
        let error = link(text).expect_err(text);
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn the_keys_that_are_told_are_those_that_are_read() {
    let error = link("listen:127.0.0.1:1?name=a&x=y").expect_err("x is no key");
    let told: Vec<&str> = KEYS.iter().map(|key| key.0).collect();
    assert_eq!(
        error,
        format!("`x` is not known here; there are: {}", told.join(", "))
    );
}
