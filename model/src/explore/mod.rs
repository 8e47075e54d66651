//! Explores a world completely: every state and every transition that the budgets allow, each state once.
//!
//! The search is breadth-first and keeps whole states, so there are no hash collisions to estimate, and the first
//! witness of a fact is a shortest one. Order is deterministic: two runs, with however many threads, give the same numbers,
//! edges and witnesses. A run that did not finish proves nothing, and its report says so ([`Completion::Incomplete`]).
//!
//! # Why it is fast
//! What dominates a search is the size of a state, the work of a step, and waiting for memory.
//!
//! - A state is a few small numbers in one integer, of 64 bits if they fit: that of each [part](Space::Part), a peer with
//!   its queues and the server's record of it, and that of the rest.
//! - A step changes a part or two. What it does is computed once for each part among the others that it
//!   [heeds](Space::heeds), by the one transition function, and remembered as a difference of integers, for all threads.
//!   [`contract`] checks edge by edge that nothing is lost by that.
//! - Memory is read in groups: every line that a group needs is touched before the first is used, so that many reads are
//!   under way at once. Every second successor was met a moment ago, and is found in a small cache.
//! - Threads share out states to expand, moves to learn and hashes to look up. Each writes what is its own, and all meet
//!   between the steps of a batch.
//!
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
mod run;
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
    CheckError, CheckReport, Claim, Completion, ConfigurationReport, GoalReport, Options, Outcome, Progress,
    PropertyReport, Verdict,
};
pub use search::Limits;
pub use space::Space;
