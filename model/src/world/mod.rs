//! The world that is checked: peers, one server, and a FIFO queue each way for every connection.
//!
//! Nothing here decides a rule: the server's part runs [`crate::room::step`] and a peer's part [`crate::negotiation::step`].
//! The world adds what surrounds them: who acts when, what is under way, what is lost.
//!
//! - Everything that the environment may do is an [`Action`] under a budget ([`Budgets`]); only enabled ones are offered.
//! - The server handles one message at a time, and so does a peer. Handlers are atomic: JavaScript's gaps between
//!   `createOffer` and `setLocalDescription` are not modelled.
//! - A connection that drops takes with it what was on its way to the client. What the client had sent may still be
//!   served, any prefix of it; the rest is cut when the server notices. A reconnect is a new connection with a new id.
//! - [`Facts`] are what a step or a state shows. Each [`Property`] is a fact that must never be seen, with another fact
//!   that must be, lest the first is never seen for want of an occasion.
//!
//! # Termination
//! A run that completes has no infinite behaviour to worry about: an action uses up a budget, serving a message makes no
//! new ones for the server, and of what a peer handles only offers can lead to further offers, whose numbers grow and
//! are bounded by a hard error ([`Overflow`]). So "at quiescence" is reached by every fair run. That is an argument about these
//! rules; [`crate::explore::liveness`] judges the [`Wish`]es of any world, cycles or not, on its graph.

mod action;
mod audit;
mod client;
mod facts;
mod judge;
mod packed;
mod property;
mod queue;
mod server;
mod space;
mod state;
mod system;
mod trace;
mod variant;
mod wish;

pub use action::{Action, Budget, Budgets};
pub use facts::{Fact, Facts};
pub use property::{PROPERTIES, Property, When, property};
pub use queue::{Overflow, QUEUE_MAX};
pub use state::{ROOMS_MAX, World};
pub use system::{Setting, System};
pub use trace::{Lane, Line, Trace, TraceStep};
pub use variant::{Configuration, UnknownVariant, Variant};
pub use wish::Wish;
