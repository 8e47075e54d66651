//! What a world wants to happen in the end, and whether it always does.

use super::{Environment, Incomplete, Labels, Lasso, leads_to, scc};
use crate::explore::{Explored, Space};

/// A world with wishes: things that may be wanting for a while, and not for ever.
pub trait Wishes: Space {
    /// Names a wish.
    type Wish: Clone;

    /// At most 64 wishes, each with what the environment may do to keep it from coming true.
    fn wishes(&self) -> Vec<(Self::Wish, Environment)>;

    /// The wishes that are wanting in a state, as bits in the order of [`Self::wishes`].
    fn wanting(&self, state: &Self::State) -> u64;
}

/// What became of a wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fulfilment<W> {
    /// The wish.
    pub wish: W,
    /// Whether it was wanting in some state. If not, its coming true proves nothing.
    pub arose: bool,
    /// A fair run on which it is wanting from some moment on for ever, with a shortest stem.
    pub never: Option<Lasso>,
}

/// Judges all wishes of an explored world.
///
/// # Errors
/// Not everything was explored. Nothing is known of what happens in the end.
pub fn judge<S: Wishes>(explored: &Explored<S>) -> Result<Vec<Fulfilment<S::Wish>>, Incomplete> {
    let (space, graph) = (explored.space(), explored.graph());
    if explored.stopped().is_some() {
        return Err(Incomplete);
    }
    let labels = Labels::of_world(explored);
    let states = 0..explored.states() as u32;
    let wanting: Vec<u64> = states.clone().map(|state| space.wanting(&explored.state(state))).collect();
    // Budgets often leave no cycle at all. Then dead ends are all there is to look for, and the first is the nearest.
    let is_acyclic = scc::components(graph, &|_| true, &|_| true).is_empty();
    let ends: Vec<u32> = states.filter(|state| labels.enabled(graph, *state) == 0).collect();
    let judge = |(place, (wish, environment)): (usize, (S::Wish, Environment))| {
        let is_wanting = |state: u32| wanting[state as usize] & 1 << place != 0;
        let arose = wanting.iter().any(|wishes| wishes & 1 << place != 0);
        let never = if !arose {
            None
        } else if is_acyclic {
            let end = ends.iter().find(|state| is_wanting(**state));
            end.map(|state| Lasso { stem: graph.path_to(*state), cycle: Vec::new() })
        } else {
            leads_to(graph, &labels, environment, &is_wanting, &|state| !is_wanting(state))?
        };
        Ok(Fulfilment { wish, arose, never })
    };
    space.wishes().into_iter().enumerate().map(judge).collect()
}
