//! Golden streams with bytes changed, dropped and doubled: no panic, no frame above the limit, no block lost.

use super::{cut_stream, golden_streams};
use crate::link::{FrameType, Hello, Verdict, decode_ack, decode_credit};
use crate::{Framing, Limits, foreign, proxy};

/// A small generator of numbers (xorshift64*), so that a run can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(5) {
                _ if bytes.is_empty() => bytes.push(self.below(256) as u8),
                0 => bytes[at] = self.below(256) as u8,
                1 => bytes[at] ^= 1 << self.below(8),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, bytes[at]),
                _ => bytes.truncate(at),
            }
        }
    }
}

#[test]
fn mutated_streams() {
    let limits = Limits {
        frame_bytes_max: 200,
    };
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for (framing, stream) in golden_streams() {
        for _ in 0..300 {
            let mut mutant = stream.clone();
            numbers.mutate(&mut mutant);
            let (frames, _) = cut_stream(
                framing,
                limits,
                mutant.chunks(1 + numbers.below(mutant.len())),
            );
            assert!(frames.iter().all(|(head, body)| head.body_bytes as usize == body.len() && body.len() <= 200));
            for other in Framing::ALL {
                let (frames, _) = cut_stream(other, limits, [&mutant[..]]);
                assert!(frames.iter().all(|(_, body)| body.len() <= 200));
            }
            foreign::classify(&mutant);
        }
    }
}

#[test]
fn mutated_payloads() {
    let mut numbers = Numbers(7);
    let streams = golden_streams();
    let payloads = streams
        .iter()
        .filter(|(framing, _)| *framing == Framing::Link);
    let payloads: Vec<_> = payloads
        .flat_map(|(_, stream)| cut_stream(Framing::Link, Limits::DEFAULT, [&stream[..]]).0)
        .collect();
    assert!(payloads.len() >= 12);
    for (_, payload) in payloads {
        for _ in 0..500 {
            let mut mutant = payload.clone();
            numbers.mutate(&mut mutant);
            if let Ok(hello) = Hello::decode(&mutant) {
                assert!(hello.token.len() <= 1024 && hello.name.len() <= 255);
            }
            if let Ok(ranges) = decode_ack(&mutant) {
                assert!(ranges.count() <= 64);
            }
            if let Ok((proxy, bytes)) = proxy::decode(&mutant) {
                assert!(bytes <= mutant.len() && proxy.tlvs.count() <= proxy::TLVS_MAX);
            }
            let _ = decode_credit(FrameType::Credit, &mutant);
            let _ = Verdict::decode(FrameType::Close, &mutant);
        }
    }
}

#[test]
fn strangers_are_recognised() {
    for (bytes, who) in [
        (&b"\x16\x03\x01\x02\x00\x01"[..], "tls"),
        (b"GET / HTTP/1.1\r\n", "http"),
        (b"PRI * HTTP/2.0\r\n", "http"),
        (b"SSH-2.0-OpenSSH", "ssh"),
        (b"<?xml version='1.0'?>", "xml"),
        (b"<stream:stream", "xml"),
        (b"PROXY TCP4 ", "proxy"),
        (&proxy::SIGNATURE, "proxy"),
        (b"MEGACO/1 [1.2.3.4]", "megaco"),
        (b"!/1 [1.2.3.4]", "megaco"),
        (b"0000000032|", "unknown"),
        (b"", "unknown"),
    ] {
        assert_eq!(
            foreign::classify(bytes).name(),
            who,
            "{}",
            bytes.escape_ascii()
        );
    }
}
