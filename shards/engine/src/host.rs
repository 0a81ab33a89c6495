//! The host of the shards: a glommio executor per shard, pinned, with the shard's loop as its main task. It starts them
//! together and ends them together.

use crate::accept::{self, Listener};
use crate::config::{EngineConfig, ListenAddress};
use crate::datagram::{self, Datagrams};
use crate::doorbell::{Control, Mailbox, Rings};
use crate::fault::{EngineError, guard};
use crate::setup;
use crate::shard::{Parts, Shard, Turn};
use glommio::timer::sleep;
use glommio::{ExecutorJoinHandle, Latency, LocalExecutorBuilder, Placement, Shares};
use megaphone_core::{Command, Machine, QuestionId, ShardId};
use megaphone_mesh::{Port, mesh};
use megaphone_pool::Pool;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// glommio registers this much for file I/O, per executor; the sockets need none of it.
const IO_MEMORY: usize = 64 << 10;
/// See [`keep_awake`].
const TICK: Duration = Duration::from_millis(50);

/// What a machine is made from, on its shard's thread.
pub struct Birth {
    /// The shard's number.
    pub shard: ShardId,
    /// How many shards there are.
    pub shards: u16,
    /// The shard's pool.
    pub pool: Pool,
}

/// Running shards.
pub struct Running<R: Send + 'static> {
    shards: Vec<ExecutorJoinHandle<Result<R, EngineError>>>,
    controls: Controls,
    listening: Vec<ListenAddress>,
}

/// A way to talk to running shards, from any thread.
#[derive(Clone)]
pub struct Controls {
    mailboxes: Arc<[Arc<Mailbox>]>,
    origin: Instant,
}

impl Controls {
    /// Lets all shards drain, for `patience` at most. Shards end when all machines are drained.
    pub fn drain(&self, patience: Duration) {
        self.tell(Control::Drain(patience));
    }

    /// Ends all shards now.
    pub fn stop(&self) {
        self.tell(Control::Stop);
    }

    /// Lets all shards publish their figures now.
    pub fn publish(&self) {
        self.tell(Control::Publish);
    }

    /// Asks a shard's machine something; [`crate::EngineConfig::answers`] takes what it says. False if there is no such
    /// shard, or if too many questions wait there.
    #[must_use]
    pub fn ask(&self, shard: ShardId, question: QuestionId, command: Command) -> bool {
        self.mailboxes
            .get(usize::from(shard.0))
            .is_some_and(|mailbox| mailbox.ask((question, Box::new(command))).is_ok())
    }

    /// When ticks were 0.
    #[must_use]
    pub fn origin(&self) -> Instant {
        self.origin
    }

    /// How many shards there are.
    #[must_use]
    pub fn shards(&self) -> u16 {
        self.mailboxes.len() as u16
    }

    fn tell(&self, control: Control) {
        self.mailboxes
            .iter()
            .for_each(|mailbox| mailbox.send(control));
    }
}

impl<R: Send + 'static> Running<R> {
    /// Where the listeners listen, in the order of the configuration: port 0 is replaced by the port that was found.
    #[must_use]
    pub fn listening(&self) -> &[ListenAddress] {
        &self.listening
    }

    /// A way to talk to the shards.
    #[must_use]
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Waits for all shards to end; what was made of their machines, by shard.
    ///
    /// # Errors
    ///
    /// The first shard's that failed.
    pub fn join(self) -> Result<Vec<R>, EngineError> {
        // All are waited for, also after an error.
        self.outcomes().collect::<Vec<_>>().into_iter().collect()
    }

    fn outcomes(self) -> impl Iterator<Item = Result<R, EngineError>> {
        (0..).zip(self.shards).map(|(shard, handle)| {
            handle.join().map_err(|error| EngineError::Executor {
                shard,
                reason: error.to_string(),
            })?
        })
    }
}

