//! HELLO and HELLO_OK: who is there, what it accepts, and where to go on.
//!
//! ```text
//!  0      4         5      6       8           12       20       28             29     29+n          31+n
//! ┌──────┬─────────┬──────┬───────┬───────────┬────────┬────────┬──────────────┬──────┬─────────────┬───────┐
//! │ MEGA │ version │ role │ flags │ max_frame │ epoch  │ resume │ name length  │ name │ token length│ token │
//! └──────┴─────────┴──────┴───────┴───────────┴────────┴────────┴──────────────┴──────┴─────────────┴───────┘
//!  4      u8        u8     u16     u32         u64      u64      u8 = n         n      u16           …
//! ```
//!
//! A controller says behind the token which local MIDs it serves: `count u8`, then for each `length u16` and the MID as H.248
//! text has it. Without them it serves all that are meant for its link. Bytes behind that belong to later versions and are ignored.

use super::{FrameType, PayloadFault};

/// The version of the protocol that this crate speaks.
pub const VERSION: u8 = 1;

/// HELLO's flag bit 0: "I acknowledge; keep what I have not acknowledged, and replay it".
pub const WANTS_ACK: u16 = 0x0001;

/// Bytes of a node's name, at most (its length is one byte).
pub const NAME_BYTES_MAX: usize = u8::MAX as usize;

/// Bytes of a token, at most.
pub const TOKEN_BYTES_MAX: usize = 1024;

/// Bytes of a whole payload, at most: 28 fixed, two lengths, name, token, and as much again for what later versions add.
pub const HELLO_BYTES_MAX: usize = 4096;

/// The least that `max_frame` may say.
pub const MAX_FRAME_MIN: u32 = 1024;

const MAGIC: &[u8; 4] = b"MEGA";

/// Which part a side plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Role {
    /// 0: holds the clients.
    Appliance = 0,
    /// 1: serves connections.
    Backend = 1,
    /// 2: serves H.248 associations.
    Controller = 2,
}

/// The payload of HELLO and HELLO_OK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello<'a> {
    /// The sender's part.
    pub role: Role,
    /// [`WANTS_ACK`]; other bits are sent as 0 and ignored.
    pub flags: u16,
    /// The longest payload, in bytes, that the sender accepts in one frame: at least [`MAX_FRAME_MIN`].
    pub max_frame: u32,
    /// In HELLO: the epoch to go on with, or 0. In HELLO_OK: the epoch that holds from now on, never 0.
    pub epoch: u64,
    /// The number of the last numbered frame that was received in that epoch; 0 for none.
    pub resume: u64,
    /// The sender's name: who it is to the other side, across connections.
    pub name: &'a str,
    /// A shared secret, or empty.
    pub token: &'a [u8],
    /// What stands behind the token: see [`Hello::mids`].
    pub more: &'a [u8],
}

impl<'a> Hello<'a> {
    /// Whether the sender acknowledges and wants replay.
    pub fn wants_ack(&self) -> bool {
        self.flags & WANTS_ACK != 0
    }

