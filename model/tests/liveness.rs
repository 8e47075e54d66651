//! Liveness bugs that stateright's `eventually` misses, and ours finds: on a cycle, on a lasso and behind a join of paths.
#![cfg(feature = "check")]

use glare_model::explore::{
    Graph,
    liveness::{Environment, Labels, Lasso, leads_to},
};
use stateright::{Checker, Model, Property};

/// A graph by hand. Every edge is an action that is fair; the goal is one state.
#[derive(Clone)]
struct Tiny {
    successors: &'static [&'static [u32]],
    goal: u32,
}

impl Model for Tiny {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        actions.extend(self.successors[*state as usize]);
    }

    fn next_state(&self, _: &u32, target: u32) -> Option<u32> {
        Some(target)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("true", |_, _| true),
            Property::eventually("goal", |model: &Self, state| *state == model.goal),
        ]
    }
}

impl Tiny {
    /// Whether stateright, by breadth and by depth, finds that the goal may never be reached.
    fn stateright_finds_it(&self) -> [bool; 2] {
        let by_breadth = self.clone().checker().spawn_bfs().join();
        let by_depth = self.clone().checker().spawn_dfs().join();
        [by_breadth.discovery("goal").is_some(), by_depth.discovery("goal").is_some()]
    }

    fn ours(&self) -> Option<Lasso> {
        let graph = Graph::of(self.successors);
        // All actions of one class: as long as one can happen, one does.
        let labels = Labels::new(vec![0; graph.edges()]);
        leads_to(&graph, &labels, Environment::Restless, &|_| true, &|state| state == self.goal).unwrap()
    }
}

#[test]
fn both_find_a_run_that_ends_without_the_goal() {
    let tiny = Tiny { successors: &[&[1, 2], &[], &[]], goal: 1 };
    assert_eq!(tiny.stateright_finds_it(), [true; 2]);
    assert_eq!(tiny.ours(), Some(Lasso { stem: vec![(0, 1)], cycle: vec![] }));
}

#[test]
fn a_cycle_back_to_the_start_is_missed_by_stateright() {
    let tiny = Tiny { successors: &[&[1, 2], &[0], &[]], goal: 2 };
    assert_eq!(tiny.stateright_finds_it(), [false; 2]);
    assert_eq!(tiny.ours(), Some(Lasso { stem: vec![], cycle: vec![(0, 0), (1, 0)] }));
}

#[test]
fn a_lasso_is_missed_by_stateright() {
    let tiny = Tiny { successors: &[&[1, 3], &[2], &[1], &[]], goal: 3 };
    assert_eq!(tiny.stateright_finds_it(), [false; 2]);
    assert_eq!(tiny.ours(), Some(Lasso { stem: vec![(0, 0)], cycle: vec![(1, 0), (2, 0)] }));
}

#[test]
fn a_dead_end_behind_a_join_of_paths_is_missed_by_stateright() {
    // Two ways to 3: by the goal 1, and by 2. The run 0, 2, 3 ends without the goal.
    let tiny = Tiny { successors: &[&[1, 2], &[3], &[3], &[]], goal: 1 };
    assert!(!tiny.stateright_finds_it()[0]);
    let graph = Graph::of(tiny.successors);
    let labels = Labels::new(vec![0; graph.edges()]);
    // Reached at all, not again and again: what passed the goal is followed no further.
    let lasso = leads_to(&graph, &labels, Environment::Restless, &|state| state == 0, &|state| state == 1).unwrap();
    assert_eq!(lasso, Some(Lasso { stem: vec![(0, 1), (2, 0)], cycle: vec![] }));
}
