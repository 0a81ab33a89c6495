//! What an operator writes, turned into what the program means: addresses, sizes, times, processors. It reads
//! no file and asks the machine nothing.

pub mod address;
pub mod cpuset;
pub mod file;
pub mod h248;
pub mod link;
pub mod listen;
pub mod query;
pub mod units;

pub use address::Address;
pub use cpuset::CpuSet;
pub use file::File;
pub use link::Link;
pub use listen::Listen;
pub use query::Query;
pub use units::{Size, Span};

use thiserror::Error;

/// What is wrong with a text. Whoever shows it puts the option's name and the whole text in front.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A text that is not what it should be.
    #[error("`{given}` is not {expected}, such as {example}")]
    Malformed {
        /// The text, or the part of it that is wrong.
        given: String,
        /// What it should be.
        expected: &'static str,
        /// One that is right.
        example: &'static str,
    },
    /// A number out of its range.
    #[error("{given} is out of range: {least} to {most} are possible")]
    Range {
        /// The number.
        given: String,
        /// The least that is possible.
        least: String,
        /// The most that is possible.
        most: String,
    },
    /// A key that does not exist here.
    #[error("`{key}` is not known here; there are: {known}")]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that exist, separated by commas.
        known: String,
    },
    /// A key that must be there.
    #[error("`{key}=` is missing; add {example}")]
    MissingKey {
        /// The key.
        key: &'static str,
        /// What to add.
        example: &'static str,
    },
    /// A key that is there twice.
    #[error("`{key}=` is given twice")]
    RepeatedKey {
        /// The key.
        key: String,
    },
}

impl ConfigError {
    pub(crate) fn malformed(
        given: &str,
        expected: &'static str,
        example: &'static str,
    ) -> ConfigError {
        ConfigError::Malformed {
            given: given.into(),
            expected,
            example,
        }
    }
}
