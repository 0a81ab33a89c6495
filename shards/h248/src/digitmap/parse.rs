//! The parser of digit map bodies (RFC 3525 A.3).

use super::{
    Alternative, DigitMap, DigitMapError, DigitMapLimits, Position, Symbol, SymbolSet, Timer,
};

pub(super) fn parse(body: &[u8], limits: &DigitMapLimits) -> Result<DigitMap, DigitMapError> {
    if body.len() > limits.body_bytes_max {
        return Err(DigitMapError::TooLong {
            bytes: body.len(),
            max: limits.body_bytes_max,
        });
    }
    let mut parser = Parser {
        body,
        at: 0,
        limits,
        map: DigitMap {
            positions: Vec::new(),
            alternatives: Vec::new(),
            digits_max: limits.digits_max,
        },
    };
    parser.blanks();
    let listed = parser.take_if(b'(');
    loop {
        parser.alternative()?;
        match parser.next_byte() {
            Some(b'|') if listed => {}
            Some(b')') if listed => break,
            None if listed => return Err(DigitMapError::Truncated),
            None => break,
            Some(_) => return Err(parser.unexpected_last()),
        }
    }
    parser.blanks();
    match parser.next_byte() {
        None => Ok(parser.map),
        Some(_) => Err(parser.unexpected_last()),
    }
}

struct Parser<'b> {
    body: &'b [u8],
    at: usize,
    limits: &'b DigitMapLimits,
    map: DigitMap,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take_if(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// An error about the byte just taken.
    fn unexpected_last(&self) -> DigitMapError {
        let offset = self.at.saturating_sub(1);
        let byte = self.body.get(offset).copied().unwrap_or_default();
        DigitMapError::Unexpected {
            character: char::from(byte),
            offset,
        }
    }

    /// `LWSP`: blanks, line ends and comments.
    fn blanks(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b';' => {
                    let rest = &self.body[self.at..];
                    let line = rest.iter().position(|b| matches!(b, b'\r' | b'\n'));
                    self.at += line.unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// One `digitString`, up to and without the `|`, `)` or end behind it.
    fn alternative(&mut self) -> Result<(), DigitMapError> {
        let first = self.map.positions.len();
        let mut timer = None;
        loop {
            self.blanks();
            let long = match self.peek() {
                None | Some(b'|' | b')') => break,
                Some(b'S' | b's') => {
                    timer = Some(Timer::Short);
                    self.at += 1;
                    continue;
                }
                Some(b'L' | b'l') => {
                    timer = Some(Timer::Long);
                    self.at += 1;
                    continue;
                }
                Some(b'Z' | b'z') => {
                    self.at += 1;
                    self.blanks();
                    true
                }
                Some(_) => false,
            };
            let symbols = self.symbols()?;
            let repeat = self.take_if(b'.');
            if self.map.positions.len() >= self.limits.positions_max {
                return Err(DigitMapError::TooManyPositions {
                    max: self.limits.positions_max,
                });
            }
            self.map.positions.push(Position {
                symbols,
                long,
                repeat,
                timer,
            });
        }
        let end = self.map.positions.len();
        if end == first {
            return Err(DigitMapError::EmptyAlternative { offset: self.at });
        }
        // Bodies are limited to a length that u32 holds many times over; saturation is never met.
        let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.map.alternatives.push(Alternative {
            first: index(first),
            end: index(end),
            timer,
        });
        Ok(())
    }

    /// A letter, `x` or a bracketed set.
    fn symbols(&mut self) -> Result<SymbolSet, DigitMapError> {
        match self.next_byte() {
            None => Err(DigitMapError::Truncated),
            Some(b'x' | b'X') => Ok(SymbolSet::DIGITS),
            Some(b'[') => self.set(),
            Some(byte) => {
                let mut set = SymbolSet::default();
                set.insert(Symbol::new(byte).ok_or_else(|| self.unexpected_last())?);
                Ok(set)
            }
        }
    }

    /// The inside of a set, its opening bracket already taken.
    fn set(&mut self) -> Result<SymbolSet, DigitMapError> {
        let open = self.at - 1;
        let mut set = SymbolSet::default();
        loop {
            self.blanks();
            let first = match self.next_byte() {
                None => return Err(DigitMapError::Truncated),
                Some(b']') if set == SymbolSet::default() => {
                    return Err(DigitMapError::EmptySet { offset: open });
                }
                Some(b']') => return Ok(set),
                Some(byte) => Symbol::new(byte).ok_or_else(|| self.unexpected_last())?,
            };
            if !self.take_if(b'-') {
                set.insert(first);
                continue;
            }
            let byte = self.next_byte().ok_or(DigitMapError::Truncated)?;
            let last = Symbol::new(byte).ok_or_else(|| self.unexpected_last())?;
            let same_kind = (first.0 < 10) == (last.0 < 10);
            if !same_kind || last < first {
                return Err(DigitMapError::BackwardRange {
                    offset: self.at - 1,
                });
            }
            set.insert_range(first, last);
        }
    }
}
