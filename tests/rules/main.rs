//! The rules that the tree holds itself to: layering, purity, `unsafe`, and the shape of its files.
//!
//! Each rule is a function from text (or from `cargo metadata`) to findings. The tests run it over the tree, where it
//! must find nothing, and over a bad sample, where it must find exactly what is wrong.
#![forbid(unsafe_code)]

mod layers;
mod lexer;
mod licences;
mod paths;
mod purity;
mod shape;
mod tree;
mod unsafety;
