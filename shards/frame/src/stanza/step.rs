//! The grammar, byte by byte: the state machine behind [`Scan`].
//!
//! ```text
//! Between ──'<'──► Open ──name──► Name ──' '──► Tag ──name──► Attribute ──'='──► Equals ──'"'──► Value
//!    ▲              │ '/'           │ '/','>'    │ '/','>'         ▲ after the closing quote: ValueEnd ┘
//!    │              ▼               ▼            ▼
//!    └─'>'─── CloseName     Empty (after '/') / depth + 1 ──► Text, or the end of the header
//! Open ──'?'──► Declaration            Open ──'!'──► Bang ──► Cdata      Text, Value ──'&'──► Reference
//! ```

use super::{Scan, StanzaFault, StanzaLimits, UnitKind, is_control, is_white_space};

/// Where in the grammar a scan stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// Outside of any stanza, white space only.
    #[default]
    Between,
    /// In the text of a stanza.
    Text,
    /// After `<`.
    Open,
    /// In the name of an opening tag.
    Name,
    /// In an opening tag, after white space.
    Tag,
    /// In an attribute's name.
    Attribute,
    /// After an attribute's name, `=` is due.
    Equals,
    /// After `=`, a quote is due.
    Quote,
    ValueSingle,
    ValueDouble,
    /// After a value: white space, `/` or `>` is due.
    ValueEnd,
    /// After the `/` of an empty element.
    Empty,
    /// After `</`.
    CloseOpen,
    /// In the name of a closing tag.
    CloseName,
    /// After the name of a closing tag.
    CloseEnd,
    /// After `<?`: `xml` is due.
    DeclarationName,
    /// In an XML declaration.
    Declaration,
    /// After a `?` in a declaration.
    DeclarationEnd,
    /// After `<!`: `[CDATA[` is due.
    Bang,
    Cdata,
    /// After one `]`.
    CdataEnd,
    /// After two or more.
    CdataEnds,
    /// After `&` in text.
    TextReference,
    /// After `&` in a value.
    SingleReference,
    DoubleReference,
}

const STREAM: &[u8] = b"stream:stream";
const XML: &[u8] = b"xml";
const CDATA: &[u8] = b"[CDATA[";
const ENCODING: &[u8] = b"encoding";
const UTF8: &[u8] = b"utf-8";
/// `matched` once a word is known not to be the one looked for.
const DIFFERS: u8 = u8::MAX;
/// `&` and `;` enclose at most this: the longest character reference is `#x10FFFF` with some zeros.
const REFERENCE_BYTES_MAX: u16 = 12;

impl Scan {
    /// Takes one byte. Says which unit ends with it.
    pub(crate) fn step(
        &mut self,
        byte: u8,
        limits: &StanzaLimits,
    ) -> Result<Option<UnitKind>, StanzaFault> {
        if is_control(byte) {
            return Err(StanzaFault::NotXml { byte });
        }
        match self.mode {
            Mode::Between => self.between(byte)?,
            Mode::Text => match byte {
                b'<' => self.enter(Mode::Open),
                b'&' => self.enter(Mode::TextReference),
                _ => {}
            },
            Mode::Open => self.open(byte, limits)?,
            Mode::Name | Mode::Tag | Mode::Attribute | Mode::ValueEnd | Mode::Empty => {
                return self.tag(byte, limits);
            }
            Mode::Equals => match byte {
                b'=' => self.enter(Mode::Quote),
                _ if is_white_space(byte) => {}
                _ => return Err(StanzaFault::NotXml { byte }),
            },
            Mode::Quote => match byte {
                b'\'' => self.enter(Mode::ValueSingle),
                b'"' => self.enter(Mode::ValueDouble),
                _ if is_white_space(byte) => {}
                _ => return Err(StanzaFault::NotXml { byte }),
            },
            Mode::ValueSingle => self.value(byte, b'\'', Mode::SingleReference)?,
            Mode::ValueDouble => self.value(byte, b'"', Mode::DoubleReference)?,
            Mode::CloseOpen | Mode::CloseName | Mode::CloseEnd => {
                return self.close(byte, limits);
            }
            Mode::DeclarationName | Mode::Declaration | Mode::DeclarationEnd => {
                self.declaration(byte)?;
            }
            Mode::Bang => self.bang(byte)?,
            Mode::Cdata | Mode::CdataEnd | Mode::CdataEnds => self.cdata(byte),
            Mode::TextReference => self.reference(byte, Mode::Text)?,
            Mode::SingleReference => self.reference(byte, Mode::ValueSingle)?,
            Mode::DoubleReference => self.reference(byte, Mode::ValueDouble)?,
        }
        Ok(None)
    }

