//! Judging a server of a test's own, as a run does.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use glare_conformance::{
    binding::{Binding, Plan as BindingPlan},
    run::{CaseResult, Plan, RunEvent, run},
    scenario::Scenario,
    target::Target,
    transport::Transport,
};

/// A server on loopback, behind a binding.
pub(crate) fn behind(binding: Arc<BindingPlan>, address: SocketAddr) -> Transport {
    let url = format!("http://{address}").parse().expect("an address makes a URL");
    Target::at(Binding::Bound(binding), url).transport().expect("a URL has a transport")
}

/// The results of the cases that apply. Nobody has a heartbeat here, so that a silent client is noticed never.
pub(crate) async fn judged(
    transport: Transport,
    cases: impl Iterator<Item = Scenario>,
    jobs: usize,
    timeout: Duration,
) -> Vec<CaseResult> {
    let cases = cases.filter(|case| !case.id.starts_with("room-13"));
    let plan = Plan {
        cases: cases.filter_map(|case| transport.adapt(&Arc::new(case)).ok()).collect(),
        transport,
        exact: false,
        jobs,
        timeout,
        budget: None,
        seed: 1,
        nonce: 1,
        process: None,
    };
    let mut results = Vec::new();
    let watch = |event| {
        if let RunEvent::Finished(result) = event {
            results.push(*result);
        }
    };
    run(plan, watch).await.expect("the server answers");
    results
}

/// The clauses that are broken somewhere.
pub(crate) fn broken(results: &[CaseResult]) -> BTreeSet<String> {
    results.iter().flat_map(|result| &result.judgement.violations).map(|one| one.requirement.to_string()).collect()
}
