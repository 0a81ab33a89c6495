use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("megaphone").chain(line.split_whitespace()))
}

fn bench(line: &str) -> Result<(Run, bool), String> {
    match parse(line).map_err(|error| error.to_string())?.command {
        Some(Command::Bench(bench)) => bench.run().map_err(|failure| failure.to_string()),
        other => panic!("{line} is {other:?}"),
    }
}

fn plan(run: &Run) -> &Plan {
    match &run.work {
        Work::Packets(plan) => plan,
        other => panic!("{other}"),
    }
}

#[test]
fn the_definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn an_echo_is_a_closed_loop_unless_a_rate_is_given() {
    let (run, json) = bench("bench echo").expect("all has defaults");
    assert_eq!(plan(&run).pace, Pace::Closed { in_flight: 1 });
    assert_eq!(
        (plan(&run).connections, plan(&run).body_bytes, json),
        (100, 64, false)
    );
    assert_eq!(plan(&run).endpoints.to.len(), 1);

    let (run, json) = bench(
        "bench echo --to 127.0.0.1:1 --to unix:/x --connections 500 --size 1KiB --rate 2000 --json \
         --from 127.0.0.2 --from 127.0.1.1-127.0.1.9 --ports 1000-2000 --framing tpkt --shards 3 --cpuset 1,3-4",
    )
    .expect("all is right");
    assert_eq!(
        plan(&run).pace,
        Pace::Open {
            every: Duration::from_millis(250)
        }
    );
    assert_eq!(
        (
            plan(&run).endpoints.to.len(),
            plan(&run).endpoints.from.len()
        ),
        (2, 10)
    );
    assert_eq!(
        (run.shards, run.cpus.as_slice(), json),
        (Some(3), &[1, 3, 4][..], true)
    );
    assert_eq!(
        (plan(&run).body_bytes, plan(&run).framing),
        (1_024, Framing::Tpkt)
    );
}

#[test]
fn idle_touches_each_connection_once_a_minute() {
    let (run, _) = bench("bench idle --connections 1000").expect("all has defaults");
    assert_eq!(
        plan(&run).pace,
        Pace::Open {
            every: Duration::from_secs(60)
        }
    );
    assert_eq!(plan(&run).warmup, Duration::ZERO);
    let (run, _) = bench("bench idle --every 10s --duration 5m").expect("right");
    assert_eq!(
        plan(&run).pace,
        Pace::Open {
            every: Duration::from_secs(10)
        }
    );
    assert_eq!(plan(&run).duration, Duration::from_secs(300));
}

#[test]
fn what_is_wrong_is_named() {
    for (line, named) in [
        ("bench echo --to nowhere", "nowhere"),
        ("bench echo --size 64", "64"),
        ("bench echo --size 8B", "--size"),
        ("bench echo --framing stanza", "stanza"),
        ("bench echo --framing link", "link"),
        ("bench echo --rate 0", "0"),
        ("bench echo --rate 5 --in-flight 2", "--in-flight"),
        ("bench echo --connections 0", "--connections"),
        ("bench echo --framing tpkt --size 64KiB", "tpkt"),
        ("bench idle --every 60", "60"),
        ("bench idle --connections 100000", "--from"),
        ("bench idle --shards 0", "0"),
        ("bench idle --shards 4097", "4096"),
        ("bench sing", "sing"),
    ] {
        let error = bench(line).expect_err(line);
        assert!(error.contains(named), "{line}: {error}");
    }
}

#[test]
fn shards_are_counted_or_chosen() {
    assert_eq!("auto".parse(), Ok(Shards::Auto));
    assert_eq!("1".parse(), Ok(Shards::Count(1)));
    assert_eq!("4096".parse(), Ok(Shards::Count(4_096)));
    for wrong in ["", "0", "4097", "-1", "65537", "two"] {
        assert!(wrong.parse::<Shards>().is_err(), "{wrong}");
    }
}

#[test]
fn no_verb_is_possible() {
    assert!(parse("").expect("no verb is needed").command.is_none());
    assert!(parse("card --json").is_ok());
    assert!(parse("sing").is_err());
}

#[test]
fn gateways_come_in_a_closed_loop_unless_a_rate_is_given() {
    let h248 = |line: &str| match bench(line).map(|(run, _)| (run.shards, run.work)) {
        Ok((shards, Work::H248(plan))) => Ok((shards, plan)),
        Ok((_, other)) => panic!("{other}"),
        Err(error) => Err(error),
    };
    let (shards, plan) = h248("bench h248").expect("all has defaults");
    assert_eq!(
        (shards, plan.gateways, plan.name.as_str()),
        (None, 100, "mg")
    );
    assert_eq!(plan.pace, Pace::Closed { in_flight: 1 });
    let (shards, plan) = h248(
        "bench h248 --role mgc --to udp://[::1]:2945 --encoding ber --version 3 --gateways 50 --rate 100 --requests 7",
    )
    .expect("all is right");
    assert_eq!(
        (shards, plan.sockets, plan.name.as_str()),
        (Some(1), 50, "mgc")
    );
    assert_eq!((plan.warmup, plan.requests), (Duration::ZERO, Some(7)));
    let every = Duration::from_millis(500);
    assert_eq!(plan.pace, Pace::Open { every });
    for wrong in [
        "--shards 2 --to udp://127.0.0.1:1",
        "--gateways 0",
        "--name a{b",
        "--version 4",
        "--to 127.0.0.1:1",
    ] {
        assert!(h248(&format!("bench h248 {wrong}")).is_err(), "{wrong}");
    }
}
