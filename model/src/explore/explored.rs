//! An explored world: its graph, its states, and the paths to what was seen.

use std::{fmt, ops::ControlFlow, sync::Arc};

use super::{
    Graph, Limits, Progress, Space,
    key::{Bits96, Key},
    search::{Searched, search},
};
use crate::world::{Fact, Facts, Overflow};

/// Explores a world exactly: every state, every edge, each once.
///
/// # Errors
/// Something outgrew its place. Nothing is concluded from such a run.
pub fn explore<S: Space>(
    space: S,
    limits: &Limits,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Explored<S>, Overflow> {
    // The smallest key that may do. If parts turn out to outnumber what it can tell apart, the run starts over.
    let space = Arc::new(space);
    if space.parts() <= 4 {
        match search::<S, u64>(&space, limits, progress) {
            Err(Overflow::Explorer(_)) => {}
            searched => return searched.map(|it| Explored { space, inner: Inner::Narrow(it) }),
        }
    }
    if space.parts() <= 5 {
        match search::<S, Bits96>(&space, limits, progress) {
            Err(Overflow::Explorer(_)) => {}
            searched => return searched.map(|it| Explored { space, inner: Inner::Middle(it) }),
        }
    }
    let searched = search::<S, u128>(&space, limits, progress)?;
    Ok(Explored { space, inner: Inner::Wide(searched) })
}

/// A world, explored.
pub struct Explored<S: Space> {
    space: Arc<S>,
    inner: Inner<S>,
}

enum Inner<S: Space> {
    Narrow(Searched<S, u64>),
    Middle(Searched<S, Bits96>),
    Wide(Searched<S, u128>),
}

macro_rules! inner {
    ($self:expr, $it:ident => $then:expr) => {
        match &$self.inner {
            Inner::Narrow($it) => $then,
            Inner::Middle($it) => $then,
            Inner::Wide($it) => $then,
        }
    };
}

/// What a search cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// All memory that the search held at its end, in bytes: states, edges, tables and remembered moves.
    pub bytes: usize,
    /// Bits of a packed state.
    pub key_bits: u32,
    /// The most parts of one place.
    pub parts: usize,
    /// Different rests.
    pub rests: usize,
    /// Different surroundings of which it is remembered what states show.
    pub surroundings: usize,
    /// Parts among others whose moves were computed.
    pub rows: usize,
}

impl<S: Space> Explored<S> {
    /// The world.
    #[must_use]
    pub fn space(&self) -> &S {
        &self.space
    }

    /// All edges.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        inner!(self, it => &it.graph)
    }

    /// How many states are known.
    #[must_use]
    pub fn states(&self) -> usize {
        inner!(self, it => it.keys.len())
    }

    /// How many edges were seen.
    #[must_use]
    pub fn transitions(&self) -> u64 {
        self.graph().edges() as u64
    }

    /// The longest of the shortest paths.
    #[must_use]
    pub fn depth(&self) -> usize {
        inner!(self, it => it.depth)
    }

    /// Why the search ended early, if it did. Then nothing is proved.
    #[must_use]
    pub fn stopped(&self) -> Option<&'static str> {
        inner!(self, it => it.stopped)
    }

    /// What the search cost.
    #[must_use]
    pub fn cost(&self) -> Cost {
        fn cost<S: Space, K: Key>(it: &Searched<S, K>) -> Cost {
            let (parts, rests) = it.store.counts();
            let &Searched { bytes, surroundings, rows, .. } = it;
            Cost { bytes, key_bits: K::BITS, parts, rests, surroundings, rows }
        }
        inner!(self, it => cost(it))
    }

    /// A state, by its number.
    #[must_use]
    pub fn state(&self, number: u32) -> S::State {
        inner!(self, it => it.store.unpack(&self.space, it.keys[number as usize]))
    }

    /// The actions of a state, in the order of its edges.
    #[must_use]
    pub fn actions_of(&self, number: u32) -> Vec<S::Action> {
        self.space.ordered_actions(&self.state(number))
    }

    /// The actions along a path of states left and numbers of edges.
    #[must_use]
    pub fn actions(&self, path: &[(u32, u8)]) -> Vec<S::Action> {
        let action = |(source, edge): &(u32, u8)| self.actions_of(*source)[usize::from(*edge)];
        path.iter().map(action).collect()
    }

    /// All facts that were seen.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let [of_states, of_transitions] = inner!(self, it => it.witnesses.seen());
        of_states.with(of_transitions)
    }

    /// A shortest run to each fact that was seen.
    #[must_use]
    pub fn witnesses(&self) -> Vec<(Fact, Vec<S::Action>)> {
        let paths = inner!(self, it => it.witnesses.paths(&it.graph));
        paths.into_iter().map(|(fact, path)| (fact, self.actions(&path))).collect()
    }
}

impl<S: Space> fmt::Debug for Explored<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explored").field("states", &self.states()).field("stopped", &self.stopped()).finish()
    }
}
