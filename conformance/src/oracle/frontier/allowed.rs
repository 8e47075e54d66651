//! What could come next on a connection.

use super::{
    closure::{Goal, Search},
    explain::Mode,
    script::{Message, Slot},
    state::{FastSet, State},
};
use crate::limits::{FRONTIER_ALLOWED_MAX, FRONTIER_REPAIRS_MAX};

impl Search<'_> {
    /// The messages of which some state may send one next to a connection, each once: at most [`FRONTIER_ALLOWED_MAX`].
    pub(super) fn next_messages(self, states: &[State], slot: Slot) -> Vec<Message> {
        let mut open: Vec<State> = states.to_vec();
        let mut known: FastSet<State> = FastSet::default();
        let mut messages: Vec<Message> = Vec::new();
        while let Some(state) = open.pop() {
            if messages.len() == FRONTIER_ALLOWED_MAX || known.len() == FRONTIER_REPAIRS_MAX {
                break;
            }
            if known.contains(&state) {
                continue;
            }
            if let Some((_, message)) = state.on_the_way.iter().find(|(to, _)| *to == slot) {
                keep(&mut messages, message);
                continue;
            }
            for other in self.involved(&state, Goal::Gone(slot)) {
                for course in self.script.courses(&state, other, self.sent[usize::from(other)]) {
                    match course.sent.iter().find(|(to, ..)| *to == slot) {
                        Some((_, message, _)) => keep(&mut messages, message),
                        None => open.extend(self.explain(other, course, Mode::Strict)),
                    }
                }
            }
            known.insert(state);
        }
        messages
    }
}

fn keep(messages: &mut Vec<Message>, message: &Message) {
    if !messages.contains(message) {
        messages.push(message.clone());
    }
}
