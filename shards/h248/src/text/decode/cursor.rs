//! The cursor of the text decoder: white space, words, numbers, punctuation, lists; it knows no rule of the grammar.

use super::super::keyword::Keyword;
use super::scan;
use crate::arena::{Arena, Gather};
use crate::error::{DecodeError, Fault, MiniMessage, Position, Problem, Scope, SyntaxError};
use crate::limits::Limits;
use crate::model::List;

/// The rule failed; what happened is in [`Cursor::failure`].
#[derive(Debug)]
pub(super) struct Stop;

/// What a rule gives.
pub(super) type Rule<T> = Result<T, Stop>;

/// What happened, before it is known which unit it is confined to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    /// The error code, when the failure has one of its own; otherwise the unit's syntax error.
    pub(super) code: Option<u16>,
    pub(super) offset: usize,
    pub(super) problem: Problem,
}

/// A word: the longest run of `SafeChar`s.
#[derive(Clone, Copy)]
pub(super) struct Word<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) start: usize,
}

pub(super) struct Cursor<'a, 'l> {
    pub(super) input: &'a [u8],
    /// The next byte.
    pub(super) at: usize,
    pub(super) arena: &'a Arena,
    pub(super) limits: &'l Limits,
    /// Open braces.
    pub(super) depth: usize,
    pub(super) failure: Failure,
    /// The end of a faulty unit was not found: nothing more can be decoded.
    pub(super) lost: bool,
    faults: Vec<Fault>,
    /// The last position computed: offset, its line, and the offset of that line's first byte.
    line: (usize, u32, usize),
    #[cfg(test)]
    looked_at: usize,
}

impl<'a, 'l> Cursor<'a, 'l> {
    pub(super) fn new(input: &'a [u8], arena: &'a Arena, limits: &'l Limits) -> Self {
        Self {
            input,
            at: 0,
            arena,
            limits,
            depth: 0,
            failure: Failure {
                code: None,
                offset: 0,
                problem: Problem::Missing("message"),
            },
            lost: false,
            faults: Vec::new(),
            line: (0, 1, 0),
            #[cfg(test)]
            looked_at: 0,
        }
    }

    /// The next byte, 0 at the end (no rule accepts a zero).
    #[inline(always)]
    pub(super) fn peek(&self) -> u8 {
        self.input.get(self.at).copied().unwrap_or(0)
    }

    /// `LWSP`, then the next byte.
    #[inline(always)]
    pub(super) fn peek_past_space(&mut self) -> u8 {
        let byte = self.peek();
        if byte > b' ' && byte != b';' {
            return byte;
        }
        // One blank is what mostly stands around an equals sign or before a brace.
        if byte == b' ' {
            self.at += 1;
            let byte = self.peek();
            if byte > b' ' && byte != b';' {
                return byte;
            }
        }
        self.space();
        self.peek()
    }

    /// `LWSP`: blanks, line ends, comments.
    pub(super) fn space(&mut self) {
        let start = self.at;
        let mut at = start;
        loop {
            at += scan::space(&self.input[at..]);
            if self.input.get(at) != Some(&b';') {
                break;
            }
            at = match memchr::memchr2(b'\n', b'\r', &self.input[at..]) {
                Some(length) => at + length,
                None => self.input.len(),
            };
        }
        self.at = at;
        self.look(at - start);
    }

