//! The configuration items by name: which one a word means, and how its written value becomes typed and back.

use super::{
    Config, ConfigError, Encoding, Module, Profile, Registration, ResendIndication, SegmentSend,
    SendMod, Setting,
};

macro_rules! items {
    ($($variant:ident $name:literal,)*) => {
        /// A writable configuration item. Its name is OTP's, or of our own where OTP has none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each is the field of the same name in `Config`")]
        pub enum Item { $($variant,)* }

        impl Item {
            /// Every item, in the order of OTP's manual.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name it is written with.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

items! {
    MinTransId "min_trans_id",
    MaxTransId "max_trans_id",
    RequestTimer "request_timer",
    LongRequestTimer "long_request_timer",
    LongRequestResend "long_request_resend",
    ReplyTimer "reply_timer",
    PendingTimer "pending_timer",
    SentPendingLimit "sent_pending_limit",
    RecvPendingLimit "recv_pending_limit",
    CallProxyGcTimeout "call_proxy_gc_timeout",
    RequestKeepAliveTimeout "request_keep_alive_timeout",
    AutoAck "auto_ack",
    TransAck "trans_ack",
    TransAckMaxcount "trans_ack_maxcount",
    TransReq "trans_req",
    TransReqMaxcount "trans_req_maxcount",
    TransReqMaxsize "trans_req_maxsize",
    TransTimer "trans_timer",
    SendMod "send_mod",
    EncodingMod "encoding_mod",
    EncodingConfig "encoding_config",
    ProtocolVersion "protocol_version",
    StrictVersion "strict_version",
    AuthData "auth_data",
    UserMod "user_mod",
    UserArgs "user_args",
    ReplyData "reply_data",
    Threaded "threaded",
    ResendIndication "resend_indication",
    SegmentReplyInd "segment_reply_ind",
    SegmentRecvTimer "segment_recv_timer",
    SegmentSend "segment_send",
    MaxPduSize "max_pdu_size",
    SegmentRecvAcc "segment_recv_acc",
    SegmentSendTimer "segment_send_timer",
    Profile "profile",
    LongTimer "long_timer",
    ExecutionTimer "execution_timer",
    RttInitial "rtt_initial",
    RttMax "rtt_max",
    TMax "t_max",
    DisconnectThreshold "disconnect_threshold",
    Registration "registration",
}

/// What shows the state of a connection or a user and cannot be written.
const READINGS: &[&str] = &[
    "cancel",
    "conn_data",
    "connections",
    "local_mid",
    "mid",
    "monitor_ref",
    "remote_mid",
    "replies",
    "requests",
    "trans_id",
    "trans_sender",
];

impl Item {
    /// The item of this name; `orig_pending_limit` is OTP's alias of `sent_pending_limit`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "orig_pending_limit" => Some(Self::SentPendingLimit),
            _ => Self::ALL.iter().copied().find(|item| item.name() == name),
        }
    }
}

impl Config {
    /// Tells a reading from a word nobody knows.
    pub fn item(name: &str) -> Result<Item, ConfigError> {
        Item::from_name(name).ok_or_else(|| {
            match READINGS.iter().find(|reading| **reading == name) {
                Some(reading) => ConfigError::ReadOnly(reading),
                None => ConfigError::UnknownItem(name.to_owned()),
            }
        })
    }

    /// The value of an item, as it would be written.
    pub fn get(&self, item: Item) -> Setting {
        match item {
            Item::MinTransId => self.min_trans_id.into(),
            Item::MaxTransId => self.max_trans_id.into(),
            Item::RequestTimer => self.request_timer.into(),
            Item::LongRequestTimer => self.long_request_timer.into(),
            Item::LongRequestResend => self.long_request_resend.into(),
            Item::ReplyTimer => self.reply_timer.into(),
            Item::PendingTimer => self.pending_timer.into(),
            Item::SentPendingLimit => self.sent_pending_limit.into(),
            Item::RecvPendingLimit => self.recv_pending_limit.into(),
            Item::CallProxyGcTimeout => self.call_proxy_gc_timeout.into(),
            Item::RequestKeepAliveTimeout => match self.request_keep_alive_timeout {
                None => "plain".into(),
                Some(ms) => ms.into(),
            },
            Item::AutoAck => self.auto_ack.into(),
            Item::TransAck => self.trans_ack.into(),
            Item::TransAckMaxcount => self.trans_ack_maxcount.into(),
            Item::TransReq => self.trans_req.into(),
            Item::TransReqMaxcount => self.trans_req_maxcount.into(),
            Item::TransReqMaxsize => self.trans_req_maxsize.into(),
            Item::TransTimer => self.trans_timer.into(),
            Item::SendMod => match self.send_mod {
                SendMod::Tcp => "megaco_tcp".into(),
                SendMod::Udp => "megaco_udp".into(),
                SendMod::Other(id) => u32::from(id).into(),
            },
            Item::EncodingMod => match self.encoding_mod {
                Encoding::Pretty => "megaco_pretty_text_encoder".into(),
                Encoding::Compact => "megaco_compact_text_encoder".into(),
                Encoding::Binary => "megaco_binary_encoder".into(),
            },
            Item::EncodingConfig => Setting::List(if self.otp_values {
                vec!["otp_values".into()]
            } else {
                vec![]
            }),
            Item::ProtocolVersion => u32::from(self.protocol_version).into(),
            Item::StrictVersion => self.strict_version.into(),
            Item::AuthData => "asn1_NOVALUE".into(),
            Item::UserMod => self.user_mod.name().into(),
            Item::UserArgs => Setting::Int(self.user_args.cast_signed()),
            Item::ReplyData => Setting::Int(self.reply_data.cast_signed()),
            Item::Threaded => self.threaded.into(),
            Item::ResendIndication => match self.resend_indication {
                ResendIndication::Off => false.into(),
                ResendIndication::Resend => true.into(),
                ResendIndication::Flag => "flag".into(),
            },
            Item::SegmentReplyInd => self.segment_reply_ind.into(),
            Item::SegmentRecvTimer => self.segment_recv_timer.into(),
            Item::SegmentSend => match self.segment_send {
                SegmentSend::Off => "none".into(),
                SegmentSend::Window(window) => window.into(),
                SegmentSend::Unlimited => "infinity".into(),
            },
            Item::MaxPduSize => self.max_pdu_size.into(),
            Item::SegmentRecvAcc => self.segment_recv_acc.into(),
            Item::SegmentSendTimer => self.segment_send_timer.into(),
            Item::Profile => match self.profile {
                Profile::Otp => "otp".into(),
                Profile::Rfc => "rfc".into(),
            },
            Item::LongTimer => self.long_timer.into(),
            Item::ExecutionTimer => self.execution_timer.into(),
            Item::RttInitial => self.rtt_initial.into(),
            Item::RttMax => self.rtt_max.into(),
            Item::TMax => self.t_max.into(),
            Item::DisconnectThreshold => self.disconnect_threshold.into(),
            Item::Registration => match self.registration {
                Registration::Off => "off".into(),
                Registration::Gateway => "mg".into(),
                Registration::Controller => "mgc".into(),
            },
        }
    }

    /// Writes one item without the cross-checks.
    pub(super) fn write(&mut self, item: Item, value: &Setting) -> Result<(), ConfigError> {
        let written = match item {
            Item::MinTransId => value.u32().map(|v| self.min_trans_id = v),
            Item::MaxTransId => value.limit().map(|v| self.max_trans_id = v),
            Item::RequestTimer => value.timer().map(|v| self.request_timer = v),
            Item::LongRequestTimer => value.timer().map(|v| self.long_request_timer = v),
            Item::LongRequestResend => value.bool().map(|v| self.long_request_resend = v),
            Item::ReplyTimer => value.timer().map(|v| self.reply_timer = v),
            Item::PendingTimer => value.timer().map(|v| self.pending_timer = v),
            Item::SentPendingLimit => value.limit().map(|v| self.sent_pending_limit = v),
            Item::RecvPendingLimit => value.limit().map(|v| self.recv_pending_limit = v),
            Item::CallProxyGcTimeout => value.u32().map(|v| self.call_proxy_gc_timeout = v),
            Item::RequestKeepAliveTimeout => {
                keep_alive(value).map(|v| self.request_keep_alive_timeout = v)
            }
            Item::AutoAck => value.bool().map(|v| self.auto_ack = v),
            Item::TransAck => value.bool().map(|v| self.trans_ack = v),
            Item::TransAckMaxcount => value.u32().map(|v| self.trans_ack_maxcount = v),
            Item::TransReq => value.bool().map(|v| self.trans_req = v),
            Item::TransReqMaxcount => value.u32().map(|v| self.trans_req_maxcount = v),
            Item::TransReqMaxsize => value.u32().map(|v| self.trans_req_maxsize = v),
            Item::TransTimer => value.u32().map(|v| self.trans_timer = v),
            Item::SendMod => send_mod(value).map(|v| self.send_mod = v),
            Item::EncodingMod => encoding(value).map(|v| self.encoding_mod = v),
            Item::EncodingConfig => encoding_config(value).map(|v| self.otp_values = v),
            Item::ProtocolVersion => small(value).map(|v| self.protocol_version = v),
            Item::StrictVersion => value.bool().map(|v| self.strict_version = v),
            Item::AuthData => match value.word() {
                Some("asn1_NOVALUE") => Ok(()),
                _ => Err("no authentication data is ever sent: it takes asn1_NOVALUE only"),
            },
            Item::UserMod => match value.word() {
                Some(name) => {
                    self.user_mod = Module::named(name);
                    Ok(())
                }
                None => Err("it takes the name of a callback module"),
            },
            Item::UserArgs => opaque(value).map(|v| self.user_args = v),
            Item::ReplyData => opaque(value).map(|v| self.reply_data = v),
            Item::Threaded => value.bool().map(|v| self.threaded = v),
            Item::ResendIndication => resend_indication(value).map(|v| self.resend_indication = v),
            Item::SegmentReplyInd => value.bool().map(|v| self.segment_reply_ind = v),
            Item::SegmentRecvTimer => value.timer().map(|v| self.segment_recv_timer = v),
            Item::SegmentSend => segment_send(value).map(|v| self.segment_send = v),
            Item::MaxPduSize => value.limit().map(|v| self.max_pdu_size = v),
            Item::SegmentRecvAcc => value.bool().map(|v| self.segment_recv_acc = v),
            Item::SegmentSendTimer => value.timer().map(|v| self.segment_send_timer = v),
            Item::Profile => one_of(
                value,
                &[("otp", Profile::Otp), ("rfc", Profile::Rfc)],
                "it takes otp or rfc",
            )
            .map(|v| self.profile = v),
            Item::LongTimer => value.u32().map(|v| self.long_timer = v),
            Item::ExecutionTimer => value.u32().map(|v| self.execution_timer = v),
            Item::RttInitial => value.u32().map(|v| self.rtt_initial = v),
            Item::RttMax => value.u32().map(|v| self.rtt_max = v),
            Item::TMax => value.u32().map(|v| self.t_max = v),
            Item::DisconnectThreshold => value.u32().map(|v| self.disconnect_threshold = v),
            Item::Registration => one_of(value, REGISTRATIONS, "it takes off, mg or mgc")
                .map(|v| self.registration = v),
        };
        written.map_err(|reason| ConfigError::BadValue {
            item,
            value: value.clone(),
            reason,
        })
    }
}

const REGISTRATIONS: &[(&str, Registration)] = &[
    ("off", Registration::Off),
    ("mg", Registration::Gateway),
    ("mgc", Registration::Controller),
];

/// The meaning of one of a few words.
fn one_of<T: Copy>(
    value: &Setting,
    words: &[(&str, T)],
    want: &'static str,
) -> Result<T, &'static str> {
    let word = value.word().ok_or(want)?;
    words
        .iter()
        .find(|(known, _)| *known == word)
        .map(|(_, meaning)| *meaning)
        .ok_or(want)
}

