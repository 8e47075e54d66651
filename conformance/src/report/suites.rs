//! What a run says of its suites: how much of each ran, and whether what it claims follows.

use std::collections::BTreeMap;

use super::RaceShare;
use crate::{run::CaseResult, suite::Made, verdict::Verdict};

/// A suite of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteResult {
    /// Its name.
    pub name: &'static str,
    /// How many cases it has that are of concern to the target.
    pub cases: usize,
    /// How many of them passed.
    pub passed: usize,
    /// How many are about capabilities that the target does not declare.
    pub not_applicable: usize,
    /// What follows if all of it passes.
    pub claims: Vec<String>,
    /// How much of what may come of its races was seen, if it has any.
    pub races: Option<RaceShare>,
}

impl SuiteResult {
    /// Looks up what became of a suite's cases. `races` is what was seen of races, whichever suite they are of.
    #[must_use]
    pub fn of(made: &Made, results: &[CaseResult], races: Option<RaceShare>) -> Self {
        let verdicts: BTreeMap<&str, Verdict> =
            results.iter().map(|result| (result.case.id.as_str(), result.judgement.verdict)).collect();
        let count = |wanted| made.all.iter().filter(|case| verdicts.get(case.id.as_str()) == Some(&wanted)).count();
        let not_applicable = count(Verdict::NotApplicable);
        Self {
            name: made.suite.name,
            cases: made.all.len() - not_applicable,
            passed: count(Verdict::Pass),
            not_applicable,
            claims: made.claims.clone(),
            races: races.filter(|_| made.suite.name == super::races::SUITE),
        }
    }

    /// Whether its claims follow: the whole suite ran, and all of it passed.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.passed == self.cases
    }

    /// Why its claims do not follow; none if they do.
    #[must_use]
    pub fn because(&self) -> Option<String> {
        let left = self.cases - self.passed;
        (left > 0).then(|| format!("{left} of its {} cases did not pass in this run", self.cases))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{Scope, by_names, make};

    #[test]
    fn nothing_follows_from_a_suite_that_did_not_run_to_its_end() {
        let made = make(&by_names(&["requirements".to_owned()]).unwrap(), &Scope::default()).remove(0);
        let left_out = CaseResult::not_exercised(made.all[0].clone(), "left out");
        let result = SuiteResult::of(&made, &[left_out], None);
        assert!(!result.holds() && result.passed == 0);
        assert!(result.because().is_some_and(|why| why.contains(&made.all.len().to_string())));
    }
}
