//! The one transition function of the server's role.

use super::{Directory, Entry, HostLeaves, MissingAck, Relay, RoomRules, SecondRoom, SelfSignal};
use crate::{
    message::{ClientMessage, Refusal, RequestKind, ServerMessage, Signal, SignalKind, SignalRefusal, Target},
    requirement::{
        RequirementId,
        ids::{
            CAP_CAPACITY_01, CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, ERR_01, ERR_02, RELAY_01, RELAY_07, ROOM_01,
            ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08,
        },
    },
};

/// Something that happens to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Input<S, R, P> {
    /// A connection was opened under a key that no other connection has (ID-01, ID-02).
    Connect(S),
    /// A connection ended, or was declared dead (ROOM-10).
    Disconnect(S),
    /// A connection said something.
    Message(S, ClientMessage<S, R, P>),
}

/// Something that the server does in answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect<S, R, P> {
    /// Send a message to one connection.
    Send {
        /// The receiver.
        to: S,
        /// What to say.
        message: ServerMessage<S, R, P>,
        /// The clause that demands it.
        clause: RequirementId,
    },
    /// The server's process ends. Only faulty variants do this.
    Crash,
}

/// Performs one input. Inputs of unknown connections change nothing: a shell may hear from a connection that it has
/// already declared dead.
///
/// Where a member may be in several rooms ([`SecondRoom::Several`]), each is a room of its own: its members are told of who
/// enters and leaves it, whatever other rooms they share. A leave that names a room leaves that one, any other leave and a
/// disconnect leave all, each with its own notices. A signal reaches whoever is in at least one room with its sender, or in
/// the one that it is sent in.
pub fn step<D: Directory + ?Sized, P: Clone>(
    directory: &mut D,
    rules: &RoomRules,
    input: Input<D::Session, D::Room, P>,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) {
    match input {
        Input::Connect(session) => directory.connect(session),
        Input::Disconnect(session) => {
            leave(directory, rules, session, emit);
            directory.disconnect(session);
        }
        Input::Message(session, _) if !directory.is_connected(session) => {}
        Input::Message(caller, ClientMessage::LeaveOne(room)) if rules.second_room == SecondRoom::Several => {
            leave_one(directory, rules, caller, &room, emit);
        }
        Input::Message(caller, ClientMessage::Leave | ClientMessage::LeaveOne(_)) => {
            leave(directory, rules, caller, emit);
        }
        Input::Message(caller, ClientMessage::Request { kind, room, ack }) => {
            let outcome = match room {
                Err(invalid) => Err((Refusal::InvalidRoomId(invalid), ROOM_03)),
                Ok(room) => enter(directory, rules, caller, kind, room, emit),
            };
            let present = match &outcome {
                Ok((ServerMessage::Joined(_, members), _)) if rules.introduce_members => members.clone(),
                Ok(_) | Err(_) => Vec::new(),
            };
            if ack {
                let (message, clause) = outcome.unwrap_or_else(|(why, clause)| (ServerMessage::Refused(why), clause));
                emit(Effect::Send { to: caller, message, clause });
            } else if rules.missing_ack == MissingAck::Crash {
                emit(Effect::Crash);
            }
            // The joiner hears of nothing before its ack (ORDER-02).
            for member in present.into_iter().filter(|member| *member != caller) {
                emit(Effect::Send { to: caller, message: ServerMessage::UserJoined(member), clause: ROOM_06 });
            }
        }
        Input::Message(sender, ClientMessage::Signal { kind, signal: Err(fault) }) => {
            let clause = match fault {
                crate::message::SignalFault::Malformed => ERR_01,
                crate::message::SignalFault::TooLarge => ERR_02,
            };
            if rules.report_malformed {
                refuse_signal(sender, kind, SignalRefusal::Fault(fault), clause, emit);
            }
        }
        Input::Message(sender, ClientMessage::Signal { kind, signal: Ok(signal) }) => {
            relay(directory, rules, sender, kind, signal, emit);
        }
    }
}

type Outcome<S, R, P> = Result<(ServerMessage<S, R, P>, RequirementId), (Refusal, RequirementId)>;

/// Create or join. Notices go out before the ack, which is legal: they reach other connections (ORDER-02 concerns the
/// joiner alone).
fn enter<D: Directory + ?Sized, P>(
    directory: &mut D,
    rules: &RoomRules,
    caller: D::Session,
    kind: RequestKind,
    room: D::Room,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) -> Outcome<D::Session, D::Room, P> {
    if directory.current(caller).is_some() {
        match rules.second_room {
            SecondRoom::Refuse => return Err((Refusal::AlreadyInRoom, ROOM_04)),
            SecondRoom::Move => leave(directory, rules, caller, emit),
            // Nobody has a current room where one may be in several.
            SecondRoom::Accumulate | SecondRoom::Several => {}
        }
    }
    let several = rules.second_room == SecondRoom::Several;
    // A room exists exactly as long as it has members (ROOM-11).
    let exists = !directory.members(&room).is_empty();
    let accepted = match (kind, exists) {
        (RequestKind::Create, true) if rules.entry == Entry::CreateThenJoin => {
            return Err((Refusal::RoomExists, ROOM_02));
        }
        (RequestKind::Join, false) if rules.entry == Entry::CreateThenJoin => {
            return Err((Refusal::RoomNotFound, ROOM_05));
        }
        (RequestKind::Create, false) => (ServerMessage::Created(room.clone()), ROOM_01),
        (RequestKind::Join, _) | (RequestKind::Create, true) => {
            let members = directory.members(&room);
            if several && directory.is_in(caller, &room) {
                let others = members.iter().copied().filter(|member| *member != caller).collect();
                return Ok((ServerMessage::Joined(room, others), ROOM_06));
            }
            if rules.capacity.is_some_and(|most| members.len() >= usize::from(most.get())) {
                return Err((Refusal::RoomFull, CAP_CAPACITY_01));
            }
            for &to in members.iter().filter(|member| **member != caller && rules.announce_joins) {
                emit(Effect::Send { to, message: ServerMessage::UserJoined(caller), clause: ROOM_07 });
            }
            // The list is taken before the joiner enters. A joiner that is in the room already (a faulty variant
            // allows it) therefore finds itself in the list, as it does on such servers.
            (ServerMessage::Joined(room.clone(), members.to_vec()), ROOM_06)
        }
    };
    directory.enter(&room, caller);
    if several {
        directory.record(caller, room);
    } else {
        directory.set_current(caller, Some(room));
    }
    Ok(accepted)
}

