//! The sessions that requests can name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use super::session::Session;

/// Sessions on polling, by their secret id. One that is on a WebSocket is not here: no request has to find it.
#[derive(Default)]
pub(crate) struct Registry {
    sessions: Mutex<HashMap<String, Arc<Session>>>,
}

impl Registry {
    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        self.sessions.lock().expect("nothing panics under this lock")
    }

    pub(super) fn insert(&self, session: &Arc<Session>) {
        self.sessions().insert(session.sid().to_owned(), session.clone());
    }

    pub(super) fn get(&self, sid: &str) -> Option<Arc<Session>> {
        self.sessions().get(sid).cloned()
    }

    pub(super) fn remove(&self, sid: &str) {
        // Dropped after the lock is released: a session's end may take other locks.
        let removed = self.sessions().remove(sid);
        drop(removed);
    }

    /// Forgets all sessions.
    pub(crate) fn clear(&self) {
        let all = std::mem::take(&mut *self.sessions());
        drop(all);
    }
}
