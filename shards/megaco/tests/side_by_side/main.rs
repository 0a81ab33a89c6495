//! The same conversations with Erlang/OTP's `megaco` over TCP and with our engine, case by case and in every encoding and version; they may
//! differ only where the list says so, and only in the way that it says. And the two face to face, each with and without its sender and its segments.
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
use otp::{Heard, Otp};
use std::time::Duration;
use tongue::Tongue;

/// One step of a conversation.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The peer sends transactions, in compact text.
    Send(&'static str),
    /// So many milliseconds pass.
    Wait(u64),
}

/// Runs of a case in which nothing was late; after so many it must have come out right. Our side is always the same, and OTP must say
/// exactly what is expected, be it the same or the listed difference: what more runs can forgive are races that OTP has with itself.
const ATTEMPTS: usize = 5;

/// Runs in all. What is listed must be heard when nothing was late, for a late answer looks like a missing one; a machine that was late
/// in all these runs is believed in the last.
const RUNS: usize = 8;

/// From when on a timer is late: the cases have margins of twice that.
const LATE: Duration = Duration::from_millis(25);

/// What came of a case, and whether it is what should come of it.
struct Verdict {
    text: String,
    is_right: bool,
}

fn judge(case: &Case, tongue: Tongue, theirs: &Heard, ours: &[String], in_time: bool) -> Verdict {
    let differs = match tongue.is_binary() {
        true => case.differs.in_binary,
        false => case.differs.in_text,
    };
    let same = theirs.messages == ours;
    let (text, is_right) = match differs {
        None if same => ("same".to_owned(), true),
        None => ("DIFFERS".to_owned(), false),
        Some(listed) if same => (format!("SAME, but listed: {}", listed.why), false),
        Some(listed) if theirs.messages == listed.otp => {
            (format!("differs: {}", listed.why), in_time)
        }
        Some(listed) => (format!("DIFFERS in another way than {}", listed.why), false),
    };
    let both = format!("\n    OTP  {:?}\n    ours {ours:?}", theirs.messages);
    let late = format!("\n    OTP or its peer was late by {:?}", theirs.late);
    let text = match (same, is_right) {
        (true, true) => text,
        (false, true) => text + &both,
        (_, false) => text + &both + &late,
    };
    Verdict { text, is_right }
}

/// A case that has not come out right yet.
struct Open {
    case: &'static Case,
    ours: Vec<String>,
    /// Runs in which nothing was late.
    attempts: usize,
}

/// Runs all cases until each has come out right, or has had its attempts: the report, and what is wrong.
fn run(tongue: Tongue, report: &mut Vec<String>, wrong: &mut Vec<String>) -> Option<()> {
    let fits =
        |case: &&Case| case.version <= tongue.version && !(case.text_only && tongue.is_binary());
    let mut open: Vec<Open> = cases()
        .filter(fits)
        .map(|case| Open {
            case,
            ours: ours::run(case, tongue),
            attempts: 0,
        })
        .collect();
    for run in 1..=RUNS {
        let asked: Vec<&'static Case> = open.iter().map(|open| open.case).collect();
        let Some(mut otp) = Otp::start(tongue, &asked) else {
            assert!(run == 1 && report.is_empty(), "OTP does not start again");
            return None;
        };
        let heard = otp.run(&asked);
        let mut again = Vec::new();
        for (mut case, theirs) in open.into_iter().zip(heard) {
            let in_time = theirs.late < LATE;
            let verdict = judge(
                case.case,
                tongue,
                &theirs,
                &case.ours,
                in_time || run == RUNS,
            );
            case.attempts += usize::from(in_time);
            let over = run == RUNS || case.attempts == ATTEMPTS;
            if !verdict.is_right && !over {
                again.push(case);
                continue;
            }
            let line = format!("{tongue:?} {:<44} {}", case.case.name, verdict.text);
            wrong.extend((!verdict.is_right).then(|| line.clone()));
            report.push(line);
        }
        if again.is_empty() {
            break;
        }
        open = again;
    }
    Some(())
}

#[test]
fn differences_are_those_on_the_list() {
    let (mut report, mut wrong) = (Vec::new(), Vec::new());
    for tongue in Tongue::ALL {
        if run(tongue, &mut report, &mut wrong).is_none() {
            eprintln!("skipped: no Erlang with the megaco application on this machine");
            return;
        }
    }
    eprintln!("{}", report.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
