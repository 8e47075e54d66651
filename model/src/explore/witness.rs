//! The first state and the first edge that show each fact.

use super::{graph::Graph, run::Event};
use crate::world::{Fact, Facts};

/// Where facts were first seen. Events come in the order of a breadth-first search, so the first path is a shortest one.
#[derive(Default)]
pub(super) struct Witnesses {
    seen: [Facts; 2],
    states: Vec<(Fact, u32)>,
    edges: Vec<(Fact, (u32, u8))>,
}

impl Witnesses {
    pub(super) fn add(&mut self, event: &Event) {
        let kind = usize::from(event.edge.is_some());
        let new = event.facts.without(self.seen[kind]);
        self.seen[kind] = self.seen[kind].with(new);
        match event.edge {
            None => self.states.extend(new.iter().map(|fact| (fact, event.source))),
            Some(edge) => self.edges.extend(new.iter().map(|fact| (fact, (event.source, edge)))),
        }
    }

    /// What states and what edges have shown.
    pub(super) fn seen(&self) -> [Facts; 2] {
        self.seen
    }

    /// A shortest path to each fact, as states left and numbers of edges.
    pub(super) fn paths(&self, graph: &Graph) -> Vec<(Fact, Vec<(u32, u8)>)> {
        let seen = self.seen[0].with(self.seen[1]);
        seen.iter().map(|fact| (fact, self.path(fact, graph))).collect()
    }

    fn path(&self, fact: Fact, graph: &Graph) -> Vec<(u32, u8)> {
        let state = self.states.iter().find(|(seen, _)| *seen == fact).map(|(_, state)| *state);
        let edge = self.edges.iter().find(|(seen, _)| *seen == fact).map(|(_, edge)| *edge);
        // A state is met when its first edge is: whichever edge comes first is nearer, or as near.
        let met = state.map(|state| (state != 0).then(|| graph.discovery(state)));
        match (met, edge) {
            (Some(met), Some(edge)) if met.is_none_or(|met| met < edge) => graph.path_to(state.unwrap_or(0)),
            (_, Some((source, edge))) => {
                let mut path = graph.path_to(source);
                path.push((source, edge));
                path
            }
            (_, None) => graph.path_to(state.unwrap_or(0)),
        }
    }
}
