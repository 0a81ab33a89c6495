//! The originating side: calls and casts. What becomes of their requests is in `requests` and `results`.

use super::Engine;
use crate::call::{Actions, Call, CallOptions, EncodedActions, Origin};
use crate::codec;
use crate::config::{Config, Profile};
use crate::fault::Error;
use crate::handle::{CallId, ConnectionId};
use crate::registration;
use crate::request::{RareRequest, Request, RequestState};
use megaphone_h248::model::ActionRequest;
use megaphone_wheel::Tick;
use smallvec::SmallVec;
use std::sync::Arc;

/// A request's id and its encoded transaction.
type Encoded = (u32, Arc<[u8]>);

/// Transactions of one call or cast.
pub(super) const TRANSACTIONS_PER_CALL_MAX: usize = 1024;

impl Engine {
    /// Sends transactions and reports all their results together, through `handle_call_reply` (`call/3`).
    pub fn call(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        transactions: &[Actions<'_>],
        options: &CallOptions,
    ) -> Result<CallId, Error> {
        let place = self.place(connection)?;
        let callee = self.callee(place, None);
        let module = self.module_of(options, callee.module)?;
        self.calls_made += 1;
        let id = self.calls_made;
        let call = self.calls.insert(Call {
            id,
            missing: transactions.len(),
            outcomes: Vec::new(),
        });
        let origin = |index: usize| Origin::Call {
            call,
            index: u16::try_from(index).unwrap_or(u16::MAX),
            module,
            user_args: options.user_args.unwrap_or(callee.user_args),
        };
        match self.originate(now, place, transactions, options, origin) {
            Ok(()) => Ok(CallId(id)),
            Err(error) => {
                self.calls.remove(call);
                Err(error)
            }
        }
    }

    /// Sends transactions; each result comes by itself, through `handle_trans_reply` (`cast/3`).
    pub fn cast(
        &mut self,
        now: Tick,
        connection: ConnectionId,
        transactions: &[Actions<'_>],
        options: &CallOptions,
    ) -> Result<(), Error> {
        let place = self.place(connection)?;
        let callee = self.callee(place, None);
        let module = self.module_of(options, callee.module)?;
        let data = options
            .reply_data
            .unwrap_or(self.row(connection)?.config.reply_data);
        self.originate(now, place, transactions, options, |_| Origin::Cast {
            data,
            module,
            user_args: options.user_args.unwrap_or(callee.user_args),
        })
    }

    /// Encodes actions once for any number of transactions (`encode_actions/3`).
    pub fn encode_actions(
        &self,
        connection: ConnectionId,
        actions: &[ActionRequest<'_>],
        options: &CallOptions,
    ) -> Result<EncodedActions, Error> {
        let config = &self.row(connection)?.config;
        let version = options.protocol_version.unwrap_or(config.protocol_version);
        if actions.is_empty() {
            return Err(Error::NoActions);
        }
        Ok(EncodedActions {
            encoding: config.encoding_mod,
            version,
            actions: codec::actions(config, actions)?,
        })
    }

    pub(super) fn originate(
        &mut self,
        now: Tick,
        place: u32,
        transactions: &[Actions<'_>],
        options: &CallOptions,
        origin: impl Fn(usize) -> Origin,
    ) -> Result<(), Error> {
        let Some(row) = self.connections.get(place) else {
            return Err(Error::NoActions);
        };
        let (config, user, handle) = (row.config.clone(), row.user, row.send_handle);
        if transactions.len() > TRANSACTIONS_PER_CALL_MAX {
            return Err(Error::Limit("transactions_per_call_max"));
        }
        if row.outstanding as usize + transactions.len() > self.options.requests_per_connection_max
        {
            self.totals.refused += 1;
            return Err(Error::Limit("requests_per_connection_max"));
        }
        let made = self.encode_all(&config, user, transactions, options)?;
        let handle = options.send_handle.unwrap_or(handle);
        let mut ids = SmallVec::<[u32; 2]>::new();
        for (index, (id, bytes)) in made.into_iter().enumerate() {
            let registers = registration::registers(&config, &transactions[index]);
            let origin = origin(index);
            let keep_alive = match origin {
                Origin::Cast { .. } => options
                    .request_keep_alive_timeout
                    .or(config.request_keep_alive_timeout),
                Origin::Call { .. } | Origin::Registration { .. } | Origin::Orphan => None,
            };
            let rare = rare(options, keep_alive, registers);
            let timer = options.request_timer.unwrap_or(config.request_timer);
            let request = Request {
                connection: place,
                user,
                id,
                state: RequestState::Waiting,
                timer,
                backoff: config.profile == Profile::Rfc && options.request_timer.is_none(),
                armed: None,
                long_timer: options
                    .long_request_timer
                    .unwrap_or(config.long_request_timer),
                bytes: Some(bytes),
                binary: config.is_binary(),
                origin,
                first_sent: now,
                resends: 0,
                pendings: 0,
                previous: None,
                next: None,
                rare,
            };
            let at = self.requests.insert(request);
            self.by_id.insert((user, id), at);
            self.link_request(at);
            self.arm_request(now, at);
            ids.push(id);
        }
        // What has a destination of its own cannot share a message.
        let own = options.send_handle.is_some();
        if config.stores_requests() && !options.direct && !own {
            self.submit(now, place, &ids);
        } else {
            self.send_requests(now, place, handle, &ids, false);
        }
        Ok(())
    }

    /// Reserves ids and encodes; on an error nothing has changed but the id counter.
    fn encode_all(
        &mut self,
        config: &Config,
        user: u32,
        transactions: &[Actions<'_>],
        options: &CallOptions,
    ) -> Result<Vec<Encoded>, Error> {
        let version = options.protocol_version.unwrap_or(config.protocol_version);
        let mut made: Vec<Encoded> = Vec::with_capacity(transactions.len());
        for actions in transactions {
            let id = self.next_transaction_id(user)?;
            if made.iter().any(|(used, _)| *used == id) {
                return Err(Error::NoTransactionId);
            }
            let bytes = match actions {
                Actions::Plain([]) => return Err(Error::NoActions),
                Actions::Plain(actions) => codec::request(config, id, actions)?,
                Actions::Encoded(encoded)
                    if (encoded.encoding, encoded.version) != (config.encoding_mod, version) =>
                {
                    return Err(Error::WrongEncoding);
                }
                Actions::Encoded(encoded) => codec::request_of(config, id, &encoded.actions)?,
            };
            made.push((id, bytes));
        }
        if made.is_empty() {
            Err(Error::NoActions)
        } else {
            Ok(made)
        }
    }
}

fn rare(
    options: &CallOptions,
    keep_alive: Option<u32>,
    registers: bool,
) -> Option<Box<RareRequest>> {
    let any = options.send_handle.is_some()
        || options.protocol_version.is_some()
        || keep_alive.is_some()
        || registers;
    any.then(|| {
        Box::new(RareRequest {
            send_handle: options.send_handle,
            version: options.protocol_version,
            keep_alive,
            registers,
            ..RareRequest::default()
        })
    })
}
