//! Gathers: order, cutting, coalescing, what they pin.

use super::{assert_whole, pattern, small_pool};
use crate::{Class, Gather, Piece, Pool};

/// As the kernel does it: `bytes` at the front of a receive block of its own.
fn received(pool: &Pool, bytes: &[u8]) -> crate::Lease {
    let mut writer = pool.writable(Class::Receive).expect("a block");
    assert_eq!(writer.put(bytes), bytes.len());
    writer.freeze()
}

#[test]
fn an_empty_gather_allocates_nothing() {
    assert_eq!(Gather::new().list_capacity(), 0);
    assert!(Gather::new().is_empty());
    assert_eq!(Gather::new().front(), b"");
    assert_eq!(Gather::new().peek(&mut [0; 4]), 0);
}

#[test]
fn bytes_come_out_in_the_order_they_went_in() {
    let pool = small_pool();
    let mut gather = pool.gather();
    gather.push_bytes(&pool, b"head ").expect("room");
    gather.push_lease(received(&pool, &[b'a'; 500]));
    gather.push_bytes(&pool, b" tail").expect("room");
    assert!(
        gather
            .push_loan(&pool, received(&pool, &[b'b'; 300]).lend())
            .is_none()
    );
    let home = gather
        .push_loan(&pool, received(&pool, b"short").lend())
        .expect("copied at once");
    pool.take_back(home);
    let expected = [
        &b"head "[..],
        &[b'a'; 500],
        b" tail",
        &[b'b'; 300],
        b"short",
    ]
    .concat();
    assert_eq!(
        (gather.to_vec(), gather.len()),
        (expected.clone(), expected.len())
    );
    assert_eq!(gather.pieces().len(), 5);
    let mut peeked = [0; 33];
    assert_eq!(gather.peek(&mut peeked), 33);
    assert_eq!(peeked, expected[..33]);
    let mut loans = 0;
    gather.advance(700, |piece| {
        loans += usize::from(matches!(piece, Piece::Loan(_)))
    });
    assert_eq!((gather.to_vec(), loans), (expected[700..].to_vec(), 0));
    gather.advance(usize::MAX, |piece| {
        if let Piece::Loan(loan) = piece {
            loans += 1;
            pool.take_back(loan.into_returned());
        }
    });
    assert_eq!((gather.len(), loans), (0, 1));
    assert_whole(&pool);
}

#[test]
fn every_prefix_can_be_taken() {
    let pool = small_pool();
    let bytes = pattern(0, 700);
    for n in 0..=701 {
        let mut gather = pool.gather();
        gather.push_lease(received(&pool, &bytes[..300]));
        assert!(
            gather
                .push_loan(&pool, received(&pool, &bytes[300..600]).lend())
                .is_none()
        );
        gather.push_bytes(&pool, &bytes[600..]).expect("room");
        let mut front = pool.gather();
        gather.take_front(n, &mut front);
        let n = n.min(700);
        assert_eq!(
            (front.to_vec(), gather.to_vec()),
            (bytes[..n].to_vec(), bytes[n..].to_vec())
        );
        pool.recycle(front);
        pool.recycle(gather);
        assert_whole(&pool);
    }
}

#[test]
fn leases_that_continue_each_other_are_one_piece() {
    let pool = small_pool();
    let bytes = pattern(9, 1000);
    let mut rest = received(&pool, &bytes);
    let mut gather = pool.gather();
    while !rest.is_empty() {
        gather.push_lease(rest.split_to(10));
    }
    assert_eq!((gather.piece_count(), pool.traffic().copied_bytes), (1, 0));
    let mut front = pool.gather();
    gather.take_front(400, &mut front);
    front.append(&mut gather);
    assert_eq!((front.piece_count(), front.to_vec()), (1, bytes));
}

#[test]
fn short_arrivals_cannot_pin_whole_blocks() {
    let pool = Pool::new(&crate::PoolConfig::new(0)).expect("a pool");
    for arrival in [1, 2, 7, 100, 129, 255, 256, 300] {
        let mut gather = pool.gather();
        for i in 0..4000_usize.div_ceil(arrival) {
            gather.push_lease(received(&pool, &pattern(i * arrival, arrival)));
            let pinned: u32 = Class::ALL
                .iter()
                .map(|&class| pool.counts(class).leased * pool.block_bytes(class) as u32)
                .sum();
            assert!(
                pinned as usize <= 8 * gather.len() + 2 * 2048,
                "{pinned} pinned for {}",
                gather.len()
            );
        }
        assert_eq!(gather.to_vec(), pattern(0, gather.len()));
        pool.recycle(gather);
    }
    assert_whole(&pool);
}

