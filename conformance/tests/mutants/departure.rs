//! Faults in what the end of a stay has to do.

use std::collections::{BTreeMap, BTreeSet};

use glare_conformance::transport::{CoreInput, ModelCore, RoomCore};
use glare_model::{
    id::RoomId,
    message::{ClientMessage, ServerMessage, Target},
    requirement::ids::{ROOM_06, ROOM_09, ROOM_10, ROOM_12, ROOM_13},
    room::{Directory, Effect, Input},
};

use crate::faulty::{Effects, Faulty, Mutant, caller, everybody, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "leave-is-forgotten",
        fault: "announces a leaver and keeps it in the member list",
        breaks: ROOM_06,
        core: || {
            let mut ghosts: BTreeMap<RoomId, BTreeSet<u64>> = BTreeMap::new();
            Faulty::input(move |model, input| {
                if let (Input::Message(_, ClientMessage::Leave), Some(room)) =
                    (&input, model.directory.current(caller(&input)))
                {
                    ghosts.entry(room).or_default().insert(caller(&input));
                }
                let mut effects = model.handle(input);
                for effect in &mut effects {
                    if let Effect::Send { message: ServerMessage::Joined(room, users), .. } = effect {
                        users.extend(ghosts.get(room).into_iter().flatten());
                    }
                }
                effects
            })
        },
    },
    Mutant {
        name: "leave-from-nowhere-is-announced",
        fault: "tells everybody of the leave of a caller in no room",
        breaks: ROOM_09,
        core: || {
            Faulty::input(|model, input| match input {
                Input::Message(leaver, ClientMessage::Leave) if model.directory.current(leaver).is_none() => {
                    let others = everybody(model).into_iter().filter(|key| *key != leaver);
                    others.map(|key| send(key, ServerMessage::UserLeft(leaver))).collect()
                }
                input => model.handle(input),
            })
        },
    },
    Mutant {
        name: "leave-from-nowhere-crashes",
        fault: "stops on the leave of a caller in no room",
        breaks: ROOM_09,
        core: || {
            Faulty::input(|model, input| match input {
                Input::Message(leaver, ClientMessage::Leave) if model.directory.current(leaver).is_none() => {
                    vec![Effect::Crash]
                }
                input => model.handle(input),
            })
        },
    },
    Mutant {
        name: "end-is-not-noticed",
        fault: "keeps a member whose connection has ended",
        breaks: ROOM_10,
        core: || {
            Faulty::input(|model, input| match input {
                Input::Disconnect(_) => Effects::new(),
                input => model.handle(input),
            })
        },
    },
    Mutant {
        name: "end-is-not-announced",
        fault: "tells nobody of a member whose connection has ended",
        breaks: ROOM_10,
        core: || ends(|_| Effects::new()),
    },
    Mutant {
        name: "end-is-announced-twice",
        fault: "tells every member twice of one whose connection has ended",
        breaks: ROOM_10,
        core: || ends(|effects| effects.iter().chain(&effects).cloned().collect()),
    },
    Mutant {
        name: "end-after-leave-is-announced",
        fault: "announces the end of a connection to the room that it has left",
        breaks: ROOM_10,
        core: || {
            let mut last_rooms: BTreeMap<u64, RoomId> = BTreeMap::new();
            Faulty::input(move |model, input| {
                let key = caller(&input);
                if let Some(room) = model.directory.current(key) {
                    last_rooms.insert(key, room);
                }
                match (&input, last_rooms.get(&key)) {
                    (Input::Disconnect(_), Some(room)) if model.directory.current(key).is_none() => {
                        let former = model.directory.members(room).to_vec();
                        model.handle(input);
                        former.into_iter().map(|to| send(to, ServerMessage::UserLeft(key))).collect()
                    }
                    _ => model.handle(input),
                }
            })
        },
    },
    Mutant {
        name: "leaver-goes-on-listening",
        fault: "sends the notices of a room to those who have left it",
        breaks: ROOM_12,
        core: || {
            with_former_members(|former, model, input| {
                let key = caller(&input);
                let before = model.directory.current(key);
                let mut effects = model.handle(input);
                let notice = effects.iter().find_map(|effect| match effect {
                    Effect::Send { message: ServerMessage::UserJoined(user), .. } => {
                        Some(ServerMessage::UserJoined(*user))
                    }
                    Effect::Send { message: ServerMessage::UserLeft(user), .. } => Some(ServerMessage::UserLeft(*user)),
                    _ => None,
                });
                let room = before.or_else(|| model.directory.current(key));
                if let (Some(notice), Some(room)) = (notice, room) {
                    let listeners = former.get(&room).into_iter().flatten().filter(|one| **one != key);
                    effects.extend(listeners.map(|to| send(*to, notice.clone())));
                }
                effects
            })
        },
    },
    Mutant {
        name: "leaver-goes-on-receiving",
        fault: "relays a member's signal to somebody who has left the room",
        breaks: ROOM_12,
        core: || {
            with_former_members(|former, model, input| {
                if let Input::Message(sender, ClientMessage::Signal { kind, signal: Ok(signal) }) = &input
                    && let (Target::User(to), Some(room)) = (signal.target.clone(), model.directory.current(*sender))
                    && former.get(&room).is_some_and(|users| users.contains(&to))
                {
                    let payload = signal.payload.clone();
                    return vec![send(to, ServerMessage::Signal { kind: *kind, from: *sender, payload })];
                }
                model.handle(input)
            })
        },
    },
    Mutant {
        name: "no-heartbeat",
        fault: "keeps a member that has fallen silent",
        breaks: ROOM_13,
        core: || Faulty::sound().and_silence(|_| false),
    },
];

/// Other effects of the end of a connection.
fn ends(other: fn(Effects) -> Effects) -> Faulty {
    Faulty::input(move |model, input| {
        let ended = matches!(input, Input::Disconnect(_));
        let effects = model.handle(input);
        if ended { other(effects) } else { effects }
    })
}

/// Who has left which room, and is still connected and not back.
type Former = BTreeMap<RoomId, BTreeSet<u64>>;

fn with_former_members(mut act: impl FnMut(&Former, &mut ModelCore, CoreInput) -> Effects + Send + 'static) -> Faulty {
    let mut former = Former::new();
    Faulty::input(move |model, input| {
        let key = caller(&input);
        let before = model.directory.current(key);
        let effects = act(&former, model, input);
        let after = model.directory.current(key);
        if before != after {
            before.map(|room| former.entry(room).or_default().insert(key));
            after.map(|room| former.entry(room).or_default().remove(&key));
        }
        effects
    })
}
