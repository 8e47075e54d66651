//! Explores a world completely: every state and every transition that the budgets allow, each state once.
//!
//! The search is breadth-first and keeps whole states, so there are no hash collisions to estimate, and the first
//! witness of a fact is a shortest one. Order is deterministic: two runs, with however many threads, give the same numbers,
//! edges and witnesses. A run that did not finish proves nothing, and its report says so ([`Completion::Incomplete`]).
//!
//! # Why it is fast
//! What dominates a search is the size of a state and the work of a step. A state is therefore a few small numbers in one
//! integer: that of each [part](Space::Part), a peer with its queues and the server's record of it, and that of the rest.
//! A step changes a part or two; what it does is computed once for each part in each surrounding, by the one transition
//! function, and remembered as a difference of integers. [`contract`] checks edge by edge that nothing is lost by that.
//! Orders of independent steps are not left out (partial-order reduction): facts look at messages under way, so that even
//! handling an ack is visible, and a prototype lost the occasions of ROOM-15 and ORDER-02.
//!
//! [`check`] runs all configurations of a [`crate::world::Variant`], [`explore()`] one world; [`lanes`] draws a
//! counterexample as text. With the feature `check`, `stateright` lets another checker explore the same world.

mod check;
pub mod contract;
mod expand;
mod explored;
mod graph;
mod hash;
mod key;
pub mod lanes;
mod learn;
pub mod liveness;
mod memo;
pub mod picture;
mod report;
mod search;
mod space;
#[cfg(feature = "check")]
pub mod stateright;
mod store;
mod table;
mod witness;
mod worker;

pub use check::{Measured, check, measure};
pub use explored::{Cost, Explored, explore};
pub use graph::Graph;
pub use report::{
    CheckError, CheckReport, Completion, ConfigurationReport, Options, Progress, PropertyReport, Verdict,
};
pub use search::Limits;
pub use space::Space;
