//! The appliance: wiring only.
#![forbid(unsafe_code)]
