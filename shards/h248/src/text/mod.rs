//! The text encoding (RFC 3525 annex B and its extensions in H.248.1 versions 2 and 3).

mod decode;
mod encode;
mod keyword;
#[cfg(test)]
mod tests;

pub use decode::{decode, mini};

pub use encode::{
    Header, Layout, ReplyHeader, encode, encode_action, encode_action_reply, encode_transaction,
    join_message, join_reply, join_request,
};
