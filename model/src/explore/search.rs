//! Breadth-first search over one world.

use std::ops::ControlFlow;

use super::{report::Progress, table::Table};
use crate::world::{Action, Fact, Facts, Overflow, System, World};

/// How often progress is told, in expanded states.
const PROGRESS_INTERVAL: usize = 1 << 16;

/// What a search found.
pub(super) struct Found {
    pub(super) states: usize,
    pub(super) transitions: u64,
    pub(super) depth: usize,
    /// Why the search ended early, if it did.
    pub(super) stopped: Option<&'static str>,
    /// A shortest path to each fact that was seen.
    pub(super) witnesses: Vec<(Fact, Vec<Action>)>,
}

impl Found {
    pub(super) fn witness(&self, fact: Fact) -> Option<&[Action]> {
        self.witnesses.iter().find(|(seen, _)| *seen == fact).map(|(_, path)| path.as_slice())
    }
}

/// Explores a world until nothing is new, `states_max` states are known, or `progress` says to break.
pub(super) fn search<const P: usize, const S: usize>(
    system: &System<P, S>,
    states_max: usize,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Found, Overflow> {
    let mut search = Search { table: Table::new(), origins: vec![None], seen: Facts::default(), witnesses: Vec::new() };
    let initial = system.initial();
    search.table.insert(initial);
    search.remember(system.judge(&initial), 0, None);
    let (mut actions, mut transitions, mut stopped) = (Vec::new(), 0, None);
    let (mut depth, mut level_end, mut next) = (0, 1, 0);
    while next < search.table.len() {
        if next == level_end {
            (depth, level_end) = (depth + 1, search.table.len());
        }
        if next.is_multiple_of(PROGRESS_INTERVAL) {
            let known = search.table.len();
            if progress(&Progress { states: known, waiting: known - next, transitions, depth }).is_break() {
                stopped = Some("stopped");
                break;
            }
        }
        let state = *search.table.get(next);
        actions.clear();
        system.actions(&state, &mut actions);
        for action in &actions {
            let (successor, facts) = system.step(&state, *action)?;
            transitions += 1;
            search.remember(facts, next, Some(*action));
            if search.table.insert(successor) {
                search.origins.push(Some((next as u32, *action)));
                search.remember(system.judge(&successor), search.table.len() - 1, None);
            }
        }
        next += 1;
        if search.table.len() > states_max {
            stopped = Some("too many states");
            break;
        }
    }
    Ok(Found { states: search.table.len(), transitions, depth, stopped, witnesses: search.witnesses })
}

struct Search<T> {
    table: Table<T>,
    /// From which state, by which action, each state was first reached.
    origins: Vec<Option<(u32, Action)>>,
    seen: Facts,
    witnesses: Vec<(Fact, Vec<Action>)>,
}

impl<const P: usize, const S: usize> Search<World<P, S>> {
    /// Keeps a path for each fact that is seen for the first time, in a state or at an action that leaves it.
    fn remember(&mut self, facts: Facts, state: usize, action: Option<Action>) {
        let new = facts.without(self.seen);
        if new.is_empty() {
            return;
        }
        self.seen = self.seen.with(new);
        let mut path: Vec<Action> = action.into_iter().collect();
        let mut place = state;
        while let Some((origin, action)) = self.origins[place] {
            path.push(action);
            place = origin as usize;
        }
        path.reverse();
        self.witnesses.extend(new.iter().map(|fact| (fact, path.clone())));
    }
}
