//! Tests of the framings, one file per subject.

mod classic;
mod document;
mod link;
mod mutations;
mod names;
mod proxy;
mod receiver_2012;
mod splits;
mod tpkt;
mod user;

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
    (frames, framing.at_end(&expect, &input, limits))
}

/// The frames of a stream that arrives at once and ends well.
fn frames_of(framing: Framing, stream: &[u8]) -> Vec<(FrameHead, Vec<u8>)> {
    let (frames, end) = cut_stream(framing, Limits::DEFAULT, [stream]);
    assert_eq!(end, Ok(()), "{framing}: {}", stream.escape_ascii());
    frames
}

/// Streams of every framing with a header: one frame, several, empty bodies, and the document's conversation.
fn golden_streams() -> Vec<(Framing, Vec<u8>)> {
    let mut streams = vec![(
        Framing::Link,
        document::conversation()
            .into_iter()
            .flat_map(|(_, bytes)| bytes)
            .collect(),
    )];
    for framing in [
        Framing::Link,
        Framing::ClassicFixed,
        Framing::ClassicVar,
        Framing::Tpkt,
    ] {
        for bodies in [
            &[&b"hello"[..]][..],
            &[b""],
            &[b"", b"a", b"", b"two words", b"|0|"],
            &[&[b'x'; 300]],
        ] {
            let mut stream = Vec::new();
            for (connection, body) in (7..).zip(bodies) {
                stream.extend_from_slice(
                    &framing
                        .data_header(connection, body.len() as u32)
                        .expect("short"),
                );
                stream.extend_from_slice(body);
            }
            streams.push((framing, stream));
        }
    }
    streams
}
