//! A gateway's search for a controller (RFC 3525 9.2, 11.2 to 11.5). It sends nothing: each step says whom to contact how, or how long to wait.
//!
//! ```text
//!           start                     accepted
//!  Waiting ───────► Contacting ────────────────────► Registered
//!     ▲    activity   │  ▲  │                            │ controller failed, hand-off
//!     │               │  └──┘ refused with MgcIdToTry,   │
//!     │ all failed    │       or no answer: next on list │
//!     └───────────────┘◄─────────────────────────────────┘
//! ```

use crate::mid::Mid;
use megaphone_h248::model::{
    ActionRequest, Command, ContextId, List, ServiceChangeMethod, ServiceChangeParm,
    ServiceChangeRequest, TerminationId, Token, Value,
};
use megaphone_wheel::{Rng, Tick};
use std::time::Duration;

/// Redirections followed in a row before the list is tried again.
pub(super) const REDIRECTIONS_MAX: u32 = 8;

/// What a gateway is provisioned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayOptions {
    /// Primary controller first, then secondaries in order.
    pub controllers: Vec<Mid>,
    /// Maximum waiting delay before a registration (600 s residential, 2.5 s for a T1, 60 ms for a T3).
    pub mwd: Duration,
    /// Protocol versions spoken.
    pub versions: std::ops::RangeInclusive<u8>,
}

/// How a controller is contacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// After a start: reason 901.
    Restart,
    /// The controlling controller failed: reason 909.
    Failover,
    /// Back to the controller that was lost: reason 900.
    Disconnected,
    /// The controller said so: reason 903.
    HandOff,
}

/// A ServiceChange to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// To whom.
    pub controller: Mid,
    /// How.
    pub method: Method,
    /// The version proposed.
    pub version: u8,
}

/// Where the search stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayState {
    /// Until then, or until local activity.
    Waiting(Tick),
    /// Waiting for this controller's answer.
    Contacting(Mid),
    /// Controlled by it.
    Registered(Mid),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send a ServiceChange.
    Contact(Contact),
    /// Call `timeout` then.
    Wait(Tick),
    /// Registered; messages have this version from here on.
    Registered {
        /// With whom.
        controller: Mid,
        /// The version agreed on.
        version: u8,
    },
    /// Nothing.
    Nothing,
}

/// The search.
#[derive(Debug)]
pub struct Gateway {
    options: GatewayOptions,
    state: GatewayState,
    /// Position in the list of the next to try.
    next: usize,
    method: Method,
    /// Who controlled us last.
    last: Option<Mid>,
    /// Who failed, and is passed over in this round unless nobody else is left.
    failed: Option<Mid>,
    redirections: u32,
    rng: Rng,
}

impl Gateway {
    /// A gateway that was just powered on: it waits a random part of MWD first.
    pub fn start(now: Tick, options: GatewayOptions, seed: u64) -> (Self, Step) {
        let mut gateway = Self {
            options,
            state: GatewayState::Waiting(now),
            next: 0,
            method: Method::Restart,
            last: None,
            failed: None,
            redirections: 0,
            rng: Rng::new(seed),
        };
        let step = gateway.wait(now);
        (gateway, step)
    }

    /// Where the search stands.
    pub fn state(&self) -> &GatewayState {
        &self.state
    }

    /// A user picked up a phone: waiting ends (RFC 3525 9.2 rule 2).
    pub fn local_activity(&mut self, now: Tick) -> Step {
        match self.state {
            GatewayState::Waiting(_) => self.contact_next(now),
            _ => Step::Nothing,
        }
    }

    /// The time of [`Step::Wait`] has come.
    pub fn timeout(&mut self, now: Tick) -> Step {
        match self.state {
            GatewayState::Waiting(until) if until <= now => self.contact_next(now),
            GatewayState::Waiting(until) => Step::Wait(until),
            _ => Step::Nothing,
        }
    }

