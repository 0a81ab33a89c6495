//! Configuration: every item of OTP's `user_info`, with its name, default and validation, and the few items of our own. Typed; it reads no file.
//!
//! A [`Config`] is copied to each new connection as a shared pointer and is only cloned when an item of that one connection changes.

mod item;
mod module;
mod setting;
mod text;
mod timer;

#[cfg(test)]
mod tests;

pub use item::Item;
pub use module::Module;
pub use setting::Setting;
pub use timer::{Expiry, PERIOD_MIN_MS, Retries, Timer};

use thiserror::Error;

/// Which procedures rule where OTP's application and RFC 3525 differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Profile {
    /// OTP's documented behaviour: incremental timers as configured.
    #[default]
    Otp,
    /// RFC 3525 annex D: measured, randomised back-off bounded by T-MAX; acknowledgement forced after a Pending.
    Rfc,
}

/// How messages are written, and in which form a peer's are expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Long tokens, indented.
    #[default]
    Pretty,
    /// Short tokens, no white space.
    Compact,
    /// BER as annex A defines it.
    Binary,
}

/// Which transport sends a connection's messages. The engine only passes it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SendMod {
    /// TCP with TPKT framing.
    #[default]
    Tcp,
    /// UDP, one message per datagram.
    Udp,
    /// One of the host's own.
    Other(u16),
}

/// Whether the transport is told that a message is a re-send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResendIndication {
    /// It is not told.
    #[default]
    Off,
    /// Re-sends go through `resend_message`.
    Resend,
    /// Every message carries a flag.
    Flag,
}

/// Whether and how replies are segmented (version 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SegmentSend {
    /// Replies go whole.
    #[default]
    Off,
    /// At most so many segments are unacknowledged at a time.
    Window(u32),
    /// All segments go at once.
    Unlimited,
}

/// The registration procedure the engine enforces on a connection (RFC 3525 sections 9.1 rule 6 and 11.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Registration {
    /// None: commands flow at once, as in OTP.
    #[default]
    Off,
    /// We are a gateway: commands that arrive before the reply to our ServiceChange get error 505.
    Gateway,
    /// We are a controller: commands that arrive before the peer's ServiceChange get error 505, and admission is limited.
    Controller,
}

