//! What is spoken: an encoding and a version. Scripts are compact text; what is sent and heard is compared as such.

use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::model::{Message, MessageBody, Transaction};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};
use megaphone_megaco::config::Encoding;

/// An encoding and a version.
#[derive(Clone, Copy, Debug)]
pub struct Tongue {
    pub encoding: Encoding,
    pub version: u8,
}

/// What terminations are called in scripts, in the order of the numbers that they have in binary.
const NAMES: [&str; 16] = [
    "ok", "ack", "sloppy", "pack", "slow", "longs", "longe", "long", "large", "none", "call",
    "three", "parts", "ours", "fetch", "whole",
];

/// A termination's name in binary: three levels of eight bits.
pub fn in_bits(name: &str) -> String {
    let at = NAMES.iter().position(|known| *known == name);
    let at = at.unwrap_or_else(|| panic!("no termination is called {name}"));
    format!("00000000/00000000/{:08b}", at + 1)
}

impl Tongue {
    pub const ALL: [Self; 7] = [
        Self::new(Encoding::Compact, 1),
        Self::new(Encoding::Compact, 2),
        Self::new(Encoding::Compact, 3),
        Self::new(Encoding::Pretty, 2),
        Self::new(Encoding::Binary, 1),
        Self::new(Encoding::Binary, 2),
        Self::new(Encoding::Binary, 3),
    ];

    const fn new(encoding: Encoding, version: u8) -> Self {
        Self { encoding, version }
    }

    pub fn is_binary(self) -> bool {
        self.encoding == Encoding::Binary
    }

    /// How OTP's script is told.
    pub fn in_erlang(self) -> String {
        let module = match self.encoding {
            Encoding::Pretty => "megaco_pretty_text_encoder",
            Encoding::Compact => "megaco_compact_text_encoder",
            Encoding::Binary => "megaco_binary_encoder",
        };
        format!("{{{},{module}}}", self.version)
    }

    /// What a termination is called.
    pub fn name(self, name: &str) -> String {
        if self.is_binary() {
            in_bits(name)
        } else {
            name.to_owned()
        }
    }

    /// A message from `sender` with these transactions. What is meant to be wrong stays as it is.
    pub fn written(self, sender: &str, transactions: &str) -> Vec<u8> {
        let mut script = format!("!/{} <{sender}> {transactions}", self.version);
        if self.encoding == Encoding::Compact {
            return script.into_bytes();
        }
        if self.is_binary() {
            for name in NAMES {
                for end in ['{', '}'] {
                    let binary = format!("N={}{end}", in_bits(name));
                    script = script.replace(&format!("N={name}{end}"), &binary);
                }
            }
        }
        let arena = Arena::new();
        let Ok(decoded) = text::decode(script.as_bytes(), &arena, &Limits::default()) else {
            return script.into_bytes();
        };
        let mut bytes = Vec::new();
        let written = match self.encoding {
            Encoding::Binary => ber::encode(&decoded.message, &BerConfig::default(), &mut bytes),
            _ => text::encode(&decoded.message, Layout::Pretty, &mut bytes),
        };
        match written {
            Ok(()) => bytes,
            Err(_) => script.into_bytes(),
        }
    }

    /// A message as it is compared: its transactions, errors by their codes (texts are each implementation's own), large replies by
    /// their size.
    pub fn compared(self, bytes: &[u8]) -> String {
        let arena = Arena::new();
        let limits = Limits::default();
        let decoded = if self.is_binary() {
            ber::decode(bytes, &arena, &limits, &BerConfig::default())
        } else {
            text::decode(bytes, &arena, &limits)
        };
        match decoded {
            Ok(decoded) => self.shown(&decoded.message),
            Err(why) => format!("undecodable: {why}"),
        }
    }

    fn shown(self, message: &Message<'_>) -> String {
        if message.version != self.version {
            return format!("version {}", message.version);
        }
        if let MessageBody::Error(error) = &message.body {
            return format!("message error {}", error.code);
        }
        let transactions = message.transactions().iter();
        let shown: Vec<String> = transactions.map(shown).collect();
        let mut all = shown.join(" ");
        for name in NAMES {
            all = all.replace(&in_bits(name), name);
        }
        all
    }
}

fn shown(transaction: &Transaction<'_>) -> String {
    let mut out = Vec::new();
    text::encode_transaction(transaction, Layout::Compact, &mut out).expect("it was decoded");
    let text = String::from_utf8_lossy(&out).to_lowercase();
    if text.len() > 2000 {
        return format!("{} and more", &text[..8]);
    }
    match (text.find("er="), text.rfind('"')) {
        (Some(at), Some(end)) => format!("{}{}", &text[..at + 6], &text[end + 1..]),
        (Some(at), None) => text[..(at + 6).min(text.len())].to_owned(),
        _ => text,
    }
}
