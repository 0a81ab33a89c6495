//! The message model: one set of types for versions 1, 2 and 3, named as in annex A; it knows no encoding.
//!
//! # Shape
//! The types are those of the ASN.1 with Rust's spelling: `SEQUENCE` is a struct, `CHOICE` an enum, `OPTIONAL` an
//! `Option`, `SEQUENCE OF` a [`List`]. Parts that came with a later version say so. A message is a plain tree of
//! values to match on:
//!
//! ```
//! use megaphone_h248::model::{Command, Transaction, Message};
//!
//! fn notifies(message: &Message<'_>) -> usize {
//!     let requests = message.transactions().iter().filter_map(|transaction| match transaction {
//!         Transaction::Request(request) => Some(request),
//!         _ => None,
//!     });
//!     requests
//!         .flat_map(|request| &request.actions)
//!         .flat_map(|action| &action.commands)
//!         .filter(|request| matches!(request.command, Command::Notify(_)))
//!         .count()
//! }
//! ```
//!
//! # Storage
//! Every type borrows where it can and owns where it must. A decoder takes names and bodies from the input
//! ([`Token`], [`OctetString`] and the other atoms are `Cow`s) and lists from an [`Arena`](crate::Arena) ([`List`] is
//! a slice then, [`Ref`] a reference), so that decoding allocates nothing once the arena is warm, and dropping a
//! message costs nothing. By hand, the same types are built from `Vec`s, arrays and `&'static str`s. To keep a decoded
//! message or any part of it, copy it out with [`IntoOwned::into_owned`].
//!
//! ```
//! use megaphone_h248::model::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let off_hook = ObservedEvent {
//!     name: PkgdName::try_from("al/of")?,
//!     stream: None,
//!     parameters: List::EMPTY,
//!     time: TimeNotation::new(*b"19990729", *b"22000000"),
//! };
//! let notify = Command::Notify(NotifyRequest {
//!     terminations: List::one(TerminationId::try_from("A4444")?),
//!     observed_events: ObservedEventsDescriptor { request_id: RequestId(2222), events: [off_hook].into() },
//!     error: None,
//! });
//! let request = TransactionRequest {
//!     transaction_id: 10000,
//!     actions: [ActionRequest::new(ContextId::NULL, [notify.into()])].into(),
//! };
//! let mid = MId::Ip4Address([124, 124, 124, 222].into(), Some(55555));
//! let message = Message::new(1, mid, [Transaction::Request(request)]);
//! # let _ = message;
//! # Ok(())
//! # }
//! ```
//!
//! # One meaning, one value
//! Equality is the standard's: names ignore case, an absent optional list equals an empty one, parts that say nothing
//! are `None`. A decoder of any encoding yields the same value for the same meaning; where an encoding cannot say
//! something (text has no [`NonStandardData`], BER no `X-` extension tokens) the part says so, and its encoder returns
//! an error instead of dropping it.

mod action;
mod atom;
mod audit;
mod command;
mod descriptor;
mod event;
mod list;
mod message;
mod mid;
mod owned;
#[cfg(feature = "serde")]
mod serialize;
mod service_change;
mod signal;

pub use action::*;
pub use atom::*;
pub use audit::*;
pub use command::*;
pub use descriptor::*;
pub use event::*;
pub use list::*;
pub use message::*;
pub use mid::*;
pub use owned::IntoOwned;
pub use service_change::*;
pub use signal::*;
