//! Candidates: which are added, which wait for their description, which are dropped (NEG-04).

use super::{ignore, is_stale};
use crate::{
    limits::CANDIDATES_KEPT_MAX,
    message::SignalKind,
    negotiation::{Candidates, Command, Description, Ignored, Negotiation, Strategy},
};

pub(super) fn receive(
    mut state: Negotiation,
    strategy: &Strategy,
    candidate: Description,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    let is_ours = (candidate.connection, candidate.ice) == (state.remote_connection, state.remote_ice);
    let has_remote = state.last_remote() != 0;
    if is_stale(&state, strategy, candidate) {
        return ignore(state, Ignored::Stale, emit);
    }
    let is_due = match strategy.candidates {
        Candidates::Dropped | Candidates::Kept => has_remote,
        Candidates::Correlated => has_remote && is_ours,
    };
    if is_due {
        emit(Command::Add(candidate));
        return state;
    }
    match strategy.candidates {
        Candidates::Dropped => {
            emit(Command::Fail(SignalKind::Candidate, candidate));
            return state;
        }
        Candidates::Correlated if candidate.ice <= state.last_remote() => {
            return ignore(state, Ignored::Superseded, emit);
        }
        Candidates::Correlated if ![0, candidate.ice].contains(&state.kept_ice) => {
            // One sender's signals arrive in order, so the description that the others wait for was taken back.
            state = forget(state, emit);
        }
        Candidates::Correlated | Candidates::Kept => {}
    }
    if state.kept == CANDIDATES_KEPT_MAX {
        return ignore(state, Ignored::TooMany, emit);
    }
    emit(Command::Keep(candidate));
    (state.kept_ice, state.kept) = (candidate.ice, state.kept + 1);
    state
}

/// What every applied description does: it ties the connections together, and candidates that waited for it are added.
pub(super) fn bind(
    mut state: Negotiation,
    strategy: &Strategy,
    description: Description,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    if state.remote_connection == 0 {
        state.remote_connection = description.connection;
    }
    state.remote_ice = description.ice;
    let is_correlated = strategy.candidates == Candidates::Correlated;
    if state.kept > 0 && (!is_correlated || state.kept_ice == description.ice) {
        emit(Command::Release);
        (state.kept_ice, state.kept) = (0, 0);
    } else if state.kept_ice < description.number {
        state = forget(state, emit);
    }
    state
}

pub(super) fn forget(state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    if state.kept > 0 {
        emit(Command::Discard);
    }
    Negotiation { kept_ice: 0, kept: 0, ..state }
}
