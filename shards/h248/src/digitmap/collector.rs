//! The collector: the procedure of RFC 3525 7.1.14.5 as a state machine without a clock.

use super::{DigitMap, DigitMapTimers, Symbol, Timer};

/// How long a key was held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// For this many milliseconds; compared with the duration timer.
    Milliseconds(u32),
    /// The detector knows only that it was not long.
    Brief,
    /// The detector knows only that it was long.
    Long,
}

/// Why a digit map completed (the `Meth` parameter of `dd/ce`, RFC 3525 E.6.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// `UM`: an alternative is matched and nothing more could match.
    Unambiguous,
    /// `PM`: a timer expired or an event did not fit, and no alternative was matched.
    Partial,
    /// `FM`: a timer expired or an event did not fit, and an alternative was matched.
    Full,
}

impl Method {
    /// The text form of the `Meth` parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unambiguous => "UM",
            Self::Partial => "PM",
            Self::Full => "FM",
        }
    }
}

/// The end of a collection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Which of the three ends it is.
    pub method: Method,
    /// The dial string (`ds`): symbols in upper case, with a `Z` before each that matched as a long event.
    pub digits: String,
    /// The event that did not fit and is not part of `digits`; it is to be processed as an ordinary event.
    pub unmatched: Option<Symbol>,
}

/// What to do after an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Wait for the next event under this timer, which replaces the one before it.
    Wait {
        /// Which timer.
        timer: Timer,
        /// Its length in milliseconds; `None`: wait without end.
        duration_ms: Option<u32>,
    },
    /// The map is complete and deactivated.
    Done(Completion),
}

/// A place in the digit map: this alternative, its positions before `position` satisfied.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    alternative: u32,
    position: u32,
}

/// One activation of a digit map.
///
/// ```text
///   new --wait(Start)--> collecting --press: fits, more possible--> collecting
///                            |------- press: fits, nothing more --> done (Unambiguous)
///                            |------- press: fits nothing --------> done (Full | Partial, unmatched)
///                            '------- timeout --------------------> done (Full | Partial)
/// ```
#[derive(Clone, Debug)]
pub struct Collector<'m> {
    map: &'m DigitMap,
    timers: DigitMapTimers,
    places: Vec<Place>,
    next: Vec<Place>,
    digits: String,
    done: bool,
}

impl<'m> Collector<'m> {
    /// Activates `map` and says which timer guards the first symbol.
    pub fn new(map: &'m DigitMap, timers: DigitMapTimers) -> (Self, Step) {
        let mut collector = Self {
            map,
            timers,
            places: Vec::new(),
            next: Vec::new(),
            digits: String::new(),
            done: false,
        };
        for (index, alternative) in (0..).zip(&map.alternatives) {
            collector.enter(Place {
                alternative: index,
                position: alternative.first,
            });
        }
        collector.turn();
        let step = collector.wait(Timer::Start);
        (collector, step)
    }

    /// The dial string so far.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// An event was detected. `None` once the map is complete.
    pub fn press(&mut self, symbol: Symbol, held: Held) -> Option<Step> {
        if self.done {
            return None;
        }
        let satisfied = self.satisfied();
        let long = self.is_long(held) && self.fits(symbol, true);
        for index in 0..self.places.len() {
            let place = self.places[index];
            let Some(position) = self.position(place) else {
                continue;
            };
            if position.long != long || !position.symbols.contains(symbol) {
                continue;
            }
            let stay = u32::from(!position.repeat);
            self.enter(Place {
                position: place.position + stay,
                ..place
            });
        }
        let longer = self.digits.len() + 1 + usize::from(long);
        if self.next.is_empty() || longer > self.map.digits_max {
            let method = if satisfied {
                Method::Full
            } else {
                Method::Partial
            };
            return Some(self.complete(method, Some(symbol)));
        }
        self.turn();
        if long {
            self.digits.push('Z');
        }
        self.digits.push(symbol.character());
        if self
            .places
            .iter()
            .all(|&place| self.position(place).is_none())
        {
            return Some(self.complete(Method::Unambiguous, None));
        }
        let timer = self.timer();
        Some(self.wait(timer))
    }

    /// The timer of the last [`Step::Wait`] expired. `None` once the map is complete.
    pub fn timeout(&mut self) -> Option<Step> {
        if self.done {
            return None;
        }
        let method = if self.satisfied() {
            Method::Full
        } else {
            Method::Partial
        };
        Some(self.complete(method, None))
    }

    fn is_long(&self, held: Held) -> bool {
        match held {
            Held::Milliseconds(ms) => ms > u32::from(self.timers.duration) * 100,
            Held::Brief => false,
            Held::Long => true,
        }
    }

    fn fits(&self, symbol: Symbol, long: bool) -> bool {
        let mut waiting = self.places.iter().filter_map(|&place| self.position(place));
        waiting.any(|position| position.long == long && position.symbols.contains(symbol))
    }

    /// The position a place waits for; `None` when its alternative is fully satisfied.
    fn position(&self, place: Place) -> Option<&'m super::Position> {
        let alternative = self.map.alternatives.get(place.alternative as usize)?;
        if place.position >= alternative.end {
            return None;
        }
        self.map.positions.get(place.position as usize)
    }

    fn satisfied(&self) -> bool {
        self.places
            .iter()
            .any(|&place| self.position(place).is_none())
    }

    /// Adds a place to the next step, and the places behind positions that may be left out.
    fn enter(&mut self, mut place: Place) {
        // Places are entered in ascending order, each with all that can be reached from it by leaving positions out:
        // what is not behind the last one is already there.
        let last = self.next.last();
        if last.is_some_and(|last| {
            last.alternative == place.alternative && last.position >= place.position
        }) {
            return;
        }
        loop {
            self.next.push(place);
            match self.position(place) {
                Some(position) if position.repeat => place.position += 1,
                _ => return,
            }
        }
    }

    fn turn(&mut self) {
        std::mem::swap(&mut self.places, &mut self.next);
        self.next.clear();
    }

    /// The timing rules of 7.1.14.2 and the specifiers of 7.1.14.3: explicit before default, long before short.
    fn timer(&self) -> Timer {
        let explicit = self
            .places
            .iter()
            .filter_map(|&place| match self.position(place) {
                Some(position) => position.timer,
                None => self.map.alternatives.get(place.alternative as usize)?.timer,
            });
        let default = if self.satisfied() {
            Timer::Short
        } else {
            Timer::Long
        };
        explicit.max().unwrap_or(default)
    }

    fn wait(&self, timer: Timer) -> Step {
        Step::Wait {
            timer,
            duration_ms: self.timers.duration_ms(timer),
        }
    }

    fn complete(&mut self, method: Method, unmatched: Option<Symbol>) -> Step {
        self.done = true;
        self.places.clear();
        self.next.clear();
        Step::Done(Completion {
            method,
            digits: std::mem::take(&mut self.digits),
            unmatched,
        })
    }
}
