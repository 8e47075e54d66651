use super::{
    ENVIRONMENT as ENV, Environment::Restless, Environment::Settles, Graph, Incomplete, Labels, Lasso, leads_to,
};

/// Whether every fair run reaches a state of `goal`; if not, a run that does not. Labels are one list for each state.
fn reaches(successors: &[&[u32]], labels: &[&[u8]], goal: &[u32]) -> Option<Lasso> {
    let labels = Labels::new(labels.concat());
    leads_to(&Graph::of(successors), &labels, Restless, &|_| true, &|state| goal.contains(&state)).unwrap()
}

#[test]
fn a_run_that_ends_without_the_goal_is_a_dead_end() {
    let lasso = reaches(&[&[1, 2], &[], &[]], &[&[0, 1], &[], &[]], &[1]).unwrap();
    assert_eq!(lasso, Lasso { stem: vec![(0, 1)], cycle: vec![] });
}

#[test]
fn a_state_that_only_the_environment_leaves_is_a_dead_end() {
    let lasso = reaches(&[&[1], &[]], &[&[ENV], &[]], &[1]).unwrap();
    assert_eq!(lasso, Lasso { stem: vec![], cycle: vec![] });
}

#[test]
fn a_fair_action_that_leads_to_the_goal_is_not_put_off_for_ever() {
    // State 0 may spin by the environment; class 0 leads on.
    assert_eq!(reaches(&[&[0, 1], &[]], &[&[ENV, 0], &[]], &[1]), None);
}

#[test]
fn a_cycle_of_fair_actions_is_a_lasso() {
    let lasso = reaches(&[&[1, 3], &[2], &[1], &[]], &[&[0, 0], &[0], &[0], &[]], &[3]).unwrap();
    assert_eq!(lasso, Lasso { stem: vec![(0, 0)], cycle: vec![(1, 0), (2, 0)] });
}

#[test]
fn a_cycle_that_puts_off_what_is_always_possible_is_not_fair() {
    // Class 1 is possible in both states of the cycle and leads to the goal.
    assert_eq!(reaches(&[&[1, 2], &[0, 2], &[]], &[&[0, 1], &[0, 1], &[]], &[2]), None);
}

#[test]
fn a_cycle_in_which_it_is_impossible_now_and_then_is_fair() {
    // Weak fairness: class 1 is possible in state 0 only.
    let lasso = reaches(&[&[1, 2], &[0], &[]], &[&[0, 1], &[0], &[]], &[2]).unwrap();
    assert_eq!(lasso, Lasso { stem: vec![], cycle: vec![(0, 0), (1, 0)] });
}

#[test]
fn the_cycle_passes_an_edge_of_every_class_that_is_always_possible() {
    // Two loops at one state, of two classes.
    let lasso = reaches(&[&[1, 2, 3], &[0], &[0], &[]], &[&[0, 1, 2], &[0], &[1], &[]], &[3]);
    assert!(lasso.is_some_and(|it| it.cycle.iter().all(|(state, _)| *state < 3)));
}

#[test]
fn a_goal_that_held_once_has_to_be_reached_again() {
    let lasso = reaches(&[&[1], &[2], &[1]], &[&[0], &[0], &[0]], &[0]).unwrap();
    assert_eq!(lasso, Lasso { stem: vec![(0, 0)], cycle: vec![(1, 0), (2, 0)] });
}

#[test]
fn what_only_a_restless_environment_puts_off_is_reached_once_it_settles() {
    // From 0 to 1 by either; from 1 to the goal by class 1, or back by the environment.
    let graph = Graph::of(&[&[1, 1], &[2, 0], &[]]);
    let labels = Labels::new(vec![0, ENV, 1, ENV]);
    let judge = |environment| leads_to(&graph, &labels, environment, &|_| true, &|state| state == 2).unwrap();
    assert_eq!(judge(Restless).map(|lasso| lasso.stem.len()), Some(0));
    assert_eq!(judge(Settles), None);
}

#[test]
fn only_what_follows_the_trigger_has_to_reach_the_goal() {
    let graph = Graph::of(&[&[1, 2], &[], &[3], &[]]);
    let labels = Labels::new(vec![0, 0, 0]);
    let leads = |trigger: u32| leads_to(&graph, &labels, Restless, &|it| it == trigger, &|it| it == 3).unwrap();
    assert_eq!(leads(2), None);
    assert_eq!(leads(1), Some(Lasso { stem: vec![(0, 0)], cycle: vec![] }));
}

#[test]
fn an_incomplete_graph_proves_nothing() {
    let graph = Graph::of(&[&[1]]);
    assert_eq!(leads_to(&graph, &Labels::new(vec![0]), Restless, &|_| true, &|_| true), Err(Incomplete));
}
