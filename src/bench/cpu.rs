//! Processor time that a process used, to the nanosecond where the kernel tells it.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Nanoseconds of one tick of `utime` and `stime` in `proc(5)`: `USER_HZ` is 100 on every Linux.
const TICK_NANOS: u64 = 10_000_000;

/// The processor time of a process, all its threads together, those that have ended included as far as possible.
/// `None` if there is no such process.
#[must_use]
pub fn used_by(process: u32) -> Option<Duration> {
    used_below(&Path::new("/proc").join(process.to_string()))
}

/// From a folder like `/proc/123`.
fn used_below(folder: &Path) -> Option<Duration> {
    let threads = fs::read_dir(folder.join("task")).ok()?.flatten();
    // The first number is the time on a processor. Threads come and go while the list is read.
    let on_processor = |path: &Path| {
        let text = fs::read_to_string(path.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    let fine: u64 = threads
        .filter_map(|thread| on_processor(&thread.path()))
        .sum();
    let coarse = from_stat(&fs::read_to_string(folder.join("stat")).ok()?)?;
    // Ended threads are only in the coarse count, and a kernel without schedstat has only that.
    Some(Duration::from_nanos(if fine + TICK_NANOS * 2 >= coarse {
        fine
    } else {
        coarse
    }))
}

/// Fields 14 and 15 of `/proc/PID/stat`, counted behind the name, which may hold anything.
fn from_stat(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)?.checked_mul(TICK_NANOS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(stat: &str, threads: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a scratch folder");
        fs::write(folder.path().join("stat"), stat).expect("a file");
        for (number, schedstat) in threads.iter().enumerate() {
            let thread = folder.path().join("task").join(number.to_string());
            fs::create_dir_all(&thread).expect("a folder");
            fs::write(thread.join("schedstat"), schedstat).expect("a file");
        }
        folder
    }

    const STAT: &str = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20 0";

    #[test]
    fn threads_are_summed_to_the_nanosecond() {
        let folder = process(STAT, &["300000001 5 6", "120000002 0 0"]);
        assert_eq!(
            used_below(folder.path()),
            Some(Duration::from_nanos(420_000_003))
        );
    }

    #[test]
    fn without_fine_counts_or_with_ended_threads_the_coarse_count_holds() {
        for threads in [&["0 0 1"][..], &["100000000 0 0"]] {
            let folder = process(STAT, threads);
            assert_eq!(used_below(folder.path()), Some(Duration::from_millis(420)));
        }
        assert_eq!(used_below(process("nonsense", &["1 1 1"]).path()), None);
    }

    #[test]
    fn this_process_has_used_some() {
        assert!(used_by(std::process::id()).is_some());
        assert_eq!(used_by(u32::MAX), None);
    }
}
