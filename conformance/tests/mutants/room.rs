//! Faults in creating rooms.

use glare_conformance::transport::RoomCore;
use glare_model::{
    id::InvalidRoomId,
    message::{ClientMessage, Refusal, RequestKind, ServerMessage},
    requirement::ids::{ROOM_01, ROOM_02, ROOM_03, ROOM_15},
    room::{Directory, Input},
};
use serde_json::json;

use crate::faulty::{Effects, Faulty, Mutant, caller, everybody, exists, outsiders_request, request, room_id, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "create-is-announced",
        fault: "tells every connection of the creator of a room",
        breaks: ROOM_01,
        core: || {
            Faulty::rewrite(|model, to, message| {
                let created = matches!(message, ServerMessage::Created(_));
                let others = everybody(model).into_iter().filter(|key| created && *key != to);
                let told: Vec<_> = others.map(|key| (key, ServerMessage::UserJoined(to))).collect();
                told.into_iter().chain([(to, message)]).collect()
            })
        },
    },
    Mutant {
        name: "one-room-only",
        fault: "refuses a second room while the first one has members",
        breaks: ROOM_01,
        core: || {
            Faulty::input(|model, input| match outsiders_request(model, &input, RequestKind::Create) {
                Some((caller, _)) if model.directory.room_count() > 0 => {
                    vec![send(caller, ServerMessage::Refused(Refusal::RoomExists))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "create-ack-names-another-room",
        fault: "answers a create with another room id than the one asked for",
        breaks: ROOM_01,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Created(_) => vec![(to, ServerMessage::Created(room_id("another")))],
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "create-ack-without-success",
        fault: "answers a create with the room id alone",
        breaks: ROOM_01,
        core: || {
            Faulty::ack_data(|data| {
                if data["success"] == true && data.get("existingUsers").is_none() {
                    *data = json!({"roomId": data["roomId"]});
                }
            })
        },
    },
    Mutant {
        name: "create-joins",
        fault: "lets the creator of an existing room join it",
        breaks: ROOM_02,
        core: || {
            Faulty::input(|model, input| match outsiders_request(model, &input, RequestKind::Create) {
                Some((caller, room)) if exists(model, &room) => {
                    model.handle(request(caller, RequestKind::Join, room.clone()));
                    vec![send(caller, ServerMessage::Created(room))]
                }
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "create-overwrites",
        fault: "puts a new, empty room in the place of an existing one",
        breaks: ROOM_02,
        core: || {
            Faulty::input(|model, input| {
                if let Some((_, room)) = outsiders_request(model, &input, RequestKind::Create) {
                    for member in model.directory.members(&room).to_vec() {
                        model.directory.exit(&room, member);
                        model.directory.set_current(member, None);
                    }
                }
                model.handle(input)
            })
        },
    },
    Mutant {
        name: "refused-create-is-announced",
        fault: "tells the members of a room of somebody who failed to create it",
        breaks: ROOM_02,
        core: || {
            Faulty::input(|model, input| {
                let wanted = outsiders_request(model, &input, RequestKind::Create);
                let members = wanted.map(|(_, room)| model.directory.members(&room).to_vec()).unwrap_or_default();
                let joiner = caller(&input);
                let told = members.into_iter().map(|member| send(member, ServerMessage::UserJoined(joiner)));
                told.chain(model.handle(input)).collect()
            })
        },
    },
    Mutant {
        name: "refused-create-is-not-answered",
        fault: "leaves the create of an existing room without an ack",
        breaks: ROOM_02,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Refused(Refusal::RoomExists) => Vec::new(),
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "empty-room-id",
        fault: "creates a room under the empty id",
        breaks: ROOM_03,
        core: || creates_in_spite_of(InvalidRoomId::Empty),
    },
    Mutant {
        name: "long-room-id",
        fault: "creates a room under an id of 65 characters",
        breaks: ROOM_03,
        core: || creates_in_spite_of(InvalidRoomId::TooLong),
    },
    Mutant {
        name: "room-id-that-is-no-string",
        fault: "creates a room under a number, a list or an object",
        breaks: ROOM_03,
        core: || creates_in_spite_of(InvalidRoomId::NotAString),
    },
    Mutant {
        name: "id-is-free-when-the-creator-leaves",
        fault: "lets a second room be created under the id of one whose creator has left",
        breaks: ROOM_02,
        core: || {
            let mut creators = std::collections::BTreeMap::new();
            Faulty::input(move |model, input| {
                if let Some((caller, room)) = outsiders_request(model, &input, RequestKind::Create) {
                    let creator = creators.entry(room.clone()).or_insert(caller);
                    if exists(model, &room) && model.directory.current(*creator).as_ref() != Some(&room) {
                        return vec![send(caller, ServerMessage::Created(room))];
                    }
                }
                model.handle(input)
            })
        },
    },
    Mutant {
        name: "asks-before-it-creates",
        fault: "asks whether a room exists, waits, and creates it: of requests under way together all succeed",
        breaks: ROOM_15,
        core: || {
            let mut begun = Vec::new();
            Faulty::input(move |model, input| match outsiders_request(model, &input, RequestKind::Create) {
                Some((caller, room)) if !exists(model, &room) => {
                    begun.push((caller, room.clone()));
                    vec![send(caller, ServerMessage::Created(room))]
                }
                _ => {
                    for (caller, room) in begun.drain(..) {
                        let kind = if exists(model, &room) { RequestKind::Join } else { RequestKind::Create };
                        model.handle(request(caller, kind, room));
                    }
                    model.handle(input)
                }
            })
        },
    },
    Mutant {
        name: "concurrent-creates-are-not-answered",
        fault: "answers one of several creates of a room under way together and forgets the others",
        breaks: ROOM_15,
        core: || {
            let mut created_just_now = None;
            Faulty::input(move |model, input| {
                let wanted = outsiders_request(model, &input, RequestKind::Create).map(|(_, room)| room);
                if wanted.is_some() && wanted == created_just_now {
                    return Effects::new();
                }
                created_just_now = wanted;
                model.handle(input)
            })
        },
    },
];

/// An invalid id is taken for a valid one on create.
fn creates_in_spite_of(fault: InvalidRoomId) -> Faulty {
    Faulty::input(move |model, input| match input {
        Input::Message(caller, ClientMessage::Request { kind: RequestKind::Create, room: Err(invalid), ack })
            if invalid == fault =>
        {
            let room = Ok(room_id("whatever"));
            model.handle(Input::Message(caller, ClientMessage::Request { kind: RequestKind::Create, room, ack }))
        }
        input => model.handle(input),
    })
}
