//! What the reading side knows: the shards' pages, and how far the process has come.

use megaphone_metrics::{Exposition, Format, Page, Snapshot};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A shard that has published nothing for so long stands still: it publishes at least once a second.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Attempts to read a page; one fails only if the shard publishes twice while it is copied.
const READ_ATTEMPTS: usize = 100;

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

/// The pages of all shards and the stage of the process, shared by the threads that answer.
#[derive(Debug)]
pub struct Report {
    started: Instant,
    stage: AtomicU8,
    links: Vec<String>,
    pages: Vec<ShardPages>,
    /// Per shard: publications when last looked at, and when that number was first seen.
    seen: Mutex<Vec<(u64, Instant)>>,
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
        }
    }

    /// Notes how far the process has come.
    pub fn set_stage(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Release);
    }

    /// The exposition of all figures.
    #[must_use]
    pub fn metrics(&self, format: Format) -> String {
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
