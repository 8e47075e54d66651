//! Peers under test: a program that joins a room is met by a server and by remotes that are played here, with real WebRTC, and
//! is driven through what the clauses of negotiation are about.
//!
//! Nothing that a peer says of itself decides. What does is its signals, which of its sockets are open (a closed UDP port of
//! this machine refuses datagrams), whose ICE checks arrive where (the user name of a check tells which offer an answer, and
//! which description a candidate, was applied to; RFC 8445, section 7.2.2), and whether connections come about.

mod cases;
mod crossing;
mod host;
mod meeting;
mod process;
mod remote;
mod stays;
mod wire;

use std::{net::IpAddr, time::Duration};

use glare_model::requirement::{RequirementId, ids};
use glare_server::{Config, Server};
use tokio::time::{Instant, timeout};

use crate::{
    limits,
    signaling::{ConnectError, Endpoint},
};
pub use cases::{CASES, Case};
use host::Host;
use process::{Addresses, Process};
pub use process::{Start, StartError};

/// What came of one case. Clauses of the case that are in neither list were kept, and that was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Broken clauses, with what was seen.
    pub broken: Vec<(RequirementId, String)>,
    /// Clauses that were not shown to be kept, with the reason.
    pub open: Vec<(RequirementId, String)>,
    /// Clauses that were seen to be kept. Whoever plays a case has to say so: nothing is kept by default.
    kept: Vec<RequirementId>,
    /// What did not happen in time, as [`Outcome::broken`]: a slow machine looks the same.
    late: Vec<(RequirementId, String)>,
    /// Why the case ended early by no fault of the peer's that is known: the WebRTC of the played remote refused a description
    /// that has all that it has to have. What was not seen before then stays open.
    pub void: Option<String>,
    /// The last lines that the peer wrote, for whoever looks for the cause; empty if all is well.
    pub output: String,
}

impl Outcome {
    fn breaks(&mut self, clause: RequirementId, text: impl Into<String>) {
        self.broken.push((clause, text.into()));
    }

    /// Something did not happen in time.
    fn is_late(&mut self, clause: RequirementId, text: impl Into<String>) {
        self.late.push((clause, text.into()));
    }

    fn leaves_open(&mut self, clauses: &[RequirementId], text: &str) {
        self.open.extend(clauses.iter().map(|clause| (*clause, text.to_owned())));
    }

    fn keeps(&mut self, clauses: &[RequirementId]) {
        self.kept.extend(clauses);
    }

    fn is_broken(&self, clause: RequirementId) -> bool {
        self.broken.iter().any(|(id, _)| *id == clause)
    }

    /// After the last time that the case is played: what is late counts as never, and what was not shown is open.
    fn conclude(&mut self, case: &Case) {
        self.broken.append(&mut self.late);
        let why = self.void.clone().unwrap_or_else(|| "the case ended before it came to this".to_owned());
        for clause in case.clauses {
            let is_told = self.is_broken(*clause) || self.open.iter().any(|(id, _)| id == clause);
            if !is_told && !self.kept.contains(clause) {
                self.leaves_open(&[*clause], &why);
            }
        }
    }
}

/// A case could not be played.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// The program cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It ended before it was in the room.
    #[error("`{command}` ended with {status} before it joined the room; its last output:\n{output}")]
    Ended {
        /// As started.
        command: String,
        /// How it ended.
        status: String,
        /// Its last lines.
        output: String,
    },
    /// It runs, and does not join.
    #[error(
        "`{command}` did not join the room within {} s: in its command, {{url}} is the server's http:// address, {{ws}} its \
         ws:// one, {{room}} the room; its last output:\n{output}",
        limits::EXAMINE_JOIN_PATIENCE.as_secs()
    )]
    Absent {
        /// As started.
        command: String,
        /// Its last lines.
        output: String,
    },
    /// The peer sent what is no description. Within a case this becomes its outcome.
    #[error("{0}")]
    Payload(String),
    /// The peer sent a description that our WebRTC refuses, whoever is right. Within a case this becomes its outcome.
    #[error("{0}")]
    Refused(String),
    /// Our own server, connections or sockets fail.
    #[error("the examination itself fails: {0}")]
    Own(String),
}

impl ExamineError {
    fn own(error: impl std::fmt::Display) -> Self {
        Self::Own(error.to_string())
    }
}

impl From<ConnectError> for ExamineError {
    fn from(error: ConnectError) -> Self {
        Self::own(error)
    }
}

