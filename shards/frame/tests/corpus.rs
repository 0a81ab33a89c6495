//! Runs the fuzz targets over their committed corpora, and over bytes changed in them. A crash that a fuzzer finds is kept in the
//! corpus under a name that says what it is.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Every input of a target's corpus, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(&folder).expect("the corpus is there");
    let mut inputs: Vec<_> = files
        .map(|file| {
            let path = file.expect("a readable folder").path();
            (
                path.display().to_string(),
                std::fs::read(&path).expect("a readable file"),
            )
        })
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 8, "{target} has {} inputs", inputs.len());
    inputs
}

/// Each input as it is, then with each of its first bytes changed, then cut after each of them.
fn smoke(target: &str, run: fn(&[u8])) {
    for (name, input) in corpus(target) {
        println!("{name}");
        run(&input);
        for at in 0..input.len().min(80) {
            for byte in [0, 1, 0x30, 0x39, 0x7c, 0x7f, 0xff] {
                let mut mutant = input.clone();
                mutant[at] = byte;
                run(&mutant);
            }
            run(&input[..at]);
        }
    }
}

#[test]
fn deframe() {
    smoke("deframe", targets::deframe);
}

#[test]
fn payload() {
    smoke("payload", targets::payload);
}
