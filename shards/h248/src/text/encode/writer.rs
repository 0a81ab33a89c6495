//! The writer of the text encoders: keywords, numbers, punctuation, indentation; it knows no rule of the grammar.

use super::super::keyword::Keyword;
use crate::error::EncodeError;
use crate::model::{
    ErrorDescriptor, List, Parameter, ParmValue, PropertyParm, Relation, RequestId, TerminationId,
    Value,
};

/// A line feed and more tabs than any message is deep.
const INDENT: [u8; 32] = {
    let mut indent = [b'\t'; 32];
    indent[0] = b'\n';
    indent
};

/// Appends to a buffer. The first error sticks; what is written after it is taken back at the end.
pub(super) struct Writer<'o, const PRETTY: bool> {
    pub(super) out: &'o mut Vec<u8>,
    /// Open braces.
    pub(super) depth: usize,
    start: usize,
    error: Option<EncodeError>,
}

impl<'o, const PRETTY: bool> Writer<'o, PRETTY> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        let start = out.len();
        Self {
            out,
            depth: 0,
            start,
            error: None,
        }
    }

    pub(super) fn finish(self) -> Result<(), EncodeError> {
        match self.error {
            None => Ok(()),
            Some(error) => {
                self.out.truncate(self.start);
                Err(error)
            }
        }
    }

    /// Notes an error.
    #[cold]
    pub(super) fn refuse(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    /// Something that has to have items.
    #[inline]
    pub(super) fn not_empty<T>(&mut self, items: &[T], what: &'static str) {
        if items.is_empty() {
            self.refuse(EncodeError::Empty(what));
        }
    }

    #[inline(always)]
    pub(super) fn key(&mut self, keyword: Keyword) {
        let spelling = if PRETTY {
            keyword.long()
        } else {
            keyword.short()
        };
        self.out.extend_from_slice(spelling.as_bytes());
    }

    #[inline(always)]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    #[inline(always)]
    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    #[inline(always)]
    fn new_line(&mut self) {
        if self.depth < 15 {
            // A fixed length is copied in registers; what is too much is taken back.
            self.out.extend_from_slice(&INDENT[..16]);
            let surplus = 15 - self.depth;
            self.out.truncate(self.out.len() - surplus);
        } else {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + self.depth, b'\t');
        }
    }

    /// `=`, with blanks when pretty.
    #[inline(always)]
    pub(super) fn equal(&mut self) {
        self.raw(if PRETTY { b" = " } else { b"=" });
    }

    /// A keyword and an equals sign.
    #[inline(always)]
    pub(super) fn key_equal(&mut self, keyword: Keyword) {
        self.key(keyword);
        self.equal();
    }

    /// `{` and a new line.
    #[inline(always)]
    pub(super) fn open(&mut self) {
        self.depth += 1;
        if PRETTY {
            self.raw(b" {");
            self.new_line();
        } else {
            self.byte(b'{');
        }
    }

    /// A keyword and an opening brace.
    #[inline(always)]
    pub(super) fn key_open(&mut self, keyword: Keyword) {
        self.key(keyword);
        self.open();
    }

    /// A new line and `}`.
    #[inline(always)]
    pub(super) fn close(&mut self) {
        self.depth -= 1;
        if PRETTY {
            self.new_line();
        }
        self.byte(b'}');
    }

    /// `,` and a new line.
    #[inline(always)]
    pub(super) fn comma(&mut self) {
        self.byte(b',');
        if PRETTY {
            self.new_line();
        }
    }

    /// A comma, except before the first item.
    #[inline(always)]
    pub(super) fn next(&mut self, first: &mut bool) {
        if *first {
            *first = false;
        } else {
            self.comma();
        }
    }

    /// Items with commas between them.
    #[inline]
    pub(super) fn separated<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        let mut first = true;
        for item in items {
            self.next(&mut first);
            write(self, item);
        }
    }

    /// Items in braces.
    #[inline]
    pub(super) fn braced<T>(
        &mut self,
        items: &[T],
        what: &'static str,
        write: impl FnMut(&mut Self, &T),
    ) {
        self.not_empty(items, what);
        self.open();
        self.separated(items, write);
        self.close();
    }

    #[inline]
    pub(super) fn number(&mut self, value: u32) {
        if value < 10 {
            self.byte(b'0' + value as u8);
            return;
        }
        let mut digits = [0u8; 10];
        let mut at = digits.len();
        let mut rest = value;
        while rest >= 10 {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        at -= 1;
        digits[at] = b'0' + rest as u8;
        self.raw(&digits[at..]);
    }

    pub(super) fn quoted(&mut self, text: &[u8]) {
        self.byte(b'"');
        self.raw(text);
        self.byte(b'"');
    }

    pub(super) fn on_or_off(&mut self, on: bool) {
        self.key(if on { Keyword::On } else { Keyword::Off });
    }

    pub(super) fn request_id(&mut self, id: RequestId) {
        if id == RequestId::ALL {
            self.byte(b'*');
        } else {
            self.number(id.0);
        }
    }

    /// One termination, or several in square brackets.
    #[inline]
    pub(super) fn termination_ids(&mut self, ids: &[TerminationId<'_>]) {
        if let [id] = ids {
            self.raw(id.as_bytes());
            return;
        }
        self.not_empty(ids, "termination id list");
        self.byte(b'[');
        self.separated(ids, |writer, id| writer.raw(id.as_bytes()));
        self.byte(b']');
    }

    #[inline]
    pub(super) fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Token(token) => self.raw(token.as_bytes()),
            Value::Quoted(text) => self.quoted(text.as_bytes()),
        }
    }

    #[inline]
    pub(super) fn parm_value(&mut self, value: &ParmValue<'_>) {
        match value {
            ParmValue::Value(value) => {
                self.byte(b'=');
                self.value(value);
            }
            ParmValue::Relation(relation, value) => {
                self.relation(*relation);
                self.value(value);
            }
            ParmValue::Range(range) => {
                self.raw(b"=[");
                self.value(&range[0]);
                self.byte(b':');
                self.value(&range[1]);
                self.byte(b']');
            }
            ParmValue::All(values) => {
                self.not_empty(values, "value list");
                self.raw(b"=[");
                self.separated(values, Self::value);
                self.byte(b']');
            }
            ParmValue::Any(values) => {
                self.byte(b'=');
                self.braced(values, "value list", Self::value);
            }
        }
    }

    pub(super) fn relation(&mut self, relation: Relation) {
        self.byte(match relation {
            Relation::GreaterThan => b'>',
            Relation::SmallerThan => b'<',
            Relation::UnequalTo => b'#',
        });
    }

    pub(super) fn property_parm(&mut self, property: &PropertyParm<'_>) {
        self.raw(property.name.as_bytes());
        self.parm_value(&property.value);
    }

    pub(super) fn parameter(&mut self, parameter: &Parameter<'_>) {
        self.raw(parameter.name.as_bytes());
        self.parm_value(&parameter.value);
    }

    pub(super) fn properties(&mut self, properties: &List<'_, PropertyParm<'_>>, first: &mut bool) {
        for property in properties {
            self.next(first);
            self.property_parm(property);
        }
    }

    pub(super) fn parameters(&mut self, parameters: &List<'_, Parameter<'_>>, first: &mut bool) {
        for parameter in parameters {
            self.next(first);
            self.parameter(parameter);
        }
    }

    /// `Stream = n`
    #[inline]
    pub(super) fn stream(&mut self, stream: Option<u16>, first: &mut bool) {
        if let Some(stream) = stream {
            self.next(first);
            self.key_equal(Keyword::Stream);
            self.number(stream.into());
        }
    }

    pub(super) fn error_descriptor(&mut self, error: &ErrorDescriptor<'_>) {
        if error.code > 9999 {
            self.refuse(EncodeError::OutOfRange("error code"));
        }
        self.key_equal(Keyword::Error);
        self.number(error.code.into());
        self.raw(if PRETTY { b" {" } else { b"{" });
        if let Some(text) = &error.text {
            self.quoted(text.as_bytes());
        }
        self.byte(b'}');
    }

    /// The octets of a Local or Remote descriptor, in braces.
    pub(super) fn octet_string(&mut self, octets: &[u8]) {
        self.raw(if PRETTY { b" {\n" } else { b"{" });
        let mut rest = octets;
        while let Some(brace) = memchr::memchr(b'}', rest) {
            self.raw(&rest[..brace]);
            self.raw(b"\\}");
            rest = &rest[brace + 1..];
        }
        self.raw(rest);
        match octets.last() {
            // Blanks behind the last line end belong to the brace.
            Some(b'\n' | b'\r') if PRETTY => self.out.resize(self.out.len() + self.depth, b'\t'),
            // A backslash would turn the brace into an octet.
            Some(b'\\') => self.byte(b' '),
            _ if PRETTY => self.byte(b' '),
            _ => {}
        }
        self.byte(b'}');
    }
}
