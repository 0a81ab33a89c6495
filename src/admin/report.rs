//! What the reading side knows: the shards' pages, and how far the process has come.

use megaphone_metrics::{Exposition, Format, Page, Snapshot};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A shard that has published nothing for so long stands still: it publishes at least once a second.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// Attempts to read a page that is being published; each publication takes microseconds, once in a while.
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

/// The pages of all shards and the stage of the process, shared by the threads that answer.
#[derive(Debug)]
pub struct Report {
    started: Instant,
    stage: AtomicU8,
    links: Vec<String>,
    pages: Vec<Arc<Page>>,
    /// Per shard: publications when last looked at, and when that number was first seen.
    seen: Mutex<Vec<(u64, Instant)>>,
}

impl Report {
    /// A report over the shards' pages, by shard number; `links` are the names of the configured links.
    #[must_use]
    pub fn new(pages: Vec<Arc<Page>>, links: Vec<String>) -> Report {
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
        let shards: Vec<Snapshot> = self.pages.iter().map(|page| read(page)).collect();
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
        for (shard, (page, (count, since))) in self.pages.iter().zip(seen.iter_mut()).enumerate() {
            let publications = page.publications();
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

/// The last publication of a page; after many torn attempts an older one is no worse than none.
fn read(page: &Page) -> Snapshot {
    let mut snapshot = Snapshot::new();
    for _ in 0..READ_ATTEMPTS {
        if page.read(&mut snapshot) {
            return snapshot;
        }
        thread::yield_now();
    }
    Snapshot::new()
}
