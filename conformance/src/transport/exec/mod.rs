//! Targets behind an adapter: a child process that speaks to the server in the server's own way, and to the runner in lines
//! of JSON ([`protocol`]). One process serves all connections of a run.
//!
//! An adapter that dies, hangs or says what makes no sense is no fault of the server: it ends the run ([`Exec::failure`]).

mod child;
pub mod protocol;
mod session;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    time::Instant,
};

use self::{
    child::Adapter,
    protocol::{ADAPTER_VERSION, AdapterFence, FromAdapter, ToAdapter},
};
use super::{Connection, ConnectionId, Incoming, OpenError, Opened};
use crate::{
    binding::adapt_to,
    capability::Profile,
    fence::Fence,
    limits::{ADAPTER_QUEUE, ADAPTER_READY_TIMEOUT},
    scenario::Scenario,
};

/// A running adapter. Clones are the same one. It ends soon after the last one is gone.
#[derive(Clone)]
pub struct Exec(Arc<Shared>);

/// Why an adapter cannot be used, or not any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the adapter `{command}` {problem}")]
pub struct AdapterError {
    /// The command as run.
    pub command: String,
    /// What is wrong.
    pub problem: String,
}

struct Shared {
    command: String,
    name: String,
    profile: Profile,
    fence: Fence,
    lines: mpsc::Sender<ToAdapter>,
    routes: Mutex<HashMap<u64, Route>>,
    next: AtomicU64,
    /// Told whenever a connection is over.
    over: Notify,
    failure: OnceLock<AdapterError>,
}

/// Where what an adapter says of a connection goes.
struct Route {
    id: ConnectionId,
    incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    opening: Option<oneshot::Sender<Result<Opened, OpenError>>>,
    /// Told that the connection is over, where the runner asked for that.
    parting: Option<oneshot::Sender<()>>,
}

impl Exec {
    /// Starts a command line, split as a shell does, and waits until it is ready.
    ///
    /// # Errors
    /// [`AdapterError`], within [`ADAPTER_READY_TIMEOUT`].
    pub async fn start(command: &str) -> Result<Self, AdapterError> {
        let failed = |problem: String| AdapterError { command: command.to_owned(), problem };
        let (mut adapter, input, mut output) = Adapter::spawn(command).map_err(failed)?;
        let (lines, queue) = mpsc::channel(ADAPTER_QUEUE);
        tokio::spawn(child::write(queue, input));
        // The queue is new and its writer runs: it takes the first line.
        lines.send(ToAdapter::Hello { version: ADAPTER_VERSION }).await.ok();
        let first = match tokio::time::timeout(ADAPTER_READY_TIMEOUT, output.next()).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => return Err(failed(adapter.obituary().await)),
            Ok(Err(problem)) => return Err(failed(problem)),
            Err(_elapsed) => {
                let waited = ADAPTER_READY_TIMEOUT.as_secs();
                return Err(failed(format!("did not answer `hello` within {waited} s; {}", adapter.last_words())));
            }
        };
        let FromAdapter::Ready { version, name, fence, dialect, capabilities } = first else {
            return Err(failed(format!("answered `hello` with {first:?}, not with `ready`")));
        };
        if version != ADAPTER_VERSION {
            return Err(failed(format!("speaks version {version} of the protocol, and the runner {ADAPTER_VERSION}")));
        }
        let profile = Profile::parse(&capabilities).map_err(|error| failed(format!("declares: {error}")))?;
        let fence = match fence {
            AdapterFence::RoundTrip => Fence::Refused,
            AdapterFence::Relay => Fence::Relayed,
            AdapterFence::None => Fence::None,
        };
        let shared = Arc::new(Shared {
            command: command.to_owned(),
            name,
            profile: profile.with_dialect(dialect),
            fence,
            lines,
            routes: Mutex::default(),
            next: AtomicU64::new(0),
            over: Notify::new(),
            failure: OnceLock::new(),
        });
        tokio::spawn(session::listen(Arc::downgrade(&shared), output, adapter));
        Ok(Self(shared))
    }

    /// The adapter's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What the adapter declares of its server.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.0.profile
    }

    /// What proves that everything has arrived.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.0.fence
    }

    /// Why the adapter is of no more use, if it is not.
    #[must_use]
    pub fn failure(&self) -> Option<AdapterError> {
        self.0.failure.get().cloned()
    }

    /// Waits until the adapter has said `ended` of all connections that it was asked to end. That may be never.
    pub(crate) async fn parted(&self) {
        loop {
            let over = self.0.over.notified();
            if self.0.routes().values().all(|route| route.parting.is_none()) {
                return;
            }
            over.await;
        }
    }

    pub(super) fn adapt(&self, case: &Scenario) -> Result<Arc<Scenario>, String> {
        adapt_to(*self.0.profile.dialect(), case).map(Arc::new).map_err(|reason| reason.to_string())
    }

    pub(super) async fn connect(
        &self,
        room: Option<&Value>,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    ) -> Result<Connection, OpenError> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        // Dropped after the receiver, so that an answer is either taken or nobody's.
        let mut ghost = Ghost { shared: &self.0, number: Some(number) };
        let (opening, opened) = oneshot::channel();
        self.0.routes().insert(number, Route { id, incoming, opening: Some(opening), parting: None });
        let room = room.filter(|_| self.0.profile.dialect().enters_by_connecting).cloned();
        let sent = self.0.lines.send(ToAdapter::Connect { connection: number, room }).await;
        let unreachable = || {
            let failure = self.failure().map_or("the adapter has ended".to_owned(), |failure| failure.to_string());
            OpenError::Unreachable(failure)
        };
        sent.map_err(|_closed| unreachable())?;
        let outcome = opened.await.map_err(|_closed| unreachable())?;
        ghost.number = None;
        let opened = outcome?;
        let (commands, queue) = mpsc::channel(crate::limits::OUTGOING_QUEUE);
        tokio::spawn(session::serve(Arc::clone(&self.0), number, queue));
        Ok(Connection { opened, since: Instant::now(), commands })
    }
}

/// A connection that is being opened. If whoever waits for it gives up, it must not stay open with nobody to end it.
struct Ghost<'a> {
    shared: &'a Shared,
    number: Option<u64>,
}

impl Drop for Ghost<'_> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let is_open = self.shared.routes().get(&number).is_some_and(|route| route.opening.is_none());
        // One that is not open yet is dismissed when it is.
        if is_open {
            self.shared.dismiss(number);
        }
    }
}

impl Shared {
    fn routes(&self) -> MutexGuard<'_, HashMap<u64, Route>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a connection that opened when nobody waited for it any more.
    fn dismiss(&self, connection: u64) {
        self.routes().remove(&connection);
        // A full queue is an adapter that does not read, which its silence shows.
        self.lines.try_send(ToAdapter::Close { connection }).ok();
    }

    /// The first failure counts: what follows is of its making.
    fn fail(&self, problem: String) {
        self.failure.get_or_init(|| AdapterError { command: self.command.clone(), problem });
        self.routes().clear();
    }
}

fn milliseconds(duration: Option<u64>) -> Option<Duration> {
    duration.map(Duration::from_millis)
}
