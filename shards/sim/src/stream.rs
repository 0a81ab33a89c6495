//! What a client does that speaks XMPP: it opens a stream, writes stanzas with white space between some of them, and is told why its
//! stream ends.

use crate::client::Client;
use crate::content::{DOWN, differs, text};

/// The header that a client's stream begins with.
const HEADER: &[u8] = b"<stream:stream>";

impl Client {
    /// The next stanza, of `len` bytes if that is possible, behind the stream's header if that is not written yet.
    pub(crate) fn stanza(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.written == 0 {
            bytes.extend(HEADER);
            self.wrote_unit(HEADER);
        }
        if self.written.is_multiple_of(3) {
            // A keepalive, which is no unit that a backend gets.
            bytes.extend(b" \n");
        }
        let content = text(self.number, self.written, len.saturating_sub(7));
        let unit = [b"<m>", &content[..], b"</m>"].concat();
        self.wrote_unit(&unit);
        bytes.extend(unit);
        bytes
    }

    /// What is written is expected at the backend: as one frame.
    pub fn wrote_unit(&mut self, unit: &[u8]) {
        self.written += unit.len() as u64;
        self.frames.push_back(unit.len());
        self.units.extend(unit);
    }

    /// Whether `bytes` are the next that the backend should get.
    pub(crate) fn units_begin_with(&mut self, bytes: &[u8]) -> bool {
        let there = bytes.len().min(self.units.len());
        self.units.drain(..there).eq(bytes.iter().copied())
    }

    /// Takes what came: the backend's bytes, then what the appliance itself says.
    pub(crate) fn take_stream(&mut self) {
        let wrong = differs(self.number, DOWN, self.got, &self.pending);
        let right = wrong.map_or(self.pending.len(), |at| (at - self.got) as usize);
        let rest = self.pending.split_off(right);
        self.got += right as u64;
        self.pending.clear();
        self.refusal.extend(&rest);
        if rest.first().is_some_and(|&byte| byte != b'<') {
            self.complain(String::from(
                "bytes that neither its backend nor XMPP knows",
            ));
        }
    }

    /// The condition that it was told, if what it got beside its backend's bytes is an end of a stream as it should be, behind a header
    /// if it had none.
    #[must_use]
    pub fn stream_error(&self) -> Option<String> {
        let said = std::str::from_utf8(&self.refusal).ok()?;
        let error = match said.split_once("<stream:stream ") {
            Some((_, rest)) if self.got == 0 => rest.split_once('>')?.1,
            None if self.got > 0 => said,
            _ => return None,
        };
        let rest = error.strip_prefix("<stream:error><")?;
        rest.strip_suffix("</stream:error></stream:stream>")?;
        Some(rest.split_once(' ')?.0.to_owned())
    }
}
