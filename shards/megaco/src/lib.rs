//! The H.248/Megaco transaction engine.
#![forbid(unsafe_code)]

pub mod config;
