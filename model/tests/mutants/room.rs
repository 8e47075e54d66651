//! Mutants of the server's rules for rooms, identities and capabilities.

use glare_model::{
    id::InvalidRoomId,
    message::{ClientMessage, Refusal, RequestKind, ServerMessage},
    requirement::ids::{
        CAP_CAPACITY_01, CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, ERR_04, ID_01, ID_02, ROOM_01, ROOM_02, ROOM_03,
        ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08, ROOM_09, ROOM_10, ROOM_11, ROOM_12, ROOM_15,
    },
    room::{self, Effect, HostLeaves, Identity, Input, MissingAck, RoomRules, SecondRoom},
};

use super::{
    Fate::{Equivalent, Killed, LetDown},
    Mutant,
    seam::{AnEffect, others, send},
};

/// The mutants.
pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "create-announced",
        rule: "a create is announced to everybody who is connected",
        change: replaced!(|directory, rules, input, emit| {
            let caller = match &input {
                Input::Message(caller, ClientMessage::Request { kind: RequestKind::Create, .. }) => Some(*caller),
                _ => None,
            };
            room::step(directory, rules, input, &mut |effect| emit(effect));
            for to in caller.into_iter().flat_map(others) {
                emit(send(to, ServerMessage::UserJoined(to)));
            }
        }),
        world: "pair",
        fate: Killed(ROOM_01),
    },
    Mutant {
        id: "create-joins",
        rule: "a create of an existing room succeeds",
        change: replaced!(|directory, rules, input, emit| match input {
            Input::Message(caller, ClientMessage::Request { kind: RequestKind::Create, room: Ok(room), ack: true })
                if directory.current(caller).is_none() =>
            {
                directory.enter(&room, caller);
                directory.set_current(caller, Some(room));
                emit(send(caller, ServerMessage::Created(room)));
            }
            other => room::step(directory, rules, other, &mut |effect| emit(effect)),
        }),
        world: "rejoin",
        fate: Killed(ROOM_02),
    },
    Mutant {
        id: "creates-race",
        rule: "a create succeeds as long as nobody but the creator is in the room",
        change: replaced!(|directory, rules, input, emit| match input {
            Input::Message(caller, ClientMessage::Request { kind: RequestKind::Create, room: Ok(room), ack: true })
                if directory.current(caller).is_none() && directory.members(&room).len() == 1 =>
            {
                directory.enter(&room, caller);
                directory.set_current(caller, Some(room));
                emit(send(caller, ServerMessage::Created(room)));
            }
            other => room::step(directory, rules, other, &mut |effect| emit(effect)),
        }),
        world: "rejoin",
        fate: Killed(ROOM_15),
    },
    Mutant {
        id: "invalid-room-id",
        rule: "a request with an invalid room id is taken for one with another id",
        change: replaced!(|directory, rules, input, emit| {
            let input = match input {
                Input::Message(by, ClientMessage::Request { kind, room: Err(InvalidRoomId::Empty), ack: true }) => {
                    Input::Message(by, ClientMessage::Request { kind, room: Ok(0), ack: true })
                }
                other => other,
            };
            room::step(directory, rules, input, &mut |effect| emit(effect));
        }),
        world: "invalid",
        fate: Killed(ROOM_03),
    },
    Mutant {
        id: "second-room",
        rule: "a member may enter another room without leaving the first",
        change: ruled!(second_room: SecondRoom::Accumulate),
        world: "two-rooms",
        fate: Killed(ROOM_04),
    },
    Mutant {
        id: "join-creates",
        rule: "a join of a room that does not exist creates it",
        change: replaced!(|directory, rules, input, emit| match input {
            Input::Message(caller, ClientMessage::Request { kind: RequestKind::Join, room: Ok(room), ack: true })
                if directory.current(caller).is_none() && directory.members(&room).is_empty() =>
            {
                directory.enter(&room, caller);
                directory.set_current(caller, Some(room));
                emit(send(caller, ServerMessage::Joined(room, Vec::new())));
            }
            other => room::step(directory, rules, other, &mut |effect| emit(effect)),
        }),
        world: "pair",
        fate: Killed(ROOM_05),
    },
    Mutant {
        id: "list-has-joiner",
        rule: "the list of users has the joiner in it",
        change: amended!(|to, message, send| send(
            to,
            match message {
                ServerMessage::Joined(room, mut users) => {
                    users.push(to);
                    ServerMessage::Joined(room, users)
                }
                other => other,
            }
        )),
        world: "pair",
        fate: Killed(ROOM_06),
    },
    Mutant {
        id: "list-lacks-first",
        rule: "the list of users leaves out the creator",
        change: amended!(|to, message, send| send(
            to,
            match message {
                ServerMessage::Joined(room, users) => ServerMessage::Joined(room, users[1..].to_vec()),
                other => other,
            }
        )),
        world: "pair",
        fate: Killed(ROOM_06),
    },
    Mutant {
        id: "joins-unannounced",
        rule: "user-joined is not sent",
        change: amended!(|to, message, send| if !matches!(message, ServerMessage::UserJoined(_)) {
            send(to, message);
        }),
        world: "pair",
        fate: Killed(ROOM_07),
    },
    Mutant {
        id: "joins-announced-twice",
        rule: "user-joined is sent twice",
        change: amended!(|to, message, send| {
            if matches!(message, ServerMessage::UserJoined(_)) {
                send(to, message.clone());
            }
            send(to, message);
        }),
        world: "pair",
        fate: Killed(ROOM_07),
    },
    Mutant {
        id: "leaves-unannounced",
        rule: "user-left is not sent",
        change: amended!(|to, message, send| if !matches!(message, ServerMessage::UserLeft(_)) {
            send(to, message);
        }),
        world: "rejoin",
        fate: Killed(ROOM_08),
    },
    Mutant {
        id: "leaver-told",
        rule: "user-left is sent to the one who left",
        change: amended!(|to, message, send| match message {
            ServerMessage::UserLeft(leaver) => send(leaver, ServerMessage::UserLeft(leaver)),
            other => send(to, other),
        }),
        world: "rejoin",
        fate: LetDown(ROOM_08),
    },
    Mutant {
        id: "idle-leave-answered",
        rule: "a leave by a caller in no room is told to everybody",
        change: replaced!(|directory, rules, input, emit| {
            let idle = match &input {
                Input::Message(by, ClientMessage::Leave) if directory.current(*by).is_none() => Some(*by),
                _ => None,
            };
            room::step(directory, rules, input, &mut |effect| emit(effect));
            for (by, to) in idle.into_iter().flat_map(|by| others(by).map(move |to| (by, to))) {
                emit(send(to, ServerMessage::UserLeft(by)));
            }
        }),
        world: "invalid",
        fate: Killed(ROOM_09),
    },
    Mutant {
        id: "ended-members-stay",
        rule: "a connection that ends leaves no room",
        change: replaced!(|directory, rules, input, emit| match input {
            Input::Disconnect(session) => directory.disconnect(session),
            other => room::step(directory, rules, other, &mut |effect| emit(effect)),
        }),
        world: "two-rooms",
        fate: Killed(ROOM_10),
    },
    Mutant {
        id: "ends-unannounced",
        rule: "the end of a connection is told to nobody",
        change: replaced!(|directory, rules, input, emit| {
            let is_end = matches!(input, Input::Disconnect(_));
            room::step(directory, rules, input, &mut |effect| {
                if !is_end {
                    emit(effect);
                }
            });
        }),
        world: "reconnect-once",
        fate: LetDown(ROOM_10),
    },
    Mutant {
        id: "ended-room-taken",
        rule: "a room that has no members is refused as existing, except to the first client",
        change: replaced!(|directory, rules, input, emit| match input {
            Input::Message(1, ClientMessage::Request { kind: RequestKind::Create, room: Ok(_), ack: true })
                if directory.current(1).is_none() =>
            {
                emit(send(1, ServerMessage::Refused(Refusal::RoomExists)));
            }
            other => room::step(directory, rules, other, &mut |effect| emit(effect)),
        }),
        world: "rejoin",
        fate: Killed(ROOM_11),
    },
    Mutant {
        id: "notices-to-all",
        rule: "user-joined goes to the third client too, whatever its room",
        change: replaced!(|directory, rules, input, emit| {
            room::step(directory, rules, input, &mut |effect| {
                if let Effect::Send { message: message @ ServerMessage::UserJoined(_), clause, .. } = &effect {
                    emit(Effect::Send { to: 2, message: message.clone(), clause: *clause });
                }
                emit(effect);
            });
        }),
        world: "encounter",
        fate: Killed(ROOM_12),
    },
    Mutant {
        id: "missing-ack",
        rule: "a missing ack callback is called",
        change: ruled!(missing_ack: MissingAck::Crash),
        world: "no-ack",
        fate: Killed(ERR_04),
    },
    Mutant {
        id: "id-resumed",
        rule: "a client that connects again gets the id that it had",
        change: ruled!(identity: Identity::Resumed),
        world: "reconnect-once",
        fate: Killed(ID_02),
    },
    Mutant {
        id: "id-shared",
        rule: "the same, while the server has not noticed the end of the earlier connection",
        change: ruled!(identity: Identity::Resumed),
        world: "reconnect-once",
        fate: Killed(ID_01),
    },
    Mutant {
        id: "room-half-closed",
        rule: "closing a room leaves its members recorded to be in it",
        change: ruled!(host_leaves: HostLeaves::ForgetRoom),
        world: "two-rooms",
        fate: Killed(CAP_HOST_CLOSE_01),
    },
    Mutant {
        id: "host-untold",
        rule: "host-changed goes to the new host only",
        change: |variant| {
            variant.rules.host_leaves = HostLeaves::HandOver;
            (amended!(|to, message, send| if !matches!(message, ServerMessage::HostChanged(host) if host != to) {
                send(to, message);
            }))(variant);
        },
        world: "mesh",
        fate: Killed(CAP_HOST_TRANSFER_01),
    },
    Mutant {
        id: "one-too-many",
        rule: "a room takes one member more than its capacity",
        change: |variant| {
            variant.rules.capacity = std::num::NonZeroU16::new(2);
            (replaced!(|directory, rules, input, emit| {
                let loose = RoomRules { capacity: rules.capacity.and_then(|it| it.checked_add(1)), ..*rules };
                room::step(directory, &loose, input, &mut |effect| emit(effect));
            }))(variant);
        },
        world: "mesh",
        fate: Killed(CAP_CAPACITY_01),
    },
    Mutant {
        id: "ack-first",
        rule: "the ack of a join is sent before the notices to the others",
        change: replaced!(|directory, rules, input, emit| {
            let mut effects = Vec::new();
            room::step(directory, rules, input, &mut |effect| effects.push(effect));
            let is_ack = |effect: &AnEffect| matches!(effect, Effect::Send { message: ServerMessage::Joined(..), .. });
            effects.sort_by_key(|effect| !is_ack(effect));
            effects.into_iter().for_each(emit);
        }),
        world: super::EVERYWHERE,
        fate: Equivalent("the order of what reaches different connections is left open"),
    },
];
