//! An independent ASN.1 implementation as a second opinion on our BER: the `rasn` crate, over annex A written as its types.
//!
//! What this covers: tags, lengths, order and presence of every component of protocol versions 1 to 3, for whatever
//! `tests/generate` makes. What it does not: what is inside the octet strings of values, names and termination ids
//! (annexes A.2, A.3 and C), and non-standard data, which is never generated.

mod annex_a;
mod generate;

use annex_a::MegacoMessage;
use generate::Dialect;
use megaphone_h248::ber::{self, BerConfig};
use megaphone_h248::{Arena, Limits};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Generated messages compared, of each version.
const CASES: u32 = 5_000;

/// Our octets are read by rasn, which writes the same octets again and loses nothing; those we read as the same message.
fn rasn_reads_what_we_write_and_writes_the_same_octets(version: u8) {
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(
        &prop::collection::vec(any::<u8>(), 0..400),
        |mut choices| {
            // The first choice is the version; 0 is version 1.
            choices.insert(0, version - 1);
            let message = generate::message(&choices, Dialect::Both);
            prop_assert_eq!(message.version, version);
            let (config, mut ours) = (BerConfig::default(), Vec::new());
            ber::encode(&message, &config, &mut ours).expect("generated messages can be written");

            let read: MegacoMessage = rasn::ber::decode(&ours)
                .map_err(|error| TestCaseError::fail(format!("{error}\n{message:#?}")))?;
            let theirs = rasn::ber::encode(&read).expect("what was read can be written");
            prop_assert_eq!(&theirs, &ours, "{:#?}", message);

            let arena = Arena::new();
            let decoded = ber::decode(&theirs, &arena, &Limits::default(), &config);
            let decoded = decoded.expect("a message").clean().expect("no faults");
            prop_assert_eq!(decoded, message);
            Ok(())
        },
    );
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn version_1() {
    rasn_reads_what_we_write_and_writes_the_same_octets(1);
}

#[test]
fn version_2() {
    rasn_reads_what_we_write_and_writes_the_same_octets(2);
}

#[test]
fn version_3() {
    rasn_reads_what_we_write_and_writes_the_same_octets(3);
}
