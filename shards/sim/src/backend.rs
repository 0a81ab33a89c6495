//! A backend of a link: it speaks the protocol as its document says, remembers what it has to for a resume, and checks every byte.

use crate::client;
use crate::content::{DOWN, UP, differs, stretch};
use megaphone_core::{Dialect, SocketId};
use megaphone_frame::Framing;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

/// What a backend does with OPEN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// OPEN_OK.
    Accept,
    /// REJECT.
    Reject,
    /// Nothing at all.
    Silence,
}

/// How a backend behaves.
#[derive(Clone, Debug)]
pub struct BackendPlan {
    /// The name it says.
    pub name: String,
    /// The link's index in the configuration.
    pub spec: usize,
    /// What it speaks.
    pub dialect: Dialect,
    /// Whether the appliance connects to it.
    pub dialled: bool,
    /// Whether it acknowledges.
    pub numbered: bool,
    /// The token it says.
    pub token: Vec<u8>,
    /// The `max_frame` it says.
    pub max_frame: u32,
    /// The credit it gives at OPEN_OK.
    pub credit: u32,
    /// Whether it gives credit back as soon as it can, when the world settles.
    pub credits: bool,
    /// Whether it acknowledges as soon as it can, when the world settles.
    pub acknowledges: bool,
    /// What it does with OPEN.
    pub reply: Reply,
}

/// One connection as its backend sees it.
#[derive(Debug)]
pub struct Conversation {
    /// Whose it is.
    pub client: usize,
    /// Content bytes that came.
    pub came: u64,
    /// Length of the message that is coming.
    message: usize,
    /// Content bytes sent.
    pub sent: u64,
    /// Length of the message that is being sent, so far.
    sending: usize,
    /// Bytes it may still send.
    pub may_send: u64,
    /// Bytes the appliance may still send.
    pub granted: u64,
    /// Bytes that came and were not credited yet.
    pub owed: u64,
    /// Whether its own CLOSE is sent.
    pub closed: bool,
    /// Whether the appliance's CLOSE came.
    pub appliance_closed: bool,
    /// Whether it was opened (OPEN_OK sent).
    pub open: bool,
}

/// Something a backend noticed that the world must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Noticed {
    Up {
        resumed: bool,
    },
    Opened {
        client: usize,
    },
    Rejected {
        client: usize,
    },
    Arrived {
        client: usize,
        payload: Vec<u8>,
        message_end: Option<usize>,
        differs: Option<u64>,
    },
    Ended {
        client: usize,
        came: u64,
    },
    Reset {
        client: Option<usize>,
    },
    Overrun {
        client: usize,
    },
    More,
    Ponged,
    Forgot {
        clients: Vec<usize>,
    },
    Drain,
    Over {
        reason: u16,
    },
    Broken(String),
}

/// One backend.
#[derive(Debug)]
pub struct Backend {
    /// How it behaves.
    pub plan: BackendPlan,
    /// Its shard and socket there, while it is connected.
    pub socket: Option<(usize, SocketId)>,
    /// Whether it broke the protocol on this socket: whatever it hears there from then on means nothing.
    pub(crate) doomed: bool,
    /// Whether its socket is on its way between two shards.
    pub(crate) moving: bool,
    /// Whether it reads.
    pub reads: bool,
    /// Whether HELLO and HELLO_OK are exchanged.
    pub up: bool,
    /// What came and is not understood yet.
    pub(crate) inbox: VecDeque<u8>,
    /// What is to be sent.
    pub(crate) outbox: Vec<u8>,
    /// The reason of the CLOSE that ended its link, if one came.
    pub dismissed: Option<u16>,
    /// Whether DRAIN came.
    pub drain_heard: bool,
    /// RESETs that came.
    pub resets: usize,
    /// PONGs that came.
    pub pongs: usize,
    /// Connections by id.
    pub conversations: BTreeMap<u64, Conversation>,
    /// The link's epoch, 0 for none.
    pub(crate) epoch: u64,
    /// The number of the last numbered frame that came.
    pub(crate) received: u64,
    /// The number up to which everything was acknowledged by us, and beyond it what is to be.
    pub(crate) acked: u64,
    /// Frames of ours that are not acknowledged; the first has the number `kept_from`.
    pub kept: VecDeque<Vec<u8>>,
    pub(crate) kept_from: u64,
    /// Ranges that were acknowledged behind a hole.
    gone: Vec<(u64, u64)>,
    /// The appliance's `max_frame`.
    pub(crate) max_frame: u32,
    /// Epochs it gave as the side that answers.
    epochs: u64,
}

