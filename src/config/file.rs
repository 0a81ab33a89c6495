//! `serve --config FILE`: what is served, as one TOML document. Options on the command line add to it; limits there override its own.
//!
//! ```toml
//! listen = ["h248+tcp://0.0.0.0:2944"]          # as --listen
//! link = ["listen:127.0.0.1:6280?name=mgc"]     # as --link
//!
//! [limits]                                      # as --limit
//! associations_max = 100000
//!
//! [h248]
//! source_check = "address"                      # off, address or strict
//! [h248.addresses]                              # of controllers whose MID is no address
//! "<mgc.example>" = "192.0.2.1:2944"
//!
//! [megaco]                                      # defaults of all users
//! [[megaco.user]]                               # the first is the one that listeners mean without user=
//! mid = "<mgc.example>"
//! user_mod = "link:mgc"                         # who answers: built-in (the default), or controllers on a link
//! ```

use super::h248::DEFAULT_USER;
use super::{ConfigError, Link, Listen};
use crate::cli::LimitArg;
use megaphone_core::{Answers, H248User, LIMITS, SourceCheck};
use megaphone_h248::model::IntoOwned;
use megaphone_megaco::Mid;
use megaphone_megaco::config::Module;
use megaphone_megaco::setup::{Setup, SetupError, UserSetup};
use std::net::SocketAddr;
use thiserror::Error;
use toml::{Table, Value};

/// What a document says.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// Listeners.
    pub listen: Vec<Listen>,
    /// Links.
    pub link: Vec<Link>,
    /// Limits.
    pub limits: Vec<LimitArg>,
    /// Whom to believe.
    pub source_check: SourceCheck,
    /// Where controllers are whose MID is no address.
    pub addresses: Vec<(Mid, SocketAddr)>,
    /// H.248's users, and the names of those who answer for them.
    pub users: Vec<(H248User, Option<String>)>,
    /// Limits of the transaction engines, and defaults of users.
    pub megaco: Setup,
}

/// What is wrong with a document.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// It is not TOML: where and why.
    #[error("{0}")]
    Syntax(String),
    /// A key that does not exist, or a value that it does not take.
    #[error("{key}: {want}")]
    Key {
        /// Its path.
        key: String,
        /// What it takes.
        want: &'static str,
    },
    /// A listener or link.
    #[error("{key}: {text}: {error}")]
    Spec {
        /// Its path.
        key: String,
        /// What is written there.
        text: String,
        /// What is wrong.
        error: ConfigError,
    },
    /// Table `megaco`.
    #[error(transparent)]
    Megaco(#[from] SetupError),
}

fn key(key: impl Into<String>, want: &'static str) -> FileError {
    FileError::Key {
        key: key.into(),
        want,
    }
}

impl File {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The first [`FileError`].
    pub fn parse(document: &str) -> Result<File, FileError> {
        let table: Table = document
            .parse()
            .map_err(|error: toml::de::Error| FileError::Syntax(error.to_string()))?;
        let megaco = Setup::parse(document)?;
        let mut file = File {
            users: users(&megaco),
            megaco,
            ..File::default()
        };
        for (name, value) in &table {
            match (name.as_str(), value) {
                ("listen", Value::Array(specs)) => file.listen = parsed("listen", specs)?,
                ("link", Value::Array(specs)) => file.link = parsed("link", specs)?,
                ("limits", Value::Table(limits)) => file.limits = read_limits(limits)?,
                ("h248", Value::Table(h248)) => file.read_h248(h248)?,
                ("megaco", _) => {}
                ("listen" | "link", _) => return Err(key(name, "a list of texts")),
                _ => return Err(key(name, "there are: listen, link, limits, h248, megaco")),
            }
        }
        Ok(file)
    }

    fn read_h248(&mut self, table: &Table) -> Result<(), FileError> {
        for (name, value) in table {
            match (name.as_str(), value) {
                ("source_check", Value::String(word)) => {
                    self.source_check = match word.as_str() {
                        "off" => SourceCheck::Off,
                        "address" => SourceCheck::Address,
                        "strict" => SourceCheck::Strict,
                        _ => return Err(key("h248.source_check", "off, address or strict")),
                    };
                }
                ("addresses", Value::Table(addresses)) => {
                    for (mid, at) in addresses {
                        let wrong = || {
                            let path = format!("h248.addresses.{mid:?}");
                            key(path, "a MID, and the address and port to reach it at")
                        };
                        let at = at.as_str().and_then(|at| at.parse().ok());
                        let both = Mid::parse(mid).zip(at).ok_or_else(wrong)?;
                        self.addresses.push(both);
                    }
                }
                _ => {
                    let path = format!("h248.{name}");
                    return Err(key(path, "there are: source_check, addresses"));
                }
            }
        }
        Ok(())
    }
}