    fn enter(&mut self, mode: Mode) {
        self.mode = mode;
        self.matched = 0;
        self.name_bytes = 0;
    }

    fn between(&mut self, byte: u8) -> Result<(), StanzaFault> {
        match byte {
            b'<' if self.ended => Err(StanzaFault::OutOfPlace {
                what: "a tag after the end of the stream",
            }),
            b'<' => {
                self.enter(Mode::Open);
                Ok(())
            }
            _ if is_white_space(byte) => Ok(()),
            // The first byte of a byte order mark of UTF-16, or of UTF-8's, which XMPP does not want either.
            0xfe | 0xff | 0xef if self.depth == 0 => Err(StanzaFault::Encoding),
            _ => Err(StanzaFault::OutOfPlace {
                what: "text between stanzas",
            }),
        }
    }

    fn open(&mut self, byte: u8, limits: &StanzaLimits) -> Result<(), StanzaFault> {
        match byte {
            b'/' if self.depth > 0 && !self.header_due => self.enter(Mode::CloseOpen),
            b'/' => {
                return Err(StanzaFault::OutOfPlace {
                    what: "a closing tag before the header",
                });
            }
            b'!' if self.depth > 1 => self.enter(Mode::Bang),
            b'!' => {
                return Err(StanzaFault::Restricted {
                    what: "a comment, DTD or CDATA section outside of a stanza",
                });
            }
            b'?' if self.depth <= 1 && !self.header_due => self.enter(Mode::DeclarationName),
            b'?' => {
                return Err(StanzaFault::Restricted {
                    what: "a processing instruction",
                });
            }
            _ => {
                self.enter(Mode::Name);
                self.attributes = 0;
                self.name(byte, STREAM, limits)?;
            }
        }
        Ok(())
    }

    /// One more byte of a name that may be `word`.
    fn name(&mut self, byte: u8, word: &[u8], limits: &StanzaLimits) -> Result<(), StanzaFault> {
        if !is_name(byte) || (self.name_bytes == 0 && !starts_name(byte)) {
            return Err(StanzaFault::NotXml { byte });
        }
        self.name_bytes += 1;
        if self.name_bytes > limits.name_bytes_max {
            return Err(StanzaFault::NameTooLong {
                limit: limits.name_bytes_max,
            });
        }
        self.agree(byte, word);
        Ok(())
    }

    fn agree(&mut self, byte: u8, word: &[u8]) {
        self.matched = match word.get(usize::from(self.matched)) {
            Some(&due) if due == byte => self.matched + 1,
            _ => DIFFERS,
        };
    }

    /// An opening tag, outside of its attribute values.
    fn tag(&mut self, byte: u8, limits: &StanzaLimits) -> Result<Option<UnitKind>, StanzaFault> {
        match (self.mode, byte) {
            (Mode::Empty, b'>') => return self.element_ends(),
            (Mode::Empty, _) => return Err(StanzaFault::NotXml { byte }),
            (Mode::Attribute, b'=') => self.enter(Mode::Quote),
            (Mode::Attribute, _) if is_white_space(byte) => self.enter(Mode::Equals),
            (Mode::Attribute, _) => self.name(byte, b"", limits)?,
            (_, b'>') => return self.element_begins(limits),
            (_, b'/') => {
                self.name_ends()?;
                self.mode = Mode::Empty;
            }
            (Mode::Name, _) if is_white_space(byte) => {
                self.name_ends()?;
                self.mode = Mode::Tag;
            }
            (Mode::Name, _) => self.name(byte, STREAM, limits)?,
            (_, _) if is_white_space(byte) => self.mode = Mode::Tag,
            (Mode::Tag, _) => self.attribute(byte, limits)?,
            _ => return Err(StanzaFault::NotXml { byte }),
        }
        Ok(None)
    }

