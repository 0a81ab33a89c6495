//! Sizes and times with their units; a bare number is refused, because somebody will misread it.

use super::ConfigError;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A number of bytes: `512B`, `64KiB`, `16MiB`, `2GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// A span of time: `500ns`, `20us`, `250ms`, `30s`, `5m`, `1h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

const SIZE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

const SPAN_UNITS: &[(&str, u64)] = &[
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl FromStr for Size {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Size, ConfigError> {
        let malformed =
            || ConfigError::malformed(text, "a whole number of B, KiB, MiB or GiB", "64KiB");
        scaled(text, SIZE_UNITS).map(Size).ok_or_else(malformed)
    }
}

impl FromStr for Span {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Span, ConfigError> {
        let malformed =
            || ConfigError::malformed(text, "a whole number of ns, us, ms, s, m or h", "30s");
        scaled(text, SPAN_UNITS)
            .map(|nanos| Span(Duration::from_nanos(nanos)))
            .ok_or_else(malformed)
    }
}

/// A decimal number and one of the units, multiplied; `None` if either is missing or the product does not fit.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// The largest unit that leaves a whole number.
fn unscaled<'u>(value: u64, units: &[(&'u str, u64)]) -> (u64, &'u str) {
    let whole = |(_, factor): &&(&str, u64)| value >= *factor && value.is_multiple_of(*factor);
    let (unit, factor) = units
        .iter()
        .find(whole)
        .or(units.last())
        .expect("there are units");
    (value / factor, unit)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = unscaled(self.0, SIZE_UNITS);
        write!(f, "{number}{unit}")
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        let (number, unit) = unscaled(nanos, SPAN_UNITS);
        write!(f, "{number}{unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units() {
        let bytes = |text: &str| text.parse::<Size>().map(|size| size.0).ok();
        assert_eq!(bytes("0B"), Some(0));
        assert_eq!(bytes("512B"), Some(512));
        assert_eq!(bytes("64KiB"), Some(65_536));
        assert_eq!(bytes("3GiB"), Some(3 << 30));
        assert_eq!(bytes("17179869183GiB"), Some(17_179_869_183 << 30));
        for wrong in [
            "",
            "64",
            "KiB",
            "64kb",
            "64 KiB",
            "-1B",
            "1.5GiB",
            "17179869184GiB",
            "6\u{664}B",
        ] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn spans_have_units_of_time() {
        let span = |text: &str| text.parse::<Span>().map(|span| span.0).ok();
        assert_eq!(span("30s"), Some(Duration::from_secs(30)));
        assert_eq!(span("5m"), Some(Duration::from_secs(300)));
        assert_eq!(span("5ms"), Some(Duration::from_millis(5)));
        assert_eq!(span("0ns"), Some(Duration::ZERO));
        for wrong in ["", "30", "s", "30 s", "1.5s", "30sec", "99999999999h"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_message_shows_a_right_one() {
        let error = "30".parse::<Span>().expect_err("no unit");
        assert_eq!(
            error.to_string(),
            "`30` is not a whole number of ns, us, ms, s, m or h, such as 30s"
        );
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for text in ["0B", "1B", "1023B", "64KiB", "1025KiB", "2GiB"] {
            assert_eq!(
                text.parse::<Size>().map(|size| size.to_string()).as_deref(),
                Ok(text)
            );
        }
        for text in ["0ns", "90s", "250ms", "1h", "7us"] {
            assert_eq!(
                text.parse::<Span>().map(|span| span.to_string()).as_deref(),
                Ok(text)
            );
        }
        assert_eq!(Span(Duration::MAX).to_string(), "18446744073709551615ns");
    }
}
