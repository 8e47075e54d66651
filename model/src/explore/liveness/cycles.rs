//! The part of a graph in which a run can go on for ever.
//!
//! Budgets leave most worlds without any cycle, and then nothing but the degree of each state is looked at. What does lie
//! on cycles is cut out, so that labels and wishes are worked out for those states only.

use super::{Labels, scc};
use crate::explore::{Explored, Graph, Space};

/// The states of a graph that lie on cycles, with all their edges.
pub(super) struct Cycles {
    /// Their numbers in the whole graph, rising. A place in this list is a number in [`Self::graph`].
    pub(super) states: Vec<u32>,
    /// Their edges in the same order as in the whole graph. What lies elsewhere is one last state without edges.
    pub(super) graph: Graph,
    pub(super) labels: Labels,
}

impl Cycles {
    /// None if there is no cycle.
    pub(super) fn of<S: Space>(explored: &Explored<S>) -> Option<Self> {
        let whole = explored.graph();
        let may_recur = behind_cycles(whole)?;
        let components = scc::components(whole, &|state| may_recur[state as usize], &|_| true);
        let mut states = components.concat();
        states.sort_unstable();
        let mut graph = Graph::default();
        let elsewhere = states.len() as u32;
        for state in &states {
            let place = |target: &u32| states.binary_search(target).map_or(elsewhere, |place| place as u32);
            let targets: Vec<u32> = whole.successors(*state).iter().map(place).collect();
            graph.extend(&[targets.len() as u8], &targets);
        }
        let labels = Labels::of_states(explored, &states);
        Some(Self { states, graph, labels })
    }
}

/// The states to which a way leads from a cycle; none if there are none. All others are taken away one by one, each when
/// nothing leads to it any more.
fn behind_cycles(graph: &Graph) -> Option<Vec<bool>> {
    let mut incoming = vec![0_u32; graph.states()];
    let all = || 0..graph.states() as u32;
    for target in all().flat_map(|state| graph.successors(state)) {
        incoming[*target as usize] += 1;
    }
    let mut free: Vec<u32> = all().filter(|state| incoming[*state as usize] == 0).collect();
    let mut left = graph.states();
    while let Some(state) = free.pop() {
        left -= 1;
        for target in graph.successors(state) {
            incoming[*target as usize] -= 1;
            if incoming[*target as usize] == 0 {
                free.push(*target);
            }
        }
    }
    (left > 0).then(|| incoming.into_iter().map(|edges| edges > 0).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_without_cycles_is_taken_away_completely() {
        assert_eq!(behind_cycles(&Graph::of(&[&[1, 2], &[3], &[3], &[]])), None);
    }

    #[test]
    fn cycles_and_what_follows_them_stay() {
        let graph = Graph::of(&[&[1, 4], &[2], &[1, 3], &[], &[]]);
        assert_eq!(behind_cycles(&graph), Some(vec![false, true, true, true, false]));
    }

    #[test]
    fn an_edge_to_itself_is_a_cycle() {
        assert_eq!(behind_cycles(&Graph::of(&[&[0]])), Some(vec![true]));
    }
}