    /// The controller answered. `version` is what its reply says, `redirect` its ServiceChangeMgcId.
    pub fn answered(&mut self, now: Tick, version: Option<u8>, redirect: Option<Mid>) -> Step {
        let GatewayState::Contacting(controller) = self.state.clone() else {
            return Step::Nothing;
        };
        if let Some(next) = redirect {
            self.redirections += 1;
            if self.redirections > REDIRECTIONS_MAX {
                return self.contact_next(now);
            }
            return self.contact(next, self.method);
        }
        let version = version.unwrap_or(*self.options.versions.end());
        if !self.options.versions.contains(&version) {
            // We cannot speak what it wants (RFC 3525 11.3).
            return self.contact_next(now);
        }
        self.state = GatewayState::Registered(controller.clone());
        self.last = Some(controller.clone());
        self.failed = None;
        self.redirections = 0;
        self.method = Method::Restart;
        Step::Registered {
            controller,
            version,
        }
    }

    /// The controller refused with an error, or did not answer.
    pub fn unanswered(&mut self, now: Tick) -> Step {
        match self.state {
            GatewayState::Contacting(_) if self.method == Method::HandOff => {
                self.fail_over(now, None)
            }
            GatewayState::Contacting(_) => self.contact_next(now),
            _ => Step::Nothing,
        }
    }

    /// The controlling controller has failed (RFC 3525 11.5).
    pub fn controller_failed(&mut self, now: Tick) -> Step {
        match self.state.clone() {
            GatewayState::Registered(controller) => self.fail_over(now, Some(controller)),
            _ => Step::Nothing,
        }
    }

    /// The controller hands us over to another one (RFC 3525 11.5).
    pub fn hand_off(&mut self, to: Mid) -> Step {
        match self.state {
            GatewayState::Registered(_) => {
                self.method = Method::HandOff;
                self.next = 0;
                self.contact(to, Method::HandOff)
            }
            _ => Step::Nothing,
        }
    }

    fn fail_over(&mut self, now: Tick, failed: Option<Mid>) -> Step {
        self.method = Method::Failover;
        self.next = 0;
        self.failed = failed;
        self.contact_next(now)
    }

    fn wait(&mut self, now: Tick) -> Step {
        let mwd = u64::try_from(self.options.mwd.as_nanos()).unwrap_or(u64::MAX);
        let until = now.after(Duration::from_nanos(self.rng.range(0, mwd)));
        self.state = GatewayState::Waiting(until);
        self.next = 0;
        self.redirections = 0;
        Step::Wait(until)
    }

    /// The next on the list. The one that failed is passed over once; after the last everybody waits, and the failed one counts again.
    fn contact_next(&mut self, now: Tick) -> Step {
        while let Some(controller) = self.options.controllers.get(self.next).cloned() {
            self.next += 1;
            if self.failed.as_ref() == Some(&controller) {
                continue;
            }
            let method = match self.method {
                // RFC 3525 11.5: the previously controlling MGC is contacted with Disconnected.
                Method::Failover if self.last.as_ref() == Some(&controller) => Method::Disconnected,
                method => method,
            };
            return self.contact(controller, method);
        }
        self.failed = None;
        self.wait(now)
    }

    fn contact(&mut self, controller: Mid, method: Method) -> Step {
        self.state = GatewayState::Contacting(controller.clone());
        Step::Contact(Contact {
            controller,
            method,
            version: *self.options.versions.end(),
        })
    }
}

impl Contact {
    /// The action to call with: ServiceChange of the root in the null context.
    pub fn action(&self) -> ActionRequest<'static> {
        let (method, reason) = match self.method {
            Method::Restart => (ServiceChangeMethod::Restart, "901"),
            Method::Failover => (ServiceChangeMethod::Failover, "909"),
            Method::Disconnected => (ServiceChangeMethod::Disconnected, "900"),
            Method::HandOff => (ServiceChangeMethod::HandOff, "903"),
        };
        let reason = Token::new(reason.as_bytes()).expect("digits are a token");
        let mut parms = ServiceChangeParm::new(method, Value::Token(reason));
        parms.version = Some(self.version);
        let change = Command::ServiceChange(ServiceChangeRequest {
            terminations: List::one(TerminationId::ROOT),
            parms: parms.into(),
        });
        ActionRequest::new(ContextId::NULL, vec![change.into()])
    }
}
