//! The cases of OTP's transaction-sender, messenger and pending-limit suites, with their names, as conversations in virtual time.
#[path = "../harness/mod.rs"]
mod harness;

mod request_and_reply_plain;
