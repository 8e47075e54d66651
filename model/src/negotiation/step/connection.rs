//! Building, equipping and closing the peer connection (NEG-01, NEG-05, NEG-08).

use super::candidates;
use crate::negotiation::{Command, Glare, Negotiation, Setup, Strategy};

/// Makes room for another connection.
pub(super) fn discard(state: Negotiation, strategy: &Strategy, emit: &mut impl FnMut(Command)) -> Negotiation {
    if strategy.glare == Glare::Replace {
        if state.connection != 0 {
            emit(Command::Orphan);
        }
        return state.closed();
    }
    let kept = (state.kept_ice, state.kept);
    let closed = close(Negotiation { kept_ice: 0, kept: 0, ..state }, emit);
    // Candidates of the connection that is to come may be here already.
    Negotiation { kept_ice: kept.0, kept: kept.1, ..closed }
}

pub(super) fn close(state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    let state = candidates::forget(state, emit);
    if state.connection != 0 {
        emit(Command::Close);
    }
    state.closed()
}

/// A new connection, whose first description is the next one made.
pub(super) fn build(state: Negotiation, strategy: &Strategy, emit: &mut impl FnMut(Command)) -> Negotiation {
    emit(Command::Build);
    if strategy.setup != Setup::HandlersLast {
        emit(Command::Attach);
    }
    if strategy.setup != Setup::TracksLast {
        emit(Command::AddTracks);
    }
    Negotiation { connection: state.made + 1, ..state }
}

/// Does the first thing with a new connection, and then what a faulty variant forgot before it.
pub(super) fn set_up<E: FnMut(Command)>(
    state: Negotiation,
    strategy: &Strategy,
    emit: &mut E,
    first: impl FnOnce(Negotiation, &mut E) -> Negotiation,
) -> Negotiation {
    let state = first(state, emit);
    match strategy.setup {
        Setup::First => {}
        Setup::HandlersLast => emit(Command::Attach),
        Setup::TracksLast => emit(Command::AddTracks),
    }
    state
}
