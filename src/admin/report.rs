//! What the reading side knows: the shards' pages, and how far the process has come.

use megaphone_metrics::{Exposition, Format, Page, Snapshot};
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A shard that has published nothing for so long stands still: it publishes at least once a second.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Attempts to read a page; one fails only if the shard publishes twice while it is copied.
const READ_ATTEMPTS: usize = 100;
/// How long a scrape waits for shards to publish; what a shard that is too busy published before is taken then.
const FRESH_WAIT: Duration = Duration::from_millis(100);
/// The pause between two looks meanwhile.
const FRESH_PAUSE: Duration = Duration::from_micros(200);

/// How far the process has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// Not every shard serves yet.
    Starting = 0,
    /// Clients are welcome.
    Serving = 1,
    /// Clients are being closed, new ones are not.
    Draining = 2,
}

/// The pages of one shard, one for each of its parts that counts: engine and machine.
pub type ShardPages = Vec<Arc<Page>>;

/// Asks all shards to publish.
type Ask = Box<dyn Fn() + Send + Sync>;

/// The pages of all shards and the stage of the process, shared by the threads that answer.
pub struct Report {
    started: Instant,
    stage: AtomicU8,
    links: Vec<String>,
    pages: Vec<ShardPages>,
    /// Per shard: publications when last looked at, and when that number was first seen.
    seen: Mutex<Vec<(u64, Instant)>>,
    ask: OnceLock<Ask>,
    /// One scrape at a time asks, so that many of them cost a shard no more than one.
    asking: Mutex<()>,
}

impl Report {
    /// A report over the shards' pages, by shard number; `links` are the names of the configured links.
    #[must_use]
    pub fn new(pages: Vec<ShardPages>, links: Vec<String>) -> Report {
        let started = Instant::now();
        let seen = Mutex::new(vec![(0, started); pages.len()]);
        Report {
            started,
            stage: AtomicU8::new(Stage::Starting as u8),
            links,
            pages,
            seen,
            ask: OnceLock::new(),
            asking: Mutex::new(()),
        }
    }

    /// Notes how far the process has come.
    pub fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    /// Lets scrapes ask for figures of the moment: `ask` makes every shard publish soon. Without it they are as old as
    /// the last publication that a shard made on its own.
    pub fn ask_with(&self, ask: impl Fn() + Send + Sync + 'static) {
        // Set once, when the shards run; a second call would change nothing for the better.
        let _ = self.ask.set(Box::new(ask));
    }

    /// Asks the shards to publish and waits until they have, or for [`FRESH_WAIT`].
    fn freshen(&self) {
        let Some(ask) = self.ask.get() else {
            return;
        };
        let _alone = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let pages = || self.pages.iter().flatten();
        let before: Vec<u64> = pages().map(|page| page.publications()).collect();
        let end = Instant::now() + FRESH_WAIT;
        ask();
        while pages()
            .zip(&before)
            .any(|(page, before)| page.publications() == *before)
            && Instant::now() < end
        {
            thread::sleep(FRESH_PAUSE);
        }
    }

    /// The exposition of all figures.
    #[must_use]
    pub fn metrics(&self, format: Format) -> String {
        self.freshen();
        let shards: Vec<Snapshot> = self.pages.iter().map(|pages| read(pages)).collect();
        let exposition = Exposition {
            build: &[("version", env!("CARGO_PKG_VERSION"))],
            uptime: self.started.elapsed(),
            links: &self.links,
            shards: &shards,
        };
        exposition.render(format)
    }

    /// Whether every shard is alive: one that stands still stops publishing.
    ///
    /// # Errors
    ///
    /// A sentence that names the first shard that stands still.
    pub fn health(&self, now: Instant) -> Result<String, String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for (shard, (pages, (count, since))) in self.pages.iter().zip(seen.iter_mut()).enumerate() {
            let publications = pages.iter().map(|page| page.publications()).sum();
            if publications != *count {
                (*count, *since) = (publications, now);
            }
            let silence = now.saturating_duration_since(*since);
            if silence > SILENCE_MAX {
                return Err(format!(
                    "shard {shard} has published nothing for {} s",
                    silence.as_secs()
                ));
            }
        }
        Ok(format!("all {} shards are alive", self.pages.len()))
    }

    /// Whether new clients are welcome.
    ///
    /// # Errors
    ///
    /// A sentence that says why not.
    pub fn readiness(&self) -> Result<String, String> {
        match self.stage.load(Ordering::Acquire) {
            stage if stage == Stage::Starting as u8 => Err("starting".into()),
            stage if stage == Stage::Serving as u8 => Ok("serving".into()),
            _ => Err("draining".into()),
        }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            stage,
            links,
            pages,
            ..
        } = self;
        f.debug_struct("Report")
            .field("stage", stage)
            .field("links", links)
            .field("shards", &pages.len())
            .finish_non_exhaustive()
    }
}

/// The last publications of a shard's parts, together.
fn read(pages: &[Arc<Page>]) -> Snapshot {
    let (mut shard, mut part) = (Snapshot::new(), Snapshot::new());
    for page in pages {
        // A page that is torn again and again is left out: its figures are back with the next scrape.
        if (0..READ_ATTEMPTS).any(|_| page.read(&mut part)) {
            shard.merge(&part);
        }
    }
    shard
}
