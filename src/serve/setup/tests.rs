use super::*;
use crate::cli::{LimitArg, Shards};
use megaphone_core::LinkSide;
use std::io::Write;

fn machine() -> Machine {
    Machine {
        cpus: "0-1".parse().expect("a list"),
        sockets_max: 20_000,
        node: "here".into(),
        run_folder: Some("/run/megaphone".into()),
        program: "/opt/megaphone".into(),
    }
}

fn setup(args: ServeArgs) -> Result<Setup, String> {
    Setup::on(args, &machine()).map_err(|failure| format!("{} {failure}", failure.exit_code()))
}

fn listening(specs: &[&str]) -> ServeArgs {
    ServeArgs {
        listen: specs.iter().map(|spec| spec.parse().expect(spec)).collect(),
        ..ServeArgs::default()
    }
}

const ECHO: &str = "tcp://127.0.0.1:1?framing=raw&route=echo";
const TO_BACKEND: &str = "tcp://127.0.0.1:2?framing=raw&route=link:backend";
const TO_CHAT: &str = "tcp://127.0.0.1:3?framing=raw&route=link:chat";

#[test]
fn nothing_asked_for_is_a_default_on_this_machine_only() {
    let setup = setup(ServeArgs::default()).expect("the default can be served");
    assert!(setup.listens.iter().all(|listen| listen.address.is_local()));
    assert!(setup.links.iter().all(|link| link.address.is_local()));
    assert_eq!(setup.link_names(), ["backend", "backend"]);
    assert_eq!(
        setup.engine.listeners.len(),
        8,
        "two for clients, four for gateways, two for backends"
    );
    assert_eq!(
        (setup.engine.shards, setup.engine.cpus.as_slice()),
        (2, &[0, 1][..])
    );
    let said = setup.to_string();
    for part in [
        "2 shards",
        "127.0.0.1:7000",
        "h248+tcp://127.0.0.1:2944",
        "h248+udp://127.0.0.1:2945",
        "127.0.0.1:6280",
        "/run/megaphone/link",
        "9464/metrics",
        "try",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn the_default_link_comes_only_with_a_route_to_it() {
    assert!(setup(listening(&[ECHO])).expect("right").links.is_empty());
    assert_eq!(
        setup(listening(&[TO_BACKEND])).expect("right").links.len(),
        2
    );
    let error = setup(listening(&[TO_CHAT])).err().expect("no such link");
    assert!(
        error.starts_with("64 ") && error.contains("chat"),
        "{error}"
    );
    let without_folder = Machine {
        run_folder: None,
        ..machine()
    };
    let setup = Setup::on(listening(&[TO_BACKEND]), &without_folder).expect("right");
    assert_eq!(setup.links.len(), 1);
    assert!(setup.to_string().contains("warning   no Unix socket"));
}

/// The machine numbers a listening link's listener behind the clients' by the link's own number.
#[test]
fn links_that_listen_come_before_those_that_connect() {
    let mut args = listening(&[TO_CHAT]);
    args.link = [
        "connect:127.0.0.1:9?name=chat",
        "listen:127.0.0.1:8?name=chat",
        "connect:unix:/x?name=other",
    ]
    .map(|link| link.parse().expect(link))
    .into();
    let setup = setup(args).expect("right");
    assert_eq!(setup.link_names(), ["chat", "chat", "other"]);
    assert_eq!(setup.shard.links[0].side, LinkSide::Listen);
    assert_eq!(setup.engine.listeners.len(), 2);
    assert_eq!(
        setup.engine.listeners[1].address.to_string(),
        "tcp://127.0.0.1:8"
    );
    assert_eq!(setup.engine.mesh_capacity, setup.shard.lane_capacity());
}

#[test]
fn shards_follow_processors_and_connections() {
    assert_eq!(shards_for(2, 0, 20_000), 2);
    assert_eq!(shards_for(2, 36_000, 20_000), 2);
    assert_eq!(shards_for(2, 36_001, 20_000), 3);
    assert_eq!(shards_for(2, 1_000_000, 20_000), 56);
    assert_eq!(shards_for(64, 1_000_000, 1 << 20), 64);
    assert_eq!(shards_for(0, u32::MAX, 1), 4_096);
    let given = ServeArgs {
        shards: Shards::Count(7),
        cpuset: "1".parse().ok(),
        ..listening(&[ECHO])
    };
    let setup = setup(given).expect("right");
    assert_eq!(
        (setup.engine.shards, setup.engine.cpus.as_slice()),
        (7, &[1][..])
    );
    assert_eq!(setup.pages().len(), 7);
}

#[test]
fn limits_are_set_and_checked() {
    let with = |key: &str, value: u32| {
        setup(ServeArgs {
            limit: vec![LimitArg {
                key: key.into(),
                value,
            }],
            ..listening(&[ECHO])
        })
    };
    assert_eq!(
        with("frame_bytes_max", 1_000)
            .map(|setup| setup.shard.limits.frame_bytes_max)
            .ok(),
        Some(1_000)
    );
    assert_eq!(
        with("sessions_max", 5)
            .map(|setup| setup.shard.limits.sessions_max)
            .ok(),
        Some(5)
    );
    let error = with("frame_bytes_max", 0).err().expect("below the floor");
    assert!(
        error.starts_with("64 ") && error.contains("frame_bytes_max"),
        "{error}"
    );
}

#[test]
fn what_other_machines_can_reach_is_said() {
    let mut args = listening(&[TO_CHAT]);
    args.link = vec!["listen:0.0.0.0:8?name=chat".parse().expect("a link")];
    args.metrics = "0.0.0.0:9464".parse().expect("an address");
    let said = setup(args).expect("right").to_string();
    assert!(said.contains(
        "link chat can be reached from other machines at tcp://0.0.0.0:8 without a token-file"
    ));
    assert!(
        said.contains("figures can be read from other machines at 0.0.0.0:9464"),
        "{said}"
    );
}

#[test]
fn tokens_come_from_files() {
    let mut file = tempfile::NamedTempFile::new().expect("a scratch file");
    file.write_all(b"secret\n").expect("room");
    let link = |path: &Path| -> Link {
        format!("listen:127.0.0.1:8?name=chat&token-file={}", path.display())
            .parse()
            .expect("a link")
    };
    let with = |path: &Path| {
        setup(ServeArgs {
            link: vec![link(path)],
            ..listening(&[TO_CHAT])
        })
    };
    assert_eq!(
        with(file.path())
            .map(|setup| setup.shard.links[0].token.clone())
            .ok()
            .as_deref(),
        Some(&b"secret"[..])
    );
    let absent = with(Path::new("/nonexistent/token"))
        .err()
        .expect("no such file");
    assert!(
        absent.starts_with("69 ") && absent.contains("link chat"),
        "{absent}"
    );
    let empty = tempfile::NamedTempFile::new().expect("a scratch file");
    assert!(with(empty.path()).err().expect("empty").starts_with("78 "));
    file.write_all(&[b'x'; 1_100]).expect("room");
    assert!(
        with(file.path())
            .err()
            .expect("too long")
            .contains("longer than 1024")
    );
}
