//! How messages travel: streams cut by TPKT, or datagrams; and what is kept per gateway.

use super::plan::Role;
use super::station::{NONE, Station};
use megaphone_core::{ListenerId, Output, SocketId};
use megaphone_frame::{Expect, Framing, Limits, tpkt};
use megaphone_h248::model::{MId, Token};
use megaphone_pool::{Gather, Lease};
use megaphone_wheel::Tick;
use std::net::SocketAddr;

/// Where a gateway, or its controller, is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    Stream(SocketId),
    Datagram(ListenerId, SocketAddr),
}

/// One gateway, seen from either side. Small, because there may be a million.
#[derive(Debug, Default)]
pub(super) struct Tie {
    pub(super) path: Option<Path>,
    /// Requests of the traffic sent, without those sent again.
    pub(super) sent: u32,
    /// Requests that are neither answered nor given up.
    pub(super) under_way: u16,
    pub(super) registered: bool,
    /// It is in the queue of those that are due.
    pub(super) hungry: bool,
    /// Its end has been counted already.
    pub(super) given_up: bool,
    expect: Expect,
    input: Gather,
    pub(super) outgoing: Gather,
}

/// Room for a TPKT's header in front of a message.
pub(super) const HEAD: [u8; tpkt::HEADER_BYTES] = [0; tpkt::HEADER_BYTES];

impl Station {
    /// Who speaks for a tie: its gateway, or the controller.
    pub(super) fn mid(&self, local: u32) -> MId<'static> {
        let name = match self.plan.role {
            Role::Gateway => format!("{}{}", self.plan.name, self.number(local)),
            Role::Controller => self.plan.name.clone(),
        };
        let name = Token::try_from(name).expect("the plan was checked");
        MId::DomainName(name, None)
    }

    /// Sends the message that stands behind [`HEAD`]. False if the pool has no block, or it has nowhere to go.
    pub(super) fn transmit(&mut self, local: u32, message: &mut [u8]) -> bool {
        let tie = &mut self.ties[local as usize];
        let body = (message.len() - HEAD.len()) as u32;
        match tie.path {
            Some(Path::Stream(socket)) if !tie.given_up => {
                let Ok(header) = tpkt::header(body) else {
                    self.tally.errors += 1;
                    return true;
                };
                message[..HEAD.len()].copy_from_slice(&header);
                let first = tie.outgoing.is_empty();
                if first {
                    tie.outgoing = self.pool.gather();
                }
                let pushed = tie.outgoing.push_bytes(&self.pool, message).is_ok();
                if first && pushed {
                    self.outputs.push_back(Output::Send { socket });
                }
                pushed
            }
            Some(Path::Datagram(listener, to)) => {
                let mut data = self.pool.gather();
                let pushed = data.push_bytes(&self.pool, &message[HEAD.len()..]).is_ok();
                if pushed {
                    self.outputs
                        .push_back(Output::Datagram { listener, to, data });
                }
                pushed
            }
            Some(Path::Stream(_)) | None => false,
        }
    }

    /// The tie that has this socket.
    pub(super) fn of(&self, socket: SocketId) -> Option<u32> {
        let local = *self.by_slot.get(socket.slot as usize)?;
        let tie = self.ties.get(local as usize)?;
        (tie.path == Some(Path::Stream(socket))).then_some(local)
    }

    /// A socket belongs to a tie from now on.
    pub(super) fn tie_up(&mut self, local: u32, socket: SocketId) {
        let slot = socket.slot as usize;
        if self.by_slot.len() <= slot {
            self.by_slot.resize(slot + 1, NONE);
        }
        self.by_slot[slot] = local;
        self.ties[local as usize].path = Some(Path::Stream(socket));
        self.alive += 1;
        self.outputs.push_back(Output::Read { socket, on: true });
    }

    /// Bytes of a stream: whole messages are understood, the rest waits.
    pub(super) fn bytes(&mut self, now: Tick, local: u32, data: Lease) {
        self.ties[local as usize].input.push_lease(data);
        loop {
            let tie = &mut self.ties[local as usize];
            if tie.given_up {
                return;
            }
            let mut body = self.pool.gather();
            let cut = Framing::Tpkt.next(
                &mut tie.expect,
                &mut tie.input,
                &mut body,
                Limits::default(),
            );
            match cut {
                Ok(Some(_)) if body.piece_count() == 1 => {
                    self.message(now, Some(local), body.front());
                }
                Ok(Some(_)) => self.message(now, Some(local), &body.to_vec()),
                Ok(None) => {
                    self.pool.recycle(body);
                    return;
                }
                Err(fault) => {
                    self.tell_trouble(|| format!("bytes that are no TPKT: {fault}"));
                    self.tally.errors += 1;
                    self.give_up(local);
                    return;
                }
            }
            self.pool.recycle(body);
        }
    }

    /// A datagram: to a controller it comes from the gateway that it names, to a gateway from its controller.
    pub(super) fn datagram(
        &mut self,
        now: Tick,
        listener: ListenerId,
        from: SocketAddr,
        data: &[u8],
    ) {
        match self.plan.role {
            Role::Controller => {
                self.caller = Some((listener, from));
                self.message(now, None, data);
            }
            // Replies find their gateway by number. Requests are answered by the first gateway at that port, for they name none.
            Role::Gateway => {
                let local = u32::from(listener.0).min(self.share().saturating_sub(1));
                self.message(now, Some(local), data);
            }
        }
    }

    /// The tie of the gateway that a datagram names; a new one is made for a new name.
    pub(super) fn tie_of_mid(&mut self, mid: &str) -> Option<u32> {
        let (listener, from) = self.caller?;
        let local = match self.by_mid.get(mid) {
            Some(&local) => local,
            None => {
                let local = self.ties.len() as u32;
                self.ties.push(Tie::default());
                self.by_mid.insert(mid.to_owned(), local);
                local
            }
        };
        self.ties[local as usize].path = Some(Path::Datagram(listener, from));
        Some(local)
    }

    /// The kernel took bytes of a stream.
    pub(super) fn sent(&mut self, socket: SocketId, bytes: usize) {
        let Some(local) = self.of(socket) else { return };
        let tie = &mut self.ties[local as usize];
        tie.outgoing.advance(bytes, drop);
        if tie.outgoing.is_empty() {
            self.pool.recycle(std::mem::take(&mut tie.outgoing));
        }
    }

    /// A socket is gone.
    pub(super) fn closed(&mut self, socket: SocketId) {
        let Some(local) = self.of(socket) else { return };
        self.by_slot[socket.slot as usize] = NONE;
        self.alive -= 1;
        let tie = &mut self.ties[local as usize];
        tie.path = None;
        self.pool.recycle(std::mem::take(&mut tie.outgoing));
        self.pool.recycle(std::mem::take(&mut tie.input));
        tie.expect = Expect::default();
        self.ended(local);
    }
}