    /// The word here, which may be empty.
    #[inline]
    pub(super) fn word_here(&mut self) -> Word<'a> {
        let start = self.at;
        let rest = self.input.get(start..).unwrap_or_default();
        let bytes = &rest[..scan::word(rest)];
        self.at = start + bytes.len();
        self.look(bytes.len());
        Word { bytes, start }
    }

    /// A word, after white space.
    #[inline]
    pub(super) fn word(&mut self, what: &'static str) -> Rule<Word<'a>> {
        self.peek_past_space();
        let word = self.word_here();
        if word.bytes.is_empty() {
            return Err(self.fail(Problem::Expected(what)));
        }
        Ok(word)
    }

    /// What the word is a keyword for.
    #[inline]
    pub(super) fn keyword_of(&self, word: &Word<'a>) -> Keyword {
        Keyword::of(self.input, word.start, word.start + word.bytes.len())
    }

    /// A keyword, after white space; `None` for a word that is not one, and where there is no word.
    #[inline]
    pub(super) fn keyword(&mut self) -> (Keyword, usize) {
        self.peek_past_space();
        let word = self.word_here();
        (self.keyword_of(&word), word.start)
    }

    /// A byte of punctuation, after white space.
    #[inline]
    pub(super) fn punctuation(&mut self, byte: u8, what: &'static str) -> Rule<()> {
        if self.peek_past_space() != byte {
            return Err(self.fail(Problem::Expected(what)));
        }
        self.at += 1;
        Ok(())
    }

    /// `EQUAL`
    #[inline]
    pub(super) fn equal(&mut self) -> Rule<()> {
        self.punctuation(b'=', "=")
    }

    /// `LBRKT`
    #[inline]
    pub(super) fn open(&mut self) -> Rule<()> {
        if self.depth >= self.limits.depth_max {
            return Err(self.fail(Problem::Limit("depth_max")));
        }
        self.punctuation(b'{', "{")?;
        self.depth += 1;
        Ok(())
    }

    /// `LBRKT` if it is here.
    #[inline]
    pub(super) fn try_open(&mut self) -> Rule<bool> {
        if self.peek_past_space() != b'{' {
            return Ok(false);
        }
        self.open()?;
        Ok(true)
    }

    /// `RBRKT`
    #[inline]
    pub(super) fn close(&mut self) -> Rule<()> {
        self.punctuation(b'}', "}")?;
        self.depth -= 1;
        Ok(())
    }

    /// `COMMA` (true) or `RBRKT` (false).
    #[inline]
    pub(super) fn more(&mut self) -> Rule<bool> {
        match self.peek_past_space() {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            b'}' => {
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            _ => Err(self.fail(Problem::Expected(", or }"))),
        }
    }

    /// One or more items separated by commas, up to and including the closing brace.
    #[inline]
    pub(super) fn items<T>(
        &mut self,
        max: usize,
        limit: &'static str,
        mut item: impl FnMut(&mut Self) -> Rule<T>,
    ) -> Rule<List<'a, T>> {
        let first = item(self)?;
        if !self.more()? {
            return Ok(self.arena.one_item(first));
        }
        let mut items: Gather<'a, T> = self.arena.gather();
        items.push(first);
        loop {
            if items.len() >= max {
                return Err(self.fail(Problem::Limit(limit)));
            }
            items.push(item(self)?);
            if !self.more()? {
                return Ok(items.finish());
            }
        }
    }

    /// [`items`](Self::items) of any list that has no limit of its own.
    #[inline]
    pub(super) fn list<T>(&mut self, item: impl FnMut(&mut Self) -> Rule<T>) -> Rule<List<'a, T>> {
        self.items(self.limits.items_max, "items_max", item)
    }

    /// A decimal number, after white space.
    #[inline]
    pub(super) fn number(&mut self, max: u32, what: &'static str) -> Rule<u32> {
        self.peek_past_space();
        self.number_here(max, what)
    }

    /// A decimal number at the cursor, of at most ten digits.
    #[inline]
    pub(super) fn number_here(&mut self, max: u32, what: &'static str) -> Rule<u32> {
        let start = self.at;
        let rest = self.input.get(start..).unwrap_or_default();
        let mut value = 0u64;
        let mut digits = 0;
        for &byte in rest.iter().take(11) {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value * 10 + u64::from(digit);
            digits += 1;
        }
        self.at = start + digits;
        self.look(digits);
        if digits == 0 {
            return Err(self.fail(Problem::Expected(what)));
        }
        if digits > 10 || value > u64::from(max) {
            return Err(self.fail_at(start, Problem::OutOfRange(what)));
        }
        Ok(value as u32)
    }

    /// `UINT16`
    #[inline]
    pub(super) fn uint16(&mut self, what: &'static str) -> Rule<u16> {
        Ok(self.number(0xFFFF, what)? as u16)
    }

    /// `ON` or `OFF`
    pub(super) fn on_or_off(&mut self) -> Rule<bool> {
        match self.keyword() {
            (Keyword::On, _) => Ok(true),
            (Keyword::Off, _) => Ok(false),
            (_, start) => Err(self.fail_at(start, Problem::Expected("ON or OFF"))),
        }
    }

    /// Fails at the cursor.
    #[cold]
    pub(super) fn fail(&mut self, problem: Problem) -> Stop {
        self.fail_at(self.at, problem)
    }

    /// Fails at an offset.
    #[cold]
    pub(super) fn fail_at(&mut self, offset: usize, problem: Problem) -> Stop {
        self.failure = Failure {
            code: None,
            offset,
            problem,
        };
        Stop
    }

    /// Fails with an error code that is more specific than the unit's.
    #[cold]
    pub(super) fn fail_with(&mut self, code: u16, offset: usize, problem: Problem) -> Stop {
        self.failure = Failure {
            code: Some(code),
            offset,
            problem,
        };
        Stop
    }

    /// An element that may stand once only.
    #[inline]
    pub(super) fn once<T>(
        &mut self,
        slot: &mut Option<T>,
        start: usize,
        what: &'static str,
        value: T,
    ) -> Rule<()> {
        if slot.is_some() {
            return Err(self.fail_at(start, Problem::Repeated(what)));
        }
        *slot = Some(value);
        Ok(())
    }

    /// Confines the current failure to a unit.
    #[cold]
    pub(super) fn confine(&mut self, scope: Scope, code: u16) -> Rule<()> {
        if self.faults.len() >= self.limits.faults_max {
            return Err(self.fail_at(self.failure.offset, Problem::Limit("faults_max")));
        }
        let error = self.syntax_error(code);
        self.faults.push(Fault { scope, error });
        Ok(())
    }

    /// The faults so far.
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    pub(super) fn take_faults(&mut self) -> Vec<Fault> {
        core::mem::take(&mut self.faults)
    }

    /// The current failure as an error of the whole message.
    #[cold]
    pub(super) fn message_error(&mut self, mini: Option<Box<MiniMessage>>) -> DecodeError {
        DecodeError {
            error: self.syntax_error(400),
            mini,
        }
    }

    fn syntax_error(&mut self, code: u16) -> SyntaxError {
        let Failure {
            code: own,
            offset,
            problem,
        } = self.failure;
        SyntaxError {
            code: own.unwrap_or(code),
            position: self.position(offset),
            problem,
        }
    }

    /// Line and column of an offset. Offsets mostly grow, so that all of them together cost one pass.
    fn position(&mut self, offset: usize) -> Position {
        let offset = offset.min(self.input.len());
        if offset < self.line.0 {
            self.line = (0, 1, 0);
        }
        let (from, mut line, mut line_start) = self.line;
        self.look(offset - from);
        for newline in memchr::memchr2_iter(b'\n', b'\r', &self.input[from..offset]) {
            let at = from + newline;
            // A carriage return and the line feed behind it are one line end.
            if self.input[at] == b'\r' && self.input.get(at + 1) == Some(&b'\n') {
                continue;
            }
            line = line.saturating_add(1);
            line_start = at + 1;
        }
        self.line = (offset, line, line_start);
        let column = u32::try_from(offset - line_start + 1).unwrap_or(u32::MAX);
        Position {
            offset,
            line,
            column,
        }
    }

    /// Counts bytes looked at, so that a test can see that decoding is linear.
    #[inline(always)]
    pub(super) fn look(&mut self, _bytes: usize) {
        #[cfg(test)]
        {
            self.looked_at += _bytes + 1;
        }
    }

    #[cfg(test)]
    pub(super) fn looked_at(&self) -> usize {
        self.looked_at
    }
}
