//! Why the command ends without success, and the exit code that says so to a script.

use std::io;
use thiserror::Error;

/// A reason to end, with a message that says what was wrong, where, and what to do.
///
/// Exit codes are those of BSD's `sysexits`, so that a service manager can tell what another start cures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The command line is wrong (64).
    #[error("{0}")]
    Usage(String),
    /// Something the command needs is not there: a peer, a port, a kernel feature (69).
    #[error("{0}")]
    Unavailable(String),
    /// The operating system refused something it should allow (71).
    #[error("{0}")]
    Os(String),
    /// A right is missing (77).
    #[error("{0}")]
    Permission(String),
    /// The configuration cannot be served (78).
    #[error("{0}")]
    Config(String),
    /// The run finished and what it measured is not what it should be (1).
    #[error("{0}")]
    Verdict(String),
}

impl Failure {
    /// What the process ends with.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Failure::Verdict(_) => 1,
            Failure::Usage(_) => 64,
            Failure::Unavailable(_) => 69,
            Failure::Os(_) => 71,
            Failure::Permission(_) => 77,
            Failure::Config(_) => 78,
        }
    }

    /// An error of the operating system while doing `what`, with advice where the cause is likely.
    #[must_use]
    pub fn from_io(what: &str, error: &io::Error) -> Failure {
        use io::ErrorKind as Kind;
        let advice = |advice: &str| format!("{what}: {error}; {advice}");
        match error.kind() {
            Kind::PermissionDenied => Failure::Permission(advice(
                "ports below 1024 need CAP_NET_BIND_SERVICE, files their owner",
            )),
            Kind::AddrInUse => Failure::Unavailable(advice(
                "another process has it: choose another, or stop that one",
            )),
            Kind::AddrNotAvailable => Failure::Unavailable(advice(
                "this machine has no such address: `ip address` lists those it has",
            )),
            Kind::ConnectionRefused | Kind::NotFound => {
                Failure::Unavailable(advice("is it running, and at that place?"))
            }
            _ => Failure::Os(format!("{what}: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_sysexits() {
        let code = |kind: io::ErrorKind| Failure::from_io("bind", &kind.into()).exit_code();
        assert_eq!(code(io::ErrorKind::PermissionDenied), 77);
        assert_eq!(code(io::ErrorKind::AddrInUse), 69);
        assert_eq!(code(io::ErrorKind::AddrNotAvailable), 69);
        assert_eq!(code(io::ErrorKind::OutOfMemory), 71);
        assert_eq!(Failure::Usage(String::new()).exit_code(), 64);
        assert_eq!(Failure::Config(String::new()).exit_code(), 78);
    }

    #[test]
    fn a_message_says_what_why_and_what_to_do() {
        let failure = Failure::from_io(
            "listening on 127.0.0.1:80",
            &io::ErrorKind::PermissionDenied.into(),
        );
        let text = failure.to_string();
        assert!(
            text.starts_with("listening on 127.0.0.1:80: permission denied; "),
            "{text}"
        );
        assert!(text.contains("CAP_NET_BIND_SERVICE"));
    }
}
