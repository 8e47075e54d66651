//! `glare test` with several nodes: what breaks between them and holds on the first one alone.

use std::collections::BTreeSet;

use glare_model::requirement::RequirementId;

use super::reach::Subject;
use crate::{
    baseline::Assessment,
    capability::Profile,
    report::{Across, summarise},
    run::{CaseResult, Plan, RunError, RunEvent, run_and_shrink},
    trace::Trace,
    verdict::Verdict,
};

/// Runs cases on the first node, before clients are spread.
pub(super) async fn run_alone(plan: Plan) -> Result<Vec<CaseResult>, RunError> {
    let mut results = Vec::new();
    let watch = |event| {
        if let RunEvent::Finished(result) = event {
            results.push(CaseResult { trace: Trace::default(), ..*result });
        }
    };
    run_and_shrink(plan, watch, |_| false).await?;
    Ok(results)
}

/// What breaks between nodes, and was seen to hold on the first one alone.
pub(super) fn across(subject: &Subject, spread: &[CaseResult], alone: &[CaseResult]) -> Across {
    let only = only_across(&subject.profile, spread, alone);
    Across { endpoints: subject.endpoints(), only_across: only.iter().map(ToString::to_string).collect() }
}

fn only_across(profile: &Profile, spread: &[CaseResult], alone: &[CaseResult]) -> Vec<RequirementId> {
    let violations = spread.iter().flat_map(|result| &result.judgement.violations);
    let broken: BTreeSet<RequirementId> = violations.map(|one| one.requirement).collect();
    let clauses = summarise(alone, &Assessment::default(), profile).requirements;
    // Where nothing is known of a clause alone, nothing follows.
    let holds = clauses.iter().filter(|one| one.verdict == Verdict::Pass).map(|one| one.id);
    holds.filter(|id| broken.contains(id)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use glare_model::requirement::ids::{ROOM_01, ROOM_02};

    use super::*;
    use crate::{
        oracle::{Judgement, Oracle, Violation},
        scenario::parse,
    };

    fn result(covers: &str, verdict: Verdict, broken: &[RequirementId]) -> CaseResult {
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
            evidence: crate::verdict::Evidence::Fenced,
            violations: broken.iter().map(violation).collect(),
            cut_short: false,
            reason: None,
            frontier: Default::default(),
        };
        CaseResult { case: Arc::new(parse(&text).unwrap().remove(0)), judgement, trace: Trace::default() }
    }

    fn only(alone: &[CaseResult]) -> Vec<RequirementId> {
        let spread = [result("ROOM-01", Verdict::Fail, &[ROOM_01]), result("ROOM-02", Verdict::Pass, &[])];
        only_across(&Profile::CORE, &spread, alone)
    }

    #[test]
    fn a_clause_that_holds_alone_and_breaks_when_spread_is_named() {
        assert_eq!(only(&[result("ROOM-01", Verdict::Pass, &[])]), [ROOM_01]);
    }

    #[test]
    fn a_clause_that_breaks_alone_too_is_not() {
        assert_eq!(only(&[result("ROOM-01", Verdict::Fail, &[ROOM_01])]), []);
        assert_eq!(only(&[result("ROOM-01", Verdict::Pass, &[]), result("ROOM-02", Verdict::Fail, &[ROOM_01])]), []);
    }

    #[test]
    fn a_clause_that_was_not_judged_alone_is_not() {
        assert_eq!(only(&[]), []);
        assert_eq!(only(&[result("ROOM-01", Verdict::Inconclusive, &[])]), []);
        assert_eq!(only(&[result("ROOM-01", Verdict::NotExercised, &[])]), []);
        assert_eq!(only(&[result("ROOM-02", Verdict::Fail, &[ROOM_02])]), []);
    }
}
