//! Messages on their way out: assembling them from encoded transactions, and the transaction sender that makes some wait for company.

use super::receive::Source;
use super::timers::millis;
use super::{Engine, Output, Resend, Send, SendTag, TimerKey};
use crate::codec;
use crate::config::{Profile, ResendIndication};
use crate::handle::{ReceiveHandle, SendHandle, UserId};
use crate::sender::{SenderAction, SenderEvent, SenderState, pack};
use crate::trace::{self, Way};
use megaphone_h248::model::{ErrorDescriptor, TransactionReply};
use megaphone_wheel::Tick;
use smallvec::SmallVec;
use std::sync::Arc;

/// A message that leaves at once, whatever the sender has stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carrier<'a> {
    pub handle: SendHandle,
    pub version: Option<u8>,
    /// Its encoded transaction.
    pub bytes: &'a [u8],
    /// Its form.
    pub binary: bool,
    /// The id, if it is a reply.
    pub reply: Option<u32>,
    pub resend: bool,
    /// Takes nothing along.
    pub alone: bool,
}

impl<'a> Carrier<'a> {
    /// What is no reply, is sent once, and takes along what it may.
    pub(super) fn new(
        handle: SendHandle,
        version: Option<u8>,
        bytes: &'a [u8],
        binary: bool,
    ) -> Self {
        Self {
            handle,
            version,
            bytes,
            binary,
            reply: None,
            resend: false,
            alone: false,
        }
    }
}

/// A live request's transaction.
struct Stored {
    id: u32,
    bytes: Arc<[u8]>,
    kind: Kind,
}

/// What transactions must have in common to share a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    binary: bool,
    version: u8,
}