fn keep_alive(value: &Setting) -> Result<Option<u32>, &'static str> {
    match value.word() {
        Some("plain") => Ok(None),
        _ => value
            .u32()
            .map(Some)
            .map_err(|_| "it takes milliseconds or plain"),
    }
}

fn small<T: TryFrom<u32>>(value: &Setting) -> Result<T, &'static str> {
    T::try_from(value.u32()?).map_err(|_| "the number is too large")
}

fn opaque(value: &Setting) -> Result<u64, &'static str> {
    match value {
        Setting::Int(value) => Ok(value.cast_unsigned()),
        _ => Err("it takes a number the user gives a meaning"),
    }
}

fn send_mod(value: &Setting) -> Result<SendMod, &'static str> {
    match (value, value.word()) {
        (_, Some("megaco_tcp")) => Ok(SendMod::Tcp),
        (_, Some("megaco_udp")) => Ok(SendMod::Udp),
        (Setting::Int(_), _) => small(value).map(SendMod::Other),
        _ => Err("it takes megaco_tcp, megaco_udp or the number of a transport"),
    }
}

fn encoding(value: &Setting) -> Result<Encoding, &'static str> {
    match value.word() {
        Some("megaco_pretty_text_encoder") => Ok(Encoding::Pretty),
        Some("megaco_compact_text_encoder") => Ok(Encoding::Compact),
        Some("megaco_binary_encoder" | "megaco_ber_encoder") => Ok(Encoding::Binary),
        _ => Err(
            "it takes megaco_pretty_text_encoder, megaco_compact_text_encoder or megaco_binary_encoder",
        ),
    }
}

fn encoding_config(value: &Setting) -> Result<bool, &'static str> {
    match value {
        Setting::List(options) if options.is_empty() => Ok(false),
        Setting::List(options)
            if options
                .iter()
                .all(|option| option.word() == Some("otp_values")) =>
        {
            Ok(true)
        }
        _ => Err("it takes a list, empty or of otp_values"),
    }
}

fn resend_indication(value: &Setting) -> Result<ResendIndication, &'static str> {
    match (value, value.word()) {
        (Setting::Bool(false), _) => Ok(ResendIndication::Off),
        (Setting::Bool(true), _) => Ok(ResendIndication::Resend),
        (_, Some("flag")) => Ok(ResendIndication::Flag),
        _ => Err("it takes true, false or flag"),
    }
}

fn segment_send(value: &Setting) -> Result<SegmentSend, &'static str> {
    match (value, value.word()) {
        (_, Some("none")) => Ok(SegmentSend::Off),
        (_, Some("infinity")) => Ok(SegmentSend::Unlimited),
        (Setting::Int(1..), _) => value.u32().map(SegmentSend::Window),
        _ => Err("it takes none, infinity or a window of 1 or more"),
    }
}
