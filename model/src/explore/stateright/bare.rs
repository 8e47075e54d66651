//! Worlds for stateright with no property but `true`: what its search alone costs, and how many states it counts.

use std::{
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use stateright::{Checker, Model, Property};

use crate::{
    explore::{
        Space,
        check::{shape_overflow, with_system},
        expand::{Expander, Successors},
        key::{Key, Layout},
        store::Store,
    },
    world::{Configuration, Fact, Facts, Overflow, Variant},
};

/// How stateright searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// `spawn_bfs`.
    Breadth,
    /// `spawn_dfs`.
    Depth,
}

/// What stateright's states are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum States {
    /// Whole worlds, stepped by the transition function: an opinion that shares nothing with our search.
    Whole,
    /// Our packed keys, expanded by our remembered moves: what is left is stateright's search alone.
    Packed,
}

/// What stateright counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Unique states.
    pub states: usize,
    /// States made, repetitions included: the transitions, and the initial state.
    pub made: usize,
}

impl Count {
    /// The probability, at most, that two states had one 64-bit hash and one of them was lost: n^2 / 2^65.
    #[must_use]
    pub fn collision_bound(&self) -> f64 {
        (self.states as f64).powi(2) / 2_f64.powi(65)
    }
}

/// Counts the states of a configuration with stateright, with one thread.
///
/// # Errors
/// The configuration's shape is unknown.
pub fn count(
    variant: &Variant,
    configuration: &Configuration,
    states: States,
    order: Order,
) -> Result<Count, Overflow> {
    with_system!(variant, configuration, |system| match states {
        States::Whole => Ok(run(Whole(system), order)),
        States::Packed => Ok(run(Packed::<_, u128>::new(system)?, order)),
    })
}

fn run<M>(model: M, order: Order) -> Count
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
    M::Action: Clone + Debug + PartialEq,
{
    let count = |states, made| Count { states, made };
    match order {
        Order::Breadth => {
            let checker = model.checker().spawn_bfs().join();
            count(checker.unique_state_count(), checker.state_count())
        }
        Order::Depth => {
            let checker = model.checker().spawn_dfs().join();
            count(checker.unique_state_count(), checker.state_count())
        }
    }
}

/// Whole states.
struct Whole<S>(S);

impl<S> Model for Whole<S>
where
    S: Space + 'static,
    S::State: Clone + Debug + Hash + PartialEq + 'static,
    S::Action: 'static,
{
    type State = S::State;
    type Action = S::Action;

    fn init_states(&self) -> Vec<S::State> {
        vec![self.0.initial()]
    }

    fn actions(&self, state: &S::State, actions: &mut Vec<S::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &S::State, action: S::Action) -> Option<S::State> {
        let (next, _) = self.0.step(state, action).expect("our own search of the same world met no overflow");
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("true", |_, _| true)]
    }
}

/// Packed states. An action is the state that it leads to.
struct Packed<S: Space, K> {
    initial: K,
    expander: Mutex<(Expander<S, K>, Successors<K>)>,
}

impl<S: Space, K: Key> Packed<S, K> {
    fn new(space: S) -> Result<Self, Overflow> {
        let layout = Layout::new::<K>(space.parts());
        let mut store = Store::new(layout);
        let initial = store.pack(&space, &space.initial())?;
        let expander = Expander::new(Arc::new(space), Arc::new(RwLock::new(store)), layout);
        Ok(Self { initial, expander: Mutex::new((expander, Successors::default())) })
    }
}

impl<S: Space + 'static, K: Key> Model for Packed<S, K> {
    type State = K;
    type Action = K;

    fn init_states(&self) -> Vec<K> {
        vec![self.initial]
    }

    fn actions(&self, state: &K, actions: &mut Vec<K>) {
        let mut guard = self.expander.lock().unwrap_or_else(PoisonError::into_inner);
        let (expander, successors) = &mut *guard;
        successors.keys.clear();
        successors.degrees.clear();
        successors.events.clear();
        // Everything counts as seen: no witnesses are kept.
        let seen = [Fact::ALL.iter().copied().collect::<Facts>(); 2];
        let expanded = expander.expand(&[*state], 0, &seen, successors);
        expanded.expect("our own search of the same world met no overflow");
        actions.extend_from_slice(&successors.keys);
    }

    fn next_state(&self, _: &K, next: K) -> Option<K> {
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("true", |_, _| true)]
    }
}
