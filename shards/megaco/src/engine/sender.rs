//! The transaction sender: requests and acknowledgements that wait for company, and what leaves at once and takes them along.

use super::outgoing::{Carrier, Kind};
use super::receive::Source;
use super::timers::millis;
use super::{Engine, TimerKey};
use crate::codec;
use crate::config::Profile;
use crate::sender::{SenderAction, SenderEvent, SenderState, pack};
use megaphone_h248::model::TransactionReply;
use megaphone_wheel::Tick;
use smallvec::SmallVec;

impl Engine {
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
}
