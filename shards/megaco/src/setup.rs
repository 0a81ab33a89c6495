//! The initial configuration: table `megaco` of a TOML document, as values. It reads no file and starts nothing by itself.
//!
//! ```toml
//! [megaco]                        # defaults of all users, and the engine's limits
//! auto_ack = true
//! connections_max = 100000
//!
//! [[megaco.user]]
//! mid = "<mgc.example>"           # as text messages write it
//! user_mod = "built-in"           # who answers: the name of a callback module
//! request_timer = { wait_for = 500, factor = 2, max_retries = 7 }
//!
//! [[megaco.user.connection]]      # what is different for one peer
//! remote_mid = "[10.0.0.7]:2944"
//! protocol_version = 2
//! ```

use crate::config::{Config, ConfigError, Item, Setting};
use crate::engine::{Engine, Options};
use crate::fault::Error;
use crate::handle::UserId;
use crate::mid::Mid;
use crate::registration::{AdmissionRate, GatewayOptions};
use megaphone_wheel::Tick;
use std::time::Duration;
use thiserror::Error;
use toml::{Table, Value};

/// What a document says about users.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// What to make engines with: limits, and the defaults of users that are started later. The seed is the host's to set.
    pub options: Options,
    /// The users to start.
    pub users: Vec<UserSetup>,
}

/// A user to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSetup {
    /// Its MID.
    pub mid: Mid,
    /// Its items.
    pub config: Config,
    /// What is different for single peers.
    pub connections: Vec<ConnectionSetup>,
    /// How it registers, if it is a gateway that the engine registers.
    pub gateway: Option<GatewayOptions>,
}

/// What is different for one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSetup {
    /// The peer.
    pub remote: Mid,
    /// Its items.
    pub items: Vec<(Item, Setting)>,
}

/// Why a document was refused. It names the key.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetupError {
    /// It is not TOML: where and why.
    #[error("{0}")]
    Syntax(String),
    /// An item or its value.
    #[error("{key}: {error}")]
    Item {
        /// Its path.
        key: String,
        /// What is wrong.
        error: ConfigError,
    },
    /// A key that is no item.
    #[error("{key}: {want}")]
    Key {
        /// Its path.
        key: String,
        /// What it takes.
        want: &'static str,
    },
}

impl Setup {
    /// Reads table `megaco`; whatever else the document has is not looked at.
    pub fn parse(document: &str) -> Result<Self, SetupError> {
        let document: Table = document
            .parse()
            .map_err(|error: toml::de::Error| SetupError::Syntax(error.to_string()))?;
        let mut setup = Self::default();
        let Some(megaco) = document.get("megaco") else {
            return Ok(setup);
        };
        let megaco = table("megaco", megaco)?;
        let mut defaults = Items::default();
        for (name, value) in megaco.iter().filter(|(name, _)| *name != "user") {
            let key = format!("megaco.{name}");
            if !setup.limit(&key, name, value)? {
                defaults.add(&key, name, value)?;
            }
        }
        defaults.write(&mut setup.options.defaults)?;
        let users = tables("megaco.user", megaco.get("user"))?;
        for (at, user) in users.into_iter().enumerate() {
            let user = read_user(&format!("megaco.user[{at}]"), user, &setup.options.defaults)?;
            if setup.users.iter().any(|other| other.mid == user.mid) {
                return Err(wrong(
                    &format!("megaco.user[{at}].mid"),
                    "another user has this MID",
                ));
            }
            setup.users.push(user);
        }
        Ok(setup)
    }

