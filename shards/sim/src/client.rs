//! A client: it writes frames of its own numbered bytes, and checks every byte it gets.

use crate::content::{DOWN, UP, differs, stretch};
use megaphone_core::SocketId;
use megaphone_frame::Framing;
use std::collections::VecDeque;

/// How a client's connection ended, as it saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientEnd {
    /// FIN: the conversation was ended in order.
    Closed,
    /// RST.
    Reset,
}

/// One client and all that is known about its conversation.
#[derive(Debug)]
pub struct Client {
    /// Its number, which decides its bytes.
    pub number: usize,
    /// Its shard and socket there.
    pub shard: usize,
    /// Its socket on that shard.
    pub socket: SocketId,
    /// The listener it came by.
    pub listener: usize,
    /// How its stream is framed.
    pub framing: Framing,
    /// Whether it gets its own bytes back.
    pub echoes: bool,
    /// Whether its bytes go nowhere.
    pub discards: bool,
    /// Whether its link's dialect knows no flow control.
    pub uncredited: bool,
    /// The id that it says in classic framings.
    pub classic_id: u64,
    /// Content bytes written so far.
    pub written: u64,
    /// Lengths of the frames written, until they are seen at the other end.
    pub frames: VecDeque<usize>,
    /// Content bytes that were seen at the other end.
    pub arrived: u64,
    /// Content bytes it got.
    pub got: u64,
    /// Lengths of the frames it should get.
    pub expected: VecDeque<usize>,
    /// Whether it wrote its last byte and FIN.
    pub ended: bool,
    /// Whether its socket broke by its own doing.
    pub broke: bool,
    /// Whether it reads.
    pub reads: bool,
    /// How its connection ended.
    pub end: Option<ClientEnd>,
    /// Whether a backend took it.
    pub opened: bool,
    /// Whether something was done to it after which not everything need arrive.
    pub excused: bool,
    /// Whether its backend said CLOSE.
    pub dismissed: bool,
    /// Everything it got before a backend took it: why it was refused.
    pub refusal: Vec<u8>,
    /// What an XMPP client wrote and its backend has not got: bytes of units, without the white space between them.
    pub(crate) units: VecDeque<u8>,
    /// Whether it answers the end of the appliance's side with its own.
    pub answers_end: bool,
    /// Whether the appliance ended its side before the client did.
    pub parted: bool,
    /// Whether it got the end of a classic conversation.
    pub classic_end: bool,
    /// Bytes of a frame that is not complete.
    pub(crate) pending: Vec<u8>,
    /// Whether it is an H.248 gateway, and what it got then, whole messages.
    pub is_gateway: bool,
    pub(crate) messages: Vec<Vec<u8>>,
    /// What is wrong with what it got, if anything.
    pub fault: Option<String>,
}

impl Client {
    pub(crate) fn new(
        number: usize,
        shard: usize,
        socket: SocketId,
        listener: usize,
        framing: Framing,
    ) -> Client {
        Client {
            number,
            shard,
            socket,
            listener,
            framing,
            echoes: false,
            discards: false,
            uncredited: false,
            classic_id: 1_000 + number as u64,
            written: 0,
            frames: VecDeque::new(),
            arrived: 0,
            got: 0,
            expected: VecDeque::new(),
            ended: false,
            broke: false,
            reads: true,
            end: None,
            opened: false,
            excused: false,
            dismissed: false,
            refusal: Vec::new(),
            units: VecDeque::new(),
            answers_end: true,
            parted: false,
            classic_end: false,
            pending: Vec::new(),
            is_gateway: false,
            messages: Vec::new(),
            fault: None,
        }
    }

    /// The next frame of `len` content bytes, as it goes on the wire.
    pub(crate) fn frame(&mut self, len: usize) -> Vec<u8> {
        if self.framing == Framing::Stanza {
            return self.stanza(len);
        }
        let content = stretch(self.number, UP, self.written, len);
        self.written += len as u64;
        self.frames.push_back(len);
        if self.echoes {
            self.expected.push_back(len);
        }
        let mut bytes = encode(self.framing, self.classic_id, len);
        bytes.extend(content);
        bytes
    }

