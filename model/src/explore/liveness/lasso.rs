//! Witnesses: a way to a place without the goal, and a way to stay there.

use std::collections::{HashMap, VecDeque};

use super::{CLASSES_MAX, Labels};
use crate::explore::Graph;

/// A run without the goal: a stem from state 0, and a cycle that is repeated for ever. Both are states left, each with
/// the number of the edge among that state's. Without a cycle the stem ends in a dead end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasso {
    /// The way there.
    pub stem: Vec<(u32, u8)>,
    /// The way round.
    pub cycle: Vec<(u32, u8)>,
}

const FAR: u32 = u32::MAX;

/// The states in which a run can wait for the goal: the trigger has held, and the goal not since.
///
/// A breadth-first search over pairs of a state and whether the trigger has held; the second half of each list is for
/// the pairs in which it has.
pub(super) struct Waiting {
    states: usize,
    distances: Vec<u32>,
    parents: Vec<u32>,
}

impl Waiting {
    pub(super) fn find(graph: &Graph, trigger: &dyn Fn(u32) -> bool, goal: &dyn Fn(u32) -> bool) -> Self {
        let states = graph.states();
        let mut found = Self { states, distances: vec![FAR; 2 * states], parents: vec![FAR; 2 * states] };
        let is_goal: Vec<bool> = (0..states as u32).map(goal).collect();
        let is_trigger: Vec<bool> = (0..states as u32).map(trigger).collect();
        let starts = |state: usize| is_trigger[state] && !is_goal[state];
        let mut queue = VecDeque::new();
        let meet = |found: &mut Self, queue: &mut VecDeque<usize>, node: usize, from: Option<usize>| {
            if found.distances[node] == FAR {
                found.distances[node] = from.map_or(0, |from| found.distances[from] + 1);
                found.parents[node] = from.map_or(FAR, |from| from as u32);
                queue.push_back(node);
            }
        };
        if states > 0 {
            if starts(0) {
                meet(&mut found, &mut queue, states, None);
            }
            meet(&mut found, &mut queue, 0, None);
        }
        while let Some(node) = queue.pop_front() {
            let (state, is_waiting) = (node % states, node >= states);
            for target in graph.successors(state as u32) {
                let target = *target as usize;
                if is_waiting && !is_goal[target] || starts(target) {
                    meet(&mut found, &mut queue, target + states, Some(node));
                }
                if !is_waiting {
                    meet(&mut found, &mut queue, target, Some(node));
                }
            }
        }
        found
    }

    pub(super) fn contains(&self, state: u32) -> bool {
        self.distances[self.states + state as usize] != FAR
    }

    pub(super) fn distance(&self, state: u32) -> u32 {
        self.distances[self.states + state as usize]
    }

    pub(super) fn states(&self) -> impl Iterator<Item = u32> {
        (0..self.states as u32).filter(|state| self.contains(*state))
    }

    /// A shortest way to wait in a state.
    pub(super) fn stem(&self, graph: &Graph, state: u32) -> Vec<(u32, u8)> {
        let (mut stem, mut node) = (Vec::new(), self.states + state as usize);
        while self.parents[node] != FAR {
            let (parent, target) = (self.parents[node] as usize, (node % self.states) as u32);
            let source = (parent % self.states) as u32;
            let edge = graph.successors(source).iter().position(|it| *it == target);
            stem.push((source, edge.expect("a parent has an edge to its child") as u8));
            node = parent;
        }
        stem.reverse();
        stem
    }
}

/// A fair way round in a fair component, from and to `home`: it takes an edge of every class that happens there, and
/// passes a state without every class that does not.
pub(super) fn around(
    graph: &Graph,
    labels: &Labels,
    is_inner: &dyn Fn(usize) -> bool,
    home: u32,
    states: &[u32],
) -> Vec<(u32, u8)> {
    let walk = Walk { graph, is_inner, states };
    let classes = || (0..CLASSES_MAX).map(|class| 1_u128 << class);
    let class_of = |state: u32, edge: u8| labels.class(graph.edge_range(state).start + usize::from(edge));
    let is_off = |state: u32, class: u128| labels.enabled(graph, state) & class == 0;
    let is_fair_to = |cycle: &[(u32, u8)], class: u128| {
        is_off(home, class)
            || cycle.iter().any(|(state, edge)| is_off(*state, class) || class_of(*state, *edge) & class != 0)
    };
    let shortest = walk.round(home);
    if classes().all(|class| is_fair_to(&shortest, class)) {
        return shortest;
    }
    let (mut cycle, mut here) = (Vec::new(), home);
    for class in classes() {
        if is_fair_to(&cycle, class) {
            continue;
        }
        let taking = states.iter().find_map(|state| {
            let step = walk.steps(*state).find(|(edge, _)| class_of(*state, *edge) & class != 0);
            step.map(|(edge, target)| (*state, edge, target))
        });
        if let Some((source, edge, target)) = taking {
            cycle.extend(walk.path(here, source));
            cycle.push((source, edge));
            here = target;
        } else if let Some(state) = states.iter().find(|state| is_off(**state, class)) {
            cycle.extend(walk.path(here, *state));
            here = *state;
        }
    }
    cycle.extend(walk.path(here, home));
    cycle
}

/// Walks inside a component.
struct Walk<'a> {
    graph: &'a Graph,
    is_inner: &'a dyn Fn(usize) -> bool,
    states: &'a [u32],
}

impl Walk<'_> {
    /// The edges of a state that stay inside: their numbers and targets.
    fn steps(&self, state: u32) -> impl Iterator<Item = (u8, u32)> {
        let edges = self.graph.edge_range(state).zip(self.graph.successors(state)).enumerate();
        edges.filter_map(|(number, (edge, target))| {
            let is_inside = (self.is_inner)(edge) && self.states.binary_search(target).is_ok();
            is_inside.then_some((number as u8, *target))
        })
    }

    /// A shortest way from a state back to it.
    fn round(&self, home: u32) -> Vec<(u32, u8)> {
        let rounds = self.steps(home).map(|(edge, target)| {
            let mut round = vec![(home, edge)];
            round.extend(self.path(target, home));
            round
        });
        rounds.min_by_key(Vec::len).expect("a component has a cycle through each of its states")
    }

    /// A shortest way inside.
    fn path(&self, from: u32, to: u32) -> Vec<(u32, u8)> {
        let (mut origins, mut queue) = (HashMap::from([(from, None)]), VecDeque::from([from]));
        while let Some(state) = queue.pop_front() {
            if state == to {
                break;
            }
            for (edge, target) in self.steps(state) {
                origins.entry(target).or_insert_with(|| {
                    queue.push_back(target);
                    Some((state, edge))
                });
            }
        }
        let (mut path, mut state) = (Vec::new(), to);
        while let Some(step) = origins[&state] {
            path.push(step);
            state = step.0;
        }
        path.reverse();
        path
    }
}