    /// Whether a key is one of the engine's limits; then it is set.
    fn limit(&mut self, key: &str, name: &str, value: &Value) -> Result<bool, SetupError> {
        let options = &mut self.options;
        let limit = match name {
            "connections_max" => &mut options.connections_max,
            "requests_per_connection_max" => &mut options.requests_per_connection_max,
            "replies_per_connection_max" => &mut options.replies_per_connection_max,
            "replies_max" => &mut options.replies_max,
            "recent_intervals_per_connection_max" => {
                &mut options.recent_intervals_per_connection_max
            }
            "expiries_per_step" => &mut options.expiries_per_step,
            "acks_per_step" => &mut options.acks_per_step,
            "sweeps_max" => &mut options.sweeps_max,
            "admission" => {
                options.admission = Some(admission(key, table(key, value)?)?);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        *limit = count(key, value)?;
        Ok(true)
    }

    /// Starts the users in an engine that was made with [`Setup::options`] and has their callback modules, and the registration of
    /// those that are gateways.
    pub fn start(&self, now: Tick, engine: &mut Engine) -> Result<Vec<UserId>, Error> {
        let mut started = Vec::with_capacity(self.users.len());
        for user in &self.users {
            let id = engine.start_user_with(&user.mid.as_model(), user.config.clone())?;
            for connection in &user.connections {
                engine.set_overrides(id, &connection.remote, connection.items.clone())?;
            }
            if let Some(gateway) = &user.gateway {
                engine.register(now, id, gateway.clone())?;
            }
            started.push(id);
        }
        Ok(started)
    }
}

/// Items of one table, until all are known: they are checked together.
#[derive(Default)]
struct Items {
    items: Vec<(Item, Setting, String)>,
}

impl Items {
    fn add(&mut self, key: &str, name: &str, value: &Value) -> Result<(), SetupError> {
        let wrong = |error| SetupError::Item {
            key: key.to_owned(),
            error,
        };
        let item = Config::item(name).map_err(wrong)?;
        let value = Setting::from_toml(value).map_err(wrong)?;
        self.items.push((item, value, key.to_owned()));
        Ok(())
    }

    fn write(&self, config: &mut Config) -> Result<(), SetupError> {
        let written = config.set_all(self.items.iter().map(|(item, value, _)| (*item, value)));
        written.map_err(|error| {
            let of = |at: &Item| self.items.iter().find(|(item, ..)| item == at);
            let key = match &error {
                ConfigError::BadValue { item, .. } | ConfigError::Contradiction { item, .. } => {
                    of(item)
                }
                _ => None,
            };
            // A contradiction may be told by the item that was not written: then any that was will do.
            let key = key.or(self.items.first());
            SetupError::Item {
                key: key.map_or_else(|| "megaco".to_owned(), |(.., key)| key.clone()),
                error,
            }
        })
    }
}

fn read_user(path: &str, user: &Table, defaults: &Config) -> Result<UserSetup, SetupError> {
    let (mut items, mut gateway) = (Items::default(), None);
    for (name, value) in user {
        let key = format!("{path}.{name}");
        match name.as_str() {
            "mid" | "connection" => {}
            "gateway" => gateway = Some(read_gateway(&key, table(&key, value)?)?),
            _ => items.add(&key, name, value)?,
        }
    }
    let mut config = defaults.clone();
    items.write(&mut config)?;
    let mut connections: Vec<ConnectionSetup> = Vec::new();
    let listed = tables(&format!("{path}.connection"), user.get("connection"))?;
    for (at, connection) in listed.into_iter().enumerate() {
        let path = format!("{path}.connection[{at}]");
        let connection = read_connection(&path, connection, &config)?;
        if connections
            .iter()
            .any(|other| other.remote == connection.remote)
        {
            return Err(wrong(&format!("{path}.remote_mid"), "it is listed twice"));
        }
        connections.push(connection);
    }
    Ok(UserSetup {
        mid: mid(&format!("{path}.mid"), user.get("mid"))?,
        config,
        connections,
        gateway,
    })
}

fn read_connection(
    path: &str,
    connection: &Table,
    config: &Config,
) -> Result<ConnectionSetup, SetupError> {
    let mut items = Items::default();
    for (name, value) in connection.iter().filter(|(name, _)| *name != "remote_mid") {
        let key = format!("{path}.{name}");
        if matches!(name.as_str(), "min_trans_id" | "max_trans_id") {
            return Err(wrong(
                &key,
                "ids are counted by the user, not by a connection",
            ));
        }
        items.add(&key, name, value)?;
    }
    items.write(&mut config.clone())?;
    Ok(ConnectionSetup {
        remote: mid(&format!("{path}.remote_mid"), connection.get("remote_mid"))?,
        items: items
            .items
            .into_iter()
            .map(|(item, value, _)| (item, value))
            .collect(),
    })
}

fn read_gateway(path: &str, gateway: &Table) -> Result<GatewayOptions, SetupError> {
    let mut options = GatewayOptions {
        controllers: Vec::new(),
        mwd: Duration::ZERO,
        versions: 1..=1,
    };
    for (name, value) in gateway {
        let key = format!("{path}.{name}");
        match name.as_str() {
            "controllers" => {
                let Value::Array(list) = value else {
                    return Err(wrong(&key, "it takes a list of MIDs, the primary first"));
                };
                let each = list.iter().map(|value| mid(&key, Some(value)));
                options.controllers = each.collect::<Result<_, _>>()?;
            }
            "mwd_ms" => options.mwd = Duration::from_millis(count(&key, value)? as u64),
            "versions" => {
                let known = |value: &Value| {
                    let version = u8::try_from(value.as_integer()?).ok()?;
                    (1..=3).contains(&version).then_some(version)
                };
                let pair = value.as_array().map(|list| list.iter().map(known));
                let pair: Option<Vec<_>> = pair.and_then(Iterator::collect);
                match pair.as_deref() {
                    Some([low, high]) if low <= high => options.versions = *low..=*high,
                    _ => return Err(wrong(&key, "it takes [lowest, highest], from 1 to 3")),
                }
            }
            _ => {
                return Err(wrong(
                    &key,
                    "a gateway has controllers, mwd_ms and versions",
                ));
            }
        }
    }
    if options.controllers.is_empty() {
        return Err(wrong(
            &format!("{path}.controllers"),
            "a gateway needs a controller",
        ));
    }
    Ok(options)
}

fn admission(path: &str, rate: &Table) -> Result<AdmissionRate, SetupError> {
    let number = |name: &str| {
        let key = format!("{path}.{name}");
        let value = rate.get(name).map(|value| count(&key, value)).transpose()?;
        value.ok_or_else(|| wrong(&key, "admission has per_second, burst and queue_max"))
    };
    let small = |name: &str| {
        let value = u32::try_from(number(name)?).ok().filter(|value| *value > 0);
        value.ok_or_else(|| wrong(&format!("{path}.{name}"), "it takes 1 or more"))
    };
    let known = ["per_second", "burst", "queue_max"];
    if let Some(name) = rate.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(wrong(
            &format!("{path}.{name}"),
            "admission has per_second, burst and queue_max",
        ));
    }
    Ok(AdmissionRate {
        per_second: small("per_second")?,
        burst: small("burst")?,
        queue_max: number("queue_max")?,
    })
}

fn wrong(key: &str, want: &'static str) -> SetupError {
    SetupError::Key {
        key: key.to_owned(),
        want,
    }
}

fn table<'a>(key: &str, value: &'a Value) -> Result<&'a Table, SetupError> {
    value.as_table().ok_or_else(|| wrong(key, "it is a table"))
}

fn tables<'a>(key: &str, value: Option<&'a Value>) -> Result<Vec<&'a Table>, SetupError> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let list = value
        .as_array()
        .ok_or_else(|| wrong(key, "it is a list of tables: [[…]]"))?;
    list.iter().map(|each| table(key, each)).collect()
}

fn mid(key: &str, value: Option<&Value>) -> Result<Mid, SetupError> {
    let text = value.and_then(Value::as_str);
    text.and_then(Mid::parse).ok_or_else(|| {
        wrong(
            key,
            "it takes a MID as text messages write it: \"<mgc.example>\", \"[10.0.0.1]:2944\", \"gw1@example\"",
        )
    })
}

fn count(key: &str, value: &Value) -> Result<usize, SetupError> {
    let number = value
        .as_integer()
        .and_then(|number| u32::try_from(number).ok());
    number
        .map(|number| number as usize)
        .ok_or_else(|| wrong(key, "it takes a number from 0 to 4294967295"))
}

#[cfg(test)]
mod tests;
