//! The client's half of the SASL mechanisms that a chat server without TLS offers: PLAIN (RFC 4616), ANONYMOUS (RFC 4505),
//! SCRAM-SHA-1 (RFC 5802).

use crate::config::ConfigError;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use std::str::FromStr;

/// How users say who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The password as it is.
    Plain,
    /// No name: the server gives one.
    Anonymous,
    /// A proof that the password is known, and one that the server knows it too.
    ScramSha1,
}

impl Mechanism {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Anonymous => "ANONYMOUS",
            Mechanism::ScramSha1 => "SCRAM-SHA-1",
        }
    }
}

impl FromStr for Mechanism {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Mechanism, ConfigError> {
        [Mechanism::Plain, Mechanism::Anonymous, Mechanism::ScramSha1]
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                ConfigError::malformed(
                    text,
                    "a SASL mechanism: plain, anonymous or scram-sha-1",
                    "--sasl plain",
                )
            })
    }
}

/// Rounds of hashing that a server may ask for: each costs the generator time.
const ROUNDS_MAX: u32 = 100_000;
const HASH_BYTES: usize = 20;

/// One authentication by SCRAM-SHA-1 under way.
#[derive(Clone, Debug, Default)]
pub struct Scram {
    first_bare: String,
    nonce: String,
    server_signature: [u8; HASH_BYTES],
}

impl Scram {
    /// A conversation about `user` with this nonce of ours. Neither holds a character that SCRAM would have escaped.
    #[must_use]
    pub fn new(user: &str, nonce: String) -> Scram {
        Scram {
            first_bare: format!("n={user},r={nonce}"),
            nonce,
            server_signature: [0; HASH_BYTES],
        }
    }

    /// What the client says first.
    #[must_use]
    pub fn first(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// The answer to the server's challenge; `None` if that is none, or not an answer to us.
    pub fn answer(&mut self, challenge: &[u8], password: &str) -> Option<String> {
        let challenge = std::str::from_utf8(challenge).ok()?;
        let field = |name: &str| {
            challenge
                .split(',')
                .find_map(|part| part.strip_prefix(name))
        };
        let (nonce, salt, rounds) = (field("r=")?, field("s=")?, field("i=")?);
        let rounds = rounds
            .parse()
            .ok()
            .filter(|rounds| (1..=ROUNDS_MAX).contains(rounds))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return None;
        }
        let salt = BASE64_STANDARD.decode(salt).ok()?;
        let mut salted = [0; HASH_BYTES];
        pbkdf2::pbkdf2::<Hmac<Sha1>>(password.as_bytes(), &salt, rounds, &mut salted).ok()?;
        let last = format!("c=biws,r={nonce}");
        let conversation = format!("{},{challenge},{last}", self.first_bare);
        let client_key = keyed(&salted, b"Client Key");
        let stored_key: [u8; HASH_BYTES] = Sha1::digest(client_key).into();
        let signature = keyed(&stored_key, conversation.as_bytes());
        let proof: Vec<u8> = client_key
            .iter()
            .zip(signature)
            .map(|(a, b)| a ^ b)
            .collect();
        let server_key = keyed(&salted, b"Server Key");
        self.server_signature = keyed(&server_key, conversation.as_bytes());
        Some(format!("{last},p={}", BASE64_STANDARD.encode(proof)))
    }

    /// Whether the server's last word proves that it knows the password.
    #[must_use]
    pub fn is_proven_by(&self, last: &[u8]) -> bool {
        let proof = last
            .strip_prefix(b"v=")
            .and_then(|proof| BASE64_STANDARD.decode(proof).ok());
        proof.is_some_and(|proof| proof == self.server_signature)
    }
}

fn keyed(key: &[u8], message: &[u8]) -> [u8; HASH_BYTES] {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHALLENGE: &[u8] =
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096";

    fn scram() -> Scram {
        Scram::new("user", "fyko+d2lbbFgONRv9qkxdawL".into())
    }

    #[test]
    fn the_conversation_of_rfc_5802() {
        let mut scram = scram();
        assert_eq!(scram.first(), "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
        assert_eq!(
            scram.answer(CHALLENGE, "pencil").as_deref(),
            Some(
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
            )
        );
        assert!(scram.is_proven_by(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
        assert!(!scram.is_proven_by(b"v=rmF9pqV8S7suAoZWja4dJRkFsKE="));
        assert!(!scram.is_proven_by(b""));
    }

    #[test]
    fn challenges_that_are_not_for_us_get_no_answer() {
        for wrong in [
            &b""[..],
            b"r=other,s=QSXCR+Q6sek8bf92,i=4096",
            b"r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096",
            b"r=fyko+d2lbbFgONRv9qkxdawL3,s=?,i=4096",
            b"r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=0",
            b"r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=100001",
            b"\xff",
        ] {
            assert_eq!(
                scram().answer(wrong, "pencil"),
                None,
                "{}",
                wrong.escape_ascii()
            );
        }
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(
            "scram-sha-1".parse::<Mechanism>().ok(),
            Some(Mechanism::ScramSha1)
        );
        assert!("md5".parse::<Mechanism>().is_err());
    }
}
