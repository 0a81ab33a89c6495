//! Random operations against a model that knows only bytes: contents stay right, blocks are conserved, nothing is left.

use super::{assert_whole, pattern, small_pool};
use crate::{Class, Gather, Lease, Loan, Piece, Pool, Returned, Writer};
use proptest::prelude::*;

/// Gathers that the operations work on.
const GATHERS: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    /// A block from the kernel, with that many bytes, to a gather.
    Receive(usize, u32),
    /// A copy of that many bytes.
    PushBytes(usize, usize),
    /// A lease of that many bytes, cut out of the middle of a block, lent to ourselves.
    PushLoan(usize, usize),
    /// A prefix from one gather to another.
    TakeFront(usize, usize, usize),
    /// Everything from one gather to the back of another.
    Append(usize, usize),
    Advance(usize, usize),
    Settle(usize),
    Clear(usize),
    Recycle(usize),
    /// A lease of a gather's first piece is kept aside, or dropped if one is.
    KeepFront(usize),
    /// The first piece of a gather is taken and lent.
    Lend(usize),
    /// The oldest loan is dropped, split, or returned.
    DropLoan,
    SplitLoan(usize),
    ReturnLoan,
    /// The oldest token is redeemed or dropped.
    Redeem,
    DropToken,
    CollectStrays,
    /// A block goes to the kernel and stays there.
    ToKernel(usize),
    FromKernel,
    /// A writer is opened, or the open one dropped.
    Write(usize),
    RefuseAfter(Option<u64>),
}

fn op() -> impl Strategy<Value = Op> {
    let gather = || 0..GATHERS;
    let length = || prop_oneof![0..4_usize, 200..300_usize, 0..3000_usize];
    prop_oneof![
        4 => (gather(), 0..2049_u32).prop_map(|(g, n)| Op::Receive(g, n)),
        4 => (gather(), 0..4_u32).prop_map(|(g, n)| Op::Receive(g, n)),
        3 => (gather(), length()).prop_map(|(g, n)| Op::PushBytes(g, n)),
        2 => (gather(), 0..2000_usize).prop_map(|(g, n)| Op::PushLoan(g, n)),
        4 => (gather(), gather(), length()).prop_map(|(a, b, n)| Op::TakeFront(a, b, n)),
        2 => (gather(), gather()).prop_map(|(a, b)| Op::Append(a, b)),
        4 => (gather(), length()).prop_map(|(g, n)| Op::Advance(g, n)),
        2 => gather().prop_map(Op::Settle),
        1 => gather().prop_map(Op::Clear),
        1 => gather().prop_map(Op::Recycle),
        2 => gather().prop_map(Op::KeepFront),
        2 => gather().prop_map(Op::Lend),
        1 => Just(Op::DropLoan),
        1 => length().prop_map(Op::SplitLoan),
        2 => Just(Op::ReturnLoan),
        2 => Just(Op::Redeem),
        1 => Just(Op::DropToken),
        1 => Just(Op::CollectStrays),
        1 => (0..3_usize).prop_map(Op::ToKernel),
        1 => Just(Op::FromKernel),
        1 => (0..300_usize).prop_map(Op::Write),
        1 => prop::option::of(0..20_u64).prop_map(Op::RefuseAfter),
    ]
}

/// The pool and everything taken from it, each with what it should hold.
struct World {
    pool: Pool,
    gathers: Vec<(Gather, Vec<u8>)>,
    kept: Option<(Lease, Vec<u8>)>,
    loans: Vec<(Loan, Vec<u8>)>,
    tokens: Vec<Returned>,
    kernel: Vec<(Class, u16)>,
    writer: Option<(Writer, Vec<u8>)>,
    written: usize,
}

impl World {
    fn new() -> Self {
        let pool = small_pool();
        let gathers = (0..GATHERS).map(|_| (pool.gather(), Vec::new())).collect();
        Self {
            pool,
            gathers,
            kept: None,
            loans: vec![],
            tokens: vec![],
            kernel: vec![],
            writer: None,
            written: 0,
        }
    }

