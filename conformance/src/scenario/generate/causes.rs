//! What one input causes, by the model's one transition function.

use glare_model::{
    id::InvalidRoomId,
    message::{ClientMessage, RequestKind, ServerMessage, Signal, SignalFault, SignalKind, SignalRefusal, Target},
    requirement::{
        RequirementId,
        ids::{RELAY_04, RELAY_05, RELAY_06, RELAY_08, ROOM_09, ROOM_10},
    },
    room::{self, Effect, RoomRules},
};

use super::abstraction::{Heard, Input, Members, Output, State, What};

/// One input by the model's rules.
pub(super) fn perform(mut members: Members, state: State, input: Input) -> (Members, Output, Vec<RequirementId>) {
    let mut heard = Output::new();
    let mut clauses = reasons(state, input);
    let mut emit = |effect: Effect<u8, u8, ()>| {
        let Effect::Send { to, message, clause } = effect else { return };
        clauses.push(if input.what == What::Return { ROOM_10 } else { clause });
        heard.extend(as_heard(message).map(|heard| (to, heard)));
    };
    for message in messages(input) {
        room::step(&mut members, &RoomRules::REFERENCE, message, &mut emit);
    }
    heard.sort();
    clauses.sort();
    clauses.dedup();
    (members, heard, clauses)
}

/// What the server is told.
fn messages(input: Input) -> Vec<room::Input<u8, u8, ()>> {
    let say = |message| vec![room::Input::Message(input.by, message)];
    let request = |kind, room| say(ClientMessage::Request { kind, room, ack: true });
    let signal = |kind, signal| say(ClientMessage::Signal { kind, signal });
    match input.what {
        What::Create(room) => request(RequestKind::Create, Ok(room)),
        What::Join(room) => request(RequestKind::Join, Ok(room)),
        What::Leave => say(ClientMessage::Leave),
        What::Return => vec![room::Input::Disconnect(input.by), room::Input::Connect(input.by)],
        What::Signal(kind, target) => signal(kind, Ok(Signal { target, payload: () })),
        What::MalformedRequest => request(RequestKind::Create, Err(InvalidRoomId::Empty)),
        What::MalformedSignal => signal(SignalKind::Offer, Err(SignalFault::Malformed)),
    }
}

fn as_heard(message: ServerMessage<u8, u8, ()>) -> Option<Heard> {
    match message {
        ServerMessage::Created(room) => Some(Heard::Created(room)),
        ServerMessage::Joined(room, mut members) => {
            members.sort_unstable();
            Some(Heard::Joined(room, members))
        }
        ServerMessage::Refused(_) => Some(Heard::Refused),
        ServerMessage::UserJoined(user) => Some(Heard::UserJoined(user)),
        ServerMessage::UserLeft(user) => Some(Heard::UserLeft(user)),
        ServerMessage::Signal { kind, from, .. } => Some(Heard::Signal(kind, from)),
        ServerMessage::Error(kind, SignalRefusal::Fault(_) | SignalRefusal::Undeliverable) => Some(Heard::Error(kind)),
        // The core profile has no hosts.
        ServerMessage::RoomClosed | ServerMessage::HostChanged(_) => None,
    }
}

/// Clauses about inputs that cause nothing, or nothing of their own: which one a silence belongs to.
fn reasons(state: State, input: Input) -> Vec<RequirementId> {
    let own = state[usize::from(input.by)];
    match input.what {
        What::Leave if own.is_none() => vec![ROOM_09],
        What::Signal(..) if own.is_none() => vec![RELAY_05],
        What::Signal(_, Target::User(to)) if to == input.by => vec![RELAY_08],
        What::Signal(_, Target::User(to)) if state[usize::from(to)] != own => vec![RELAY_04],
        What::Signal(_, Target::Room(_) | Target::Unknown) => vec![RELAY_06],
        What::Signal(..)
        | What::Create(_)
        | What::Join(_)
        | What::Leave
        | What::Return
        | What::MalformedRequest
        | What::MalformedSignal => Vec::new(),
    }
}
