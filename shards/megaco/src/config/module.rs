//! Who answers: a callback module by its name, as OTP's `user_mod` names one.

use std::fmt;
use std::sync::Arc;

/// A callback module of an engine. Its name is what it is; the engine that knows it keeps its place beside the name.
#[derive(Clone)]
pub struct Module {
    name: Arc<str>,
    place: Option<u16>,
}

impl Module {
    /// The name of [`crate::DefaultUser`], which every engine knows.
    pub const DEFAULT: &'static str = "megaco_user_default";

    /// The module of this name, whatever engine will be asked for it.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            place: None,
        }
    }

    pub(crate) fn at(name: &str, place: u16) -> Self {
        Self {
            place: Some(place),
            ..Self::named(name)
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its engine has it. The default module's place stands for one that no engine has looked up.
    pub(crate) fn place(&self) -> u16 {
        self.place.unwrap_or(0)
    }
}

impl Default for Module {
    fn default() -> Self {
        Self::at(Self::DEFAULT, 0)
    }
}

impl PartialEq for Module {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Module {}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Module({:?})", self.name)
    }
}
