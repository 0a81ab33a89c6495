//! Loans: across threads, returned, dropped, split, outliving their pool.

use super::{assert_whole, pattern, small_pool};
use crate::{Class, Closed, Loan, Pool, PoolConfig, Returned};
use std::sync::mpsc;
use std::thread;

#[test]
fn a_loan_travels_and_comes_home() {
    let pool = small_pool();
    let loan = pool.copy_in(b"around the world").expect("room").lend();
    assert_eq!((loan.owner(), pool.counts(Class::Parking).lent), (7, 1));
    let returned = thread::spawn(move || {
        assert_eq!(&*loan, b"around the world");
        loan.into_returned()
    })
    .join()
    .expect("the borrower");
    assert_eq!(pool.counts(Class::Parking).leased, 1);
    assert!(pool.take_back(returned));
    assert_whole(&pool);
}

#[test]
fn a_block_can_be_leased_and_lent_several_times() {
    let pool = small_pool();
    let lease = pool.copy_in(b"shared").expect("room");
    let loans: Vec<_> = (0..3).map(|_| lease.clone().lend()).collect();
    assert_eq!(pool.counts(Class::Parking).lent, 3);
    drop(lease);
    for (left, loan) in (0..3).rev().zip(loans) {
        assert_eq!(pool.counts(Class::Parking).leased, 1);
        pool.take_back(loan.into_returned());
        assert_eq!(pool.counts(Class::Parking).lent, left);
    }
    assert_whole(&pool);
}

#[test]
fn dropped_loans_and_tokens_are_collected() {
    let pool = small_pool();
    let lease = pool.copy_in(b"lost").expect("room");
    let (a, b, c) = (lease.clone().lend(), lease.clone().lend(), lease.lend());
    let other = pool.copy_in(b"lost too").expect("room").lend();
    thread::spawn(move || {
        drop(a);
        drop(b.into_returned());
        drop(c.into_bytes());
        drop(other);
    })
    .join()
    .expect("the borrower");
    assert_eq!(pool.counts(Class::Parking).leased, 2);
    assert_eq!(pool.collect_strays(), 4);
    assert_eq!(pool.collect_strays(), 0);
    assert_eq!(pool.traffic().strays, 4);
    assert_whole(&pool);
}

#[test]
fn a_loan_narrows_its_view() {
    let pool = small_pool();
    let bytes = pattern(3, 100);
    let mut loan = pool.copy_in(&bytes).expect("room").lend();
    loan.advance(10);
    loan.truncate(50);
    assert_eq!(&*loan, &bytes[10..60]);
    loan.advance(usize::MAX);
    assert!(loan.is_empty());
    pool.take_back(loan.into_returned());
    assert_whole(&pool);
}

#[test]
fn halves_of_a_loan_come_home_one_by_one() {
    let pool = small_pool();
    let bytes = pattern(0, 90);
    let mut rest = pool.copy_in(&bytes).expect("room").lend();
    let halves: Vec<Returned> = thread::spawn(move || {
        let a = rest.split_to(30);
        let b = rest.split_to(30);
        assert_eq!(
            (&*a, &*b, &*rest),
            (&bytes[..30], &bytes[30..60], &bytes[60..])
        );
        [a, b, rest].map(Loan::into_returned).into_iter().collect()
    })
    .join()
    .expect("the borrower");
    for half in halves {
        assert_eq!(pool.counts(Class::Parking).leased, 1);
        pool.take_back(half);
    }
    assert_whole(&pool);
}

#[test]
fn bytes_views_keep_the_block() {
    let pool = small_pool();
    let bytes = pool.copy_in(b"view").expect("room").lend().into_bytes();
    let twin = bytes.slice(1..3);
    drop(bytes);
    assert_eq!(pool.collect_strays(), 0);
    assert_eq!(&twin[..], b"ie");
    drop(twin);
    assert_eq!(pool.collect_strays(), 1);
    assert_whole(&pool);
}

