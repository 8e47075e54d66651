//! What a check is asked, and what it answers.

use crate::{
    requirement::RequirementId,
    world::{Configuration, Overflow, Property, Trace},
};

/// What to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How many states a configuration may have; beyond, its run is incomplete.
    pub states_max: usize,
    /// The clauses to report on; none means all.
    pub only: Vec<RequirementId>,
    /// How many threads explore. The report does not depend on it.
    pub threads: usize,
    /// How much memory the exploration of a configuration may take, in bytes; beyond, its run is incomplete.
    pub memory_bytes_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { states_max: 20_000_000, only: Vec::new(), threads: 1, memory_bytes_max: 8 << 30 }
    }
}

/// How far the search of one configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// States known.
    pub states: usize,
    /// Those of them that wait to be expanded.
    pub waiting: usize,
    /// Transitions seen.
    pub transitions: u64,
    /// The length of the shortest path to the states now expanded.
    pub depth: usize,
    /// Memory taken so far, in bytes.
    pub bytes: usize,
}

/// Whether a search saw everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// Every reachable state, and every transition.
    Complete,
    /// Not everything, for a reason. Violations found are real; nothing is proved.
    Incomplete(&'static str),
}

/// What became of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every state and transition was seen, none breaks it, and its occasion arose.
    Holds,
    /// Every state and transition was seen, none breaks it, but its occasion never arose: proves nothing.
    Vacuous,
    /// A shortest run that breaks it.
    Violated(Trace),
    /// Nothing seen breaks it, and not everything was seen.
    Unknown,
}

/// A property and its verdict in one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyReport {
    /// The property.
    pub property: &'static Property,
    /// What became of it.
    pub verdict: Verdict,
    /// Whether its occasion arose.
    pub occasion_arose: bool,
}

/// What was found in one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationReport {
    /// The configuration.
    pub configuration: Configuration,
    /// Unique states.
    pub states: usize,
    /// Transitions.
    pub transitions: u64,
    /// The longest of the shortest paths.
    pub depth: usize,
    /// Whether that is all.
    pub completion: Completion,
    /// The properties, in the order of docs/protocol.md.
    pub properties: Vec<PropertyReport>,
}

impl ConfigurationReport {
    /// The verdict on a clause's property.
    #[must_use]
    pub fn verdict(&self, clause: RequirementId) -> Option<&Verdict> {
        self.properties.iter().find(|report| report.property.clause == clause).map(|report| &report.verdict)
    }
}

/// What was found about a variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// The variant's name.
    pub variant: &'static str,
    /// Its configurations.
    pub configurations: Vec<ConfigurationReport>,
}

impl CheckReport {
    /// The verdict on a property over all configurations: violated if any violates it, else unknown if any is unknown,
    /// else it holds if its occasion arose in any. Of several counterexamples it is the shortest one in which every
    /// client behaves well, if there is such a one: it needs no culprit.
    #[must_use]
    pub fn verdict(&self, clause: RequirementId) -> Option<&Verdict> {
        let ranked = |report: &'_ ConfigurationReport, verdict: &Verdict| match verdict {
            Verdict::Violated(trace) => (0, report.configuration.budgets.allow_misbehaviour(), trace.length),
            Verdict::Unknown => (1, false, 0),
            Verdict::Holds => (2, false, 0),
            Verdict::Vacuous => (3, false, 0),
        };
        let verdicts = self.configurations.iter().filter_map(|report| Some((report, report.verdict(clause)?)));
        verdicts.min_by_key(|(report, verdict)| ranked(report, verdict)).map(|(_, verdict)| verdict)
    }

    /// The clauses reported on, in the order of docs/protocol.md.
    pub fn clauses(&self) -> impl Iterator<Item = RequirementId> {
        let first = self.configurations.first();
        first.into_iter().flat_map(|report| report.properties.iter().map(|it| it.property.clause))
    }

    /// The clauses whose properties are violated.
    #[must_use]
    pub fn violated(&self) -> Vec<RequirementId> {
        self.clauses().filter(|clause| matches!(self.verdict(*clause), Some(Verdict::Violated(_)))).collect()
    }

    /// Whether every configuration was seen completely, and every property holds there or lacks only its occasion,
    /// which arose in another configuration.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.clauses().all(|clause| self.verdict(clause) == Some(&Verdict::Holds))
            && self.configurations.iter().all(|report| report.completion == Completion::Complete)
    }
}

/// A check that could not be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration {configuration:?}: {overflow}")]
pub struct CheckError {
    /// The configuration's name.
    pub configuration: &'static str,
    /// What did not fit.
    #[source]
    pub overflow: Overflow,
}
