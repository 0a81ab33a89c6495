//! Text to BER to text: the measurement pack and the standard's call flow mean the same afterwards.

use std::fs;
use std::path::Path;

use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};

mod meaning;

/// Names in the standard's call flow that the usual binary layout has no octets for, and what stands for them here.
const RENAMED: [(&str, &str); 5] = [
    ("A4444", "01000100/00000000/00000000"),
    ("A4445", "01000100/00000000/00000001"),
    ("A5555", "01010101/00000000/00000000"),
    ("A5556", "01010101/00000000/00000001"),
    ("Dialplan0", "dialplan00"),
];

fn as_it_is(path: &Path) -> Vec<u8> {
    fs::read(path).expect("readable")
}

/// The message at `path` with names that BER can say.
fn renamed(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).expect("readable");
    let renamed = RENAMED
        .iter()
        .fold(text, |text, (name, other)| text.replace(name, other));
    renamed.into_bytes()
}

fn survives(folder: &str, config: &BerConfig, read: fn(&Path) -> Vec<u8>) -> usize {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(folder);
    let mut count = 0;
    for entry in fs::read_dir(dir).expect("corpus directory") {
        let path = entry.expect("corpus entry").path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.display();
        let input = read(&path);
        let (arena, limits) = (Arena::new(), Limits::default());
        let original = text::decode(&input, &arena, &limits)
            .expect("decodes")
            .clean()
            .expect("clean");
        let mut binary = Vec::new();
        ber::encode(&original, config, &mut binary).unwrap_or_else(|e| panic!("{name}: {e}"));
        let read =
            ber::decode(&binary, &arena, &limits, config).unwrap_or_else(|e| panic!("{name}: {e}"));
        let read = read.clean().unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(meaning::of(&read), meaning::of(&original), "{name}");

        let mut printed = Vec::new();
        text::encode(&read, Layout::Pretty, &mut printed).unwrap_or_else(|e| panic!("{name}: {e}"));
        let again = text::decode(&printed, &arena, &limits)
            .expect("decodes")
            .clean()
            .expect("clean");
        assert_eq!(meaning::of(&again), meaning::of(&original), "{name}");
        count += 1;
    }
    count
}

fn profile(profile: BerProfile) -> BerConfig {
    BerConfig {
        profile,
        ..BerConfig::default()
    }
}

#[test]
fn the_measurement_pack_survives_text_to_ber_to_text() {
    for config in [profile(BerProfile::Standard), profile(BerProfile::Otp)] {
        assert_eq!(survives("time_test", &config, as_it_is), 148);
    }
}

#[test]
fn the_call_flow_of_the_standard_survives_text_to_ber_to_text() {
    for config in [profile(BerProfile::Standard), profile(BerProfile::Otp)] {
        assert_eq!(survives("rfc3525", &config, renamed), 28);
    }
}
