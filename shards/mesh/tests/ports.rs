//! The mesh as a driver sees it, on one thread and on several real ones.
#![cfg(not(any(loom, shuttle)))]

use megaphone_mesh::{Port, Refusal, Return, Work, memory_bytes, mesh};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

fn credit(tag: u32) -> Return {
    Return { tag, block: None }
}

fn pair<T: Send>(capacity: u32) -> (Port<T>, Port<T>) {
    let mut ports = mesh(2, capacity);
    let b = ports.pop().expect("two ports");
    let a = ports.pop().expect("two ports");
    (a, b)
}

#[test]
fn an_item_arrives_and_its_return_comes_back() {
    let (mut a, mut b) = pair(4);
    a.send(1, "hello").unwrap();
    assert!(
        b.next_item().is_none() && !b.has_work(),
        "unpublished items are invisible"
    );
    a.flush(|_| panic!("nobody sleeps"));
    assert!(b.has_work() && !a.has_work());
    assert_eq!(b.next_item(), Some((0, "hello")));
    assert_eq!(a.outstanding(1), 1);
    b.give_back(0, credit(7)).unwrap();
    b.flush(|_| panic!("nobody sleeps"));
    assert!(a.has_work());
    let (from, back) = a.next_return().unwrap();
    assert_eq!((from, back.tag), (1, 7));
    assert_eq!(a.outstanding(1), 0);
    assert!(a.next_return().is_none() && b.next_item().is_none());
    assert!(b.next_return().is_none() && a.next_item().is_none());
    assert!(!a.has_work() && !b.has_work());
}

#[test]
fn credits_end_at_the_capacity() {
    for capacity in [1, 2, 3, 5, 8] {
        let (mut a, mut b) = pair(capacity);
        for n in 0..capacity {
            a.send(1, n).unwrap();
        }
        let refused = a.send(1, 99).unwrap_err();
        assert_eq!((refused.value, refused.reason), (99, Refusal::NoCredit));
        a.flush(|_| ());
        assert_eq!(b.next_item(), Some((0, 0)));
        assert!(a.send(1, 99).is_err(), "taking alone frees nothing");
        b.give_back(0, credit(0)).unwrap();
        b.flush(|_| ());
        a.next_return().unwrap();
        a.send(1, 99).unwrap();
        assert!(a.send(1, 100).is_err());
    }
}

#[test]
fn what_is_miscounted_is_refused_with_its_value() {
    let (mut a, mut b) = pair(2);
    assert_eq!(a.send(0, 1).unwrap_err().reason, Refusal::NoSuchPeer);
    assert_eq!(a.send(2, 1).unwrap_err().reason, Refusal::NoSuchPeer);
    assert_eq!(
        b.give_back(0, credit(3)).unwrap_err().reason,
        Refusal::NothingToAnswer
    );
    assert_eq!(b.give_back(9, credit(3)).unwrap_err().value.tag, 3);
}

#[test]
fn a_sleeper_is_rung_once_and_only_for_news() {
    let (mut a, mut b) = pair(4);
    b.sleep(true).unwrap();
    a.flush(|_| panic!("nothing to publish"));
    let mut rung = Vec::new();
    a.send(1, 1).unwrap();
    a.flush(|to| rung.push(to));
    a.send(1, 2).unwrap();
    a.flush(|to| rung.push(to));
    assert_eq!(rung, [1]);
    b.wake();
    assert_eq!(b.sleep(true), Err(Work));
    assert_eq!(b.next_item(), Some((0, 1)));
    assert_eq!(b.sleep(true), Err(Work), "one of two taken");
    assert_eq!(b.next_item(), Some((0, 2)));
    assert!(b.next_return().is_none());
    assert_eq!(
        b.sleep(true),
        Ok(()),
        "a served stretch is no work, though its bit was set twice"
    );
}

#[test]
fn who_waits_for_no_return_is_not_rung_for_one() {
    let (mut a, mut b) = pair(4);
    for (returns_wake, rings) in [(true, 1), (false, 0)] {
        a.send(1, 1).unwrap();
        a.flush(|_| panic!("nobody sleeps"));
        assert_eq!(a.sleep(returns_wake), Ok(()));
        b.next_item().unwrap();
        b.give_back(0, credit(7)).unwrap();
        let mut rung = Vec::new();
        b.flush(|to| rung.push(to));
        assert_eq!(rung.len(), rings);
        // An item wakes it, and the return is there.
        b.send(0, 2).unwrap();
        b.flush(|to| rung.push(to));
        assert_eq!(rung, [0]);
        a.wake();
        assert_eq!(a.next_return().unwrap().1.tag, 7);
        assert_eq!(a.next_item(), Some((1, 2)));
        a.give_back(1, credit(8)).unwrap();
        a.flush(|_| ());
        assert_eq!(b.next_return().unwrap().1.tag, 8);
    }
}

#[test]
fn sleep_is_refused_before_the_flush() {
    let (mut a, _b) = pair(4);
    a.send(1, 1).unwrap();
    assert_eq!(a.sleep(true), Err(Work));
    a.flush(|_| ());
    assert_eq!(a.sleep(true), Ok(()));
}

#[test]
fn a_bell_rings_a_sleeper_once() {
    let (mut a, _b) = pair::<u8>(1);
    let bell = a.bell();
    assert!(!bell.must_ring(), "awake");
    a.sleep(true).unwrap();
    assert!(bell.must_ring());
    assert!(!bell.must_ring(), "rung already");
}