    /// Takes bytes from its socket and checks them.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        if self.is_gateway {
            while let Some((header, len)) = decode(Framing::Tpkt, &self.pending) {
                let whole = self.pending.drain(..header + len);
                self.messages.push(whole.skip(header).collect());
            }
            return;
        }
        // Refused, for all that a backend may have meant: its link was lost before its word came through.
        let is_stream = self.framing == Framing::Stanza;
        let refused = !is_stream && self.excused && self.got == 0 && !self.right_so_far();
        if refused || !self.refusal.is_empty() || (!self.opened && !self.echoes) {
            self.refusal.append(&mut self.pending);
            return;
        }
        if self.framing == Framing::Stanza {
            return self.take_stream();
        }
        while let Some((header, len)) = decode(self.framing, &self.pending) {
            let frame: Vec<u8> = self.pending.drain(..header + len).skip(header).collect();
            if len == 0 && matches!(self.framing, Framing::ClassicFixed | Framing::ClassicVar) {
                self.classic_end = true;
                continue;
            }
            let direction = if self.echoes { UP } else { DOWN };
            if let Some(at) = differs(self.number, direction, self.got, &frame) {
                self.complain(format!("byte {at} is wrong"));
            }
            self.got += len as u64;
            self.check_length(len);
        }
    }

    /// Whether the first frame that is pending, if it is whole, is what it should be.
    fn right_so_far(&self) -> bool {
        let direction = if self.echoes { UP } else { DOWN };
        let whole = decode(self.framing, &self.pending);
        whole.is_none_or(|(header, len)| {
            let content = &self.pending[header..header + len];
            differs(self.number, direction, 0, content).is_none()
        })
    }

    fn check_length(&mut self, len: usize) {
        if self.framing == Framing::Raw {
            return;
        }
        let expected = self.expected.pop_front();
        if expected != Some(len) {
            self.complain(format!("a frame of {len} bytes instead of {expected:?}"));
        }
    }

    pub(crate) fn complain(&mut self, what: String) {
        let number = self.number;
        self.fault
            .get_or_insert_with(|| format!("client {number} got {what}"));
    }

    /// Whether its connection is there.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.end.is_none() && !self.broke
    }
}

/// A header as the client framings have it, written independently of the crate under test.
pub(crate) fn encode(framing: Framing, id: u64, len: usize) -> Vec<u8> {
    match framing {
        Framing::ClassicFixed => format!("{:010}|{id:020}|", len + 32).into_bytes(),
        Framing::ClassicVar => format!("{id}|{len}|").into_bytes(),
        Framing::Tpkt => {
            let length = len + 4;
            vec![3, 0, (length >> 8) as u8, length as u8]
        }
        _ => Vec::new(),
    }
}

/// Header and body length of the frame in front, if it is whole.
pub(crate) fn decode(framing: Framing, bytes: &[u8]) -> Option<(usize, usize)> {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<usize>().ok();
    let (header, len) = match framing {
        Framing::ClassicFixed => (32, number(bytes.get(..10)?)?.checked_sub(32)?),
        Framing::ClassicVar => {
            let first = bytes.iter().position(|&byte| byte == b'|')?;
            let second = first + 1 + bytes[first + 1..].iter().position(|&byte| byte == b'|')?;
            (second + 1, number(&bytes[first + 1..second])?)
        }
        Framing::Tpkt => (
            4,
            usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])).checked_sub(4)?,
        ),
        _ if bytes.is_empty() => return None,
        _ => (0, bytes.len()),
    };
    (bytes.len() >= header + len).then_some((header, len))
}

/// The id of a classic packet.
pub(crate) fn classic_id(framing: Framing, bytes: &[u8]) -> Option<u64> {
    let text = match framing {
        Framing::ClassicFixed => bytes.get(11..31)?,
        _ => bytes.split(|&byte| byte == b'|').next()?,
    };
    std::str::from_utf8(text).ok()?.parse().ok()
}