const DATA: u8 = 0x20;

impl Backend {
    pub(crate) fn new(plan: BackendPlan) -> Backend {
        Backend {
            plan,
            socket: None,
            doomed: false,
            moving: false,
            reads: true,
            up: false,
            inbox: VecDeque::new(),
            outbox: Vec::new(),
            dismissed: None,
            drain_heard: false,
            resets: 0,
            pongs: 0,
            conversations: BTreeMap::new(),
            epoch: 0,
            received: 0,
            acked: 0,
            kept: VecDeque::new(),
            kept_from: 1,
            gone: Vec::new(),
            max_frame: 0,
            epochs: 7_000,
        }
    }

    /// Forgets everything, as a process that dies does; whose conversations those were.
    pub(crate) fn forget(&mut self) -> Vec<usize> {
        self.epoch = 0;
        self.received = 0;
        self.acked = 0;
        self.kept.clear();
        self.kept_from = 1;
        self.gone.clear();
        std::mem::take(&mut self.conversations)
            .into_values()
            .map(|talk| talk.client)
            .collect()
    }

    /// Its socket is gone; what it keeps depends on whether it acknowledges.
    pub(crate) fn disconnected(&mut self) -> Vec<usize> {
        self.socket = None;
        self.doomed = false;
        self.up = false;
        self.inbox.clear();
        self.outbox.clear();
        if self.plan.numbered {
            Vec::new()
        } else {
            self.forget()
        }
    }

    // ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// Puts a frame of the link protocol on the wire, numbered and kept where that applies.
    pub fn say(&mut self, kind: u8, flags: u8, connection: u64, payload: &[u8]) {
        let mut frame = Vec::with_capacity(16 + payload.len());
        frame.extend(((payload.len() + 12) as u32).to_be_bytes());
        frame.extend([kind, flags, 0, 0]);
        frame.extend(connection.to_be_bytes());
        frame.extend(payload);
        if self.plan.numbered && matches!(kind, 0x10..=0x40 | 0x80..=0x8f) {
            self.kept.push_back(frame.clone());
            if !self.up {
                // Sent by the replay, once it is known from where.
                return;
            }
        }
        self.outbox.extend(frame);
    }

    fn hello(&mut self, kind: u8, epoch: u64, resume: u64) {
        let mut payload = b"MEGA\x01\x01".to_vec();
        payload.extend(u16::from(self.plan.numbered).to_be_bytes());
        payload.extend(self.plan.max_frame.to_be_bytes());
        payload.extend(epoch.to_be_bytes());
        payload.extend(resume.to_be_bytes());
        payload.push(self.plan.name.len() as u8);
        payload.extend(self.plan.name.bytes());
        payload.extend((self.plan.token.len() as u16).to_be_bytes());
        payload.extend(&self.plan.token);
        self.say(kind, 0, 0, &payload);
    }

    /// Its connection to the appliance is there: it speaks first if it is the one that connected.
    pub(crate) fn connected(&mut self, shard: usize, socket: SocketId) {
        self.socket = Some((shard, socket));
        if self.plan.dialect != Dialect::V1 {
            self.up = true;
        } else if !self.plan.dialled {
            let (epoch, received) = if self.plan.numbered {
                (self.epoch, self.received)
            } else {
                (0, 0)
            };
            self.hello(0x01, epoch, received);
        }
    }

    /// Sends up to `len` bytes of the client's downward stream, as credit and `max_frame` allow; `end` ends the message. What
    /// length the message had, if it ended.
    pub(crate) fn send(
        &mut self,
        connection: u64,
        len: usize,
        end: bool,
    ) -> Option<(usize, usize)> {
        let classic = self.plan.dialect != Dialect::V1;
        let most = if classic {
            self.plan.max_frame
        } else {
            self.max_frame.max(1_024)
        } as usize;
        let talk = self.conversations.get_mut(&connection)?;
        if talk.closed || !talk.open {
            return None;
        }
        let len = len
            .min(most)
            .min(usize::try_from(talk.may_send).unwrap_or(usize::MAX));
        let bytes = stretch(talk.client, DOWN, talk.sent, len);
        if bytes.is_empty() && (talk.sending == 0 || classic) {
            return None;
        }
        talk.sent += len as u64;
        talk.sending += len;
        talk.may_send -= len as u64;
        let client = talk.client;
        let length = (end || classic).then(|| std::mem::take(&mut talk.sending));
        if classic {
            let mut packet = client::encode(self.framing(), connection, len);
            packet.extend(bytes);
            self.outbox.extend(packet);
        } else {
            self.say(DATA, u8::from(length.is_none()), connection, &bytes);
        }
        length.map(|length| (client, length))
    }

