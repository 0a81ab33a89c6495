//! The same conversations with Erlang/OTP's `megaco` over TCP and with our engine, case by case and in every encoding and version; they may
//! differ only where the list says so. And the two face to face, each with and without its sender and its segments.
//!
//! OTP runs in a process of its own (`tests/peers/otp_answers.escript`, real time); in the cases our engine runs in virtual time. A machine
//! without Erlang's `megaco` skips all this and says so. The report is printed with `--nocapture`.

#![allow(unreachable_pub, reason = "a test crate has no users")]

mod cases;
mod face_to_face;
mod otp;
mod ours;
mod tongue;

use cases::{Case, cases};
use tongue::Tongue;

/// One step of a conversation.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The peer sends transactions, in compact text.
    Send(&'static str),
    /// So many milliseconds pass.
    Wait(u64),
}

/// A busy machine can move OTP's timers: what it says counts if it says so again.
const ATTEMPTS: usize = 5;

/// What came of a case, if it is not what should come of it.
struct Verdict {
    text: String,
    is_right: bool,
}

fn judge(case: &Case, tongue: Tongue, theirs: &[String], ours: &[String]) -> Verdict {
    let differs = match tongue.is_binary() {
        true => case.differs.in_binary,
        false => case.differs.in_text,
    };
    let both = || format!("\n    OTP  {theirs:?}\n    ours {ours:?}");
    let text = match (theirs == ours, differs) {
        (true, None) => "same".to_owned(),
        (false, Some(why)) => format!("differs, as it should: {why}{}", both()),
        (true, Some(why)) => format!("SAME, but it should differ: {why}{}", both()),
        (false, None) => format!("DIFFERS{}", both()),
    };
    Verdict {
        text,
        is_right: (theirs == ours) == differs.is_none(),
    }
}

#[test]
fn differences_are_those_on_the_list() {
    let mut wrong = Vec::new();
    for tongue in Tongue::ALL {
        let fits = |case: &&Case| {
            case.version <= tongue.version && !(case.text_only && tongue.is_binary())
        };
        let mut open: Vec<&Case> = cases().filter(fits).collect();
        for attempt in 1..=ATTEMPTS {
            let Some(mut otp) = otp::Otp::start(tongue, &open) else {
                eprintln!("skipped: no Erlang with the megaco application on this machine");
                return;
            };
            let theirs = otp.run(&open);
            let judged = open.iter().zip(theirs).map(|(case, theirs)| {
                let ours = ours::run(case, tongue);
                (*case, judge(case, tongue, &theirs, &ours))
            });
            let (right, again): (Vec<_>, Vec<_>) =
                judged.partition(|(_, verdict)| verdict.is_right || attempt == ATTEMPTS);
            for (case, verdict) in right {
                let line = format!("{tongue:?} {:<44} {}", case.name, verdict.text);
                eprintln!("{line}");
                wrong.extend((!verdict.is_right).then_some(line));
            }
            open = again.into_iter().map(|(case, _)| case).collect();
            if open.is_empty() {
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
