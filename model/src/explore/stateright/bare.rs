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
        expand::Expander,
        key::{Bits96, Key, Layout},
        learn::{Learner, Unknown},
        memo::Memo,
        run::{Run, Successors},
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
    /// Our packed keys of so many bits, as [`crate::explore::Cost`] names them, expanded by our remembered moves: what is
    /// left is stateright's search alone.
    Packed(u32),
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
        States::Packed(64) => Ok(run(Packed::<_, u64>::new(system)?, order)),
        States::Packed(96) => Ok(run(Packed::<_, Bits96>::new(system)?, order)),
        States::Packed(_) => Ok(run(Packed::<_, u128>::new(system)?, order)),
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
    moves: Mutex<Moves<S, K>>,
}

/// What one thread remembers.
struct Moves<S: Space, K> {
    expander: Expander<S, K>,
    learner: Learner<S, K>,
    unknown: Unknown<S>,
    memo: Memo<K>,
    space: Arc<S>,
    store: Arc<RwLock<Store<S>>>,
    successors: Successors<K>,
}

impl<S: Space, K: Key> Packed<S, K> {
    fn new(space: S) -> Result<Self, Overflow> {
        let layout = Layout::new::<K>(space.parts());
        let space = Arc::new(space);
        let mut store = Store::new(layout);
        let initial = store.pack(&*space, &space.initial())?;
        let store = Arc::new(RwLock::new(store));
        let moves = Moves {
            expander: Expander::new(Arc::clone(&space), Arc::clone(&store), layout),
            learner: Learner::new(Arc::clone(&space), Arc::clone(&store), layout),
            unknown: Unknown::default(),
            space,
            store,
            memo: Memo::new(layout.parts),
            successors: Successors::new(1),
        };
        Ok(Self { initial, moves: Mutex::new(moves) })
    }
}

impl<S: Space, K: Key> Moves<S, K> {
    fn successors(&mut self, state: K) -> Result<&[K], Overflow> {
        // Everything counts as seen: no witnesses are kept.
        let seen = [Fact::ALL.iter().copied().collect::<Facts>(); 2];
        loop {
            let run = Run { states: &[state], first: 0, seen: &seen, memos: &[&self.memo] };
            if self.expander.expand(&run, &mut self.successors)? {
                return Ok(&self.successors.keys);
            }
            self.learner.learn(&self.successors.misses[0], &mut self.memo, &mut self.unknown)?;
            let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
            self.unknown.intern(&*self.space, &mut store)?;
            drop(store);
            self.learner.settle(&mut self.unknown, &mut self.memo)?;
        }
    }
}

impl<S: Space + 'static, K: Key> Model for Packed<S, K> {
    type State = K;
    type Action = K;

    fn init_states(&self) -> Vec<K> {
        vec![self.initial]
    }

    fn actions(&self, state: &K, actions: &mut Vec<K>) {
        let mut moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
        let successors = moves.successors(*state);
        actions.extend_from_slice(successors.expect("our own search of the same world met no overflow"));
    }

    fn next_state(&self, _: &K, next: K) -> Option<K> {
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("true", |_, _| true)]
    }
}
