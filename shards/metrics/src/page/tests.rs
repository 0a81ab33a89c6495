use super::*;
use crate::Cells;
use std::sync::atomic::AtomicBool;

#[test]
fn what_was_published_is_read_back() {
    let (mut cells, page, mut snapshot) = (Cells::new(2), Page::new(2), Snapshot::new());
    assert!(page.read(&mut snapshot));
    assert_eq!(snapshot.get(Metric::FramesIn), 0);

    cells.add(Metric::FramesIn, 3);
    cells.set(Metric::OverloadLevel, 2);
    cells.link_add(1, LinkMetric::CreditStarved, 5);
    cells.record(Histogram::ReactorStall, 700);
    assert!(page.read(&mut snapshot));
    assert_eq!(
        snapshot.get(Metric::FramesIn),
        0,
        "nothing shows before it is published"
    );

    cells.publish(&page);
    assert!(page.read(&mut snapshot));
    assert_eq!(snapshot.get(Metric::FramesIn), 3);
    assert_eq!(snapshot.get(Metric::OverloadLevel), 2);
    assert_eq!(
        (
            snapshot.link(0, LinkMetric::CreditStarved),
            snapshot.link(1, LinkMetric::CreditStarved)
        ),
        (0, 5)
    );
    assert_eq!(
        snapshot.histogram(Histogram::ReactorStall),
        *cells.histogram(Histogram::ReactorStall)
    );
    assert_eq!(snapshot.histogram(Histogram::FrameLatency).count(), 0);
    assert_eq!(page.publications(), 1);
}

#[test]
fn two_pages_of_one_shard_make_one_snapshot() {
    let (mut engine, mut machine) = (Cells::new(0), Cells::new(2));
    engine.add(Metric::UringEnter, 3);
    machine.add(Metric::FramesIn, 4);
    machine.link_add(1, LinkMetric::Up, 1);
    engine.record(Histogram::ReactorStall, 9);
    let mut merged = Snapshot::new();
    for (cells, links) in [(&engine, 0), (&machine, 2)] {
        let (page, mut snapshot) = (Page::new(links), Snapshot::new());
        cells.publish(&page);
        assert!(page.read(&mut snapshot));
        merged.merge(&snapshot);
    }
    assert_eq!(
        (merged.get(Metric::UringEnter), merged.get(Metric::FramesIn)),
        (3, 4)
    );
    assert_eq!(merged.link(1, LinkMetric::Up), 1);
    assert_eq!(merged.histogram(Histogram::ReactorStall).count(), 1);
}

#[test]
fn links_that_were_not_configured_are_ignored() {
    let (mut cells, page, mut snapshot) = (Cells::new(1), Page::new(1), Snapshot::new());
    cells.link_add(1, LinkMetric::Up, 1);
    cells.link_set(7, LinkMetric::Up, 1);
    cells.publish(&page);
    assert!(page.read(&mut snapshot));
    assert_eq!(
        (
            cells.link_get(1, LinkMetric::Up),
            snapshot.link(1, LinkMetric::Up)
        ),
        (0, 0)
    );
}

#[test]
fn pages_share_no_cache_line() {
    assert_eq!(
        (align_of::<Page>(), align_of::<Line>(), size_of::<Line>()),
        (128, 128, 128)
    );
}

/// A writer publishes pages whose words are all the same; whatever a reader accepts must be of one piece.
#[test]
fn a_reader_never_accepts_a_torn_page() {
    let (page, done) = (Page::new(0), AtomicBool::new(false));
    let accepted = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut snapshot, mut accepted, mut newest) = (Snapshot::new(), 0_u64, 0);
            while !done.load(Ordering::Relaxed) || accepted == 0 {
                if page.read(&mut snapshot) {
                    let words = &snapshot.words[..layout::words(0)];
                    assert!(words.iter().all(|word| *word == words[0]), "torn");
                    assert!(words[0] >= newest, "went back in time");
                    newest = words[0];
                    accepted += 1;
                }
            }
            accepted
        });
        for publication in 1..=3_000 {
            page.write(std::iter::repeat(publication));
        }
        done.store(true, Ordering::Relaxed);
        reader.join().expect("the reader's assertions hold")
    });
    assert!(accepted > 0);
}
