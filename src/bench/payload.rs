//! What the load generator sends and how it checks what comes back: every byte of it, without keeping any.
//!
//! ```text
//!          0            8          16       24                    body_bytes
//! | header | connection | sequence | time   | pattern             |     numbers big-endian
//! ```
//!
//! Header, connection, sequence and pattern are known to the receiving connection and must come back as they are. The
//! time is the moment at which the packet was intended to leave; it comes back with the packet, so a generator
//! of a million connections need not remember it.

use megaphone_frame::{Framing, HeaderBytes};
use megaphone_wheel::{Rng, Tick};

#[cfg(test)]
mod tests;

/// Connection, sequence and time.
pub const HEAD_BYTES: usize = 24;
const TIME_AT: usize = 16;
/// Bytes after which the pattern repeats. Prime, so that shifted by a block, a page or a packet it does not fit.
const PATTERN_BYTES: usize = 4_093;

/// How packets of this run look.
#[derive(Clone, Debug)]
pub struct Shape {
    framing: Framing,
    body_bytes: u32,
    pattern: Box<[u8]>,
}

/// What came back is not what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// It names another connection.
    Misrouted,
    /// It names this connection and differs elsewhere: lost, repeated or damaged bytes.
    Damaged,
}

/// How far the packet that is coming back to one connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of it that are here, its header's included.
    at: u32,
    /// As much of its time as is here.
    time: u64,
}

impl Shape {
    /// Packets with bodies of `body_bytes` (at least [`HEAD_BYTES`]) in this framing.
    #[must_use]
    pub fn new(framing: Framing, body_bytes: u32) -> Shape {
        let mut rng = Rng::new(0x6d65_6761);
        let repeated = PATTERN_BYTES + body_bytes as usize;
        let one: Vec<u8> = (0..PATTERN_BYTES).map(|_| rng.next_u32() as u8).collect();
        let pattern = one.iter().copied().cycle().take(repeated).collect();
        Shape {
            framing,
            body_bytes: body_bytes.max(HEAD_BYTES as u32),
            pattern,
        }
    }

    /// The bytes of one packet, in `packet`'s memory.
    pub fn write(&self, connection: u32, sequence: u32, time: Tick, packet: &mut Vec<u8>) {
        packet.clear();
        packet.extend_from_slice(&self.header(connection));
        packet.extend_from_slice(&u64::from(connection).to_be_bytes());
        packet.extend_from_slice(&u64::from(sequence).to_be_bytes());
        packet.extend_from_slice(&time.0.to_be_bytes());
        packet.extend_from_slice(self.pattern(connection, sequence));
    }

    /// Compares what arrived on `connection` with what must come next, which is packet `sequence` from `progress` on.
    /// Gives the time of each packet that is complete with it, and advances `sequence`.
    ///
    /// # Errors
    ///
    /// The first [`Mismatch`]; the stream is of no use after it.
    pub fn check(
        &self,
        connection: u32,
        sequence: &mut u32,
        progress: &mut Progress,
        mut arrived: &[u8],
        mut complete: impl FnMut(Tick),
    ) -> Result<(), Mismatch> {
        let header = self.header(connection);
        let (body, end) = (header.len(), header.len() + self.body_bytes as usize);
        while !arrived.is_empty() {
            let number = u64::from(*sequence).to_be_bytes();
            let parts: [(usize, &[u8], Mismatch); 4] = [
                (0, &header, Mismatch::Damaged),
                (
                    body,
                    &u64::from(connection).to_be_bytes(),
                    Mismatch::Misrouted,
                ),
                (body + 8, &number, Mismatch::Damaged),
                (
                    body + HEAD_BYTES,
                    self.pattern(connection, *sequence),
                    Mismatch::Damaged,
                ),
            ];
            let time = body + TIME_AT..body + HEAD_BYTES;
            let at = progress.at as usize;
            let taken;
            if time.contains(&at) {
                taken = arrived.len().min(time.end - at);
                progress.time = arrived[..taken]
                    .iter()
                    .fold(progress.time, |time, byte| time << 8 | u64::from(*byte));
            } else {
                let part = parts
                    .iter()
                    .find(|(start, bytes, _)| (*start..start + bytes.len()).contains(&at));
                let (start, bytes, mismatch) =
                    part.expect("the parts and the time cover the packet");
                let expected = &bytes[at - start..];
                taken = arrived.len().min(expected.len());
                if arrived[..taken] != expected[..taken] {
                    return Err(*mismatch);
                }
            }
            arrived = &arrived[taken..];
            progress.at += taken as u32;
            if progress.at as usize == end {
                complete(Tick(progress.time));
                *progress = Progress::default();
                *sequence += 1;
            }
        }
        Ok(())
    }

    fn header(&self, connection: u32) -> HeaderBytes {
        // Connection ids of the classic formats start at 1; lengths within the plan's limit fit every framing but
        // TPKT's 16 bits, which the plan's check refuses.
        self.framing
            .data_header(u64::from(connection) + 1, self.body_bytes)
            .expect("the plan was checked")
    }

    /// Whether this framing can say this length.
    #[must_use]
    pub fn is_possible(framing: Framing, body_bytes: u32) -> bool {
        framing.data_header(1, body_bytes).is_ok()
    }

    /// The rest of a body. Where it starts depends on connection and sequence, so no two neighbours are alike.
    fn pattern(&self, connection: u32, sequence: u32) -> &[u8] {
        let start = (u64::from(connection) * 31 + u64::from(sequence) * 7) % PATTERN_BYTES as u64;
        &self.pattern[start as usize..][..self.body_bytes as usize - HEAD_BYTES]
    }
}
