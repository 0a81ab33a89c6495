//! All timers of a shard in one wheel, by what they are for. Idle sessions have none.

use crate::contract::SocketId;
use crate::shard::Shard;
use megaphone_wheel::Tick;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The earliest deadline of a busy session.
    Session(SocketId),
    /// A link's silence, its resumption, its acknowledgements: whichever is first.
    Link(u16),
    /// A greeting that takes too long.
    Greeting(u32),
    /// A socket that belongs to nobody any more does not take its last bytes.
    Leaving(SocketId),
    /// A link is to be dialled again.
    Dial(u16),
    /// Acknowledgements gathered here for links elsewhere are to be passed on.
    Acknowledge,
    /// The next step of the scans.
    Scan,
    /// Associations without a controller are to be given to one.
    Controllers,
    /// Somebody waits for blocks of the pool.
    Pool,
    /// A look at links whose clients are held.
    Held,
    /// A look at gateways that have connected and are not read yet.
    Newcomers,
    /// A look at the overload level.
    Overload,
    /// The drain's patience ends.
    DrainEnd,
}

/// Timers that one call handles, at most: the rest follow in the next, so that a storm of them cannot stall the shard.
const TIMERS_PER_STEP_MAX: u32 = 1_024;

impl Shard {
    /// Does what is due.
    pub(crate) fn on_deadline(&mut self) {
        for _ in 0..TIMERS_PER_STEP_MAX {
            let Some(timer) = self.wheel.pop(self.now) else {
                break;
            };
            match timer {
                Timer::Session(socket) => self.session_timer(socket),
                Timer::Link(place) => self.link_timer(place),
                Timer::Greeting(index) => self.greeting_late(index),
                Timer::Leaving(socket) => self.leaving_late(socket),
                Timer::Dial(spec) => self.dial(spec),
                Timer::Acknowledge => {
                    self.acknowledging = false;
                    self.pass_on_accepted();
                }
                Timer::Scan => self.scan_step(),
                Timer::Controllers => self.search_orphans(),
                Timer::Pool => {
                    self.pool_timer = false;
                    self.pool_retry();
                    self.speak_to_controllers();
                    self.ease();
                }
                Timer::Held => self.look_at_held(),
                Timer::Newcomers => self.look_at_newcomers(),
                Timer::Overload => self.overload_timer(),
                Timer::DrainEnd => self.drain_end(),
            }
        }
    }

    /// Sets a busy session's timer to the earliest of its deadlines. One that moved later is left to fire and set itself again:
    /// traffic moves deadlines far more often than they pass.
    pub(crate) fn arm_session(&mut self, socket: SocketId) {
        let Some(session) = self.table.session(socket) else {
            return;
        };
        let Some(active) = self.actives.get_mut(session.active) else {
            return;
        };
        let at = active.deadline();
        active.timer = match active.timer {
            Some((id, set)) if at < set => {
                self.wheel.reschedule(id, at);
                Some((id, at))
            }
            None if at < Tick::MAX => Some((self.wheel.insert(at, Timer::Session(socket)), at)),
            unchanged => unchanged,
        };
    }

    /// Takes a session's timer away.
    pub(crate) fn disarm_session(&mut self, active: u32) {
        if let Some((id, _)) = self
            .actives
            .get_mut(active)
            .and_then(|active| active.timer.take())
        {
            self.wheel.cancel(id);
        }
    }

    /// Comes back to whoever waits for a block in a few milliseconds.
    pub(crate) fn wait_for_pool(&mut self) {
        if !self.pool_timer {
            self.pool_timer = true;
            self.wheel.insert(self.now + Self::POOL_RETRY, Timer::Pool);
        }
    }
}
