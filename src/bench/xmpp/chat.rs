//! Who writes to whom and when, and what a message says, so that its receiver can tell without memory whether it is right.
//!
//! ```text
//! mega SENDER RECEIVER MESSAGE TIME and some words that must come as they went        numbers hexadecimal
//! ```

use megaphone_wheel::{Rng, Tick};
use std::time::Duration;

const WORDS: &str = "and some words that must come as they went: <&\">' \u{e4}\u{20ac}";

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The number of the user who wrote it.
    pub sender: u32,
    /// The number of the user it is for.
    pub receiver: u32,
    /// Its own number, different from all others of the run.
    pub number: u64,
    /// When it was intended to leave.
    pub time: Tick,
}

impl Letter {
    /// The text of the message.
    #[must_use]
    pub fn body(&self) -> String {
        let Letter {
            sender,
            receiver,
            number,
            time,
        } = self;
        format!(
            "mega {sender:x} {receiver:x} {number:x} {:x} {WORDS}",
            time.0
        )
    }

    /// The letter with this text; `None` if a character of it is not as it was written.
    #[must_use]
    pub fn read(body: &str) -> Option<Letter> {
        let mut parts = body.splitn(6, ' ');
        let is_ours = parts.next()? == "mega";
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let letter = Letter {
            sender: u32::try_from(number()?).ok()?,
            receiver: u32::try_from(number()?).ok()?,
            number: number()?,
            time: Tick(number()?),
        };
        (is_ours && letter.body() == body).then_some(letter)
    }
}

/// The messages of a run: so many per second over all users, between pairs drawn from the message's number.
#[derive(Clone, Copy, Debug)]
pub struct Traffic {
    /// Users.
    pub users: u32,
    /// Messages per second over all users.
    pub rate: u32,
    /// How long.
    pub duration: Duration,
    /// Shards of the generator: message `n` is sent by shard `n` modulo this.
    pub shards: u32,
}

impl Traffic {
    /// Messages of the whole run.
    #[must_use]
    pub fn messages(&self) -> u64 {
        let nanos = u128::from(self.rate) * self.duration.as_nanos();
        u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX)
    }

    /// When message `number` is due, from the beginning of the traffic.
    #[must_use]
    pub fn due(&self, number: u64) -> Duration {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.rate.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Who sends message `number`, as the place among the `share` users of its shard.
    #[must_use]
    pub fn sender(&self, number: u64, share: u32) -> u32 {
        draw(number, 0, share)
    }

    /// Who gets message `number`: the first candidate, the second, and so on.
    #[must_use]
    pub fn receiver(&self, number: u64, candidate: u32) -> u32 {
        draw(number, u64::from(candidate) + 1, self.users)
    }
}

fn draw(number: u64, which: u64, below: u32) -> u32 {
    let mut rng = Rng::new(number.wrapping_mul(64).wrapping_add(which));
    rng.below(u64::from(below.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written_or_not_at_all() {
        let letter = Letter {
            sender: 7,
            receiver: 999_999,
            number: 1 << 40,
            time: Tick(12_345),
        };
        let body = letter.body();
        assert_eq!(Letter::read(&body), Some(letter));
        for wrong in [
            body.replace("mega", "giga"),
            body.replace("words", "wards"),
            body.trim_end_matches('\u{20ac}').to_owned(),
            format!("{body} "),
            String::new(),
        ] {
            assert_eq!(Letter::read(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn traffic_is_even_and_pairs_are_drawn_from_all() {
        let traffic = Traffic {
            users: 10,
            rate: 100,
            duration: Duration::from_millis(2_500),
            shards: 2,
        };
        assert_eq!(traffic.messages(), 250);
        assert_eq!(traffic.due(249), Duration::from_millis(2_490));
        let mut met = [0; 10];
        (0..1_000).for_each(|n| met[traffic.receiver(n, 0) as usize] += 1);
        assert!(met.iter().all(|&n| (50..150).contains(&n)), "{met:?}");
        assert!((0..100).all(|n| traffic.sender(n, 5) < 5));
    }
}
