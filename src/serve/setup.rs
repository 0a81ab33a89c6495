//! What is served, worked out before anything is started: defaults, links in order, shards for the machine at hand.

use crate::admin::ShardPages;
use crate::card::Card;
use crate::cli::{Metrics, ServeArgs};
use crate::config::h248::DEFAULT_USER;
use crate::config::link::Side;
use crate::config::{Address, CpuSet, File, Link, Listen};
use crate::embed::Additions;
use crate::failure::Failure;
use megaphone_core::{Answers, H248Config, H248User, Route, ShardConfig, ShardId};
use megaphone_engine::{EngineConfig, ListenerSpec};
use megaphone_h248::model::{MId, Token};
use megaphone_megaco::config::Config;
use megaphone_metrics::Page;
use std::fmt;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, RandomState};
use std::net::Ipv4Addr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(test)]
mod tests;

/// The link that exists without being asked for.
const DEFAULT_LINK: &str = "backend";
const DEFAULT_LISTENERS: [&str; 6] = [
    "tcp://127.0.0.1:7000?framing=raw&route=echo",
    "tcp://127.0.0.1:7001?framing=classic-var&route=link:backend",
    "h248+tcp://127.0.0.1:2944",
    "h248+udp://127.0.0.1:2944",
    "h248+tcp://127.0.0.1:2945?encoding=ber",
    "h248+udp://127.0.0.1:2945?encoding=ber",
];
const DEFAULT_LINK_ADDRESS: &str = "listen:127.0.0.1:6280?name=backend";
/// The file name of the default link's Unix socket.
const DEFAULT_LINK_SOCKET: &str = "link";

/// What `user_mod` begins with when controllers on a link answer; the link's name follows.
const BY_LINK: &str = "link:";

/// Sockets that one table may hold at most, whatever the limit on descriptors says: the kernel allows no more.
const SOCKETS_MAX: u32 = 1 << 20;
/// What a table is assumed to hold where the limit cannot be read.
const SOCKETS_BY_DEFAULT: u32 = 1_024;
/// A token's file beyond this is the wrong file.
const TOKEN_BYTES_MAX: u64 = 1_024;

/// Everything that is needed to start.
#[derive(Clone)]
pub struct Setup {
    /// Where the reading side is.
    pub metrics: Metrics,
    /// Where operators are answered, if anywhere.
    pub ctl: Option<PathBuf>,
    /// How long a drain may take.
    pub patience: Duration,
    /// The engine's configuration, without the sink for notes.
    pub engine: EngineConfig,
    /// The configuration of every shard but for its number.
    pub shard: ShardConfig,
    /// The pages on which machines publish, by shard.
    pub machine_pages: Vec<Arc<Page>>,
    listens: Vec<Listen>,
    links: Vec<Link>,
    cpus: CpuSet,
    is_default: bool,
    program: String,
    warnings: Vec<String>,
}

impl Setup {
    /// Works out what `args` mean on this machine.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] for options that contradict each other; a token that cannot be read.
    pub fn new(args: ServeArgs, additions: &Additions) -> Result<Setup, Failure> {
        Setup::with(args, additions, &Machine::this())
    }

    #[cfg(test)]
    fn on(args: ServeArgs, machine: &Machine) -> Result<Setup, Failure> {
        Setup::with(args, &Additions::default(), machine)
    }