    /// Whether a message is begun and not ended on this connection.
    pub(crate) fn is_inside_message(&self, connection: u64) -> bool {
        self.message_bytes(connection) > 0
    }

    /// Bytes of the message that is begun on this connection.
    pub(crate) fn message_bytes(&self, connection: u64) -> usize {
        self.conversations
            .get(&connection)
            .map_or(0, |talk| talk.sending)
    }

    /// Gives credit for what came.
    pub(crate) fn give_credit(&mut self, connection: u64) {
        let v1 = self.plan.dialect == Dialect::V1;
        let Some(talk) = self
            .conversations
            .get_mut(&connection)
            .filter(|talk| v1 && talk.owed > 0)
        else {
            return;
        };
        let owed = std::mem::take(&mut talk.owed);
        talk.granted += owed;
        self.say(0x40, 0, connection, &(owed as u32).to_be_bytes());
    }

    /// Says CLOSE, once.
    pub fn close(&mut self, connection: u64) -> Option<usize> {
        let v1 = self.plan.dialect == Dialect::V1;
        let talk = self.conversations.get_mut(&connection)?;
        if talk.closed || !talk.open {
            return None;
        }
        talk.closed = true;
        let (client, over) = (talk.client, talk.appliance_closed);
        if v1 {
            self.say(0x30, 0, connection, &[0, 0]);
        } else {
            let end = client::encode(self.framing(), connection, 0);
            self.outbox.extend(end);
        }
        if over {
            self.conversations.remove(&connection);
        }
        Some(client)
    }

    /// Says RESET.
    pub(crate) fn reset(&mut self, connection: u64) -> Option<usize> {
        let talk = self.conversations.remove(&connection)?;
        self.say(0x31, 0, connection, &[0, 11]);
        Some(talk.client)
    }

    /// Acknowledges everything that came; in `ranges` ranges, if there is enough for that.
    pub(crate) fn acknowledge(&mut self, ranges: usize) -> usize {
        if !self.up || !self.plan.numbered || self.received <= self.acked {
            return 0;
        }
        let (first, last) = (self.acked + 1, self.received);
        let mut payload = Vec::new();
        let mut said = 1;
        if ranges > 1 && last - first >= 2 {
            // Two ranges with a hole of one between them, which stays unacknowledged for now.
            let hole = first + (last - first) / 2;
            for (from, to) in [(first, hole - 1), (hole + 1, last)] {
                payload.extend(from.to_be_bytes());
                payload.extend(to.to_be_bytes());
            }
            self.acked = hole - 1;
            said = 2;
        } else {
            payload.extend(first.to_be_bytes());
            payload.extend(last.to_be_bytes());
            self.acked = last;
        }
        self.say(0x41, 0, 0, &payload);
        said
    }

    fn framing(&self) -> Framing {
        if self.plan.dialect == Dialect::ClassicVar {
            Framing::ClassicVar
        } else {
            Framing::ClassicFixed
        }
    }

    // ── hearing ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// Understands one frame of what came, if it is whole. `who` says whose each connection is.
    pub(crate) fn hear(&mut self, who: &BTreeMap<u64, usize>) -> Option<Vec<Noticed>> {
        if self.plan.dialect != Dialect::V1 {
            return self.hear_classic(who);
        }
        let head: Vec<u8> = self.inbox.iter().take(16).copied().collect();
        let length = u32::from_be_bytes(*head.first_chunk()?) as usize;
        if self.inbox.len() < 4 + length {
            return None;
        }
        let frame: Vec<u8> = self.inbox.drain(..4 + length).collect();
        let (kind, flags) = (frame[4], frame[5]);
        let aux = u16::from_be_bytes([frame[6], frame[7]]);
        let connection = u64::from_be_bytes(*frame[8..].first_chunk()?);
        let payload = &frame[16..];
        if self.plan.numbered && self.up && matches!(kind, 0x10..=0x40 | 0x80..=0x8f) {
            self.received += 1;
        }
        let mut noticed = Vec::new();
        self.frame(kind, flags, aux, connection, payload, who, &mut noticed);
        Some(noticed)
    }