fn parsed<T: std::str::FromStr<Err = ConfigError>>(
    name: &str,
    specs: &[Value],
) -> Result<Vec<T>, FileError> {
    let one = |(at, spec): (usize, &Value)| {
        let path = format!("{name}[{at}]");
        let text = spec.as_str().ok_or_else(|| key(&*path, "a text"))?;
        text.parse().map_err(|error| FileError::Spec {
            key: path,
            text: text.into(),
            error,
        })
    };
    specs.iter().enumerate().map(one).collect()
}

fn read_limits(table: &Table) -> Result<Vec<LimitArg>, FileError> {
    let one = |(name, value): (&String, &Value)| {
        let path = || format!("limits.{name}");
        if !LIMITS.iter().any(|limit| limit.key == name) {
            return Err(key(path(), "no limit has this name"));
        }
        let value = value.as_integer().and_then(|it| u32::try_from(it).ok());
        Ok(LimitArg {
            key: name.clone(),
            value: value.ok_or_else(|| key(path(), "a number from 0 to 4294967295"))?,
        })
    };
    table.iter().map(one).collect()
}

/// The users of table `megaco`. The first has the name that listeners mean without `user=`; each has its MID as a name too.
fn users(megaco: &Setup) -> Vec<(H248User, Option<String>)> {
    let one = |(at, user): (usize, &UserSetup)| {
        let name = match at {
            0 => DEFAULT_USER.to_owned(),
            _ => user.mid.to_string(),
        };
        let made = H248User {
            items: user.config.clone(),
            connections: user.connections.clone(),
            gateway: user.gateway.clone(),
            answers: Answers::BuiltIn,
            ..H248User::new(&name, user.mid.as_model().into_owned())
        };
        let module = &user.config.user_mod;
        let named = *module != Module::default();
        (made, named.then(|| module.name().to_owned()))
    };
    megaco.users.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_what_is_served() {
        let file = File::parse(
            "listen = ['h248+tcp://127.0.0.1:2944?user=<b>']\n\
             link = ['listen:127.0.0.1:6280?name=mgc']\n\
             [limits]\nassociations_max = 7\n\
             [h248]\nsource_check = 'strict'\naddresses.'<c>' = '192.0.2.1:2944'\n\
             [megaco]\nauto_ack = true\n\
             [[megaco.user]]\nmid = '<a>'\nreply_timer = 4000\n\
             [[megaco.user]]\nmid = '<b>'\nuser_mod = 'built-in'\n\
             [[megaco.user.connection]]\nremote_mid = 'gw1'\nprotocol_version = 2\n",
        )
        .expect("right");
        assert_eq!((file.listen.len(), file.link.len()), (1, 1));
        assert_eq!(file.limits[0].value, 7);
        assert_eq!(file.source_check, SourceCheck::Strict);
        assert_eq!(file.addresses[0].0.to_string(), "<c>");
        let names = file.users.iter().map(|(user, _)| user.name.as_str());
        assert!(names.eq([DEFAULT_USER, "<b>"]));
        assert!(file.users.iter().all(|(user, _)| user.items.auto_ack));
        assert_eq!(file.users[1].1.as_deref(), Some("built-in"));
        assert_eq!(file.users[1].0.connections.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_by_its_path() {
        for (document, named) in [
            ("listen = 7", "listen"),
            ("listen = ['tcp://x']", "listen[0]"),
            ("colour = 'red'", "colour: there are: listen"),
            ("[limits]\nno_such = 1", "limits.no_such"),
            ("[limits]\nassociations_max = -1", "limits.associations_max"),
            ("[h248]\nsource_check = 'never'", "h248.source_check"),
            ("[h248]\nx = 1", "h248.x"),
            ("[h248.addresses]\ngw = 'nowhere'", "h248.addresses.\"gw\""),
            ("[megaco]\nno_such_item = 1", "no_such_item"),
            ("listen = [", "expected"),
        ] {
            let error = File::parse(document).expect_err(document).to_string();
            assert!(error.contains(named), "{document}: {error}");
        }
    }
}
