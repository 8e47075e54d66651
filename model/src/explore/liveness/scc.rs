//! Strongly connected components, without recursion: graphs are deep.

use crate::explore::Graph;

const NEW: u32 = u32::MAX;

/// A state whose edges are being followed.
struct Visit {
    state: u32,
    edge: usize,
}

/// Tarjan's algorithm on a part of a graph: the components that contain a cycle, each sorted. An edge to itself is one.
pub(super) fn components(
    graph: &Graph,
    is_state: &dyn Fn(u32) -> bool,
    is_edge: &dyn Fn(usize) -> bool,
) -> Vec<Vec<u32>> {
    let states = graph.states();
    // `low` ends as the index of the oldest state on the stack that is reached; finished states have none.
    let (mut index, mut low) = (vec![NEW; states], vec![NEW; states]);
    let (mut stack, mut visits, mut found, mut next) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for root in (0..states as u32).filter(|root| is_state(*root)) {
        if index[root as usize] != NEW {
            continue;
        }
        visits.push(Visit { state: root, edge: 0 });
        while let Some(Visit { state, edge }) = visits.pop() {
            let place = state as usize;
            if edge == 0 {
                (index[place], low[place]) = (next, next);
                next += 1;
                stack.push(state);
            } else {
                // Back from the target of the edge before.
                let target = graph.successors(state)[edge - 1] as usize;
                low[place] = low[place].min(low[target]);
            }
            let first = graph.edge_range(state).start;
            let mut edges = graph.successors(state).iter().enumerate().skip(edge);
            let descend = edges.find_map(|(edge, target)| {
                if !is_edge(first + edge) || !is_state(*target) {
                    return None;
                }
                if index[*target as usize] == NEW {
                    return Some((edge, *target));
                }
                low[place] = low[place].min(low[*target as usize]);
                None
            });
            if let Some((edge, target)) = descend {
                visits.push(Visit { state, edge: edge + 1 });
                visits.push(Visit { state: target, edge: 0 });
            } else if low[place] == index[place] {
                let begin = stack.iter().rposition(|it| *it == state).expect("a root is on the stack");
                let mut component = stack.split_off(begin);
                component.iter().for_each(|state| low[*state as usize] = NEW);
                let has_cycle = || {
                    let mut edges = graph.edge_range(state).zip(graph.successors(state));
                    edges.any(|(edge, target)| *target == state && is_edge(edge))
                };
                if component.len() > 1 || has_cycle() {
                    component.sort_unstable();
                    found.push(component);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(successors: &[&[u32]]) -> Vec<Vec<u32>> {
        let mut components = components(&Graph::of(successors), &|_| true, &|_| true);
        components.sort();
        components
    }

    #[test]
    fn a_graph_without_cycles_has_no_components() {
        assert!(of(&[&[1, 2], &[3], &[3], &[]]).is_empty());
    }

    #[test]
    fn two_cycles_that_share_a_state_are_one_component() {
        assert_eq!(of(&[&[1], &[2, 3], &[1], &[1, 4], &[4]]), [vec![1, 2, 3], vec![4]]);
    }

    #[test]
    fn a_cycle_through_a_state_that_is_left_out_is_none() {
        let graph = Graph::of(&[&[1], &[2], &[0]]);
        assert!(components(&graph, &|state| state != 1, &|_| true).is_empty());
    }

    #[test]
    fn a_chain_of_a_million_states_needs_no_deep_stack() {
        let mut graph = Graph::default();
        (0..1_000_000_u32).for_each(|state| graph.extend(&[1], &[(state + 1) % 1_000_000]));
        assert_eq!(components(&graph, &|_| true, &|_| true).len(), 1);
    }
}
