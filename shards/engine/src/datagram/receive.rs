//! Receiving: one multishot receive per socket fills blocks of a ring of their own, each with one datagram.
//!
//! ```text
//!   | lengths and flags, 16 | who sent it, 28 | what the kernel dropped, 24 | the datagram … |
//! ```
//!
//! So a datagram may have the block's bytes less 68: 16,316 with the default blocks of 16 KiB. The kernel cuts a longer one
//! short; it is dropped and counted. A datagram that would fit a smaller block is moved to one, so that short ones, which are the rule, cannot
//! pin the large ones.

use super::{BACKOFF, GROUP};
use crate::name::{self, NAME_BYTES};
use crate::ring::Completion;
use crate::shard::Shard;
use crate::tag::{Kind, Tag};
use io_uring::types::{Fixed, RecvMsgOut};
use io_uring::{opcode, squeue};
use megaphone_core::{Input, ListenerId, Machine};
use megaphone_metrics::Metric;
use megaphone_pool::{Class, Lease, Pool};
use megaphone_wheel::Tick;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::Duration;

/// `CMSG_SPACE(sizeof(u32))`: a header of 16 bytes and the number, padded.
const CONTROL_BYTES: usize = 24;
/// What a block holds before the datagram: `struct io_uring_recvmsg_out`, name, control data.
const BEFORE_BYTES: usize = 16 + NAME_BYTES + CONTROL_BYTES;
/// The longest pause after a receive that failed.
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// What a socket's receive is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiving {
    /// In flight.
    Armed,
    /// To be armed then.
    At(Tick),
    /// To be armed when there are blocks.
    Starved,
    /// Not wanted any more.
    Stopped,
}

/// The header of every receive: how much room for names and control data.
pub(super) fn header() -> libc::msghdr {
    // SAFETY: all zero is a valid `msghdr`: no name, no vectors, no control data.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_namelen = NAME_BYTES as u32;
    header.msg_controllen = CONTROL_BYTES;
    header
}

/// Asks the kernel to say with each datagram how many it has dropped.
pub(super) fn count_overflows(socket: &impl AsFd) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let (on, bytes) = (1_i32, size_of::<i32>() as libc::socklen_t);
    // SAFETY: the option's value is an int, which is read before the call returns.
    let outcome = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RXQ_OVFL,
            std::ptr::from_ref(&on).cast(),
            bytes,
        )
    };
    if outcome == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// What a block says.
#[derive(Debug, PartialEq, Eq)]
enum Arrival {
    /// A datagram of this length from this peer.
    Whole(SocketAddr, usize),
    /// It did not fit.
    Truncated,
    /// Its sender has no address that can be answered.
    Nameless,
}

/// Reads what stands before a datagram; also the kernel's count of datagrams that it dropped, if it dropped any.
fn read(block: &[u8], header: &libc::msghdr) -> (Arrival, Option<u32>) {
    let Ok(parts) = RecvMsgOut::parse(block, header) else {
        return (Arrival::Truncated, None);
    };
    // One control message: length (8 bytes), level, type (4 each), and the number.
    let dropped = parts.control_data().get(16..20);
    let dropped = dropped.and_then(|bytes| bytes.try_into().ok().map(u32::from_ne_bytes));
    let arrival = match name::read(parts.name_data()) {
        _ if parts.is_payload_truncated() => Arrival::Truncated,
        Some(from) => Arrival::Whole(from, parts.payload_data().len()),
        None => Arrival::Nameless,
    };
    (arrival, dropped)
}

/// The datagram in the smallest block that holds it; where it is, if there is none.
fn fitted(pool: &Pool, data: Lease) -> Lease {
    let fits = |class| pool.block_bytes(class) >= data.len();
    let smaller = |class| pool.block_bytes(class) < data.block_bytes();
    if [Class::Parking, Class::Receive]
        .into_iter()
        .any(|class| fits(class) && smaller(class))
    {
        pool.copy_in(&data).unwrap_or(data)
    } else {
        data
    }
}

impl<M: Machine> Shard<M> {
    /// Arms receives whose time has come, and starved ones if there are blocks again.
    pub(crate) fn receive_datagrams(&mut self) -> io::Result<()> {
        let datagrams = &mut self.datagrams;
        let Some(buffers) = &mut datagrams.buffers else {
            return Ok(());
        };
        for (index, socket) in (0..).zip(&mut datagrams.sockets) {
            match socket.receiving {
                Receiving::At(at) if at <= self.now => {}
                Receiving::Starved => {
                    self.pool.collect_strays();
                    buffers.fill(&self.pool);
                    if !buffers.may_feed_starved() {
                        continue;
                    }
                    self.cells.add(Metric::UringRearmReceive, 1);
                }
                Receiving::Armed | Receiving::At(_) | Receiving::Stopped => continue,
            }
            let header = std::ptr::from_ref(&*datagrams.header);
            let receive = opcode::RecvMsgMulti::new(Fixed(socket.slot), header, GROUP).build();
            // SAFETY: the header is boxed and outlives the ring, and so does the memory of the buffer ring.
            unsafe { self.ring.push(receive, Tag::of(Kind::Datagram, index)) }?;
            socket.receiving = Receiving::Armed;
        }
        Ok(())
    }

    /// When the next receive is to be armed; a starved one looks for blocks after `look`.
    pub(crate) fn next_datagrams(&self, look: Duration) -> Option<Tick> {
        let at = |socket: &super::Socket| match socket.receiving {
            Receiving::At(at) => Some(at),
            Receiving::Starved => Some(self.now.after(look)),
            Receiving::Armed | Receiving::Stopped => None,
        };
        self.datagrams.sockets.iter().filter_map(at).min()
    }

