//! From cases to clauses.

use glare_model::requirement::{Level, RequirementId, Role};

use crate::{
    run::CaseResult,
    verdict::{Evidence, Verdict},
};

/// What a run says of one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequirementResult {
    /// The clause.
    pub id: RequirementId,
    /// What is said of it.
    pub verdict: Verdict,
    /// The weakest evidence among its cases.
    pub evidence: Option<Evidence>,
    /// How many cases covered it, or broke it.
    pub cases: usize,
}

/// What a run says of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Every clause that binds servers, in the order of the document.
    pub requirements: Vec<RequirementResult>,
    /// Cases by verdict: pass, fail, inconclusive, not applicable, not exercised.
    pub counts: [(Verdict, usize); 5],
}

/// Sums up results. A clause fails if any case shows it broken, whatever that case was written for.
#[must_use]
pub fn summarise(results: &[CaseResult]) -> Summary {
    let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::NotApplicable, Verdict::NotExercised];
    let counts =
        verdicts.map(|verdict| (verdict, results.iter().filter(|one| one.judgement.verdict == verdict).count()));
    let server_clauses = RequirementId::all().iter().filter(|id| id.role() == Role::Server);
    let requirements = server_clauses.map(|id| of_requirement(*id, results)).collect();
    Summary { requirements, counts }
}

fn of_requirement(id: RequirementId, results: &[CaseResult]) -> RequirementResult {
    let breaks = |result: &CaseResult| result.judgement.violations.iter().any(|violation| violation.requirement == id);
    let broken: Vec<_> = results.iter().filter(|result| breaks(result)).collect();
    let covering: Vec<_> = results.iter().filter(|result| result.case.covers.contains(&id)).collect();
    let with = |verdict: Verdict| covering.iter().filter(move |result| result.judgement.verdict == verdict);
    let evidence = |results: &[&CaseResult]| results.iter().map(|result| result.judgement.evidence).max();
    if !broken.is_empty() {
        return RequirementResult { id, verdict: Verdict::Fail, evidence: evidence(&broken), cases: broken.len() };
    }
    // A case that another clause's violation cut short says nothing about this one.
    let verdict = if with(Verdict::Inconclusive).next().is_some() {
        Verdict::Inconclusive
    } else if with(Verdict::Pass).next().is_some() {
        Verdict::Pass
    } else {
        Verdict::NotExercised
    };
    let counted: Vec<_> = with(verdict).copied().collect();
    let evidence = if verdict == Verdict::Pass { evidence(&counted) } else { None };
    RequirementResult { id, verdict, evidence, cases: counted.len() }
}

impl Summary {
    /// The number of cases with a verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.counts.iter().find(|(own, _)| *own == verdict).map_or(0, |(_, count)| *count)
    }

    /// Whether a clause of at least this level fails.
    #[must_use]
    pub fn fails(&self, level: Level) -> bool {
        self.requirements.iter().any(|one| one.verdict == Verdict::Fail && one.id.level() <= level)
    }

    /// Whether a case that was to run has no verdict.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.count(Verdict::Inconclusive) + self.count(Verdict::NotExercised) > 0
    }
}
