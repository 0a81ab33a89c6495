//! The same conversations with Erlang/OTP's `megaco` over TCP and with our engine, case by case; they may differ only where the list says so.
//!
//! OTP runs in a process of its own (`tests/peers/otp_answers.escript`, real time); our engine runs in virtual time. A machine
//! without Erlang's `megaco` skips the comparison and says so. The report is printed with `--nocapture`.

#![allow(unreachable_pub, reason = "a test crate has no users")]

mod cases;
mod otp;
mod ours;

use cases::{CASES, Case};

/// One step of a conversation.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// The peer sends transactions, in compact text.
    Send(&'static str),
    /// So many milliseconds pass.
    Wait(u64),
}

#[test]
fn differences_are_those_on_the_list() {
    let Some(mut otp) = otp::Otp::start(CASES) else {
        eprintln!("skipped: no Erlang with the megaco application on this machine");
        return;
    };
    let theirs: Vec<Vec<String>> = otp.run(CASES);
    let mut wrong = Vec::new();
    for (case, theirs) in CASES.iter().zip(theirs) {
        let ours = ours::run(case);
        let verdict = match (theirs == ours, case.differs) {
            (true, None) => "same".to_owned(),
            (false, Some(why)) => {
                format!("differs, as it should: {why}\n    OTP  {theirs:?}\n    ours {ours:?}")
            }
            (true, Some(why)) => format!("SAME, but it should differ: {why}"),
            (false, None) => format!("DIFFERS\n    OTP  {theirs:?}\n    ours {ours:?}"),
        };
        eprintln!("{:<44} {verdict}", case.name);
        if (theirs == ours) != case.differs.is_none() {
            wrong.push(format!("{}: {verdict}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A message as it is compared: its transactions, errors by their codes (texts are each implementation's own), large replies by their size.
pub fn compared(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let arena = megaphone_h248::Arena::new();
    let limits = megaphone_h248::Limits::default();
    let Ok(decoded) = megaphone_h248::text::decode(bytes, &arena, &limits) else {
        return vec![format!("undecodable {text}")];
    };
    if let megaphone_h248::model::MessageBody::Error(error) = &decoded.message.body {
        return vec![format!("message error {}", error.code)];
    }
    let shown = |transaction: &megaphone_h248::model::Transaction<'_>| {
        let mut out = Vec::new();
        let layout = megaphone_h248::text::Layout::Compact;
        megaphone_h248::text::encode_transaction(transaction, layout, &mut out)
            .expect("it was decoded");
        let text = String::from_utf8_lossy(&out).to_lowercase();
        if text.len() > 1000 {
            return format!("{} and more", &text[..8]);
        }
        match (text.find("er="), text.rfind('"')) {
            (Some(at), Some(end)) => format!("{}{}", &text[..at + 6], &text[end + 1..]),
            (Some(at), None) => text[..(at + 6).min(text.len())].to_owned(),
            _ => text,
        }
    };
    decoded.message.transactions().iter().map(shown).collect()
}

impl Case {
    /// What the peer sends, in order, with the time before each.
    pub fn script(&self) -> impl Iterator<Item = Step> + '_ {
        self.steps.iter().copied()
    }
}