    fn with(
        mut args: ServeArgs,
        additions: &Additions,
        machine: &Machine,
    ) -> Result<Setup, Failure> {
        let file = read_file(&args)?;
        args.listen.splice(0..0, file.listen.clone());
        args.link.splice(0..0, file.link.clone());
        args.limit.splice(0..0, file.limits.clone());
        let nothing_asked = args.listen.is_empty() && args.link.is_empty();
        let is_default = nothing_asked && additions.users.is_empty() && file.users.is_empty();
        let mut warnings = Vec::new();
        add_defaults(&mut args, is_default, machine, &mut warnings);
        // Links that listen come first: the engine numbers their listeners behind those of clients.
        args.link.sort_by_key(|link| link.side != Side::Listen);
        warn_about_reach(&args, &mut warnings);

        let cpus = args.cpuset.clone().unwrap_or_else(|| machine.cpus.clone());
        let shards = match args.shards.count() {
            Some(count) => count,
            None => shards_for(cpus.count(), args.connections, machine.sockets_max),
        };
        let shard = shard_config(&args, (&file, additions), shards, machine)?;
        let page = |links: usize| move |_| Arc::new(Page::new(links));
        // A shard counts the sources of its own clients: those of one source are all to be its own.
        let by_source = shard.limits.counts_sources();
        let clients = args.listen.iter().map(|listen| ListenerSpec {
            by_source,
            ..listen.spec()
        });
        let listeners = clients.chain(args.link.iter().filter_map(Link::listener));
        let engine = EngineConfig {
            shards,
            cpus: cpus.iter().map(|cpu| cpu as usize).collect(),
            listeners: listeners.collect(),
            sockets_max: Some(machine.sockets_max),
            mesh_capacity: shard.lane_capacity(),
            pages: (0..shards).map(page(0)).collect(),
            ..EngineConfig::default()
        };
        Ok(Setup {
            metrics: args.metrics,
            ctl: args.ctl,
            patience: args.drain.0,
            engine,
            machine_pages: (0..shards).map(page(args.link.len())).collect(),
            shard,
            listens: args.listen,
            links: args.link,
            cpus,
            is_default,
            program: machine.program.clone(),
            warnings,
        })
    }

    /// The pages of engine and machine, by shard.
    #[must_use]
    pub fn pages(&self) -> Vec<ShardPages> {
        let both = self.engine.pages.iter().zip(&self.machine_pages);
        both.map(|(engine, machine)| vec![Arc::clone(engine), Arc::clone(machine)])
            .collect()
    }

    /// The names of the links, in the order of their numbers.
    #[must_use]
    pub fn link_names(&self) -> Vec<String> {
        self.links.iter().map(|link| link.name.clone()).collect()
    }
}

/// What the machine gives.
#[derive(Clone, Debug)]
struct Machine {
    cpus: CpuSet,
    /// Sockets that one ring's table may hold.
    sockets_max: u32,
    node: String,
    /// Where the default link's Unix socket may be.
    run_folder: Option<PathBuf>,
    /// How this program was called: so it can be called again.
    program: String,
}

impl Machine {
    fn this() -> Machine {
        let card = Card::read();
        let hard = card
            .limits
            .get("nofile")
            .and_then(|(_, hard)| hard.parse().ok());
        let allowed = core_affinity::get_core_ids().unwrap_or_default();
        let hostname = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Machine {
            cpus: allowed
                .iter()
                .filter_map(|core| u32::try_from(core.id).ok())
                .collect(),
            sockets_max: hard.map_or(SOCKETS_BY_DEFAULT, |hard: u32| hard.min(SOCKETS_MAX)),
            node: match hostname.trim() {
                "" => String::from("megaphone"),
                name => name.to_owned(),
            },
            run_folder: run_folder(),
            program: std::env::args()
                .next()
                .unwrap_or_else(|| env!("CARGO_PKG_NAME").into()),
        }
    }
}

/// The folder of this service (systemd's `RuntimeDirectory=`) or of this user, for sockets that only they may use.
fn run_folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("RUNTIME_DIRECTORY").filter(|folder| !folder.is_empty())
    {
        return Some(folder.into());
    }
    let parent =
        std::env::var_os("XDG_RUNTIME_DIR").map_or_else(|| PathBuf::from("/run"), PathBuf::from);
    let own = parent.join("megaphone");
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&own);
    made.is_ok().then_some(own)
}

