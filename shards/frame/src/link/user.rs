//! Frames 80 to 8F: the callbacks and calls of an H.248 user on the wire, between the appliance and a controller. The
//! connection is an association; messages are H.248 text in compact form, whatever the gateway speaks.
//!
//! ```text
//!            to the controller                            from the controller
//!  80 CONNECT     local MID, remote MID, how           81 DISCONNECT
//!  81 DISCONNECT  reason in aux, text                  83 REPLY      token, data, message; ack action in aux
//!  82 REQUEST     token, message                       84 PENDING    token
//!  87 RESULT      tag, outcome, index, message, text   85 CALL       tag, message
//!  88 ACK         data, outcome                        86 CAST       tag, message
//!  89 ABORT       token                                8A CANCEL     reason in aux
//!  8B UNEXPECTED  message                              8D CONFIGURE  tag, item, value
//!  8C FAULT       error code in aux, text
//!  8E CONFIGURED  tag, 0 or 1, text
//! ```
//!
//! A message that does not fit one frame is continued, as DATA is, in frames of the same type with [`Head::MORE`].
//!
//! [`Head::MORE`]: super::Head::MORE

use super::{FrameType, PayloadFault};

/// CONNECT and REQUEST: the association, or the request, was another controller's before.
pub const TAKEN_OVER: u8 = 0x02;
/// RESULT: no more results of this call or cast follow.
pub const LAST: u8 = 0x02;
/// FAULT: the peer sent an error descriptor; without this and the next, the controller's own answer could not be read.
pub const FROM_PEER: u8 = 0x02;
/// FAULT: a message of the peer could not be read, and it was sent this error.
pub const UNREADABLE: u8 = 0x04;

/// Bytes of a token: what names a request that is to be answered.
pub const TOKEN_BYTES: usize = 20;
/// A token.
pub type Token = [u8; TOKEN_BYTES];

/// The types of frames to and from controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum UserFrame {
    /// An association is this controller's from now on.
    Connect = 0x80,
    /// It is no more; or it is to be ended.
    Disconnect = 0x81,
    /// A request of the peer, to be answered.
    Request = 0x82,
    /// The answer to a request.
    Reply = 0x83,
    /// The answer takes longer: the peer is told so.
    Pending = 0x84,
    /// Requests to the peer whose results come together.
    Call = 0x85,
    /// Requests to the peer whose results come one by one.
    Cast = 0x86,
    /// The result of one request.
    Result = 0x87,
    /// What came of an acknowledgement that a reply asked for.
    Ack = 0x88,
    /// A request needs no answer any more.
    Abort = 0x89,
    /// All outstanding requests and stored replies of the association are to be dropped.
    Cancel = 0x8a,
    /// A reply, Pending or acknowledgement that nothing waited for.
    Unexpected = 0x8b,
    /// The peer complains, or the controller's answer could not be read.
    Fault = 0x8c,
    /// Changes a configuration item of the association.
    Configure = 0x8d,
    /// What came of it.
    Configured = 0x8e,
}

impl UserFrame {
    /// As a frame's type.
    #[must_use]
    pub const fn kind(self) -> FrameType {
        FrameType::User(self as u8)
    }
}

/// What came of a request to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Its replies.
    Ok = 0,
    /// Its error, for the whole transaction.
    Error = 1,
    /// Its reply could not be read to the end; the request was executed.
    Faulty = 2,
    /// A segment of the reply to a cast; the others follow.
    Segment = 3,
    /// It did not answer in time, or segments of its answer are missing.
    Timeout = 4,
    /// It said Pending too often.
    PendingLimit = 5,
    /// Somebody else answered.
    WrongMid = 6,
    /// It was not sent, or ended before an answer came.
    Failed = 7,
}

/// How an acknowledgement is wanted, in the aux field of REPLY (OTP's `AckAction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckAction {
    /// 0: not at all.
    Discard,
    /// 1: asked for, and told of by ACK.
    Handle,
    /// 2: the same, only if a Pending was sent.
    HandlePending,
    /// 3: told of if it happens to come.
    HandleSloppy,
}

impl AckAction {
    /// By its number; others count as [`AckAction::Discard`].
    #[must_use]
    pub const fn from_aux(aux: u16) -> Self {
        match aux {
            1 => Self::Handle,
            2 => Self::HandlePending,
            3 => Self::HandleSloppy,
            _ => Self::Discard,
        }
    }
}

