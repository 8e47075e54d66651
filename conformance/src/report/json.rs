//! The JSON report. docs/report.schema.json is its schema, generated from these types and kept in step by a test.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Run, lanes::lanes};
use crate::{
    run::CaseResult,
    verdict::{Evidence, Verdict},
};

/// The version of the report's form. It changes when a reader of the old form would be misled.
pub const SCHEMA_VERSION: u32 = 1;

/// A whole run.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this form: 1.
    pub schema: u32,
    /// The target, as `binding:url`.
    pub target: String,
    /// The seed that made and ordered the cases; null where saved traces were judged.
    pub seed: Option<u64>,
    /// Whether the run ended early.
    pub interrupted: bool,
    /// The part of the whole that ran, as `I/N`; null if it was the whole.
    pub shard: Option<String>,
    /// The suites that ran; none where a file's cases did.
    pub suites: Vec<SuiteReport>,
    /// Cases by verdict.
    pub summary: Counts,
    /// What the run says of each clause that binds servers.
    pub requirements: Vec<RequirementReport>,
    /// Each case, ordered by name.
    pub results: Vec<ResultReport>,
}

/// Numbers of cases.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Cases that passed.
    pub pass: usize,
    /// Cases in which a clause was broken.
    pub fail: usize,
    /// Cases that say nothing.
    pub inconclusive: usize,
    /// Cases about capabilities that the target does not declare.
    pub not_applicable: usize,
    /// Cases that did not run.
    pub not_exercised: usize,
}

/// One suite.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteReport {
    /// Its name.
    pub name: String,
    /// The cases that it has.
    pub cases: usize,
    /// Those that passed in this run.
    pub passed: usize,
    /// What follows for a target that passes all of it.
    pub claims: Vec<String>,
    /// Whether this target did, so that the claims follow.
    pub claims_hold: bool,
}

/// One clause.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequirementReport {
    /// Its id.
    pub id: String,
    /// Its level: `MUST` or `SHOULD`.
    pub level: String,
    /// What is said of it.
    pub verdict: Verdict,
    /// The cases that this rests on.
    pub cases: usize,
    /// Why nothing is said of it; null if something is.
    pub because: Option<String>,
}

/// One case.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResultReport {
    /// Its immutable id.
    pub case: String,
    /// What happens in it.
    pub title: String,
    /// The clauses that it is there to judge.
    pub requirements: Vec<String>,
    /// The strictest level of the broken clauses, else of the covered ones: `MUST` or `SHOULD`.
    pub level: String,
    /// What is said of it.
    pub verdict: Verdict,
    /// How absence was established.
    pub evidence: Evidence,
    /// What the first broken clause demands; null unless the verdict is `fail`.
    pub expected: Option<String>,
    /// What was seen instead; null unless the verdict is `fail`.
    pub actual: Option<String>,
    /// All broken clauses.
    pub violations: Vec<ViolationReport>,
    /// Why there is no verdict; null where there is one.
    pub reason: Option<String>,
    /// The transcript in lanes; null unless the verdict is `fail`.
    pub transcript: Option<String>,
    /// The command that runs the case again.
    pub replay: String,
}

/// One broken clause.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ViolationReport {
    /// Its id.
    pub requirement: String,
    /// Its level: `MUST` or `SHOULD`.
    pub level: String,
    /// What it demands.
    pub expected: String,
    /// What was seen.
    pub actual: String,
    /// Which oracle objects: `invariants` or `frontier`.
    pub oracle: String,
}

/// Makes the report.
#[must_use]
pub fn report(run: &Run<'_>) -> Report {
    let count = |verdict| run.summary.count(verdict);
    let requirements = run.summary.requirements.iter().map(|one| RequirementReport {
        id: one.id.to_string(),
        level: one.id.level().to_string(),
        verdict: one.verdict,
        cases: one.cases,
        because: one.because.clone(),
    });
    let suites = run.suites.iter().map(|suite| SuiteReport {
        name: suite.name.to_owned(),
        cases: suite.cases,
        passed: suite.passed,
        claims: suite.claims.clone(),
        claims_hold: suite.holds(),
    });
    Report {
        schema: SCHEMA_VERSION,
        target: run.target.clone(),
        seed: run.seed,
        interrupted: run.interrupted,
        shard: run.shard.map(|shard| shard.to_string()),
        suites: suites.collect(),
        summary: Counts {
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            inconclusive: count(Verdict::Inconclusive),
            not_applicable: count(Verdict::NotApplicable),
            not_exercised: count(Verdict::NotExercised),
        },
        requirements: requirements.collect(),
        results: run.results.iter().map(|result| of_case(result, run.replay)).collect(),
    }
}

fn of_case(result: &CaseResult, replay: &dyn Fn(&str) -> String) -> ResultReport {
    let CaseResult { case, judgement, trace } = result;
    let first = judgement.violations.first();
    let violations = judgement.violations.iter().map(|violation| ViolationReport {
        requirement: violation.requirement.to_string(),
        level: violation.requirement.level().to_string(),
        expected: violation.expected.clone(),
        actual: violation.actual.clone(),
        oracle: violation.oracle.word().to_owned(),
    });
    ResultReport {
        case: case.id.clone(),
        title: case.title.clone(),
        requirements: case.covers.iter().map(ToString::to_string).collect(),
        level: judgement.level().unwrap_or(case.level()).to_string(),
        verdict: judgement.verdict,
        evidence: judgement.evidence,
        expected: first.map(|violation| violation.expected.clone()),
        actual: first.map(|violation| violation.actual.clone()),
        violations: violations.collect(),
        reason: judgement.reason.clone(),
        transcript: (judgement.verdict == Verdict::Fail).then(|| lanes(trace, &judgement.broken_phases())),
        replay: replay(&case.id),
    }
}

/// The schema of [`Report`], as JSON text.
#[must_use]
pub fn schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Report)).expect("a schema is JSON") + "\n"
}
