//! Judges what a peer did: a trace ([`crate::trace`]) of this peer, of the browser's, or of another one.
//!
//! Two oracles look at every line. One replays the model: for each event the same commands have to follow, and the WebRTC
//! implementation has to be in the signaling state that the model is in. The other one holds the clauses of docs/protocol.md
//! against the trace without calling the model's `step`.

mod clauses;
mod coverage;
mod pairs;
mod replay;

use std::{collections::BTreeMap, io::BufRead};

use glare_model::{
    negotiation::{Negotiation, Strategy},
    requirement::RequirementId,
};

use crate::{
    limits,
    trace::{self, Line},
};
pub use coverage::Coverage;

/// Something that a peer did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The clause that is broken; `None` where the trace only departs from the model, or a call failed.
    pub clause: Option<RequirementId>,
    /// The line of the trace, from 1.
    pub line: usize,
    /// The remote concerned.
    pub remote: String,
    /// What is wrong.
    pub text: String,
}

/// A stay with one remote, as one side saw it: since the server named the remote, or a connection to it was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Our user id.
    pub own: String,
    /// The remote's.
    pub remote: String,
    /// The negotiation when the stay ended, or as it stands.
    pub state: Negotiation,
    /// Whether ICE was connected then.
    pub is_connected: bool,
}

/// What comes of judging one trace.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Events that were judged.
    pub steps: usize,
    /// What of the transition table they exercised.
    pub coverage: Coverage,
    /// Who wrote the trace: its user ids, one after the other.
    pub identities: Vec<String>,
    /// Stays that ended, in the order of their ends.
    pub stays: Vec<Stay>,
    /// Stays that had not ended when the trace did.
    pub open: Vec<Stay>,
    /// How often each clause was put to the test, by the second oracle.
    pub exercised: BTreeMap<RequirementId, usize>,
    /// Glares: offers that crossed, each told by the end with the higher id, which has to give way. So none counts twice.
    pub glares: usize,
}

/// A text is no trace.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It cannot be read.
    #[error("line {line}: {source}")]
    Io {
        /// The line, from 1.
        line: usize,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line is not of the form.
    #[error("line {line} is no line of a peer's trace: {problem}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The first line is not what it has to be.
    #[error("a peer's trace begins with a line `peer` of version {}", trace::VERSION)]
    Beginning,
    /// No such strategy.
    #[error("no strategy is called {0:?}")]
    Strategy(String),
    /// Too long.
    #[error("a trace has at most {} lines of {} bytes", limits::TRACE_LINES_MAX, limits::TRACE_LINE_BYTES_MAX)]
    TooLong,
}

/// Reads a trace.
///
/// # Errors
/// [`Unreadable`], with the line.
pub fn read(input: impl BufRead) -> Result<Vec<Line>, Unreadable> {
    let mut lines = Vec::new();
    for (index, line) in input.lines().enumerate() {
        let text = line.map_err(|source| Unreadable::Io { line: index + 1, source })?;
        if index == limits::TRACE_LINES_MAX || text.len() > limits::TRACE_LINE_BYTES_MAX {
            return Err(Unreadable::TooLong);
        }
        let parsed = serde_json::from_str(&text);
        lines.push(parsed.map_err(|error| Unreadable::Line { line: index + 1, problem: error.to_string() })?);
    }
    Ok(lines)
}

/// Judges a trace.
///
/// # Errors
/// [`Unreadable`] if it does not begin as a trace does.
pub fn judge(lines: &[Line]) -> Result<Verdict, Unreadable> {
    let Some(Line::Peer { version: trace::VERSION, strategy, .. }) = lines.first() else {
        return Err(Unreadable::Beginning);
    };
    let strategy = Strategy::named(strategy).ok_or_else(|| Unreadable::Strategy(strategy.clone()))?;
    let mut verdict = Verdict { coverage: Coverage::of(&strategy), ..Verdict::default() };
    let mut replay = replay::Replay::new(strategy);
    let mut clauses = clauses::Clauses::default();
    for (index, line) in lines.iter().enumerate().skip(1) {
        replay.look_at(index + 1, line, &mut verdict);
        clauses.look_at(index + 1, line, &mut verdict);
    }
    replay.conclude(&mut verdict);
    clauses.conclude(lines.len(), &mut verdict);
    Ok(verdict)
}

pub use pairs::unconnected;
