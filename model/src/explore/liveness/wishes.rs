//! What a world wants to happen in the end, and whether it always does.

use std::{ops::Range, thread};

use super::{ENVIRONMENT, Environment, Incomplete, Lasso, cycles::Cycles, is_fair, lasso::around, scc};
use crate::explore::{Explored, Space};

/// A world with wishes: things that may be wanting for a while, and not for ever.
pub trait Wishes: Space {
    /// Names a wish.
    type Wish: Clone;

    /// At most 64 wishes, each with what the environment may do to keep it from coming true.
    fn wishes(&self) -> Vec<(Self::Wish, Environment)>;

    /// The wishes that are wanting in a state, as bits in the order of [`Self::wishes`].
    fn wanting(&self, state: &Self::State) -> u64;

    /// Whether no fair action is possible in a state.
    fn is_dead_end(&self, state: &Self::State) -> bool {
        let mut actions = Vec::new();
        self.actions(state, &mut actions);
        actions.into_iter().all(|action| self.fairness(action).is_none())
    }
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

/// Judges all wishes of an explored world, with some threads.
///
/// Each state is looked at once, and forgotten. What takes memory is a number for each state, to find out whether there
/// are cycles; and what lies on cycles, if there are any.
///
/// # Errors
/// Not everything was explored. Nothing is known of what happens in the end.
pub fn judge<S: Wishes>(explored: &Explored<S>, threads: usize) -> Result<Vec<Fulfilment<S::Wish>>, Incomplete> {
    if explored.stopped().is_some() {
        return Err(Incomplete);
    }
    let (space, graph) = (explored.space(), explored.graph());
    let Ends { arose, first } = Ends::of(explored, threads);
    let cycles = Cycles::of(explored).map(|cycles| {
        let wanting: Vec<u64> = cycles.states.iter().map(|state| space.wanting(&explored.state(*state))).collect();
        (cycles, wanting)
    });
    let judge = |(place, (wish, environment)): (usize, (S::Wish, Environment))| {
        let end = first[place].map(|state| Lasso { stem: graph.path_to(state), cycle: Vec::new() });
        let round = cycles.as_ref().and_then(|(cycles, wanting)| round(cycles, wanting, place, environment));
        let round = round.map(|(home, cycle)| Lasso { stem: graph.path_to(home), cycle });
        // Of two equally near the dead end is the simpler tale.
        let never = end.into_iter().chain(round).min_by_key(|lasso| lasso.stem.len());
        Fulfilment { wish, arose: arose & 1 << place != 0, never }
    };
    Ok(space.wishes().into_iter().enumerate().map(judge).collect())
}

/// What looking at each state once shows.
struct Ends {
    /// The wishes that are wanting anywhere.
    arose: u64,
    /// For each wish the first dead end in which it is wanting, which is a nearest one.
    first: [Option<u32>; 64],
}

impl Ends {
    fn of<S: Wishes>(explored: &Explored<S>, threads: usize) -> Self {
        let (states, threads) = (explored.states(), threads.clamp(1, 16));
        let cut = |place: usize| (states * place / threads) as u32;
        thread::scope(|scope| {
            let share = |place: usize| move || Self::among(explored, cut(place)..cut(place + 1));
            let others: Vec<_> = (1..threads).map(|place| scope.spawn(share(place))).collect();
            let others = others.into_iter().map(|share| share.join().expect("a helper that panics is a bug of ours"));
            others.fold(share(0)(), Self::and_then)
        })
    }

    fn among<S: Wishes>(explored: &Explored<S>, numbers: Range<u32>) -> Self {
        let (space, mut ends) = (explored.space(), Self { arose: 0, first: [None; 64] });
        for number in numbers {
            let state = explored.state(number);
            let wanting = space.wanting(&state);
            ends.arose |= wanting;
            if wanting != 0 && space.is_dead_end(&state) {
                let ended = ends.first.iter_mut().enumerate().filter(|(place, _)| wanting & 1 << place != 0);
                ended.for_each(|(_, first)| *first = first.or(Some(number)));
            }
        }
        ends
    }

    /// With what the states after these show.
    fn and_then(self, later: Self) -> Self {
        let first = std::array::from_fn(|place| self.first[place].or(later.first[place]));
        Self { arose: self.arose | later.arose, first }
    }
}

/// A fair cycle on which a wish is always wanting: the nearest of its states, and the way round from there.
fn round(cycles: &Cycles, wanting: &[u64], wish: usize, environment: Environment) -> Option<(u32, Vec<(u32, u8)>)> {
    let Cycles { states, graph, labels } = cycles;
    let is_inner = |edge: usize| environment == Environment::Restless || labels.of(edge) != ENVIRONMENT;
    let is_wanting = |state: u32| wanting.get(state as usize).is_some_and(|wishes| wishes & 1 << wish != 0);
    let components = scc::components(graph, &is_wanting, &is_inner);
    let fair = components.into_iter().filter(|component| is_fair(graph, labels, &is_inner, component));
    // A component is sorted, and numbers rise with the distance from the initial state.
    let component = fair.min_by_key(|component| component[0])?;
    let cycle = around(graph, labels, &is_inner, component[0], &component);
    let number = |place: u32| states[place as usize];
    Some((number(component[0]), cycle.into_iter().map(|(place, edge)| (number(place), edge)).collect()))
}