/// Starts the shards. On each shard's thread `make` makes the machine; when the shard ends, `finish` makes of it what
/// [`Running::join`] returns.
///
/// # Errors
///
/// [`EngineError`] with the likely cause, if anything of the set-up fails on any shard.
pub fn run<M, R, F, G>(
    mut config: EngineConfig,
    make: F,
    finish: G,
) -> Result<Running<R>, EngineError>
where
    M: Machine + 'static,
    R: Send + 'static,
    F: Fn(Birth) -> M + Clone + Send + 'static,
    G: Fn(M) -> R + Clone + Send + 'static,
{
    check(&config)?;
    config.sockets_max = Some(setup::sockets_max(config.sockets_max)?);
    let shards = config.shards;
    let Listening {
        mut streams,
        mut datagrams,
        addresses,
    } = listen(&config)?;
    let ports = mesh::<M::Item>(shards, config.mesh_capacity);
    let mailbox = |port: &Port<M::Item>| {
        Mailbox::new(port.bell())
            .map(Arc::new)
            .map_err(|error| EngineError::Config(error.to_string()))
    };
    let mailboxes: Arc<[_]> = ports
        .iter()
        .map(mailbox)
        .collect::<Result<Vec<_>, _>>()?
        .into();
    let common = Common {
        config: Arc::new(config),
        rings: Arc::new(Rings::new(shards)),
        controls: Controls {
            mailboxes,
            origin: Instant::now(),
        },
        drained: Arc::new(AtomicUsize::new(0)),
    };
    let mut running = Running {
        shards: Vec::new(),
        controls: common.controls.clone(),
        listening: addresses,
    };
    for port in ports {
        let shard = port.shard();
        let seed = Seed {
            common: common.clone(),
            listeners: std::mem::take(&mut streams[usize::from(shard)]),
            datagrams: std::mem::take(&mut datagrams[usize::from(shard)]),
            port,
        };
        let (make, finish) = (make.clone(), finish.clone());
        match builder(&common.config, shard).spawn(move || seed.live(make, finish)) {
            Ok(handle) => running.shards.push(handle),
            Err(error) => {
                // Those that wait for the missing ones learn that there is no start.
                (shard..shards).for_each(|_| common.rings.miss());
                let _ = running.join();
                return Err(EngineError::Executor {
                    shard,
                    reason: error.to_string(),
                });
            }
        }
    }
    if common.rings.started() {
        Ok(running)
    } else {
        Err(running.failure())
    }
}

impl<R: Send + 'static> Running<R> {
    /// The first error that says more than that there was one.
    fn failure(self) -> EngineError {
        let errors = self.outcomes().filter_map(Result::err);
        errors
            .reduce(|first, next| {
                if matches!(first, EngineError::NotStarted) {
                    next
                } else {
                    first
                }
            })
            .unwrap_or(EngineError::NotStarted)
    }
}

fn check(config: &EngineConfig) -> Result<(), EngineError> {
    let wrong = |text: String| Err(EngineError::Config(text));
    if !(1..=ShardId::MAX + 1).contains(&config.shards) {
        return wrong(format!(
            "{} shards: 1 to {} are possible",
            config.shards,
            ShardId::MAX + 1
        ));
    }
    if !config.receive_buffers.is_power_of_two() {
        return wrong(format!(
            "{} receive buffers: a power of two up to 32,768 is possible",
            config.receive_buffers
        ));
    }
    if !config.datagram_buffers.is_power_of_two() {
        return wrong(format!(
            "{} buffers for datagrams: a power of two up to 32,768 is possible",
            config.datagram_buffers
        ));
    }
    if !(1..=1 << 16).contains(&config.mesh_capacity) {
        return wrong(format!(
            "a mesh capacity of {}: 1 to 65,536 is possible",
            config.mesh_capacity
        ));
    }
    Ok(())
}

/// What was opened; the sockets by shard.
struct Listening {
    streams: Vec<Vec<Listener>>,
    datagrams: Vec<Vec<datagram::Bound>>,
    addresses: Vec<ListenAddress>,
}

/// Opens all listeners.
fn listen(config: &EngineConfig) -> Result<Listening, EngineError> {
    let mut streams: Vec<Vec<Listener>> = (0..config.shards).map(|_| Vec::new()).collect();
    let mut datagrams: Vec<Vec<datagram::Bound>> = (0..config.shards).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    for (id, spec) in config.listeners() {
        if let ListenAddress::Udp(at) = spec.address {
            let (sockets, address) = datagram::open(id, at, spec, config)?;
            addresses.push(address);
            for (of_shard, socket) in datagrams.iter_mut().zip(sockets) {
                of_shard.push(socket);
            }
            continue;
        }
        let (listeners, address) = accept::open(id, spec, config.shards)?;
        addresses.push(address);
        for (of_shard, listener) in streams.iter_mut().zip(listeners) {
            of_shard.push(listener);
        }
    }
    let udp = datagrams.first().map_or(0, Vec::len);
    if udp as u64 >= u64::from(config.sockets_max.unwrap_or(0)) {
        return Err(EngineError::Config(format!(
            "{udp} UDP listeners leave no socket per shard for anything else: raise the sockets per shard"
        )));
    }
    Ok(Listening {
        streams,
        datagrams,
        addresses,
    })
}

fn builder(config: &EngineConfig, shard: u16) -> LocalExecutorBuilder {
    let placement = match config.cpus.len() {
        0 => Placement::Unbound,
        cpus => Placement::Fixed(config.cpus[usize::from(shard) % cpus]),
    };
    // glommio's stall detection is off: to it, a shard that sleeps in its own ring looks stalled. The loop measures itself.
    LocalExecutorBuilder::new(placement)
        .name(&format!("shard-{shard}"))
        .io_memory(IO_MEMORY)
}