    /// The local MIDs that a controller serves; none if it does not say, which means all.
    ///
    /// # Errors
    /// [`PayloadFault`] if the list ends inside a MID, or a MID is no text.
    pub fn mids(&self) -> Result<Vec<&'a str>, PayloadFault> {
        let mut rest = self.more;
        if self.role != Role::Controller || rest.is_empty() {
            return Ok(Vec::new());
        }
        let [count] = take(&mut rest, "MID count")?;
        let mut mids = Vec::new();
        for _ in 0..count {
            let bytes = u16::from_be_bytes(take(&mut rest, "MID length")?);
            let mid = run(&mut rest, usize::from(bytes), "MID")?;
            let kind = FrameType::Hello;
            mids.push(std::str::from_utf8(mid).map_err(|_| PayloadFault::Text { kind })?);
        }
        Ok(mids)
    }

    /// Appends the payload to `out`. A name or token above its limit is cut there, which configuration prevents.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let name = cut(self.name, NAME_BYTES_MAX);
        let token = &self.token[..self.token.len().min(TOKEN_BYTES_MAX)];
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[VERSION, self.role as u8]);
        out.extend_from_slice(&self.flags.to_be_bytes());
        out.extend_from_slice(&self.max_frame.to_be_bytes());
        out.extend_from_slice(&self.epoch.to_be_bytes());
        out.extend_from_slice(&self.resume.to_be_bytes());
        out.push(name.len() as u8);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&(token.len() as u16).to_be_bytes());
        out.extend_from_slice(token);
        out.extend_from_slice(self.more);
    }

    /// Reads the payload of a HELLO or HELLO_OK.
    ///
    /// # Errors
    /// [`PayloadFault`]: the wrong magic first, then the version, then what is missing or out of range.
    pub fn decode(payload: &'a [u8]) -> Result<Self, PayloadFault> {
        if payload.len() > HELLO_BYTES_MAX {
            let (bytes, limit) = (payload.len(), HELLO_BYTES_MAX);
            return Err(PayloadFault::Long {
                kind: FrameType::Hello,
                bytes,
                limit,
            });
        }
        let mut rest = payload;
        if &take::<4>(&mut rest, "magic").map_err(|_| PayloadFault::Magic)? != MAGIC {
            return Err(PayloadFault::Magic);
        }
        let [version] = take(&mut rest, "version")?;
        if version != VERSION {
            return Err(PayloadFault::Version { version });
        }
        let role = match take(&mut rest, "role")? {
            [0] => Role::Appliance,
            [1] => Role::Backend,
            [2] => Role::Controller,
            [role] => return Err(PayloadFault::Role { role }),
        };
        let flags = u16::from_be_bytes(take(&mut rest, "flags")?);
        let max_frame = u32::from_be_bytes(take(&mut rest, "max_frame")?);
        if max_frame < MAX_FRAME_MIN {
            return Err(PayloadFault::MaxFrame { max_frame });
        }
        let epoch = u64::from_be_bytes(take(&mut rest, "epoch")?);
        let resume = u64::from_be_bytes(take(&mut rest, "resume")?);
        let [name_bytes] = take(&mut rest, "name length")?;
        let name = run(&mut rest, usize::from(name_bytes), "name")?;
        let name = std::str::from_utf8(name).map_err(|_| PayloadFault::Name)?;
        if name.chars().any(char::is_control) {
            return Err(PayloadFault::Name);
        }
        let token_bytes = usize::from(u16::from_be_bytes(take(&mut rest, "token length")?));
        if token_bytes > TOKEN_BYTES_MAX {
            return Err(PayloadFault::Long {
                kind: FrameType::Hello,
                bytes: token_bytes,
                limit: TOKEN_BYTES_MAX,
            });
        }
        let token = run(&mut rest, token_bytes, "token")?;
        Ok(Self {
            role,
            flags,
            max_frame,
            epoch,
            resume,
            name,
            token,
            more: rest,
        })
    }
}

/// The next `N` bytes of a HELLO.
fn take<const N: usize>(rest: &mut &[u8], field: &'static str) -> Result<[u8; N], PayloadFault> {
    let (front, back) = rest.split_first_chunk().ok_or(PayloadFault::Short {
        kind: FrameType::Hello,
        field,
    })?;
    *rest = back;
    Ok(*front)
}

/// The next `n` bytes of a HELLO.
fn run<'a>(rest: &mut &'a [u8], n: usize, field: &'static str) -> Result<&'a [u8], PayloadFault> {
    let (front, back) = rest.split_at_checked(n).ok_or(PayloadFault::Short {
        kind: FrameType::Hello,
        field,
    })?;
    *rest = back;
    Ok(front)
}

/// At most `bytes` of `text`, not ending inside a character.
pub(super) fn cut(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}