/// Adds what is served without being asked for.
fn add_defaults(
    args: &mut ServeArgs,
    is_default: bool,
    machine: &Machine,
    warnings: &mut Vec<String>,
) {
    let parse = |text: &str| text.parse().expect("the default listeners are right");
    if is_default {
        args.listen = DEFAULT_LISTENERS.map(parse).into();
    }
    let wanted =
        |listen: &Listen| matches!(&listen.client.route, Route::Link(name) if name == DEFAULT_LINK);
    if args.link.is_empty() && args.listen.iter().any(wanted) {
        let tcp: Link = DEFAULT_LINK_ADDRESS
            .parse()
            .expect("the default link is right");
        if let Some(folder) = &machine.run_folder {
            let address = Address::Unix(folder.join(DEFAULT_LINK_SOCKET));
            args.link.push(Link {
                address,
                ..tcp.clone()
            });
        } else {
            warnings.push("no Unix socket for backends: there is no /run/megaphone or XDG_RUNTIME_DIR to put it in".into());
        }
        args.link.insert(0, tcp);
    }
}

/// Says what can be reached from other machines though it need not be.
fn warn_about_reach(args: &ServeArgs, warnings: &mut Vec<String>) {
    for link in args
        .link
        .iter()
        .filter(|link| link.side == Side::Listen && !link.address.is_local())
    {
        let secret = if link.token_file.is_some() {
            ""
        } else {
            " without a token-file"
        };
        warnings.push(format!(
            "link {} can be reached from other machines at {}{secret}",
            link.name, link.address
        ));
    }
    if let Metrics::At(at) = args.metrics
        && !at.ip().is_loopback()
    {
        warnings.push(format!("figures can be read from other machines at {at}"));
    }
}

/// One shard per processor, and as many as hold the connections.
fn shards_for(cpus: usize, connections: u32, sockets_max: u32) -> u16 {
    let for_connections = connections.div_ceil((sockets_max / 10 * 9).max(1));
    let shards = (cpus as u64)
        .max(u64::from(for_connections))
        .clamp(1, u64::from(ShardId::MAX) + 1);
    shards as u16
}

/// What every shard is told; checked as the shard itself will.
fn shard_config(
    args: &ServeArgs,
    (file, additions): (&File, &Additions),
    shards: u16,
    machine: &Machine,
) -> Result<ShardConfig, Failure> {
    let mut config = ShardConfig::new(ShardId(0), shards);
    config.listeners = args
        .listen
        .iter()
        .map(|listen| listen.client.clone())
        .collect();
    config.links = args
        .link
        .iter()
        .map(|link| Ok(link.link_spec(token(link)?)))
        .collect::<Result<_, Failure>>()?;
    config.limits.sessions_max = machine.sockets_max;
    for limit in &args.limit {
        config.limits.set(&limit.key, limit.value);
    }
    // A number that no earlier start had; a clock that runs backwards costs a replay, nothing else.
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    config.epoch = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
    config.node = args.node.clone().unwrap_or_else(|| machine.node.clone());
    config.h248 = h248_config(args, (file, additions), &config.node)?;
    config
        .check()
        .map_err(|fault| Failure::Usage(fault.to_string()))?;
    Ok(config)
}

/// The document that `--config` names, or one that says nothing.
fn read_file(args: &ServeArgs) -> Result<File, Failure> {
    let Some(path) = &args.config else {
        return Ok(File::default());
    };
    let what = format!("reading --config {}", path.display());
    let text = fs::read_to_string(path).map_err(|error| Failure::from_io(&what, &error))?;
    File::parse(&text).map_err(|error| Failure::Config(format!("{}: {error}", path.display())))
}

