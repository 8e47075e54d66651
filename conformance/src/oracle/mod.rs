//! Judging a trace. [`judge`] is pure: a saved trace can be judged again, offline, with the same verdict.
//!
//! Two oracles look at each phase. The `invariants` know the clauses and the wire, not the model; the `frontier` steps
//! the model beside the trace and asks whether any legal order of what was done explains what was seen. If either objects,
//! the case fails. Where both do, the invariants name the clause, for they know it precisely.
//!
//! After the first violation of a MUST the state of the target is unknown, so the rest of that trace is not judged, except
//! for ERR-07: whether the target still serves new clients is then exactly the question.

mod facts;
pub(crate) mod frontier;
mod invariants;
pub mod story;

pub use frontier::{PhaseOutcomes, Statistics, outcomes};

use glare_model::requirement::{Level, RequirementId};
use serde::{Deserialize, Serialize};

use self::{
    facts::Facts,
    frontier::{Explanation, Frontier},
    invariants::{Scene, fresh_clients_work, judge_order, judge_phase},
    story::{Story, What},
};
use crate::{
    capability::Profile,
    dialect::Dialect,
    trace::{Ending, Trace},
    verdict::{Evidence, Verdict},
};

/// A clause that was broken, where, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The clause.
    #[serde(with = "requirement_text")]
    pub requirement: RequirementId,
    /// The phase, from 0.
    pub phase: usize,
    /// What the clause demands here.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// Whether it consists in something not coming.
    pub missing: bool,
    /// Which oracle objects.
    pub oracle: Oracle,
}

/// The two oracles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oracle {
    /// The clauses on the wire.
    Invariants,
    /// The model beside the trace.
    Frontier,
}

/// What a trace says about a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Pass, fail or inconclusive.
    pub verdict: Verdict,
    /// How absence was established.
    pub evidence: Evidence,
    /// The violations, those of the first phase that has any, and ERR-07 from later ones.
    pub violations: Vec<Violation>,
    /// Whether a part of the trace was not judged, because a violation before it left the target's state unknown.
    pub cut_short: bool,
    /// Why it is inconclusive.
    pub reason: Option<String>,
    /// How many states of a server explained the trace, record by record.
    pub frontier: Statistics,
}

impl Oracle {
    /// The word for reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Invariants => "invariants",
            Self::Frontier => "frontier",
        }
    }
}

impl Judgement {
    /// The phases in which clauses were broken.
    #[must_use]
    pub fn broken_phases(&self) -> Vec<usize> {
        self.violations.iter().map(|violation| violation.phase).collect()
    }

    /// The strictest level among the violations.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        self.violations.iter().map(|violation| violation.requirement.level()).min()
    }
}

/// Judges a trace. `exact` says that it was made in memory, where nothing is ever late.
#[must_use]
pub fn judge(trace: &Trace, exact: bool) -> Judgement {
    let (story, frontier) = Frontier::read(trace);
    if let Some(reason) = story.unsayable {
        return not_applicable(reason);
    }
    let Opinions { mut violations, reason, broken_at, frontier } = opinions(&story, trace.profile, frontier);
    // Where the invariants say which clause was broken, the model's coarser opinion adds nothing.
    let named: Vec<usize> =
        violations.iter().filter(|one| one.oracle == Oracle::Invariants).map(|one| one.phase).collect();
    violations.retain(|one| one.oracle == Oracle::Invariants || !named.contains(&one.phase));
    dedupe(&mut violations);
    let evidence = evidence(&story, &violations, trace.profile.dialect(), exact);
    let verdict = match (violations.is_empty(), &reason) {
        (false, _) => Verdict::Fail,
        (true, Some(_)) => Verdict::Inconclusive,
        (true, None) => Verdict::Pass,
    };
    let cut_short = broken_at.is_some_and(|at| at + 1 < story.phases.len());
    Judgement { verdict, evidence, violations, cut_short, reason, frontier }
}

/// Something could not be said, so another scenario was played than was meant.
fn not_applicable(reason: String) -> Judgement {
    Judgement {
        verdict: Verdict::NotApplicable,
        evidence: Evidence::Fenced,
        violations: Vec::new(),
        cut_short: false,
        reason: Some(reason),
        frontier: Statistics::default(),
    }
}

/// What each oracle has to say by itself, before [`judge`] leaves out what one of them says less precisely. For tests of
/// the oracles.
#[must_use]
pub fn unmerged_violations(trace: &Trace) -> Vec<Violation> {
    let (story, frontier) = Frontier::read(trace);
    opinions(&story, trace.profile, frontier).violations
}

