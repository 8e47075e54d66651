//! Running single cases on a target again and again: to shrink a failure, and to replay one.

use std::{sync::Arc, time::Duration};

use crate::{
    driver::Settings,
    limits::{SHRINK_TIMEOUT_DIVISOR, SHRINK_TIMEOUT_MIN},
    run::{CaseResult, Plan, execute, other_rooms},
    scenario::Scenario,
    shrink::{Bounds, Shrunk, shrink_failure},
    transport::Transport,
};

/// A target on which one case runs after another, each in rooms that no other run has had.
pub(crate) struct Again<'a> {
    plan: &'a mut Plan,
    runs: u32,
}

impl<'a> Again<'a> {
    /// The target of a plan, after the plan's own cases.
    pub(crate) fn on(plan: &'a mut Plan) -> Self {
        Self { plan, runs: 0 }
    }

    /// A case in the target's words, or why it is of no concern to it.
    pub(crate) fn adapt(&self, case: &Arc<Scenario>) -> Result<Arc<Scenario>, String> {
        self.plan.transport.adapt(case)
    }

    /// Runs a case with nothing beside it. `None` if the target is gone and cannot be brought back.
    pub(crate) async fn run(&mut self, case: Arc<Scenario>) -> Option<CaseResult> {
        self.run_within(case, self.plan.timeout).await
    }

    async fn run_within(&mut self, case: Arc<Scenario>, timeout: Duration) -> Option<CaseResult> {
        // A server in memory costs nothing, and keeps nothing from one run to the next.
        if let Transport::Memory(memory) = self.plan.transport.inner() {
            memory.restart().await;
        }
        self.plan.revive(&case.id, &mut |_| {}).await.ok()?;
        self.runs += 1;
        let settings = Settings { timeout, nonce: other_rooms(self.plan.nonce, FIRST_ROOMS + self.runs) };
        Some(execute(self.plan.transport.clone(), case, settings, self.plan.exact).await)
    }

    /// Makes a failure small. A candidate waits less long than the run did: what only time can prove is waited for longer
    /// the second time, and what remains is run again with all the time there is.
    pub(crate) async fn shrink(&mut self, failure: &CaseResult) -> Option<Shrunk> {
        let patient = self.plan.timeout;
        let brisk = (patient / SHRINK_TIMEOUT_DIVISOR).max(SHRINK_TIMEOUT_MIN).min(patient);
        shrink_failure(failure, Bounds::default(), async |case, candidate| {
            // What is left of a case may be something that the target has no words for, or may do as it likes.
            let adapted = match self.adapt(&case) {
                Ok(adapted) => adapted,
                Err(reason) => return Some(CaseResult::not_applicable(case, &reason)),
            };
            self.run_within(adapted, if candidate { brisk } else { patient }).await
        })
        .await
    }
}

/// Above the numbers of attempts that a run makes by itself.
const FIRST_ROOMS: u32 = 1 << 16;
