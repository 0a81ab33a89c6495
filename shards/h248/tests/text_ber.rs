//! Text to BER to text: the measurement pack means the same afterwards.

use std::fs;
use std::path::Path;

use megaphone_h248::ber::{self, BerConfig, BerProfile};
use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};

mod meaning;

#[test]
fn the_measurement_pack_survives_text_to_ber_to_text() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/time_test");
    let mut count = 0;
    for entry in fs::read_dir(dir).expect("corpus directory") {
        let path = entry.expect("corpus entry").path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.display();
        let input = fs::read(&path).expect("readable");
        let (arena, limits) = (Arena::new(), Limits::default());
        let original = text::decode(&input, &arena, &limits)
            .expect("decodes")
            .clean()
            .expect("clean");
        for profile in [BerProfile::Standard, BerProfile::Otp] {
            let config = BerConfig {
                profile,
                ..BerConfig::default()
            };
            let mut binary = Vec::new();
            ber::encode(&original, &config, &mut binary).unwrap_or_else(|e| panic!("{name}: {e}"));
            let read = ber::decode(&binary, &arena, &limits, &config)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            let read = read.clean().unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(meaning::of(&read), meaning::of(&original), "{name}");

            let mut printed = Vec::new();
            text::encode(&read, Layout::Pretty, &mut printed)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            let again = text::decode(&printed, &arena, &limits)
                .expect("decodes")
                .clean()
                .expect("clean");
            assert_eq!(meaning::of(&again), meaning::of(&original), "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 148);
}
