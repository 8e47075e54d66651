//! The second oracle: the clauses NEG-01 to NEG-05 and NEG-07 to NEG-09, held against the trace as it stands. The model's
//! `step` is not called here, so that a rule which is wrong in the model is not wrong twice.

use std::collections::{HashMap, HashSet};

use glare_model::requirement::{RequirementId, ids};

use super::{Finding, Verdict};
use crate::{
    payload::Numbers,
    trace::{Did, Happened, Line, Step},
};

/// What is known of one remote.
#[derive(Debug, Default)]
struct Account {
    /// How often the server named it.
    met: u32,
    connection: Option<Connection>,
    kept: Vec<Numbers>,
}

#[derive(Debug, Default)]
struct Connection {
    has_handlers: bool,
    has_tracks: bool,
    /// The offer that was sent and neither answered nor rolled back.
    pending: Option<u32>,
    /// ICE generations of the remote descriptions applied.
    generations: HashSet<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Clauses {
    own: String,
    accounts: HashMap<String, Account>,
    is_closed: bool,
}

/// Where findings go, with what they are about.
struct Bench<'a> {
    verdict: &'a mut Verdict,
    line: usize,
    remote: &'a str,
}

impl Bench<'_> {
    fn hold(&mut self, clause: RequirementId, holds: bool, text: impl FnOnce() -> String) {
        *self.verdict.exercised.entry(clause).or_default() += 1;
        if !holds {
            let (line, remote) = (self.line, self.remote.to_owned());
            self.verdict.findings.push(Finding { clause: Some(clause), line, remote, text: text() });
        }
    }
}

impl Clauses {
    pub(super) fn look_at(&mut self, line: usize, content: &Line, verdict: &mut Verdict) {
        match content {
            Line::Peer { .. } => {}
            Line::Identity(own) => {
                self.expect_nothing_open(line, verdict);
                self.own.clone_from(own);
                self.accounts.clear();
                self.is_closed = false;
            }
            Line::Step(step) => {
                let is_impolite = self.own < step.remote;
                let account = self.accounts.entry(step.remote.clone()).or_default();
                let mut bench = Bench { verdict, line, remote: &step.remote };
                account.look_at(step, is_impolite, &mut bench);
            }
            Line::Closed { open_connections } => {
                self.expect_nothing_open(line, verdict);
                let mut bench = Bench { verdict, line, remote: "" };
                bench.hold(ids::NEG_09, *open_connections == 0, || {
                    format!("{open_connections} connections are left open")
                });
                self.is_closed = true;
            }
        }
    }

    /// A trace that ends in the middle is judged as far as it goes.
    pub(super) fn conclude(&self, lines: usize, verdict: &mut Verdict) {
        if self.is_closed {
            self.expect_nothing_open(lines, verdict);
        }
    }

    fn expect_nothing_open(&self, line: usize, verdict: &mut Verdict) {
        for (remote, account) in &self.accounts {
            let mut bench = Bench { verdict, line, remote };
            bench.hold(ids::NEG_09, account.connection.is_none(), || "its connection is never closed".to_owned());
        }
    }
}

impl Account {
    fn look_at(&mut self, step: &Step, is_impolite: bool, bench: &mut Bench<'_>) {
        let stale = match step.event {
            Happened::Offer(it) | Happened::Answer(it) | Happened::Candidate(it) => it.meeting != self.met,
            Happened::MetResident | Happened::MetJoiner | Happened::MetOutside => {
                self.met += 1;
                false
            }
            Happened::Gone
            | Happened::Ready
            | Happened::Gathered
            | Happened::ChangeTracks
            | Happened::ReplaceTrack
            | Happened::IceConnected
            | Happened::IceDisconnected
            | Happened::IceFailed
            | Happened::ChannelOpened => false,
        };
        if stale {
            let text = || format!("a signal of another meeting than the {}. has an effect: {:?}", self.met, step.did);
            bench.hold(ids::NEG_07, step.did == [Did::IgnoreStale], text);
        } else {
            self.look_at_glare(step, is_impolite, bench);
            self.look_at_candidate(step, bench);
        }
        let had_kept = !self.kept.is_empty();
        let was_open = self.connection.is_some();
        for did in &step.did {
            self.look_at_deed(*did, step, bench);
        }
        if step.event == Happened::Gone {
            let text = || format!("the remote is gone, and only this was done: {:?}", step.did);
            let is_closed = self.connection.is_none() && (!was_open || step.did.contains(&Did::Close));
            let is_forgotten = self.kept.is_empty() && (!had_kept || step.did.contains(&Did::Discard));
            bench.hold(ids::NEG_05, is_closed && is_forgotten, text);
        }
    }

    /// NEG-02: of two offers that cross, that of the lower id survives.
    fn look_at_glare(&self, step: &Step, is_impolite: bool, bench: &mut Bench<'_>) {
        let pending = self.connection.as_ref().and_then(|connection| connection.pending);
        let (Happened::Offer(offer), Some(pending)) = (step.event, pending) else { return };
        bench.verdict.glares += usize::from(!is_impolite);
        let rolls_back = step.did.contains(&Did::Rollback);
        let applies = step.did.contains(&Did::ApplyOffer(offer));
        let text = || {
            let role = if is_impolite { "lower" } else { "higher" };
            format!("its offer crossed ours ({pending}), our id is the {role} one, and this was done: {:?}", step.did)
        };
        bench.hold(ids::NEG_02, if is_impolite { !rolls_back && !applies } else { rolls_back && applies }, text);
    }