    /// A name is complete: is it the root of a restarted stream?
    fn name_ends(&mut self) -> Result<(), StanzaFault> {
        if self.mode != Mode::Name || self.depth > 1 {
            return Ok(());
        }
        if usize::from(self.matched) == STREAM.len() {
            self.header_due = true;
            Ok(())
        } else if self.depth == 0 || self.header_due {
            Err(StanzaFault::OutOfPlace {
                what: "an element before the stream's header",
            })
        } else {
            Ok(())
        }
    }

    fn attribute(&mut self, byte: u8, limits: &StanzaLimits) -> Result<(), StanzaFault> {
        self.attributes += 1;
        if self.attributes > limits.attributes_max {
            return Err(StanzaFault::TooManyAttributes {
                limit: limits.attributes_max,
            });
        }
        self.enter(Mode::Attribute);
        self.name(byte, b"", limits)
    }

    /// The `>` of an opening tag.
    fn element_begins(&mut self, limits: &StanzaLimits) -> Result<Option<UnitKind>, StanzaFault> {
        self.name_ends()?;
        if self.depth <= 1 && self.header_due {
            self.header_due = false;
            self.depth = 1;
            self.enter(Mode::Between);
            return Ok(Some(UnitKind::Header));
        }
        if self.depth >= limits.depth_max {
            return Err(StanzaFault::TooDeep {
                limit: limits.depth_max,
            });
        }
        self.depth += 1;
        self.enter(Mode::Text);
        Ok(None)
    }

    /// The `/>` of an empty element.
    fn element_ends(&mut self) -> Result<Option<UnitKind>, StanzaFault> {
        if self.depth <= 1 && self.header_due {
            return Err(StanzaFault::OutOfPlace {
                what: "a stream that ends with its header",
            });
        }
        Ok(self.up_to(self.depth))
    }

    /// An element has ended and `depth` are open.
    fn up_to(&mut self, depth: u16) -> Option<UnitKind> {
        self.depth = depth;
        self.enter(if depth <= 1 {
            Mode::Between
        } else {
            Mode::Text
        });
        match depth {
            0 => {
                self.ended = true;
                Some(UnitKind::End)
            }
            1 => Some(UnitKind::Stanza),
            _ => None,
        }
    }

    fn close(&mut self, byte: u8, limits: &StanzaLimits) -> Result<Option<UnitKind>, StanzaFault> {
        match (self.mode, byte) {
            (Mode::CloseName | Mode::CloseEnd, b'>') => return Ok(self.up_to(self.depth - 1)),
            (Mode::CloseName, _) if is_white_space(byte) => self.mode = Mode::CloseEnd,
            (Mode::CloseEnd, _) if is_white_space(byte) => {}
            (Mode::CloseEnd, _) => return Err(StanzaFault::NotXml { byte }),
            _ => {
                self.mode = Mode::CloseName;
                self.name(byte, b"", limits)?;
            }
        }
        Ok(None)
    }

    fn value(&mut self, byte: u8, quote: u8, reference: Mode) -> Result<(), StanzaFault> {
        match byte {
            b'<' => return Err(StanzaFault::NotXml { byte }),
            b'&' => self.enter(reference),
            _ if byte == quote => self.enter(Mode::ValueEnd),
            _ => {}
        }
        Ok(())
    }

    /// `&lt; &gt; &amp; &apos; &quot;` and numbers; no other entity exists in XMPP.
    fn reference(&mut self, byte: u8, back: Mode) -> Result<(), StanzaFault> {
        const ENTITIES: [&[u8]; 5] = [b"lt", b"gt", b"amp", b"apos", b"quot"];
        let at = usize::from(self.name_bytes);
        if byte == b';' {
            // `matched` has one bit for each entity that still agrees, and one for a number.
            let whole = ENTITIES
                .iter()
                .enumerate()
                .any(|(bit, name)| self.matched & 1 << bit != 0 && name.len() == at);
            let number = self.matched & NUMBER != 0 && at > 1;
            if at > 0 && (whole || number) {
                self.enter(back);
                return Ok(());
            }
            return Err(unknown_entity());
        }
        self.name_bytes += 1;
        if self.name_bytes > REFERENCE_BYTES_MAX {
            return Err(unknown_entity());
        }
        let agrees = |name: &[u8]| name.get(at) == Some(&byte);
        let bits = ENTITIES
            .iter()
            .enumerate()
            .filter(|(_, name)| agrees(name))
            .fold(0, |bits, (bit, _)| bits | 1 << bit);
        let digit = match at {
            0 => byte == b'#',
            1 => byte == b'x' || byte.is_ascii_digit(),
            _ => byte.is_ascii_hexdigit(),
        };
        let number = if digit { NUMBER } else { 0 };
        self.matched = if at == 0 {
            bits | number
        } else {
            self.matched & (bits | number)
        };
        if self.matched == 0 {
            return Err(unknown_entity());
        }
        Ok(())
    }

