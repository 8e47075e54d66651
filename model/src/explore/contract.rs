//! Whether a world keeps what [`Space`] asks of it: every remembered move is compared with the one transition function.

use std::collections::BTreeMap;

use super::{Explored, Space};
use crate::world::{Facts, Overflow};

/// Steps every edge of an explored world anew, on whole states, and compares.
///
/// # Errors
/// The first difference, in words.
pub fn holds<S: Space>(explored: &Explored<S>) -> Result<(), String> {
    let space = explored.space();
    for number in 0..explored.graph().expanded() as u32 {
        let state = explored.state(number);
        let actions = explored.actions_of(number);
        let targets = explored.graph().successors(number);
        if actions.len() != targets.len() {
            return Err(format!("state {number} allows {actions:?}, and has {} edges", targets.len()));
        }
        for (action, target) in actions.into_iter().zip(targets) {
            let next = space.step(&state, action).map(|(next, _)| space.split(&next));
            let is_same = next.is_ok_and(|next| next == space.split(&explored.state(*target)));
            if !is_same {
                return Err(format!("{action:?} of state {number} leads elsewhere than to state {target}"));
            }
        }
    }
    Ok(())
}

/// Looks at every state and every edge of an explored world, and compares what they show, and how near to the initial
/// state, with the shortest runs that were found.
///
/// # Errors
/// A step that does not fit, or the difference in words.
pub fn facts_hold<S: Space>(explored: &Explored<S>) -> Result<Result<(), String>, Overflow> {
    let space = explored.space();
    let mut shown = BTreeMap::new();
    let mut show = |facts: Facts, length: usize| {
        for fact in facts.iter() {
            let known = shown.entry(fact).or_insert(length);
            *known = length.min(*known);
        }
    };
    // States are numbered in the order in which a search by breadth meets them.
    let mut depths = vec![0];
    for number in 0..explored.graph().expanded() as u32 {
        let (state, depth) = (explored.state(number), depths[number as usize]);
        show(space.judge(&state), depth);
        for (action, target) in explored.actions_of(number).into_iter().zip(explored.graph().successors(number)) {
            show(space.step(&state, action)?.1, depth + 1);
            if *target as usize == depths.len() {
                depths.push(depth + 1);
            }
        }
    }
    let seen: BTreeMap<_, _> = explored.witnesses().into_iter().map(|(fact, run)| (fact, run.len())).collect();
    Ok(if shown == seen { Ok(()) } else { Err(format!("{shown:?} is shown, and {seen:?} was seen")) })
}
