//! Results of cases that never ran, for tests.

use std::sync::Arc;

use glare_model::requirement::RequirementId;

use super::CaseResult;
use crate::{
    oracle::{Judgement, Oracle, Statistics, Violation},
    scenario::parse,
    trace::Trace,
    verdict::{Evidence, Verdict},
};

impl CaseResult {
    /// That of a case which covers some clauses and broke others.
    pub(crate) fn sample(covers: &str, verdict: Verdict, broken: &[RequirementId]) -> Self {
        let text = format!("case: c\ntitle: t\ncovers: {covers}\nA create r\n");
        let violation = |id: &RequirementId| Violation {
            requirement: *id,
            phase: 0,
            expected: String::new(),
            actual: String::new(),
            missing: false,
            oracle: Oracle::Invariants,
        };
        let judgement = Judgement {
            verdict,
            evidence: Evidence::Fenced,
            violations: broken.iter().map(violation).collect(),
            cut_short: false,
            reason: None,
            frontier: Statistics::default(),
        };
        Self { case: Arc::new(parse(&text).expect("a case").remove(0)), judgement, trace: Trace::default() }
    }
}
