//! The one transition function of the peer's role.

use super::{Answers, Connections, Description, Glare, Meetings, Negotiation, Signaling, Strategy};
use crate::message::SignalKind;

/// A peer's role towards one remote, by the order of their ids (perfect negotiation's polite and impolite).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The lower id: its offer survives glare.
    Impolite,
    /// The higher id: it rolls back.
    Polite,
}

impl Role {
    /// The role of `local` towards `remote`.
    #[must_use]
    pub fn between<I: Ord>(local: &I, remote: &I) -> Self {
        if local > remote { Self::Polite } else { Self::Impolite }
    }
}

/// How a peer came to meet a remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// It was in the room, and got `user-joined`.
    Resident,
    /// It joined, and found the remote in `existingUsers`.
    Joiner,
    /// It got `user-joined` after it had left.
    Outside,
}

/// Something that happens between a peer and one remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The server told the peer of the remote.
    Met(Side),
    /// The remote left, or the peer itself does (NEG-05).
    Gone,
    /// An offer arrived.
    Offer(Description),
    /// An answer arrived.
    Answer(Description),
    /// The application changed its media.
    Renegotiate,
}

/// Something that a peer does in answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Build a peer connection.
    Build,
    /// Close the peer connection.
    Close,
    /// Lose the reference to a live peer connection. Only faulty variants do this.
    Orphan,
    /// Roll the own offer back (RFC 9429, section 4.1.10.2).
    Rollback,
    /// Apply a remote description.
    Apply(SignalKind, Description),
    /// Try to apply an answer where none is due: `InvalidStateError`. Only faulty variants do this.
    Fail(Description),
    /// Make a description, apply it locally and send it.
    Send(SignalKind, Description),
    /// Do nothing, for a reason.
    Ignore(Ignored),
}

/// Why a signal or a wish has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// It is of another meeting (NEG-07).
    Stale,
    /// Its offer crossed ours, and ours survives (NEG-02).
    LostGlare,
    /// It answers no offer that waits (NEG-03).
    NotOutstanding,
    /// There is no stable connection to renegotiate.
    NotStable,
}

/// Performs one event.
#[must_use]
pub fn step(
    mut state: Negotiation,
    strategy: &Strategy,
    role: Role,
    event: Event,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    match event {
        Event::Met(Side::Outside) => {
            state.met += u32::from(strategy.meetings != Meetings::CountedInside);
            state
        }
        Event::Met(side) => {
            state.met += 1;
            let offers = strategy.offers_first(side, role);
            // The tutorial's client reads its map only when it writes to it.
            let state = if offers || strategy.glare == Glare::IdOrder { discard(state, strategy, emit) } else { state };
            if offers { offer(build(state, emit), emit) } else { state }
        }
        Event::Gone => close(state, emit),
        Event::Offer(description) => receive_offer(state, strategy, role, description, emit),
        Event::Answer(description) => receive_answer(state, strategy, description, emit),
        Event::Renegotiate if state.signaling() == Signaling::Stable => offer(state, emit),
        Event::Renegotiate => {
            emit(Command::Ignore(Ignored::NotStable));
            state
        }
    }
}

fn receive_offer(
    mut state: Negotiation,
    strategy: &Strategy,
    role: Role,
    description: Description,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    if is_stale(&state, strategy, description) {
        emit(Command::Ignore(Ignored::Stale));
        return state;
    }
    let crossed = state.signaling() == Signaling::HaveLocalOffer;
    let mut offer_again = false;
    match strategy.glare {
        Glare::Replace => state = discard(state, strategy, emit),
        Glare::IdOrder if crossed && role == Role::Impolite => {
            emit(Command::Ignore(Ignored::LostGlare));
            return state;
        }
        Glare::IdOrder => {
            if crossed {
                emit(Command::Rollback);
                state.pending = 0;
                // A first offer has no wish of its own that the answer does not carry; a renegotiation has.
                offer_again = state.remote != 0;
            }
            let is_other_connection = ![0, description.connection].contains(&state.remote_connection);
            if is_other_connection && strategy.connections == Connections::Reset {
                state = discard(state, strategy, emit);
                offer_again = false;
            }
        }
    }
    if state.connection == 0 {
        state = build(state, emit);
    }
    emit(Command::Apply(SignalKind::Offer, description));
    if state.remote_connection == 0 {
        state.remote_connection = description.connection;
    }
    state.remote = description.number;
    state.made += 1;
    state.local = state.made;
    emit(Command::Send(SignalKind::Answer, describe(&state, description.number)));
    if offer_again { offer(state, emit) } else { state }
}

fn receive_answer(
    mut state: Negotiation,
    strategy: &Strategy,
    description: Description,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    let is_outstanding = state.pending != 0 && state.pending == description.answers;
    if is_stale(&state, strategy, description) {
        emit(Command::Ignore(Ignored::Stale));
    } else if strategy.answers == Answers::ToPendingOffer && !is_outstanding {
        emit(Command::Ignore(Ignored::NotOutstanding));
    } else if state.signaling() != Signaling::HaveLocalOffer {
        emit(Command::Fail(description));
    } else {
        emit(Command::Apply(SignalKind::Answer, description));
        if state.remote_connection == 0 {
            state.remote_connection = description.connection;
        }
        state.local = state.pending;
        state.pending = 0;
        state.remote = description.number;
    }
    state
}

fn is_stale(state: &Negotiation, strategy: &Strategy, description: Description) -> bool {
    strategy.meetings != Meetings::Ignored && description.meeting != state.met
}

/// Makes room for another connection.
fn discard(state: Negotiation, strategy: &Strategy, emit: &mut impl FnMut(Command)) -> Negotiation {
    match strategy.glare {
        Glare::IdOrder => close(state, emit),
        Glare::Replace => {
            if state.connection != 0 {
                emit(Command::Orphan);
            }
            state.closed()
        }
    }
}

fn close(state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    if state.connection != 0 {
        emit(Command::Close);
    }
    state.closed()
}

/// A new connection, whose first description is the next one made.
fn build(state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    emit(Command::Build);
    Negotiation { connection: state.made + 1, ..state }
}

fn offer(mut state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    state.made += 1;
    state.pending = state.made;
    emit(Command::Send(SignalKind::Offer, describe(&state, 0)));
    state
}

fn describe(state: &Negotiation, answers: u32) -> Description {
    Description { meeting: state.met, connection: state.connection, number: state.made, answers }
}

#[cfg(test)]
mod tests;
