//! Randomised schedules of more shards than loom can exhaust: three shards, all to all, at capacity 1 and 2.
//!
//! Run by `scripts/loom`: `RUSTFLAGS="--cfg shuttle" cargo test -p megaphone-mesh --release --test shuttle`.
#![cfg(shuttle)]

use megaphone_mesh::{Port, Return, mesh};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

const SHARDS: u16 = 3;
const ITEMS: u32 = 4;

#[derive(Default)]
struct Gate {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Gate {
    fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.bell.notify_one();
    }

    fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.bell.wait(rung).unwrap();
        }
        *rung = false;
    }
}

/// Sends [`ITEMS`] numbers to each peer and answers each that comes. A lost wake-up is a deadlock, which shuttle reports.
fn shard(mut port: Port<u32>, gates: &[Gate]) {
    let me = usize::from(port.shard());
    let peers: Vec<u16> = (0..SHARDS).filter(|&peer| peer != port.shard()).collect();
    let mut sent = [0; SHARDS as usize];
    let mut settled = [0; SHARDS as usize];
    let mut received = [0; SHARDS as usize];
    loop {
        if let Some((from, back)) = port.next_return() {
            assert_eq!(back.tag, settled[usize::from(from)]);
            settled[usize::from(from)] += 1;
        }
        if let Some((from, item)) = port.next_item() {
            assert_eq!(item, received[usize::from(from)]);
            received[usize::from(from)] += 1;
            port.give_back(
                from,
                Return {
                    tag: item,
                    block: None,
                },
            )
            .unwrap();
        }
        for &to in &peers {
            while sent[usize::from(to)] < ITEMS && port.outstanding(to) < port.capacity() {
                port.send(to, sent[usize::from(to)]).unwrap();
                sent[usize::from(to)] += 1;
            }
        }
        port.flush(|to| gates[usize::from(to)].ring());
        if peers.iter().all(|&peer| {
            settled[usize::from(peer)] == ITEMS && received[usize::from(peer)] == ITEMS
        }) {
            return;
        }
        // Only who has no credit, or nothing left to take, has to wait for returns.
        let waits = |&peer: &u16| sent[usize::from(peer)] < ITEMS;
        let has_all = |&peer: &u16| received[usize::from(peer)] == ITEMS;
        let returns_wake = peers.iter().any(waits) || peers.iter().all(has_all);
        if port.sleep(returns_wake).is_ok() {
            gates[me].wait();
            port.wake();
        }
    }
}

fn all_to_all(capacity: u32) {
    let gates: Arc<Vec<Gate>> = Arc::new((0..SHARDS).map(|_| Gate::default()).collect());
    let run = |port| {
        let gates = Arc::clone(&gates);
        thread::spawn(move || shard(port, &gates))
    };
    let running: Vec<_> = mesh(SHARDS, capacity).into_iter().map(run).collect();
    for thread in running {
        thread.join().unwrap();
    }
}

#[test]
fn all_to_all_at_capacity_one() {
    shuttle::check_random(|| all_to_all(1), 2_000);
}

#[test]
fn all_to_all_at_capacity_two_with_few_preemptions() {
    shuttle::check_pct(|| all_to_all(2), 2_000, 3);
}