/// What all shards share.
#[derive(Clone)]
struct Common {
    config: Arc<EngineConfig>,
    rings: Arc<Rings>,
    controls: Controls,
    drained: Arc<AtomicUsize>,
}

/// One shard before it lives.
struct Seed<T> {
    common: Common,
    port: Port<T>,
    listeners: Vec<Listener>,
    datagrams: Vec<datagram::Bound>,
}

impl<T: Send + 'static> Seed<T> {
    /// A shard's life, from its set-up on its own thread to its end.
    async fn live<M, R>(
        self,
        make: impl Fn(Birth) -> M,
        finish: impl Fn(M) -> R + 'static,
    ) -> Result<R, EngineError>
    where
        M: Machine<Item = T> + 'static,
        R: Send + 'static,
    {
        let common = self.common.clone();
        let id = self.port.shard();
        let shard = guard(id, || self.grow(make));
        let ring = shard.as_ref().ok().map(|shard| shard.ring.fd());
        if !common.rings.arrive(id, ring) {
            return Err(shard.err().unwrap_or(EngineError::NotStarted));
        }
        let mut shard = shard?;
        let data = glommio::executor().create_task_queue(
            Shares::Static(1_000),
            Latency::NotImportant,
            "data",
        );
        let control = glommio::executor().create_task_queue(
            Shares::Static(100),
            Latency::NotImportant,
            "control",
        );
        let awake = glommio::spawn_local_into(keep_awake(), control);
        let (rings, leaving) = (Arc::clone(&common.rings), Arc::clone(&common.rings));
        let main = async move {
            let outcome = work(&mut shard, &common).await;
            if outcome.is_err() {
                common.controls.stop();
            }
            let wound_up = shard
                .wind_up()
                .map_err(|source| EngineError::Ring { shard: id, source });
            rings.depart();
            let machine = shard.into_machine();
            outcome.and(wound_up).map(|()| finish(machine))
        };
        let result = match glommio::spawn_local_into(main, data) {
            Ok(task) => task.await,
            Err(error) => {
                leaving.depart();
                Err(EngineError::Executor {
                    shard: id,
                    reason: error.to_string(),
                })
            }
        };
        if let Ok(awake) = awake {
            awake.cancel().await;
        }
        result
    }

    /// Pool, machine and ring.
    fn grow<M: Machine<Item = T>>(
        self,
        make: impl Fn(Birth) -> M,
    ) -> Result<Shard<M>, EngineError> {
        let Self {
            common,
            port,
            listeners,
            datagrams,
        } = self;
        let Common {
            config,
            rings,
            controls,
            ..
        } = common;
        let origin = controls.origin;
        let id = ShardId(port.shard());
        let mut shape = config.pool.clone();
        shape.owner = id.0;
        let pool = Pool::new(&shape)?;
        let sockets_max = config.sockets_max.unwrap_or(0);
        let udp = datagram::descriptors(&datagrams);
        let (ring, buffers, datagram_buffers) = setup::ring(&config, sockets_max, &udp)?;
        let datagrams = Datagrams::new(&datagrams, datagram_buffers, sockets_max);
        let machine = make(Birth {
            shard: id,
            shards: config.shards,
            pool: pool.clone(),
        });
        let mailbox = Arc::clone(&controls.mailboxes[usize::from(id.0)]);
        Ok(Shard::new(
            ring,
            buffers,
            Parts {
                id,
                machine,
                port,
                pool,
                config,
                rings,
                mailbox,
                listeners,
                datagrams,
                origin,
            },
        ))
    }
}

/// The shard's main task. It blocks in the shard's own ring and lets other tasks run only when its mailbox was used: all that
/// is urgent ends in that ring.
async fn work<M: Machine>(shard: &mut Shard<M>, common: &Common) -> Result<(), EngineError> {
    loop {
        match guard(shard.id.0, || shard.turn())? {
            Turn::Again => {}
            Turn::Yield => glommio::executor().yield_task_queue_now().await,
            Turn::Drained => {
                // A drained shard still carries what others send through it.
                if common.drained.fetch_add(1, Ordering::AcqRel) + 1
                    == usize::from(common.config.shards)
                {
                    common.controls.stop();
                }
            }
            Turn::Stop => return Ok(()),
        }
    }
}

/// glommio 0.9 has a hole: its `run_task_queues` returns false both when nothing is to be run and when the preempt timer
/// fired before anything ran, and the executor parks on both, in the second case with runnable tasks and nobody to wake it. A timer
/// bounds that. It costs nothing while the shard sleeps in its own ring, for then no task of glommio runs.
async fn keep_awake() {
    loop {
        sleep(TICK).await;
    }
}
