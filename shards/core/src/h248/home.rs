//! The side of the associations: messages go through the transaction engine, and what it wants sent goes to sockets, here or on
//! other shards, and to senders of datagrams.

use super::channel::{Channel, Source, host_of};
use super::{Form, H248};
use crate::contract::{ListenerId, Output, ShardId, SocketId};
use crate::credit::Account;
use crate::item::{Arrival, Body, Departure, Errand, Item};
use crate::shard::Shard;
use megaphone_frame::tpkt;
use megaphone_megaco::config::SendMod;
use megaphone_megaco::engine::{Input as EngineInput, Output as EngineOutput, Send};
use megaphone_metrics::Metric;
use megaphone_pool::{Class, Gather, Pool};
use megaphone_wheel::Tick;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// The longest message in one datagram: what IPv4 leaves of 65,535 bytes behind its own header and UDP's.
const DATAGRAM_BYTES_MAX: usize = 65_507;

/// Told to users when a message cannot be carried: longer than its transport allows.
const TOO_LONG: u64 = 1;

/// Whom a message came from, as far as it bounds what he is sent.
#[derive(Clone, Copy)]
struct Question {
    /// Bytes that may be sent to him in answer, all together; he has no association yet, and may be somebody else.
    left: usize,
    channel: Channel,
}

impl H248 {
    /// The channel of a message's source, and its host.
    fn channel_of(&self, source: Source) -> Option<(Channel, u64)> {
        match source {
            Source::Socket {
                shard,
                socket,
                host,
            } => Some((Channel::Socket(shard, socket), host)),
            Source::Datagram { listener, from } => {
                let address = from.address();
                let host = host_of(address.ip(), self.seed);
                let channel = match address {
                    SocketAddr::V4(to) => Some(Channel::Ip4(listener, to)),
                    SocketAddr::V6(_) => self.book.borrow_mut().peers.channel(listener, from),
                };
                channel.map(|channel| (channel, host))
            }
        }
    }

