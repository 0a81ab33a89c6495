//! Where to listen or connect: a TCP endpoint or a Unix socket's path. Names are not looked up.

use super::ConfigError;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// An endpoint: `tcp://127.0.0.1:7000`, `127.0.0.1:7000`, `[::1]:7000` or `unix:/run/megaphone/link`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The path of a Unix stream socket.
    Unix(PathBuf),
}

/// `sun_path` of `unix(7)` has 108 bytes, the last one for a terminating zero.
const UNIX_PATH_BYTES_MAX: usize = 107;

impl Address {
    /// True if only this machine can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Address::Tcp(at) => at.ip().is_loopback(),
            Address::Unix(_) => true,
        }
    }
}

impl FromStr for Address {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Address, ConfigError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.len() {
                0 => Err(ConfigError::malformed(
                    text,
                    "a path",
                    "unix:/run/megaphone/link",
                )),
                1..=UNIX_PATH_BYTES_MAX => Ok(Address::Unix(path.into())),
                long => Err(ConfigError::Range {
                    given: format!("a path of {long} bytes"),
                    least: "1".into(),
                    most: UNIX_PATH_BYTES_MAX.to_string(),
                }),
            };
        }
        let endpoint = text.strip_prefix("tcp://").unwrap_or(text);
        let malformed =
            |_| ConfigError::malformed(text, "a numeric IP address with a port", "127.0.0.1:7000");
        endpoint.parse().map(Address::Tcp).map_err(malformed)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(at) => write!(f, "tcp://{at}"),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numeric_or_paths() {
        let shown = |text: &str| {
            text.parse::<Address>()
                .map(|address| address.to_string())
                .ok()
        };
        assert_eq!(
            shown("tcp://127.0.0.1:7000").as_deref(),
            Some("tcp://127.0.0.1:7000")
        );
        assert_eq!(shown("[::1]:7000").as_deref(), Some("tcp://[::1]:7000"));
        assert_eq!(
            shown("unix:/run/megaphone/link").as_deref(),
            Some("unix:/run/megaphone/link")
        );
        for wrong in [
            "",
            "7000",
            "localhost:7000",
            "127.0.0.1",
            "udp://127.0.0.1:1",
            "unix:",
            "127.0.0.1:65536",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_path_must_fit_into_the_kernels_field() {
        let path = |bytes: usize| format!("unix:/{}", "x".repeat(bytes - 1)).parse::<Address>();
        assert!(path(UNIX_PATH_BYTES_MAX).is_ok());
        let error = path(UNIX_PATH_BYTES_MAX + 1).expect_err("one too many");
        assert_eq!(
            error.to_string(),
            "a path of 108 bytes is out of range: 1 to 107 are possible"
        );
    }

    #[test]
    fn loopback_and_paths_are_local() {
        let local = |text: &str| text.parse::<Address>().expect("an address").is_local();
        assert!(local("127.8.8.8:1") && local("[::1]:1") && local("unix:x"));
        assert!(!local("0.0.0.0:1") && !local("192.0.2.1:1") && !local("[::]:1"));
    }
}
