use super::*;
use crate::ctl::ask;
use crate::failure::Failure;
use megaphone_core::{Traced, Transport};
use megaphone_wheel::Tick;

/// A desk in front of shards that `answer` speaks for.
fn desk(
    answer: impl Fn(&Desk, ShardId, QuestionId, Command) -> bool + Send + Sync + 'static,
) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ctl");
    let listener = UnixListener::bind(&path).expect("a socket");
    let desk = Arc::new(Desk::default());
    let shards = Shards {
        count: 3,
        ask: {
            let desk = Arc::clone(&desk);
            Box::new(move |shard, question, command| answer(&desk, shard, question, command))
        },
        started: SystemTime::UNIX_EPOCH,
    };
    start(listener, desk, shards).expect("a thread");
    (folder, path)
}

fn everything(path: &std::path::Path, question: &str) -> Result<Vec<Said>, Failure> {
    let mut heard = Vec::new();
    ask(path, question, |said| {
        heard.push(said);
        true
    })?;
    Ok(heard)
}

#[test]
fn each_shard_is_asked_and_what_all_say_is_passed_on() {
    let (_folder, path) = desk(|desk, shard, question, command| {
        assert_eq!(command, Command::Gauges);
        desk.take(shard, question, Answer::Line(format!("n={}", shard.0)));
        desk.take(shard, question, Answer::Done);
        true
    });
    let heard = everything(&path, "gauges").expect("an answer");
    let expected = (0..3).map(|shard| Said {
        shard: Some(shard),
        saying: Saying::Line(format!("n={shard}")),
    });
    assert_eq!(heard, expected.collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_reason() {
    let (_folder, path) = desk(|desk, shard, question, _| {
        desk.take(shard, question, Answer::Done);
        shard.0 == 0
    });
    let refusals = |question: &str| -> Vec<String> {
        let heard = everything(&path, question).expect("an answer");
        let refused = heard.into_iter().filter_map(|said| match said.saying {
            Saying::Refused(why) => Some(why),
            _ => None,
        });
        refused.collect()
    };
    assert!(refusals("gages")[0].starts_with("unknown question"));
    assert!(refusals("")[0].starts_with("unknown question"));
    assert_eq!(
        refusals("gauges"),
        [
            "shard 1 takes no questions now",
            "shard 2 takes no questions now"
        ]
    );
    assert_eq!(
        everything(&path, "help").expect("help").len(),
        words::SPELLINGS.len()
    );
}

#[test]
fn a_trace_ends_when_the_operator_leaves_and_owns_up_to_gaps() {
    let (ended, ends) = sync_channel(3);
    let (_folder, path) = desk(move |desk, shard, question, command| {
        match command {
            Command::Trace { .. } if shard.0 == 1 => {
                for at in 0..ANSWERS_WAITING_MAX as u64 + 10 {
                    let message = Traced {
                        at: Tick(at),
                        home: shard,
                        received: true,
                        over: Transport::Tcp,
                        ends: megaphone_core::Ends::default(),
                        bytes: b"!/1".to_vec(),
                    };
                    desk.take(shard, question, Answer::Message(message));
                }
            }
            Command::Untrace { trace } => {
                assert_eq!(trace, question);
                ended.send(shard).expect("the test listens");
            }
            _ => {}
        }
        true
    });
    let mut messages = 0;
    let mut lost = None;
    ask(&path, "trace <gw>", |said| {
        match said.saying {
            Saying::Message(_) => messages += 1,
            Saying::Line(line) => lost = Some(line),
            _ => {}
        }
        lost.is_none() || messages < ANSWERS_WAITING_MAX
    })
    .expect("a trace");
    assert_eq!(messages, ANSWERS_WAITING_MAX);
    assert_eq!(lost.as_deref(), Some("answers_lost=10"));
    for shard in 0..3 {
        let end = ends.recv_timeout(Duration::from_secs(20));
        assert_eq!(end, Ok(ShardId(shard)), "the trace is ended everywhere");
    }
}
