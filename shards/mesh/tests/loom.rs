//! Model checks: every interleaving of two shards and a few operations, under the C11 memory model.
//!
//! Run by `scripts/loom`: `RUSTFLAGS="--cfg loom" cargo test -p megaphone-mesh --release --test loom`.
#![cfg(loom)]

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Notify};
use loom::thread;
use megaphone_mesh::{Port, Return, mesh};

fn pair(capacity: u32) -> (Port<Box<u32>>, Port<Box<u32>>) {
    let mut ports = mesh(2, capacity);
    let b = ports.pop().unwrap();
    (ports.pop().unwrap(), b)
}

fn model(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(check);
}

/// One shard's part: send `items`, take and answer what comes until `expected` items came and all of ours are settled.
fn shard(port: &mut Port<Box<u32>>, items: u32, expected: u32, mine: &Notify, theirs: &Notify) {
    let other = 1 - port.shard();
    let (mut sent, mut settled, mut received) = (0, 0, 0);
    loop {
        while let Some((_, back)) = port.next_return() {
            assert_eq!(back.tag, settled);
            settled += 1;
        }
        while let Some((_, item)) = port.next_item() {
            assert_eq!(*item, received);
            port.give_back(
                other,
                Return {
                    tag: received,
                    block: None,
                },
            )
            .unwrap();
            received += 1;
        }
        while sent < items && port.outstanding(other) < port.capacity() {
            port.send(other, Box::new(sent)).unwrap();
            sent += 1;
        }
        port.flush(|_| theirs.notify());
        if settled == items && received == expected {
            return;
        }
        // Only who has no credit, or nothing left to take, has to wait for returns.
        if port.sleep(sent < items || received == expected).is_ok() {
            mine.wait();
            port.wake();
        }
    }
}

fn exchange(capacity: u32, there: u32, back: u32, preemptions: usize) {
    model(preemptions, move || {
        let (mut a, mut b) = pair(capacity);
        let gates = Arc::new((Notify::default(), Notify::default()));
        let gates_of_b = Arc::clone(&gates);
        let peer = thread::spawn(move || shard(&mut b, back, there, &gates_of_b.1, &gates_of_b.0));
        shard(&mut a, there, back, &gates.0, &gates.1);
        peer.join().unwrap();
    });
}

#[test]
fn one_way_at_capacity_one() {
    exchange(1, 2, 0, 3);
}

#[test]
fn one_way_at_capacity_two() {
    exchange(2, 3, 0, 3);
}

#[test]
fn both_ways_at_capacity_one() {
    exchange(1, 1, 1, 3);
}

/// What was sent and never taken is dropped, whoever goes first (loom reports leaks).
#[test]
fn ports_may_go_in_any_order() {
    model(3, || {
        let (mut a, mut b) = pair(2);
        let peer = thread::spawn(move || {
            let _ = b.next_item();
        });
        a.send(1, Box::new(0)).unwrap();
        a.flush(|_| ());
        a.send(1, Box::new(1)).unwrap();
        drop(a);
        peer.join().unwrap();
    });
}

/// A party outside the mesh makes something visible and asks the bell; the shard looks at it after it declared itself asleep.
#[test]
fn an_outsider_wakes_the_shard() {
    model(3, || {
        let (mut a, _b) = pair(1);
        let bell = a.bell();
        let shared = Arc::new((AtomicBool::new(false), Notify::default()));
        let outside = Arc::clone(&shared);
        let outsider = thread::spawn(move || {
            outside.0.store(true, Ordering::Release);
            if bell.must_ring() {
                outside.1.notify();
            }
        });
        while !shared.0.load(Ordering::Acquire) {
            if a.sleep(true).is_ok() {
                if !shared.0.load(Ordering::Acquire) {
                    shared.1.wait();
                }
                a.wake();
            }
        }
        outsider.join().unwrap();
    });
}
