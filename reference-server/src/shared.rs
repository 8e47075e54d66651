//! What all tasks of one server share, and a connection's seat at the hub.

use std::sync::{Arc, Mutex, MutexGuard};

use glare_model::wire::{EventFrame, decode};
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::Config,
    engine::Registry,
    hub::{Hub, Key, Wire},
    outbox::Outbox,
    random_id::random_id,
};

/// What all tasks of one server share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    /// Engine.IO sessions that can be named by their secret id.
    pub(crate) sessions: Registry,
    /// Cancelled when clients are to be told goodbye.
    pub(crate) drain: CancellationToken,
    /// Cancelled when every task has to end at once.
    pub(crate) kill: CancellationToken,
    pub(crate) tasks: TaskTracker,
    hub: Mutex<Hub>,
    connections: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            sessions: Registry::default(),
            drain: CancellationToken::new(),
            kill: CancellationToken::new(),
            tasks: TaskTracker::new(),
            hub: Mutex::new(Hub::new(config.rules)),
            connections: Arc::new(Semaphore::new(config.connections_max.min(Semaphore::MAX_PERMITS))),
            config,
        }
    }

    pub(crate) fn hub(&self) -> MutexGuard<'_, Hub> {
        self.hub.lock().expect("the rules are total: nothing panics under this lock")
    }

    /// A place for one more connection of the protocol, if there is one.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        self.connections.clone().try_acquire_owned().ok()
    }

    /// Starts a task that a shutdown waits for, and ends at last.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let kill = self.kill.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                // First, so that a crash leaves nobody the time for a goodbye.
                biased;
                () = kill.cancelled() => {}
                () = task => {}
            }
        });
    }
}

/// A connection as the protocol means it: from its greeting to its end. Dropping it is the end, exactly once (ROOM-10).
pub(crate) struct Seat {
    shared: Arc<Shared>,
    key: Key,
}

impl Seat {
    /// Connects under a fresh user id. `greeting` makes the first frame of it.
    pub(crate) fn take(
        shared: &Arc<Shared>,
        wire: Wire,
        outbox: &Arc<Outbox>,
        greeting: impl FnOnce(&str) -> String,
    ) -> Self {
        let user_id = random_id();
        let greeting = greeting(&user_id);
        let key = shared.hub().connect(&user_id, wire, outbox.clone(), greeting);
        tracing::debug!(key, user_id, ?wire, "connected");
        Self { shared: shared.clone(), key }
    }

    /// Performs a client's event. An event that the protocol does not name is ignored (ERR-05).
    pub(crate) fn perform(&self, event: EventFrame<'_>) {
        // Payloads of a megabyte are read outside the lock, which is taken to look a name up and again for the step. A
        // name never changes its meaning: what ends in between is then unknown to the rules.
        let Some(message) = decode(event, |name| self.shared.hub().resolve(name)) else {
            tracing::debug!(key = self.key, event = event.event, "unknown event ignored");
            return;
        };
        let mut hub = self.shared.hub();
        let was_frozen = hub.is_frozen();
        hub.receive(self.key, message, event.ack, Timestamp::now());
        if hub.is_frozen() && !was_frozen {
            tracing::error!(key = self.key, event = event.event, "the rules of this faulty variant crash the server");
            self.shared.kill.cancel();
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.hub().disconnect(self.key, Timestamp::now());
        tracing::debug!(key = self.key, "disconnected");
    }
}