/// Leave and disconnect (ROOM-08, ROOM-09, ROOM-10, ROOM-11).
fn leave<D: Directory + ?Sized, P>(
    directory: &mut D,
    rules: &RoomRules,
    leaver: D::Session,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) {
    if rules.second_room == SecondRoom::Several {
        for room in directory.rooms_of(leaver) {
            leave_one(directory, rules, leaver, &room, emit);
        }
        return;
    }
    let Some(room) = directory.current(leaver) else { return };
    directory.set_current(leaver, None);
    depart(directory, rules, leaver, &room, emit);
}

/// Leaves one of several rooms.
fn leave_one<D: Directory + ?Sized, P>(
    directory: &mut D,
    rules: &RoomRules,
    leaver: D::Session,
    room: &D::Room,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) {
    directory.strike(leaver, room);
    depart(directory, rules, leaver, room, emit);
}

/// Takes a leaver out of the members of a room that is not recorded to be its any more, and tells them.
fn depart<D: Directory + ?Sized, P>(
    directory: &mut D,
    rules: &RoomRules,
    leaver: D::Session,
    room: &D::Room,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) {
    let was_host = directory.members(room).first() == Some(&leaver);
    if !directory.exit(room, leaver) {
        return;
    }
    let closes = matches!(rules.host_leaves, HostLeaves::CloseRoom | HostLeaves::ForgetRoom);
    if was_host && closes {
        return close(directory, rules, room, emit);
    }
    let members = directory.members(room);
    for &to in members.iter().filter(|_| rules.announce_leaves) {
        emit(Effect::Send { to, message: ServerMessage::UserLeft(leaver), clause: ROOM_08 });
    }
    if let (true, HostLeaves::HandOver, Some(host)) = (was_host, rules.host_leaves, members.first()) {
        for &to in members {
            emit(Effect::Send { to, message: ServerMessage::HostChanged(*host), clause: CAP_HOST_TRANSFER_01 });
        }
    }
}

/// Ends a room with members in it.
fn close<D: Directory + ?Sized, P>(
    directory: &mut D,
    rules: &RoomRules,
    room: &D::Room,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) {
    for to in directory.members(room).to_vec() {
        emit(Effect::Send { to, message: ServerMessage::RoomClosed, clause: CAP_HOST_CLOSE_01 });
        directory.exit(room, to);
        match (rules.host_leaves, rules.second_room) {
            (HostLeaves::CloseRoom, SecondRoom::Several) => directory.strike(to, room),
            (HostLeaves::CloseRoom, _) => directory.set_current(to, None),
            _ => {}
        }
    }
}

/// Relays a well-formed signal (RELAY-01 to RELAY-08).
fn relay<D: Directory + ?Sized, P: Clone>(
    directory: &D,
    rules: &RoomRules,
    sender: D::Session,
    kind: SignalKind,
    signal: Signal<D::Session, D::Room, P>,
    emit: &mut impl FnMut(Effect<D::Session, D::Room, P>),
) {
    let mut deliver = |to, payload| {
        let message = ServerMessage::Signal { kind, from: sender, payload };
        emit(Effect::Send { to, message, clause: RELAY_01 });
    };
    match (rules.relay, signal.target) {
        (_, Target::User(to) | Target::Member(to, _)) if to == sender && rules.self_signal == SelfSignal::Refuse => {}
        (Relay::FellowMembers, Target::Member(to, room)) => {
            if directory.is_in(sender, &room) && directory.is_in(to, &room) {
                return deliver(to, signal.payload);
            }
        }
        (Relay::FellowMembers, Target::User(to)) if rules.second_room == SecondRoom::Several => {
            if directory.rooms_of(sender).iter().any(|room| directory.is_in(to, room)) {
                return deliver(to, signal.payload);
            }
        }
        (Relay::FellowMembers, Target::User(to)) => {
            // Looking at both connections costs the same however large the room is.
            let room = directory.current(sender);
            if room.is_some() && room == directory.current(to) {
                return deliver(to, signal.payload);
            }
        }
        (Relay::Anything | Relay::Everybody, Target::User(to) | Target::Member(to, _)) => {
            if directory.is_connected(to) {
                return deliver(to, signal.payload);
            }
        }
        (Relay::Anything, Target::Room(room)) => {
            for &to in directory.members(&room).iter().filter(|member| **member != sender) {
                deliver(to, signal.payload.clone());
            }
            return;
        }
        (Relay::FellowMembers | Relay::Everybody, Target::Room(_)) | (_, Target::Unknown) => {}
    }
    if rules.report_undeliverable {
        refuse_signal(sender, kind, SignalRefusal::Undeliverable, RELAY_07, emit);
    }
}

fn refuse_signal<S, R, P>(
    to: S,
    kind: SignalKind,
    refusal: SignalRefusal,
    clause: RequirementId,
    emit: &mut impl FnMut(Effect<S, R, P>),
) {
    emit(Effect::Send { to, message: ServerMessage::Error(kind, refusal), clause });
}
