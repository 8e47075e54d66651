//! The explorer remembers moves of parts instead of stepping whole states. Nothing is lost by that, and nothing depends on
//! the number of threads.

use std::ops::ControlFlow;

use glare_model::{
    explore::{Explored, Limits, contract, explore},
    world::{Action, Configuration, Facts, Overflow, System, Variant},
};

const LIMITS: Limits = Limits { states_max: 1 << 24, memory_bytes_max: 1 << 30, threads: 1 };

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
