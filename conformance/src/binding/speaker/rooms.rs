//! The ids that a server gave to rooms, where it chooses them.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;

/// What all connections of a run know together: the ids that a server gave to rooms whose ids it chooses.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<HashMap<String, Value>>);

impl Rooms {
    /// The id under which the server knows a room.
    pub(super) fn real<'a>(&self, given: &'a Value) -> Cow<'a, Value> {
        let Value::String(name) = given else { return Cow::Borrowed(given) };
        self.lock().get(name).cloned().map_or(Cow::Borrowed(given), Cow::Owned)
    }

    /// The id under which the scenario knows a room; `asked` if the server's answer is for that one.
    pub(super) fn given(&self, real: &Value, asked: &Value) -> Value {
        if *self.real(asked) == *real {
            return asked.clone();
        }
        let known = self.lock();
        let given = known.iter().find(|(_, known)| *known == real).map(|(given, _)| given.as_str().into());
        given.unwrap_or_else(|| real.clone())
    }

    pub(super) fn note(&self, given: &str, real: &Value) {
        if real.as_str() != Some(given) {
            self.lock().insert(given.to_owned(), real.clone());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
