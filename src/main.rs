//! The `megaphone` command.
#![forbid(unsafe_code)]

fn main() {}
