//! The framings, and the one function that cuts a frame off the front of a stream.

use crate::classic;
use crate::fault::FrameFault;
use crate::header::{HEADER_BYTES_MAX, HeaderBytes};
use crate::link;
use crate::stanza::{Phase, Scan, StanzaLimits, UnitKind};
use crate::tpkt;
use megaphone_pool::Gather;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How a byte stream is cut into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// The link protocol's 16-byte header.
    Link,
    /// December 2011: fixed-width decimal header.
    ClassicFixed,
    /// March 2012: variable-width decimal header.
    ClassicVar,
    /// RFC 1006.
    Tpkt,
    /// An XMPP stream: its header, each whole stanza, its end, and the white space between them. See [`crate::stanza`].
    Stanza,
    /// None: what arrived is a frame.
    Raw,
}

/// What a frame may be, per listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of body, at most. Values above [`Limits::FRAME_BYTES_CEILING`] count as that.
    pub frame_bytes_max: u32,
}

impl Limits {
    /// No configuration may allow more than this (1 GiB).
    pub const FRAME_BYTES_CEILING: u32 = 1 << 30;

    /// The default: 64 KiB.
    pub const DEFAULT: Limits = Limits {
        frame_bytes_max: 64 << 10,
    };

    fn body_bytes_max(self) -> u64 {
        u64::from(self.frame_bytes_max.min(Self::FRAME_BYTES_CEILING))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What is remembered about a stream between two looks at it: how many bytes must be there before another look is worth while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// 0 between frames.
    bytes: u32,
    /// Whether the header was complete at the last look.
    header_seen: bool,
    /// Where an XMPP stream stands; unused by other framings.
    scan: Scan,
}

const _: () = assert!(size_of::<Expect>() <= 32);

impl Expect {
    /// What is to be expected of a stream that stands between two frames.
    pub fn at(phase: Phase) -> Expect {
        Expect {
            scan: Scan::at(phase),
            ..Expect::default()
        }
    }

    /// Which part of its life an XMPP stream is in. Together with [`Expect::at`] it is all that has to be kept of a stream that
    /// stands between two frames.
    pub fn phase(&self) -> Phase {
        self.scan.phase()
    }

    /// Bytes that must have arrived, counted from the start of the frame, before [`Framing::next`] can find more; 0 if
    /// no frame was begun. Of a stanza, whose length nobody says: bytes that were looked at.
    pub fn bytes(&self) -> u32 {
        self.bytes.max(self.scan.scanned())
    }

    /// Whether a frame's header is complete and its body is not: for the choice between the deadline of a header and
    /// that of a body.
    pub fn in_body(&self) -> bool {
        self.header_seen
    }
}

/// What a frame's header says besides its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Nothing (`tpkt`, `raw`).
    None,
    /// The connection id of a classic packet.
    Classic {
        /// The id.
        connection: u64,
    },
    /// The header of a link frame.
    Link(link::Head),
    /// What a unit of an XMPP stream is.
    Unit(UnitKind),
}

/// A frame, without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHead {
    /// Bytes of body.
    pub body_bytes: u32,
    /// The rest of the header.
    pub label: Label,
}

/// A header that is complete and within limits.
struct Parsed {
    header_bytes: u64,
    body_bytes: u64,
    label: Label,
}

impl Framing {
    /// All framings.
    pub const ALL: [Framing; 6] = [
        Framing::Link,
        Framing::ClassicFixed,
        Framing::ClassicVar,
        Framing::Tpkt,
        Framing::Stanza,
        Framing::Raw,
    ];

