//! Limits: how much a message may make a decoder do. Every one is tested at the limit, below and above it.

/// Limits of the decoders, text and BER alike. What exceeds one is an error of the unit it is in, never an
/// allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one message. Default 65,531: what a TPKT frame can hold.
    pub message_bytes_max: usize,
    /// Nested braces (text) or constructed elements below the command (BER). Default 32; the standard's own
    /// descriptors need 12 in text and 25 in BER.
    pub depth_max: usize,
    /// Transactions of one message. Default 1,024.
    pub transactions_max: usize,
    /// Actions of one transaction. Default 1,024.
    pub actions_max: usize,
    /// Commands of one action. Default 1,024.
    pub commands_max: usize,
    /// Descriptors of one command, and items of one `Audit`. Default 64.
    pub descriptors_max: usize,
    /// Items of any other list: terminations, streams, events, signals, parameters, acknowledgements. Default 1,024.
    pub items_max: usize,
    /// Bytes of one value or name. Default 4,096.
    pub value_bytes_max: usize,
    /// Bytes of one Local or Remote body, or digit map. Default 32,768.
    pub body_bytes_max: usize,
    /// Faults reported for one message; the one after it makes the message unusable (400). Default 64.
    pub faults_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes_max: 65_531,
            depth_max: 32,
            transactions_max: 1024,
            actions_max: 1024,
            commands_max: 1024,
            descriptors_max: 64,
            items_max: 1024,
            value_bytes_max: 4096,
            body_bytes_max: 32_768,
            faults_max: 64,
        }
    }
}