#[test]
fn a_chatty_source_does_not_starve_the_others() {
    let mut ports = mesh(70, 8);
    for source in [0, 1, 69] {
        for n in 0..8 {
            ports[source].send(5, (source, n)).unwrap();
        }
        ports[source].flush(|_| ());
    }
    let mut seen = Vec::new();
    while let Some((from, (source, n))) = ports[5].next_item() {
        assert_eq!(usize::from(from), source);
        ports[5].give_back(from, credit(0)).unwrap();
        seen.push((source, n));
        // Source 1 refills its lane as soon as it can.
        ports[5].flush(|_| ());
        if seen.len() < 12 && ports[1].next_return().is_some() {
            ports[1].send(5, (1, 100)).unwrap();
            ports[1].flush(|_| ());
        }
    }
    let last_of_69 = seen.iter().position(|&item| item == (69, 7)).unwrap();
    assert!(last_of_69 < 24, "served within one round: {last_of_69}");
}

/// Counts live instances.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(live: &Arc<AtomicUsize>) -> Self {
        live.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(live))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn what_nobody_took_is_dropped_with_the_last_port() {
    for published in [false, true] {
        for taken in 0..=3 {
            let live = Arc::new(AtomicUsize::new(0));
            let (mut a, mut b) = pair(4);
            for _ in 0..3 {
                a.send(1, Counted::new(&live)).unwrap();
            }
            if published {
                a.flush(|_| ());
                for _ in 0..taken {
                    drop(b.next_item().unwrap());
                }
                assert_eq!(live.load(Ordering::SeqCst), 3 - taken);
            }
            drop(b);
            drop(a);
            assert_eq!(
                live.load(Ordering::SeqCst),
                0,
                "published {published}, taken {taken}"
            );
        }
    }
}

#[test]
fn reserved_memory_is_what_the_budget_says() {
    // 54 shards are 2,916 lanes; with 64 items of 64 bytes each lane has 64 * (64 + return) bytes of slots and two padded words.
    let bytes = memory_bytes::<[u8; 64]>(54, 64);
    let slots = 2_916 * 64 * (64 + size_of::<Return>());
    assert!(
        bytes > slots && bytes < slots + 1_200_000,
        "{bytes} for {slots} bytes of slots"
    );
    assert!(memory_bytes::<u8>(4_096, 1) > memory_bytes::<u8>(54, 1));
}

#[test]
fn numbers_may_wrap_and_capacity_need_not_be_a_power_of_two() {
    let (mut a, mut b) = pair(3);
    for n in 0..10_000_u32 {
        a.send(1, n).unwrap();
        a.flush(|_| ());
        assert_eq!(b.next_item(), Some((0, n)));
        b.give_back(0, credit(n)).unwrap();
        b.flush(|_| ());
        assert_eq!(a.next_return().map(|(_, back)| back.tag), Some(n));
    }
}

/// Shards that all send to all, and sleep by parking: a lost wake-up is a hang, a lost item a wrong count.
#[test]
fn all_to_all_on_threads_loses_neither_items_nor_wake_ups() {
    const SHARDS: u16 = 4;
    const ITEMS: u32 = 5_000;
    for capacity in [1, 2, 64] {
        let ports = mesh::<u32>(SHARDS, capacity);
        let barrier = Arc::new(std::sync::Barrier::new(usize::from(SHARDS)));
        let threads = Arc::new(std::sync::Mutex::new(vec![None; usize::from(SHARDS)]));
        let run = |mut port: Port<u32>| {
            let (barrier, threads) = (Arc::clone(&barrier), Arc::clone(&threads));
            thread::spawn(move || {
                threads.lock().unwrap()[usize::from(port.shard())] = Some(thread::current());
                barrier.wait();
                let peers: Vec<_> = threads
                    .lock()
                    .unwrap()
                    .iter()
                    .cloned()
                    .map(Option::unwrap)
                    .collect();
                exchange(
                    &mut port,
                    ITEMS,
                    |to| peers[usize::from(to)].unpark(),
                    thread::park,
                );
            })
        };
        let running: Vec<_> = ports.into_iter().map(run).collect();
        for thread in running {
            thread.join().unwrap();
        }
    }
}

/// Sends `items` numbers to each peer, answers each that comes, until all is sent, answered and received.
fn exchange(port: &mut Port<u32>, items: u32, ring: impl Fn(u16), park: impl Fn()) {
    let peers: Vec<u16> = (0..port.shards())
        .filter(|&peer| peer != port.shard())
        .collect();
    let mut sent = vec![0; usize::from(port.shards())];
    let mut expected = vec![0; usize::from(port.shards())];
    let mut settled = vec![0; usize::from(port.shards())];
    loop {
        while let Some((from, back)) = port.next_return() {
            assert_eq!(back.tag, settled[usize::from(from)], "returns in order");
            settled[usize::from(from)] += 1;
        }
        while let Some((from, item)) = port.next_item() {
            assert_eq!(item, expected[usize::from(from)], "items in order");
            expected[usize::from(from)] += 1;
            port.give_back(from, credit(item)).unwrap();
        }
        for &to in &peers {
            while sent[usize::from(to)] < items && port.outstanding(to) < port.capacity() {
                port.send(to, sent[usize::from(to)]).unwrap();
                sent[usize::from(to)] += 1;
            }
        }
        port.flush(&ring);
        let done = |&peer: &u16| {
            settled[usize::from(peer)] == items && expected[usize::from(peer)] == items
        };
        if peers.iter().all(done) {
            return;
        }
        // Only who has no credit, or nothing left to take, has to wait for returns.
        let waits = |&peer: &u16| sent[usize::from(peer)] < items;
        let has_all = |&peer: &u16| expected[usize::from(peer)] == items;
        let returns_wake = peers.iter().any(waits) || peers.iter().all(has_all);
        if port.sleep(returns_wake).is_ok() {
            park();
            port.wake();
        }
    }
}