/// All items of one user or one connection. `Config::default()` has OTP's defaults; set fields freely and call [`Config::check`],
/// or change single items by name with [`Config::set`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// First transaction id of the user.
    pub min_trans_id: u32,
    /// Last transaction id before wrapping; `None` is 4294967295.
    pub max_trans_id: Option<u32>,
    /// Wait for a reply; an intermediate expiry re-sends.
    pub request_timer: Timer,
    /// Replaces `request_timer` at the first Pending.
    pub long_request_timer: Timer,
    /// Keep re-sending after a Pending.
    pub long_request_resend: bool,
    /// How long a sent reply is kept; incremental: the reply is re-sent while an acknowledgement is wanted.
    pub reply_timer: Timer,
    /// When to send a Pending by itself.
    pub pending_timer: Timer,
    /// Pendings sent per request before it is aborted with error 506.
    pub sent_pending_limit: Option<u32>,
    /// Pendings accepted per request.
    pub recv_pending_limit: Option<u32>,
    /// OTP's proxy lingers this long to forward late replies. A late reply reaches `handle_unexpected_trans` here at any time.
    pub call_proxy_gc_timeout: u32,
    /// Casts: keep the request this many milliseconds after its first reply and number further replies; `None` is `plain`.
    pub request_keep_alive_timeout: Option<u32>,
    /// Acknowledge every reply.
    pub auto_ack: bool,
    /// Accumulate acknowledgements in the transaction sender.
    pub trans_ack: bool,
    /// Stored acknowledgements that make the sender flush; 0 and 1 both mean at once.
    pub trans_ack_maxcount: u32,
    /// Accumulate requests in the transaction sender.
    pub trans_req: bool,
    /// Stored requests that make the sender flush; 0 and 1 both mean at once.
    pub trans_req_maxcount: u32,
    /// Stored request bytes that make the sender flush.
    pub trans_req_maxsize: u32,
    /// Longest stay in the sender, in milliseconds; 0 turns the sender off.
    pub trans_timer: u32,
    /// Transport.
    pub send_mod: SendMod,
    /// Codec.
    pub encoding_mod: Encoding,
    /// Binary: write package values raw inside the octet string, as OTP does, instead of double-wrapped (RFC 3525 A.2).
    pub otp_values: bool,
    /// Version used for encoding and expected from the peer.
    pub protocol_version: u8,
    /// Refuse a message of another version with error 406.
    pub strict_version: bool,
    /// Who answers; see `Engine::add_module`.
    pub user_mod: Module,
    /// Passed through to every callback.
    pub user_args: u64,
    /// Default `ReplyData` of casts.
    pub reply_data: u64,
    /// Requests of one message run side by side instead of one after the other.
    pub threaded: bool,
    /// Tell the transport about re-sends.
    pub resend_indication: ResendIndication,
    /// Call `handle_segment_reply`.
    pub segment_reply_ind: bool,
    /// Wait for missing segments after the last one was seen.
    pub segment_recv_timer: Timer,
    /// Segmentation of replies.
    pub segment_send: SegmentSend,
    /// Largest message in bytes; replies above it are segmented.
    pub max_pdu_size: Option<u32>,
    /// Exists in OTP, unused there and here.
    pub segment_recv_acc: bool,
    /// Wait for a segment's acknowledgement before it is sent again.
    pub segment_send_timer: Timer,
    /// Ours: which procedures rule.
    pub profile: Profile,
    /// Ours: LONG-TIMER in milliseconds: how long an executed transaction's id is remembered (RFC 3525 D.1.1).
    pub long_timer: u32,
    /// Ours: how long a user may take to answer, in milliseconds; then the request ends with error 500. No record lives for ever.
    pub execution_timer: u32,
    /// Ours, profile `rfc`: the first retransmission timeout in milliseconds, before any delay was measured.
    pub rtt_initial: u32,
    /// Ours, profile `rfc`: the largest retransmission timeout in milliseconds (RFC 3525 D.1.3 suggests 4 s).
    pub rtt_max: u32,
    /// Ours, profile `rfc`: T-MAX in milliseconds; no retransmission later than this after the first sending (RFC 3525 D.1.5).
    pub t_max: u32,
    /// Ours, profile `rfc`: retransmissions of one request after which the association counts as broken (7 to 11 are typical, D.1.5).
    pub disconnect_threshold: u32,
    /// Ours: the registration procedure the engine enforces.
    pub registration: Registration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            min_trans_id: 1,
            max_trans_id: None,
            request_timer: Timer::incremental(7000, 2, 0, Retries::Infinity),
            long_request_timer: Timer::Once(60_000),
            long_request_resend: false,
            reply_timer: Timer::Once(30_000),
            pending_timer: Timer::Once(30_000),
            sent_pending_limit: None,
            recv_pending_limit: None,
            call_proxy_gc_timeout: 5000,
            request_keep_alive_timeout: None,
            auto_ack: false,
            trans_ack: false,
            trans_ack_maxcount: 10,
            trans_req: false,
            trans_req_maxcount: 10,
            trans_req_maxsize: 2048,
            trans_timer: 0,
            send_mod: SendMod::default(),
            encoding_mod: Encoding::default(),
            otp_values: false,
            protocol_version: 1,
            strict_version: true,
            user_mod: Module::default(),
            user_args: 0,
            reply_data: 0,
            threaded: false,
            resend_indication: ResendIndication::default(),
            segment_reply_ind: false,
            segment_recv_timer: Timer::Once(10_000),
            segment_send: SegmentSend::default(),
            max_pdu_size: None,
            segment_recv_acc: false,
            segment_send_timer: Timer::Once(5000),
            profile: Profile::default(),
            long_timer: 30_000,
            execution_timer: 600_000,
            rtt_initial: 200,
            rtt_max: 4000,
            t_max: 25_000,
            disconnect_threshold: 11,
            registration: Registration::default(),
        }
    }
}

