//! Split invariance: however a stream is cut into arrivals, the same frames come out.

use super::cut_stream;
use crate::{Framing, Label, Limits};

#[test]
fn a_first_frame_of_each_framing() {
    for framing in [
        Framing::Link,
        Framing::ClassicFixed,
        Framing::ClassicVar,
        Framing::Tpkt,
    ] {
        let mut stream = framing.data_header(77, 5).expect("short").to_vec();
        stream.extend_from_slice(b"hello");
        for at in 0..=stream.len() {
            let (frames, end) =
                cut_stream(framing, Limits::DEFAULT, [&stream[..at], &stream[at..]]);
            assert_eq!(end, Ok(()), "{framing} cut at {at}");
            assert_eq!(frames.len(), 1);
            assert_eq!(frames[0].1, b"hello");
            if let Label::Classic { connection } = frames[0].0.label {
                assert_eq!(connection, 77);
            }
        }
    }
}
