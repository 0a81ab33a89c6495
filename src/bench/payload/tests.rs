use super::*;

const FRAMINGS: [Framing; 4] = [
    Framing::Raw,
    Framing::ClassicFixed,
    Framing::ClassicVar,
    Framing::Tpkt,
];

/// Packets 5, 6 and 7 of connection 9.
fn three_packets(shape: &Shape) -> Vec<u8> {
    let (mut stream, mut packet) = (Vec::new(), Vec::new());
    for sequence in 5..8 {
        shape.write(9, sequence, Tick(1_000 + u64::from(sequence)), &mut packet);
        stream.extend_from_slice(&packet);
    }
    stream
}

/// Checks a stream that arrives in the given pieces on connection 9, which waits for packet 5.
fn check<'p>(
    shape: &Shape,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> (Result<(), Mismatch>, Vec<u64>, u32) {
    let (mut sequence, mut progress, mut times) = (5, Progress::default(), Vec::new());
    for piece in pieces {
        let verdict = shape.check(9, &mut sequence, &mut progress, piece, |time| {
            times.push(time.0)
        });
        if verdict.is_err() {
            return (verdict, times, sequence);
        }
    }
    (Ok(()), times, sequence)
}

#[test]
fn what_was_sent_is_accepted_at_every_split() {
    for framing in FRAMINGS {
        for body_bytes in [24, 25, 64] {
            let shape = Shape::new(framing, body_bytes);
            let stream = three_packets(&shape);
            for cut in 0..=stream.len() {
                let whole = check(&shape, [&stream[..cut], &stream[cut..]]);
                assert_eq!(
                    whole,
                    (Ok(()), vec![1_005, 1_006, 1_007], 8),
                    "{framing} {body_bytes} at {cut}"
                );
            }
            assert_eq!(check(&shape, stream.chunks(1)).1.len(), 3);
        }
    }
}

/// Each single wrong byte is found, except in the time, of which any value may come back.
#[test]
fn every_wrong_byte_is_found() {
    for framing in FRAMINGS {
        let shape = Shape::new(framing, 40);
        let stream = three_packets(&shape);
        let packet = stream.len() / 3;
        let header = packet - 40;
        for at in 0..stream.len() {
            let mut wrong = stream.clone();
            wrong[at] ^= 0x40;
            let expected = match (at % packet).checked_sub(header) {
                Some(0..8) => Err(Mismatch::Misrouted),
                Some(16..24) => Ok(()),
                _ => Err(Mismatch::Damaged),
            };
            assert_eq!(
                check(&shape, [wrong.as_slice()]).0,
                expected,
                "{framing} at {at}"
            );
        }
    }
}

#[test]
fn another_connections_packet_is_misrouted() {
    let shape = Shape::new(Framing::Raw, 64);
    let mut packet = Vec::new();
    shape.write(10, 5, Tick(1), &mut packet);
    assert_eq!(
        check(&shape, [packet.as_slice()]).0,
        Err(Mismatch::Misrouted)
    );
}

#[test]
fn lost_and_repeated_packets_are_damage() {
    let shape = Shape::new(Framing::Raw, 64);
    let stream = three_packets(&shape);
    assert_eq!(
        check(&shape, [&stream[..64], &stream[128..]]).0,
        Err(Mismatch::Damaged)
    );
    assert_eq!(
        check(&shape, [&stream[..64], &stream[..64]]).0,
        Err(Mismatch::Damaged)
    );
    assert_eq!(
        check(&shape, [&stream[..10], &stream[20..]]).0,
        Err(Mismatch::Damaged)
    );
}

#[test]
fn the_framings_limits_are_known() {
    assert!(Shape::is_possible(Framing::Tpkt, 65_531));
    assert!(!Shape::is_possible(Framing::Tpkt, 65_532));
    assert!(Shape::is_possible(Framing::Raw, 1 << 20));
}