impl Engine {
    /// Sends encoded transactions in one message.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    fn send(
        &mut self,
        now: Tick,
        place: u32,
        handle: SendHandle,
        kind: Kind,
        parts: &[&[u8]],
        resend: bool,
        tag: SendTag,
    ) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let mut bytes = self.buffers.pop().unwrap_or_default();
        let Some(Some(user)) = self.users.get_mut(row.user as usize) else {
            return;
        };
        let Kind { binary, version } = kind;
        codec::message(&row.config, binary, version, &user.model, parts, &mut bytes);
        row.counters.out_messages = row.counters.out_messages.wrapping_add(1);
        row.counters.out_octets += bytes.len() as u64;
        self.totals.counters.out_messages = self.totals.counters.out_messages.wrapping_add(1);
        self.totals.counters.out_octets += bytes.len() as u64;
        let resend = match row.config.resend_indication {
            ResendIndication::Off => Resend::Untold,
            ResendIndication::Resend if resend => Resend::Again,
            ResendIndication::Resend => Resend::Untold,
            ResendIndication::Flag => Resend::Flag(resend),
        };
        let send_mod = row.config.send_mod;
        self.trace(
            now,
            trace::VERBOSE,
            Some(place),
            Way::Out,
            "message",
            tag.reply.or(tag.requests.first().copied()),
            format_args!("{} transactions, {} bytes", parts.len(), bytes.len()),
        );
        self.outputs.push_back(Output::Send(Send {
            send_mod,
            handle,
            bytes,
            resend,
            tag,
        }));
    }

    fn tag(&self, place: u32, requests: &[u32], reply: Option<u32>) -> SendTag {
        SendTag {
            connection: Some(self.id_at(place)),
            requests: SmallVec::from_slice(requests),
            reply,
        }
    }

    /// Sends requests together in one message, now.
    pub(super) fn send_requests(
        &mut self,
        now: Tick,
        place: u32,
        handle: SendHandle,
        ids: &[u32],
        resend: bool,
    ) {
        let all = self.request_bytes(place, ids);
        let mut rest = &all[..];
        while let Some(first) = rest.first() {
            // Requests of one call are of one kind; so this is one message.
            let same = rest.iter().take_while(|stored| stored.kind == first.kind);
            let (together, others) = rest.split_at(same.count());
            rest = others;
            let parts: SmallVec<[&[u8]; 4]> = together.iter().map(|one| &*one.bytes).collect();
            let ids: SmallVec<[u32; 2]> = together.iter().map(|stored| stored.id).collect();
            let tag = self.tag(place, &ids, None);
            self.send(now, place, handle, first.kind, &parts, resend, tag);
        }
    }

    /// Ids that are still live with what is sent of them.
    fn request_bytes(&self, place: u32, ids: &[u32]) -> SmallVec<[Stored; 2]> {
        let Some(row) = self.connections.get(place) else {
            return SmallVec::new();
        };
        let (user, own_version) = (row.user, row.config.protocol_version);
        let live = ids.iter().filter_map(|id| {
            let request = self.requests.get(self.by_id.get(&(user, *id))?)?;
            Some(Stored {
                id: *id,
                bytes: request.bytes.clone()?,
                kind: Kind {
                    binary: request.binary,
                    version: request
                        .rare
                        .as_ref()
                        .and_then(|rare| rare.version)
                        .unwrap_or(own_version),
                },
            })
        });
        live.collect()
    }

    /// Hands requests to the sender.
    pub(super) fn submit(&mut self, now: Tick, place: u32, ids: &[u32]) {
        let sizes: Vec<usize> = self
            .request_bytes(place, ids)
            .iter()
            .map(|stored| stored.bytes.len())
            .collect();
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let sender = &mut row.rare.get_or_insert_default().sender;
        if let ([id], [size]) = (ids, &sizes[..]) {
            let event = sender.request_event(&row.config, *id, *size);
            return self.sender_request(now, place, event, *id, *size);
        }
        let count = sender.requests.len() + ids.len();
        let bytes = sender.request_bytes + sizes.iter().sum::<usize>();
        if count < row.config.trans_req_maxcount as usize
            && bytes < row.config.trans_req_maxsize as usize
        {
            for (id, size) in ids.iter().zip(&sizes) {
                self.sender_request(now, place, SenderEvent::Request, *id, *size);
            }
            return;
        }
        self.submit_in_chunks(now, place, ids);
    }

    /// More than fits: everything stored and new, oldest first, in messages of at most `trans_req_maxsize`. If more than one results, the last stays.
    fn submit_in_chunks(&mut self, now: Tick, place: u32, ids: &[u32]) {
        let Some((acks, mut all)) = self.take_stored(place) else {
            return;
        };
        all.extend(ids);
        let stored = self.request_bytes(place, &all);
        let sizes: Vec<usize> = stored.iter().map(|stored| stored.bytes.len()).collect();
        let maxsize = self
            .connections
            .get(place)
            .map_or(0, |row| row.config.trans_req_maxsize as usize);
        let chunks = pack(&sizes, maxsize);
        let (mut acks, mut from) = (acks, 0);
        for (at, count) in chunks.iter().enumerate() {
            let chunk: Vec<u32> = stored[from..from + count]
                .iter()
                .map(|stored| stored.id)
                .collect();
            if at > 0 && at + 1 == chunks.len() {
                for (id, size) in chunk.iter().zip(&sizes[from..]) {
                    self.sender_request(now, place, SenderEvent::Request, *id, *size);
                }
                return;
            }
            self.send_stored(now, place, None, acks.take(), &chunk);
            from += count;
        }
    }

    fn sender_request(&mut self, now: Tick, place: u32, event: SenderEvent, id: u32, size: usize) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let sender = &mut row.rare.get_or_insert_default().sender;
        let own = row.send_handle;
        match sender.state().on(event).1 {
            SenderAction::StoreFirst => {
                sender.store_request(id, size);
                self.arm_sender(now, place);
            }
            SenderAction::Store => sender.store_request(id, size),
            SenderAction::FlushWithNew => {
                sender.store_request(id, size);
                self.flush(now, place);
            }
            SenderAction::FlushThenNew => {
                self.flush(now, place);
                self.send_requests(now, place, own, &[id], false);
            }
            SenderAction::Flush => self.flush(now, place),
            _ => self.send_requests(now, place, own, &[id], false),
        }
    }

    fn arm_sender(&mut self, now: Tick, place: u32) {
        let Some(period) = self
            .connections
            .get(place)
            .map(|row| row.config.trans_timer)
        else {
            return;
        };
        let armed = self
            .wheel
            .insert(now.after(millis(period)), TimerKey::Sender(place));
        if let Some(rare) = self
            .connections
            .get_mut(place)
            .and_then(|row| row.rare.as_mut())
        {
            rare.sender.armed = Some(armed);
        }
    }

    pub(super) fn sender_expired(&mut self, now: Tick, place: u32) {
        if let Some(rare) = self
            .connections
            .get_mut(place)
            .and_then(|row| row.rare.as_mut())
        {
            rare.sender.armed = None;
        }
        self.flush(now, place);
    }

    /// Sends everything stored.
    pub(super) fn flush(&mut self, now: Tick, place: u32) {
        if let Some((acks, requests)) = self.take_stored(place) {
            self.send_stored(now, place, None, acks, &requests);
        }
    }

    /// Takes everything stored out of the sender: the encoded acknowledgements, and ids of requests.
    fn take_stored(&mut self, place: u32) -> Option<(Option<Vec<u8>>, Vec<u32>)> {
        let row = self.connections.get_mut(place)?;
        let sender = &mut row.rare.as_mut()?.sender;
        let armed = sender.armed.take();
        let (acks, requests) = sender.take();
        let acks = (!acks.is_empty()).then(|| codec::acks(&row.config, &acks));
        self.disarm(armed);
        Some((acks, requests))
    }

    /// A carrier first, if any, then acknowledgements, then requests: one message, unless some are of another version or were
    /// encoded before the connection went from text to binary, or back. Those have messages of their own.
    fn send_stored(
        &mut self,
        now: Tick,
        place: u32,
        carrier: Option<Carrier<'_>>,
        acks: Option<Vec<u8>>,
        requests: &[u32],
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let (own, own_form) = (row.send_handle, row.config.is_binary());
        let own_version = row.config.protocol_version;
        let all = self.request_bytes(place, requests);
        let led = carrier.map(|carrier| Kind {
            binary: carrier.binary,
            version: carrier.version.unwrap_or(own_version),
        });
        // Acknowledgements are the same in every version.
        let acks_with = led.filter(|kind| kind.binary == own_form).unwrap_or(Kind {
            binary: own_form,
            version: own_version,
        });
        let mut kinds: SmallVec<[Kind; 4]> = led.into_iter().collect();
        let others = acks
            .iter()
            .map(|_| acks_with)
            .chain(all.iter().map(|stored| stored.kind));
        for kind in others {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        for kind in kinds {
            let carrier = carrier.filter(|_| led == Some(kind));
            let acks = acks.as_deref().filter(|_| acks_with == kind);
            let stored = || all.iter().filter(|stored| stored.kind == kind);
            let mut parts = SmallVec::<[&[u8]; 8]>::new();
            parts.extend(carrier.map(|carrier| carrier.bytes));
            parts.extend(acks);
            parts.extend(stored().map(|stored| &*stored.bytes));
            let ids: SmallVec<[u32; 2]> = stored().map(|stored| stored.id).collect();
            let tag = self.tag(place, &ids, carrier.and_then(|carrier| carrier.reply));
            let handle = carrier.map_or(own, |carrier| carrier.handle);
            let resend = carrier.is_some_and(|carrier| carrier.resend);
            self.send(now, place, handle, kind, &parts, resend, tag);
        }
    }

    /// Sends a message that leaves at once; what is stored for the same destination goes along.
    pub(super) fn carry(&mut self, now: Tick, place: u32, carrier: Carrier<'_>) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let company = !carrier.alone && carrier.handle == row.send_handle;
        let sender = row.rare.as_ref().map(|rare| &rare.sender);
        let action = match sender.filter(|_| company) {
            Some(sender) => {
                sender
                    .state()
                    .on(sender.carrier_event(&row.config, carrier.bytes.len()))
                    .1
            }
            None => SenderState::Idle.on(SenderEvent::Carrier).1,
        };
        match action {
            SenderAction::FlushWithCarrier => {
                let Some((acks, requests)) = self.take_stored(place) else {
                    return;
                };
                self.send_stored(now, place, Some(carrier), acks, &requests);
            }
            SenderAction::FlushThenCarrier => {
                self.flush(now, place);
                self.send_alone(now, place, carrier);
            }
            _ => self.send_alone(now, place, carrier),
        }
    }

    /// Sends a carrier in a message of its own: what nearly every reply is.
    fn send_alone(&mut self, now: Tick, place: u32, carrier: Carrier<'_>) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let kind = Kind {
            binary: carrier.binary,
            version: carrier.version.unwrap_or(row.config.protocol_version),
        };
        let tag = self.tag(place, &[], carrier.reply);
        let (handle, resend) = (carrier.handle, carrier.resend);
        self.send(now, place, handle, kind, &[carrier.bytes], resend, tag);
    }

    /// Acknowledges a reply as the reply, the profile and the items want it.
    pub(super) fn acknowledge(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        reply: &TransactionReply<'_>,
        pended: bool,
    ) {
        let Some(config) = self.connections.get(place).map(|row| row.config.clone()) else {
            return;
        };
        // RFC 3525 D.1.4: a final reply after a Pending is confirmed at once.
        let at_once = reply.imm_ack_required || (config.profile == Profile::Rfc && pended);
        if at_once || (config.auto_ack && !config.stores_acks()) {
            self.acknowledge_now(now, place, source, reply.transaction_id);
        } else if config.auto_ack {
            self.store_ack(now, place, reply.transaction_id);
        }
    }

    fn store_ack(&mut self, now: Tick, place: u32, id: u32) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        let sender = &mut row.rare.get_or_insert_default().sender;
        let (state, event) = (sender.state(), sender.ack_event(&row.config));
        sender.store_ack(id);
        match state.on(event).1 {
            SenderAction::StoreFirst => self.arm_sender(now, place),
            SenderAction::Store => {}
            _ => self.flush(now, place),
        }
    }

    /// Sends an acknowledgement now, together with everything stored.
    pub(super) fn acknowledge_now(&mut self, now: Tick, place: u32, source: Source, id: u32) {
        let Some(row) = self.connections.get_mut(place) else {
            return;
        };
        if let Some(rare) = row
            .rare
            .as_mut()
            .filter(|_| source.send_handle == row.send_handle)
            && rare.sender.state() == SenderState::Storing
        {
            rare.sender.store_ack(id);
            return self.flush(now, place);
        }
        let bytes = codec::acks(&row.config, &[(id, id)].into_iter().collect());
        let carrier = Carrier {
            alone: true,
            ..Carrier::new(source.send_handle, None, &bytes, row.config.is_binary())
        };
        self.carry(now, place, carrier);
    }

    /// Answers a message as a whole with an error; there need be no connection.
    pub(super) fn send_message_error(
        &mut self,
        now: Tick,
        receive: &ReceiveHandle,
        source: Source,
        version: Option<u8>,
        error: &ErrorDescriptor<'_>,
    ) {
        let Ok(user) = self.user(receive.user) else {
            return;
        };
        let version = version
            .or(receive.protocol_version)
            .unwrap_or(user.config.protocol_version);
        let Some(bytes) = codec::error_message(receive, version, &user.model, error) else {
            return;
        };
        self.totals.counters.out_messages = self.totals.counters.out_messages.wrapping_add(1);
        self.totals.counters.out_octets += bytes.len() as u64;
        self.trace(
            now,
            trace::IMPORTANT,
            None,
            Way::Out,
            "message error",
            None,
            format_args!("{}", error.code),
        );
        self.outputs.push_back(Output::Send(Send {
            send_mod: receive.send_mod,
            handle: source.send_handle,
            bytes,
            resend: Resend::Untold,
            tag: SendTag::default(),
        }));
    }

    /// A message error on a connection.
    pub(super) fn send_connection_error(
        &mut self,
        now: Tick,
        place: u32,
        source: Source,
        error: &ErrorDescriptor<'_>,
    ) {
        let Some(row) = self.connections.get(place) else {
            return;
        };
        let receive = ReceiveHandle::of(UserId(row.user), &row.config);
        let version = row.config.protocol_version;
        self.send_message_error(now, &receive, source, Some(version), error);
    }
}
