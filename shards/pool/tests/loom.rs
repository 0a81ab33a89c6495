//! Loans that are dropped on other threads while their owner collects, in every interleaving with at most two preemptions: each is redeemed exactly once, and
//! the owner has a block back only after its borrowers are done with it.
//!
//! Runs under `scripts/loom` only. The bytes of blocks are no atomics, so a cell of the model checker stands for them: it
//! objects when a borrower's look and the owner's next use are not in order.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use megaphone_pool::{Class, Lease, Loan, Pool, PoolConfig};

/// Two preemptions find what more would find, as far as anybody has seen, and keep a test within seconds.
fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(model);
}

/// The smallest pool that does.
fn pool() -> Pool {
    let config = PoolConfig::new(0)
        .with(Class::Parking, 64, 2)
        .with(Class::Receive, 64, 1)
        .with(Class::Bulk, 64, 1);
    Pool::new(&config).expect("a pool")
}

fn lease(pool: &Pool) -> Lease {
    pool.copy_in(b"bytes").expect("room")
}

/// Stands for the bytes of a block.
type Bytes = Arc<UnsafeCell<u8>>;

fn bytes() -> Bytes {
    Arc::new(UnsafeCell::new(0))
}

/// Looks at the bytes, then drops the loan.
fn borrow(bytes: &Bytes, loan: Loan) {
    // SAFETY: the model checker is told of the access and judges it; that is the point.
    bytes.with(|byte| assert_eq!(unsafe { *byte }, 0));
    drop(loan);
}

/// Collects until all blocks are back, then uses them again. Says how many strays there were.
fn collect(pool: &Pool, bytes: &Bytes) -> usize {
    let mut strays = 0;
    while !pool.is_whole() {
        strays += pool.collect_strays();
        thread::yield_now();
    }
    // SAFETY: as above.
    bytes.with_mut(|byte| unsafe { *byte = 1 });
    assert!(pool.audit());
    strays
}

/// A borrower's thread.
fn lend(bytes: &Bytes, loan: Loan) -> thread::JoinHandle<()> {
    let bytes = bytes.clone();
    thread::spawn(move || borrow(&bytes, loan))
}

#[test]
fn two_loans_of_one_block() {
    check(|| {
        let (pool, bytes) = (pool(), bytes());
        let mine = lease(&pool);
        let borrowers = [mine.clone().lend(), mine.lend()].map(|loan| lend(&bytes, loan));
        assert_eq!(collect(&pool, &bytes), 2);
        borrowers
            .into_iter()
            .for_each(|borrower| borrower.join().expect("no panic"));
    });
}

#[test]
fn loans_of_two_blocks() {
    check(|| {
        let (pool, bytes) = (pool(), bytes());
        let borrowers = [lease(&pool).lend(), lease(&pool).lend()].map(|loan| lend(&bytes, loan));
        assert_eq!(collect(&pool, &bytes), 2);
        borrowers
            .into_iter()
            .for_each(|borrower| borrower.join().expect("no panic"));
    });
}

#[test]
fn a_block_becomes_a_stray_again_and_again() {
    check(|| {
        let (pool, bytes) = (pool(), bytes());
        let mine = lease(&pool);
        let (first, second) = (mine.clone().lend(), mine.lend());
        let borrower = thread::spawn({
            let bytes = bytes.clone();
            move || {
                drop(first);
                borrow(&bytes, second);
            }
        });
        assert_eq!(collect(&pool, &bytes), 2);
        borrower.join().expect("no panic");
    });
}

#[test]
fn parts_of_a_split_loan() {
    check(|| {
        let (pool, bytes) = (pool(), bytes());
        let mut front = lease(&pool).lend();
        let back = front.split_to(2);
        let splitter = thread::spawn({
            let bytes = bytes.clone();
            move || {
                drop(front.split_to(1));
                borrow(&bytes, front);
            }
        });
        let borrower = lend(&bytes, back);
        assert_eq!(collect(&pool, &bytes), 3);
        splitter.join().expect("no panic");
        borrower.join().expect("no panic");
    });
}

#[test]
fn a_token_comes_home_while_its_twin_is_dropped() {
    check(|| {
        let (pool, bytes) = (pool(), bytes());
        let mine = lease(&pool);
        let kept = mine.clone().lend();
        let borrower = lend(&bytes, mine.lend());
        assert!(pool.take_back(kept.into_returned()));
        assert_eq!(collect(&pool, &bytes), 1);
        borrower.join().expect("no panic");
    });
}