    /// NEG-04: a candidate is added to its own description only, and waits for it.
    fn look_at_candidate(&self, step: &Step, bench: &mut Bench<'_>) {
        let Happened::Candidate(candidate) = step.event else { return };
        let is_described =
            self.connection.as_ref().is_some_and(|connection| connection.generations.contains(&candidate.ice));
        if is_described {
            return;
        }
        let is_kept = step.did.contains(&Did::Keep(candidate));
        let is_late = [Did::IgnoreSuperseded, Did::IgnoreTooMany].iter().any(|why| step.did.contains(why));
        let text = || format!("a candidate came before its description, and this was done: {:?}", step.did);
        bench.hold(ids::NEG_04, is_kept || is_late, text);
    }

    fn look_at_deed(&mut self, did: Did, step: &Step, bench: &mut Bench<'_>) {
        match did {
            Did::Build => {
                let is_free = self.connection.is_none();
                bench.hold(ids::NEG_01, is_free, || "a connection is built beside another one".to_owned());
                self.connection = Some(Connection::default());
            }
            Did::Orphan => bench.hold(ids::NEG_01, false, || "a live connection is lost sight of".to_owned()),
            Did::Close => {
                bench.hold(ids::NEG_01, self.connection.is_some(), || "what is closed is not there".to_owned());
                self.connection = None;
            }
            Did::Keep(candidate) => self.kept.push(candidate),
            Did::Discard => self.kept.clear(),
            Did::Release => {
                let kept = std::mem::take(&mut self.kept);
                let Some(connection) = &self.connection else {
                    return bench.hold(ids::NEG_04, false, || "kept candidates are added to no connection".to_owned());
                };
                let fits = kept.iter().all(|candidate| connection.generations.contains(&candidate.ice));
                bench
                    .hold(ids::NEG_04, fits, || "a kept candidate is added to a description of another one".to_owned());
            }
            Did::Attach
            | Did::AddTracks
            | Did::Rollback
            | Did::ApplyOffer(_)
            | Did::ApplyAnswer(_)
            | Did::SendOffer(_)
            | Did::SendAnswer(_)
            | Did::Add(_) => match &mut self.connection {
                Some(connection) => connection.look_at_deed(did, step, bench),
                None => bench.hold(ids::NEG_01, false, || format!("without a connection, this was done: {did:?}")),
            },
            Did::Fail => {
                bench.hold(ids::NEG_03, false, || format!("what the state forbids was tried: {:?}", step.event))
            }
            Did::Prepare
            | Did::Restart
            | Did::SendCandidate(_)
            | Did::Replace
            | Did::IgnoreStale
            | Did::IgnoreLostGlare
            | Did::IgnoreNotOutstanding
            | Did::IgnoreSuperseded
            | Did::IgnoreTooMany
            | Did::IgnoreNoConnection => {}
        }
    }
}

impl Connection {
    fn look_at_deed(&mut self, did: Did, step: &Step, bench: &mut Bench<'_>) {
        if matches!(did, Did::ApplyOffer(_) | Did::ApplyAnswer(_) | Did::SendOffer(_) | Did::SendAnswer(_)) {
            let is_ready = self.has_handlers && self.has_tracks;
            bench.hold(ids::NEG_08, is_ready, || format!("handlers and tracks are not in place for this: {did:?}"));
        }
        match did {
            Did::Attach => self.has_handlers = true,
            Did::AddTracks => self.has_tracks = true,
            Did::Rollback => self.pending = None,
            Did::SendOffer(offer) => {
                let text = || "an offer is made while another one waits for its answer".to_owned();
                bench.hold(ids::NEG_03, self.pending.is_none(), text);
                self.pending = Some(offer.number);
            }
            Did::ApplyOffer(offer) => {
                self.generations.insert(offer.ice);
                let text = || "an offer is applied while our own waits for its answer".to_owned();
                bench.hold(ids::NEG_02, self.pending.is_none(), text);
            }
            Did::ApplyAnswer(answer) => {
                let fits = self.pending == Some(answer.answers) && step.event == Happened::Answer(answer);
                let text = || format!("the answer to {} is applied to the offer {:?}", answer.answers, self.pending);
                bench.hold(ids::NEG_03, fits, text);
                self.pending = None;
                self.generations.insert(answer.ice);
            }
            Did::Add(candidate) => {
                let is_described = self.generations.contains(&candidate.ice);
                bench.hold(ids::NEG_04, is_described, || "a candidate is added before its description".to_owned());
            }
            Did::Build
            | Did::Close
            | Did::Orphan
            | Did::Prepare
            | Did::Restart
            | Did::SendAnswer(_)
            | Did::SendCandidate(_)
            | Did::Keep(_)
            | Did::Release
            | Did::Discard
            | Did::Replace
            | Did::Fail
            | Did::IgnoreStale
            | Did::IgnoreLostGlare
            | Did::IgnoreNotOutstanding
            | Did::IgnoreSuperseded
            | Did::IgnoreTooMany
            | Did::IgnoreNoConnection => {}
        }
    }
}
