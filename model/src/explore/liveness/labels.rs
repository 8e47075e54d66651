//! Which edges are fair, and of which class.

use crate::explore::{Explored, Graph, Space};

/// The label of an edge that the environment may take or leave.
pub const ENVIRONMENT: u8 = u8::MAX;

/// Classes of fairness are numbered below this.
pub const CLASSES_MAX: u8 = 128;

/// For each edge of a graph, in order, its class of fairness (below [`CLASSES_MAX`]) or [`ENVIRONMENT`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels(Vec<u8>);

impl Labels {
    /// The labels of some states of an explored world: one byte for each edge, in the order of the states.
    #[must_use]
    pub fn of_states<S: Space>(explored: &Explored<S>, states: &[u32]) -> Self {
        let space = explored.space();
        let label = |action: S::Action| space.fairness(action).unwrap_or(ENVIRONMENT);
        let actions = |state: &u32| explored.actions_of(*state).into_iter().map(label);
        Self(states.iter().flat_map(actions).collect())
    }

    /// Labels by hand, for tests.
    #[must_use]
    pub fn new(labels: Vec<u8>) -> Self {
        Self(labels)
    }

    pub(super) fn of(&self, edge: usize) -> u8 {
        self.0[edge]
    }

    /// The class of an edge as a bit; none for the environment's.
    pub(super) fn class(&self, edge: usize) -> u128 {
        let label = self.0[edge];
        if label == ENVIRONMENT { 0 } else { 1_u128 << label }
    }

    /// The classes that are possible in a state.
    pub(super) fn enabled(&self, graph: &Graph, state: u32) -> u128 {
        graph.edge_range(state).fold(0, |classes, edge| classes | self.class(edge))
    }
}