    #[allow(clippy::too_many_arguments)]
    fn frame(
        &mut self,
        kind: u8,
        flags: u8,
        aux: u16,
        connection: u64,
        payload: &[u8],
        who: &BTreeMap<u64, usize>,
        noticed: &mut Vec<Noticed>,
    ) {
        match kind {
            0x01 | 0x02 => self.greeted(kind, payload, noticed),
            0x10 => self.opened(connection, aux, payload, who, noticed),
            DATA => self.data(connection, flags & 1 != 0, payload, noticed),
            0x30 if connection == 0 => noticed.push(Noticed::Over {
                reason: reason(payload),
            }),
            0x30 => {
                if let Some(talk) = self.conversations.get_mut(&connection) {
                    talk.appliance_closed = true;
                    noticed.push(Noticed::Ended {
                        client: talk.client,
                        came: talk.came,
                    });
                    if talk.closed || !talk.open {
                        self.conversations.remove(&connection);
                    }
                }
            }
            0x31 => {
                let client = self
                    .conversations
                    .remove(&connection)
                    .map(|talk| talk.client);
                noticed.push(Noticed::Reset { client });
            }
            0x40 => {
                let bytes = u64::from(u32::from_be_bytes(
                    *payload.first_chunk().unwrap_or(&[0; 4]),
                ));
                if let Some(talk) = self.conversations.get_mut(&connection) {
                    talk.may_send += bytes;
                }
            }
            0x41 => self.acknowledged(payload, noticed),
            0x50 => {
                self.say(0x51, 0, 0, payload);
                noticed.push(Noticed::Ponged);
            }
            0x60 => noticed.push(Noticed::Drain),
            0x51 => self.pongs += 1,
            other => noticed.push(Noticed::Broken(format!("a frame of type {other:#x}"))),
        }
    }

    fn greeted(&mut self, kind: u8, payload: &[u8], noticed: &mut Vec<Noticed>) {
        if payload.len() < 31 || &payload[..6] != b"MEGA\x01\x00" {
            return noticed.push(Noticed::Broken(String::from("a HELLO that is none")));
        }
        self.max_frame = u32::from_be_bytes(*payload[8..].first_chunk().unwrap_or(&[0; 4]));
        let epoch = u64::from_be_bytes(*payload[12..].first_chunk().unwrap_or(&[0; 8]));
        let resume = u64::from_be_bytes(*payload[20..].first_chunk().unwrap_or(&[0; 8]));
        let resumes = self.plan.numbered && epoch == self.epoch && epoch != 0;
        if kind == 0x02 {
            self.up = true;
            if resumes {
                self.replay(resume, noticed);
            } else {
                self.start_anew(epoch, noticed);
            }
        } else {
            let anew = !resumes || resume + 1 < self.kept_from;
            if anew {
                self.epochs += 1;
                let epoch = self.epochs;
                self.start_anew(epoch, noticed);
            }
            let (epoch, received) = if self.plan.numbered {
                (self.epoch, self.received)
            } else {
                (self.epochs, 0)
            };
            self.hello(0x02, epoch, received);
            self.up = true;
            if !anew {
                self.replay(resume, noticed);
            }
        }
        noticed.push(Noticed::Up { resumed: resumes });
    }

    fn start_anew(&mut self, epoch: u64, noticed: &mut Vec<Noticed>) {
        let clients = self.forget();
        self.epoch = if self.plan.numbered { epoch } else { 0 };
        noticed.push(Noticed::Forgot { clients });
    }

    /// Sends again what the appliance has not received.
    fn replay(&mut self, resume: u64, noticed: &mut Vec<Noticed>) {
        self.drop_kept(resume);
        if self.kept_from != resume + 1 {
            return noticed.push(Noticed::Broken(format!(
                "a resume behind {resume}; kept from {}",
                self.kept_from
            )));
        }
        self.acked = self.acked.max(self.received);
        for frame in &self.kept {
            self.outbox.extend(frame);
        }
    }

    fn drop_kept(&mut self, last: u64) {
        while self.kept_from <= last && self.kept.pop_front().is_some() {
            self.kept_from += 1;
        }
    }

    /// The appliance acknowledged frames of ours. What is acknowledged behind a hole stays kept; that is allowed.
    fn acknowledged(&mut self, payload: &[u8], noticed: &mut Vec<Noticed>) {
        for range in payload.chunks_exact(16) {
            let first = u64::from_be_bytes(*range.first_chunk().unwrap_or(&[0; 8]));
            let last = u64::from_be_bytes(*range[8..].first_chunk().unwrap_or(&[0; 8]));
            let next = self.kept_from + self.kept.len() as u64;
            if first == 0 || last < first || last >= next {
                noticed.push(Noticed::Broken(format!(
                    "ACK {first}-{last}, but {next} is next"
                )));
            }
            self.gone.push((first, last));
        }
        self.gone.sort_unstable();
        while let Some(&(first, last)) = self.gone.first() {
            if first > self.kept_from {
                break;
            }
            self.drop_kept(last);
            self.gone.remove(0);
        }
    }

