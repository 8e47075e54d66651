//! One case, driven and judged: on connections that others used, or on new ones, and again where that decides.

use std::sync::Arc;

use super::{CaseResult, Plan};
use crate::{
    aside::aside,
    capability::Profile,
    driver::{Approach, Settings, drive_by},
    fence::Fence,
    latency::Latency,
    limits::{CONFIRMATIONS_MAX, TIMEOUT_RETRY_FACTOR},
    oracle::{Judgement, judge},
    pool::{Pool, may_reuse},
    scenario::Scenario,
    transport::Transport,
    verdict::{Evidence, Verdict},
};

/// What the gentle cases of a run share.
#[derive(Clone)]
pub(super) struct Shared {
    pool: Option<Arc<Pool>>,
    latency: Arc<Latency>,
}

impl Shared {
    /// Connections are reused where a fence proves that nothing is on its way to them, and where opening one costs something.
    pub(super) fn of(plan: &Plan) -> Self {
        // Who leaves a room may end it for others, so connections of a room with a host have more to them than their own past.
        let core = plan.transport.profile() == Profile::CORE;
        let reuse = !plan.exact && core && plan.transport.fence() == Fence::Refused;
        Self { pool: reuse.then(Arc::default), latency: Arc::default() }
    }
}

/// Drives and judges a case on connections that others used, if it may be. What is found there has to be found on new
/// connections with all fences as well, where it is also told more precisely.
pub(super) async fn execute_briskly(
    transport: Transport,
    case: Arc<Scenario>,
    settings: Settings,
    exact: bool,
    shared: Shared,
) -> CaseResult {
    let pool = shared.pool.filter(|pool| !pool.is_closed() && may_reuse(&case));
    let careful = |attempt: u32| {
        let settings = Settings { nonce: other_rooms(settings.nonce, attempt), ..settings };
        execute_with(transport.clone(), Arc::clone(&case), settings, exact, Arc::clone(&shared.latency))
    };
    let Some(pool) = pool else { return careful(0).await };
    let approach = Approach { pool: Some(Arc::clone(&pool)), latency: Arc::clone(&shared.latency), patience: 1 };
    let (trace, leftover) = drive_by(&transport, &case, settings, &approach).await;
    let judgement = aside(true, || judge(&trace, exact));
    if judgement.verdict == Verdict::Pass {
        leftover.give_back(&pool).await;
        return CaseResult { case, judgement, trace };
    }
    drop(leftover);
    let mut passed = None;
    for attempt in 1..=CONFIRMATIONS_MAX {
        let confirmed = careful(attempt).await;
        // A target that is gone can say no more; then what was seen first stands.
        let gone = confirmed.judgement.verdict == Verdict::Inconclusive && judgement.verdict == Verdict::Fail;
        match confirmed.judgement.verdict {
            _ if gone => return CaseResult { case, judgement, trace },
            Verdict::Pass if judgement.verdict == Verdict::Fail => passed = Some(confirmed),
            _ => return confirmed,
        }
    }
    // A matter of time that does not happen again is none: the protocol leaves open when a server notices an end.
    if let (Evidence::Timed, Some(passed)) = (judgement.evidence, passed) {
        return passed;
    }
    // Nothing unproven is green, and no fault of reusing connections is the target's.
    pool.close();
    let seen: Vec<_> = judgement.violations.iter().map(|one| one.requirement.to_string()).collect();
    let reason = format!(
        "it broke {} once, on reused connections, and in none of {CONFIRMATIONS_MAX} runs on new ones",
        seen.join(" ")
    );
    let verdict = Verdict::Inconclusive;
    CaseResult {
        case,
        judgement: Judgement { verdict, violations: Vec::new(), reason: Some(reason), ..judgement },
        trace,
    }
}

/// Drives and judges a case on new connections. What is missing without a fence's proof has to be missing again with more
/// time.
pub async fn execute(transport: Transport, case: Arc<Scenario>, settings: Settings, exact: bool) -> CaseResult {
    execute_with(transport, case, settings, exact, Arc::default()).await
}

async fn execute_with(
    transport: Transport,
    case: Arc<Scenario>,
    settings: Settings,
    exact: bool,
    latency: Arc<Latency>,
) -> CaseResult {
    let attempt = async |settings: Settings, patience: u32| {
        let approach = Approach { pool: None, latency: Arc::clone(&latency), patience };
        let (trace, leftover) = drive_by(&transport, &case, settings, &approach).await;
        leftover.end().await;
        (aside(true, || judge(&trace, exact)), trace)
    };
    let (mut judgement, mut trace) = attempt(settings, 1).await;
    if judgement.verdict == Verdict::Fail && judgement.evidence == Evidence::Timed {
        let timeout = settings.timeout * TIMEOUT_RETRY_FACTOR;
        // Other rooms: those of the first attempt may still have members.
        let settings = Settings { timeout, nonce: other_rooms(settings.nonce, RETRY) };
        let (second, second_trace) = attempt(settings, TIMEOUT_RETRY_FACTOR).await;
        // A target that the first attempt stopped can say no more; the first attempt stands.
        if second.verdict != Verdict::Inconclusive {
            (judgement, trace) = (second, second_trace);
        }
    }
    CaseResult { case, judgement, trace }
}

/// The attempt that is made with more time; others have smaller numbers.
const RETRY: u32 = 1 << 31;

/// The nonce of another attempt at the same case.
pub(crate) fn other_rooms(nonce: u64, attempt: u32) -> u64 {
    nonce ^ (u64::from(attempt) << 32)
}
