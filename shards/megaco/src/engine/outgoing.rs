//! Messages on their way out: assembled from encoded transactions, counted, traced.

use super::receive::Source;
use super::{Engine, Output, Resend, Send, SendTag};
use crate::codec;
use crate::config::ResendIndication;
use crate::handle::{ReceiveHandle, SendHandle, UserId};
use crate::trace::{self, Way};
use megaphone_h248::model::ErrorDescriptor;
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
pub(super) struct Stored {
    pub id: u32,
    pub bytes: Arc<[u8]>,
    pub kind: Kind,
}

/// What transactions must have in common to share a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub binary: bool,
    pub version: u8,
}

impl Engine {
    /// Sends encoded transactions in one message.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    pub(super) fn send(
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

    pub(super) fn tag(&self, place: u32, requests: &[u32], reply: Option<u32>) -> SendTag {
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
    pub(super) fn request_bytes(&self, place: u32, ids: &[u32]) -> SmallVec<[Stored; 2]> {
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