    fn opened(
        &mut self,
        connection: u64,
        aux: u16,
        payload: &[u8],
        who: &BTreeMap<u64, usize>,
        noticed: &mut Vec<Noticed>,
    ) {
        // The client's number is in its port and address: the PROXY header must name the client whose id it is.
        let named = payload.get(16..28).and_then(|at| {
            let right = at[1] == 1 || at[2..4] == at[8..10];
            right.then(|| usize::from(u16::from_be_bytes([at[8], at[9]])))
        });
        let Some(client) = named else {
            return noticed.push(Noticed::Broken(String::from("OPEN without PROXY header")));
        };
        if who.get(&connection) != Some(&client) || self.conversations.contains_key(&connection) {
            return noticed.push(Noticed::Broken(format!(
                "OPEN of {connection:#x} for client {client}"
            )));
        }
        let open = self.plan.reply == Reply::Accept;
        if self.plan.reply == Reply::Reject {
            self.say(0x12, 0, connection, b"\x00\x09not today");
            return noticed.push(Noticed::Rejected { client });
        }
        self.conversations.insert(
            connection,
            talk(
                client,
                u64::from(aux) << 10,
                u64::from(self.plan.credit),
                open,
            ),
        );
        if open {
            let credit = self.plan.credit;
            self.say(0x11, 0, connection, &credit.to_be_bytes());
            noticed.push(Noticed::Opened { client });
        }
    }

    fn data(&mut self, connection: u64, more: bool, payload: &[u8], noticed: &mut Vec<Noticed>) {
        let most = self.plan.max_frame as usize;
        let Some(talk) = self.conversations.get_mut(&connection) else {
            // The connection was reset by us while this was on its way.
            return;
        };
        if payload.len() > most || talk.appliance_closed || !talk.open {
            noticed.push(Noticed::Broken(format!(
                "DATA of {} bytes against the rules",
                payload.len()
            )));
        }
        let Some(granted) = talk.granted.checked_sub(payload.len() as u64) else {
            return noticed.push(Noticed::Overrun {
                client: talk.client,
            });
        };
        talk.granted = granted;
        talk.owed += payload.len() as u64;
        talk.message += payload.len();
        let wrong = differs(talk.client, UP, talk.came, payload);
        talk.came += payload.len() as u64;
        let message_end = (!more).then(|| std::mem::take(&mut talk.message));
        noticed.push(Noticed::Arrived {
            client: talk.client,
            payload: payload.to_vec(),
            message_end,
            differs: wrong,
        });
        if more {
            noticed.push(Noticed::More);
        }
    }

    fn hear_classic(&mut self, who: &BTreeMap<u64, usize>) -> Option<Vec<Noticed>> {
        let framing = self.framing();
        let bytes = self.inbox.make_contiguous();
        let (header, len) = client::decode(framing, bytes)?;
        let connection = client::classic_id(framing, bytes)?;
        let payload: Vec<u8> = self.inbox.drain(..header + len).skip(header).collect();
        let mut noticed = Vec::new();
        if len == 0 {
            if let Some(talk) = self.conversations.remove(&connection) {
                noticed.push(Noticed::Ended {
                    client: talk.client,
                    came: talk.came,
                });
            }
            // In these dialects an id that both have ended may begin again; ours do not.
            return Some(noticed);
        }
        if let Entry::Vacant(vacant) = self.conversations.entry(connection) {
            let Some(&client) = who.get(&connection) else {
                noticed.push(Noticed::Broken(format!(
                    "a packet of nobody ({connection:#x})"
                )));
                return Some(noticed);
            };
            vacant.insert(talk(client, u64::MAX, u64::MAX, true));
            noticed.push(Noticed::Opened { client });
        }
        self.data(connection, false, &payload, &mut noticed);
        Some(noticed)
    }
}

fn talk(client: usize, may_send: u64, granted: u64, open: bool) -> Conversation {
    Conversation {
        client,
        came: 0,
        message: 0,
        sent: 0,
        sending: 0,
        may_send,
        granted,
        owed: 0,
        closed: false,
        appliance_closed: false,
        open,
    }
}

fn reason(payload: &[u8]) -> u16 {
    payload
        .first_chunk()
        .map_or(0, |code| u16::from_be_bytes(*code))
}
