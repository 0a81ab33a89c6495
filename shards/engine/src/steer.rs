//! Which shard's socket of a listener gets a connection, where its source decides that: all connections of one source then meet on one
//! shard, and what that counts of a source is the whole process's count.
//!
//! A classic BPF program on the sockets' SO_REUSEPORT group does it. It reads the network header in front of the packet that begins the
//! connection:
//!
//! ```text
//!  IPv4   source address                     ─┐
//!  IPv6   the first 64 bits of it, folded    ─┴─► × golden ratio, upper half, modulo shards
//! ```

use std::io;
use std::os::fd::AsRawFd;

/// Where IPv4 and IPv6 have the source address.
const SOURCE: [u32; 2] = [12, 8];
/// 2^32 by the golden ratio: neighbouring addresses end far apart.
const SPREAD: u32 = 0x9e37_79b1;

/// Lets the source decide, for all `shards` sockets that listen at the address of `socket`.
pub(crate) fn by_source(socket: &impl AsRawFd, shards: u16) -> io::Result<()> {
    let mut program = program(u32::from(shards));
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_mut_ptr(),
    };
    // SAFETY: the kernel copies the option, and the program that it points to, which both live until it has.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_REUSEPORT_CBPF,
            std::ptr::from_ref(&filter).cast(),
            size_of_val(&filter) as libc::socklen_t,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn program(shards: u32) -> [libc::sock_filter; 13] {
    use libc::{BPF_A, BPF_ABS, BPF_ALU, BPF_B, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_MISC};
    use libc::{BPF_MOD, BPF_MUL, BPF_RET, BPF_RSH, BPF_TAX, BPF_W, BPF_X, BPF_XOR};
    let header = |at: u32| (libc::SKF_NET_OFF as u32).wrapping_add(at);
    let step = |code: u32, k: u32| jump(code, k, 0, 0);
    [
        step(BPF_LD | BPF_B | BPF_ABS, header(0)),
        step(BPF_ALU | BPF_RSH | BPF_K, 4),
        jump(BPF_JMP | BPF_JEQ | BPF_K, 6, 2, 0),
        // IPv4.
        step(BPF_LD | BPF_W | BPF_ABS, header(SOURCE[0])),
        step(BPF_JMP, 4),
        // IPv6.
        step(BPF_LD | BPF_W | BPF_ABS, header(SOURCE[1])),
        step(BPF_MISC | BPF_TAX, 0),
        step(BPF_LD | BPF_W | BPF_ABS, header(SOURCE[1] + 4)),
        step(BPF_ALU | BPF_XOR | BPF_X, 0),
        // Both.
        step(BPF_ALU | BPF_MUL | BPF_K, SPREAD),
        step(BPF_ALU | BPF_RSH | BPF_K, 16),
        step(BPF_ALU | BPF_MOD | BPF_K, shards),
        step(BPF_RET | BPF_A, 0),
    ]
}

/// One instruction; of a jump, how many are passed over if it holds and if not.
fn jump(code: u32, k: u32, holds: u8, fails: u8) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt: holds,
        jf: fails,
        k,
    }
}
