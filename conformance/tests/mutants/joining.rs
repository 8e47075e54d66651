//! Faults in joining rooms, in second rooms, and in the end of a room.

use std::collections::BTreeSet;

use glare_conformance::transport::{CoreEffect, RoomCore};
use glare_model::{
    message::{ClientMessage, Refusal, RequestKind, ServerMessage},
    requirement::ids::{ROOM_04, ROOM_05, ROOM_06, ROOM_11},
    room::{Directory, Effect, Input, RoomRules, SecondRoom},
};

use crate::faulty::{Effects, Faulty, Mutant, caller, everybody, exists, outsiders_request, request, room_of, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "second-room",
        fault: "lets a member enter a second room and keeps it in the first: a ghost",
        breaks: ROOM_04,
        core: || Faulty::rules(RoomRules { second_room: SecondRoom::Accumulate, ..RoomRules::REFERENCE }),
    },
    Mutant {
        name: "moves-to-the-second-room",
        fault: "takes a request by a member for a leave and a request",
        breaks: ROOM_04,
        core: || {
            Faulty::input(|model, input| {
                let mut effects = Effects::new();
                if let Input::Message(caller, ClientMessage::Request { room: Ok(_), .. }) = &input {
                    effects = model.handle(Input::Message(*caller, ClientMessage::Leave));
                }
                effects.extend(model.handle(input));
                effects
            })
        },
    },
    Mutant {
        name: "refusal-evicts",
        fault: "refuses a second room and takes the caller out of its first",
        breaks: ROOM_04,
        core: || {
            Faulty::input(|model, input| {
                let caller = caller(&input);
                let mut effects = model.handle(input);
                let refused = |effect: &CoreEffect| {
                    matches!(effect, Effect::Send { message: ServerMessage::Refused(Refusal::AlreadyInRoom), .. })
                };
                if effects.iter().any(refused) {
                    effects.extend(model.handle(Input::Message(caller, ClientMessage::Leave)));
                }
                effects
            })
        },
    },
    Mutant {
        name: "same-room-again",
        fault: "accepts the join of a room by its member",
        breaks: ROOM_04,
        core: || {
            Faulty::input(|model, input| match &input {
                Input::Message(
                    caller,
                    ClientMessage::Request { kind: RequestKind::Join, room: Ok(room), ack: true },
                ) if model.directory.current(*caller).as_ref() == Some(room) => {
                    let fellows = room_of(model, *caller).into_iter().filter(|member| member != caller).collect();
                    vec![send(*caller, ServerMessage::Joined(room.clone(), fellows))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "join-creates",
        fault: "creates the unknown room that somebody joins",
        breaks: ROOM_05,
        core: || {
            Faulty::input(|model, input| match outsiders_request(model, &input, RequestKind::Join) {
                Some((caller, room)) if !exists(model, &room) => {
                    model.handle(request(caller, RequestKind::Create, room.clone()));
                    vec![send(caller, ServerMessage::Joined(room, Vec::new()))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "user-id-is-a-room",
        fault: "lets a client join the room that its transport keeps for each connection",
        breaks: ROOM_05,
        core: || {
            Faulty::input(|model, input| match outsiders_request(model, &input, RequestKind::Join) {
                Some((caller, room)) if room.as_str().starts_with("user-") => {
                    vec![send(caller, ServerMessage::Joined(room, Vec::new()))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "list-with-the-joiner",
        fault: "lists the joiner among the existing users",
        breaks: ROOM_06,
        core: || lists(|to, users| users.push(to)),
    },
    Mutant {
        name: "list-without-the-first",
        fault: "leaves the first member out of the existing users",
        breaks: ROOM_06,
        core: || {
            lists(|_, users| {
                users.remove(0);
            })
        },
    },
    Mutant {
        name: "list-with-duplicates",
        fault: "lists every existing user twice",
        breaks: ROOM_06,
        core: || lists(|_, users| users.extend(users.clone())),
    },
    Mutant {
        name: "list-with-leavers",
        fault: "lists whoever has been in the room, gone or not",
        breaks: ROOM_06,
        core: || {
            let mut ever = BTreeSet::new();
            Faulty::rewrite(move |_, to, message| match message {
                ServerMessage::Created(room) => {
                    ever.insert((room.clone(), to));
                    vec![(to, ServerMessage::Created(room))]
                }
                ServerMessage::Joined(room, _) => {
                    let all = ever.iter().filter(|(own, user)| *own == room && *user != to).map(|(_, user)| *user);
                    let all = all.collect();
                    ever.insert((room.clone(), to));
                    vec![(to, ServerMessage::Joined(room, all))]
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "list-of-everybody",
        fault: "lists all connections of the server",
        breaks: ROOM_06,
        core: || {
            Faulty::rewrite(|model, to, message| match message {
                ServerMessage::Joined(room, _) => {
                    let others = everybody(model).into_iter().filter(|key| *key != to).collect();
                    vec![(to, ServerMessage::Joined(room, others))]
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "no-list",
        fault: "answers a join without existing users",
        breaks: ROOM_06,
        core: || {
            Faulty::ack_data(|data| {
                if let Some(members) = data.as_object_mut() {
                    members.remove("existingUsers");
                }
            })
        },
    },
    Mutant {
        name: "room-for-two",
        fault: "refuses the third member of a room",
        breaks: ROOM_06,
        core: || {
            Faulty::input(|model, input| match outsiders_request(model, &input, RequestKind::Join) {
                Some((caller, room)) if model.directory.members(&room).len() >= 2 => {
                    vec![send(caller, ServerMessage::Refused(Refusal::RoomNotFound))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "room-id-is-never-free",
        fault: "refuses to create a room again after its end",
        breaks: ROOM_11,
        core: || {
            let mut used = BTreeSet::new();
            Faulty::input(move |model, input| match outsiders_request(model, &input, RequestKind::Create) {
                Some((caller, room)) if !exists(model, &room) && !used.insert(room.clone()) => {
                    vec![send(caller, ServerMessage::Refused(Refusal::RoomExists))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "room-outlives-its-members",
        fault: "lets a client join a room that has ended",
        breaks: ROOM_11,
        core: || {
            let mut used = BTreeSet::new();
            Faulty::input(move |model, input| {
                if let Some((_, room)) = outsiders_request(model, &input, RequestKind::Create) {
                    used.insert(room);
                }
                match outsiders_request(model, &input, RequestKind::Join) {
                    Some((caller, room)) if !exists(model, &room) && used.contains(&room) => {
                        model.handle(request(caller, RequestKind::Create, room.clone()));
                        vec![send(caller, ServerMessage::Joined(room, Vec::new()))]
                    }
                    _ => model.handle(input),
                }
            })
        },
    },
];

/// A join's list is another one.
fn lists(change: fn(u64, &mut Vec<u64>)) -> Faulty {
    Faulty::rewrite(move |_, to, message| match message {
        ServerMessage::Joined(room, mut users) => {
            change(to, &mut users);
            vec![(to, ServerMessage::Joined(room, users))]
        }
        message => vec![(to, message)],
    })
}
