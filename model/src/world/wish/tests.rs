use std::ops::ControlFlow;

use super::*;
use crate::{
    explore::{
        Explored, Limits, Space, contract, explore,
        liveness::{Fulfilment, Lasso, judge},
    },
    message::{SignalKind, Target},
    negotiation::Description,
    world::{
        Action, Budget, Budgets, Facts, Overflow, Variant,
        packed::{Downward, Upward},
        space::{Part, Rest},
    },
};

const LIMITS: Limits = Limits { states_max: 1 << 22, memory_bytes_max: 1 << 30, threads: 1 };

fn run<S: Space>(space: S) -> Explored<S> {
    explore(space, &LIMITS, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn system<const P: usize, const S: usize>(variant: &Variant, name: &str) -> System<P, S> {
    let configuration = variant.configurations.iter().find(|it| it.name == name).unwrap();
    System { setting: variant.setting(configuration), budgets: configuration.budgets }
}

fn never(fulfilments: Vec<Fulfilment<Wish>>) -> Vec<(Wish, Lasso)> {
    fulfilments.into_iter().filter_map(|it| Some((it.wish, it.never?))).collect()
}

#[test]
fn every_wish_of_the_reference_arises_and_comes_true() {
    let reference = Variant::reference();
    let mesh = judge(&run(system::<3, 3>(&reference, "mesh")), 1).unwrap();
    let rejoin = judge(&run(system::<2, 2>(&reference, "rejoin")), 1).unwrap();
    let slow = judge(&run(system::<2, 2>(&reference, "slow-answers")), 1).unwrap();
    for fulfilment in mesh.into_iter().chain(rejoin).chain(slow) {
        // No connection is lost in these.
        let arises = !matches!(fulfilment.wish, Wish::EndLearned(..));
        assert!(fulfilment.arose == arises && fulfilment.never.is_none(), "{fulfilment:?}");
    }
}

#[test]
fn the_wishes_of_every_shape_have_places() {
    fn count<const P: usize, const S: usize>() -> usize {
        system::<P, S>(&Variant::reference(), "rejoin").wishes().len()
    }
    let counts = [count::<2, 2>(), count::<2, 4>(), count::<3, 6>(), count::<4, 4>(), count::<4, 8>(), count::<5, 5>()];
    assert!(counts.iter().all(|count| *count <= 64), "{counts:?}");
}

/// Whether the world's own test for dead ends says what the labels of its actions say.
fn dead_ends_are_those_without_fair_actions<const P: usize, const S: usize>(variant: &Variant, name: &str) {
    let explored = run(system::<P, S>(variant, name));
    let mut ends = 0;
    for number in 0..explored.states() as u32 {
        let fair = explored.actions_of(number).into_iter().filter_map(|action| explored.space().fairness(action));
        let is_end = fair.count() == 0;
        assert_eq!(explored.space().is_dead_end(&explored.state(number)), is_end, "state {number} of {name}");
        ends += usize::from(is_end);
    }
    assert!(ends > 0);
}

#[test]
fn a_dead_end_is_a_state_in_which_no_fair_action_is_possible() {
    let reference = Variant::reference();
    dead_ends_are_those_without_fair_actions::<2, 2>(&reference, "ice");
    dead_ends_are_those_without_fair_actions::<2, 2>(&reference, "slow-answers");
    dead_ends_are_those_without_fair_actions::<2, 4>(&reference, "reconnect");
    dead_ends_are_those_without_fair_actions::<2, 2>(&Variant::tutorial(), "no-ack");
}

#[test]
fn a_server_that_has_crashed_lets_nobody_wait() {
    let fulfilments = judge(&run(system::<2, 2>(&Variant::tutorial(), "no-ack")), 1).unwrap();
    let waiting = never(fulfilments);
    // What is left is the tutorial's glare.
    assert!(waiting.iter().all(|(wish, _)| matches!(wish, Wish::Connected(..))), "{waiting:?}");
}

#[test]
fn whatever_ice_does_a_pair_that_stays_gets_connected() {
    let fulfilments = judge(&run(system::<2, 2>(&Variant::reference(), "ice")), 1).unwrap();
    assert!(fulfilments.iter().any(|it| it.arose && it.wish == Wish::Connected(0, 1)));
    assert_eq!(never(fulfilments), []);
}

#[test]
fn survivors_of_a_lost_connection_learn_of_it() {
    let fulfilments = judge(&run(system::<2, 4>(&Variant::reference(), "reconnect")), 1).unwrap();
    assert!(fulfilments.iter().any(|it| it.arose && matches!(it.wish, Wish::EndLearned(0, 3))));
    assert_eq!(never(fulfilments), []);
}

#[test]
fn in_the_tutorial_a_pair_that_stays_is_never_connected() {
    let explored = run(system::<3, 3>(&Variant::tutorial(), "encounter"));
    let never = never(judge(&explored, 2).unwrap());
    let (wish, lasso) = &never[0];
    assert_eq!((*wish, &lasso.cycle), (Wish::Connected(0, 1), &Vec::new()));
    assert!(!explored.actions(&lasso.stem).is_empty());
}

/// A change to a world: what is different after a step.
trait Change: Send + Sync {
    fn change(&self, system: &System<2, 2>, before: &World<2, 2>, action: Action, after: &mut World<2, 2>);
}

/// The world of two peers, changed.
struct Changed<C>(System<2, 2>, C);

impl<C: Change> Space for Changed<C> {
    type State = World<2, 2>;
    type Action = Action;
    type Part = Part<2>;
    type Rest = Rest<2>;

    fn parts(&self) -> usize {
        2
    }
    fn initial(&self) -> World<2, 2> {
        self.0.initial()
    }
    fn actions(&self, state: &World<2, 2>, actions: &mut Vec<Action>) {
        self.0.actions(state, actions);
    }
    fn step(&self, state: &World<2, 2>, action: Action) -> Result<(World<2, 2>, Facts), Overflow> {
        let (mut next, facts) = self.0.step(state, action)?;
        self.1.change(&self.0, state, action, &mut next);
        Ok((next, facts))
    }
    fn judge(&self, state: &World<2, 2>) -> Facts {
        self.0.judge(state)
    }
    fn owner(&self, action: Action) -> usize {
        self.0.owner(action)
    }
    fn rank(&self, action: Action) -> usize {
        self.0.rank(action)
    }
    fn fairness(&self, action: Action) -> Option<u8> {
        self.0.fairness(action)
    }
    fn split(&self, state: &World<2, 2>) -> (Self::Rest, Vec<Self::Part>) {
        self.0.split(state)
    }
    fn join(&self, rest: &Self::Rest, parts: &[&Self::Part]) -> World<2, 2> {
        self.0.join(rest, parts)
    }
    fn outline(&self, part: &Self::Part) -> Self::Part {
        self.0.outline(part)
    }
    fn receive(&self, part: &Self::Part, after: &Self::Part) -> Result<Self::Part, Overflow> {
        self.0.receive(part, after)
    }
    fn is_at_rest(&self, part: &Self::Part) -> bool {
        Space::is_at_rest(&self.0, part)
    }
}

impl<C: Change> Wishes for Changed<C> {
    type Wish = (Wish, Environment);

    /// Whether rest is reached, whatever the environment does and once it settles.
    fn wishes(&self) -> Vec<(Self::Wish, Environment)> {
        [Environment::Restless, Environment::Settles].map(|it| ((Wish::Rest, it), it)).to_vec()
    }
    fn wanting(&self, state: &World<2, 2>) -> u64 {
        if state.is_wanting(&self.0.setting, Wish::Rest) { 3 } else { 0 }
    }
}

fn two(budgets: Budgets) -> System<2, 2> {
    System { budgets, ..system(&Variant::reference(), "rejoin") }
}

/// Budgets do not shrink.
struct Unbudgeted;

impl Change for Unbudgeted {
    fn change(&self, system: &System<2, 2>, _: &World<2, 2>, _: Action, after: &mut World<2, 2>) {
        after.budgets = system.budgets;
    }
}

#[test]
fn users_without_budgets_keep_the_world_busy_for_ever_and_it_rests_once_they_stop() {
    let budgets = Budgets::NONE.with(Budget::Create, 1).with(Budget::Leave, 1);
    let explored = run(Changed(two(budgets), Unbudgeted));
    assert_eq!(contract::holds(&explored), Ok(()));
    let [restless, settled] = judge(&explored, 2).unwrap().try_into().unwrap();
    let lasso = restless.never.unwrap();
    let cycle = explored.actions(&lasso.cycle);
    assert!(cycle.iter().any(|action| matches!(action, Action::Enter(..))), "{cycle:?}");
    assert_eq!(settled.never, None);
}

/// A peer that hears that its offer could not be delivered sends it again.
struct OffersAgain;

impl Change for OffersAgain {
    fn change(&self, _: &System<2, 2>, before: &World<2, 2>, action: Action, after: &mut World<2, 2>) {
        let Action::Deliver(session) = action else { return };
        let mut queue = before.down[usize::from(session)];
        if queue.pop().map(|(word, _)| Downward::unpack(word)) == Some(Downward::Error(SignalKind::Offer)) {
            let offer = Upward::Signal(SignalKind::Offer, Target::User(1 - session), Description::default());
            after.up[usize::from(session)].push((offer.pack().unwrap(), 0)).unwrap();
        }
    }
}

#[test]
fn a_peer_that_offers_again_whenever_it_is_refused_never_rests() {
    let budgets = Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 1).with(Budget::Leave, 1);
    let explored = run(Changed(two(budgets), OffersAgain));
    assert_eq!(contract::holds(&explored), Ok(()));
    let [_, settled] = judge(&explored, 2).unwrap().try_into().unwrap();
    let lasso = settled.never.expect("the offer goes round for ever");
    let cycle = explored.actions(&lasso.cycle);
    let is_round =
        |it: &[Action]| matches!(it, [Action::Serve(0), Action::Deliver(0)] | [Action::Deliver(0), Action::Serve(0)]);
    assert!(is_round(&cycle), "{cycle:?}");
    assert!(!lasso.stem.is_empty());
}

#[test]
fn nothing_is_said_of_what_was_not_explored_completely() {
    let limits = Limits { states_max: 100, ..LIMITS };
    let system = system::<2, 2>(&Variant::reference(), "rejoin");
    let explored = explore(system, &limits, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(judge(&explored, 2).is_err());
}
