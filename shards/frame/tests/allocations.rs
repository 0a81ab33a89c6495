//! After warm-up, receiving, cutting, echoing and routing frames allocates nothing.

use allocation_counter::measure;
use megaphone_frame::{Expect, Framing, Limits};
use megaphone_pool::{Class, Gather, Pool, PoolConfig};

/// One connection that echoes its frames, as a session does it.
struct Echo {
    pool: Pool,
    framing: Framing,
    expect: Expect,
    input: Gather,
    body: Gather,
    outgoing: Gather,
    frames: usize,
}

impl Echo {
    fn new(framing: Framing) -> Self {
        let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
        let (input, body, outgoing) = (pool.gather(), pool.gather(), pool.gather());
        Self {
            pool,
            framing,
            expect: Expect::default(),
            input,
            body,
            outgoing,
            frames: 0,
        }
    }

    /// The kernel fills blocks with `bytes`, the session answers, the kernel takes the answer.
    fn round(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(self.pool.block_bytes(Class::Receive)) {
            let block = self.pool.take_for_kernel(Class::Receive).expect("a block");
            // Stands for the kernel's copy.
            assert!(self.pool.kernel_return(Class::Receive, block.index));
            let mut writer = self.pool.writable(Class::Receive).expect("a block");
            writer.put(part);
            self.input.push_lease(writer.freeze());
            self.answer();
        }
    }

    fn answer(&mut self) {
        while let Some(head) = self
            .framing
            .next(
                &mut self.expect,
                &mut self.input,
                &mut self.body,
                Limits::DEFAULT,
            )
            .expect("well-formed")
        {
            self.frames += 1;
            let header = self.framing.data_header(7, head.body_bytes).expect("short");
            self.outgoing.push_bytes(&self.pool, &header).expect("room");
            self.outgoing.append(&mut self.body);
        }
        self.input.settle(&self.pool);
        let n = self.outgoing.len();
        self.outgoing.advance(n, drop);
    }

    /// Frames go to another shard and their blocks come back.
    fn route(&mut self, bytes: &[u8]) {
        let mut writer = self.pool.writable(Class::Receive).expect("a block");
        writer.put(bytes);
        self.input.push_lease(writer.freeze());
        while self
            .framing
            .next(
                &mut self.expect,
                &mut self.input,
                &mut self.body,
                Limits::DEFAULT,
            )
            .expect("well-formed")
            .is_some()
        {
            while let Some(piece) = self.body.pop_piece() {
                if let megaphone_pool::Piece::Lease(lease) = piece
                    && let Some(returned) = self.outgoing.push_loan(&self.pool, lease.lend())
                {
                    assert!(self.pool.take_back(returned));
                }
            }
        }
        let (n, pool) = (self.outgoing.len(), &self.pool);
        self.outgoing.advance(n, |piece| {
            if let megaphone_pool::Piece::Loan(loan) = piece {
                assert!(pool.take_back(loan.into_returned()));
            }
        });
    }
}

fn stream(framing: Framing) -> Vec<u8> {
    if framing == Framing::Stanza {
        let text = "x".repeat(5000);
        return format!("<stream:stream to='a'><a>{text}</a> <b c='{text}'/><d/>").into_bytes();
    }
    let mut stream = Vec::new();
    for bytes in [0, 1, 64, 300, 1024, 5000, 16, 16, 16] {
        stream.extend_from_slice(&framing.data_header(7, bytes).expect("short"));
        stream.resize(stream.len() + bytes as usize, b'x');
    }
    stream
}

#[test]
fn echoing_allocates_nothing() {
    for framing in Framing::ALL {
        let mut echo = Echo::new(framing);
        let stream = stream(framing);
        (0..10).for_each(|_| echo.round(&stream));
        let before = echo.frames;
        let measured = measure(|| (0..100).for_each(|_| echo.round(&stream)));
        assert!(echo.frames - before >= 300, "{framing}");
        assert_eq!(measured.count_total, 0, "{framing}: {measured:?}");
        assert!(echo.pool.is_whole(), "{framing}: {:?}", echo.pool);
    }
}

#[test]
fn arrivals_of_one_byte_allocate_nothing() {
    let mut echo = Echo::new(Framing::Link);
    let stream = stream(Framing::Link);
    let dribble = |echo: &mut Echo| stream.chunks(1).for_each(|byte| echo.round(byte));
    dribble(&mut echo);
    let measured = measure(|| dribble(&mut echo));
    assert_eq!((measured.count_total, echo.frames), (0, 18));
    assert!(echo.pool.is_whole());
}

#[test]
fn routing_allocates_nothing() {
    let mut echo = Echo::new(Framing::Tpkt);
    let packet = [
        &Framing::Tpkt.data_header(0, 64).expect("short"),
        &[b'x'; 64][..],
    ]
    .concat();
    let stream = packet.repeat(20);
    (0..10).for_each(|_| echo.route(&stream));
    let measured = measure(|| (0..100).for_each(|_| echo.route(&stream)));
    assert_eq!(measured.count_total, 0);
    assert!(echo.pool.is_whole());
}

#[test]
fn recycled_gathers_allocate_nothing() {
    let pool = Pool::new(&PoolConfig::new(0)).expect("a pool");
    let session = |pool: &Pool| {
        let mut gather = pool.gather();
        gather
            .push_bytes(pool, b"a session comes and goes")
            .expect("room");
        pool.recycle(gather);
    };
    session(&pool);
    let measured = measure(|| (0..100).for_each(|_| session(&pool)));
    assert_eq!(measured.count_total, 0);
    assert!(pool.is_whole());
}

#[test]
fn headers_allocate_nothing() {
    let measured = measure(|| {
        for framing in Framing::ALL {
            assert!(framing.data_header(u64::MAX, 1000).is_ok());
        }
    });
    assert_eq!(measured.count_total, 0);
}
