//! Where a shard counts: plain numbers with one writer; not what a scrape reads.

use crate::histogram::BUCKETS;
use crate::{Buckets, Histogram, LinkMetric, Metric, Page};

/// The figures of one shard, owned by its thread.
///
/// No atomics and no sharing: counting is an array index and an addition. [`Cells::publish`] copies
/// everything into the shard's [`Page`] a few times a second.
#[derive(Clone, Debug)]
pub struct Cells {
    figures: [u64; Metric::COUNT],
    links: Box<[[u64; LinkMetric::COUNT]]>,
    histograms: Box<[Buckets; Histogram::COUNT]>,
}

impl Cells {
    /// All zero, with room for `links` configured links.
    #[must_use]
    pub fn new(links: usize) -> Cells {
        Cells {
            figures: [0; Metric::COUNT],
            links: vec![[0; LinkMetric::COUNT]; links].into(),
            histograms: Box::new([const { Buckets::new() }; Histogram::COUNT]),
        }
    }

    /// Adds to a counter, or raises a gauge.
    #[inline]
    pub fn add(&mut self, metric: Metric, count: u64) {
        self.figures[metric as usize] += count;
    }

    /// Lowers a gauge. Never below zero: that is a bug of the caller, loud in debug builds.
    #[inline]
    pub fn sub(&mut self, metric: Metric, count: u64) {
        let figure = &mut self.figures[metric as usize];
        debug_assert!(*figure >= count, "{metric:?} falls below zero");
        *figure = figure.saturating_sub(count);
    }

    /// Sets a gauge.
    #[inline]
    pub fn set(&mut self, metric: Metric, value: u64) {
        self.figures[metric as usize] = value;
    }

    /// The present value.
    #[must_use]
    pub fn get(&self, metric: Metric) -> u64 {
        self.figures[metric as usize]
    }

    /// Adds to a link's counter, or raises its gauge. A link that was not configured is ignored.
    #[inline]
    pub fn link_add(&mut self, link: usize, metric: LinkMetric, count: u64) {
        if let Some(figures) = self.links.get_mut(link) {
            figures[metric as usize] += count;
        }
    }

    /// Lowers a link's gauge, never below zero.
    #[inline]
    pub fn link_sub(&mut self, link: usize, metric: LinkMetric, count: u64) {
        if let Some(figures) = self.links.get_mut(link) {
            debug_assert!(
                figures[metric as usize] >= count,
                "{metric:?} falls below zero"
            );
            figures[metric as usize] = figures[metric as usize].saturating_sub(count);
        }
    }

    /// Sets a link's gauge.
    #[inline]
    pub fn link_set(&mut self, link: usize, metric: LinkMetric, value: u64) {
        if let Some(figures) = self.links.get_mut(link) {
            figures[metric as usize] = value;
        }
    }

    /// A link's present value; 0 for a link that was not configured.
    #[must_use]
    pub fn link_get(&self, link: usize, metric: LinkMetric) -> u64 {
        self.links
            .get(link)
            .map_or(0, |figures| figures[metric as usize])
    }

    /// Counts one value of a distribution (nanoseconds for those in seconds).
    #[inline]
    pub fn record(&mut self, histogram: Histogram, value: u64) {
        self.histograms[histogram as usize].record(value);
    }

    /// Sets a distribution that is counted elsewhere.
    pub fn set_histogram(&mut self, histogram: Histogram, buckets: Buckets) {
        self.histograms[histogram as usize] = buckets;
    }

    /// A distribution as it is now.
    #[must_use]
    pub fn histogram(&self, histogram: Histogram) -> &Buckets {
        &self.histograms[histogram as usize]
    }

    /// Copies everything to the page, where scrapes read it. The page must have been made for as many
    /// links; figures of links that it has no room for are left out.
    pub fn publish(&self, page: &Page) {
        let links = self.links.iter().flatten();
        let histograms = self
            .histograms
            .iter()
            .flat_map(|b| b.counts.iter().chain(std::iter::once(&b.sum)));
        page.write(histograms.chain(&self.figures).chain(links).copied());
    }
}

/// How a page lays the cells out: histograms, then figures, then links.
pub(crate) mod layout {
    use super::{BUCKETS, Histogram, LinkMetric, Metric};

    /// Buckets and sum.
    pub(crate) const HISTOGRAM: usize = BUCKETS + 1;
    pub(crate) const FIGURES: usize = Histogram::COUNT * HISTOGRAM;
    pub(crate) const LINKS: usize = FIGURES + Metric::COUNT;

    /// Words of a page with `links` links.
    pub(crate) const fn words(links: usize) -> usize {
        LINKS + links * LinkMetric::COUNT
    }
}