    /// When the engine wants to be called.
    pub(crate) fn deadline(&self) -> Option<Tick> {
        if !self.started || !self.desk.is_empty() {
            return Some(Tick::ZERO);
        }
        [self.engine.deadline(), self.silence.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// What waits here for a credit, closed sessions included until their turn would come.
    pub(crate) fn waiting(&self) -> usize {
        let of = |outbox: &super::Outbox| outbox.waiting.len() + outbox.withheld as usize;
        let messages: usize = self.outboxes.iter().map(of).sum();
        let sessions: usize = self.waiting.iter().map(VecDeque::len).sum();
        let changes = self.controllers.changes_waiting();
        messages + changes + sessions + self.lines.len() + self.newcomers.in_line()
    }

    /// A message in TPKT for another shard: in a block with others of this turn if there is one.
    fn lend(&mut self, pool: &Pool, header: &[u8], message: &[u8]) -> Body {
        let bytes = header.len() + message.len();
        if self
            .writer
            .as_ref()
            .is_none_or(|writer| writer.room() < bytes)
        {
            let holds = |class: &Class| pool.block_bytes(*class) >= bytes;
            self.writer = [Class::Receive, Class::Bulk]
                .into_iter()
                .filter(holds)
                .find_map(|class| pool.writable(class));
        }
        match self.writer.as_mut() {
            Some(writer) if writer.room() >= bytes => {
                let start = writer.filled();
                writer.put(header);
                writer.put(message);
                Body::Lent(writer.lease_from(start).lend())
            }
            _ => Body::Owned([header, message].concat().into()),
        }
    }
}

impl Shard {
    /// A message from another shard for an association at home here. Answered at once, unless too much waits for that shard.
    pub(crate) fn message_arrived(&mut self, from: ShardId, arrival: Arrival) {
        let Arrival {
            user,
            form,
            source,
            body,
        } = arrival;
        self.message_at_home(user, form, source, body.bytes());
        let block = body.into_returned();
        let most = self.config.limits.h248_outbox_max as usize;
        let crowded = self.h248.as_mut().and_then(|h248| {
            let outbox = h248.outboxes.get_mut(usize::from(from.0))?;
            (outbox.waiting.len() >= most).then_some(outbox)
        });
        match crowded {
            Some(outbox) => {
                outbox.withheld += 1;
                // The block goes home as a stray: the answer that would carry it has to wait.
                drop(block);
            }
            None => self.give_back(from, Account::ToHome, block),
        }
    }

    /// A message for an association at home here.
    pub(super) fn message_at_home(
        &mut self,
        user: u16,
        form: Form,
        source: Source,
        message: &[u8],
    ) {
        let Some(mut h248) = self.h248.take() else {
            return;
        };
        let send_mod = match source {
            Source::Socket { .. } => SendMod::Tcp,
            Source::Datagram { .. } => SendMod::Udp,
        };
        let channel = h248.channel_of(source);
        let way = channel.and_then(|(channel, host)| Some((channel, channel.pack()?, host)));
        let receive = h248.receive_handle(user, form, send_mod);
        if let (Some((channel, send_handle, host)), Some(receive)) = (way, receive) {
            h248.stirred = true;
            if !h248.watches.is_empty() {
                self.show_received(&mut h248, channel, message);
            }
            h248.engine.handle(
                self.now,
                EngineInput::Received {
                    receive: &receive,
                    send_handle,
                    control: None,
                    extra: Some(host),
                    bytes: message,
                },
            );
            if send_mod == SendMod::Udp && !h248.engine.was_known() {
                let times = self.config.limits.datagram_answer_times as usize;
                let question = Question {
                    left: message.len().saturating_mul(times),
                    channel,
                };
                self.send_messages(&mut h248, Some(question));
            }
        } else {
            self.count(Metric::H248DroppedPeers);
        }
        self.h248 = Some(h248);
    }

    /// What follows from all that was handled: timers that are due, if the driver says that some are, messages to be sent, goodbyes.
    pub(crate) fn run_h248(&mut self, time_is_up: bool) {
        let now = self.now;
        let due = |h248: &H248, now| time_is_up && h248.deadline().is_some_and(|at| at <= now);
        let Some(mut h248) = self.h248.take_if(|h248| h248.stirred || due(h248, now)) else {
            return;
        };
        if !h248.started {
            h248.start_gateways(now, self.me);
        }
        if due(&h248, now) {
            h248.engine.handle(now, EngineInput::Timeout);
            self.look_for_silent(&mut h248);
        }
        self.send_messages(&mut h248, None);
        let leavers = std::mem::take(&mut *h248.leavers.borrow_mut());
        if !leavers.is_empty() {
            for connection in leavers {
                // One that is gone already needs no farewell.
                let _ = h248.engine.disconnect(now, connection, 0);
            }
            self.send_messages(&mut h248, None);
        }
        if self.carry_out_orders(&mut h248) {
            self.send_messages(&mut h248, None);
        }
        self.relay(&mut h248);
        self.watch_silence(&mut h248);
        h248.writer = None;
        h248.stirred = false;
        let errands = std::mem::take(&mut h248.errands);
        self.h248 = Some(h248);
        for errand in errands {
            // Nothing of it is a block of another shard.
            let _ = self.errand(errand);
        }
    }

    /// Sends all that the engine wants sent.
    fn send_messages(&mut self, h248: &mut H248, mut question: Option<Question>) {
        while let Some(output) = h248.engine.poll() {
            let send = match output {
                EngineOutput::Send(send) => send,
                EngineOutput::Dial { user, controller } => {
                    self.dial_controller(h248, user, controller);
                    continue;
                }
                _ => continue,
            };
            let channel = Channel::unpack(send.handle);
            if let Some(channel) = channel.filter(|_| !h248.watches.is_empty()) {
                self.show_sent(h248, send.tag.connection(), channel, &send.bytes);
            }
            if let Some(asked) = question
                .as_mut()
                .filter(|asked| channel == Some(asked.channel))
            {
                match asked.left.checked_sub(send.bytes.len()) {
                    Some(left) => asked.left = left,
                    None => {
                        self.count(Metric::H248DroppedAmplified);
                        h248.engine.recycle(send.bytes);
                        continue;
                    }
                }
            }
            let carried = match channel {
                Some(Channel::Socket(shard, socket)) => {
                    self.send_to_socket(h248, shard, socket, &send)
                }
                Some(Channel::Ip4(listener, to)) => self.send_datagram(listener, to.into(), &send),
                Some(Channel::Ip6(at, life)) => {
                    let way = h248.book.borrow().peers.way(at, life);
                    match way {
                        Some((listener, to)) => self.send_datagram(listener, to.address(), &send),
                        None => {
                            self.count(Metric::H248DroppedGone);
                            true
                        }
                    }
                }
                None => {
                    self.count(Metric::H248DroppedGone);
                    true
                }
            };
            if !carried {
                self.count(Metric::H248TooLong);
                h248.engine.handle(
                    self.now,
                    EngineInput::SendFailed {
                        tag: &send.tag,
                        cancelled: false,
                        reason: TOO_LONG,
                    },
                );
            }
            h248.engine.recycle(send.bytes);
        }
    }

    /// Sends a message to a socket, wherever it is; false if no TPKT can carry it.
    fn send_to_socket(
        &mut self,
        h248: &mut H248,
        shard: ShardId,
        socket: SocketId,
        send: &Send,
    ) -> bool {
        let length = u32::try_from(send.bytes.len()).unwrap_or(u32::MAX);
        let Ok(header) = tpkt::header(length) else {
            return false;
        };
        if shard == self.me {
            self.send_here(socket, &header, &send.bytes);
        } else if let Some(outbox) = h248.outboxes.get(usize::from(shard.0)) {
            if outbox.waiting.len() >= 2 * self.config.limits.h248_outbox_max as usize {
                self.count(Metric::H248DroppedCredit);
                return true;
            }
            let body = h248.lend(&self.pool, &header, &send.bytes);
            let what = Errand::Send(body);
            h248.outboxes[usize::from(shard.0)]
                .waiting
                .push_back(Departure { socket, what });
            self.empty_outbox(h248, shard);
        }
        true
    }

    /// Sends a datagram from this shard's own socket; false if no datagram can carry it.
    fn send_datagram(&mut self, listener: ListenerId, to: SocketAddr, send: &Send) -> bool {
        if send.bytes.len() > DATAGRAM_BYTES_MAX {
            return false;
        }
        let mut data = Gather::new();
        if data.push_bytes(&self.pool, &send.bytes).is_ok() {
            self.outputs
                .push_back(Output::Datagram { listener, to, data });
        } else {
            self.count(Metric::H248DroppedPool);
        }
        true
    }

    /// Sends what waits for the sockets of a shard, as far as the lane's credit goes.
    pub(super) fn empty_outbox(&mut self, h248: &mut H248, shard: ShardId) {
        let Some(outbox) = h248.outboxes.get_mut(usize::from(shard.0)) else {
            return;
        };
        while !outbox.waiting.is_empty() && self.lanes.spend(shard, Account::ToGateway) {
            if let Some(departure) = outbox.waiting.pop_front() {
                self.send_item(shard, Item::ToGateway(departure));
            }
        }
        if outbox.waiting.len() < self.config.limits.h248_outbox_max as usize {
            for _ in 0..std::mem::take(&mut outbox.withheld) {
                self.give_back(shard, Account::ToHome, None);
            }
        }
    }

    /// A credit for messages to sockets of `shard` came back.
    pub(crate) fn gateway_ready(&mut self, shard: ShardId) {
        if let Some(mut h248) = self.h248.take() {
            self.empty_outbox(&mut h248, shard);
            self.h248 = Some(h248);
        }
    }
}
