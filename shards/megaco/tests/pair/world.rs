//! The network, the storm and the checks.

use super::end::{End, MODULES, reply};
use megaphone_h248::model::{
    ActionRequest, Command, ContextId, List, MId, NotifyRequest, ObservedEvent,
    ObservedEventsDescriptor, PkgdName, RequestId, TerminationId, Token,
};
use megaphone_megaco::config::{
    Config, Encoding, Item, Profile, Retries, SegmentSend, Setting, Timer,
};
use megaphone_megaco::user::{Answer, UserAnswer};
use megaphone_megaco::{
    Actions, CallOptions, ControlHandle, Input, Mid, Output, Remote, SendHandle,
};
use megaphone_wheel::{Rng, Tick};
use std::time::Duration;

pub fn mid(name: &'static str) -> MId<'static> {
    MId::DomainName(Token::try_from(name).expect("a name"), None)
}

const NAMES: [&str; 2] = ["a", "b"];

pub struct World {
    rng: Rng,
    pub ends: [End; 2],
    now: Tick,
    /// Arrival, receiver, bytes.
    flying: Vec<(Tick, usize, Vec<u8>)>,
    loss: u64,
    doubling: u64,
    delay_ms: u64,
    actions: Vec<ActionRequest<'static>>,
    pub trace: u64,
    pub lost: u64,
    pub cancelled: u64,
    pub reconfigured: u64,
}

/// What storms have seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub calls: u64,
    pub duplicates: u64,
    pub late_duplicates: u64,
    pub timeouts: u64,
    pub lost: u64,
    pub cancelled: u64,
    pub reconfigured: u64,
}

impl Seen {
    pub fn add(&mut self, world: &World) {
        self.lost += world.lost;
        self.cancelled += world.cancelled;
        self.reconfigured += world.reconfigured;
        for end in &world.ends {
            self.calls += end.books.borrow().calls.len() as u64;
            self.timeouts += end.books.borrow().timeouts;
            self.duplicates += end.engine.totals().duplicates;
            self.late_duplicates += end.engine.totals().late_duplicates;
        }
    }
}

fn config(rng: &mut Rng) -> Config {
    let sender = rng.chance(1, 2);
    Config {
        encoding_mod: *rng
            .pick(&[
                Encoding::Compact,
                Encoding::Compact,
                Encoding::Pretty,
                Encoding::Binary,
            ])
            .unwrap_or(&Encoding::Compact),
        protocol_version: 3,
        profile: if rng.chance(1, 3) {
            Profile::Rfc
        } else {
            Profile::Otp
        },
        request_timer: Timer::incremental(500, 2, 0, Retries::Count(4)),
        long_request_timer: Timer::Once(20_000),
        long_request_resend: rng.chance(1, 2),
        pending_timer: Timer::incremental(800, 1, 0, Retries::Infinity),
        reply_timer: Timer::incremental(1000, 2, 0, Retries::Count(4)),
        execution_timer: 15_000,
        auto_ack: rng.chance(1, 2),
        trans_ack: rng.chance(1, 2),
        trans_req: sender && rng.chance(1, 2),
        trans_timer: if sender { 300 } else { 0 },
        trans_ack_maxcount: rng.below(4) as u32,
        trans_req_maxcount: rng.below(4) as u32,
        trans_req_maxsize: 50 + rng.below(300) as u32,
        threaded: rng.chance(1, 3),
        segment_send: *rng
            .pick(&[
                SegmentSend::Off,
                SegmentSend::Window(1),
                SegmentSend::Unlimited,
            ])
            .unwrap_or(&SegmentSend::Off),
        max_pdu_size: rng.chance(1, 2).then_some(128 + 40),
        segment_send_timer: Timer::incremental(400, 1, 0, Retries::Count(10)),
        segment_recv_timer: Timer::Once(5000),
        sent_pending_limit: rng.chance(1, 3).then_some(3),
        recv_pending_limit: rng.chance(1, 4).then_some(5),
        ..Config::default()
    }
}