/// A configuration value that was refused. Nothing was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no item of this name.
    #[error("no configuration item is called {0:?}")]
    UnknownItem(String),
    /// What is written is no value at all.
    #[error("{0:?} is not a value: a number, true, false, a word, a table or a list is")]
    NotAValue(String),
    /// The item does not take this value.
    #[error("{} cannot be {value}: {reason}", item.name())]
    BadValue {
        /// The item.
        item: Item,
        /// What was written.
        value: Setting,
        /// What the item takes.
        reason: &'static str,
    },
    /// The items do not go together.
    #[error("{} does not go with the rest: {reason}", item.name())]
    Contradiction {
        /// The item to change.
        item: Item,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// The item shows state and cannot be written.
    #[error("{0:?} is a reading, not a setting")]
    ReadOnly(&'static str),
}

impl Config {
    /// The last transaction id before the counter wraps.
    pub fn trans_id_max(&self) -> u32 {
        self.max_trans_id.unwrap_or(u32::MAX)
    }

    /// Whether transactions are written in binary: text and binary cannot share a message.
    pub(crate) fn is_binary(&self) -> bool {
        self.encoding_mod == Encoding::Binary
    }

    /// Whether a transaction sender exists under these settings.
    pub fn sender_wanted(&self) -> bool {
        self.trans_timer > 0 && (self.stores_acks() || self.stores_requests())
    }

    /// Whether acknowledgements are accumulated.
    pub fn stores_acks(&self) -> bool {
        self.trans_timer > 0 && self.auto_ack && self.trans_ack
    }

    /// Whether requests are accumulated.
    pub fn stores_requests(&self) -> bool {
        self.trans_timer > 0 && self.trans_req
    }

    /// Changes one item. On any error the configuration is as it was.
    pub fn set(&mut self, item: Item, value: &Setting) -> Result<(), ConfigError> {
        let mut changed = self.clone();
        changed.write(item, value)?;
        changed.check()?;
        *self = changed;
        Ok(())
    }

    /// Changes one item by its OTP name.
    pub fn set_by_name(&mut self, name: &str, value: &Setting) -> Result<(), ConfigError> {
        self.set(Self::item(name)?, value)
    }

    /// Changes several items together; all or none.
    pub fn set_all<'a>(
        &mut self,
        items: impl IntoIterator<Item = (Item, &'a Setting)>,
    ) -> Result<(), ConfigError> {
        let mut changed = self.clone();
        for (item, value) in items {
            changed.write(item, value)?;
        }
        changed.check()?;
        *self = changed;
        Ok(())
    }

    /// The rules that bind several items, and those a typed field can still break.
    pub fn check(&self) -> Result<(), ConfigError> {
        let rules = [
            (
                self.min_trans_id > 0,
                Item::MinTransId,
                "transaction id 0 is reserved for errors (RFC 3525 8.1.1)",
            ),
            (
                self.trans_id_max() >= self.min_trans_id,
                Item::MaxTransId,
                "it is below min_trans_id",
            ),
            (
                self.sent_pending_limit != Some(0),
                Item::SentPendingLimit,
                "it takes 1 or more, or infinity",
            ),
            (
                self.recv_pending_limit != Some(0),
                Item::RecvPendingLimit,
                "it takes 1 or more, or infinity",
            ),
            (
                (1..=3).contains(&self.protocol_version),
                Item::ProtocolVersion,
                "versions 1 to 3 exist",
            ),
            (
                self.segment_send != SegmentSend::Window(0),
                Item::SegmentSend,
                "a window of 0 would never send",
            ),
            (
                self.max_pdu_size != Some(0),
                Item::MaxPduSize,
                "it takes 1 or more, or infinity",
            ),
            (
                self.long_timer > 0,
                Item::LongTimer,
                "0 would execute duplicates",
            ),
            (
                self.execution_timer > 0,
                Item::ExecutionTimer,
                "0 would refuse every request",
            ),
            (
                self.rtt_initial > 0,
                Item::RttInitial,
                "0 would re-send without end",
            ),
            (
                self.rtt_max >= self.rtt_initial,
                Item::RttMax,
                "it is below rtt_initial",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, item, reason)) => Err(ConfigError::Contradiction { item, reason }),
            None => Ok(()),
        }
    }
}
