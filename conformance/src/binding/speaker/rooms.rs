//! The ids that a server gave to rooms, where it chooses them.

use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use crate::limits::ROOMS_REMEMBERED_MAX;

/// What all connections of a run know together: the ids that a server gave to rooms whose ids it chooses. Rooms of scenarios
/// that are long over are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    real: HashMap<String, Value>,
    /// The names, the oldest first.
    order: VecDeque<String>,
}

impl Rooms {
    /// The id under which the server knows a room.
    pub(super) fn real<'a>(&self, given: &'a Value) -> Cow<'a, Value> {
        let Value::String(name) = given else { return Cow::Borrowed(given) };
        self.lock().real.get(name).cloned().map_or(Cow::Borrowed(given), Cow::Owned)
    }

    /// The id under which the scenario knows a room; `asked` if the server's answer is for that one.
    pub(super) fn given(&self, real: &Value, asked: &Value) -> Value {
        if *self.real(asked) == *real {
            return asked.clone();
        }
        let known = self.lock();
        let given = known.real.iter().find(|(_, known)| *known == real).map(|(given, _)| given.as_str().into());
        given.unwrap_or_else(|| real.clone())
    }

    pub(super) fn note(&self, given: &str, real: &Value) {
        if real.as_str() == Some(given) {
            return;
        }
        let mut known = self.lock();
        if known.real.insert(given.to_owned(), real.clone()).is_some() {
            return;
        }
        known.order.push_back(given.to_owned());
        if known.order.len() > ROOMS_REMEMBERED_MAX
            && let Some(oldest) = known.order.pop_front()
        {
            known.real.remove(&oldest);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rooms_are_remembered_and_no_more() {
        let rooms = Rooms::default();
        let name = |number: usize| format!("r{number}");
        for number in 0..=ROOMS_REMEMBERED_MAX {
            rooms.note(&name(number), &number.into());
            // A room that is made again counts once.
            rooms.note(&name(number), &number.into());
        }
        let real = |number: usize| rooms.real(&name(number).into()).into_owned();
        assert_eq!(real(0), Value::from(name(0)));
        assert_eq!((real(1), real(ROOMS_REMEMBERED_MAX)), (1.into(), ROOMS_REMEMBERED_MAX.into()));
        let known = rooms.lock();
        assert_eq!((known.real.len(), known.order.len()), (ROOMS_REMEMBERED_MAX, ROOMS_REMEMBERED_MAX));
    }
}
