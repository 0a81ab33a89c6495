//! Digit maps: parse and check them, and collect dialled symbols against them; it owns no clock and no timer.
//!
//! A [`DigitMap`] is parsed once and may be shared by any number of [`Collector`]s, one per activation
//! (RFC 3525 7.1.14.6). A collector is told of events and of timer expiry and answers with what to do next:
//!
//! ```text
//!            press(symbol, held)                    Step::Wait { timer, duration_ms }   arm this, disarm the last
//!   caller ----------------------->  Collector  --------------------------------------->  caller
//!            timeout()                              Step::Done(Completion)              report dd/ce with Meth
//! ```
//!
//! Rules are those of RFC 3525 7.1.14; the grammar is A.3's, read as annex B wants it, without regard to case, and with
//! letter ranges (`[a-d]`) that 7.1.14.3 speaks of and the ABNF forgot.

mod collector;
mod parse;
#[cfg(test)]
mod tests;

pub use collector::{Collector, Completion, Held, Method, Step};

/// One event symbol: `0` to `9`, `A` to `K`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(u8);

impl Symbol {
    /// How many symbols there are.
    const COUNT: u8 = 21;

    /// The symbol of a character, in either case; `None` for anything else.
    pub fn new(character: u8) -> Option<Self> {
        match character {
            b'0'..=b'9' => Some(Self(character - b'0')),
            b'A'..=b'K' => Some(Self(character - b'A' + 10)),
            b'a'..=b'k' => Some(Self(character - b'a' + 10)),
            _ => None,
        }
    }

    /// The character: a digit or an upper case letter.
    pub fn character(self) -> char {
        char::from(if self.0 < 10 {
            b'0' + self.0
        } else {
            b'A' + self.0 - 10
        })
    }
}

/// A set of symbols that satisfy one position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct SymbolSet(u32);

impl SymbolSet {
    /// What `x` stands for.
    const DIGITS: Self = Self(0x3ff);

    fn insert(&mut self, symbol: Symbol) {
        self.0 |= 1 << symbol.0;
    }

    fn insert_range(&mut self, first: Symbol, last: Symbol) {
        for symbol in first.0..=last.0.min(Symbol::COUNT - 1) {
            self.insert(Symbol(symbol));
        }
    }

    fn contains(self, symbol: Symbol) -> bool {
        self.0 & (1 << symbol.0) != 0
    }
}

/// Which timer guards a wait.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// Before the first symbol.
    Start,
    /// After a symbol, when an alternative is already satisfied.
    Short,
    /// After a symbol, when every alternative needs more.
    Long,
}

/// One position of an alternative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Position {
    symbols: SymbolSet,
    /// A `Z` stands in front: only a long event satisfies it.
    long: bool,
    /// A dot follows: zero or more of it.
    repeat: bool,
    /// The timing specifier in effect while waiting for this position (`S` or `L` at or before it).
    timer: Option<Timer>,
}

/// One alternative: a run of `DigitMap::positions`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Alternative {
    first: u32,
    end: u32,
    /// The timing specifier in effect when all positions are satisfied.
    timer: Option<Timer>,
}

/// A parsed digit map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DigitMap {
    positions: Vec<Position>,
    alternatives: Vec<Alternative>,
    digits_max: usize,
}

impl DigitMap {
    /// Parses a digit map body such as `(0S|00S|[1-7]xxx|9011x.)` under the default limits.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its byte offset.
    pub fn parse(body: &[u8]) -> Result<Self, DigitMapError> {
        Self::parse_with(body, &DigitMapLimits::default())
    }

    /// Parses under limits of the caller's choice.
    ///
    /// # Errors
    /// As [`DigitMap::parse`], and [`DigitMapError::TooLong`] or [`DigitMapError::TooManyPositions`].
    pub fn parse_with(body: &[u8], limits: &DigitMapLimits) -> Result<Self, DigitMapError> {
        parse::parse(body, limits)
    }

    /// How many alternative sequences it has.
    pub fn alternatives(&self) -> usize {
        self.alternatives.len()
    }
}

impl std::str::FromStr for DigitMap {
    type Err = DigitMapError;

    fn from_str(body: &str) -> Result<Self, DigitMapError> {
        Self::parse(body.as_bytes())
    }
}

/// What a digit map may cost: a step of a collector takes time in proportion to the positions, and `x.` collects without end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DigitMapLimits {
    /// Longest body, bytes.
    pub body_bytes_max: usize,
    /// Most positions in all alternatives together.
    pub positions_max: usize,
    /// Longest dial string, characters: what does not go into it does not fit the map.
    pub digits_max: usize,
}

impl Default for DigitMapLimits {
    fn default() -> Self {
        Self {
            body_bytes_max: 8 * 1024,
            positions_max: 4 * 1024,
            digits_max: 1024,
        }
    }
}

/// Why a digit map is not one. Offsets count bytes from the start of the body.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DigitMapError {
    /// The body exceeds `body_bytes_max`.
    #[error("digit map of {bytes} bytes is longer than {max}")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// More positions than `positions_max`.
    #[error("digit map has more than {max} positions")]
    TooManyPositions {
        /// The limit.
        max: usize,
    },
    /// A character that has no place here.
    #[error("unexpected character {character:?} at offset {offset}")]
    Unexpected {
        /// The character.
        character: char,
        /// Where it stands.
        offset: usize,
    },
    /// The body ends inside a set, after `Z`, or before the closing parenthesis.
    #[error("digit map ends too early")]
    Truncated,
    /// An alternative without any symbol.
    #[error("empty alternative at offset {offset}")]
    EmptyAlternative {
        /// Where the alternative ends.
        offset: usize,
    },
    /// A set without any symbol.
    #[error("empty set at offset {offset}")]
    EmptySet {
        /// Where its bracket opens.
        offset: usize,
    },
    /// A range whose end is before its start or of another kind.
    #[error("backward range at offset {offset}")]
    BackwardRange {
        /// Where its last symbol stands.
        offset: usize,
    },
}

impl DigitMapError {
    /// The byte offset in the body, where one applies.
    pub fn offset(&self) -> Option<usize> {
        match *self {
            Self::Unexpected { offset, .. }
            | Self::EmptyAlternative { offset }
            | Self::EmptySet { offset }
            | Self::BackwardRange { offset } => Some(offset),
            Self::TooLong { .. } | Self::TooManyPositions { .. } | Self::Truncated => None,
        }
    }
}

/// Timer values of a digit map (RFC 3525 7.1.14.2, the duration from H.248.1 version 2 on).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct DigitMapTimers {
    /// `T`, seconds; 0 waits for the first symbol without end.
    pub start: u8,
    /// `S`, seconds.
    pub short: u8,
    /// `L`, seconds.
    pub long: u8,
    /// `Z`, tenths of a second that a key must be held to count as long.
    pub duration: u8,
}

impl Default for DigitMapTimers {
    /// What Erlang/OTP provisions: wait for ever, 3 s, 9 s, and 10 s for a long press.
    fn default() -> Self {
        Self {
            start: 0,
            short: 3,
            long: 9,
            duration: 100,
        }
    }
}

impl DigitMapTimers {
    /// How long `timer` runs, in milliseconds; `None` when it is disabled (only the start timer can be).
    pub fn duration_ms(&self, timer: Timer) -> Option<u32> {
        let seconds = match timer {
            Timer::Start => return (self.start > 0).then(|| u32::from(self.start) * 1000),
            Timer::Short => self.short,
            Timer::Long => self.long,
        };
        Some(u32::from(seconds) * 1000)
    }
}