    fn bang(&mut self, byte: u8) -> Result<(), StanzaFault> {
        self.agree(byte, CDATA);
        if self.matched == DIFFERS {
            return Err(StanzaFault::Restricted {
                what: "a comment or DTD",
            });
        }
        if usize::from(self.matched) == CDATA.len() {
            self.enter(Mode::Cdata);
        }
        Ok(())
    }

    fn cdata(&mut self, byte: u8) {
        self.mode = match (self.mode, byte) {
            (Mode::Cdata, b']') => Mode::CdataEnd,
            (Mode::CdataEnd | Mode::CdataEnds, b']') => Mode::CdataEnds,
            (Mode::CdataEnds, b'>') => Mode::Text,
            _ => Mode::Cdata,
        };
    }

    /// `<?xml … ?>`, in which only `encoding` matters.
    fn declaration(&mut self, byte: u8) -> Result<(), StanzaFault> {
        match (self.mode, byte) {
            (Mode::DeclarationName, _) if usize::from(self.matched) < XML.len() => {
                self.agree(byte, XML);
                if self.matched == DIFFERS {
                    return Err(StanzaFault::Restricted {
                        what: "a processing instruction",
                    });
                }
            }
            (Mode::DeclarationName, _) if is_white_space(byte) => {
                self.enter(Mode::Declaration);
                self.attributes = 0;
            }
            (Mode::DeclarationName, _) => {
                return Err(StanzaFault::Restricted {
                    what: "a processing instruction",
                });
            }
            (Mode::DeclarationEnd, b'>') => {
                self.header_due = true;
                self.enter(Mode::Between);
            }
            (Mode::DeclarationEnd, _) => return Err(StanzaFault::NotXml { byte }),
            (_, b'?') => self.enter(Mode::DeclarationEnd),
            (_, b'<' | b'>') => return Err(StanzaFault::NotXml { byte }),
            _ => self.encoding(byte)?,
        }
        Ok(())
    }

    /// Follows `encoding`, `=`, a quote and the name. `attributes` counts how far: 0 looking for the word, 1 after it, 2
    /// in the name.
    fn encoding(&mut self, byte: u8) -> Result<(), StanzaFault> {
        match self.attributes {
            1 if byte == b'\'' || byte == b'"' => {
                self.attributes = 2;
                self.matched = 0;
            }
            1 => {}
            2 if byte == b'\'' || byte == b'"' => {
                if usize::from(self.matched) != UTF8.len() {
                    return Err(StanzaFault::Encoding);
                }
                self.attributes = 0;
                self.matched = 0;
            }
            2 => {
                self.agree(byte.to_ascii_lowercase(), UTF8);
                if self.matched == DIFFERS {
                    return Err(StanzaFault::Encoding);
                }
            }
            _ => {
                self.agree(byte, ENCODING);
                if self.matched == DIFFERS {
                    self.matched = u8::from(byte == ENCODING[0]);
                } else if usize::from(self.matched) == ENCODING.len() {
                    self.attributes = 1;
                }
            }
        }
        Ok(())
    }
}

/// The bit of a number in `matched` while a reference is read.
const NUMBER: u8 = 1 << 5;

fn unknown_entity() -> StanzaFault {
    StanzaFault::Restricted {
        what: "a reference to an entity that XML does not predefine",
    }
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
}

fn is_name(byte: u8) -> bool {
    starts_name(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
}