/// All that both oracles object to.
struct Opinions {
    violations: Vec<Violation>,
    reason: Option<String>,
    /// The phase after which the target's state is unknown.
    broken_at: Option<usize>,
    frontier: Statistics,
}

fn opinions(story: &Story, profile: Profile, mut frontier: Frontier) -> Opinions {
    let mut facts = Facts::new(profile);
    let mut is_bounded = true;
    let mut violations: Vec<Violation> = Vec::new();
    let mut reason = story.gave_up.clone();
    let mut broken_at = None;
    for (index, phase) in story.phases.iter().enumerate() {
        facts.open(phase);
        let acted = story.phases[..index].iter().any(|phase| !phase.acts.is_empty());
        if broken_at.is_none() && !acted && !phase.open_failed.is_empty() {
            reason = reason.or_else(|| Some(format!("could not connect: {}", phase.open_failed[0].1)));
            break;
        }
        let mut found = match broken_at {
            Some(at) => fresh_clients_work(story, index, at + 1, profile.dialect()),
            None => {
                let mut found = judge_phase(&Scene { story, phase, index, before: &facts });
                found.extend(fresh_clients_work(story, index, index, profile.dialect()));
                found
            }
        };
        if broken_at.is_none() && is_bounded {
            match frontier.advance(story, index) {
                Explanation::Found(objections) | Explanation::None(objections) => found.extend(objections),
                // The frontier has no opinion any more, and the verdict cannot be a pass.
                Explanation::TooMany(bound) => {
                    is_bounded = false;
                    reason = reason.or_else(|| Some(format!("too many legal orders: beyond {bound}")));
                }
            }
        }
        // What the target's dialect leaves out is no fault of its.
        found.retain(|one| profile.judges(one.requirement));
        // What is only recommended leaves the state as it has to be.
        if broken_at.is_none() && found.iter().any(|one| one.requirement.level() == Level::Must) {
            broken_at = Some(index);
        }
        violations.extend(found);
        facts.close(phase);
    }
    let last = broken_at.unwrap_or(story.phases.len().saturating_sub(1));
    if !story.phases.is_empty() {
        let in_order = judge_order(story, last, profile.dialect());
        violations.extend(in_order.into_iter().filter(|one| profile.judges(one.requirement)));
    }
    Opinions { violations, reason, broken_at, frontier: frontier.statistics() }
}

/// One line for each clause and phase: the first.
fn dedupe(violations: &mut Vec<Violation>) {
    let mut seen = std::collections::BTreeSet::new();
    violations.retain(|violation| seen.insert((violation.requirement, violation.phase)));
}

/// How the verdict was established. What is missing is proved by a fence in its phase or later, unless one was lost or the
/// phase ended a connection: no round trip can prove when a server notices that. Nor can it prove why a server ended one that was
/// open for as long as a heartbeat, or that a client would not have been let in a little later. Where a target has no fence,
/// time decides.
fn evidence(story: &Story, violations: &[Violation], dialect: &Dialect, exact: bool) -> Evidence {
    let timed = |index: usize| {
        let phase = &story.phases[index];
        let ends = |ending| matches!(ending, Ending::Close | Ending::Drop | Ending::Noticed);
        let fenced = story.phases[index..].iter().any(|phase| !phase.fenced.is_empty());
        let proved = fenced && phase.fence_lost.is_empty();
        let throws_out = dialect.refusals_close && !phase.ended.is_empty();
        !proved || throws_out || phase.acts.iter().any(|act| matches!(act.what, What::Ending(how) if ends(how)))
    };
    let waited = story.phases.iter().any(|phase| phase.waited);
    // On a busy machine a sound target may give up a client that lives.
    let broken = violations.iter().map(|violation| violation.phase).max();
    let gave_up = broken.is_some_and(|last| story.phases[..=last].iter().any(|phase| phase.missed_heartbeat));
    let open_late = violations.iter().any(|violation| story.phases[violation.phase].open_late);
    let by_time = waited
        || gave_up
        || open_late
        || violations.iter().any(|violation| violation.missing && timed(violation.phase));
    match (exact, by_time) {
        (true, _) => Evidence::Exact,
        (false, true) => Evidence::Timed,
        (false, false) => Evidence::Fenced,
    }
}

/// The model knows no serde; a clause is its id's text.
mod requirement_text {
    use glare_model::requirement::RequirementId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(id: &RequirementId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RequirementId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
