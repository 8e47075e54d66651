//! Looks at what a peer's rules did, from outside: what was so before, what arrived, what was done. Calls no rule.

use super::{
    Fact,
    trace::{Lane, Watch},
};
use crate::{
    message::SignalKind,
    negotiation::{Command, Event, Negotiation, Role},
};

/// What a peer did with one event of its negotiation with one remote.
#[derive(Clone, Copy, Default)]
pub(super) struct Deeds {
    applied: bool,
    failed: bool,
    orphaned: bool,
    added: bool,
    kept: bool,
    released: bool,
    rolled_back: bool,
    built: bool,
    attached: bool,
    has_tracks: bool,
    described: bool,
    /// A description was applied before the handlers of the new connection were in place.
    unheard: bool,
    /// One was made before its tracks were added.
    trackless: bool,
}

impl Deeds {
    pub(super) fn record(&mut self, command: Command) {
        match command {
            Command::Apply(..) => {
                self.applied = true;
                self.describe();
            }
            Command::Send(SignalKind::Offer | SignalKind::Answer, _) => {
                self.describe();
                self.trackless |= self.built && !self.has_tracks;
            }
            // The first description of a connection may be made in a later step; its tracks are due in this one.
            Command::Prepare => self.trackless |= self.built && !self.has_tracks,
            Command::Fail(..) => self.failed = true,
            Command::Orphan => self.orphaned = true,
            Command::Add(_) => self.added = true,
            Command::Keep(_) => self.kept = true,
            Command::Release => self.released = true,
            Command::Rollback => self.rolled_back = true,
            Command::Build => self.built = true,
            Command::Attach => self.attached = true,
            Command::AddTracks => self.has_tracks = true,
            Command::Close
            | Command::Restart
            | Command::Discard
            | Command::Replace
            | Command::Send(SignalKind::Candidate, _)
            | Command::Ignore(_) => {}
        }
    }

    fn describe(&mut self) {
        self.described = true;
        self.unheard |= self.built && !self.attached;
    }
}

/// What a step of a negotiation shows.
pub(super) fn audit_negotiation(
    at: Lane,
    [before, after]: [&Negotiation; 2],
    role: Role,
    (event, is_stale): (Event, bool),
    deeds: Deeds,
    watch: &mut impl Watch,
) {
    watch.fact_if(deeds.orphaned, Fact::Orphaned);
    watch.fact_if(deeds.built && deeds.described, Fact::FirstDescription);
    if deeds.unheard {
        watch.finding(Fact::HandlersLate, at, || "its handlers were not in place before".into());
    }
    if deeds.trackless {
        watch.finding(Fact::TracksLate, at, || "its tracks were not added before".into());
    }
    // A first offer has nothing that the answer does not carry. A later one has, and is due again.
    // A new connection has everything from the start.
    if deeds.rolled_back && !deeds.built && before.remote != 0 && !(after.unsent || after.restart) {
        watch.finding(Fact::ChangeForgotten, at, || "and forgets what the offer was for".into());
    }
    let is_due = after.kept > 0 && after.kept_ice == after.remote_ice;
    let was_due = deeds.applied && before.kept > 0 && before.kept_ice == after.remote_ice;
    if is_due || was_due && !deeds.released {
        watch.finding(Fact::CandidateLost, at, || "the candidates that it kept stay where they are".into());
    }
    if deeds.released && before.kept_ice != after.remote_ice {
        watch.finding(Fact::CandidateMisapplied, at, || "but they belong to another description".into());
    }
    let (Event::Offer(signal) | Event::Answer(signal) | Event::Candidate(signal)) = event else { return };
    watch.fact_if(is_stale, Fact::StaleHeard);
    if is_stale && (deeds.applied || deeds.added || deeds.kept) {
        watch.finding(Fact::StaleApplied, at, || "but it is of an earlier stay".into());
    }
    match event {
        Event::Offer(_) => {
            watch.fact_if(before.connection != 0, Fact::OfferToExisting);
            if before.pending != 0 && !is_stale {
                watch.fact(Fact::Glare);
                if deeds.applied != (role == Role::Polite) {
                    watch
                        .finding(Fact::WrongSurvivor, at, || "the lower id's offer had to survive the crossing".into());
                }
            }
        }
        Event::Answer(_) => {
            let is_due = before.pending != 0 && before.pending == signal.answers;
            watch.fact_if(deeds.applied && is_due, Fact::AnswerApplied);
            watch.fact_if(deeds.failed || deeds.applied && !is_due, Fact::AnswerMisapplied);
        }
        _ => audit_candidate(at, before, signal, is_stale, deeds, watch),
    }
}

/// A candidate that nobody's rules have seen the description of has to wait for it, and one of another description than
/// the applied one is never to be added.
fn audit_candidate(
    at: Lane,
    before: &Negotiation,
    candidate: crate::negotiation::Description,
    is_stale: bool,
    deeds: Deeds,
    watch: &mut impl Watch,
) {
    if !is_stale && candidate.ice > before.last_remote() {
        watch.fact(Fact::CandidateEarly);
        if !deeds.kept {
            watch.finding(Fact::CandidateLost, at, || "the candidate is lost".into());
        }
    }
    let is_of_applied = (candidate.connection, candidate.ice) == (before.remote_connection, before.remote_ice);
    if deeds.added && !is_of_applied {
        watch.finding(Fact::CandidateMisapplied, at, || "but it belongs to another description".into());
    }
}

/// What the id of a new connection shows.
pub(super) fn audit_identity(at: Lane, before: u8, now: u8, is_known: bool, watch: &mut impl Watch) {
    watch.fact(Fact::ReconnectedAnew);
    watch.fact_if(is_known, Fact::ReconnectedEarly);
    if now == before {
        watch.finding(Fact::IdReused, at, || "gets the user id that it had".into());
        watch.fact_if(is_known, Fact::IdShared);
    }
}
