//! Scenarios: pure data, who does what. What should come of it is not said here: the oracles know that.

pub mod generate;
mod library;
mod parse;
pub mod raw;
mod render;
pub mod template;

use std::{fmt, sync::Arc};

use glare_model::requirement::{Level, RequirementId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use library::library;
pub use parse::{ParseError, parse};
pub use raw::Raw;
pub use template::Template;

use crate::{observation::is_request, transport::BrokenFrame};

/// The name of a client in a scenario, such as `A`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Peer(pub Arc<str>);

/// One case of the suite, or a user's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Opaque, immutable id.
    pub id: String,
    /// What happens, in a sentence.
    pub title: String,
    /// The clauses that the case is there to judge.
    pub covers: Vec<RequirementId>,
    /// Whether it may stop a server: such cases run last and alone.
    pub hostile: bool,
    /// Steps, in order.
    pub phases: Vec<Phase>,
    /// The text that it was read from.
    pub source: String,
}

/// Steps that are under way at the same time. Before the next phase begins, everything that this one causes has arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// One step, or several that are sent without waiting.
    pub steps: Vec<Step>,
}

/// One client does one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Who.
    pub peer: Peer,
    /// What.
    pub action: Action,
    /// As the scenario's author wrote it.
    pub text: String,
    /// How many steps the line stands for, this one and those after it: more than one in the first step of a `burst`.
    pub burst: usize,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Open a connection; the first step of a client does so by itself. A second one is a reconnect.
    Connect,
    /// Send an event.
    Emit {
        /// Its name.
        event: String,
        /// Its data.
        data: Option<Template>,
        /// Whether an ack is asked for.
        ack: bool,
    },
    /// Send a frame that is not of the wire's form.
    Broken(BrokenFrame),
    /// Write bytes past every library on the client's connection, as the last that it says there.
    Raw(Raw),
    /// Write bytes on a TCP connection of its own, which never becomes a client's.
    Handshake(Raw),
    /// End the connection politely.
    Close,
    /// End it abruptly.
    Drop,
    /// Keep it open, and neither read nor write any more.
    Freeze,
    /// Wait until the others were told that this frozen client is gone, as long as the server's heartbeat may take.
    Noticed,
}

impl Scenario {
    /// The strictest level among the clauses covered.
    #[must_use]
    pub fn level(&self) -> Level {
        self.covers.iter().map(|id| id.level()).min().unwrap_or(Level::Must)
    }

    /// All clients in order of appearance.
    #[must_use]
    pub fn peers(&self) -> Vec<&Peer> {
        let mut peers: Vec<&Peer> = Vec::new();
        for step in self.phases.iter().flat_map(|phase| &phase.steps) {
            if !peers.contains(&&step.peer) {
                peers.push(&step.peer);
            }
        }
        peers
    }
}

impl Step {
    /// Whether it asks for a room.
    pub(crate) fn is_request(&self) -> bool {
        matches!(&self.action, Action::Emit { event, .. } if is_request(event))
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
