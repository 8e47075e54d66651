//! Canonical transcripts: what a server says in each case, in a form that is the same in every run, so that a review of a
//! protocol change sees what changed on the wire and nothing else.
//!
//! What differs from run to run is normalised: user ids and room ids are the names of the scenario, timestamps are
//! `<timestamp>`, and what the caller declares as noise is `<noise>`. What arrives on different connections has no order, so
//! each connection has its own lines. Steps that race are played one after the other, in the order in which they are
//! written, for who wins a race is chance.

mod compare;
mod explain;
mod noise;
mod order;
mod record;
mod store;
mod text;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::task::JoinSet;

pub use compare::{Change, Kind, Place, compare};
pub use explain::{Explained, explain, summarise};
pub use noise::{NoNoise, Noise};
pub use order::one_after_the_other;
pub use record::transcript;
pub use store::{Finding, Folder, StoreError};

use crate::{
    driver::Settings, oracle::Judgement, run::execute, scenario::Scenario, transport::Transport, verdict::Verdict,
};

/// What a server says in one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The case's id.
    pub case: String,
    /// What happens in it.
    pub title: String,
    /// The clauses that it is there to judge.
    pub covers: Vec<String>,
    /// What was done and seen, in order.
    pub moments: Vec<Moment>,
    /// Whether the rest was not played, because a promise was not kept.
    pub is_cut: bool,
}

/// What came of one step, or of several that one client sent without waiting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The steps, a line each.
    pub steps: Vec<String>,
    /// What arrived, by the name of the receiver; in order for each.
    pub seen: BTreeMap<String, Vec<String>>,
}

/// How to record.
#[derive(Clone)]
pub struct Recording {
    /// How to reach the server.
    pub transport: Transport,
    /// Whether nothing can be late there.
    pub exact: bool,
    /// How long to wait for what the protocol promises.
    pub timeout: Duration,
    /// Distinguishes the rooms of this run.
    pub nonce: u64,
    /// How many cases run side by side.
    pub jobs: usize,
    /// What is not to be compared.
    pub noise: Noise,
}

/// A case that was played.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What the server said.
    pub transcript: Transcript,
    /// What the oracles say of it.
    pub judgement: Judgement,
}

impl Recorded {
    /// Why there is no transcript that could be compared; none if there is one.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        let silent = self.judgement.verdict == Verdict::Inconclusive;
        silent.then(|| self.judgement.reason.clone().unwrap_or_else(|| "no reason is known".to_owned()))
    }
}

/// Plays cases and records what the server says, ordered by the cases' ids. Each has connections of its own.
pub async fn record(recording: &Recording, cases: &[Arc<Scenario>]) -> Vec<Recorded> {
    let mut waiting = cases.iter().map(|case| Arc::new(one_after_the_other(case)));
    let (mut running, mut done) = (JoinSet::new(), Vec::new());
    loop {
        while running.len() < recording.jobs.max(1) {
            let Some(case) = waiting.next() else { break };
            running.spawn(play(recording.clone(), case));
        }
        match running.join_next().await {
            Some(Ok(recorded)) => done.push(recorded),
            Some(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            None => break,
        }
    }
    done.sort_by(|one: &Recorded, other| one.transcript.case.cmp(&other.transcript.case));
    done
}

async fn play(recording: Recording, case: Arc<Scenario>) -> Recorded {
    let settings = Settings { timeout: recording.timeout, nonce: recording.nonce };
    let result = execute(recording.transport, Arc::clone(&case), settings, recording.exact).await;
    let transcript = transcript(&case, &result.trace, &recording.noise);
    Recorded { transcript, judgement: result.judgement }
}