#[test]
fn a_loan_outlives_its_pool_and_its_thread() {
    let loan = thread::spawn(|| {
        let pool = Pool::new(&PoolConfig::new(3)).expect("a pool");
        pool.copy_in(b"orphan").expect("room").lend()
    })
    .join()
    .expect("the owner");
    assert_eq!((&*loan, loan.owner()), (&b"orphan"[..], 3));
    drop(loan.into_returned());
}

#[test]
fn strays_are_collected_when_the_pool_goes() {
    let pool = small_pool();
    drop(pool.copy_in(b"x").expect("room").lend());
    assert_eq!(pool.close(), Closed::Unmapped);
}

#[test]
fn memory_stays_while_anybody_has_a_right_to_it() {
    type Holder = Box<dyn std::any::Any>;
    let holders: [fn(&Pool) -> Holder; 6] = [
        |pool| Box::new(pool.copy_in(b"x").expect("room")),
        |pool| Box::new(pool.copy_in(b"x").expect("room").lend()),
        |pool| Box::new(pool.copy_in(b"x").expect("room").lend().into_returned()),
        |pool| Box::new(pool.writable(Class::Bulk).expect("a block")),
        |pool| Box::new(pool.take_for_kernel(Class::Receive).expect("a block").index),
        |pool| {
            let mut gather = pool.gather();
            gather.push_bytes(pool, b"x").expect("room");
            Box::new(gather)
        },
    ];
    for hold in holders {
        let pool = small_pool();
        let holder = hold(&pool);
        let twin = pool.clone();
        assert_eq!(twin.close(), Closed::Held);
        assert_eq!(pool.close(), Closed::Leaked);
        drop(holder);
    }
    assert_eq!(small_pool().close(), Closed::Unmapped);
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "came home to shard"))]
fn a_loan_of_another_pool_is_not_redeemed_here() {
    let (ours, theirs) = (small_pool(), small_pool());
    let returned = theirs
        .copy_in(b"theirs")
        .expect("room")
        .lend()
        .into_returned();
    assert!(!ours.take_back(returned));
    assert_eq!(theirs.collect_strays(), 1);
}

/// Owners lend, borrowers read, split, return or drop, all at once; afterwards every pool is whole.
#[test]
fn many_threads_borrow_at_once() {
    const ROUNDS: usize = 2_000;
    let pool = small_pool();
    let (home, returns) = mpsc::channel::<Returned>();
    let borrowers: Vec<mpsc::Sender<(usize, Loan)>> = (0..3)
        .map(|borrower| {
            let (to, loans) = mpsc::channel::<(usize, Loan)>();
            let home = home.clone();
            thread::spawn(move || {
                for (round, mut loan) in loans {
                    assert_eq!(&*loan, &pattern(round, 40)[..]);
                    match (round + borrower) % 4 {
                        0 => drop(loan),
                        1 => home.send(loan.into_returned()).expect("the owner listens"),
                        2 => {
                            let front = loan.split_to(11);
                            assert_eq!(&*front, &pattern(round, 11)[..]);
                            drop(front);
                            home.send(loan.into_returned()).expect("the owner listens");
                        }
                        _ => drop(loan.into_bytes().slice(5..)),
                    }
                }
            });
            to
        })
        .collect();
    for round in 0..ROUNDS {
        let lease = loop {
            while let Ok(returned) = returns.try_recv() {
                pool.take_back(returned);
            }
            pool.collect_strays();
            match pool.copy_in(&pattern(round, 40)) {
                Ok(lease) => break lease,
                Err(_) => thread::yield_now(),
            }
        };
        for to in &borrowers {
            to.send((round, lease.clone().lend()))
                .expect("the borrower listens");
        }
    }
    drop((borrowers, home));
    // The channel ends when the last borrower has.
    for returned in returns {
        pool.take_back(returned);
    }
    assert_whole(&pool);
}