    /// Receives no more on a UDP listener.
    pub(crate) fn stop_receiving(&mut self, id: ListenerId) -> io::Result<()> {
        let Some(index) = self.datagrams.index_of(id) else {
            return Ok(());
        };
        let socket = &mut self.datagrams.sockets[index];
        let was = std::mem::replace(&mut socket.receiving, Receiving::Stopped);
        if was == Receiving::Armed {
            let target = Tag::of(Kind::Datagram, index as u32).encode();
            let cancel = opcode::AsyncCancel::new(target).build();
            let cancel = cancel.flags(squeue::Flags::SKIP_SUCCESS);
            // SAFETY: no memory is involved.
            unsafe { self.ring.push(cancel, Tag::of(Kind::Cancel, 0)) }?;
        }
        Ok(())
    }

    /// A datagram came, or a receive ended.
    pub(crate) fn datagram_came(&mut self, completion: Completion) -> io::Result<()> {
        let index = completion.tag.slot as usize;
        let block = self.datagram_block(completion);
        let Some(socket) = self.datagrams.sockets.get_mut(index) else {
            return Ok(());
        };
        if !completion.more() && socket.receiving != Receiving::Stopped {
            socket.receiving = match -completion.result {
                ..=0 | libc::EAGAIN | libc::EINTR => Receiving::At(self.now),
                libc::ENOBUFS => {
                    self.cells.add(Metric::UringEnobufs, 1);
                    if let Some(buffers) = &mut self.datagrams.buffers {
                        buffers.missed();
                    }
                    Receiving::Starved
                }
                // An error that a former send left at the socket, or the kernel is short of memory.
                _ => {
                    let at = self.now.after(socket.backoff);
                    socket.backoff = (socket.backoff * 2).min(BACKOFF_MAX);
                    Receiving::At(at)
                }
            };
        }
        let Some(mut data) = block else {
            return Ok(());
        };
        socket.backoff = BACKOFF;
        let (arrival, overflowed) = read(&data, &self.datagrams.header);
        if let Some(overflowed) = overflowed {
            let more = overflowed.wrapping_sub(socket.overflowed);
            socket.overflowed = overflowed;
            self.cells
                .add(Metric::DatagramsLostSocketBuffer, u64::from(more));
        }
        let listener = socket.id;
        match arrival {
            Arrival::Whole(from, len) => {
                data.advance(BEFORE_BYTES);
                data.truncate(len);
                self.cells.add(Metric::DatagramsIn, 1);
                self.cells.add(Metric::SocketBytesIn, len as u64);
                let data = fitted(&self.pool, data);
                self.feed(Input::Datagram {
                    listener,
                    from,
                    data,
                })
            }
            Arrival::Truncated => {
                self.cells.add(Metric::DatagramsLostTruncated, 1);
                Ok(())
            }
            Arrival::Nameless => {
                self.cells.add(Metric::DatagramsLostOther, 1);
                Ok(())
            }
        }
    }

    /// The block that the kernel filled. One that it used for nothing goes back.
    fn datagram_block(&mut self, completion: Completion) -> Option<Lease> {
        let index = completion.buffer()?;
        let buffers = self.datagrams.buffers.as_mut()?;
        match u32::try_from(completion.result) {
            Ok(len) => buffers.filled(&self.pool, index, len),
            Err(_) => {
                buffers.spoiled(&self.pool, index);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrival, BEFORE_BYTES, fitted, header, read};
    use megaphone_pool::{Class, Pool, PoolConfig};

    /// A block as the kernel fills it: the lengths, and the name of 192.0.2.1:7.
    fn block(control: u32, payload: u32, flags: u32, arrived: usize) -> Vec<u8> {
        let mut block = Vec::new();
        for number in [16, control, payload, flags] {
            block.extend_from_slice(&u32::to_ne_bytes(number));
        }
        block.extend_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
        block.extend_from_slice(&[0, 7, 192, 0, 2, 1]);
        block.resize(16 + 28 + 16, 0);
        block.extend_from_slice(&9_u32.to_ne_bytes());
        block.resize(BEFORE_BYTES + arrived, b'x');
        block
    }

    #[test]
    fn a_block_says_who_sent_what_and_what_was_lost_before() {
        let from = "192.0.2.1:7".parse().unwrap();
        for len in [0, 1, 500] {
            let block = block(0, len as u32, 0, len);
            assert_eq!(read(&block, &header()), (Arrival::Whole(from, len), None));
        }
        let (_, lost) = read(&block(20, 5, 0, 5), &header());
        assert_eq!(lost, Some(9));
        let truncated = block(0, 900, libc::MSG_TRUNC as u32, 500);
        assert_eq!(read(&truncated, &header()), (Arrival::Truncated, None));
    }

    #[test]
    fn a_block_that_is_too_short_for_what_it_says_is_no_datagram() {
        let whole = block(20, 5, 0, 5);
        for cut in 0..BEFORE_BYTES {
            assert_eq!(read(&whole[..cut], &header()).0, Arrival::Truncated);
        }
    }

    #[test]
    fn a_short_datagram_does_not_pin_a_large_block() {
        let pool = Pool::new(&PoolConfig::new(0)).unwrap();
        for (len, class) in [
            (0, Class::Parking),
            (256, Class::Parking),
            (257, Class::Receive),
            (2_048, Class::Receive),
            (2_049, Class::Bulk),
        ] {
            let mut writer = pool.writable(Class::Bulk).unwrap();
            writer.put(&vec![7; BEFORE_BYTES + len]);
            let mut data = writer.freeze();
            data.advance(BEFORE_BYTES);
            let data = fitted(&pool, data);
            assert_eq!(data.block_bytes(), pool.block_bytes(class));
            assert!(data.len() == len && data.iter().all(|&byte| byte == 7));
        }
    }
}
