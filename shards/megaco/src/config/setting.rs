//! A configuration value as it is written: the small literal type TOML, an admin command or a test turns into an item's typed value.

use super::timer::{Retries, Timer};

/// A written value, before an item has judged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A word: `"infinity"`, `"megaco_compact_text_encoder"`.
    Word(String),
    /// Named values: `{ wait_for = 7000, factor = 2, incr = 0, max_retries = "infinity" }`.
    Table(Vec<(String, Setting)>),
    /// A list: the encoding configuration.
    List(Vec<Setting>),
}

/// Why a written value is not one the item takes. It names what the item takes.
pub(super) type Refusal = &'static str;

impl Setting {
    pub(super) fn bool(&self) -> Result<bool, Refusal> {
        match self {
            Self::Bool(value) => Ok(*value),
            _ => Err("it takes true or false"),
        }
    }

    pub(super) fn u32(&self) -> Result<u32, Refusal> {
        match self {
            Self::Int(value) => {
                u32::try_from(*value).map_err(|_| "it takes a number from 0 to 4294967295")
            }
            _ => Err("it takes a number from 0 to 4294967295"),
        }
    }

    /// A number of one or more, or `infinity` for none.
    pub(super) fn limit(&self) -> Result<Option<u32>, Refusal> {
        const WANT: Refusal = "it takes a number of 1 or more, or infinity";
        match self {
            Self::Word(word) if word == "infinity" => Ok(None),
            Self::Int(1..) => self.u32().map(Some).map_err(|_| WANT),
            _ => Err(WANT),
        }
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn timer(&self) -> Result<Timer, Refusal> {
        const WANT: Refusal =
            "it takes milliseconds, infinity, or { wait_for, factor, incr, max_retries }";
        match self {
            Self::Int(_) => self.u32().map(Timer::Once).map_err(|_| WANT),
            Self::Word(word) if word == "infinity" => Ok(Timer::Infinity),
            Self::Table(fields) => incremental(fields),
            _ => Err(WANT),
        }
    }
}

fn incremental(fields: &[(String, Setting)]) -> Result<Timer, Refusal> {
    let (mut wait_for, mut factor, mut incr, mut max_retries) = (7000, 2, 0, Retries::Infinity);
    for (name, value) in fields {
        match name.as_str() {
            "wait_for" => wait_for = value.u32()?,
            "factor" => factor = value.u32()?,
            "incr" => match value {
                Setting::Int(n) => {
                    incr = i32::try_from(*n).map_err(|_| "incr takes a 32-bit number")?
                }
                _ => return Err("incr takes a 32-bit number"),
            },
            "max_retries" => {
                max_retries = match value.word() {
                    Some("infinity") => Retries::Infinity,
                    Some("infinity_restartable") => Retries::InfinityRestartable,
                    _ => Retries::Count(value.u32().map_err(
                        |_| "max_retries takes a number, infinity or infinity_restartable",
                    )?),
                }
            }
            _ => return Err("a timer has only wait_for, factor, incr and max_retries"),
        }
    }
    Ok(Timer::incremental(wait_for, factor, incr, max_retries))
}

impl From<bool> for Setting {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Setting {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Setting {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Setting {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<&str> for Setting {
    fn from(value: &str) -> Self {
        Self::Word(value.to_owned())
    }
}

impl From<Option<u32>> for Setting {
    fn from(value: Option<u32>) -> Self {
        value.map_or_else(|| "infinity".into(), Self::from)
    }
}

impl From<Timer> for Setting {
    fn from(timer: Timer) -> Self {
        match timer {
            Timer::Infinity => "infinity".into(),
            Timer::Once(ms) => ms.into(),
            Timer::Incremental {
                wait_for,
                factor,
                incr,
                max_retries,
            } => Self::Table(vec![
                ("wait_for".to_owned(), wait_for.into()),
                ("factor".to_owned(), factor.into()),
                ("incr".to_owned(), incr.into()),
                (
                    "max_retries".to_owned(),
                    match max_retries {
                        Retries::Count(n) => n.into(),
                        Retries::Infinity => "infinity".into(),
                        Retries::InfinityRestartable => "infinity_restartable".into(),
                    },
                ),
            ]),
        }
    }
}
