//! Compares what a run found with what was expected.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::RequirementId;
use jiff::civil::Date;

use super::{Baseline, Entry};
use crate::{run::CaseResult, scenario::Scenario, verdict::Verdict};

/// What became of a baseline in a run.
#[derive(Clone, Debug, Default)]
pub struct Assessment {
    /// Each entry.
    pub entries: Vec<Assessed>,
    /// The broken clauses that are expected, by case.
    excused: BTreeMap<String, BTreeSet<RequirementId>>,
}

/// What became of an entry.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The entry.
    pub entry: Entry,
    /// What is said of it.
    pub standing: Standing,
    /// The cases that it excused, or that are flaky by it.
    pub cases: BTreeSet<String>,
}

/// What is said of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It excused failures.
    Expected,
    /// Its cases are known to be flaky.
    Flaky,
    /// All that it names ran, and nothing failed.
    Stale,
    /// Its last day is over, so it excuses nothing.
    Expired,
    /// Something that it names did not run, and nothing that ran failed.
    NotJudged,
}

impl Standing {
    /// The word for reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Flaky => "flaky",
            Self::Stale => "stale",
            Self::Expired => "expired",
            Self::NotJudged => "not_judged",
        }
    }
}

impl Baseline {
    /// Excuses what is expected: those failures get the verdicts [`Verdict::ExpectedFail`] and [`Verdict::Flaky`]. `all` is
    /// every case of what could have run.
    #[must_use]
    pub fn assess(&self, results: &mut [CaseResult], all: &[&Scenario], today: Date) -> Assessment {
        let mut assessment = Assessment::default();
        let expired = |entry: &Entry| entry.expires.is_some_and(|last| last < today);
        for entry in &self.entries {
            let standing = if expired(entry) { Standing::Expired } else { Standing::NotJudged };
            assessment.entries.push(Assessed { entry: entry.clone(), standing, cases: BTreeSet::new() });
        }
        results.iter_mut().for_each(|result| assessment.excuse(result));
        assessment.entries.iter_mut().for_each(|assessed| assessed.settle(results, all));
        assessment
    }
}

impl Assessment {
    /// Whether an entry fails the run.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.entries.iter().any(|one| matches!(one.standing, Standing::Stale | Standing::Expired))
    }

    /// Whether it is expected that a case breaks a clause.
    #[must_use]
    pub fn excuses(&self, case: &str, clause: RequirementId) -> bool {
        self.excused.get(case).is_some_and(|clauses| clauses.contains(&clause))
    }

    fn excuse(&mut self, result: &mut CaseResult) {
        let case = &result.case.id;
        let judgement = &mut result.judgement;
        if !matches!(judgement.verdict, Verdict::Pass | Verdict::Fail) {
            return;
        }
        let mut valid: Vec<_> = self.entries.iter_mut().filter(|one| one.standing != Standing::Expired).collect();
        let mut excused = BTreeSet::new();
        for assessed in valid.iter_mut().filter(|one| one.entry.is_about(case)) {
            let named = judgement.violations.iter().map(|one| one.requirement);
            let named: BTreeSet<_> = named.filter(|clause| assessed.entry.names(*clause)).collect();
            if !named.is_empty() || assessed.entry.flaky.is_some() {
                assessed.cases.insert(case.clone());
            }
            excused.extend(named);
        }
        let new = judgement.violations.iter().any(|one| !excused.contains(&one.requirement));
        let flaky = valid.iter().find(|one| one.entry.flaky.is_some() && one.entry.is_about(case));
        match (judgement.verdict, new, flaky) {
            (_, true, _) => {}
            (_, false, Some(assessed)) => {
                let now = if judgement.verdict == Verdict::Pass { "passed" } else { "failed" };
                let rate = assessed.entry.flaky.map_or(String::new(), |rate| rate.to_string());
                judgement.reason = Some(format!("known to fail in {rate} runs; this time it {now}"));
                judgement.verdict = Verdict::Flaky;
            }
            (Verdict::Fail, false, None) => judgement.verdict = Verdict::ExpectedFail,
            (_, false, None) => {}
        }
        if !excused.is_empty() {
            self.excused.entry(case.clone()).or_default().extend(excused);
        }
    }
}

impl Assessed {
    /// Decides what is said of the entry, now that everything was compared.
    fn settle(&mut self, results: &[CaseResult], all: &[&Scenario]) {
        self.standing = match (self.standing, self.entry.flaky.is_some(), self.cases.is_empty()) {
            (Standing::Expired, ..) => Standing::Expired,
            (_, true, false) => Standing::Flaky,
            (_, false, false) => Standing::Expected,
            (_, true, true) => Standing::NotJudged,
            (_, false, true) if self.is_stale(results, all) => Standing::Stale,
            (_, false, true) => Standing::NotJudged,
        };
    }

    /// Whether everything that could have failed as the entry says ran to its end.
    fn is_stale(&self, results: &[CaseResult], all: &[&Scenario]) -> bool {
        let concerned = |case: &&&Scenario| match self.entry.case {
            Some(_) => self.entry.is_about(&case.id),
            None => case.covers.iter().any(|clause| self.entry.names(*clause)),
        };
        let done: BTreeSet<&str> = results
            .iter()
            .filter(|result| match result.judgement.verdict {
                Verdict::Pass | Verdict::NotApplicable | Verdict::Flaky => true,
                Verdict::Fail | Verdict::ExpectedFail => !result.judgement.cut_short,
                Verdict::Inconclusive | Verdict::NotExercised => false,
            })
            .map(|result| result.case.id.as_str())
            .collect();
        let mut concerned = all.iter().filter(concerned).peekable();
        concerned.peek().is_some() && concerned.all(|case| done.contains(case.id.as_str()))
    }
}