/// H.248's users: those of the document, or the built-in one, if a listener wants it.
fn h248_config(
    args: &ServeArgs,
    (file, additions): (&File, &Additions),
    node: &str,
) -> Result<H248Config, Failure> {
    let mut config = H248Config {
        // Keys of hash tables: nothing outside this process may know them.
        seed: RandomState::new().hash_one(node),
        options: file.megaco.options.clone(),
        addresses: [&file.addresses[..], &additions.addresses].concat(),
        source_check: file.source_check,
        ..H248Config::default()
    };
    for (user, answers) in &file.users {
        let answers = match answers.as_deref() {
            None | Some("built-in") => Answers::BuiltIn,
            Some(name) => match name.strip_prefix(BY_LINK) {
                Some(link) if args.link.iter().any(|it| it.name == link) => {
                    Answers::Controllers(link.into())
                }
                Some(link) => {
                    let text = format!("user_mod = {name:?}: no link is called {link:?}");
                    return Err(Failure::Config(text));
                }
                None => additions.module(name).ok_or_else(|| {
                    Failure::Config(format!(
                        "nobody is called user_mod = {name:?}: there are built-in and {BY_LINK}NAME"
                    ))
                })?,
            },
        };
        config.users.push(H248User {
            answers,
            ..user.clone()
        });
    }
    config.users.extend(additions.users.iter().cloned());
    let wanted = |listen: &Listen| matches!(&listen.client.route, Route::H248(door) if door.user == DEFAULT_USER);
    if config.users.is_empty() && args.listen.iter().any(wanted) {
        // It answers in whatever version it is spoken to.
        let items = Config {
            strict_version: false,
            ..Config::default()
        };
        config.users.push(H248User {
            items,
            ..H248User::new(DEFAULT_USER, default_mid(node))
        });
    }
    Ok(config)
}

/// The machine's name as a MID, or the program's if a MID cannot say it.
fn default_mid(node: &str) -> MId<'static> {
    let name = |text: &str| {
        let fits = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let token = fits.then(|| Token::new(text.as_bytes().to_vec()).ok())?;
        token.map(|token| MId::DomainName(token, None))
    };
    let program = || MId::Ip4Address(Ipv4Addr::LOCALHOST, None);
    name(node)
        .or_else(|| name("megaphone"))
        .unwrap_or_else(program)
}

/// The secret of a link, without the line's end that editors add.
fn token(link: &Link) -> Result<Vec<u8>, Failure> {
    let Some(path) = &link.token_file else {
        return Ok(Vec::new());
    };
    let what = format!(
        "reading the token of link {} from {}",
        link.name,
        path.display()
    );
    let read = |path: &Path| {
        let length = fs::metadata(path)?.len();
        Ok(if length > TOKEN_BYTES_MAX + 1 {
            None
        } else {
            Some(fs::read(path)?)
        })
    };
    let token = read(path).map_err(|error| Failure::from_io(&what, &error))?;
    let mut token = token.ok_or_else(|| {
        Failure::Config(format!("{what}: it is longer than {TOKEN_BYTES_MAX} bytes"))
    })?;
    if token.last() == Some(&b'\n') {
        token.pop();
    }
    match token.is_empty() {
        true => Err(Failure::Config(format!("{what}: it is empty"))),
        false => Ok(token),
    }
}

/// What is served and what to try next.
impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shards, sockets) = (self.engine.shards, self.shard.limits.sessions_max);
        let plural = if shards == 1 { "" } else { "s" };
        writeln!(
            f,
            "megaphone {} on {shards} shard{plural}, processors {}, up to {sockets} clients each",
            env!("CARGO_PKG_VERSION"),
            self.cpus
        )?;
        self.listens
            .iter()
            .try_for_each(|listen| writeln!(f, "  clients   {listen}"))?;
        self.links
            .iter()
            .try_for_each(|link| writeln!(f, "  backends  {link}"))?;
        if let Metrics::At(at) = self.metrics {
            writeln!(f, "  figures   http://{at}/metrics, /healthz, /readyz")?;
        }
        self.warnings
            .iter()
            .try_for_each(|warning| writeln!(f, "  warning   {warning}"))?;
        if self.is_default {
            let program = &self.program;
            writeln!(f, "try in another terminal:")?;
            writeln!(f, "  {program} bench echo --connections 1000")?;
            writeln!(f, "  curl http://127.0.0.1:9464/metrics")?;
            writeln!(f, "  {program} serve --help")?;
        }
        Ok(())
    }
}