/// The payload of CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// Who we are to the peer, as H.248 text has it.
    pub local: &'a str,
    /// Who the peer is; empty until it says so.
    pub remote: &'a str,
    /// 0 pretty text, 1 compact text, 2 BER.
    pub encoding: u8,
    /// 0 TCP, 1 UDP.
    pub transport: u8,
}

impl Connect<'_> {
    /// Appends the payload. A MID longer than 65,535 bytes does not exist.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for mid in [self.local, self.remote] {
            let mid = super::hello::cut(mid, usize::from(u16::MAX));
            out.extend_from_slice(&(mid.len() as u16).to_be_bytes());
            out.extend_from_slice(mid.as_bytes());
        }
        out.extend_from_slice(&[self.encoding, self.transport]);
    }
}

/// Appends the payload of RESULT: its message, if there is one, else a text for people.
pub fn encode_result(tag: u64, outcome: Outcome, index: u16, content: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&tag.to_be_bytes());
    out.push(outcome as u8);
    out.extend_from_slice(&index.to_be_bytes());
    out.extend_from_slice(content);
}

/// Appends the payload of ACK: the reply's data, whether the acknowledgement came, and why not.
pub fn encode_ack(data: u64, came: bool, text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&data.to_be_bytes());
    out.push(u8::from(!came));
    out.extend_from_slice(text.as_bytes());
}

/// Appends the payload of CONFIGURED: the tag, whether it was done, and why not.
pub fn encode_configured(tag: u64, done: bool, text: &str, out: &mut Vec<u8>) {
    encode_ack(tag, done, text, out);
}

/// What a controller says, with the payload read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FromController<'a> {
    /// End the association.
    Disconnect,
    /// Answer a request.
    Reply {
        /// Which.
        token: Token,
        /// Given back with ACK.
        data: u64,
        /// A message with one reply; its number is not looked at.
        message: &'a [u8],
    },
    /// The answer takes longer.
    Pending {
        /// To which request.
        token: Token,
    },
    /// Send requests, all results together.
    Call {
        /// The controller's own number for the call.
        tag: u64,
        /// A message with one request or more; their numbers are not looked at.
        message: &'a [u8],
    },
    /// Send requests, results one by one.
    Cast {
        /// The controller's own number for the cast.
        tag: u64,
        /// As in a call.
        message: &'a [u8],
    },
    /// Drop what is outstanding.
    Cancel,
    /// Change a configuration item.
    Configure {
        /// The controller's own number for the change.
        tag: u64,
        /// The item by OTP's name.
        item: &'a str,
        /// Its value as TOML has it.
        value: &'a str,
    },
}

impl<'a> FromController<'a> {
    /// Reads the payload of a frame of this code. `None` for a type that controllers do not send, or that a later version has.
    ///
    /// # Errors
    /// [`PayloadFault`] if the payload ends inside a field, or what should be text is none.
    pub fn decode(code: u8, payload: &'a [u8]) -> Result<Option<Self>, PayloadFault> {
        let kind = FrameType::User(code);
        let mut rest = Rest { kind, payload };
        Ok(Some(match code {
            0x81 => Self::Disconnect,
            0x83 => Self::Reply {
                token: rest.take("token")?,
                data: rest.number("data")?,
                message: rest.payload,
            },
            0x84 => Self::Pending {
                token: rest.take("token")?,
            },
            0x85 => Self::Call {
                tag: rest.number("tag")?,
                message: rest.payload,
            },
            0x86 => Self::Cast {
                tag: rest.number("tag")?,
                message: rest.payload,
            },
            0x8a => Self::Cancel,
            0x8d => {
                let tag = rest.number("tag")?;
                let [bytes] = rest.take("item length")?;
                let fault = PayloadFault::Short {
                    kind,
                    field: "item",
                };
                let (item, value) = rest
                    .payload
                    .split_at_checked(usize::from(bytes))
                    .ok_or(fault)?;
                let text =
                    |bytes| std::str::from_utf8(bytes).map_err(|_| PayloadFault::Text { kind });
                Self::Configure {
                    tag,
                    item: text(item)?,
                    value: text(value)?,
                }
            }
            _ => return Ok(None),
        }))
    }
}

/// What of a payload is not read yet.
struct Rest<'a> {
    kind: FrameType,
    payload: &'a [u8],
}

impl Rest<'_> {
    fn take<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], PayloadFault> {
        let kind = self.kind;
        let short = PayloadFault::Short { kind, field };
        let (front, back) = self.payload.split_first_chunk().ok_or(short)?;
        self.payload = back;
        Ok(*front)
    }

    fn number(&mut self, field: &'static str) -> Result<u64, PayloadFault> {
        self.take(field).map(u64::from_be_bytes)
    }
}
