//! A fault that nobody sees at first: random search finds it, shrinking shows what it takes, and the file replays.

use std::{sync::Arc, time::Duration};

use forgetful::Forgetful;
use glare_conformance::{
    driver::Settings,
    run::{CaseResult, execute},
    scenario::{Scenario, generate::random, parse},
    shrink::{Bounds, Shrunk, shrink, shrink_failure},
    transport::{Memory, Transport, virtual_time},
    verdict::Verdict,
};
use glare_model::requirement::ids::{RELAY_01, ROOM_01, ROOM_08};

mod forgetful;

/// Runs a scenario against a new server.
fn run(scenario: &Scenario) -> CaseResult {
    let runtime = virtual_time().expect("a runtime");
    let transport = Transport::Memory(Memory::new(Forgetful::default()));
    let settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };
    runtime.block_on(execute(transport, Arc::new(scenario.clone()), settings, true))
}

/// Shrinking asks nothing that has to be waited for: each run has a runtime of its own.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("it waits for something"),
    }
}

const BOUNDS: Bounds = Bounds { attempts: 5_000, time: Duration::from_secs(600) };
const SEED: u64 = 2;

fn found() -> CaseResult {
    let scenarios = random(SEED, 1_000).scenarios;
    let failed = scenarios.iter().map(run).find(|result| result.judgement.verdict == Verdict::Fail);
    failed.expect("random search finds the fault")
}

fn shrunk(found: &CaseResult) -> Shrunk {
    finish(shrink_failure(found, BOUNDS, async |scenario, _| Some(run(&scenario)))).expect("it names a clause")
}

#[test]
fn random_search_finds_a_fault_of_six_steps_and_shrinking_leaves_these_six() {
    let found = found();
    assert_eq!(found.judgement.violations[0].requirement, ROOM_08);
    let Shrunk { scenario, minimal, reproduced, .. } = shrunk(&found);
    assert!(minimal);
    assert_eq!(reproduced, (5, 5));
    assert_eq!(scenario.peers().len(), 2, "{}", scenario.render());
    let mut verbs: Vec<_> =
        scenario.phases.iter().flat_map(|phase| &phase.steps).map(|step| step.text.clone()).collect();
    for (place, peer) in scenario.peers().into_iter().enumerate() {
        let name = ["creator", "joiner"][place];
        verbs = verbs.iter().map(|text| text.replace(&peer.to_string(), name)).collect();
    }
    let room = verbs[0].split(' ').next_back().unwrap_or_default().to_owned();
    let expected =
        ["creator create r", "joiner join r", "joiner leave", "joiner join r", "creator offer joiner", "joiner leave"];
    let expected: Vec<_> = expected.iter().map(|text| text.replace(" r", &format!(" {room}"))).collect();
    assert_eq!(verbs, expected);
}

#[test]
fn no_step_of_the_result_can_be_left_out() {
    let smallest = shrunk(&found()).scenario;
    for place in 0..smallest.phases.len() {
        let mut without = smallest.clone();
        without.phases.remove(place);
        assert_eq!(run(&without).judgement.verdict, Verdict::Pass, "without {:?}", smallest.phases[place]);
    }
}

#[test]
fn the_replay_file_is_read_again_and_fails_again() {
    let shrunk = shrunk(&found());
    let text = shrunk.replay_file("memory, seed 2");
    assert!(text.starts_with("# Breaks ROOM-08 (MUST).\n") && text.contains("Reproduced 5/5"), "{text}");
    let again = parse(&text).expect("it is in the language").remove(0);
    assert_eq!(again.covers, [ROOM_08]);
    let judgement = run(&again).judgement;
    assert!(judgement.violations.iter().any(|violation| violation.requirement == ROOM_08));
}

fn case(steps: &str) -> Scenario {
    parse(&format!("case: a-1\ntitle: t\ncovers: ROOM-01\n{steps}")).expect("a scenario").remove(0)
}

/// Shrinks by a property of the text alone.
fn smallest(steps: &str, fails: impl Fn(&str) -> bool) -> String {
    let fails = async |scenario: &Scenario| {
        let text = scenario.render();
        assert_eq!(parse(&text).expect("no candidate leaves the language")[0].phases, scenario.phases);
        Some(fails(&text))
    };
    let (scenario, _, minimal) = finish(shrink(&case(steps), ROOM_01, BOUNDS, fails));
    assert!(minimal);
    let text = scenario.render();
    text[text.find("covers: ROOM-01\n").expect("the head") + 16..].to_owned()
}

#[test]
fn clients_rooms_phases_and_races_that_are_not_needed_go() {
    let steps = "A create r\nB create s\ntogether\nC join s\nD join r\nA offer B {\"a\":1}\nend\nC leave\nB burst A 20\nD drop\n";
    assert_eq!(smallest(steps, |text| text.contains("join")), "C join s\n");
    let raced = "together\nC join s\nA offer B {\"a\":1}\nA leave\nend\nD drop\n";
    let both = |text: &str| text.contains("  A offer") && text.contains("  A leave");
    assert_eq!(smallest(raced, both), "together\n  A offer B\n  A leave\nend\n");
}

#[test]
fn payloads_and_names_get_smaller() {
    let steps = "A offer B {\"sdp\":\"abcdefgh\",\"list\":[1,2,[3,4]],\"mark\":7}\n";
    assert_eq!(smallest(steps, |text| text.contains("[3")), "A offer B {\"list\":[[3]]}\n");
    assert_eq!(smallest("A offer B @bytes(131072)\n", |text| text.contains('@')), "A offer B @bytes(32)\n");
    assert_eq!(smallest("A join @text(65) noack\nB drop\n", |text| text.contains("join")), "A join @text(1)\n");
    assert_eq!(smallest("A burst B 40\n", |text| text.contains("burst")), "A burst B 1\n");
}

#[test]
fn a_bound_ends_shrinking_with_what_is_smallest_by_then() {
    let steps = "A create r\nA leave\nA create r\nA leave\n";
    let bounds = Bounds { attempts: 1, ..BOUNDS };
    let (scenario, attempts, minimal) = finish(shrink(&case(steps), RELAY_01, bounds, async |_| Some(true)));
    assert_eq!((scenario.phases.len(), attempts, minimal), (2, 1, false));
    let gone = finish(shrink(&case(steps), RELAY_01, BOUNDS, async |_| None));
    assert_eq!((gone.0.phases.len(), gone.2), (4, false));
}
