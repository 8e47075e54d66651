//! Runs cases against a target: the gentle ones side by side, then the hostile ones one by one.

mod attempt;
mod probe;
#[cfg(test)]
mod samples;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    panic::resume_unwind,
    sync::Arc,
    time::{Duration, Instant},
};

use glare_model::requirement::RequirementId;
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use tokio::task::{JoinError, JoinSet};

pub(crate) use self::attempt::other_rooms;
use self::attempt::{Shared, execute_briskly};
pub use self::{attempt::execute, probe::probe};
use crate::{
    again::Again,
    driver::Settings,
    limits::{PROCESS_RESTARTS_MAX, SHRUNK_FAILURES_MAX},
    oracle::{Judgement, Statistics},
    process::{ProcessError, ServerProcess},
    scenario::{Action, Scenario},
    shrink::Shrunk,
    trace::{Entry, Trace},
    transport::{AdapterError, OpenError, Transport},
    verdict::{Evidence, Verdict},
};

/// What to run, and how.
pub struct Plan {
    /// How to reach the target.
    pub transport: Transport,
    /// Whether nothing can be late there.
    pub exact: bool,
    /// The cases.
    pub cases: Vec<Arc<Scenario>>,
    /// How many gentle cases run side by side.
    pub jobs: usize,
    /// How long to wait for what the protocol promises.
    pub timeout: Duration,
    /// No case begins after this time.
    pub budget: Option<Budget>,
    /// Orders the cases.
    pub seed: u64,
    /// Distinguishes the rooms of this run.
    pub nonce: u64,
    /// The target's process, where the runner started it, and the address at which it serves.
    pub process: Option<(ServerProcess, SocketAddr)>,
}

/// How long a run may go on beginning cases, and until when that is.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How long.
    pub time: Duration,
    /// Until when.
    pub deadline: Instant,
}

/// What became of one case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case.
    pub case: Arc<Scenario>,
    /// What the oracles say.
    pub judgement: Judgement,
    /// What was seen; empty if the case did not run.
    pub trace: Trace,
}

/// What happens during a run, for whoever watches.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// A case was judged.
    Finished(Box<CaseResult>),
    /// The target's process had ended and was started again.
    Restarted {
        /// The case that is to run next.
        before: String,
    },
    /// A failure was made small.
    Shrunk {
        /// The case that failed.
        case: String,
        /// What is left of it.
        shrunk: Box<Shrunk>,
    },
}

/// A run cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The target does not answer.
    #[error("cannot connect to the target: {0}")]
    Unreachable(#[source] OpenError),
    /// The target answers, but not as a signaling server does.
    #[error(
        "connected, but a request got no answer within {} ms: this does not look like a signaling server of this binding. \
         `glare bindings list` shows the others; docs/bindings.md says how to write one", .0.as_millis()
    )]
    NoSignalingServer(Duration),
    /// The target's process.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The adapter between the runner and the target.
    #[error(transparent)]
    Adapter(#[from] AdapterError),
}

/// Runs a plan. Every case yields exactly one [`RunEvent::Finished`]. Dropping the future ends the run, and the target's
/// process with it.
///
/// # Errors
/// [`RunError`] if the target cannot be tested at all.
pub async fn run(plan: Plan, watch: impl FnMut(RunEvent)) -> Result<(), RunError> {
    run_and_shrink(plan, watch, |_| false).await
}

/// The same, and shrinks the first failure of each clause among the `chosen` ones, a few at most. Each yields one
/// [`RunEvent::Shrunk`], after all cases have finished.
///
/// # Errors
/// [`RunError`] if the target cannot be tested at all.
pub async fn run_and_shrink(
    mut plan: Plan,
    mut watch: impl FnMut(RunEvent),
    chosen: impl Fn(&CaseResult) -> bool,
) -> Result<(), RunError> {
    on_target(&mut plan, async |plan| {
        let mut failures: BTreeMap<RequirementId, CaseResult> = BTreeMap::new();
        let mut gather = |event| {
            if let RunEvent::Finished(result) = &event
                && let Some(violation) = result.judgement.violations.first()
                && failures.len() < SHRUNK_FAILURES_MAX
                && chosen(result)
            {
                let untraced = || CaseResult { trace: Trace::default(), ..(**result).clone() };
                failures.entry(violation.requirement).or_insert_with(untraced);
            }
            watch(event);
        };
        run_cases(plan, &mut gather).await?;
        for failure in failures.values() {
            if plan.is_out_of_time().is_none()
                && let Some(shrunk) = Again::on(plan).shrink(failure).await
            {
                watch(RunEvent::Shrunk { case: failure.case.id.clone(), shrunk: Box::new(shrunk) });
            }
        }
        Ok(())
    })
    .await?
}

