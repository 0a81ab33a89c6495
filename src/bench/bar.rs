//! The line that moves on a terminal while a run goes on; nothing elsewhere. It shows, and knows of no shard.

use super::board::Tally;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// What the line looks like while connections are opened: how many are there, of how many, and how many come in a second.
const OPENING: &str = "connections {bar:40} {pos}/{len}  {per_sec}";
/// While packets are sent: how much of the time has passed, and what came of it.
const SENDING: &str = "sending     {bar:40} {percent}%  {msg}";

/// The line. It is about connections first, and then about time.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    /// Packets that had come back when it was last drawn.
    received: u64,
}

impl Bar {
    /// The line of a run that opens so many connections, on standard error if that is a terminal.
    #[must_use]
    pub fn of_opening(connections: u32) -> Bar {
        Self::opening_on(ProgressDrawTarget::stderr(), connections)
    }

    /// The line of a run that sends for so long.
    #[must_use]
    pub fn of_sending(length: Duration) -> Bar {
        Self::sending_on(ProgressDrawTarget::stderr(), length)
    }

    fn opening_on(target: ProgressDrawTarget, connections: u32) -> Bar {
        Self::new(target, u64::from(connections), OPENING)
    }

    fn sending_on(target: ProgressDrawTarget, length: Duration) -> Bar {
        Self::new(target, milliseconds(length), SENDING)
    }

    fn new(target: ProgressDrawTarget, length: u64, template: &str) -> Bar {
        let style = ProgressStyle::with_template(template);
        let style = style.expect("the templates are constant and right");
        Bar {
            bar: ProgressBar::with_draw_target(Some(length), target).with_style(style),
            received: 0,
        }
    }

    /// So many connections are there.
    pub fn opened(&self, connections: u64) {
        self.bar.set_position(connections);
    }

    /// Packets have been sent for so long, and this is what came of it.
    pub fn sent(&mut self, elapsed: Duration, total: Tally) {
        self.bar.set_position(milliseconds(elapsed));
        if total.received != std::mem::replace(&mut self.received, total.received) {
            let Tally {
                packets, errors, ..
            } = total;
            self.bar
                .set_message(format!("{packets} packets, {errors} errors"));
        }
    }

    /// Takes the line away: what follows is text.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::TermLike;
    use std::io;
    use std::sync::{Arc, Mutex, PoisonError};

    /// A terminal of one line.
    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<String>>);

    impl Paper {
        fn target(&self) -> ProgressDrawTarget {
            ProgressDrawTarget::term_like(Box::new(self.clone()))
        }

        fn edit(&self, edit: impl FnOnce(&mut String)) -> io::Result<()> {
            edit(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(())
        }

        fn line(&self) -> String {
            let line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            line.trim_end().to_owned()
        }
    }

    impl TermLike for Paper {
        fn width(&self) -> u16 {
            120
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.edit(|line| line.push_str(text))
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.edit(|line| line.push_str(text))
        }

        fn clear_line(&self) -> io::Result<()> {
            self.edit(String::clear)
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A bar of 40 places, so many of them full.
    fn bar(full: usize) -> String {
        "█".repeat(full) + &"░".repeat(40 - full)
    }

    #[test]
    fn connections_are_counted_and_then_time_is() {
        let paper = Paper::default();
        let line = Bar::opening_on(paper.target(), 1_000);
        line.opened(250);
        line.bar.tick();
        let expected = format!("connections {} 250/1000  ", bar(10));
        assert!(paper.line().starts_with(&expected), "{:?}", paper.line());
        line.clear();
        assert_eq!(paper.line(), "");

        let mut line = Bar::sending_on(paper.target(), Duration::from_secs(10));
        let total = Tally {
            packets: 70,
            received: 90,
            errors: 3,
            ..Tally::default()
        };
        line.sent(Duration::from_millis(7_500), total);
        line.bar.tick();
        assert_eq!(
            paper.line(),
            format!("sending     {} 75%  70 packets, 3 errors", bar(30))
        );
        line.clear();
        assert_eq!(paper.line(), "");
    }

    #[test]
    fn a_run_that_takes_longer_than_it_should_has_a_full_bar() {
        let paper = Paper::default();
        let mut line = Bar::sending_on(paper.target(), Duration::from_secs(1));
        line.sent(Duration::from_secs(3), Tally::default());
        line.bar.tick();
        assert_eq!(
            paper.line(),
            format!("sending     {} 100%", bar(40)),
            "as nothing came back there is nothing to say"
        );
    }
}
