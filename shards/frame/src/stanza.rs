//! The `stanza` framing: cuts an XMPP stream (RFC 6120) into its header, whole stanzas, its end, and the white space
//! between them. It is no XML parser: it finds where units end and refuses what XMPP forbids. That tags match and names
//! are declared is for the parser behind it, which sees every unit whole.
//!
//! ```text
//! <?xml version='1.0'?><stream:stream to='…' …>   <message …>…</message>   ⏎   </stream:stream>
//! └──────────────── header ───────────────────┘   └────── stanza ─────┘  keepalive └─── end ──┘
//! ```
//!
//! A new header may follow at any time between stanzas: a stream restarts after authentication (RFC 6120 4.3.3)
//! without having been closed.
//!
//! Bytes are looked at once, however they arrive; what is remembered about a stream between arrivals is a [`Scan`] of 16
//! bytes. No byte is copied.

mod answer;
mod fault;
mod limits;
mod step;
#[cfg(test)]
mod tests;

pub use answer::{StreamHeader, stream_error};
pub use fault::{Condition, StanzaFault};
pub use limits::StanzaLimits;

use megaphone_pool::Gather;
use step::Mode;

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// The stream's opening tag, with the XML declaration in front of it if there is one.
    Header,
    /// One element below the stream's root, whole.
    Stanza,
    /// The stream's closing tag.
    End,
    /// White space between stanzas: says that the client lives, and nothing else (RFC 6120 4.6.1).
    Keepalive,
}

/// One unit at the front of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What it is.
    pub kind: UnitKind,
    /// How many bytes it takes.
    pub bytes: u32,
}

/// Which part of its life a stream is in: all that is remembered about one that stands between two units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase {
    /// The header is still to come.
    #[default]
    Before,
    /// Between the header and the end.
    Inside,
    /// The end was read.
    After,
}

/// What is remembered about a stream: where in which unit the scan stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Bytes of the present unit that were looked at.
    pub(crate) scanned: u32,
    /// Elements open: 0 before the header and after the end, 1 between stanzas.
    pub(crate) depth: u16,
    /// Attributes of the present tag.
    pub(crate) attributes: u16,
    /// Bytes of the present name or reference.
    pub(crate) name_bytes: u16,
    /// Where in the grammar.
    pub(crate) mode: Mode,
    /// How far the present name agrees with the word it may turn out to be.
    pub(crate) matched: u8,
    /// The present unit is a header: its declaration was read, or its name.
    pub(crate) header_due: bool,
    /// The end was read: nothing but white space may follow.
    pub(crate) ended: bool,
}

impl Scan {
    /// A scan of a stream that stands between two units.
    pub fn at(phase: Phase) -> Scan {
        Scan {
            depth: u16::from(phase == Phase::Inside),
            ended: phase == Phase::After,
            ..Scan::default()
        }
    }

    /// Which part of its life the stream is in.
    pub fn phase(&self) -> Phase {
        match self.depth {
            _ if self.ended => Phase::After,
            0 => Phase::Before,
            _ => Phase::Inside,
        }
    }

    /// Bytes of the present unit that were looked at.
    pub fn scanned(&self) -> u32 {
        self.scanned
    }

    /// Whether the stream stands between two units, so that an end of the connection cuts nothing in two.
    pub fn is_between(&self) -> bool {
        self.scanned == 0
    }

    /// Finds the next unit at the front of `input`; `Ok(None)` means that more bytes are needed. The caller takes the
    /// unit's bytes off the front before the next call.
    ///
    /// White space between stanzas is reported as soon as it is there, without waiting for what follows.
    ///
    /// # Errors
    /// [`StanzaFault`]: the stream is to be closed with its [`Condition`].
    pub fn next(
        &mut self,
        input: &Gather,
        limits: &StanzaLimits,
    ) -> Result<Option<Unit>, StanzaFault> {
        let mut skip = self.scanned as usize;
        for piece in input.pieces() {
            if skip >= piece.len() {
                skip -= piece.len();
                continue;
            }
            if let Some(kind) = self.scan(&piece[skip..], limits)? {
                let unit = Unit {
                    kind,
                    bytes: self.scanned,
                };
                self.scanned = 0;
                return Ok(Some(unit));
            }
            skip = 0;
        }
        Ok(self.rest_is_white_space())
    }

    /// White space that reaches to the end of what is there is a unit already.
    fn rest_is_white_space(&mut self) -> Option<Unit> {
        if self.scanned == 0 || self.mode != Mode::Between || self.header_due {
            return None;
        }
        let bytes = std::mem::take(&mut self.scanned);
        Some(Unit {
            kind: UnitKind::Keepalive,
            bytes,
        })
    }

    /// Looks at `bytes` until a unit ends.
    fn scan(
        &mut self,
        bytes: &[u8],
        limits: &StanzaLimits,
    ) -> Result<Option<UnitKind>, StanzaFault> {
        let mut rest = bytes;
        while let Some(&byte) = rest.first() {
            let run = self.plain_run(rest);
            if run > 0 {
                self.count(run, limits)?;
                rest = &rest[run..];
                continue;
            }
            // White space in front of a stanza is a unit of its own; that before a stream's header is too.
            if byte == b'<' && self.mode == Mode::Between && self.scanned > 0 && !self.header_due {
                return Ok(Some(UnitKind::Keepalive));
            }
            let done = self.step(byte, limits)?;
            self.count(1, limits)?;
            if done.is_some() {
                return Ok(done);
            }
            rest = &rest[1..];
        }
        Ok(None)
    }

    /// How many bytes at the front cannot change anything: text, and the inside of attribute values.
    fn plain_run(&self, bytes: &[u8]) -> usize {
        let end = match self.mode {
            Mode::Text => memchr::memchr2(b'<', b'&', bytes),
            Mode::ValueSingle => memchr::memchr3(b'\'', b'<', b'&', bytes),
            Mode::ValueDouble => memchr::memchr3(b'"', b'<', b'&', bytes),
            Mode::Cdata => memchr::memchr(b']', bytes),
            _ => return 0,
        };
        let run = &bytes[..end.unwrap_or(bytes.len())];
        // Control characters are rare: a pass that the compiler can vectorise first, their place only if there is one.
        if !run.iter().fold(false, |any, &byte| any | is_control(byte)) {
            return run.len();
        }
        run.iter()
            .position(|&byte| is_control(byte))
            .unwrap_or(run.len())
    }

    fn count(&mut self, bytes: usize, limits: &StanzaLimits) -> Result<(), StanzaFault> {
        let scanned = self.scanned as usize + bytes;
        let limit = limits.stanza_bytes_max;
        if scanned > limit as usize {
            return Err(StanzaFault::TooLong { limit });
        }
        // At most the limit: fits.
        self.scanned = scanned as u32;
        Ok(())
    }
}

/// Characters that XML 1.0 does not know, whatever the encoding.
fn is_control(byte: u8) -> bool {
    byte < 0x20 && !is_white_space(byte)
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}
