//! Two engines and the wire between them: an MGC and an MG that talk in virtual time, with everything that was sent written down.

use super::talk::{PEER, Talk};
use super::{MG, MGC};
use megaphone_megaco::config::Config;
use megaphone_megaco::{ControlHandle, Engine, Input, Mid, Options, Output, Remote};
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::time::Duration;

/// The two ends.
pub struct Wire {
    pub mgc: Talk,
    pub mg: Talk,
    pub delay: Duration,
    pub now: Tick,
    /// Arrival time, to the MGC or not, bytes.
    flying: VecDeque<(Tick, bool, Vec<u8>)>,
    /// `12 mg>mgc T=1{…}`, the time in milliseconds of sending.
    pub log: Vec<String>,
}

impl Wire {
    /// The MG is connected to the MGC; the MGC will connect by itself.
    pub fn new(mgc: Config, mg: Config) -> Self {
        Self::connected(mgc, mg, Remote::Known(Mid::new(&super::talk::mid(MGC))))
    }

    /// The MG is connected and does not know to whom.
    pub fn preliminary(mgc: Config, mg: Config) -> Self {
        Self::connected(mgc, mg, Remote::Preliminary)
    }

    fn connected(mgc: Config, mg: Config, remote: Remote) -> Self {
        let mut wire = Self {
            mgc: Talk::new(mgc),
            mg: Talk::named(MG, mg),
            delay: Duration::from_millis(1),
            now: Tick::ZERO,
            flying: VecDeque::new(),
            log: Vec::new(),
        };
        let control = Some(ControlHandle(1));
        let made =
            wire.mg
                .engine
                .connect(Tick::ZERO, &wire.mg.receive, remote, PEER, control, None);
        wire.mg.connection = made.ok();
        wire
    }

    /// Runs for so many milliseconds.
    pub fn run(&mut self, wait: u64) -> &mut Self {
        let end = self.now + Duration::from_millis(wait);
        loop {
            self.collect();
            let arrival = self.flying.iter().map(|(at, ..)| *at).min();
            let due = [
                arrival,
                self.mgc.engine.deadline(),
                self.mg.engine.deadline(),
            ];
            let Some(next) = due.into_iter().flatten().min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            (self.mgc.now, self.mg.now) = (self.now, self.now);
            self.deliver();
            for engine in [&mut self.mgc.engine, &mut self.mg.engine] {
                if engine.deadline().is_some_and(|due| due <= self.now) {
                    engine.handle(self.now, Input::Timeout);
                }
            }
        }
        self.now = end;
        (self.mgc.now, self.mg.now) = (end, end);
        self
    }

    fn collect(&mut self) {
        let (now, delay) = (self.now, self.delay);
        for (to_mgc, talk) in [(false, &mut self.mgc), (true, &mut self.mg)] {
            while let Some(Output::Send(send)) = talk.engine.poll() {
                let way = if to_mgc { "mg>mgc" } else { "mgc>mg" };
                let text = String::from_utf8_lossy(&send.bytes).into_owned();
                let body = text.splitn(3, ' ').nth(2).unwrap_or("").to_owned();
                self.log.push(format!("{} {way} {body}", now.0 / 1_000_000));
                self.flying.push_back((now + delay, to_mgc, send.bytes));
            }
        }
    }

    fn deliver(&mut self) {
        while let Some(at) = self.flying.iter().position(|(at, ..)| *at <= self.now) {
            let Some((_, to_mgc, bytes)) = self.flying.remove(at) else {
                return;
            };
            let talk = if to_mgc { &mut self.mgc } else { &mut self.mg };
            talk.raw(&bytes);
        }
    }

    /// What was sent, one line each.
    pub fn sent(&self) -> String {
        self.log.join("\n")
    }
}

impl Talk {
    /// An engine of another name.
    pub fn named(name: &str, mut config: Config) -> Self {
        let mut talk = Self::with(config.clone(), Options::default());
        let mut engine = Engine::new(Options::default());
        let module = engine.add_module("script", Box::new(talk.script.clone()));
        config.user_mod = module.expect("a new name");
        talk.user = engine
            .start_user_with(&super::talk::mid(name), config)
            .expect("a legal configuration");
        talk.receive = engine.receive_handle(talk.user).expect("the user runs");
        talk.engine = engine;
        talk
    }
}
