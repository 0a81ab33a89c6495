//! What a user in the program wants done beside answering: requests of its own, late answers, ends.

use super::H248;
use crate::shard::Shard;
use megaphone_h248::model::ActionRequest;
use megaphone_megaco::user::Answer;
use megaphone_megaco::{Actions, CallOptions, ConnectionId, RequestToken};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

/// Orders that one turn of a shard carries out, at most: a user that orders with every answer cannot stall it.
const ORDERS_PER_TURN_MAX: usize = 1_024;

/// Something that a user wants done on its own shard. What was wrong with it is told in the operator's log.
#[derive(Clone, Debug)]
pub enum Order {
    /// Send transactions and report all their results together, by `handle_call_reply`.
    Call {
        /// To whom.
        connection: ConnectionId,
        /// The actions of each transaction.
        transactions: Vec<Vec<ActionRequest<'static>>>,
        /// Options.
        options: CallOptions,
    },
    /// Send transactions and report each result by itself, by `handle_trans_reply`.
    Cast {
        /// To whom.
        connection: ConnectionId,
        /// The actions of each transaction.
        transactions: Vec<Vec<ActionRequest<'static>>>,
        /// Options; `reply_data` comes back with the results.
        options: CallOptions,
    },
    /// Answer a request that was answered with `Later`.
    Answer {
        /// Which.
        token: RequestToken,
        /// The answer.
        answer: Box<Answer<'static>>,
    },
    /// Cancel what is outstanding to and from a peer.
    Cancel {
        /// Whose.
        connection: ConnectionId,
        /// Told to its callbacks.
        reason: u64,
    },
    /// End an association.
    Disconnect {
        /// Which.
        connection: ConnectionId,
        /// Told to `handle_disconnect`.
        reason: u64,
    },
    /// Hear an association no more, or again.
    Reception {
        /// Which.
        connection: ConnectionId,
        /// Whether to hear it.
        on: bool,
    },
}

/// Where a user puts its orders, from any of its callbacks. They are carried out when the callback is over.
#[derive(Clone, Default)]
pub struct Desk(Rc<RefCell<VecDeque<Order>>>);

impl Desk {
    /// Puts an order behind those that are there.
    pub fn put(&self, order: Order) {
        self.0.borrow_mut().push_back(order);
    }

    /// Sends one transaction and reports its result by `handle_trans_reply`, with `data`.
    pub fn cast(&self, connection: ConnectionId, actions: Vec<ActionRequest<'static>>, data: u64) {
        self.put(Order::Cast {
            connection,
            transactions: vec![actions],
            options: CallOptions {
                reply_data: Some(data),
                ..CallOptions::default()
            },
        });
    }

    pub(super) fn take(&self) -> Option<Order> {
        self.0.borrow_mut().pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Desk({} orders)", self.0.borrow().len())
    }
}

impl Shard {
    /// Carries out what users have ordered; true if any was.
    pub(super) fn carry_out_orders(&mut self, h248: &mut H248) -> bool {
        let mut done = 0;
        while done < ORDERS_PER_TURN_MAX
            && let Some(order) = h248.desk.take()
        {
            done += 1;
            if let Err(fault) = self.carry_out(h248, order) {
                let text = format!("an H.248 user's order was refused: {fault}");
                self.note(crate::contract::NoteLevel::Warning, text);
            }
        }
        done > 0
    }

    fn carry_out(&mut self, h248: &mut H248, order: Order) -> Result<(), megaphone_megaco::Error> {
        let now = self.now;
        match order {
            Order::Call {
                connection,
                transactions,
                options,
            } => {
                let actions: Vec<_> = transactions.iter().map(|it| Actions::Plain(it)).collect();
                h248.engine
                    .call(now, connection, &actions, &options)
                    .map(drop)
            }
            Order::Cast {
                connection,
                transactions,
                options,
            } => {
                let actions: Vec<_> = transactions.iter().map(|it| Actions::Plain(it)).collect();
                h248.engine.cast(now, connection, &actions, &options)
            }
            Order::Answer { token, answer } => h248.engine.answer(now, token, *answer),
            Order::Cancel { connection, reason } => h248.engine.cancel(now, connection, reason),
            Order::Disconnect { connection, reason } => {
                h248.engine.disconnect(now, connection, reason)
            }
            Order::Reception { connection, on } => {
                self.receive_from(h248, connection, on);
                Ok(())
            }
        }
    }
}
