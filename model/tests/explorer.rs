//! The explorer remembers moves of parts instead of stepping whole states. Nothing is lost by that, and nothing depends on
//! the number of threads.

use std::ops::ControlFlow;

use glare_model::{
    explore::{Explored, Limits, Options, check, contract, explore},
    message::ServerMessage,
    negotiation::Description,
    room::{self, Effect, Input, RoomRules},
    world::{Action, Budget, Budgets, Configuration, Fact, Facts, ModelDirectory, Overflow, System, Variant},
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

fn configuration(name: &str) -> Configuration {
    Configuration::named(name).expect("the world has a name")
}

/// A world that is none of the pinned ones.
fn world(peers: u8, epochs: u8, budgets: &[(Budget, u8)]) -> Configuration {
    let budgets = budgets.iter().fold(Budgets::NONE, |all, (budget, times)| all.with(*budget, *times));
    Configuration { name: "own", description: "a world of this test", peers, epochs, rooms: 1, budgets }
}

/// Whether every edge and every shortest run to a fact is what the transition function says, and `facts` are seen at all.
fn contract_holds<const P: usize, const S: usize>(variant: &Variant, configuration: &Configuration, facts: &[Fact]) {
    let explored = run::<P, S>(variant, configuration, 1);
    let name = (variant.name, configuration);
    assert_eq!(explored.stopped(), None);
    assert_eq!(contract::holds(&explored), Ok(()), "{name:?}");
    assert_eq!(contract::facts_hold(&explored), Ok(Ok(())), "{name:?}");
    let seen: Facts = explored.witnesses().into_iter().map(|(fact, _)| fact).collect();
    facts.iter().for_each(|fact| assert!(seen.contains(*fact), "{fact:?} in {name:?}"));
}

fn keeps_the_contract<const P: usize, const S: usize>(variant: &Variant, name: &str) {
    contract_holds::<P, S>(variant, &configuration(name), &[]);
}

#[test]
fn every_remembered_move_of_the_tutorial_is_what_the_transition_function_says() {
    let tutorial = Variant::tutorial();
    keeps_the_contract::<2, 2>(&tutorial, "no-ack");
    keeps_the_contract::<2, 2>(&tutorial, "rejoin");
    keeps_the_contract::<2, 2>(&tutorial, "invalid");
    keeps_the_contract::<2, 4>(&tutorial, "reconnect-once");
    keeps_the_contract::<3, 3>(&tutorial, "encounter");
}

#[test]
fn every_remembered_move_of_the_reference_is_what_the_transition_function_says() {
    let reference = Variant::reference();
    keeps_the_contract::<2, 2>(&reference, "second-room");
    keeps_the_contract::<2, 2>(&reference, "renegotiation");
    keeps_the_contract::<2, 2>(&reference, "invalid");
    keeps_the_contract::<3, 3>(&reference, "stray");
}

#[test]
fn messages_under_way_are_looked_at_where_a_fact_depends_on_them() {
    let reference = Variant::reference();
    let two = [(Budget::Create, 2), (Budget::Join, 1)];
    contract_holds::<2, 2>(&reference, &world(2, 1, &two), &[Fact::CreatesRaced, Fact::NoticeBehindAck]);
    contract_holds::<3, 3>(&reference, &configuration("mesh"), &[Fact::NoticeBehindAck, Fact::NoticesAlike]);
    let unordered = Variant { server: Some(in_two_orders), ..reference };
    contract_holds::<3, 3>(&unordered, &configuration("encounter"), &[Fact::NoticesAlike, Fact::NoticesDiffer]);
}

/// Whenever the third peer signals, the others are told of two leavings that were none, each in another order. Nothing but
/// what is under way tells such a state from the one before.
fn in_two_orders(
    directory: &mut ModelDirectory,
    rules: &RoomRules,
    input: Input<u8, u8, Description>,
    emit: &mut dyn FnMut(Effect<u8, u8, Description>),
) {
    room::step(directory, rules, input, &mut |effect| {
        if let Effect::Send { message: ServerMessage::Signal { from: 2, .. }, clause, .. } = effect {
            for (to, about) in [(0, 0), (0, 1), (1, 1), (1, 0)] {
                emit(Effect::Send { to, message: ServerMessage::UserLeft(about), clause });
            }
        }
        emit(effect);
    });
}

#[test]
fn what_a_peers_negotiation_does_late_is_what_the_transition_function_says() {
    let reference = Variant::reference();
    keeps_the_contract::<2, 2>(&reference, "slow-answers");
    keeps_the_contract::<2, 2>(&reference, "candidates");
    let meeting = [(Budget::Create, 1), (Budget::Join, 2)];
    let slow = [(Budget::Leave, 1), (Budget::SlowAnswer, 2), (Budget::EarlyCandidate, 1)];
    let lost = [(Budget::Drop, 1), (Budget::Reconnect, 1), (Budget::SlowAnswer, 1), (Budget::Candidate, 1)];
    contract_holds::<3, 3>(&reference, &world(3, 1, &[&meeting[..], &slow].concat()), &[Fact::CandidateEarly]);
    contract_holds::<2, 4>(&reference, &world(2, 2, &[&meeting[..], &lost].concat()), &[Fact::ReconnectedAnew]);
    contract_holds::<2, 2>(&Variant::perfect_negotiation(), &configuration("slow-answers"), &[Fact::Glare]);
}

#[test]
fn what_ice_does_is_what_the_transition_function_says() {
    let reference = Variant::reference();
    contract_holds::<2, 2>(&reference, &configuration("ice"), &[Fact::Connected]);
    let meeting = [(Budget::Create, 1), (Budget::Join, 2), (Budget::IceLoss, 1)];
    let lost = [(Budget::Leave, 1), (Budget::Drop, 1), (Budget::Reconnect, 1), (Budget::SlowAnswer, 1)];
    contract_holds::<2, 4>(&reference, &world(2, 2, &[&meeting[..], &lost].concat()), &[Fact::Connected]);
    contract_holds::<3, 3>(&reference, &world(3, 1, &meeting[..]), &[Fact::Connected]);
    contract_holds::<2, 2>(&Variant::tutorial_fixed_7_4(), &configuration("ice"), &[Fact::Unconnected]);
}

#[test]
fn messages_that_overtake_others_are_what_the_transition_function_says() {
    let overtaking = [(Budget::Create, 1), (Budget::Join, 2), (Budget::Overtake, 1), (Budget::Leave, 1)];
    contract_holds::<2, 2>(&Variant::reference(), &world(2, 1, &overtaking), &[Fact::SignalsReordered]);
    let candidate = [&overtaking[..3], &[(Budget::Candidate, 1)]].concat();
    contract_holds::<3, 3>(&Variant::reference(), &world(3, 1, &candidate), &[Fact::SignalsReordered]);
}

#[test]
fn what_capabilities_do_to_others_is_what_the_transition_function_says() {
    contract_holds::<2, 2>(&Variant::host_closes(), &configuration("second-room"), &[Fact::HostLeft]);
    contract_holds::<3, 3>(&Variant::host_closes(), &configuration("mesh-once"), &[Fact::HostLeft]);
    contract_holds::<2, 2>(&Variant::tutorial_host_leaves(), &configuration("two-rooms"), &[Fact::RoomHalfClosed]);
    contract_holds::<3, 3>(&Variant::host_transfers(), &configuration("mesh-once"), &[Fact::HostHandedOver]);
    contract_holds::<4, 4>(&Variant::capacity(), &configuration("encounter-4"), &[Fact::FullRoomRefused]);
}

#[test]
fn five_peers_have_places() {
    let two_of_five = world(5, 1, &[(Budget::Create, 1), (Budget::Join, 1)]);
    contract_holds::<5, 5>(&Variant::reference(), &two_of_five, &[Fact::Connected]);
    let check = |configuration| {
        let variant = Variant { configurations: vec![configuration], ..Variant::reference() };
        check(&variant, &Options::default(), &mut |_, _| ControlFlow::Continue(()))
    };
    let explored = run::<5, 5>(&Variant::reference(), &two_of_five, 1);
    assert_eq!(check(two_of_five).unwrap().configurations[0].states, explored.states());
    for configuration in [Configuration { peers: 6, ..two_of_five }, Configuration { epochs: 2, ..two_of_five }] {
        assert!(check(configuration).is_err());
    }
}

fn same_with_any_threads<const P: usize, const S: usize>(variant: &Variant, name: &str) {
    let configuration = configuration(name);
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
    same_with_any_threads::<3, 3>(&Variant::reference(), "mesh-once");
    same_with_any_threads::<2, 2>(&Variant::reference(), "ice");
    same_with_any_threads::<2, 4>(&Variant::tutorial(), "reconnect-once");
}

#[test]
fn a_run_without_memory_is_incomplete() {
    let variant = Variant::reference();
    let mesh = configuration("mesh");
    let system: System<3, 3> = System { setting: variant.setting(&mesh), budgets: mesh.budgets };
    let limits = Limits { memory_bytes_max: 1 << 20, ..LIMITS };
    let explored = explore(system, &limits, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(explored.stopped(), Some("too much memory"));
}

#[test]
fn a_path_to_the_last_state_leads_there() {
    let variant = Variant::reference();
    let explored = run::<2, 2>(&variant, &configuration("rejoin"), 1);
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
