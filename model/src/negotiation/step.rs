//! The one transition function of the peer's role.

use super::{
    Answers, Command, Connections, Description, Event, Glare, Ice, Ignored, Meetings, Negotiation, Recovery, Role,
    Rollback, Side, Signaling, Strategy,
};
use crate::message::SignalKind;

mod candidates;
mod connection;

use candidates::bind;
use connection::{build, close, discard, set_up};

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
            let makes_room = offers || strategy.glare != Glare::Replace;
            let state = if makes_room { discard(state, strategy, emit) } else { state };
            let state = candidates::forget(state, emit);
            if offers { set_up(build(state, strategy, emit), strategy, emit, offer) } else { state }
        }
        Event::Gone => close(state, emit),
        Event::Offer(description) => receive_offer(state, strategy, role, description, emit),
        Event::Answer(description) => receive_answer(state, strategy, description, emit),
        Event::Candidate(description) => candidates::receive(state, strategy, description, emit),
        Event::Ready if state.signaling() == Signaling::HaveRemoteOffer => settle(answer(state, emit), emit),
        Event::Gathered if state.gathering() != 0 => {
            let Negotiation { met, connection, .. } = state;
            let candidate = Description { meeting: met, connection, ice: state.gathering(), ..Description::default() };
            emit(Command::Send(SignalKind::Candidate, candidate));
            state
        }
        Event::ChangeTracks if state.connection != 0 => {
            state.unsent = true;
            settle(state, emit)
        }
        Event::ReplaceTrack if state.connection != 0 => {
            emit(Command::Replace);
            state
        }
        Event::IceConnected if state.connection != 0 => Negotiation { ice: Ice::Connected, ..state },
        Event::IceDisconnected if state.connection != 0 => match strategy.recovery {
            Recovery::Close => close(state, emit),
            Recovery::Restart | Recovery::Wait => Negotiation { ice: Ice::Disconnected, ..state },
        },
        Event::IceFailed if state.connection != 0 => match strategy.recovery {
            Recovery::Close => close(state, emit),
            Recovery::Wait => Negotiation { ice: Ice::Failed, ..state },
            Recovery::Restart => settle(Negotiation { ice: Ice::Failed, restart: true, ..state }, emit),
        },
        Event::ChannelOpened if state.connection != 0 => Negotiation { channel: true, ..state },
        Event::Ready => ignore(state, Ignored::NotOutstanding, emit),
        Event::Gathered
        | Event::ChangeTracks
        | Event::ReplaceTrack
        | Event::IceConnected
        | Event::IceDisconnected
        | Event::IceFailed
        | Event::ChannelOpened => ignore(state, Ignored::NoConnection, emit),
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
        return ignore(state, Ignored::Stale, emit);
    }
    if strategy.glare == Glare::Replace {
        state = discard(state, strategy, emit);
    } else {
        if state.pending != 0 {
            if strategy.stands(role) {
                let state = ignore(state, Ignored::LostGlare, emit);
                if strategy.glare == Glare::SendAgain {
                    emit(Command::Send(SignalKind::Offer, pending_offer(&state)));
                }
                return state;
            }
            state = roll_back(state, strategy, emit);
        }
        let is_other_connection = ![0, description.connection].contains(&state.remote_connection);
        if is_other_connection && strategy.connections == Connections::Reset {
            state = discard(state, strategy, emit);
        }
    }
    if state.connection == 0 {
        state = build(state, strategy, emit);
        return set_up(state, strategy, emit, |state, emit| apply_offer(state, strategy, description, emit));
    }
    apply_offer(state, strategy, description, emit)
}

/// Takes the own offer back. What a first offer carries, the answer carries too; a later one has a wish of its own.
fn roll_back(mut state: Negotiation, strategy: &Strategy, emit: &mut impl FnMut(Command)) -> Negotiation {
    emit(Command::Rollback);
    if state.remote != 0 && strategy.rollback == Rollback::OfferAgain {
        state.unsent |= !state.restarting;
        state.restart |= state.restarting;
    }
    (state.pending, state.restarting) = (0, false);
    state
}

fn apply_offer(
    mut state: Negotiation,
    strategy: &Strategy,
    description: Description,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    emit(Command::Apply(SignalKind::Offer, description));
    state.pending_remote = description.number;
    if ![0, description.ice].contains(&state.remote_ice) {
        // The remote restarts ICE: the answer has to, too.
        (state.local_ice, state.ice) = (0, Ice::New);
    }
    let state = bind(state, strategy, description, emit);
    emit(Command::Prepare);
    state
}

fn receive_answer(
    mut state: Negotiation,
    strategy: &Strategy,
    description: Description,
    emit: &mut impl FnMut(Command),
) -> Negotiation {
    let is_outstanding = state.pending != 0 && state.pending == description.answers;
    if is_stale(&state, strategy, description) {
        return ignore(state, Ignored::Stale, emit);
    }
    if strategy.answers == Answers::ToPendingOffer && !is_outstanding {
        return ignore(state, Ignored::NotOutstanding, emit);
    }
    if state.signaling() != Signaling::HaveLocalOffer {
        emit(Command::Fail(SignalKind::Answer, description));
        return state;
    }
    emit(Command::Apply(SignalKind::Answer, description));
    if state.restarting {
        state.ice = Ice::New;
    }
    (state.local_ice, state.local) = (state.gathering(), state.pending);
    (state.pending, state.restarting) = (0, false);
    state.remote = description.number;
    settle(bind(state, strategy, description, emit), emit)
}

fn is_stale(state: &Negotiation, strategy: &Strategy, description: Description) -> bool {
    strategy.meetings != Meetings::Ignored && description.meeting != state.met
}

fn ignore(state: Negotiation, why: Ignored, emit: &mut impl FnMut(Command)) -> Negotiation {
    emit(Command::Ignore(why));
    state
}

/// Offers what waits to be offered, if it can be now.
fn settle(state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    let is_wished = state.unsent || state.restart;
    if is_wished && state.signaling() == Signaling::Stable { offer(state, emit) } else { state }
}

fn offer<E: FnMut(Command)>(mut state: Negotiation, emit: &mut E) -> Negotiation {
    if state.restart {
        emit(Command::Restart);
    }
    state.made += 1;
    state.pending = state.made;
    (state.restarting, state.restart, state.unsent) = (state.restart, false, false);
    emit(Command::Send(SignalKind::Offer, pending_offer(&state)));
    state
}

/// The offer that waits for its answer. Nothing was made since.
fn pending_offer(state: &Negotiation) -> Description {
    Description { ice: state.gathering(), ..describe(state) }
}

fn answer(mut state: Negotiation, emit: &mut impl FnMut(Command)) -> Negotiation {
    let answers = state.pending_remote;
    state.made += 1;
    state.local = state.made;
    (state.remote, state.pending_remote) = (answers, 0);
    if state.local_ice == 0 {
        state.local_ice = state.local;
    }
    emit(Command::Send(SignalKind::Answer, Description { answers, ice: state.local_ice, ..describe(&state) }));
    state
}

fn describe(state: &Negotiation) -> Description {
    Description { meeting: state.met, connection: state.connection, number: state.made, answers: 0, ice: 0 }
}

#[cfg(test)]
mod tests;
