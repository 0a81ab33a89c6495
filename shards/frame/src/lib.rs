//! Framings in and out of byte streams, over leases, without copying bodies. Knows what a frame is, not what it is for.
//!
//! | framing | header | used on |
//! | --- | --- | --- |
//! | [`link`](Framing::Link) | 16 bytes, see [`link`] | links |
//! | [`classic-fixed`](Framing::ClassicFixed) | 32 bytes, decimal, see [`classic`] | links, clients |
//! | [`classic-var`](Framing::ClassicVar) | 4 to 32 bytes, decimal, see [`classic`] | links, clients |
//! | [`tpkt`](Framing::Tpkt) | 4 bytes, see [`tpkt`] | H.248 over TCP |
//! | [`stanza`](Framing::Stanza) | none: XML depth, see [`stanza`] | XMPP clients |
//! | [`raw`](Framing::Raw) | none: what arrived is a frame | anything |
//!
//! A stream's bytes wait in a [`Gather`]; [`Framing::next`] looks at the header in front and,
//! when the whole frame is there, moves its body out, piece by piece. What it remembers between calls is an [`Expect`] of
//! at most 32 bytes. Three rules hold for all framings, and tests hold them:
//!
//! * **Split invariance.** However a stream is cut into arrivals, the same frames come out, and the same fault if
//!   there is one.
//! * **No length is trusted.** Nothing is reserved from a length field, and a length above the listener's limit is a
//!   fault before its body has arrived.
//! * **A fault is final.** After it the stream has no known frame boundary any more: close it.

#![forbid(unsafe_code)]

pub mod classic;
mod decimal;
mod fault;
pub mod foreign;
mod framing;
mod header;
pub mod link;
pub mod proxy;
pub mod stanza;
pub mod tpkt;

pub use fault::{Field, FrameFault};
pub use framing::{Expect, FrameHead, Framing, FramingName, Label, Limits};
pub use header::{HEADER_BYTES_MAX, HeaderBytes};

use megaphone_pool::Gather;

/// The whole of a short body as one slice: where it lies if it is in one piece, else copied into `room`. `None` if it
/// is longer than `room`.
pub fn flat<'a>(body: &'a Gather, room: &'a mut [u8]) -> Option<&'a [u8]> {
    if body.len() > room.len() {
        return None;
    }
    if body.piece_count() <= 1 {
        return Some(body.front());
    }
    let n = body.peek(room);
    Some(&room[..n])
}

#[cfg(test)]
mod tests;
