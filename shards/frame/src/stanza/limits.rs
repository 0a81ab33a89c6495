//! What a client may make the scanner, and the parser behind it, remember.

/// Limits of one listener. What is above is refused with `policy-violation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StanzaLimits {
    /// Bytes of one unit: a stanza, or a header with its declaration.
    pub stanza_bytes_max: u32,
    /// Elements within each other, the stream's root and the stanza among them.
    pub depth_max: u16,
    /// Attributes of one element.
    pub attributes_max: u16,
    /// Bytes of one element or attribute name.
    pub name_bytes_max: u16,
}

impl StanzaLimits {
    /// 256 KiB (RFC 6120 13.12 asks for at least 10,000 bytes), depth 64, 64 attributes, names of 256 bytes.
    pub const DEFAULT: StanzaLimits = StanzaLimits {
        stanza_bytes_max: 256 << 10,
        depth_max: 64,
        attributes_max: 64,
        name_bytes_max: 256,
    };
}

impl Default for StanzaLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