/// 15.5 s at most.
fn timer(rng: &mut Rng) -> Setting {
    let (wait_for, retries) = (200 + rng.below(300), 2 + rng.below(3));
    Timer::incremental(wait_for as u32, 2, 0, Retries::Count(retries as u32)).into()
}

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let encoding = config(&mut rng).encoding_mod;
        let mut end = |name| {
            let config = Config {
                encoding_mod: encoding,
                ..config(&mut rng)
            };
            End::new(rng.next_u64(), name, config)
        };
        let mut ends = [end(NAMES[0]), end(NAMES[1])];
        for (at, end) in ends.iter_mut().enumerate() {
            let receive = end.engine.receive_handle(end.user).expect("it runs");
            let remote = Remote::Known(Mid::new(&mid(NAMES[1 - at])));
            let made = end.engine.connect(
                Tick::ZERO,
                &receive,
                remote,
                SendHandle(1),
                Some(ControlHandle(1)),
                None,
            );
            end.connection = made.expect("a connection");
        }
        let event = ObservedEvent {
            name: PkgdName::try_from("al/of").expect("a name"),
            stream: None,
            parameters: List::EMPTY,
            time: None,
        };
        let notify = Command::Notify(NotifyRequest {
            terminations: List::one(TerminationId::ROOT),
            observed_events: ObservedEventsDescriptor {
                request_id: RequestId(1),
                events: vec![event].into(),
            },
            error: None,
        });
        Self {
            loss: rng.below(30),
            doubling: rng.below(30),
            delay_ms: 1 + rng.below(400),
            rng,
            ends,
            now: Tick::ZERO,
            flying: Vec::new(),
            actions: vec![ActionRequest::new(ContextId::NULL, vec![notify.into()])],
            trace: 0,
            lost: 0,
            cancelled: 0,
            reconfigured: 0,
        }
    }

    /// The storm, the healing, the check.
    pub fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            self.step();
        }
        self.heal();
        self.check();
    }

    fn step(&mut self) {
        let at = self.rng.below(2) as usize;
        self.refresh(at);
        match self.rng.below(100) {
            0..8 => self.originate(at),
            8..60 => self.arrive(),
            60..92 => self.pass(),
            92..97 => self.answer(at),
            97 if self.rng.chance(1, 4) => self.cancel(at),
            98 if self.rng.chance(1, 4) => self.reconnect(at),
            99 => self.reconfigure(at),
            _ => {}
        }
        self.collect();
    }

    fn originate(&mut self, at: usize) {
        let count = 1 + self.rng.below(3) as usize;
        let all = vec![Actions::Plain(&self.actions); count];
        let end = &mut self.ends[at];
        let options = CallOptions {
            direct: self.rng.chance(1, 8),
            request_keep_alive_timeout: self.rng.chance(1, 8).then_some(2000),
            ..CallOptions::default()
        };
        if self.rng.chance(1, 2) {
            if let Ok(call) = end.engine.call(self.now, end.connection, &all, &options) {
                end.books.borrow_mut().calls.insert(call.as_u64(), 0);
            }
        } else if end
            .engine
            .cast(self.now, end.connection, &all, &options)
            .is_ok()
        {
            end.books.borrow_mut().casts += count as u64;
        }
    }

    /// One of the messages that are due arrives: any of them.
    fn arrive(&mut self) {
        let due: Vec<usize> = (0..self.flying.len())
            .filter(|n| self.flying[*n].0 <= self.now)
            .collect();
        if let Some(&n) = self.rng.pick(&due) {
            let (_, to, bytes) = self.flying.swap_remove(n);
            self.deliver(to, &bytes);
        }
    }

    fn deliver(&mut self, to: usize, bytes: &[u8]) {
        let end = &mut self.ends[to];
        let receive = end.engine.receive_handle(end.user).expect("it runs");
        let input = Input::Received {
            receive: &receive,
            send_handle: SendHandle(1),
            control: Some(ControlHandle(1)),
            extra: None,
            bytes,
        };
        end.engine.handle(self.now, input);
    }

    fn pass(&mut self) {
        self.now += Duration::from_millis(self.rng.below(120));
        for end in &mut self.ends {
            while end.engine.deadline().is_some_and(|due| due <= self.now) {
                end.engine.handle(self.now, Input::Timeout);
            }
        }
    }

    fn answer(&mut self, at: usize) {
        let end = &mut self.ends[at];
        let mut books = end.books.borrow_mut();
        if books.owed.is_empty() {
            return;
        }
        let pick = self.rng.below(books.owed.len() as u64) as usize;
        let token = books.owed.swap_remove(pick);
        drop(books);
        let (ack, result) = reply(&mut self.rng);
        let answer = Answer::Reply(UserAnswer {
            ack,
            ..UserAnswer::discard(result)
        });
        // A connection that was cancelled meanwhile makes it stale: that is an answer too.
        let _ = end.engine.answer(self.now, token, answer);
    }

    fn cancel(&mut self, at: usize) {
        let end = &mut self.ends[at];
        end.engine
            .cancel(self.now, end.connection, 1)
            .expect("it is live");
        self.cancelled += 1;
    }

    /// An item changes while traffic runs: the user's, for connections made later, or the connection's, at once.
    fn reconfigure(&mut self, at: usize) {
        let end = &mut self.ends[at];
        let other = config(&mut self.rng);
        let item = *self.rng.pick(Item::ALL).expect("there are items");
        let value = match item {
            // The two ends read what they expect: they would have to change together.
            Item::EncodingMod | Item::EncodingConfig | Item::ProtocolVersion => return,
            Item::UserMod => (*self.rng.pick(&MODULES).expect("two")).into(),
            Item::MinTransId => Setting::from(1 + self.rng.below(5) as u32),
            Item::MaxTransId => Setting::from(1000 + self.rng.below(5) as u32),
            // Re-sends end before LONG-TIMER does: a later one may be executed again.
            Item::RequestTimer | Item::ReplyTimer | Item::SegmentSendTimer => timer(&mut self.rng),
            Item::LongRequestTimer | Item::SegmentRecvTimer => {
                Setting::from(2000 + self.rng.below(18_000) as u32)
            }
            Item::ExecutionTimer => Setting::from(5000 + self.rng.below(10_000) as u32),
            Item::UserArgs | Item::ReplyData => Setting::from(self.rng.below(9) as u32),
            _ => other.get(item),
        };
        let done = if self.rng.chance(1, 3) {
            end.engine.update_user_info(end.user, item, &value)
        } else {
            let connection = end.connection;
            end.engine
                .update_conn_info(self.now, connection, item, &value)
        };
        assert_eq!(done, Ok(()), "{item:?} {value}");
        self.reconfigured += 1;
    }

    fn reconnect(&mut self, at: usize) {
        let end = &mut self.ends[at];
        end.engine
            .disconnect(self.now, end.connection, 1)
            .expect("it is live");
        self.connect(at);
    }

    fn connect(&mut self, at: usize) {
        let end = &mut self.ends[at];
        let receive = end.engine.receive_handle(end.user).expect("it runs");
        let remote = Remote::Known(Mid::new(&mid(NAMES[1 - at])));
        let control = Some(ControlHandle(1));
        let made = end
            .engine
            .connect(self.now, &receive, remote, SendHandle(1), control, None);
        end.connection = made.expect("a connection");
    }

    /// A connection may have ended (too many repetitions) and may have been made again by a message.
    fn refresh(&mut self, at: usize) {
        let end = &mut self.ends[at];
        match end
            .engine
            .connection(end.user, &Mid::new(&mid(NAMES[1 - at])))
        {
            Some(connection) => end.connection = connection,
            None => self.connect(at),
        }
    }

    /// What the engines send takes off, is lost, or is doubled.
    fn collect(&mut self) {
        for at in 0..2 {
            while let Some(Output::Send(send)) = self.ends[at].engine.poll() {
                let sum: u64 = send.bytes.iter().map(|byte| u64::from(*byte)).sum();
                self.trace = self.trace.rotate_left(5) ^ sum ^ self.now.0;
                if self.rng.below(100) < self.loss {
                    self.lost += 1;
                    continue;
                }
                let copies = 1 + usize::from(self.rng.below(100) < self.doubling);
                for _ in 0..copies {
                    let arrival = self.now + Duration::from_millis(self.rng.below(self.delay_ms));
                    self.flying.push((arrival, 1 - at, send.bytes.clone()));
                }
            }
        }
    }

    /// The network is well, users answer at once, time runs until nothing is left to do.
    fn heal(&mut self) {
        (self.loss, self.doubling) = (0, 0);
        for end in &self.ends {
            end.books.borrow_mut().healed = true;
        }
        for _ in 0..100_000 {
            while !self.flying.is_empty() {
                let n = (0..self.flying.len())
                    .min_by_key(|n| self.flying[*n].0)
                    .expect("one flies");
                let (arrival, to, bytes) = self.flying.swap_remove(n);
                self.now = self.now.max(arrival);
                self.deliver(to, &bytes);
                self.collect();
            }
            while self
                .ends
                .iter()
                .any(|end| !end.books.borrow().owed.is_empty())
            {
                self.answer(0);
                self.answer(1);
                self.collect();
            }
            let due = self
                .ends
                .iter()
                .filter_map(|end| end.engine.deadline())
                .min();
            match due {
                Some(due) => self.now = self.now.max(due),
                None if self.flying.is_empty() => return,
                None => {}
            }
            for end in &mut self.ends {
                if end.engine.deadline().is_some_and(|due| due <= self.now) {
                    end.engine.handle(self.now, Input::Timeout);
                }
            }
            self.collect();
        }
        panic!("it never gets quiet");
    }

    fn check(&self) {
        for end in &self.ends {
            let books = end.books.borrow();
            let twice: Vec<_> = books
                .executed
                .iter()
                .filter(|(_, times)| **times > 1)
                .collect();
            assert!(twice.is_empty(), "executed more than once: {twice:?}");
            let open: Vec<_> = books
                .calls
                .iter()
                .filter(|(_, results)| **results != 1)
                .collect();
            assert!(
                open.is_empty(),
                "calls without exactly one result: {open:?}"
            );
            assert!(
                books.cast_results >= books.casts,
                "{} results of {} casts",
                books.cast_results,
                books.casts
            );
            let left = end.engine.numbers();
            assert_eq!(
                (
                    left.requests,
                    left.replies,
                    left.calls,
                    left.batches,
                    left.timers
                ),
                (0, 0, 0, 0, 0)
            );
            // A request that was repeated too often ends its association (profile `rfc`).
            assert!(left.connections <= 1);
        }
    }
}
