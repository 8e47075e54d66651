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
    use glare_model::requirement::ids::{ROOM_01, ROOM_02};

    use super::*;

    fn only(alone: &[CaseResult]) -> Vec<RequirementId> {
        let spread = [
            CaseResult::sample("ROOM-01", Verdict::Fail, &[ROOM_01]),
            CaseResult::sample("ROOM-02", Verdict::Pass, &[]),
        ];
        only_across(&Profile::CORE, &spread, alone)
    }

    #[test]
    fn a_clause_that_holds_alone_and_breaks_when_spread_is_named() {
        assert_eq!(only(&[CaseResult::sample("ROOM-01", Verdict::Pass, &[])]), [ROOM_01]);
    }

    #[test]
    fn a_clause_that_breaks_alone_too_is_not() {
        assert_eq!(only(&[CaseResult::sample("ROOM-01", Verdict::Fail, &[ROOM_01])]), []);
        assert_eq!(
            only(&[
                CaseResult::sample("ROOM-01", Verdict::Pass, &[]),
                CaseResult::sample("ROOM-02", Verdict::Fail, &[ROOM_01])
            ]),
            []
        );
    }

    #[test]
    fn a_clause_that_was_not_judged_alone_is_not() {
        assert_eq!(only(&[]), []);
        assert_eq!(only(&[CaseResult::sample("ROOM-01", Verdict::Inconclusive, &[])]), []);
        assert_eq!(only(&[CaseResult::sample("ROOM-01", Verdict::NotExercised, &[])]), []);
        assert_eq!(only(&[CaseResult::sample("ROOM-02", Verdict::Fail, &[ROOM_02])]), []);
    }
}
