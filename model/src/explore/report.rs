//! What a check is asked, and what it answers.

use super::lanes;
use crate::{
    requirement::RequirementId,
    world::{Configuration, Goal, Overflow, Property, Trace},
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

/// A goal and its verdict in one configuration, over all peers. It has an occasion if it is wanting anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalReport {
    /// The goal.
    pub goal: &'static Goal,
    /// What became of it. A shortest run that violates it goes on for ever: see [`Trace::then`].
    pub verdict: Verdict,
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
    /// The goals, in the same order.
    pub goals: Vec<GoalReport>,
}

impl ConfigurationReport {
    /// The verdict on a clause's goal.
    #[must_use]
    pub fn goal_verdict(&self, clause: RequirementId) -> Option<&Verdict> {
        self.goals.iter().find(|report| report.goal.clause == clause).map(|report| &report.verdict)
    }

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
        self.over_all(|report| report.verdict(clause))
    }

    /// The verdict on a goal over all configurations, likewise.
    #[must_use]
    pub fn goal_verdict(&self, clause: RequirementId) -> Option<&Verdict> {
        self.over_all(|report| report.goal_verdict(clause))
    }

    fn over_all<'a>(&'a self, of: impl Fn(&'a ConfigurationReport) -> Option<&'a Verdict>) -> Option<&'a Verdict> {
        let ranked = |report: &'_ ConfigurationReport, verdict: &Verdict| match verdict {
            Verdict::Violated(trace) => (0, report.configuration.budgets.allow_misbehaviour(), trace.length),
            Verdict::Unknown => (1, false, 0),
            Verdict::Holds => (2, false, 0),
            Verdict::Vacuous => (3, false, 0),
        };
        let verdicts = self.configurations.iter().filter_map(|report| Some((report, of(report)?)));
        verdicts.min_by_key(|(report, verdict)| ranked(report, verdict)).map(|(_, verdict)| verdict)
    }

    /// All that is reported on, each over all configurations: the properties, then the goals, each in the order of
    /// docs/protocol.md.
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome<'_>> {
        let Some(first) = self.configurations.first() else { return Vec::new() };
        let properties = first.properties.iter().map(|it| Outcome {
            claim: Claim::Property(it.property),
            verdict: self.verdict(it.property.clause).unwrap_or(&it.verdict),
        });
        let goals = first.goals.iter().map(|it| Outcome {
            claim: Claim::Goal(it.goal),
            verdict: self.goal_verdict(it.goal.clause).unwrap_or(&it.verdict),
        });
        properties.chain(goals).collect()
    }

    /// The clauses whose properties are reported on, in the order of docs/protocol.md.
    pub fn clauses(&self) -> impl Iterator<Item = RequirementId> {
        let first = self.configurations.first();
        first.into_iter().flat_map(|report| report.properties.iter().map(|it| it.property.clause))
    }

    /// The clauses whose properties are violated.
    #[must_use]
    pub fn violated(&self) -> Vec<RequirementId> {
        self.clauses().filter(|clause| matches!(self.verdict(*clause), Some(Verdict::Violated(_)))).collect()
    }

    /// The clauses whose goals are violated.
    #[must_use]
    pub fn unreached(&self) -> Vec<RequirementId> {
        let goals = self.configurations.first().into_iter().flat_map(|report| &report.goals);
        let clauses = goals.map(|report| report.goal.clause);
        clauses.filter(|clause| matches!(self.goal_verdict(*clause), Some(Verdict::Violated(_)))).collect()
    }

    /// Whether every configuration was seen completely, and every property and every goal holds there or lacks only its
    /// occasion, which arose in another configuration.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.outcomes().iter().all(|outcome| *outcome.verdict == Verdict::Holds)
            && self.configurations.iter().all(|report| report.completion == Completion::Complete)
    }
}

/// What is claimed of a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// What must never be seen.
    Property(&'static Property),
    /// What must come true in the end.
    Goal(&'static Goal),
}

impl Claim {
    /// The clause that demands it.
    #[must_use]
    pub fn clause(self) -> RequirementId {
        match self {
            Self::Property(property) => property.clause,
            Self::Goal(goal) => goal.clause,
        }
    }

    /// The claim, in English.
    #[must_use]
    pub fn statement(self) -> &'static str {
        match self {
            Self::Property(property) => property.statement,
            Self::Goal(goal) => goal.statement,
        }
    }

    /// Draws a run that shows that it is false.
    #[must_use]
    pub fn counterexample(self, trace: &Trace) -> String {
        match self {
            Self::Property(property) => lanes::counterexample(property, trace),
            Self::Goal(goal) => lanes::never(goal, trace),
        }
    }
}

/// A claim and its verdict over all configurations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The claim.
    pub claim: Claim,
    /// What became of it.
    pub verdict: &'a Verdict,
}

impl Outcome<'_> {
    /// Whether a run shows that the claim is false.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        matches!(self.verdict, Verdict::Violated(_))
    }

    /// The counterexample drawn as text, if there is one.
    #[must_use]
    pub fn counterexample(&self) -> Option<String> {
        match self.verdict {
            Verdict::Violated(trace) => Some(self.claim.counterexample(trace)),
            Verdict::Holds | Verdict::Vacuous | Verdict::Unknown => None,
        }
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
