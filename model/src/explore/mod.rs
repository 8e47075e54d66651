//! Explores a world completely: every state and every transition that the budgets allow, each state once.
//!
//! The search is breadth-first and keeps whole states, so there are no hash collisions to estimate, and the first
//! witness of a fact is a shortest one. Order is deterministic: two runs give the same counts and the same witnesses.
//! A run that did not finish proves nothing, and its report says so ([`Completion::Incomplete`]).
//!
//! [`check`] runs all configurations of a [`crate::world::Variant`]; [`lanes`] draws a counterexample as text. With the
//! feature `check`, [`stateright`] lets another checker explore the same world.

mod check;
pub mod lanes;
mod report;
mod search;
#[cfg(feature = "check")]
pub mod stateright;
mod table;

pub use check::check;
pub use report::{
    CheckError, CheckReport, Completion, ConfigurationReport, Options, Progress, PropertyReport, Verdict,
};
