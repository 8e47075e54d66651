//! What happens in the end, as `glare check` tells it: goals that are reached, dead ends, and what goes on for ever.

use std::ops::ControlFlow;

use glare_model::{
    explore::{CheckReport, Options, Verdict, check, lanes},
    negotiation::{Command, Event, Negotiation, Role, Strategy, step},
    requirement::{
        RequirementId,
        ids::{NEG_06, NEG_10, ROOM_08, ROOM_10},
    },
    world::{Configuration, Outlook, Trace, Variant, goal},
};

fn run(variant: &Variant) -> CheckReport {
    check(variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).unwrap()
}

fn in_world(variant: Variant, name: &str) -> CheckReport {
    run(&Variant { configurations: vec![Configuration::named(name).expect("the world has a name")], ..variant })
}

fn lasso(report: &CheckReport, clause: RequirementId) -> &Trace {
    match report.goal_verdict(clause) {
        Some(Verdict::Violated(trace)) => trace,
        other => panic!("{clause} is not violated: {other:?}"),
    }
}

/// Pins a shortest run on which a goal is never reached.
fn pin(name: &str, report: &CheckReport, clause: RequirementId) {
    insta::assert_snapshot!(name, lanes::never(goal(clause).expect("a goal"), lasso(report, clause)));
}

#[test]
fn the_tutorial_lets_these_goals_down_and_the_shortest_runs_tell_why() {
    let report = run(&Variant::tutorial());
    assert_eq!(report.unreached(), [ROOM_08, ROOM_10, NEG_06]);
    for clause in report.unreached() {
        assert_eq!(lasso(&report, clause).then, Outlook::Stillness);
        pin(&format!("tutorial_{clause}"), &report, clause);
    }
}

#[test]
fn the_tutorials_fix_lets_the_same_goals_down() {
    assert_eq!(run(&Variant::tutorial_fixed_7_4()).unreached(), [ROOM_08, ROOM_10, NEG_06]);
}

#[test]
fn the_tutorials_host_policy_lets_nobody_wait_for_ever() {
    assert_eq!(run(&Variant::tutorial_host_leaves()).unreached(), []);
}

#[test]
fn two_peers_that_send_crossed_offers_again_do_so_for_ever() {
    let report = in_world(Variant { strategy: Strategy::SEND_AGAIN, ..Variant::reference() }, "pair");
    assert_eq!(report.unreached(), [NEG_06, NEG_10]);
    assert!(matches!(lasso(&report, NEG_06).then, Outlook::Repetition(_)));
    pin("send_again_NEG-06", &report, NEG_06);
    // There is no rest, and so no occasion to see at rest that the two are not connected.
    assert_eq!(report.verdict(NEG_06), Some(&Verdict::Vacuous));
    assert!(!report.is_proved());
}

/// A peer that answers a candidate with a candidate of its own.
fn echo(
    state: Negotiation,
    strategy: &Strategy,
    role: Role,
    event: Event,
    emit: &mut dyn FnMut(Command),
) -> Negotiation {
    let after = step(state, strategy, role, event, &mut |command| emit(command));
    if matches!(event, Event::Candidate(_)) {
        return step(after, strategy, role, Event::Gathered, &mut |command| emit(command));
    }
    after
}

#[test]
fn a_peer_step_of_ones_own_that_answers_candidates_with_candidates_never_ends() {
    let report = in_world(Variant { name: "echo", peer: Some(echo), ..Variant::reference() }, "candidates");
    assert_eq!(report.unreached(), [NEG_10]);
    pin("echo_NEG-10", &report, NEG_10);
}

#[test]
fn nothing_is_said_of_the_end_of_what_was_not_explored_completely() {
    let options = Options { states_max: 1000, ..Options::default() };
    let report = check(&Variant::reference(), &options, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(report.goal_verdict(NEG_06), Some(&Verdict::Unknown));
}

#[test]
fn a_goal_is_asked_for_by_its_clause() {
    let options = Options { only: vec![ROOM_10], ..Options::default() };
    let variant = Variant { configurations: vec![Configuration::named("pair").unwrap()], ..Variant::reference() };
    let report = check(&variant, &options, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let claims: Vec<_> = report.outcomes().iter().map(|it| (it.claim.clause(), it.verdict.clone())).collect();
    assert_eq!(claims, [(ROOM_10, Verdict::Vacuous), (ROOM_10, Verdict::Vacuous)]);
}

#[test]
fn the_threads_that_judge_change_nothing() {
    let with = |threads| {
        let options = Options { threads, ..Options::default() };
        let mut variant = Variant::tutorial();
        variant.configurations.retain(|it| ["rejoin", "reconnect-once"].contains(&it.name));
        check(&variant, &options, &mut |_, _| ControlFlow::Continue(())).unwrap()
    };
    assert_eq!(with(1), with(3));
}
