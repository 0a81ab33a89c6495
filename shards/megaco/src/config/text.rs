//! Values as they are written, in a configuration file and on a command line: TOML's values, and bare words for those who type.

use super::{ConfigError, Setting};
use std::fmt;
use std::str::FromStr;

impl FromStr for Setting {
    type Err = ConfigError;

    /// `true`, `30000`, `infinity` or `"infinity"`, `link:mgc`, `{ wait_for = 500, max_retries = 3 }`, `["otp_values"]`.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim();
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte);
        if let Ok(value) = toml::Value::from_str(text) {
            return Self::from_toml(&value);
        }
        if !text.is_empty() && text.bytes().all(bare) {
            return Ok(Self::Word(text.to_owned()));
        }
        Err(ConfigError::NotAValue(text.to_owned()))
    }
}

impl Setting {
    /// The value of a parsed document. There are no fractions and no dates in a configuration.
    pub(crate) fn from_toml(value: &toml::Value) -> Result<Self, ConfigError> {
        Ok(match value {
            toml::Value::Boolean(value) => Self::Bool(*value),
            toml::Value::Integer(value) => Self::Int(*value),
            toml::Value::String(value) => Self::Word(value.clone()),
            toml::Value::Array(values) => Self::List(
                values
                    .iter()
                    .map(Self::from_toml)
                    .collect::<Result<_, _>>()?,
            ),
            toml::Value::Table(fields) => {
                let field =
                    |(name, value): (&String, _)| Ok((name.clone(), Self::from_toml(value)?));
                Self::Table(fields.iter().map(field).collect::<Result<_, _>>()?)
            }
            toml::Value::Float(_) | toml::Value::Datetime(_) => {
                return Err(ConfigError::NotAValue(value.to_string()));
            }
        })
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, within: bool) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Word(word) if within => write!(f, "{}", toml::Value::String(word.clone())),
            Self::Word(word) => f.write_str(word),
            Self::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    value.write(f, true)?;
                }
                f.write_str("]")
            }
            Self::Table(fields) => {
                f.write_str("{ ")?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name} = ", if at == 0 { "" } else { ", " })?;
                    value.write(f, true)?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// As it would be typed: a word by itself stands bare.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, false)
    }
}
