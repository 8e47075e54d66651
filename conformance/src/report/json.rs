//! The JSON report. docs/report.schema.json is its schema, generated from these types and kept in step by a test.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Across, RaceShare, Run, lanes::lanes};
use crate::{
    baseline::{Assessed, Pattern},
    run::CaseResult,
    verdict::{Evidence, Verdict},
};

/// The version of the report's form. It changes when a reader of the old form would be misled.
pub const SCHEMA_VERSION: u32 = 2;

/// A whole run.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this form: 2.
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
    /// How many states of a server the oracle had to follow.
    pub frontier: FrontierReport,
    /// Each capability that the target declares.
    pub capabilities: Vec<CapabilityReport>,
    /// What breaks between nodes; null where there is one.
    #[serde(default)]
    pub across_nodes: Option<Across>,
    /// What became of each entry of the baseline.
    pub baseline: Vec<EntryReport>,
    /// Cases by verdict.
    pub summary: Counts,
    /// What the run says of each clause that binds servers, those of capabilities included.
    pub requirements: Vec<RequirementReport>,
    /// Each case, ordered by name.
    pub results: Vec<ResultReport>,
}

/// Numbers of cases.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Cases that passed.
    pub pass: usize,
    /// Cases in which a clause was broken that the baseline does not expect.
    pub fail: usize,
    /// Cases in which nothing was broken but what the baseline expects.
    pub expected_fail: usize,
    /// Cases that passed or failed, and that the baseline says to be flaky.
    pub flaky: usize,
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
    /// The cases that it has and that are of concern to the target.
    pub cases: usize,
    /// Those that passed in this run.
    pub passed: usize,
    /// Those about capabilities that the target does not declare.
    pub not_applicable: usize,
    /// What follows for a target that passes all of it.
    pub claims: Vec<String>,
    /// Whether this target did, so that the claims follow.
    pub claims_hold: bool,
    /// How much of what may come of its races was seen in this run; null if it has none.
    pub races: Option<RaceShare>,
}

/// The sets of states that explain what was seen, one after each record of each trace.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrontierReport {
    /// The size that 99 % of the sets do not exceed, in states; 0 where nothing was judged.
    pub p99: usize,
    /// The size of the largest set, in states.
    pub max: usize,
    /// The most steps of the model that were tried for one record.
    pub steps_max: usize,
}

/// One capability that the target declares.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CapabilityReport {
    /// As it was declared, such as `host-close` or `capacity=8`.
    pub declared: String,
    /// The gravest verdict on its clauses; null if it has none, so that nothing of it was judged.
    pub verdict: Option<Verdict>,
}

/// One entry of the baseline.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EntryReport {
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// The glob of its cases; null if it is about all.
    pub case: Option<String>,
    /// The glob of its clauses; null if it is about all.
    pub requirement: Option<String>,
    /// Why it is accepted.
    pub reason: String,
    /// Where it is tracked.
    pub url: Option<String>,
    /// The last day on which it is accepted, such as `2027-01-31`.
    pub expires: Option<String>,
    /// How often its cases fail, such as `3/20`; null if always.
    pub flaky: Option<String>,
    /// `expected`, `flaky`, `stale` (all that it names ran and nothing failed), `expired`, or `not_judged` (something that
    /// it names did not run). A stale or expired entry fails the run.
    pub standing: String,
    /// The cases that it excused, or that are flaky by it.
    pub cases: Vec<String>,
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
    /// What the first broken clause demands; null if none was broken.
    pub expected: Option<String>,
    /// What was seen instead; null if none was broken.
    pub actual: Option<String>,
    /// All broken clauses.
    pub violations: Vec<ViolationReport>,
    /// Why there is no verdict; null where there is one.
    pub reason: Option<String>,
    /// The transcript in lanes; null if none was broken.
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
    /// Whether the baseline expects it.
    pub in_baseline: bool,
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
        not_applicable: suite.not_applicable,
        claims: suite.claims.clone(),
        claims_hold: suite.holds(),
        races: suite.races,
    });
    let frontier = run.frontier();
    let capabilities = run
        .capabilities()
        .into_iter()
        .map(|one| CapabilityReport { declared: one.declaration.to_string(), verdict: one.verdict });
    Report {
        schema: SCHEMA_VERSION,
        target: run.target.clone(),
        seed: run.seed,
        interrupted: run.interrupted,
        shard: run.shard.map(|shard| shard.to_string()),
        suites: suites.collect(),
        frontier: FrontierReport { p99: frontier.percentile(99), max: frontier.max(), steps_max: frontier.steps_max },
        capabilities: capabilities.collect(),
        across_nodes: run.across.cloned(),
        baseline: run.baseline.entries.iter().map(of_entry).collect(),
        summary: Counts {
            pass: count(Verdict::Pass),
            fail: count(Verdict::Fail),
            expected_fail: count(Verdict::ExpectedFail),
            flaky: count(Verdict::Flaky),
            inconclusive: count(Verdict::Inconclusive),
            not_applicable: count(Verdict::NotApplicable),
            not_exercised: count(Verdict::NotExercised),
        },
        requirements: requirements.collect(),
        results: run.results.iter().map(|result| of_case(result, run)).collect(),
    }
}

fn of_entry(assessed: &Assessed) -> EntryReport {
    let Assessed { entry, standing, cases } = assessed;
    let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.text.clone());
    EntryReport {
        line: entry.line,
        case: text(&entry.case),
        requirement: text(&entry.requirement),
        reason: entry.reason.clone(),
        url: entry.url.clone(),
        expires: entry.expires.map(|day| day.to_string()),
        flaky: entry.flaky.map(|rate| rate.to_string()),
        standing: standing.word().to_owned(),
        cases: cases.iter().cloned().collect(),
    }
}

fn of_case(result: &CaseResult, run: &Run<'_>) -> ResultReport {
    let CaseResult { case, judgement, trace } = result;
    let first = judgement.violations.first();
    let violations = judgement.violations.iter().map(|violation| ViolationReport {
        requirement: violation.requirement.to_string(),
        level: violation.requirement.level().to_string(),
        expected: violation.expected.clone(),
        actual: violation.actual.clone(),
        oracle: violation.oracle.word().to_owned(),
        in_baseline: run.baseline.excuses(&case.id, violation.requirement),
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
        transcript: (!judgement.violations.is_empty()).then(|| lanes(trace, &judgement.broken_phases())),
        replay: (run.replay)(&case.id),
    }
}

/// The schema of [`Report`], as JSON text.
#[must_use]
pub fn schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Report)).expect("a schema is JSON") + "\n"
}