    /// Bytes never seen before, more or less.
    fn fresh(&mut self, n: usize) -> Vec<u8> {
        self.written += 7 * n + 1;
        pattern(self.written, n)
    }

    /// A receive block with `bytes` in the middle, as a lease of just them.
    fn block_of(&self, bytes: &[u8]) -> Option<Lease> {
        let mut writer = self.pool.writable(Class::Receive)?;
        writer.put(&[0xee; 17]);
        writer.put(bytes);
        let mut lease = writer.freeze();
        lease.advance(17);
        Some(lease)
    }

    fn two(&mut self, a: usize, b: usize) -> Option<[&mut (Gather, Vec<u8>); 2]> {
        self.gathers.get_disjoint_mut([a, b]).ok()
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Receive(g, n) => self.receive(g, n),
            Op::PushBytes(g, n) => {
                let bytes = self.fresh(n);
                let (gather, model) = &mut self.gathers[g];
                if gather.push_bytes(&self.pool, &bytes).is_ok() {
                    model.extend_from_slice(&bytes);
                }
            }
            Op::PushLoan(g, n) => {
                let bytes = self.fresh(n);
                if let Some(lease) = self.block_of(&bytes) {
                    let (gather, model) = &mut self.gathers[g];
                    self.tokens
                        .extend(gather.push_loan(&self.pool, lease.lend()));
                    model.extend_from_slice(&bytes);
                }
            }
            Op::TakeFront(a, b, n) => {
                if let Some([(from, from_model), (to, to_model)]) = self.two(a, b) {
                    from.take_front(n, to);
                    to_model.extend(from_model.drain(..n.min(from_model.len())));
                }
            }
            Op::Append(a, b) => {
                if let Some([(from, from_model), (to, to_model)]) = self.two(a, b) {
                    to.append(from);
                    to_model.append(from_model);
                }
            }
            Op::Advance(g, n) => {
                let (gather, model) = &mut self.gathers[g];
                let tokens = &mut self.tokens;
                gather.advance(n, |piece| {
                    if let Piece::Loan(loan) = piece {
                        tokens.push(loan.into_returned());
                    }
                });
                model.drain(..n.min(model.len()));
            }
            Op::Settle(g) => {
                let before = self.gathers[g].0.pinned_bytes();
                if self.gathers[g].0.settle(&self.pool) {
                    assert!(self.gathers[g].0.pinned_bytes() * 2 <= before);
                }
            }
            Op::Clear(g) => {
                self.gathers[g].0.clear();
                self.gathers[g].1.clear();
            }
            Op::Recycle(g) => {
                let (gather, _) =
                    std::mem::replace(&mut self.gathers[g], (self.pool.gather(), Vec::new()));
                self.pool.recycle(gather);
            }
            Op::Lend(g) => self.lend(g),
            Op::KeepFront(g) => self.keep_front(g),
            Op::CollectStrays => {
                self.pool.collect_strays();
            }
            Op::RefuseAfter(takes) => self.pool.refuse_after(takes),
            other => self.apply_to_rights(other),
        }
    }

    fn apply_to_rights(&mut self, op: Op) {
        match op {
            Op::DropLoan if !self.loans.is_empty() => drop(self.loans.remove(0)),
            Op::SplitLoan(n) if !self.loans.is_empty() => {
                let (loan, model) = &mut self.loans[0];
                let front = loan.split_to(n);
                let front_model = model.drain(..n.min(model.len())).collect();
                self.loans.push((front, front_model));
            }
            Op::ReturnLoan if !self.loans.is_empty() => {
                self.tokens.push(self.loans.remove(0).0.into_returned())
            }
            Op::Redeem if !self.tokens.is_empty() => {
                assert!(self.pool.take_back(self.tokens.remove(0)))
            }
            Op::DropToken if !self.tokens.is_empty() => drop(self.tokens.remove(0)),
            Op::ToKernel(class) => {
                let class = Class::ALL[class];
                let block = self.pool.take_for_kernel(class);
                self.kernel.extend(block.map(|block| (class, block.index)));
            }
            Op::FromKernel => {
                if let Some((class, index)) = self.kernel.pop() {
                    assert!(self.pool.kernel_return(class, index));
                }
            }
            Op::Write(n) => match self.writer.take() {
                Some((writer, model)) => assert_eq!(&*writer.freeze(), &model[..]),
                None => {
                    let bytes = self.fresh(n);
                    self.writer = self.pool.writable(Class::Receive).map(|mut writer| {
                        writer.put(&bytes);
                        (writer, bytes)
                    });
                }
            },
            _ => {}
        }
    }

    fn receive(&mut self, g: usize, n: u32) {
        let bytes = self.fresh(n as usize);
        let Some(block) = self.pool.take_for_kernel(Class::Receive) else {
            return;
        };
        // SAFETY: we stand for the kernel, which may write to the block until `filled`.
        unsafe {
            std::slice::from_raw_parts_mut(block.ptr.as_ptr(), bytes.len()).copy_from_slice(&bytes)
        };
        let lease = self
            .pool
            .filled(Class::Receive, block.index, n)
            .expect("the kernel had it");
        let (gather, model) = &mut self.gathers[g];
        gather.push_lease(lease);
        model.extend_from_slice(&bytes);
    }

    fn lend(&mut self, g: usize) {
        let (gather, model) = &mut self.gathers[g];
        if let Some(piece) = gather.pop_piece() {
            let bytes = model.drain(..piece.len()).collect();
            self.loans.push(match piece {
                Piece::Lease(lease) => (lease.lend(), bytes),
                Piece::Loan(loan) => (loan, bytes),
            });
        }
    }

    fn keep_front(&mut self, g: usize) {
        if self.kept.take().is_none()
            && let Some(Piece::Lease(lease)) = self.gathers[g].0.pop_piece()
        {
            let (gather, model) = &mut self.gathers[g];
            let bytes = model[..lease.len()].to_vec();
            let mut again = self.pool.gather();
            again.push_lease(lease.clone());
            again.append(gather);
            *gather = again;
            self.kept = Some((lease, bytes));
        } else {
            // A loan was popped, or something was kept before: bytes may be gone.
            let (gather, model) = &mut self.gathers[g];
            let lost = model.len() - gather.len();
            model.drain(..lost);
        }
    }

    fn check(&self) {
        for (gather, model) in &self.gathers {
            assert_eq!((gather.len(), &gather.to_vec()), (model.len(), model));
            assert!(gather.pieces().all(|piece| !piece.is_empty()));
            let mut front = [0; 40];
            let n = gather.peek(&mut front);
            assert_eq!(front[..n], model[..model.len().min(40)]);
        }
        for (loan, model) in &self.loans {
            assert_eq!(&**loan, &model[..]);
        }
        if let Some((lease, model)) = &self.kept {
            assert_eq!(&**lease, &model[..]);
        }
        assert!(self.pool.audit(), "{:?}", self.pool);
    }

    /// Ends everything, in an order that `reversed` chooses, and finds all blocks free.
    fn end(self, reversed: bool) {
        let Self {
            pool,
            gathers,
            kept,
            loans,
            tokens,
            kernel,
            writer,
            ..
        } = self;
        if reversed {
            drop((writer, tokens, loans, kept, gathers));
        } else {
            drop((gathers, kept, loans, tokens, writer));
        }
        for (class, index) in kernel {
            assert!(pool.kernel_return(class, index));
        }
        assert_whole(&pool);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_operations(ops in prop::collection::vec(op(), 1..150), reversed: bool) {
        let mut world = World::new();
        for op in ops {
            world.apply(op);
            world.check();
        }
        world.end(reversed);
    }
}
