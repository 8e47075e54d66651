//! Liveness on the exact graph: what must happen in the end, given that nothing possible is put off for ever.
//!
//! A run is *fair* if no class of fair actions is possible from some moment on for ever without happening (weak fairness).
//! Serving, delivering and noticing are fair, each for each session; what the environment does is not: it may stop at
//! any time. So a run that never reaches a goal ends in one of two ways:
//!
//! - in a *dead end*, a state from which only the environment could go on, or nobody;
//! - in a *cycle* of states, in which every class of fair actions happens or is at some point impossible.
//!
//! The second is looked for in the strongly connected components of the states without the goal. A component is fair or
//! it is not; no part of it is fairer than the whole, as it has fewer edges and fewer states. Nothing is sampled and
//! nothing depends on the order of the search: `eventually` of a checker that follows paths until they meet a known
//! state misses just those runs that meet one, as `model/tests/liveness.rs` shows.

mod cycles;
mod labels;
mod lasso;
mod scc;
#[cfg(test)]
mod tests;
mod wishes;

pub use labels::{CLASSES_MAX, ENVIRONMENT, Labels};
pub use lasso::Lasso;
pub use wishes::{Fulfilment, Wishes, judge};

use super::Graph;

/// What the environment may do in the run that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// It may act for ever.
    Restless,
    /// It acts finitely often: the goal is one that it could put off by acting again and again.
    Settles,
}

/// Looks for a fair run on which `trigger` holds at some moment and `goal` then and ever after does not. The run has a
/// shortest stem. None means that every fair run that shows the trigger reaches the goal.
///
/// With a trigger that holds always, that is: every fair run reaches the goal again and again, or ends in it.
///
/// # Errors
/// The graph is not complete. Nothing is known of it.
pub fn leads_to(
    graph: &Graph,
    labels: &Labels,
    environment: Environment,
    trigger: &dyn Fn(u32) -> bool,
    goal: &dyn Fn(u32) -> bool,
) -> Result<Option<Lasso>, Incomplete> {
    if graph.expanded() < graph.states() {
        return Err(Incomplete);
    }
    let waiting = lasso::Waiting::find(graph, trigger, goal);
    let dead_ends = waiting.states().filter(|state| labels.enabled(graph, *state) == 0);
    let dead_end = dead_ends.min_by_key(|state| waiting.distance(*state));
    let is_inner = |edge: usize| environment == Environment::Restless || labels.of(edge) != ENVIRONMENT;
    let components = scc::components(graph, &|state| waiting.contains(state), &is_inner);
    let fair = components.into_iter().filter(|states| is_fair(graph, labels, &is_inner, states));
    let nearest = |states: &Vec<u32>| states.iter().map(|state| waiting.distance(*state)).min();
    let component = fair.min_by_key(nearest);
    let round = |states: Vec<u32>| {
        let home = *states.iter().min_by_key(|state| waiting.distance(**state)).expect("a component has states");
        Lasso { stem: waiting.stem(graph, home), cycle: lasso::around(graph, labels, &is_inner, home, &states) }
    };
    let lasso = match (dead_end, component) {
        (Some(end), Some(states)) if nearest(&states) < Some(waiting.distance(end)) => Some(round(states)),
        (Some(end), _) => Some(Lasso { stem: waiting.stem(graph, end), cycle: Vec::new() }),
        (None, component) => component.map(round),
    };
    Ok(lasso)
}

/// The graph has states that were not expanded: liveness cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not everything was explored, so nothing is known of what happens in the end")]
pub struct Incomplete;

/// Whether a run can stay in a component for ever and be fair.
fn is_fair(graph: &Graph, labels: &Labels, is_inner: &dyn Fn(usize) -> bool, states: &[u32]) -> bool {
    let always = states.iter().fold(u128::MAX, |classes, state| classes & labels.enabled(graph, *state));
    let is_member = |state: &u32| states.binary_search(state).is_ok();
    let mut taken = 0;
    for state in states {
        let edges = graph.edge_range(*state).zip(graph.successors(*state));
        for (edge, _) in edges.filter(|(edge, target)| is_inner(*edge) && is_member(target)) {
            taken |= labels.class(edge);
        }
    }
    always & !taken == 0
}
