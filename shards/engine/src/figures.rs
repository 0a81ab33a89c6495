//! The shard's figures on their way to where a scrape reads them, a few times a second at most.

use crate::shard::Shard;
use megaphone_core::Machine;
use megaphone_metrics::Metric;
use megaphone_pool::Class;

impl<M: Machine> Shard<M> {
    /// Copies the engine's figures to its page, and lets the machine do the same.
    pub(crate) fn publish(&mut self) {
        self.published = self.now;
        let figures = self.ring.take_figures();
        let cells = &mut self.cells;
        cells.add(Metric::UringEnter, figures.enters);
        cells.add(Metric::UringSqes, figures.submitted);
        cells.add(Metric::UringCqes, figures.completed);
        cells.add(Metric::UringCqOverflow, figures.overflows);
        cells.add(Metric::UringSqFull, figures.full);
        // Blocks whose last loan another shard dropped are home, but still counted as leased.
        self.pool.collect_strays();
        let (mut free, mut kernel, mut leased) = (0, 0, 0);
        for class in Class::ALL {
            let counts = self.pool.counts(class);
            free += u64::from(counts.free);
            kernel += u64::from(counts.kernel);
            leased += u64::from(counts.leased);
        }
        cells.set(Metric::PoolBlocksFree, free);
        cells.set(Metric::PoolBlocksKernel, kernel);
        cells.set(Metric::PoolBlocksLeased, leased);
        cells.set(Metric::PoolStrays, self.pool.traffic().strays);
        cells.set(Metric::DatagramsWaiting, self.datagrams.waiting());
        let starved = self.starved.len() as u64;
        let others = self.active + starved + self.closing;
        cells.set(
            Metric::ConnectionsParked,
            (self.slots.live() as u64).saturating_sub(others),
        );
        cells.set(Metric::ConnectionsActive, self.active);
        cells.set(Metric::ConnectionsStarved, starved);
        cells.set(Metric::ConnectionsClosing, self.closing);
        if let Some(page) = &self.page {
            cells.publish(page);
        }
        self.machine.publish(self.now);
    }
}
