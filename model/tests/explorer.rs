//! The explorer remembers moves of parts instead of stepping whole states. Nothing is lost by that, and nothing depends on
//! the number of threads.

use std::ops::ControlFlow;

use glare_model::{
    explore::{CheckReport, Explored, Limits, Options, Verdict, check, contract, explore},
    negotiation::{Answers, Glare, Meetings, Strategy},
    room::{Relay, RoomRules, SecondRoom},
    world::{Action, Configuration, Facts, Overflow, System, Variant},
};

const LIMITS: Limits = Limits { states_max: 1 << 24, memory_bytes_max: 1 << 30, threads: 1, reduce: false };

fn run<const P: usize, const S: usize>(
    variant: &Variant,
    configuration: &Configuration,
    threads: usize,
) -> Explored<System<P, S>> {
    assert_eq!((usize::from(configuration.peers), usize::from(configuration.epochs) * P), (P, S));
    let system = System { setting: variant.setting(configuration), budgets: configuration.budgets };
    explore(system, &Limits { threads, ..LIMITS }, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn configuration(variant: &Variant, name: &str) -> Configuration {
    *variant.configurations.iter().find(|it| it.name == name).expect("the variant has the configuration")
}

fn keeps_the_contract<const P: usize, const S: usize>(variant: &Variant, name: &str) {
    let explored = run::<P, S>(variant, &configuration(variant, name), 1);
    assert_eq!(explored.stopped(), None);
    assert_eq!(contract::holds(&explored), Ok(()), "{name}");
    assert_eq!(contract::facts_hold(&explored), Ok(Ok(())), "{name}");
}

#[test]
fn every_remembered_move_of_the_tutorial_is_what_the_transition_function_says() {
    let tutorial = Variant::tutorial();
    keeps_the_contract::<2, 2>(&tutorial, "no-ack");
    keeps_the_contract::<2, 2>(&tutorial, "rejoin");
    keeps_the_contract::<2, 4>(&tutorial, "reconnect-once");
    keeps_the_contract::<3, 3>(&tutorial, "encounter");
}

#[test]
fn every_remembered_move_of_the_reference_is_what_the_transition_function_says() {
    let reference = Variant::reference();
    keeps_the_contract::<2, 2>(&reference, "second-room");
    keeps_the_contract::<2, 2>(&reference, "renegotiation");
    keeps_the_contract::<3, 3>(&reference, "stray");
    keeps_the_contract::<3, 3>(&reference, "mesh");
}

fn same_with_any_threads<const P: usize, const S: usize>(variant: &Variant, name: &str) {
    let configuration = configuration(variant, name);
    let [one, two, three] = [1, 2, 3].map(|threads| run::<P, S>(variant, &configuration, threads));
    assert!(one.graph() == two.graph() && one.graph() == three.graph(), "{name}");
    assert_eq!(one.witnesses(), two.witnesses());
    assert_eq!(one.witnesses(), three.witnesses());
    let last = one.states() as u32 - 1;
    assert!([&two, &three].iter().all(|it| it.state(last) == one.state(last)));
}

#[test]
fn numbers_edges_and_witnesses_do_not_depend_on_the_number_of_threads() {
    same_with_any_threads::<3, 3>(&Variant::reference(), "rooms");
    same_with_any_threads::<2, 4>(&Variant::tutorial(), "reconnect-once");
}

#[test]
fn a_run_without_memory_is_incomplete() {
    let variant = Variant::reference();
    let mesh = configuration(&variant, "mesh");
    let system: System<3, 3> = System { setting: variant.setting(&mesh), budgets: mesh.budgets };
    let limits = Limits { memory_bytes_max: 1 << 20, ..LIMITS };
    let explored = explore(system, &limits, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(explored.stopped(), Some("too much memory"));
}

#[test]
fn a_path_to_the_last_state_leads_there() {
    let variant = Variant::reference();
    let explored = run::<2, 2>(&variant, &configuration(&variant, "rejoin"), 1);
    let last = explored.states() as u32 - 1;
    let path = explored.graph().path_to(last);
    assert_eq!(path.len(), explored.depth());
    let step = |state: Result<_, Overflow>, action: &Action| -> Result<_, Overflow> {
        let (next, _): (_, Facts) = explored.space().step(&state?, *action)?;
        Ok(next)
    };
    let reached = explored.actions(&path).iter().fold(Ok(explored.space().initial()), step);
    assert_eq!(reached.unwrap(), explored.state(last));
}

/// For each property of each configuration, what became of it, without the witness.
fn verdicts(report: &CheckReport) -> Vec<(&str, String, bool, Option<usize>)> {
    let rows = report.configurations.iter().flat_map(|it| it.properties.iter().map(|row| (it.configuration.name, row)));
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Violated(_) => None,
        Verdict::Holds => Some(0),
        Verdict::Vacuous => Some(1),
        Verdict::Unknown => Some(2),
    };
    rows.map(|(name, row)| (name, row.property.clause.to_string(), row.occasion_arose, verdict(&row.verdict))).collect()
}

/// Rules that break something, one decision each.
fn mutants() -> Vec<Variant> {
    let reference = Variant::reference();
    let mut variants = Vec::new();
    let weak = Strategy { answers: Answers::Any, meetings: Meetings::Ignored, ..Strategy::REFERENCE };
    let inside = Strategy { meetings: Meetings::CountedInside, ..Strategy::REFERENCE };
    let replace = Strategy { glare: Glare::Replace, ..Strategy::REFERENCE };
    for strategy in [weak, inside, replace] {
        variants.push(Variant { strategy, ..reference.clone() });
    }
    let ghosts = RoomRules { second_room: SecondRoom::Accumulate, ..RoomRules::REFERENCE };
    let open = RoomRules { relay: Relay::Anything, ..RoomRules::REFERENCE };
    for rules in [ghosts, open] {
        variants.push(Variant { rules, ..reference.clone() });
    }
    for variant in &mut variants {
        variant.configurations.retain(|it| ["second-room", "stray", "rejoin", "renegotiation"].contains(&it.name));
    }
    variants
}

#[test]
fn a_reduced_search_finds_the_same_verdicts_in_fewer_states() {
    for variant in Variant::all().into_iter().chain(mutants()) {
        let run = |reduce| {
            let options = Options { reduce, ..Options::default() };
            check(&variant, &options, &mut |_, _| ControlFlow::Continue(())).unwrap()
        };
        let (full, reduced) = (run(false), run(true));
        assert_eq!(verdicts(&full), verdicts(&reduced), "{}", variant.name);
        let states = |report: &CheckReport| report.configurations.iter().map(|it| it.states).sum::<usize>();
        assert!(states(&reduced) < states(&full), "{} of {}", states(&reduced), states(&full));
    }
}

#[test]
fn a_reduced_search_keeps_every_final_state() {
    let variant = Variant::reference();
    let mesh = configuration(&variant, "mesh");
    let finals = |reduce| {
        let system: System<3, 3> = System { setting: variant.setting(&mesh), budgets: mesh.budgets };
        let limits = Limits { reduce, ..LIMITS };
        let explored = explore(system, &limits, &mut |_| ControlFlow::Continue(())).unwrap();
        let ends = (0..explored.states() as u32).filter(|state| explored.graph().successors(*state).is_empty());
        let rests = (0..explored.states() as u32).filter(|state| explored.state(*state).is_quiescent());
        (ends.count(), rests.count())
    };
    assert_eq!(finals(true), finals(false));
}
