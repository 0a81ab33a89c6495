//! Tests of the framings, one file per subject.

mod document;
mod splits;

use crate::{Expect, FrameFault, FrameHead, Framing, Limits};
use megaphone_pool::{Class, Gather, Pool, PoolConfig};

/// What a stream was cut into, and how that ended.
type Outcome = (Vec<(FrameHead, Vec<u8>)>, Result<(), FrameFault>);

/// A pool that holds what the tests need.
fn pool() -> Pool {
    Pool::new(&PoolConfig::new(0)).expect("a pool")
}

/// Appends `bytes` as the kernel would: in receive blocks of their own.
fn arrive(pool: &Pool, input: &mut Gather, bytes: &[u8]) {
    for part in bytes.chunks(pool.block_bytes(Class::Receive)) {
        let mut writer = pool.writable(Class::Receive).expect("a block");
        writer.put(part);
        input.push_lease(writer.freeze());
    }
}

/// Lets `arrivals` come in one after the other, cutting frames after each, then the end.
fn cut_stream<'a>(
    framing: Framing,
    limits: Limits,
    arrivals: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let pool = pool();
    let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
    let mut frames = Vec::new();
    for bytes in arrivals {
        arrive(&pool, &mut input, bytes);
        loop {
            match framing.next(&mut expect, &mut input, &mut body, limits) {
                Ok(Some(head)) => {
                    frames.push((head, body.to_vec()));
                    body.clear();
                }
                Ok(None) => break,
                Err(fault) => return (frames, Err(fault)),
            }
        }
    }
    (frames, framing.at_end(&expect, &input))
}
