//! Tests of the BER codec against golden bytes, and of what single elements may look like.

mod elements;
mod faults;
mod limits;
mod lists;
mod mutation;

use super::*;
use crate::model::*;

/// Name, version and bytes of every golden message.
fn golden() -> impl Iterator<Item = (&'static str, u8, Vec<u8>)> {
    let lines = include_str!("../../../tests/data/time_test_otp_ber.tsv").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let columns: Vec<_> = line.split('\t').collect();
        let octets = columns[2].as_bytes().chunks(2);
        let octet = |pair| {
            u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).expect("hexadecimal")
        };
        (
            columns[0],
            columns[1].parse().expect("a version"),
            octets.map(octet).collect(),
        )
    })
}

fn otp() -> BerConfig {
    BerConfig {
        profile: BerProfile::Otp,
        ..BerConfig::default()
    }
}

fn clean<'a>(input: &'a [u8], arena: &'a Arena, name: &str) -> Message<'a> {
    let decoded = decode(input, arena, &Limits::default(), &BerConfig::default());
    decoded
        .unwrap_or_else(|e| panic!("{name}: {e}"))
        .clean()
        .unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn encoded(message: &Message<'_>, config: &BerConfig, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    encode(message, config, &mut out).unwrap_or_else(|e| panic!("{name}: {e}"));
    out
}

#[test]
fn golden_messages_come_out_byte_for_byte_in_otps_profile() {
    let mut count = 0;
    for (name, version, input) in golden() {
        let arena = Arena::new();
        let message = clean(&input, &arena, name);
        assert_eq!(message.version, version, "{name}");
        let again = encoded(&message, &otp(), name);
        assert_eq!(again, input, "{name}: {message:#?}");
        count += 1;
    }
    assert_eq!(count, 148);
}

#[test]
fn golden_messages_survive_the_standard_profile() {
    for (name, _, input) in golden() {
        let arena = Arena::new();
        let message = clean(&input, &arena, name);
        let standard = encoded(&message, &BerConfig::default(), name);
        assert_eq!(clean(&standard, &arena, name), message, "{name}");
        assert_eq!(
            encoded(&clean(&standard, &arena, name), &BerConfig::default(), name),
            standard,
            "{name}"
        );
    }
}
