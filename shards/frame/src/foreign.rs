//! Other protocols at our door: a guess, from the first bytes of a faulty stream, at who is calling. For counters and one log line,
//! never for a decision.

/// What a stream that is none of ours looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// A TLS ClientHello.
    Tls,
    /// An HTTP request.
    Http,
    /// SSH.
    Ssh,
    /// XML: an XMPP stream, most likely.
    Xml,
    /// A PROXY protocol header, version 1 or 2.
    Proxy,
    /// H.248 text.
    Megaco,
    /// None of these.
    Unknown,
}

impl Foreign {
    /// A short name for a metric's label or a log field.
    pub fn name(self) -> &'static str {
        match self {
            Foreign::Tls => "tls",
            Foreign::Http => "http",
            Foreign::Ssh => "ssh",
            Foreign::Xml => "xml",
            Foreign::Proxy => "proxy",
            Foreign::Megaco => "megaco",
            Foreign::Unknown => "unknown",
        }
    }
}

/// Guesses from the first bytes; eight or more are enough.
pub fn classify(front: &[u8]) -> Foreign {
    const STARTS: &[(&[u8], Foreign)] = &[
        (b"\x16\x03", Foreign::Tls),
        (b"GET ", Foreign::Http),
        (b"PUT ", Foreign::Http),
        (b"POST ", Foreign::Http),
        (b"HEAD ", Foreign::Http),
        (b"OPTIONS ", Foreign::Http),
        (b"CONNECT ", Foreign::Http),
        (b"DELETE ", Foreign::Http),
        (b"PATCH ", Foreign::Http),
        (b"PRI * HT", Foreign::Http),
        (b"SSH-", Foreign::Ssh),
        (b"<?xml", Foreign::Xml),
        (b"<stream", Foreign::Xml),
        (b"PROXY ", Foreign::Proxy),
        (b"\r\n\r\n\0\r\n", Foreign::Proxy),
        (b"MEGACO/", Foreign::Megaco),
        (b"!/", Foreign::Megaco),
    ];
    STARTS
        .iter()
        .find(|(start, _)| front.starts_with(start))
        .map_or(Foreign::Unknown, |(_, what)| *what)
}