    /// The name in configuration, metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Framing::Link => "link",
            Framing::ClassicFixed => "classic-fixed",
            Framing::ClassicVar => "classic-var",
            Framing::Tpkt => "tpkt",
            Framing::Stanza => "stanza",
            Framing::Raw => "raw",
        }
    }

    /// Cuts the next frame off the front of `input`: its body is appended to `body`, its header dropped. `Ok(None)`
    /// means that more bytes are needed.
    ///
    /// Call it until it says so, and again when more has arrived. `expect` belongs to the stream and starts as the
    /// default. Nothing is copied but up to 32 bytes of a header that lies across pieces.
    ///
    /// # Errors
    /// Any [`FrameFault`] but those of an end; `input` is then as it was, and the stream is to be closed.
    #[inline]
    pub fn next(
        self,
        expect: &mut Expect,
        input: &mut Gather,
        body: &mut Gather,
        limits: Limits,
    ) -> Result<Option<FrameHead>, FrameFault> {
        let here = input.len() as u64;
        if here == 0 || here < u64::from(expect.bytes) {
            return Ok(None);
        }
        if self == Framing::Stanza {
            return next_unit(expect, input, body, limits);
        }
        let mut room = [0; HEADER_BYTES_MAX];
        let bytes = header_part(input, &mut room);
        let Some(parsed) = self.parse(bytes, here, limits)? else {
            *expect = Expect {
                bytes: self.header_worth(bytes.len()),
                ..Expect::default()
            };
            return Ok(None);
        };
        let frame_bytes = parsed.header_bytes + parsed.body_bytes;
        if here < frame_bytes {
            // At most the ceiling and a header: fits.
            *expect = Expect {
                bytes: frame_bytes as u32,
                header_seen: true,
                ..Expect::default()
            };
            return Ok(None);
        }
        *expect = Expect::default();
        if parsed.header_bytes > 0 {
            input.advance(parsed.header_bytes as usize, drop);
        }
        input.take_front(parsed.body_bytes as usize, body);
        Ok(Some(FrameHead {
            body_bytes: parsed.body_bytes as u32,
            label: parsed.label,
        }))
    }

    /// The header at the front of `bytes`, which are the first of `here`.
    #[inline]
    fn parse(self, bytes: &[u8], here: u64, limits: Limits) -> Result<Option<Parsed>, FrameFault> {
        let limit = limits.body_bytes_max();
        let classic = |head: classic::Parsed| Parsed {
            header_bytes: head.header_bytes,
            body_bytes: head.body_bytes,
            label: Label::Classic {
                connection: head.connection,
            },
        };
        Ok(match self {
            Framing::Link => link::parse(bytes, limit)?.map(|(head, body_bytes)| Parsed {
                header_bytes: link::HEADER_BYTES as u64,
                body_bytes,
                label: Label::Link(head),
            }),
            Framing::ClassicFixed => classic::parse_fixed(bytes, limit)?.map(classic),
            Framing::ClassicVar => classic::parse_var(bytes, limit)?.map(classic),
            Framing::Tpkt => tpkt::parse(bytes, limit)?.map(|body_bytes| Parsed {
                header_bytes: tpkt::HEADER_BYTES as u64,
                body_bytes,
                label: Label::None,
            }),
            // Stanzas have no header: `next_unit` cuts them.
            Framing::Raw | Framing::Stanza => Some(Parsed {
                header_bytes: 0,
                body_bytes: here.min(limit.max(1)),
                label: Label::None,
            }),
        })
    }

    /// With `have` bytes of an incomplete header: how many must be there for another look to be worth while.
    fn header_worth(self, have: usize) -> u32 {
        let bytes = match self {
            Framing::Link => link::HEADER_BYTES,
            Framing::ClassicFixed => classic::FIXED_HEADER_BYTES,
            Framing::Tpkt => tpkt::HEADER_BYTES,
            // Its end is not known before it is there.
            Framing::ClassicVar | Framing::Stanza | Framing::Raw => have + 1,
        };
        bytes as u32
    }

    /// What an end of the stream means now. Call after [`Framing::next`] said that it needs more.
    ///
    /// # Errors
    /// If a frame was begun: what is wrong with its header as far as that is there, else [`FrameFault::EofInHeader`] or
    /// [`FrameFault::EofInBody`].
    pub fn at_end(self, expect: &Expect, input: &Gather, limits: Limits) -> Result<(), FrameFault> {
        let have = input.len() as u64;
        if have == 0 {
            return Ok(());
        }
        if self == Framing::Stanza {
            return Err(FrameFault::EofInBody {
                have,
                want: have + 1,
            });
        }
        if expect.header_seen {
            return Err(FrameFault::EofInBody {
                have,
                want: u64::from(expect.bytes),
            });
        }
        // The last look may have been before the wrong byte arrived.
        let mut room = [0; HEADER_BYTES_MAX];
        self.parse(header_part(input, &mut room), have, limits)?;
        Err(FrameFault::EofInHeader { have })
    }

    /// The header of a frame that carries `body_bytes` of `connection`'s data. Framings without ids ignore it; `raw` and
    /// `stanza` have no header.
    ///
    /// # Errors
    /// [`FrameFault::TooLong`] if the framing cannot say such a length.
    pub fn data_header(self, connection: u64, body_bytes: u32) -> Result<HeaderBytes, FrameFault> {
        match self {
            Framing::Link => link::Head::data(connection).header(body_bytes),
            Framing::ClassicFixed => Ok(classic::fixed_header(connection, body_bytes)),
            Framing::ClassicVar => Ok(classic::var_header(connection, body_bytes)),
            Framing::Tpkt => tpkt::header(body_bytes),
            Framing::Stanza | Framing::Raw => Ok(HeaderBytes::EMPTY),
        }
    }

    /// Whether what a backend sends goes to the client as it is, without a header and without waiting for a whole frame.
    pub fn is_bare(self) -> bool {
        matches!(self, Framing::Stanza | Framing::Raw)
    }
}

/// Cuts the next unit off an XMPP stream. The limit of a body is that of a stanza; a stream's own limits have no other bounds
/// here than [`StanzaLimits`]'.
fn next_unit(
    expect: &mut Expect,
    input: &mut Gather,
    body: &mut Gather,
    limits: Limits,
) -> Result<Option<FrameHead>, FrameFault> {
    let limits = StanzaLimits {
        stanza_bytes_max: limits.body_bytes_max() as u32,
        ..StanzaLimits::DEFAULT
    };
    let Some(unit) = expect
        .scan
        .next(input, &limits)
        .map_err(FrameFault::Stanza)?
    else {
        return Ok(None);
    };
    input.take_front(unit.bytes as usize, body);
    Ok(Some(FrameHead {
        body_bytes: unit.bytes,
        label: Label::Unit(unit.kind),
    }))
}

/// The first bytes of `input`, enough for any header: where they lie if they are in one piece, else copied into `room`.
#[inline]
fn header_part<'a>(input: &'a Gather, room: &'a mut [u8; HEADER_BYTES_MAX]) -> &'a [u8] {
    let front = input.front();
    if front.len() >= HEADER_BYTES_MAX || front.len() == input.len() {
        return &front[..front.len().min(HEADER_BYTES_MAX)];
    }
    let n = input.peek(room);
    &room[..n]
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no framing's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "no framing is called {0:?}; there are link, classic-fixed, classic-var, tpkt, stanza and raw"
)]
pub struct FramingName(String);

impl FromStr for Framing {
    type Err = FramingName;

    fn from_str(name: &str) -> Result<Self, FramingName> {
        Framing::ALL
            .into_iter()
            .find(|framing| framing.name() == name)
            .ok_or_else(|| FramingName(name.to_owned()))
    }
}
