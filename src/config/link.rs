//! `--link`: the connections to backends, opened by either side.

use super::{Address, ConfigError, Query, listen};
use megaphone_core::{Dialect, Diallers, LinkSide, LinkSpec, Target};
use megaphone_engine::ListenerSpec;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// The keys of a link and their meanings.
pub const KEYS: &[(&str, &str)] = &[
    (
        "name",
        "what routes call it; several links may have the same name",
    ),
    (
        "framing",
        "`link` (the link protocol, the default), `classic-fixed` or `classic-var`",
    ),
    (
        "token-file",
        "a file with the secret that both sides say in HELLO",
    ),
    (
        "shards",
        "of a backend that we call: `one` shard does (the default), or `all`, each for its own clients",
    ),
];

/// A link: `listen:127.0.0.1:6280?name=chat` or `connect:unix:/run/ejabberd/megaphone?name=chat`.
///
/// [`KEYS`] has the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What routes call it.
    pub name: String,
    /// Where to listen or connect.
    pub address: Address,
    /// Who opens the connection.
    pub side: Side,
    /// Which shards do, if we do.
    pub diallers: Diallers,
    /// What is spoken.
    pub dialect: Dialect,
    /// Where the secret is.
    pub token_file: Option<PathBuf>,
}

/// Who opens a link's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The backend does.
    Listen,
    /// We do.
    Connect,
}

const EXAMPLE: &str = "listen:127.0.0.1:6280?name=chat";

impl FromStr for Link {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Link, ConfigError> {
        let (head, mut query) = Query::split(text)?;
        let sides = [("listen:", Side::Listen), ("connect:", Side::Connect)];
        let (address, side) = sides
            .into_iter()
            .find_map(|(prefix, side)| Some((head.strip_prefix(prefix)?, side)))
            .ok_or_else(|| ConfigError::malformed(head, "listen:ADDR or connect:ADDR", EXAMPLE))?;
        let address = address.parse()?;
        let name = query.require("name", "name=chat")?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(ConfigError::malformed(
                name,
                "a name of letters, digits, - _ and .",
                "name=chat",
            ));
        }
        let dialect = query.take("framing").map_or(Ok(Dialect::V1), dialect)?;
        let token_file = query.take("token-file").map(PathBuf::from);
        let diallers = match query.take("shards") {
            None => Diallers::One,
            Some(text) => diallers(text, side)?,
        };
        query.finish()?;
        Ok(Link {
            name: name.into(),
            address,
            side,
            diallers,
            dialect,
            token_file,
        })
    }
}

fn dialect(text: &str) -> Result<Dialect, ConfigError> {
    let all = [Dialect::V1, Dialect::ClassicFixed, Dialect::ClassicVar];
    all.into_iter()
        .find(|dialect| dialect.framing().name() == text)
        .ok_or_else(|| {
            ConfigError::malformed(
                text,
                "a framing of links: link, classic-fixed or classic-var",
                "framing=link",
            )
        })
}

fn diallers(text: &str, side: Side) -> Result<Diallers, ConfigError> {
    let example = "connect:127.0.0.1:6280?name=chat&shards=all";
    match text {
        _ if side == Side::Listen => Err(ConfigError::malformed(
            text,
            "for a link that waits to be called: shards= is one of connect:",
            example,
        )),
        "one" => Ok(Diallers::One),
        "all" => Ok(Diallers::All),
        _ => Err(ConfigError::malformed(text, "one or all", example)),
    }
}

impl Link {
    /// The machine's half, with the secret that was read.
    #[must_use]
    pub fn link_spec(&self, token: Vec<u8>) -> LinkSpec {
        let target = match &self.address {
            Address::Tcp(to) => Target::Tcp {
                to: *to,
                from: None,
            },
            Address::Unix(path) => Target::Unix(path.clone()),
        };
        let side = match self.side {
            Side::Listen => LinkSide::Listen,
            Side::Connect => LinkSide::Connect(target, self.diallers),
        };
        LinkSpec {
            name: self.name.clone(),
            side,
            dialect: self.dialect,
            token,
        }
    }

    /// The engine's half, if backends connect to us.
    #[must_use]
    pub fn listener(&self) -> Option<ListenerSpec> {
        (self.side == Side::Listen).then(|| ListenerSpec {
            wants_peer: false,
            ..listen::spec(&self.address)
        })
    }
}

/// For the operator.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.side {
            Side::Listen => "come in at",
            Side::Connect => "are called at",
        };
        write!(f, "of link {} {verb} {}", self.name, self.address)?;
        if self.diallers == Diallers::All {
            f.write_str(" by each shard")?;
        }
        match self.dialect {
            Dialect::V1 => Ok(()),
            other => write!(f, ", {}", other.framing()),
        }
    }
}
