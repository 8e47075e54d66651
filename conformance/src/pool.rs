//! Connections that serve several scenarios of a run, one after the other: opening one costs a target more than most
//! scenarios do.
//!
//! A connection that leaves a scenario open leaves its room and is fenced: nothing of that scenario is on its way to it any
//! more ([`crate::fence`]). Rooms have other names in every scenario, and numbers of acks go on where they were, so nothing
//! that was sent for one scenario can be taken for another's. What reaches a connection that nobody uses ends it. Only
//! scenarios that passed give connections back.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use glare_model::requirement::{
    RequirementId,
    ids::{ID_01, ID_02},
};
use tokio::{sync::mpsc, time::timeout};

use crate::{
    limits::{ATTACH_TIMEOUT, POOL_CONNECTIONS_MAX},
    scenario::{Action, Scenario},
    transport::{Command, Connection, ConnectionId, Incoming},
};

/// The connections that wait.
#[derive(Debug, Default)]
pub struct Pool {
    idle: Mutex<Vec<Idle>>,
    closed: AtomicBool,
}

/// A connection in no room, to which nothing is on its way.
#[derive(Debug)]
pub struct Idle {
    /// The connection.
    pub connection: Connection,
    /// The number of its next ack.
    pub next_ack: u64,
}

/// Whether a scenario may be played on connections that were used before: not where it is about what a new connection is,
/// or about a client that may be harmed for good. A client that connects again gets a new connection in any case.
#[must_use]
pub fn may_reuse(scenario: &Scenario) -> bool {
    let identity = |clause: &RequirementId| [ID_01, ID_02].contains(clause);
    let about_identity = scenario.id.starts_with("id-") || scenario.covers.iter().all(identity);
    let mut steps = scenario.phases.iter().flat_map(|phase| &phase.steps);
    let harms = steps.any(|step| match step.action {
        Action::Broken(_) | Action::Raw(_) | Action::Handshake(_) | Action::Freeze | Action::Noticed => true,
        Action::Connect | Action::Emit { .. } | Action::Close | Action::Drop => false,
    });
    !scenario.hostile && !about_identity && !harms
}

impl Pool {
    /// A connection whose messages from now on go to `incoming`, tagged with `id`. None if none waits.
    pub async fn take(&self, id: ConnectionId, incoming: &mpsc::Sender<(ConnectionId, Incoming)>) -> Option<Idle> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let (taken, mut done) = mpsc::channel(1);
            let attach = Command::Attach { id, incoming: incoming.clone(), taken };
            // A connection that ended meanwhile drops the command; one whose target does not read never obeys it.
            let attached = async { idle.connection.commands.send(attach).await.is_ok() && done.recv().await.is_some() };
            if timeout(ATTACH_TIMEOUT, attached).await == Ok(true) {
                return Some(idle);
            }
        }
    }

    /// Takes back a connection.
    pub fn give(&self, idle: Idle) {
        let mut waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_closed() && waiting.len() < POOL_CONNECTIONS_MAX {
            waiting.push(idle);
        }
    }

    /// Lets go of all connections, and takes none any more.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether [`Pool::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::library;

    #[test]
    fn most_cases_may_reuse_connections_and_those_about_connections_may_not() {
        let may = |id: &str| may_reuse(library().iter().find(|case| case.id == id).unwrap());
        assert!(may("room-01-create") && may("room-10-close"));
        assert!(!may("room-13-silent-member") && !may("err-06-garbage") && !may("err-04-create"));
        let fresh = library().iter().filter(|case| case.id.starts_with("id-")).all(|case| !may_reuse(case));
        assert!(fresh);
        assert!(library().iter().filter(|case| may_reuse(case)).count() > library().len() / 2);
    }
}
