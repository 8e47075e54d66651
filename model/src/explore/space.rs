//! What the explorer asks of a world: how it moves, and how a state falls into parts.

use std::{fmt::Debug, hash::Hash};

use crate::world::{Facts, Overflow};

/// A transition system whose states fall into parts that mostly move alone.
///
/// A *part* is what one peer's moves change and nobody else looks at closely: the peer, its queues, and the server's
/// record of it. The *rest* is what belongs to no part (the lists of members, the budgets). A state is the rest and all
/// parts, no more and no less: [`Self::join`] undoes [`Self::split`].
///
/// The explorer runs [`Self::step`] once for each part in each surrounding, and remembers what came out. That is exact if
/// the following holds, which [`super::contract`] checks edge by edge on any world small enough:
///
/// 1. What a part may do, and what follows, depends on that part, the rest, and the [outlines](Self::outline) of the
///    other parts that it [heeds](Self::heeds).
/// 2. What that does to another part depends on its outline before and after, by [`Self::receive`].
/// 3. What a state shows depends on the rest and the outlines alone, as long as some part is not at rest and at
///    most one part [shows more](Self::shows_more).
pub trait Space: Send + Sync {
    /// A whole state.
    type State;
    /// What can happen.
    type Action: Copy + Debug + Eq + Send + Sync;
    /// One part of a state.
    type Part: Clone + Eq + Hash + Send + Sync;
    /// What belongs to no part.
    type Rest: Clone + Eq + Hash + Send + Sync;

    /// The number of parts of every state: 1 to 7.
    fn parts(&self) -> usize;
    /// The initial state.
    fn initial(&self) -> Self::State;
    /// Lists what can happen.
    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>);
    /// What follows, and what the transition shows.
    ///
    /// # Errors
    /// The next state does not fit.
    fn step(&self, state: &Self::State, action: Self::Action) -> Result<(Self::State, Facts), Overflow>;
    /// What a state shows.
    fn judge(&self, state: &Self::State) -> Facts;

    /// Whose action it is.
    fn owner(&self, action: Self::Action) -> usize;
    /// The explorer orders the actions of a state by rank (0 to 3), then by owner, then as [`Self::actions`] lists them.
    fn rank(&self, action: Self::Action) -> usize;
    /// The class of an action that is weakly fair: if from some moment on some action of the class is always possible,
    /// then one happens. None for what the environment does if it likes. Classes are numbered from 0
    /// to 127.
    fn fairness(&self, action: Self::Action) -> Option<u8>;

    /// Takes a state apart.
    fn split(&self, state: &Self::State) -> (Self::Rest, Vec<Self::Part>);
    /// Whether a step may have changed a part. Saying yes without need costs time only.
    fn may_differ(&self, before: &Self::State, after: &Self::State, part: usize) -> bool {
        let _ = (before, after, part);
        true
    }
    /// One part of a state, as [`Self::split`] gives it.
    fn part(&self, state: &Self::State, part: usize) -> Self::Part {
        self.split(state).1.swap_remove(part)
    }
    /// The rest of a state, as [`Self::split`] gives it.
    fn rest(&self, state: &Self::State) -> Self::Rest {
        self.split(state).0
    }
    /// Puts a state together.
    fn join(&self, rest: &Self::Rest, parts: &[&Self::Part]) -> Self::State;
    /// What the moves of other parts see of a part, as a part. The outline of an outline is itself.
    fn outline(&self, part: &Self::Part) -> Self::Part;
    /// What becomes of a part, if a move of another part turns its outline into `after`.
    ///
    /// # Errors
    /// It does not fit.
    fn receive(&self, part: &Self::Part, after: &Self::Part) -> Result<Self::Part, Overflow>;
    /// The other parts whose outlines the moves of a part depend on, or that they change, as bits. The fewer, the more
    /// often what was computed once serves again. All of them is always right.
    fn heeds(&self, part: &Self::Part) -> u8 {
        let _ = part;
        u8::MAX
    }
    /// Whether a part has nothing under way.
    fn is_at_rest(&self, part: &Self::Part) -> bool;
    /// Whether a state may show more than its rest and its outlines do, once two of its parts say so. States in which all
    /// parts are at rest are always looked at as a whole.
    fn shows_more(&self, part: &Self::Part) -> bool {
        let _ = part;
        false
    }

    /// The actions of a state in the explorer's order, which is that of its edges.
    fn ordered_actions(&self, state: &Self::State) -> Vec<Self::Action> {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        actions.sort_by_key(|action| (self.rank(*action), self.owner(*action)));
        actions
    }
}