/// Plays a case, with a server and a process of its own. `local` is the address of our media sockets. Where something did not
/// happen in time, the case is played once more with [`limits::EXAMINE_AGAIN_FACTOR`] times the patience, and that decides.
///
/// # Errors
/// [`ExamineError`] if the case cannot be played.
pub async fn examine(case: &Case, start: &Start, local: IpAddr) -> Result<Outcome, ExamineError> {
    let mut outcome = examine_once(case, start, local, Patience(1)).await?;
    if !outcome.late.is_empty() {
        let again = examine_once(case, start, local, Patience(limits::EXAMINE_AGAIN_FACTOR)).await?;
        // What is not about time was seen, whether or not it is seen again.
        let first = std::mem::replace(&mut outcome, again);
        let is_new = |(clause, _): &(RequirementId, String)| !outcome.is_broken(*clause);
        let broken: Vec<_> = first.broken.into_iter().filter(is_new).collect();
        if !broken.is_empty() && outcome.output.is_empty() {
            outcome.output = first.output;
        }
        outcome.broken.extend(broken);
    }
    outcome.conclude(case);
    Ok(outcome)
}

/// How long is waited for what has to happen, in multiples of the bounds in [`limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Patience(u32);

impl Patience {
    fn with(self, bound: Duration) -> Duration {
        bound * self.0
    }
}

async fn examine_once(case: &Case, start: &Start, local: IpAddr, patience: Patience) -> Result<Outcome, ExamineError> {
    let server = Server::start(Config::default()).await.map_err(ExamineError::own)?;
    let addresses = Addresses { url: format!("http://{}", server.addr()), ws: format!("ws://{}/ws", server.addr()) };
    let endpoint: Endpoint = addresses.ws.parse().map_err(ExamineError::own)?;
    let mut host = Host::open(&endpoint, case.name).await?;
    let mut process = start.spawn(&addresses, case.name)?;
    let examined = examine_process(case, &endpoint, (local, patience), &mut host, &mut process).await;
    process.stop().await;
    host.close().await;
    server.shutdown().await;
    let mut outcome = examined?;
    if !(outcome.broken.is_empty() && outcome.late.is_empty() && outcome.void.is_none()) {
        outcome.output = process.output(limits::EXAMINE_SHOWN_LINES_MAX).await;
    }
    Ok(outcome)
}

async fn examine_process(
    case: &Case,
    endpoint: &Endpoint,
    (local, patience): (IpAddr, Patience),
    host: &mut Host,
    process: &mut Process,
) -> Result<Outcome, ExamineError> {
    let joined = tokio::select! {
        joined = timeout(limits::EXAMINE_JOIN_PATIENCE, host.notice("user-joined")) => joined,
        status = process.ended() => {
            let (command, output) = (process.command(), process.output(limits::EXAMINE_TAIL_LINES_MAX).await);
            return Err(ExamineError::Ended { command, status, output });
        }
    };
    let Ok(joined) = joined else {
        return Err(ExamineError::Absent {
            command: process.command(),
            output: process.output(limits::EXAMINE_TAIL_LINES_MAX).await,
        });
    };
    let deadline = Instant::now() + patience.with(limits::EXAMINE_PATIENCE);
    let room = cases::Room { endpoint, name: case.name, peer: joined?, local, patience, deadline };
    let mut outcome = Outcome::default();
    let played = if case.ends() {
        meeting::end(&room, host, process, &mut outcome).await
    } else {
        tokio::select! {
            played = cases::play(case, &room, &mut outcome) => played,
            status = process.ended() => {
                outcome.breaks(ids::NEG_06, format!("its process ended with {status} in the middle of the case"));
                Ok(())
            }
        }
    };
    played.or_else(|error| blame(error, &mut outcome))?;
    Ok(outcome)
}

/// Whoever sends what is no description is not connected by it. Of one that only our WebRTC refuses nobody knows what another
/// one does with it. Everything else is our own failure.
fn blame(error: ExamineError, outcome: &mut Outcome) -> Result<(), ExamineError> {
    match error {
        ExamineError::Payload(text) => {
            outcome.breaks(ids::NEG_06, text);
            Ok(())
        }
        ExamineError::Refused(text) => {
            outcome.void = Some(text);
            Ok(())
        }
        ExamineError::Start(_) | ExamineError::Ended { .. } | ExamineError::Absent { .. } | ExamineError::Own(_) => {
            Err(error)
        }
    }
}

/// Bounds a wait that a peer decides.
async fn within<T>(patience: Duration, wait: impl Future<Output = T>) -> Option<T> {
    timeout(patience, wait).await.ok()
}
