//! Values, names and bodies: the atoms of the text encoding.

use super::cursor::{Cursor, Rule, Word};
use super::recover::end_of_octets;
use crate::arena::Gather;
use crate::chars::{self, EOL, WSP, is};
use crate::error::Problem;
use crate::model::{
    DigitMapBody, DigitMapValue, ErrorDescriptor, List, OctetString, PATH_BYTES_MAX, Parameter,
    ParmValue, PkgdName, PropertyParm, Quoted, Relation, RequestId, TerminationId, TimeNotation,
    Token, Value,
};

impl<'a> Cursor<'a, '_> {
    /// `TerminationID`
    pub(super) fn termination_id(&mut self) -> Rule<TerminationId<'a>> {
        let word = self.word("termination id")?;
        if word.bytes.len() > PATH_BYTES_MAX {
            return Err(self.fail_at(word.start, Problem::Expected("termination id")));
        }
        Ok(TerminationId::checked(word.bytes))
    }

    /// One `TerminationID`, or several in square brackets (version 3).
    pub(super) fn termination_ids(&mut self) -> Rule<List<'a, TerminationId<'a>>> {
        if self.peek_past_space() != b'[' {
            let id = self.termination_id()?;
            return Ok(self.arena.one_item(id));
        }
        self.at += 1;
        let mut ids: Gather<'a, TerminationId<'a>> = self.arena.gather();
        loop {
            if ids.len() >= self.limits.items_max {
                return Err(self.fail(Problem::Limit("items_max")));
            }
            ids.push(self.termination_id()?);
            if !self.more_in_brackets()? {
                return Ok(ids.finish());
            }
        }
    }

    /// `terminationIDList`: in braces.
    pub(super) fn termination_id_list(&mut self) -> Rule<List<'a, TerminationId<'a>>> {
        self.open()?;
        self.list(Self::termination_id)
    }

    /// `COMMA` (true) or `RSBRKT` (false).
    pub(super) fn more_in_brackets(&mut self) -> Rule<bool> {
        let byte = self.peek_past_space();
        if byte != b',' && byte != b']' {
            return Err(self.fail(Problem::Expected(", or ]")));
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// `pkgdName`
    #[inline]
    pub(super) fn pkgd_name(&mut self) -> Rule<PkgdName<'a>> {
        let word = self.word("package item name")?;
        self.pkgd_name_of(&word)
    }

    /// The word as a `pkgdName`.
    #[inline]
    pub(super) fn pkgd_name_of(&mut self, word: &Word<'a>) -> Rule<PkgdName<'a>> {
        if !chars::is_pkgd_name(word.bytes) {
            return Err(self.fail_at(word.start, Problem::Expected("package item name")));
        }
        Ok(PkgdName::checked(word.bytes))
    }

    /// The word as a name.
    pub(super) fn token_of(&mut self, word: &Word<'a>) -> Rule<Token<'a>> {
        if word.bytes.len() > self.limits.value_bytes_max {
            return Err(self.fail_at(word.start, Problem::Limit("value_bytes_max")));
        }
        Ok(Token::checked(word.bytes))
    }

    /// `NAME`
    pub(super) fn name(&mut self) -> Rule<Token<'a>> {
        let word = self.word("name")?;
        self.token_of(&word)
    }

    /// `RequestID`
    pub(super) fn request_id(&mut self) -> Rule<RequestId> {
        if self.peek_past_space() == b'*' {
            self.at += 1;
            return Ok(RequestId::ALL);
        }
        Ok(RequestId(self.number(u32::MAX, "request id")?))
    }

    /// `VALUE`
    pub(super) fn value(&mut self) -> Rule<Value<'a>> {
        if self.peek_past_space() == b'"' {
            return Ok(Value::Quoted(self.quoted()?));
        }
        let word = self.word("value")?;
        Ok(Value::Token(self.token_of(&word)?))
    }

    /// `quotedString`, from its opening quote on.
    pub(super) fn quoted(&mut self) -> Rule<Quoted<'a>> {
        self.punctuation(b'"', "quoted string")?;
        let start = self.at;
        let Some(len) = memchr::memchr(b'"', &self.input[start..]) else {
            self.look(self.input.len() - start);
            return Err(self.fail_at(self.input.len(), Problem::Expected("closing quote")));
        };
        self.look(len);
        let bytes = &self.input[start..start + len];
        if let Some(bad) = bytes.iter().position(|&byte| !is(byte, chars::QUOTED)) {
            return Err(self.fail_at(
                start + bad,
                Problem::Unexpected("character in quoted string"),
            ));
        }
        if len > self.limits.value_bytes_max {
            return Err(self.fail_at(start, Problem::Limit("value_bytes_max")));
        }
        self.at = start + len + 1;
        Ok(Quoted::checked(bytes))
    }

    /// `parmValue`
    #[inline]
    pub(super) fn parm_value(&mut self) -> Rule<ParmValue<'a>> {
        let relation = match self.peek_past_space() {
            b'=' => {
                self.at += 1;
                return self.alternative_value();
            }
            b'>' => Relation::GreaterThan,
            b'<' => Relation::SmallerThan,
            b'#' => Relation::UnequalTo,
            _ => return Err(self.fail(Problem::Expected("=, >, < or #"))),
        };
        self.at += 1;
        Ok(ParmValue::Relation(relation, self.value()?))
    }

    /// `alternativeValue`
    fn alternative_value(&mut self) -> Rule<ParmValue<'a>> {
        match self.peek_past_space() {
            b'{' => {
                self.open()?;
                Ok(ParmValue::Any(self.list(Self::value)?))
            }
            b'[' => {
                self.at += 1;
                self.value_in_brackets()
            }
            _ => Ok(ParmValue::Value(self.value()?)),
        }
    }

    /// The inside of `[a, b]` (all of them) or `[a:b]` (a range).
    fn value_in_brackets(&mut self) -> Rule<ParmValue<'a>> {
        let first = self.value()?;
        if self.peek_past_space() == b':' {
            self.at += 1;
            let last = self.value()?;
            self.punctuation(b']', "]")?;
            return Ok(ParmValue::Range(self.arena.value([first, last])));
        }
        let mut values: Gather<'a, Value<'a>> = self.arena.gather();
        values.push(first);
        while self.more_in_brackets()? {
            if values.len() >= self.limits.items_max {
                return Err(self.fail(Problem::Limit("items_max")));
            }
            values.push(self.value()?);
        }
        Ok(ParmValue::All(values.finish()))
    }

    /// `propertyParm`
    pub(super) fn property_parm(&mut self) -> Rule<PropertyParm<'a>> {
        let word = self.word("property")?;
        self.property_parm_of(&word)
    }

    /// `propertyParm` whose name has been read.
    pub(super) fn property_parm_of(&mut self, word: &Word<'a>) -> Rule<PropertyParm<'a>> {
        let name = self.pkgd_name_of(word)?;
        Ok(PropertyParm {
            name,
            value: self.parm_value()?,
        })
    }

    /// `eventOther`, `sigOther` or `extension` whose name has been read.
    pub(super) fn parameter_of(&mut self, word: &Word<'a>) -> Rule<Parameter<'a>> {
        let name = self.token_of(word)?;
        Ok(Parameter {
            name,
            value: self.parm_value()?,
        })
    }

    /// `errorDescriptor`, behind its keyword.
    pub(super) fn error_descriptor(&mut self) -> Rule<ErrorDescriptor<'a>> {
        self.equal()?;
        let code = self.number(9999, "error code")? as u16;
        self.open()?;
        let text = if self.peek_past_space() == b'"' {
            Some(self.quoted()?)
        } else {
            None
        };
        self.close()?;
        Ok(ErrorDescriptor { code, text })
    }

    /// The word as a `TimeStamp`, if it has the shape of one.
    pub(super) fn time_stamp_of(word: &Word<'a>) -> Option<TimeNotation> {
        if word.bytes.len() != 17 || !word.bytes[8].eq_ignore_ascii_case(&b'T') {
            return None;
        }
        let date = word.bytes[..8].try_into().ok()?;
        let time = word.bytes[9..].try_into().ok()?;
        TimeNotation::new(date, time)
    }

    /// `LBRKT octetString RBRKT`
    pub(super) fn octet_string(&mut self) -> Rule<OctetString<'a>> {
        self.open()?;
        let open = self.at - 1;
        let Some(close) = end_of_octets(self.input, open) else {
            self.look(self.input.len() - open);
            return Err(self.fail_at(self.input.len(), Problem::Expected("}")));
        };
        self.look(close - open);
        let (start, end) = trim(self.input, open + 1, close);
        let body = &self.input[start..end];
        if body.len() > self.limits.body_bytes_max {
            return Err(self.fail_at(start, Problem::Limit("body_bytes_max")));
        }
        if let Some(zero) = memchr::memchr(0, body) {
            return Err(self.fail_at(start + zero, Problem::Unexpected("octet zero")));
        }
        self.at = close + 1;
        self.depth -= 1;
        if memchr::memchr(b'}', body).is_none() {
            return Ok(OctetString::checked(body));
        }
        let mut plain = Vec::with_capacity(body.len());
        for (at, &byte) in body.iter().enumerate() {
            if byte != b'\\' || body.get(at + 1) != Some(&b'}') {
                plain.push(byte);
            }
        }
        Ok(OctetString::checked(self.arena.bytes(&plain)))
    }

    /// `LBRKT digitMapValue RBRKT`
    pub(super) fn digit_map_value(&mut self) -> Rule<DigitMapValue<'a>> {
        self.open()?;
        let mut timers = [None; 4];
        loop {
            let byte = self.peek_past_space().to_ascii_uppercase();
            let Some(timer) = b"TSLZ".iter().position(|&letter| letter == byte) else {
                break;
            };
            if self.input.get(self.at + 1) != Some(&b':') {
                break;
            }
            let start = self.at;
            self.at += 2;
            let value = self.number(99, "digit map timer")? as u8;
            self.once(&mut timers[timer], start, "digit map timer", value)?;
            self.punctuation(b',', ",")?;
        }
        self.peek_past_space();
        let start = self.at;
        let Some(len) = memchr::memchr(b'}', &self.input[start..]) else {
            self.look(self.input.len() - start);
            return Err(self.fail_at(self.input.len(), Problem::Expected("}")));
        };
        self.look(len);
        let body = self.input[start..start + len].trim_ascii_end();
        if body.len() > self.limits.body_bytes_max {
            return Err(self.fail_at(start, Problem::Limit("body_bytes_max")));
        }
        if !chars::is_digit_map_body(body) {
            return Err(self.fail_at(start, Problem::Expected("digit map")));
        }
        self.at = start + len;
        self.close()?;
        let [start_timer, short_timer, long_timer, duration_timer] = timers;
        let body = DigitMapBody::checked(body);
        Ok(DigitMapValue {
            start_timer,
            short_timer,
            long_timer,
            duration_timer,
            body,
        })
    }
}

/// The octets of a body: without the white space before them and the blanks behind the last line end.
fn trim(input: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    while start < end && is(input[start], WSP | EOL) {
        start += 1;
    }
    while start < end && is(input[end - 1], WSP) {
        end -= 1;
    }
    (start, end)
}
