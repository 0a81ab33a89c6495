//! What is said: each byte follows from its client, its direction and its position, so that a byte that is lost, doubled, swapped
//! or misrouted shows at once.

/// From the client to the backend.
pub const UP: u64 = 0;
/// From the backend to the client.
pub const DOWN: u64 = 1;

/// The byte at `position` of what `client` sends (`UP`) or gets (`DOWN`).
#[must_use]
pub fn byte_at(client: usize, direction: u64, position: u64) -> u8 {
    let mut bits = (client as u64) << 40 ^ direction << 39 ^ position ^ 0x5bd1_e995;
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    match (bits >> 56) as u8 {
        // So that what the appliance itself says to an XMPP client is told from what its backend says.
        b'<' => b'-',
        byte => byte,
    }
}

/// `len` bytes that may stand in a stanza.
pub(crate) fn text(client: usize, position: u64, len: usize) -> Vec<u8> {
    let mut bytes = stretch(client, UP, position, len);
    for byte in &mut bytes {
        *byte = b'a' + *byte % 26;
    }
    bytes
}

/// `len` bytes from `position` on.
pub(crate) fn stretch(client: usize, direction: u64, position: u64, len: usize) -> Vec<u8> {
    (position..position + len as u64)
        .map(|at| byte_at(client, direction, at))
        .collect()
}

/// The first position at which `bytes` are not what they should be.
pub(crate) fn differs(client: usize, direction: u64, position: u64, bytes: &[u8]) -> Option<u64> {
    (position..)
        .zip(bytes)
        .find(|&(at, &byte)| byte_at(client, direction, at) != byte)
        .map(|(at, _)| at)
}