#[test]
fn what_waits_settles_into_small_blocks() {
    let pool = small_pool();
    let mut gather = pool.gather();
    assert!(!gather.settle(&pool));
    let mut lease = received(&pool, &pattern(0, 2048));
    lease.advance(2000);
    gather.push_lease(lease);
    assert_eq!(gather.pinned_bytes(), 2048);
    assert!(gather.settle(&pool));
    assert_eq!(
        (gather.pinned_bytes(), gather.to_vec()),
        (256, pattern(2000, 48))
    );
    assert!(!gather.settle(&pool), "it is settled");
    gather.push_lease(received(&pool, b"more"));
    assert_eq!(
        (gather.pinned_bytes(), gather.piece_count()),
        (256, 1),
        "the rest joins it"
    );
    assert_eq!(pool.counts(Class::Receive).leased, 0);
    pool.recycle(gather);
    assert_whole(&pool);
}

#[test]
fn exhaustion_leaves_a_gather_as_it_was() {
    let pool = small_pool();
    let bytes = pattern(0, 60_000);
    for takes in 0..8 {
        let mut gather = pool.gather();
        gather.push_bytes(&pool, b"before").expect("room");
        pool.refuse_after(Some(takes));
        let outcome = gather.push_bytes(&pool, &bytes);
        pool.refuse_after(None);
        if outcome.is_err() {
            assert_eq!(gather.to_vec(), b"before");
        } else {
            assert_eq!(gather.len(), 60_006);
            assert_eq!(gather.to_vec()[6..], bytes);
        }
        assert_eq!(outcome.is_err(), takes < 4, "{takes}");
        gather.push_bytes(&pool, b" after").expect("room");
        assert!(gather.to_vec().ends_with(b" after"));
        pool.recycle(gather);
        assert_whole(&pool);
    }
}

#[test]
fn parts_stand_together_or_not_at_all() {
    let pool = small_pool();
    let body = pattern(0, 300);
    let mut gather = pool.gather();
    gather
        .push_parts(&pool, &[b"head", &[], &body])
        .expect("room");
    let whole = [b"head", &body[..]].concat();
    assert_eq!((gather.to_vec(), gather.piece_count()), (whole.clone(), 1));
    pool.refuse_after(Some(0));
    let long = pattern(1, 60_000);
    assert!(gather.push_parts(&pool, &[b"more", &long]).is_err());
    pool.refuse_after(None);
    assert_eq!(gather.to_vec(), whole);
    pool.recycle(gather);
    assert_whole(&pool);
}

#[test]
fn without_a_block_to_copy_into_a_short_lease_is_forwarded() {
    let pool = small_pool();
    let mut gather = pool.gather();
    gather.push_lease(received(&pool, b"one "));
    let two = received(&pool, b"two");
    pool.refuse_after(Some(0));
    gather.push_lease(two);
    pool.refuse_after(None);
    assert_eq!(
        (gather.to_vec(), gather.piece_count()),
        (b"one two".to_vec(), 2)
    );
}

#[test]
fn bytes_in_front_stay_where_they_are() {
    let pool = small_pool();
    let mut gather = pool.gather();
    gather.push_bytes(&pool, b"first").expect("room");
    let at = gather.front().as_ptr();
    for i in 0..2000 {
        gather.push_bytes(&pool, &pattern(i, 3)).expect("room");
        gather.push_lease(received(&pool, &pattern(i, 5)));
        assert_eq!(
            (gather.front().as_ptr(), &gather.front()[..5]),
            (at, &b"first"[..])
        );
    }
}

#[test]
fn an_empty_gather_holds_no_block() {
    let pool = small_pool();
    let mut gather = pool.gather();
    gather.push_bytes(&pool, b"abc").expect("room");
    gather.advance(3, drop);
    assert_whole(&pool);
    gather.push_bytes(&pool, b"abc").expect("room");
    let mut other = pool.gather();
    gather.take_front(3, &mut other);
    other.clear();
    assert_whole(&pool);
    gather.push_bytes(&pool, b"abc").expect("room");
    assert!(gather.pop_piece().is_some());
    assert!(gather.pop_piece().is_none());
    assert_whole(&pool);
}

#[test]
fn lists_are_used_again() {
    let pool = small_pool();
    let mut gather = pool.gather();
    gather.push_bytes(&pool, b"abc").expect("room");
    let capacity = gather.list_capacity();
    assert!(capacity > 0);
    pool.recycle(gather);
    assert_whole(&pool);
    assert_eq!(pool.gather().list_capacity(), capacity);
}

#[test]
fn a_very_long_list_is_not_kept() {
    let pool = small_pool();
    let lease = received(&pool, &[1; 1000]);
    for (pieces, kept) in [(256, true), (257, false)] {
        let mut gather = Gather::new();
        for _ in 0..pieces {
            // Twice the same bytes: the second does not continue the first.
            gather.push_lease(lease.clone());
        }
        assert_eq!(
            (gather.piece_count(), gather.list_capacity() <= 256),
            (pieces, kept)
        );
        pool.recycle(gather);
        assert_eq!(pool.gather().list_capacity() > 0, kept);
    }
}
