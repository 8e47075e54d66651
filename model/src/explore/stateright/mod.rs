//! The same world for the stateright checker: a second opinion on our search.
//!
//! Only counts of unique states and facts of states are compared. What a transition shows is not part of a state here,
//! so stateright, whose properties look at states, does not see it. Never run it with `timeout` or a `target_*` option:
//! it then stops early and still reports success.

mod bare;
mod explorer;

pub use bare::{Count, Order, States, count};
pub use explorer::{COMPLETE, Open, Run, explorer, shortest_runs};
use stateright::{Checker, Model, Property};

use super::check::{shape_overflow, with_system};
use crate::world::{Action, Configuration, Fact, Overflow, System, Variant, World};

/// A [`System`] as a stateright model.
#[derive(Clone, Copy, Debug)]
pub struct Stateright<const P: usize, const S: usize>(pub System<P, S>);

impl<const P: usize, const S: usize> Model for Stateright<P, S> {
    type State = World<P, S>;
    type Action = Action;

    fn init_states(&self) -> Vec<Self::State> {
        vec![self.0.initial()]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        let (next, _) = self.0.step(state, action).expect("our own search of the same world met no overflow");
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // Without a property that is never discovered, stateright stops at states where all are (trap 5).
        vec![
            Property::always("true", |_, _| true),
            Property::always("ROOM-04", |model: &Self, state| !model.0.judge(state).contains(Fact::GhostMember)),
            Property::always("ROOM-08", |model: &Self, state| !model.0.judge(state).contains(Fact::MissedDeparture)),
            Property::always("NEG-06", |model: &Self, state| !model.0.judge(state).contains(Fact::Unconnected)),
        ]
    }
}

/// What stateright says of one configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondOpinion {
    /// Unique states of its breadth-first search.
    pub states_breadth_first: usize,
    /// Unique states of its depth-first search.
    pub states_depth_first: usize,
    /// Names of the violated properties of states, sorted; both searches agree or this is an error of ours.
    pub violated: [Vec<&'static str>; 2],
}

/// Lets stateright explore a configuration, by breadth and by depth, with one thread.
///
/// # Errors
/// The configuration's shape is unknown.
pub fn second_opinion(variant: &Variant, configuration: &Configuration) -> Result<SecondOpinion, Overflow> {
    with_system!(variant, configuration, |system| {
        let by_breadth = Stateright(system).checker().spawn_bfs().join();
        let by_depth = Stateright(system).checker().spawn_dfs().join();
        Ok(SecondOpinion {
            states_breadth_first: by_breadth.unique_state_count(),
            states_depth_first: by_depth.unique_state_count(),
            violated: [names(&by_breadth), names(&by_depth)],
        })
    })
}

fn names<M: Model>(checker: &impl Checker<M>) -> Vec<&'static str>
where
    M::State: std::hash::Hash + std::fmt::Debug + Clone + PartialEq,
    M::Action: Clone + PartialEq + std::fmt::Debug,
{
    let mut names: Vec<_> = checker.discoveries().into_keys().collect();
    names.sort_unstable();
    names
}