/// Does some work on a target that answers, and ends its process afterwards.
pub(crate) async fn on_target<T>(plan: &mut Plan, work: impl AsyncFnOnce(&mut Plan) -> T) -> Result<T, RunError> {
    let outcome = async {
        if let Some((process, addr)) = &mut plan.process {
            process.wait_until_ready(*addr).await?;
        }
        probe(&plan.transport, plan.timeout).await?;
        Ok(work(plan).await)
    }
    .await;
    // What was seen through an adapter that failed says nothing about the target.
    let outcome = match plan.transport.failure() {
        Some(failure) => Err(failure.into()),
        None => outcome,
    };
    if let Some((process, _)) = &mut plan.process {
        process.stop().await?;
    }
    outcome
}

async fn run_cases(plan: &mut Plan, watch: &mut impl FnMut(RunEvent)) -> Result<(), RunError> {
    let mut cases = plan.cases.clone();
    cases.shuffle(&mut ChaCha8Rng::seed_from_u64(plan.seed));
    // A case that waits for a heartbeat is begun first, so that the others fill the time.
    let waits =
        |case: &Scenario| case.phases.iter().flat_map(|phase| &phase.steps).any(|step| step.action == Action::Noticed);
    cases.sort_by_key(|case| (case.hostile, !waits(case)));
    let first_hostile = cases.partition_point(|case| !case.hostile);
    let hostile = cases.split_off(first_hostile);
    let again = run_side_by_side(plan, cases, watch).await;
    let mut gone = None;
    for case in again.into_iter().chain(hostile) {
        match plan.is_out_of_time().or_else(|| gone.clone()) {
            Some(reason) => watch(RunEvent::Finished(Box::new(CaseResult::not_exercised(case, &reason)))),
            None => gone = run_alone(plan, case, watch).await?,
        }
    }
    Ok(())
}

/// Runs gentle cases. Returns those that have to run again, alone: the target's process ended below them.
async fn run_side_by_side(
    plan: &mut Plan,
    cases: Vec<Arc<Scenario>>,
    watch: &mut impl FnMut(RunEvent),
) -> Vec<Arc<Scenario>> {
    let mut waiting = cases.into_iter();
    let mut running = JoinSet::new();
    let mut again = Vec::new();
    let shared = Shared::of(plan);
    loop {
        while running.len() < plan.jobs {
            let Some(case) = waiting.next() else { break };
            if let Some(reason) = plan.is_out_of_time() {
                watch(RunEvent::Finished(Box::new(CaseResult::not_exercised(case, &reason))));
                continue;
            }
            running.spawn(execute_briskly(plan.transport.clone(), case, plan.settings(), plan.exact, shared.clone()));
        }
        let Some(finished) = running.join_next().await else { break };
        let result = unwound(finished);
        let cut_off = result.judgement.verdict != Verdict::Pass && lost_connections(&result.trace);
        if cut_off && plan.process.is_some() && !plan.is_running() {
            again.push(result.case);
        } else {
            watch(RunEvent::Finished(Box::new(result)));
        }
    }
    again
}

/// What a task came to; its panic goes on here.
fn unwound<T>(finished: Result<T, JoinError>) -> T {
    finished.unwrap_or_else(|panic| resume_unwind(panic.into_panic()))
}

fn lost_connections(trace: &Trace) -> bool {
    trace
        .records
        .iter()
        .any(|record| matches!(record.entry, Entry::Ended { .. } | Entry::OpenFailed { .. } | Entry::FenceLost { .. }))
}

