//! What all connections of a run know together.

use std::{
    borrow::Cow,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::{recent::Recent, text_of};

/// The ids that a server gave to rooms, where it chooses them, and the other names that it has for users.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The server's ids of rooms, by those of the scenarios.
    rooms: Recent,
    /// The ids of users, by their aliases.
    users: Recent,
    /// The aliases of users, by their ids.
    aliases: Recent,
}

impl Names {
    /// The id under which the server knows a room.
    pub(super) fn real_room<'a>(&self, given: &'a Value) -> Cow<'a, Value> {
        let Value::String(name) = given else { return Cow::Borrowed(given) };
        self.lock().rooms.get(name).cloned().map_or(Cow::Borrowed(given), Cow::Owned)
    }

    /// The id under which the scenario knows a room; `asked` if the server's answer is for that one.
    pub(super) fn given_room(&self, real: &Value, asked: &Value) -> Value {
        if *self.real_room(asked) == *real {
            return asked.clone();
        }
        self.lock().rooms.name_of(real).map_or_else(|| real.clone(), Value::from)
    }

    pub(super) fn note_room(&self, given: &str, real: &Value) {
        if real.as_str() != Some(given) {
            self.lock().rooms.note(given, real.clone());
        }
    }

    pub(super) fn note_alias(&self, alias: &Value, user: &Value) {
        let mut known = self.lock();
        known.users.note(&text_of(alias), user.clone());
        known.aliases.note(&text_of(user), alias.clone());
    }

    /// Whom an alias stands for. One that nobody was ever said to have is left as it is, for the oracles to object to.
    pub(super) fn user(&self, alias: Value) -> Value {
        self.lock().users.get(&text_of(&alias)).cloned().unwrap_or(alias)
    }

    /// The alias of a user, if it is known.
    pub(super) fn alias(&self, user: &Value) -> Option<Value> {
        self.lock().aliases.get(&text_of(user)).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
