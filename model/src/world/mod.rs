//! The world that is checked: peers, one server, and a FIFO queue each way for every connection.
//!
//! Nothing here decides a rule: the server's part runs [`crate::room::step`] and a peer's part [`crate::negotiation::step`].
//! The world adds what surrounds them: who acts when, what is under way, what is lost.
//!
//! - Everything that the environment may do is an [`Action`] under a budget ([`Budgets`]); only enabled ones are offered.
//! - The server handles one message at a time, and so does a peer. A description is made, applied and sent at once; that
//!   an answer takes time, and that a candidate overtakes its description, are actions under budgets.
//! - A connection that drops takes with it what was on its way to the client. What the client had sent may still be
//!   served, any prefix of it; the rest is cut when the server notices. A reconnect is a new connection with a new id.
//! - What properties are judged by is not the rules' own numbers, but an account that the world keeps: which two met how
//!   often, of which meeting a signal under way is, which peer connections are open.
//! - [`Facts`] are what a step or a state shows. Each [`Property`] is a fact that must never be seen, with another fact
//!   that must be, lest the first is never seen for want of an occasion.
//!
//! # Termination
//! A run that completes has no infinite behaviour to worry about: an action uses up a budget, serving a message makes no
//! new ones for the server, and whatever a peer handles leads to further descriptions only, whose numbers grow and are
//! bounded by a hard error ([`Overflow`]); ICE recovers or fails once for each loss, and losses have a budget. So "at
//! quiescence" is reached by every fair run. That is an argument about these rules; [`crate::explore::liveness`] judges
//! the [`Wish`]es of any world, cycles or not, on its graph.

mod account;
mod action;
mod audit;
mod audit_outcome;
mod audit_peer;
mod budget;
mod client;
mod configuration;
mod facts;
mod judge;
mod packed;
mod packed_negotiation;
mod property;
mod queue;
mod seam;
mod server;
mod several;
mod space;
mod state;
mod system;
mod trace;
mod variant;
mod wish;
mod words;

pub use action::{Action, IceAction};
pub use budget::{Budget, Budgets};
pub use configuration::Configuration;
pub use facts::{Fact, Facts};
pub use property::{PROPERTIES, Property, UNMODELLED, When, property};
pub use queue::{Overflow, QUEUE_MAX};
pub use seam::{ModelDirectory, PeerStep, ServerStep};
pub use state::{ROOMS_MAX, World};
pub use system::{Setting, System};
pub use trace::{Lane, Line, Outlook, Trace, TraceStep};
pub use variant::{UnknownVariant, Variant};
pub use wish::{GOALS, Goal, Wish, goal};
