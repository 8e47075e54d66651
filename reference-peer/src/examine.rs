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

/// What came of one case. Clauses of the case that are in neither list were kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Broken clauses, with what was seen.
    pub broken: Vec<(RequirementId, String)>,
    /// Clauses for which the case did not come about, with the reason.
    pub open: Vec<(RequirementId, String)>,
    /// The last lines that the peer wrote, for whoever looks for the cause; empty if all is well.
    pub output: String,
}

impl Outcome {
    fn breaks(&mut self, clause: RequirementId, text: impl Into<String>) {
        self.broken.push((clause, text.into()));
    }

    fn leaves_open(&mut self, clauses: &[RequirementId], text: &str) {
        self.open.extend(clauses.iter().map(|clause| (*clause, text.to_owned())));
    }

    /// A connection that has to come did not.
    fn is_unconnected(&mut self) {
        let text = format!("no connection within {} s", limits::EXAMINE_PATIENCE.as_secs());
        self.breaks(ids::NEG_06, text);
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

/// Plays a case, with a server and a process of its own. `local` is the address of our media sockets.
///
/// # Errors
/// [`ExamineError`] if the case cannot be played.
pub async fn examine(case: &Case, start: &Start, local: IpAddr) -> Result<Outcome, ExamineError> {
    let server = Server::start(Config::default()).await.map_err(ExamineError::own)?;
    let addresses = Addresses { url: format!("http://{}", server.addr()), ws: format!("ws://{}/ws", server.addr()) };
    let endpoint: Endpoint = addresses.ws.parse().map_err(ExamineError::own)?;
    let mut host = Host::open(&endpoint, case.name).await?;
    let mut process = start.spawn(&addresses, case.name)?;
    let examined = examine_process(case, &endpoint, local, &mut host, &mut process).await;
    process.stop().await;
    host.close().await;
    server.shutdown().await;
    let mut outcome = examined?;
    if !outcome.broken.is_empty() {
        outcome.output = process.output(limits::EXAMINE_SHOWN_LINES_MAX).await;
    }
    Ok(outcome)
}

async fn examine_process(
    case: &Case,
    endpoint: &Endpoint,
    local: IpAddr,
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
    let room = cases::Room { endpoint, name: case.name, peer: joined?, local, deadline: deadline() };
    if case.ends() {
        return meeting::end(&room, host, process).await;
    }
    tokio::select! {
        outcome = cases::play(case, &room) => outcome,
        status = process.ended() => {
            let mut outcome = Outcome::default();
            outcome.breaks(ids::NEG_06, format!("its process ended with {status} in the middle of the case"));
            Ok(outcome)
        }
    }
}

fn deadline() -> Instant {
    Instant::now() + limits::EXAMINE_PATIENCE
}

/// Bounds a wait that a peer decides.
async fn within<T>(patience: Duration, wait: impl Future<Output = T>) -> Option<T> {
    timeout(patience, wait).await.ok()
}
