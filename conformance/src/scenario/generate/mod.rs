//! Scenarios that nobody wrote: from the exact graph of the server's rules, from chance, from a grammar of what is malformed.
//!
//! A generated scenario is text like a written one ([`super::Scenario::render`]), so that a failure replays from a file.
//! The same arguments give the same scenarios, in the same order, under the same ids.

mod abstraction;
mod causes;
mod complete;
mod coverage;
mod hostile;
mod identify;
mod machine;
mod outcome;
mod raced;
mod races;
pub mod random;
mod script;
mod symmetry;
mod tours;

pub use complete::complete;
pub use hostile::hostile;
pub use races::{RaceSpot, race_spots, races};
pub use random::random;
pub use tours::tours;

use super::Scenario;

/// What a generator made.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The scenarios.
    pub scenarios: Vec<Scenario>,
    /// What they cover, and what follows for a target that passes them all: sentences for the report.
    pub claims: Vec<String>,
}
