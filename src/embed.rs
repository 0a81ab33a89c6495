//! The appliance inside another program: the same listeners, shards and figures, with H.248 users of the program's own.
//!
//! ```no_run
//! use megaphone::embed::Appliance;
//! use megaphone_core::{Answers, H248User};
//! # use megaphone_megaco::DefaultUser;
//! # let mid = megaphone_h248::model::MId::Ip4Address([127, 0, 0, 1].into(), None);
//! let appliance = Appliance::new()
//!     .listen("h248+tcp://127.0.0.1:2944?user=mgc")?
//!     .user(H248User {
//!         answers: Answers::module(|_shard, _desk| DefaultUser),
//!         ..H248User::new("mgc", mid)
//!     });
//! appliance.run()?;
//! # Ok::<(), megaphone::failure::Failure>(())
//! ```
//!
//! A user is made once on every shard, lives there and is never shared; what it wants done beside answering it puts on its
//! [`Desk`](megaphone_core::Desk). `examples/mgc.rs` is a controller, `examples/mg.rs` a gateway.

use crate::cli::{Metrics, ServeArgs};
use crate::config::Span;
use crate::failure::Failure;
use megaphone_core::{Answers, H248User, MakeUser};
use megaphone_megaco::Mid;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What a program adds to a configuration.
#[derive(Clone, Default)]
pub struct Additions {
    /// Users.
    pub users: Vec<H248User>,
    /// Who answers, by the name that a document says in `user_mod`.
    pub modules: Vec<(String, Arc<dyn MakeUser>)>,
    /// Where controllers are whose MID is no address.
    pub addresses: Vec<(Mid, SocketAddr)>,
}

impl Additions {
    /// Who answers by this name.
    pub(crate) fn module(&self, name: &str) -> Option<Answers> {
        let mut modules = self.modules.iter();
        let (_, make) = modules.find(|(known, _)| known == name)?;
        Some(Answers::Module(Arc::clone(make)))
    }
}

/// An appliance that is yet to run.
pub struct Appliance {
    args: ServeArgs,
    additions: Additions,
}

/// How long sessions may take to leave when the program is asked to end.
const PATIENCE: Duration = Duration::from_secs(5);

impl Default for Appliance {
    fn default() -> Appliance {
        Appliance::new()
    }
}

impl Appliance {
    /// One that listens nowhere and publishes no figures.
    #[must_use]
    pub fn new() -> Appliance {
        Appliance {
            args: ServeArgs {
                metrics: Metrics::Off,
                drain: Span(PATIENCE),
                ..ServeArgs::default()
            },
            additions: Additions::default(),
        }
    }

    /// Reads a document, as `serve --config` does.
    #[must_use]
    pub fn config(mut self, path: &Path) -> Appliance {
        self.args.config = Some(path.to_owned());
        self
    }

    /// Listens there too, as `serve --listen` does.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if the text is no listener.
    pub fn listen(mut self, spec: &str) -> Result<Appliance, Failure> {
        let listen = spec.parse();
        let listen = listen.map_err(|error| Failure::Usage(format!("{spec}: {error}")))?;
        self.args.listen.push(listen);
        Ok(self)
    }

    /// So many shards, instead of one per processor.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if there cannot be so many.
    pub fn shards(mut self, shards: u16) -> Result<Appliance, Failure> {
        let parsed = shards.to_string().parse();
        self.args.shards = parsed.map_err(|error| Failure::Usage(format!("shards: {error}")))?;
        Ok(self)
    }

    /// Publishes figures there.
    #[must_use]
    pub fn metrics(mut self, at: SocketAddr) -> Appliance {
        self.args.metrics = Metrics::At(at);
        self
    }

    /// Adds a user.
    #[must_use]
    pub fn user(mut self, user: H248User) -> Appliance {
        self.additions.users.push(user);
        self
    }

    /// Gives the name `user_mod` of a document its meaning.
    #[must_use]
    pub fn module(mut self, name: &str, make: Arc<dyn MakeUser>) -> Appliance {
        self.additions.modules.push((name.to_owned(), make));
        self
    }

    /// Says where a controller is whose MID is no address.
    #[must_use]
    pub fn address(mut self, controller: Mid, at: SocketAddr) -> Appliance {
        self.additions.addresses.push((controller, at));
        self
    }

    /// Serves until a signal ends it.
    ///
    /// # Errors
    ///
    /// Anything that keeps it from starting, with the likely cause; a shard that failed later.
    pub fn run(self) -> Result<(), Failure> {
        crate::serve::serve_with(self.args, &self.additions)
    }
}
