//! What a completion belongs to: `user_data` as {kind, generation, slot}.

/// What an operation was for. The number is the top byte of `user_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Not one of ours.
    Unknown = 0,
    /// Multishot accept; the slot is the listener's index.
    Accept,
    /// The question for a peer's address.
    Peer,
    /// One-shot poll of a parked socket.
    Poll,
    /// One-shot receive for a parked socket.
    Fetch,
    /// Multishot receive of an active socket.
    Stream,
    /// Send.
    Send,
    /// A send that reports only what went wrong.
    SilentSend,
    /// Shutdown of the sending half.
    Shutdown,
    /// Socket option; reports only failure.
    Option,
    /// Cancellation; reports only failure.
    Cancel,
    /// Close of a direct descriptor.
    Close,
    /// Making a socket; the slot is the attempt's index, as in the next two.
    Socket,
    /// Binding it.
    Bind,
    /// Connecting it.
    Connect,
    /// A doorbell rung at another shard; the slot is that shard.
    Ring,
    /// A doorbell rung here.
    Rung,
    /// A timeout; the slot is its index.
    Alarm,
    /// The control mailbox's event counter.
    Control,
    /// A socket sent to another shard.
    GiveAway,
    /// A socket received from another shard: the other 56 bits are the token.
    Adopted,
    /// Multishot receive of a UDP socket; the slot is its index.
    Datagram,
    /// A datagram that was sent; the slot is its socket's index, the generation its room.
    DatagramSent,
}

impl Kind {
    const ALL: [Kind; 23] = [
        Kind::Unknown,
        Kind::Accept,
        Kind::Peer,
        Kind::Poll,
        Kind::Fetch,
        Kind::Stream,
        Kind::Send,
        Kind::SilentSend,
        Kind::Shutdown,
        Kind::Option,
        Kind::Cancel,
        Kind::Close,
        Kind::Socket,
        Kind::Bind,
        Kind::Connect,
        Kind::Ring,
        Kind::Rung,
        Kind::Alarm,
        Kind::Control,
        Kind::GiveAway,
        Kind::Adopted,
        Kind::Datagram,
        Kind::DatagramSent,
    ];
}

/// A completion's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) kind: Kind,
    /// Of the slot, 20 bits; 0 for what is not a socket.
    pub(crate) generation: u32,
    /// A descriptor's slot, or what the kind says.
    pub(crate) slot: u32,
}

impl Tag {
    /// Tokens of hand-overs are this wide: they share `user_data` with the kind.
    pub(crate) const TOKEN_MAX: u64 = (1 << 56) - 1;
    const GENERATION_MASK: u32 = (1 << 24) - 1;

    pub(crate) fn new(kind: Kind, slot: u32, generation: u32) -> Self {
        Self {
            kind,
            generation: generation & Self::GENERATION_MASK,
            slot,
        }
    }

    /// For what is no socket.
    pub(crate) fn of(kind: Kind, slot: u32) -> Self {
        Self::new(kind, slot, 0)
    }

    /// For a socket on its way to another shard.
    pub(crate) fn adopted(token: u64) -> u64 {
        (Kind::Adopted as u64) << 56 | token & Self::TOKEN_MAX
    }

    /// The token of an adopted socket.
    pub(crate) fn token(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }

    pub(crate) fn encode(self) -> u64 {
        (self.kind as u64) << 56
            | u64::from(self.generation & Self::GENERATION_MASK) << 32
            | u64::from(self.slot)
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "each field is cut out of the word"
    )]
    pub(crate) fn decode(word: u64) -> Self {
        let kind = Kind::ALL
            .get((word >> 56) as usize)
            .copied()
            .unwrap_or(Kind::Unknown);
        Self {
            kind,
            generation: (word >> 32) as u32 & Self::GENERATION_MASK,
            slot: word as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Tag};

    #[test]
    fn tags_survive_the_kernel() {
        for kind in Kind::ALL {
            assert_eq!(Kind::ALL[kind as usize], kind, "numbered in order");
            for generation in [0, 1, (1 << 20) - 1] {
                for slot in [0, 1, 19_999, u32::MAX] {
                    let tag = Tag::new(kind, slot, generation);
                    assert_eq!(Tag::decode(tag.encode()), tag);
                }
            }
        }
        assert_eq!(Tag::decode(u64::MAX).kind, Kind::Unknown);
    }

    #[test]
    fn tokens_are_56_bits_wide() {
        for token in [0, 1, 0x0012_3456_789a_bcde, Tag::TOKEN_MAX] {
            let tag = Tag::decode(Tag::adopted(token));
            assert_eq!((tag.kind, tag.token()), (Kind::Adopted, token));
        }
    }
}
