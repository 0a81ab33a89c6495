//! Every golden message decodes cleanly and survives both text encodings.

use std::fs;
use std::path::Path;

use megaphone_h248::text::{self, Layout};
use megaphone_h248::{Arena, Limits};

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let mut messages: Vec<_> = fs::read_dir(dir)
        .expect("corpus directory")
        .map(|entry| entry.expect("corpus entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect();
    messages.sort();
    messages
}

fn survives(name: &str, bytes: &[u8]) {
    let (arena, limits) = (Arena::new(), Limits::default());
    let message = match text::decode(bytes, &arena, &limits).map(|decoded| decoded.clean()) {
        Ok(Ok(message)) => message,
        Ok(Err(fault)) => panic!("{name}: {fault}\n{}", String::from_utf8_lossy(bytes)),
        Err(error) => panic!("{name}: {error}\n{}", String::from_utf8_lossy(bytes)),
    };
    for layout in [Layout::Pretty, Layout::Compact] {
        let mut out = Vec::new();
        text::encode(&message, layout, &mut out).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = Arena::new();
        let decoded = text::decode(&out, &again, &limits).unwrap_or_else(|error| {
            panic!("{name}: {error}\n{}", String::from_utf8_lossy(&out));
        });
        let decoded = decoded
            .clean()
            .unwrap_or_else(|fault| panic!("{name}: {fault}\n{}", String::from_utf8_lossy(&out)));
        assert_eq!(decoded, message, "{name}");
    }
}

#[test]
fn the_measurement_pack_survives_both_text_encodings() {
    let messages = corpus("time_test");
    assert_eq!(messages.len(), 148);
    for (name, bytes) in &messages {
        survives(name, bytes);
    }
}

#[test]
fn the_call_flow_of_the_standard_survives_both_text_encodings() {
    let messages = corpus("rfc3525");
    assert_eq!(messages.len(), 28);
    for (name, bytes) in &messages {
        survives(name, bytes);
    }
}
