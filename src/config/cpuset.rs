//! Lists of processors as the kernel writes them: `0`, `2-5,8`.

use super::ConfigError;
use megaphone_wheel::RangeSet;
use std::fmt;
use std::str::FromStr;

/// Processors by number; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuSet(RangeSet<u32>);

/// Linux knows no processor beyond this (`NR_CPUS` of the largest configurations).
const CPU_MAX: u32 = 8_191;

impl CpuSet {
    /// The processors, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(first, last)| first..=last)
    }

    /// How many processors there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.iter().count()
    }
}

impl FromIterator<u32> for CpuSet {
    fn from_iter<I: IntoIterator<Item = u32>>(cpus: I) -> CpuSet {
        CpuSet(cpus.into_iter().map(|cpu| (cpu, cpu)).collect())
    }
}

impl FromStr for CpuSet {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<CpuSet, ConfigError> {
        let malformed = || ConfigError::malformed(text, "a list of processors", "0-3,6");
        let mut set = RangeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |digits: &str| {
                digits
                    .parse::<u32>()
                    .ok()
                    .filter(|_| !digits.starts_with('+'))
            };
            let (first, last) = (
                number(first).ok_or_else(malformed)?,
                number(last).ok_or_else(malformed)?,
            );
            if last > CPU_MAX {
                let given = last.to_string();
                return Err(ConfigError::Range {
                    given,
                    least: "0".into(),
                    most: CPU_MAX.to_string(),
                });
            }
            if first > last {
                return Err(malformed());
            }
            set.insert_range(first, last);
        }
        Ok(CpuSet(set))
    }
}

impl fmt::Display for CpuSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_merged_and_written_as_the_kernel_does() {
        let shown = |text: &str| text.parse::<CpuSet>().map(|set| set.to_string()).ok();
        assert_eq!(shown("2-5,8").as_deref(), Some("2-5,8"));
        assert_eq!(shown("3,1,2,0").as_deref(), Some("0-3"));
        assert_eq!(shown("8191").as_deref(), Some("8191"));
        for wrong in [
            "",
            "a",
            "1-",
            "-1",
            "3-1",
            "1,,2",
            "1-2-3",
            "8192",
            "+1",
            "0-4294967295",
            " 1",
        ] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn processors_come_in_order() {
        let set: CpuSet = "8,2-4".parse().expect("a list");
        assert_eq!(set.iter().collect::<Vec<_>>(), [2, 3, 4, 8]);
        assert_eq!(set.count(), 4);
        assert_eq!([8, 2, 3, 4].into_iter().collect::<CpuSet>(), set);
    }
}