/// Runs one case with nothing beside it, on a target that is alive. Returns why no other can run, if it stopped a target that
/// nobody here can start again.
async fn run_alone(
    plan: &mut Plan,
    case: Arc<Scenario>,
    watch: &mut impl FnMut(RunEvent),
) -> Result<Option<String>, RunError> {
    plan.revive(&case.id, watch).await?;
    // On the runtime's own threads, where its connections are.
    let mut alone = JoinSet::new();
    alone.spawn(execute(plan.transport.clone(), case, plan.settings(), plan.exact));
    let mut result = unwound(alone.join_next().await.expect("one task was spawned"));
    let passed = result.judgement.verdict == Verdict::Pass;
    let stopped = plan.process.is_some() && !plan.is_running();
    if passed && stopped {
        // The wire is the only evidence, and it shows nothing; nothing unproven is green.
        result.judgement.verdict = Verdict::Inconclusive;
        result.judgement.reason = Some("the target's process ended, and the wire does not show by what".to_owned());
    }
    let mut gone = None;
    if !passed && plan.process.is_none() && lost_connections(&result.trace) {
        let unreachable = probe(&plan.transport, plan.timeout).await.is_err();
        let since = &result.case.id;
        gone = unreachable.then(|| {
            format!("the target no longer answers since {since}; with --process it is started again for each case")
        });
    }
    let may_have_left_something = result.case.hostile && result.judgement.verdict == Verdict::Fail;
    watch(RunEvent::Finished(Box::new(result)));
    if may_have_left_something {
        // Another case would be blamed for it.
        plan.start_over().await?;
    }
    Ok(gone)
}

impl CaseResult {
    /// The result of a case that did not run.
    #[must_use]
    pub fn not_exercised(case: Arc<Scenario>, reason: &str) -> Self {
        Self::not_run(Verdict::NotExercised, case, reason)
    }

    /// The result of a case that is of no concern to the target.
    #[must_use]
    pub fn not_applicable(case: Arc<Scenario>, reason: &str) -> Self {
        Self::not_run(Verdict::NotApplicable, case, reason)
    }

    fn not_run(verdict: Verdict, case: Arc<Scenario>, reason: &str) -> Self {
        let evidence = Evidence::Fenced;
        let (violations, reason) = (Vec::new(), Some(reason.to_owned()));
        let judgement =
            Judgement { verdict, evidence, violations, cut_short: false, reason, frontier: Statistics::default() };
        Self { case, judgement, trace: Trace::default() }
    }
}

impl Plan {
    fn settings(&self) -> Settings {
        Settings { timeout: self.timeout, nonce: self.nonce }
    }

    /// Why no further case begins, if none does.
    fn is_out_of_time(&self) -> Option<String> {
        if let Some(failure) = self.transport.failure() {
            return Some(failure.to_string());
        }
        let budget = self.budget.filter(|budget| Instant::now() >= budget.deadline)?;
        Some(format!("the time budget of {} s was used up", budget.time.as_secs_f64()))
    }

    fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|(process, _)| process.is_running())
    }

    /// Starts the target's process again if it ended or no longer serves.
    pub(crate) async fn revive(&mut self, before: &str, watch: &mut impl FnMut(RunEvent)) -> Result<(), RunError> {
        let (transport, timeout) = (self.transport.clone(), self.timeout);
        let Some((process, addr)) = &mut self.process else { return Ok(()) };
        for _ in 0..PROCESS_RESTARTS_MAX {
            if process.is_running() && probe(&transport, timeout).await.is_ok() {
                return Ok(());
            }
            restart(process, *addr).await?;
            watch(RunEvent::Restarted { before: before.to_owned() });
        }
        probe(&transport, timeout).await
    }

    /// Ends the target's process and starts it again, if it is the runner's own.
    async fn start_over(&mut self) -> Result<(), RunError> {
        let Some((process, addr)) = &mut self.process else { return Ok(()) };
        // One that ended is started for the next case, which is told then.
        if process.is_running() { Ok(restart(process, *addr).await?) } else { Ok(()) }
    }
}

async fn restart(process: &mut ServerProcess, addr: SocketAddr) -> Result<(), ProcessError> {
    process.restart().await?;
    process.wait_until_ready(addr).await
}
