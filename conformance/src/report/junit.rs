//! The JUnit form of a run, for a CI that shows tests. A suite for each clause, with the cases that were written for it.
//!
//! A broken clause is a `<failure>`. What has no verdict is an `<error>`, for nothing unproven is green. What is of no
//! concern, expected, or only recommended is `<skipped>`, with the reason.

use std::{collections::BTreeMap, fmt::Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Run, lanes::lanes};
use crate::{baseline::Standing, run::CaseResult, verdict::Verdict};

/// Writes a run.
#[must_use]
pub(crate) fn junit(run: &Run<'_>) -> String {
    let mut page = Report::new(format!("glare test {}", run.target));
    let mut by_clause: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for result in run.results {
        let clause = result.case.covers.first().map_or("no clause", |id| id.as_str());
        by_clause.entry(clause).or_default().push(result);
    }
    for (clause, results) in by_clause {
        let mut suite = TestSuite::new(clause);
        for result in results {
            let mut case = TestCase::new(result.case.id.as_str(), status(result, run));
            case.set_classname(clause);
            suite.add_test_case(case);
        }
        page.add_test_suite(suite);
    }
    if !run.baseline.entries.is_empty() {
        page.add_test_suite(baseline(run));
    }
    page.to_string().expect("names and texts are XML once they are escaped") + "\n"
}

fn status(result: &CaseResult, run: &Run<'_>) -> TestCaseStatus {
    let CaseResult { case, judgement, .. } = result;
    let reason = || judgement.reason.clone().unwrap_or_else(|| "no reason is known".to_owned());
    let counts = judgement.level().is_some_and(|level| level <= run.level);
    let broken: Vec<_> = judgement.violations.iter().map(|one| one.requirement.as_str()).collect();
    let broken = broken.join(" ");
    let (mut status, kind, message) = match judgement.verdict {
        Verdict::Pass => return TestCaseStatus::success(),
        Verdict::Fail if counts => {
            (TestCaseStatus::non_success(NonSuccessKind::Failure), "fail", format!("{broken} broken: {}", case.title))
        }
        Verdict::Fail => (
            TestCaseStatus::skipped(),
            "recommendation",
            format!("{broken} not followed, which only a SHOULD asks for"),
        ),
        Verdict::ExpectedFail => {
            (TestCaseStatus::skipped(), "expected-fail", format!("{broken} broken, as the baseline expects"))
        }
        Verdict::Flaky => (TestCaseStatus::skipped(), "flaky", "known to be flaky by the baseline".to_owned()),
        Verdict::Inconclusive => (TestCaseStatus::non_success(NonSuccessKind::Error), "inconclusive", reason()),
        Verdict::NotExercised => (TestCaseStatus::non_success(NonSuccessKind::Error), "not-exercised", reason()),
        Verdict::NotApplicable => (TestCaseStatus::skipped(), "not-applicable", reason()),
    };
    status.set_type(kind).set_message(message);
    if !judgement.violations.is_empty() {
        status.set_description(story(result, run));
    }
    status
}

/// What was expected, what came, and how to see it again.
fn story(result: &CaseResult, run: &Run<'_>) -> String {
    let CaseResult { case, judgement, trace } = result;
    let mut story = String::new();
    for violation in &judgement.violations {
        let id = violation.requirement;
        let _infallible = writeln!(
            story,
            "{id} ({}): {}\n  expected  {}\n  actual    {}",
            id.level(),
            id.clause().text,
            violation.expected,
            violation.actual
        );
    }
    let (evidence, transcript) = (judgement.evidence.word(), lanes(trace, &judgement.broken_phases()));
    let replay = (run.replay)(&case.id);
    let _infallible = writeln!(story, "  evidence  {evidence}\n\n{transcript}\n  replay    {replay}");
    story
}

/// A case for each entry of the baseline: one that is out of date fails the run, so it has to be seen here as well.
fn baseline(run: &Run<'_>) -> TestSuite {
    let mut suite = TestSuite::new("baseline");
    for assessed in &run.baseline.entries {
        let problem = match assessed.standing {
            Standing::Expected | Standing::Flaky | Standing::NotJudged => None,
            Standing::Stale => Some("nothing fails as it says: remove it"),
            Standing::Expired => Some("its last day is over"),
        };
        let mut status =
            problem.map_or_else(TestCaseStatus::success, |_| TestCaseStatus::non_success(NonSuccessKind::Failure));
        if let Some(problem) = problem {
            status.set_type(assessed.standing.word()).set_message(problem);
        }
        let name = format!("line {}, {}", assessed.entry.line, assessed.entry.about());
        let mut case = TestCase::new(name, status);
        case.set_classname("baseline");
        suite.add_test_case(case);
    }
    suite
}
