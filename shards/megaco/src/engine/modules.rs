//! Callback modules: added under a name, found by it.

use super::Engine;
use crate::call::CallOptions;
use crate::config::Module;
use crate::fault::Error;
use crate::user::User;

/// A callback module.
pub(super) struct ModuleRow {
    name: String,
    /// Lent out while it is called.
    pub user: Option<Box<dyn User>>,
}

impl ModuleRow {
    pub(super) fn new(name: &str, user: Box<dyn User>) -> Self {
        Self {
            name: name.to_owned(),
            user: Some(user),
        }
    }
}

impl Engine {
    /// Adds a callback module. Its name is what item `user_mod` takes from here on; a name is given once.
    pub fn add_module(&mut self, name: &str, user: Box<dyn User>) -> Result<Module, Error> {
        if self.find_module(name).is_ok() {
            return Err(Error::ModuleAlreadyExists(name.to_owned()));
        }
        let place = u16::try_from(self.modules.len()).map_err(|_| Error::Limit("modules_max"))?;
        self.modules.push(ModuleRow::new(name, user));
        Ok(Module::at(name, place))
    }

    /// The callback module of a name, with its place.
    pub(super) fn find_module(&self, name: &str) -> Result<Module, Error> {
        let place = self
            .modules
            .iter()
            .zip(0..)
            .find(|(row, _)| row.name == name);
        let (_, place) = place.ok_or_else(|| Error::NoModuleOfName(name.to_owned()))?;
        Ok(Module::at(name, place))
    }

    /// The place of the module that options name, or of the connection's own.
    pub(super) fn module_of(&self, options: &CallOptions, own: u16) -> Result<u16, Error> {
        match &options.user_mod {
            Some(module) => Ok(self.find_module(module.name())?.place()),
            None => Ok(own),
        }
    }
}
