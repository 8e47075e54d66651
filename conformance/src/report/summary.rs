//! From cases to clauses.

use glare_model::requirement::{Level, RequirementId, Role};

use crate::{
    baseline::Assessment,
    capability::Profile,
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
    /// Why nothing is said of it; none if something is.
    pub because: Option<String>,
}

/// What a run says of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Every clause that binds servers, those of capabilities included, in the order of the document.
    pub requirements: Vec<RequirementResult>,
    /// Cases by verdict, in the order of [`Verdict`].
    pub counts: [(Verdict, usize); 7],
}

/// Sums up results. A clause fails if any case shows it broken, whatever that case was written for, and the baseline does not
/// expect it.
#[must_use]
pub fn summarise(results: &[CaseResult], baseline: &Assessment, profile: &Profile) -> Summary {
    let verdicts = Verdict::ALL;
    let counts =
        verdicts.map(|verdict| (verdict, results.iter().filter(|one| one.judgement.verdict == verdict).count()));
    let server_clauses = RequirementId::all().iter().filter(|id| id.role() != Role::Peer);
    let not_applicable = |id: RequirementId| match profile.lacks(id) {
        Some(capability) => Some(format!("{capability} is not declared")),
        None => profile.dialect().reason(id).map(str::to_owned),
    };
    let requirements = server_clauses.map(|id| match not_applicable(*id) {
        Some(because) => {
            let because = Some(because);
            RequirementResult { id: *id, verdict: Verdict::NotApplicable, evidence: None, cases: 0, because }
        }
        None => of_requirement(*id, results, baseline),
    });
    let requirements = requirements.collect();
    Summary { requirements, counts }
}

fn of_requirement(id: RequirementId, results: &[CaseResult], baseline: &Assessment) -> RequirementResult {
    let breaks = |result: &&CaseResult| {
        let verdict = result.judgement.verdict;
        let counts = matches!(verdict, Verdict::Fail | Verdict::ExpectedFail);
        counts && result.judgement.violations.iter().any(|violation| violation.requirement == id)
    };
    let (expected, new): (Vec<_>, Vec<_>) =
        results.iter().filter(breaks).partition(|result| baseline.excuses(&result.case.id, id));
    let covering: Vec<_> = results.iter().filter(|result| result.case.covers.contains(&id)).collect();
    let with = |verdict: Verdict| covering.iter().filter(move |result| result.judgement.verdict == verdict);
    let evidence = |results: &[&CaseResult]| results.iter().map(|result| result.judgement.evidence).max();
    for (verdict, broken) in [(Verdict::Fail, new), (Verdict::ExpectedFail, expected)] {
        if !broken.is_empty() {
            let (evidence, cases) = (evidence(&broken), broken.len());
            return RequirementResult { id, verdict, evidence, cases, because: None };
        }
    }
    if with(Verdict::Inconclusive).next().is_some() {
        let cases = with(Verdict::Inconclusive).count();
        let because = why_silent(&covering);
        return RequirementResult { id, verdict: Verdict::Inconclusive, evidence: None, cases, because };
    }
    // A case that another clause's violation cut short says nothing about this one.
    let judged = |result: &&&CaseResult| match result.judgement.verdict {
        Verdict::Pass => true,
        Verdict::Fail | Verdict::ExpectedFail => !result.judgement.cut_short,
        Verdict::Flaky | Verdict::Inconclusive | Verdict::NotApplicable | Verdict::NotExercised => false,
    };
    let passed: Vec<_> = covering.iter().filter(judged).copied().collect();
    let (verdict, because) =
        if passed.is_empty() { (Verdict::NotExercised, why_silent(&covering)) } else { (Verdict::Pass, None) };
    RequirementResult { id, verdict, evidence: evidence(&passed), cases: passed.len(), because }
}

/// Why the cases of a clause say nothing of it.
fn why_silent(covering: &[&CaseResult]) -> Option<String> {
    let Some(first) = covering.first() else { return Some("no case of this run covers it".to_owned()) };
    let reasons = covering.iter().find_map(|result| result.judgement.reason.clone());
    let cut = covering.iter().find_map(|result| result.judgement.violations.first().map(|one| (result, one)));
    Some(match (reasons, cut) {
        (Some(reason), _) => reason,
        (None, Some((result, violation))) => {
            format!("{} was cut short: it broke {}", result.case.id, violation.requirement)
        }
        (None, None) => format!("{} did not run to its end", first.case.id),
    })
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

#[cfg(test)]
mod tests {
    use glare_model::requirement::ids::{ROOM_01, ROOM_04, ROOM_14};

    use super::*;

    fn result(covers: &str, broken: &[RequirementId], cut_short: bool) -> CaseResult {
        let verdict = if broken.is_empty() { Verdict::Pass } else { Verdict::Fail };
        let mut result = CaseResult::sample(covers, verdict, broken);
        result.judgement.cut_short = cut_short;
        result
    }

    fn verdict_on(id: RequirementId, results: &[CaseResult]) -> Verdict {
        summarise(results, &Assessment::default(), &Profile::CORE)
            .requirements
            .iter()
            .find(|one| one.id == id)
            .unwrap()
            .verdict
    }

    #[test]
    fn a_clause_fails_by_a_case_that_was_written_for_another() {
        let results = [result("ROOM-01", &[], false), result("ROOM-04", &[ROOM_01], true)];
        assert_eq!(verdict_on(ROOM_01, &results), Verdict::Fail);
    }

    #[test]
    fn a_case_that_was_cut_short_says_nothing_about_its_own_clause() {
        assert_eq!(verdict_on(ROOM_04, &[result("ROOM-04", &[ROOM_01], true)]), Verdict::NotExercised);
    }

    #[test]
    fn a_case_that_was_judged_to_its_end_does() {
        assert_eq!(verdict_on(ROOM_04, &[result("ROOM-04", &[ROOM_14], false)]), Verdict::Pass);
    }

    #[test]
    fn a_broken_should_fails_only_at_its_level() {
        let summary = summarise(&[result("ROOM-14", &[ROOM_14], false)], &Assessment::default(), &Profile::CORE);
        assert!(!summary.fails(Level::Must) && summary.fails(Level::Should));
    }
}
