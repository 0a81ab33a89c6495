//! The conversations: what the peer sends and when, under which items, and why the answers may differ.

mod plain;
mod segments;
mod sender;

use super::Step;
use megaphone_megaco::config::{Retries, Setting, Timer};

/// A conversation.
#[derive(Debug)]
pub struct Case {
    pub name: &'static str,
    /// Items of the user that is talked to. `own_` before a name: the connection's, set when it is made (D2: OTP's connections do not
    /// take over the user's `trans_ack`).
    pub items: &'static [(&'static str, Value)],
    pub steps: &'static [Step],
    /// The lowest version it is for.
    pub version: u8,
    /// What is sent has no binary form.
    pub text_only: bool,
    /// Why the two differ, if they should.
    pub differs: Differs,
}

/// Why OTP and we differ, and what OTP says then: this and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    pub why: &'static str,
    pub otp: &'static [&'static str],
}

/// How OTP and we differ, in text and in binary.
#[derive(Clone, Copy, Debug)]
pub struct Differs {
    pub in_text: Option<Difference>,
    pub in_binary: Option<Difference>,
}

impl Differs {
    const NOT: Self = Self {
        in_text: None,
        in_binary: None,
    };

    const fn always(why: &'static str, otp: &'static [&'static str]) -> Self {
        let difference = Some(Difference { why, otp });
        Self {
            in_text: difference,
            in_binary: difference,
        }
    }

    const fn in_text(why: &'static str, otp: &'static [&'static str]) -> Self {
        Self {
            in_text: Some(Difference { why, otp }),
            ..Self::NOT
        }
    }

    const fn in_binary(why: &'static str, otp: &'static [&'static str]) -> Self {
        Self {
            in_binary: Some(Difference { why, otp }),
            ..Self::NOT
        }
    }
}

/// An item's value.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// A number, a boolean or a word: OTP and we write them alike.
    Is(&'static str),
    /// A timer of equal periods in milliseconds, so many besides the last; none: without end.
    Every(u32, Option<u32>),
}

impl Value {
    /// For OTP's script.
    pub fn in_erlang(self) -> String {
        match self {
            Self::Is(word) => word.to_owned(),
            Self::Every(ms, Some(retries)) => format!("{{incr,{ms},1,0,{retries}}}"),
            Self::Every(ms, None) => format!("{{incr,{ms},1,0,infinity}}"),
        }
    }

    /// For our engine.
    pub fn setting(self) -> Setting {
        match self {
            Self::Is(word) => word.parse().expect("a value"),
            Self::Every(ms, retries) => {
                let retries = retries.map_or(Retries::Infinity, Retries::Count);
                Timer::incremental(ms, 1, 0, retries).into()
            }
        }
    }
}

impl Case {
    /// The items as an Erlang list.
    pub fn in_erlang(&self) -> String {
        let items = self.items.iter();
        let items: Vec<String> = items
            .map(|(name, value)| format!("{{{name},{}}}", value.in_erlang()))
            .collect();
        format!("[{}]", items.join(","))
    }
}

const CASE: Case = Case {
    name: "",
    items: &[],
    steps: &[],
    version: 1,
    text_only: false,
    differs: Differs::NOT,
};

macro_rules! notify {
    ($id:literal, $name:literal) => {
        concat!("T=", $id, "{C=-{N=", $name, "{OE=1{al/of}}}}")
    };
}
use notify;

/// All of them.
pub fn cases() -> impl Iterator<Item = &'static Case> {
    plain::CASES
        .iter()
        .chain(sender::CASES)
        .chain(segments::CASES)
}
