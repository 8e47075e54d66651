//! What a run says of its suites: how much of each ran, and whether what it claims follows.

use std::collections::BTreeMap;

use crate::{run::CaseResult, suite::Made, verdict::Verdict};

/// A suite of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuiteResult {
    /// Its name.
    pub name: &'static str,
    /// How many cases it has.
    pub cases: usize,
    /// How many of them passed.
    pub passed: usize,
    /// What follows if all of it passes.
    pub claims: Vec<String>,
}

impl SuiteResult {
    /// Looks up what became of a suite's cases.
    #[must_use]
    pub fn of(made: &Made, results: &[CaseResult]) -> Self {
        let verdicts: BTreeMap<&str, Verdict> =
            results.iter().map(|result| (result.case.id.as_str(), result.judgement.verdict)).collect();
        let passed = made.all.iter().filter(|case| verdicts.get(case.id.as_str()) == Some(&Verdict::Pass));
        Self { name: made.suite.name, cases: made.all.len(), passed: passed.count(), claims: made.claims.clone() }
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
        let result = SuiteResult::of(&made, &[left_out]);
        assert!(!result.holds() && result.passed == 0);
        assert!(result.because().is_some_and(|why| why.contains(&made.all.len().to_string())));
    }
}
