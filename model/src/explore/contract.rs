//! Whether a world keeps what [`Space`] asks of it: every remembered move is compared with the one transition function.

use super::{Explored, Space};
use crate::world::Overflow;

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

/// Looks at every state and every edge of an explored world, and compares what they show with what was seen.
///
/// # Errors
/// A step that does not fit, or the difference in words.
pub fn facts_hold<S: Space>(explored: &Explored<S>) -> Result<Result<(), String>, Overflow> {
    let space = explored.space();
    let mut shown = crate::world::Facts::default();
    for number in 0..explored.graph().expanded() as u32 {
        let state = explored.state(number);
        shown = shown.with(space.judge(&state));
        for action in explored.actions_of(number) {
            shown = shown.with(space.step(&state, action)?.1);
        }
    }
    let seen = explored.witnesses().into_iter().map(|(fact, _)| fact).collect();
    Ok(if shown == seen { Ok(()) } else { Err(format!("{shown:?} is shown, and {seen:?} was seen")) })
}
