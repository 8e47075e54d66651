//! All edges of an explored world, in about four bytes each.

use std::ops::Range;

/// States per block. A block's edges are counted in 16 bits, as a state has at most 255.
const BLOCK: usize = 256;

/// Successors of all expanded states, in the order in which the states were numbered: that of a breadth-first search from
/// state 0. Edges say where they lead; what they do is derived anew from the state they leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    targets: Vec<u32>,
    /// Where each block of states begins in `targets`, and how many states were known before it was expanded.
    blocks: Vec<(u64, u32)>,
    /// Where each state begins in its block.
    starts: Vec<u16>,
    states: usize,
}

impl Graph {
    /// How many states were expanded. The rest of an incomplete graph has no edges yet.
    #[must_use]
    pub fn expanded(&self) -> usize {
        self.starts.len()
    }

    /// How many states are known.
    #[must_use]
    pub fn states(&self) -> usize {
        self.states
    }

    /// How many edges there are.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.targets.len()
    }

    /// Where a state's edges are among all.
    #[must_use]
    pub fn edge_range(&self, state: u32) -> Range<usize> {
        let begin = self.begin(state as usize);
        let next = state as usize + 1;
        begin..if next < self.starts.len() { self.begin(next) } else { self.targets.len() }
    }

    /// Where the edges of an expanded state lead, in order.
    #[must_use]
    pub fn successors(&self, state: u32) -> &[u32] {
        if (state as usize) < self.starts.len() { &self.targets[self.edge_range(state)] } else { &[] }
    }

    fn begin(&self, state: usize) -> usize {
        self.blocks[state / BLOCK].0 as usize + usize::from(self.starts[state])
    }

    /// The shortest path from state 0: states that are left, each with the number of the edge among that state's.
    #[must_use]
    pub fn path_to(&self, state: u32) -> Vec<(u32, u8)> {
        let mut path = Vec::new();
        let mut state = state;
        while state != 0 {
            let (parent, edge) = self.discovery(state);
            path.push((parent, edge));
            state = parent;
        }
        path.reverse();
        path
    }

    /// The edge by which a state was first reached. Numbers rise in the order of discovery, so that no parents have to be
    /// kept: the edge is the first to lead past all earlier ones, in the last block that began before it.
    #[must_use]
    pub fn discovery(&self, state: u32) -> (u32, u8) {
        let block = self.blocks.partition_point(|(_, known)| *known <= state) - 1;
        let first = (block * BLOCK) as u32;
        for parent in first..self.starts.len() as u32 {
            if let Some(edge) = self.successors(parent).iter().position(|target| *target == state) {
                return (parent, edge as u8);
            }
        }
        unreachable!("every state but the first was reached by an edge");
    }

    /// Adds the edges of the next states. Targets that nobody named before are numbered upwards.
    pub(super) fn extend(&mut self, degrees: &[u8], targets: &[u32]) {
        let mut rest = targets;
        for degree in degrees {
            if self.starts.len().is_multiple_of(BLOCK) {
                self.blocks.push((self.targets.len() as u64, self.states.max(1) as u32));
            }
            let (own, others) = rest.split_at(usize::from(*degree));
            let begin = self.blocks.last().map_or(0, |(begin, _)| *begin);
            self.starts.push((self.targets.len() as u64 - begin) as u16);
            self.targets.extend_from_slice(own);
            let known = own.iter().max().map_or(0, |last| *last as usize + 1);
            self.states = self.states.max(known).max(1);
            rest = others;
        }
    }

    /// What the graph takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.targets) + size_of_val(&*self.starts) + size_of_val(&*self.blocks)
    }

    /// A graph by hand, for tests: the successors of each state, numbered by breadth.
    #[must_use]
    pub fn of(successors: &[&[u32]]) -> Self {
        let mut graph = Self::default();
        for targets in successors {
            graph.extend(&[targets.len() as u8], targets);
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors_are_kept_in_order() {
        let graph = Graph::of(&[&[1, 2], &[], &[2, 0, 1]]);
        assert_eq!(graph.successors(0), [1, 2]);
        assert!(graph.successors(1).is_empty());
        assert_eq!(graph.successors(2), [2, 0, 1]);
        assert_eq!((graph.states(), graph.edges()), (3, 5));
    }

    #[test]
    fn the_path_to_a_state_is_found_without_parents() {
        let chain: Vec<Vec<u32>> = (0..5000).map(|state| vec![0, state + 1]).collect();
        let mut graph = Graph::default();
        chain.iter().for_each(|targets| graph.extend(&[2], targets));
        let path = graph.path_to(4000);
        assert_eq!(path, (0..4000).map(|state| (state, 1)).collect::<Vec<_>>());
    }
}
