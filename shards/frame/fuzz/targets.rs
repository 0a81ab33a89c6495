//! What the fuzzer runs, and the tests over the corpus: functions of bytes that assert what must hold for any.

use megaphone_frame::link::{
    FrameType, Hello, RANGES_MAX, TOKEN_BYTES_MAX, Verdict, decode_ack, decode_credit,
};
use megaphone_frame::{Expect, FrameFault, Framing, Limits, foreign, proxy};
use megaphone_pool::{Class, Pool, PoolConfig};

/// The first byte chooses the framing and the size of arrivals, the rest is the stream: cut like that and all at once, it must give
/// the same frames and the same end, and no block may be missing afterwards.
pub(crate) fn deframe(data: &[u8]) {
    let Some((&choice, stream)) = data.split_first() else {
        return;
    };
    let framing = Framing::ALL[usize::from(choice) % (Framing::ALL.len() - 1)];
    let size = usize::from(choice / 5) % 40 + 1;
    assert_eq!(
        outcome(framing, stream.chunks(size)),
        outcome(framing, stream.chunks(1 << 20))
    );
    foreign::classify(stream);
}

/// The bodies that `arrivals` give, and how it ends.
fn outcome<'a>(
    framing: Framing,
    arrivals: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Vec<u8>>, Result<(), FrameFault>) {
    let shape = PoolConfig::new(0)
        .with(Class::Parking, 256, 256)
        .with(Class::Receive, 2048, 64);
    let pool = Pool::new(&shape).expect("a pool");
    let limits = Limits {
        frame_bytes_max: 500,
    };
    let (mut input, mut body, mut expect) = (pool.gather(), pool.gather(), Expect::default());
    let mut bodies = Vec::new();
    for arrival in arrivals {
        for part in arrival.chunks(pool.block_bytes(Class::Receive)) {
            let mut writer = pool.writable(Class::Receive).expect("inputs are short");
            writer.put(part);
            input.push_lease(writer.freeze());
        }
        loop {
            match framing.next(&mut expect, &mut input, &mut body, limits) {
                Ok(Some(head)) => {
                    assert_eq!(head.body_bytes as usize, body.len());
                    assert!(body.len() <= 500);
                    bodies.push(body.to_vec());
                    body.clear();
                }
                Ok(None) => break,
                Err(fault) => return (bodies, Err(fault)),
            }
        }
    }
    let end = framing.at_end(&expect, &input, limits);
    input.clear();
    assert!(pool.is_whole() && pool.audit());
    (bodies, end)
}

/// The bytes as the payload of every kind of link frame. What decodes must encode to what decodes alike.
pub(crate) fn payload(data: &[u8]) {
    if let Ok(hello) = Hello::decode(data) {
        assert!(hello.token.len() <= TOKEN_BYTES_MAX);
        let mut again = Vec::new();
        hello.encode(&mut again);
        assert_eq!(Hello::decode(&again), Ok(hello));
    }
    if let Ok(verdict) = Verdict::decode(FrameType::Close, data) {
        let mut again = Vec::new();
        verdict.encode(&mut again);
        assert_eq!(Verdict::decode(FrameType::Close, &again), Ok(verdict));
    }
    if let Ok(ranges) = decode_ack(data) {
        let mut before = 0;
        assert!(ranges.clone().count() <= RANGES_MAX);
        for range in ranges {
            assert!(before < range.first && range.first <= range.last);
            before = range.last;
        }
    }
    let _ = decode_credit(FrameType::Credit, data);
    if let Ok((header, bytes)) = proxy::decode(data) {
        assert!(bytes <= data.len());
        for tlv in header.tlvs {
            let _ = tlv.ssl();
        }
        let mut again = Vec::new();
        let checked = header.tlvs.filter(|tlv| tlv.kind != proxy::TlvType::Crc32c);
        proxy::encode(&header.endpoints, checked, &mut again);
        let (twin, _) = proxy::decode(&again).expect("what was encoded decodes");
        assert_eq!(twin.endpoints, header.endpoints);
    }
}
