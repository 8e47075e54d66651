//! What a run says. One set of results, several writers.

pub mod console;
pub mod json;
pub mod lanes;
mod suites;
mod summary;

use glare_model::requirement::Level;

pub use suites::SuiteResult;
pub use summary::{RequirementResult, Summary, summarise};

use crate::{run::CaseResult, shard::Shard};

/// A whole run, for its writers.
pub struct Run<'a> {
    /// The target, as `binding:url`.
    pub target: String,
    /// The seed of the run; none where saved traces were judged.
    pub seed: Option<u64>,
    /// Whether it ended early.
    pub interrupted: bool,
    /// The part of the whole that ran, if it was a part.
    pub shard: Option<Shard>,
    /// The lowest level of a broken clause that fails the run.
    pub level: Level,
    /// Each case, ordered by name.
    pub results: &'a [CaseResult],
    /// What follows for the clauses.
    pub summary: &'a Summary,
    /// The suites that ran; none where a file's cases did.
    pub suites: &'a [SuiteResult],
    /// The command that runs a case again, by the case's id.
    pub replay: &'a dyn Fn(&str) -> String,
}
