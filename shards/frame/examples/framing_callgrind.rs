//! Cuts and echoes a fixed number of frames, for instruction counts that do not depend on the machine's mood:
//!
//! ```text
//! cargo build --release -p megaphone-frame --example framing_callgrind
//! valgrind --tool=callgrind target/release/examples/framing_callgrind link 64 100000
//! ```
//!
//! Arguments: framing, body bytes, frames. The difference between two counts of frames, divided by their difference, is the cost of a
//! frame.

use megaphone_frame::{Expect, Framing, Limits};
use megaphone_pool::{Class, Pool, PoolConfig};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [framing, bytes, frames] = &arguments[..] else {
        panic!("usage: framing_callgrind FRAMING BODY_BYTES FRAMES")
    };
    let framing: Framing = framing.parse().expect("a framing's name");
    let bytes: usize = bytes.parse().expect("bytes of a body");
    let frames: usize = frames.parse().expect("a number of frames");

    let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
    let packet = [
        &framing.data_header(7, bytes as u32).expect("short"),
        &vec![b'x'; bytes][..],
    ]
    .concat();
    let (mut input, mut body, mut outgoing) = (pool.gather(), pool.gather(), pool.gather());
    let mut expect = Expect::default();
    let mut done = 0;
    while done < frames {
        let mut writer = pool.writable(Class::Receive).expect("a block");
        // As from the kernel: the block is filled without our counting its copy.
        while writer.room() >= packet.len() {
            writer.put(&packet);
        }
        input.push_lease(writer.freeze());
        while let Some(head) = framing
            .next(&mut expect, &mut input, &mut body, Limits::DEFAULT)
            .expect("well-formed")
        {
            let header = framing.data_header(7, head.body_bytes).expect("short");
            outgoing.push_bytes(&pool, &header).expect("room");
            outgoing.append(&mut body);
            done += 1;
        }
        outgoing.advance(usize::MAX, drop);
    }
    println!("{done} frames, {:?}", pool.traffic());
}
