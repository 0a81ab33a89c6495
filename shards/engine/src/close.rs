//! The end of a socket here: closed, reset, failed, or given to another shard. A descriptor's slot is freed only when
//! nothing of it is in flight, so no completion can meet the next socket in that slot.

use crate::fault::socket_fault;
use crate::shard::Shard;
use crate::slots::{Life, Reading, flag};
use crate::tag::{Kind, Tag};
use io_uring::types::{CancelBuilder, DestinationSlot, Fd, Fixed};
use io_uring::{opcode, squeue};
use megaphone_core::{Close, Input, Machine, ShardId, SocketFault, SocketId};
use megaphone_metrics::Metric;
use std::io;

/// In [`crate::slots::Slot::extra`] of a closing socket: the machine does not know it, or not any more.
const UNKNOWN_TO_MACHINE: u32 = u32::MAX;

/// SO_LINGER with no time at all: close sends RST.
static RESET: libc::linger = libc::linger {
    l_onoff: 1,
    l_linger: 0,
};

impl<M: Machine> Shard<M> {
    /// The machine wants a socket closed.
    pub(crate) fn close(&mut self, socket: SocketId, how: Close) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        match (slot.life, how) {
            (Life::Open, Close::Gracefully) => {
                slot.life = Life::Emptying;
                slot.clear(flag::WANTED);
                slot.extra = 0;
                self.cancel_reading(socket)?;
                self.queue_send(socket);
                Ok(())
            }
            (Life::Open | Life::Emptying, Close::Now) => self.begin_close(socket),
            (Life::Open | Life::Emptying, Close::Reset) => {
                let linger = std::ptr::from_ref(&RESET).cast();
                self.set_option(
                    socket,
                    libc::SOL_SOCKET,
                    libc::SO_LINGER,
                    linger,
                    size_of_val(&RESET) as u32,
                )?;
                self.begin_close(socket)
            }
            // Not yet on its way: it stays and is closed. Otherwise `HandedOver` is the last word.
            (Life::Leaving, _) if slot.reading != Reading::Still => {
                self.leaving.retain(|(leaving, ..)| *leaving != socket);
                self.begin_close(socket)
            }
            _ => Ok(()),
        }
    }

    /// The socket is broken: says so, and closes it.
    pub(crate) fn fail(&mut self, socket: SocketId, fault: SocketFault) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        let told = slot.life == Life::Open;
        self.begin_close(socket)?;
        if told {
            self.feed(Input::Failed { socket, fault })
        } else {
            Ok(())
        }
    }

    /// Closes a socket that the machine has not heard of, or has heard the last of.
    pub(crate) fn close_unknown(&mut self, socket: SocketId) -> io::Result<()> {
        self.begin_close(socket)?;
        if let Some(slot) = self.slots.get(socket) {
            slot.extra = UNKNOWN_TO_MACHINE;
        }
        Ok(())
    }

    /// Cancels what is in flight, and closes when it has landed.
    pub(crate) fn begin_close(&mut self, socket: SocketId) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        if matches!(slot.life, Life::Closing | Life::Closed) {
            return Ok(());
        }
        slot.life = Life::Closing;
        self.closing += 1;
        slot.extra = 0;
        slot.clear(flag::WANTED | flag::FINISH);
        if slot.reading == Reading::Starved {
            slot.reading = Reading::Still;
        }
        if slot.in_flight == 0 {
            return self.close_if_idle(socket);
        }
        let (sending, silent) = (slot.has(flag::SENDING), slot.has(flag::SILENT));
        let reading = !matches!(slot.reading, Reading::Still | Reading::Starved);
        if slot.in_flight == u8::from(sending) + u8::from(reading) {
            // By name the kernel finds an operation at once; by descriptor it looks through all that are armed, and
            // a close of many sockets would take the square of their number. A silent send is over already.
            if sending && !silent {
                self.cancel(socket, Kind::Send)?;
            }
            return self.cancel_reading(socket);
        }
        let everything = CancelBuilder::fd(Fixed(socket.slot)).all();
        let cancel = opcode::AsyncCancel2::new(everything)
            .build()
            .flags(squeue::Flags::SKIP_SUCCESS);
        // SAFETY: no memory is involved.
        unsafe {
            self.ring.push(
                cancel,
                Tag::new(Kind::Cancel, socket.slot, socket.generation),
            )
        }
    }

    /// Cancels the operation of this kind; its last completion is still to come.
    pub(crate) fn cancel(&mut self, socket: SocketId, kind: Kind) -> io::Result<()> {
        let target = Tag::new(kind, socket.slot, socket.generation);
        let cancel = opcode::AsyncCancel::new(target.encode())
            .build()
            .flags(squeue::Flags::SKIP_SUCCESS);
        // SAFETY: no memory is involved.
        unsafe {
            self.ring.push(
                cancel,
                Tag::new(Kind::Cancel, socket.slot, socket.generation),
            )
        }
    }

    /// Something of a socket landed: if it was the last and the socket is to go, it goes.
    pub(crate) fn close_if_idle(&mut self, socket: SocketId) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket).filter(|slot| slot.in_flight == 0) else {
            return Ok(());
        };
        match slot.life {
            Life::Closing => self.close_descriptor(socket),
            Life::Leaving => self.give_away(socket),
            _ => Ok(()),
        }
    }

    fn close_descriptor(&mut self, socket: SocketId) -> io::Result<()> {
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        slot.life = Life::Closed;
        slot.in_flight += 1;
        let close = opcode::Close::new(Fixed(socket.slot)).build();
        // SAFETY: no memory is involved.
        unsafe {
            self.ring
                .push(close, Tag::new(Kind::Close, socket.slot, socket.generation))
        }
    }

    /// The descriptor is closed: the last completion.
    pub(crate) fn close_completed(&mut self, tag: Tag) -> io::Result<()> {
        let Some(socket) = self.landed(tag) else {
            return Ok(());
        };
        let known = self
            .slots
            .get(socket)
            .is_some_and(|slot| slot.extra != UNKNOWN_TO_MACHINE);
        self.slots.free(socket.slot);
        self.closing -= 1;
        if known {
            self.feed(Input::Closed { socket })
        } else {
            Ok(())
        }
    }

    /// Sets an option; a failure is not worth a word.
    pub(crate) fn set_option(
        &mut self,
        socket: SocketId,
        level: i32,
        name: i32,
        value: *const libc::c_void,
        bytes: u32,
    ) -> io::Result<()> {
        let option = opcode::SetSockOpt::new(
            Fixed(socket.slot),
            level.unsigned_abs(),
            name.unsigned_abs(),
            value,
            bytes,
        )
        .build();
        // SAFETY: the callers' values are statics.
        unsafe {
            self.ring.push(
                option.flags(squeue::Flags::SKIP_SUCCESS),
                Tag::of(Kind::Option, socket.slot),
            )
        }
    }

    // ── to another shard ─────────────────────────────────────────────────────────────────────────────────────────

    /// The machine gives a socket to another shard.
    pub(crate) fn hand_over(
        &mut self,
        socket: SocketId,
        to: ShardId,
        token: u64,
    ) -> io::Result<()> {
        let Some(slot) = self
            .slots
            .get(socket)
            .filter(|slot| slot.life == Life::Open)
        else {
            return Ok(());
        };
        if to == self.id || token > Tag::TOKEN_MAX || slot.has(flag::SENDING | flag::SEND_QUEUED) {
            self.bug("a hand-over to itself, with a token above 56 bits, or of a socket that is being sent on");
            return self.fail(socket, SocketFault::Other(libc::EINVAL));
        }
        slot.life = Life::Leaving;
        slot.clear(flag::WANTED);
        if slot.reading == Reading::Starved {
            slot.reading = Reading::Still;
        }
        self.leaving.push((socket, to, token));
        self.cancel_reading(socket)?;
        self.close_if_idle(socket)
    }

    fn give_away(&mut self, socket: SocketId) -> io::Result<()> {
        let Some(&(_, to, token)) = self.leaving.iter().find(|(leaving, ..)| *leaving == socket)
        else {
            return Ok(());
        };
        let Some(slot) = self.slots.get(socket) else {
            return Ok(());
        };
        slot.in_flight += 1;
        let peer = Fd(self.rings.descriptor(to.0));
        let send = opcode::MsgRingSendFd::new(
            peer,
            Fixed(socket.slot),
            DestinationSlot::auto_target(),
            Tag::adopted(token),
        );
        // SAFETY: no memory is involved.
        unsafe {
            self.ring.push(
                send.build(),
                Tag::new(Kind::GiveAway, socket.slot, socket.generation),
            )
        }
    }

    /// The other ring has the socket, or would not take it.
    pub(crate) fn given_away(&mut self, tag: Tag, result: i32) -> io::Result<()> {
        let Some(socket) = self.landed(tag) else {
            return Ok(());
        };
        self.leaving.retain(|(leaving, ..)| *leaving != socket);
        if result < 0 {
            if let Some(slot) = self.slots.get(socket) {
                slot.life = Life::Open;
            }
            return self.fail(socket, socket_fault(-result));
        }
        self.close_unknown(socket)?;
        self.feed(Input::HandedOver { socket })
    }

    /// Another shard's socket arrived in slot `result`.
    pub(crate) fn adopted(&mut self, token: u64, result: i32) -> io::Result<()> {
        let Some(socket) = self.new_socket(result, Life::Open)? else {
            return Ok(());
        };
        self.feed(Input::Adopted { socket, token })
    }

    /// The kernel put a socket into slot `result`.
    pub(crate) fn new_socket(&mut self, result: i32, life: Life) -> io::Result<Option<SocketId>> {
        let Ok(index) = u32::try_from(result) else {
            return Ok(None);
        };
        let socket = self.slots.open(index, life);
        if socket.is_none() {
            self.cells.add(Metric::Bugs, 1);
            debug_assert!(
                false,
                "the kernel used slot {index} twice: {:?}",
                self.slots.socket(index)
            );
        }
        Ok(socket)
    }
}
