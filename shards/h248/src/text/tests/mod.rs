//! Tests of the text codec that need to look inside it, or at one rule after the other.

mod faults;
mod limits;
mod mutation;
mod rules;

use std::fs;
use std::path::Path;

use crate::model::Message;
use crate::{Arena, Limits};

/// The golden messages of a folder of the corpus.
pub(super) fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(folder);
    let entries = fs::read_dir(dir).expect("corpus folder");
    let mut messages: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.expect("corpus entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            let name = path
                .file_name()
                .expect("file name")
                .to_string_lossy()
                .into_owned();
            (name, fs::read(&path).expect("corpus file"))
        })
        .collect();
    messages.sort();
    messages
}

/// Decodes a message that has to be clean.
pub(super) fn clean<'a>(input: &'a str, arena: &'a Arena) -> Message<'a> {
    let decoded = super::decode(input.as_bytes(), arena, &Limits::default());
    let decoded = decoded.unwrap_or_else(|error| panic!("{error}\n{input}"));
    decoded
        .clean()
        .unwrap_or_else(|fault| panic!("{fault}\n{input}"))
}
