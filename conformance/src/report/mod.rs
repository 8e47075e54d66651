//! What a run says. One set of results, several writers.

mod conclusion;
pub mod console;
mod format;
mod github;
pub mod html;
pub mod json;
mod junit;
pub mod lanes;
mod markdown;
pub mod matrix;
mod page;
mod plain;
mod races;
mod suites;
mod summary;
mod triage;

use std::collections::BTreeMap;

use glare_model::requirement::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use conclusion::Conclusion;
pub use format::{Format, NoReport, Place, Wanted};
pub use races::{RaceShare, RaceTally};
pub use suites::SuiteResult;
pub use summary::{RequirementResult, Summary, summarise};

use crate::{
    baseline::Assessment,
    capability::{Declaration, Profile},
    oracle::Statistics,
    run::CaseResult,
    shard::Shard,
    verdict::Verdict,
};

/// A whole run, for its writers.
pub struct Run<'a> {
    /// The target, as `binding:url`.
    pub target: String,
    /// What the target declares.
    pub profile: Profile,
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
    /// What became of the baseline; nothing if there is none.
    pub baseline: &'a Assessment,
    /// The suites that ran; none where a file's cases did.
    pub suites: &'a [SuiteResult],
    /// What breaks between nodes; none where there is one.
    pub across: Option<&'a Across>,
    /// The small forms of failures, by case: the text of a file for `glare replay`.
    pub shrunk: &'a BTreeMap<String, String>,
    /// The command that runs a case again, by the case's id.
    pub replay: &'a dyn Fn(&str) -> String,
}

/// What breaks between the nodes of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Across {
    /// The nodes.
    pub endpoints: Vec<String>,
    /// The clauses that hold on the first node alone, and break where clients are spread over all nodes.
    pub only_across: Vec<String>,
}

/// A capability that the target declares.
pub struct Declared {
    /// As it was declared.
    pub declaration: Declaration,
    /// The gravest verdict on its clauses; none for a capability that has none.
    pub verdict: Option<Verdict>,
}

impl Run<'_> {
    /// How many states of a server explained what was seen, over all cases.
    #[must_use]
    pub fn frontier(&self) -> Statistics {
        let mut all = Statistics::default();
        self.results.iter().for_each(|result| all.add(&result.judgement.frontier));
        all
    }

    /// What is said of each capability that the target declares.
    #[must_use]
    pub fn capabilities(&self) -> Vec<Declared> {
        let verdict = |declaration: &Declaration| {
            let clauses = declaration.capability().clauses();
            let own = self.summary.requirements.iter().filter(|one| clauses.contains(&one.id));
            own.map(|one| one.verdict).max_by_key(|verdict| match verdict {
                Verdict::Fail => 6,
                Verdict::ExpectedFail => 5,
                Verdict::Inconclusive => 4,
                Verdict::NotExercised => 3,
                Verdict::Flaky => 2,
                Verdict::NotApplicable => 1,
                Verdict::Pass => 0,
            })
        };
        let declarations = self.profile.declarations();
        declarations.map(|declaration| Declared { verdict: verdict(&declaration), declaration }).collect()
    }
}
