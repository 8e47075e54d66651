//! Faults in notices.

use glare_conformance::transport::{ModelCore, RoomCore};
use glare_model::{
    message::{ClientMessage, ServerMessage},
    requirement::ids::{ROOM_07, ROOM_08, ROOM_14},
    room::{Directory, Effect, Input},
};
use serde_json::Value;

use crate::faulty::{Faulty, Message, Mutant, everybody, room_of, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "join-is-not-announced",
        fault: "tells nobody of a joiner",
        breaks: ROOM_07,
        core: || joins(|_, _, _| Vec::new()),
    },
    Mutant {
        name: "join-is-announced-twice",
        fault: "tells every member of a joiner twice",
        breaks: ROOM_07,
        core: || joins(|_, to, joiner| vec![(to, joiner), (to, joiner)]),
    },
    Mutant {
        name: "join-is-announced-to-the-joiner",
        fault: "tells the joiner of itself",
        breaks: ROOM_07,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Joined(..) => vec![(to, message), (to, ServerMessage::UserJoined(to))],
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "join-is-announced-to-everybody",
        fault: "tells every connection but the joiner of a joiner, in whatever room",
        breaks: ROOM_07,
        core: || {
            Faulty::rewrite(|model, to, message| match message {
                ServerMessage::UserJoined(joiner) if room_of(model, joiner).first() == Some(&to) => {
                    let others = everybody(model).into_iter().filter(|key| *key != joiner);
                    others.map(|key| (key, ServerMessage::UserJoined(joiner))).collect()
                }
                ServerMessage::UserJoined(_) => Vec::new(),
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "join-is-announced-to-the-creator",
        fault: "tells only the first member of a joiner",
        breaks: ROOM_07,
        core: || {
            joins(
                |model, to, joiner| {
                    if room_of(model, joiner).first() == Some(&to) { vec![(to, joiner)] } else { Vec::new() }
                },
            )
        },
    },
    Mutant {
        name: "join-names-the-receiver",
        fault: "tells every member of its own joining instead of the joiner's",
        breaks: ROOM_07,
        core: || joins(|_, to, _| vec![(to, to)]),
    },
    Mutant {
        name: "leave-is-not-announced",
        fault: "tells nobody of a leaver",
        breaks: ROOM_08,
        core: || leaves(|_, _, _| Vec::new()),
    },
    Mutant {
        name: "leave-is-announced-twice",
        fault: "tells every member of a leaver twice",
        breaks: ROOM_08,
        core: || leaves(|_, to, leaver| vec![(to, leaver), (to, leaver)]),
    },
    Mutant {
        name: "leave-is-announced-to-the-leaver",
        fault: "tells the leaver of itself",
        breaks: ROOM_08,
        core: || leaves(|_, to, leaver| vec![(to, leaver), (leaver, leaver)]),
    },
    Mutant {
        name: "leave-is-announced-to-everybody",
        fault: "tells every connection but the leaver of a leaver, in whatever room",
        breaks: ROOM_08,
        core: || {
            Faulty::input(|model, input| {
                let Input::Message(leaver, ClientMessage::Leave) = input else { return model.handle(input) };
                let member = model.directory.current(leaver).is_some();
                model.handle(input);
                let others = everybody(model).into_iter().filter(|key| member && *key != leaver);
                others.map(|key| send(key, ServerMessage::UserLeft(leaver))).collect()
            })
        },
    },
    Mutant {
        name: "leave-names-the-receiver",
        fault: "tells every member of its own leaving instead of the leaver's",
        breaks: ROOM_08,
        core: || leaves(|_, to, _| vec![(to, to)]),
    },
    Mutant {
        name: "leave-is-called-join",
        fault: "sends user-joined for a leaver",
        breaks: ROOM_08,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::UserLeft(leaver) => vec![(to, ServerMessage::UserJoined(leaver))],
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "timestamp-is-a-number",
        fault: "puts milliseconds since 1970 on a join",
        breaks: ROOM_14,
        core: || Faulty::event_data("user-joined", |data| data["timestamp"] = 1_767_323_045_678_u64.into()),
    },
    Mutant {
        name: "timestamp-of-another-form",
        fault: "puts a date-time in the server's own language on a leave",
        breaks: ROOM_14,
        core: || Faulty::event_data("user-left", |data| data["timestamp"] = "Fri Jan 02 2026 03:04:05".into()),
    },
    Mutant {
        name: "timestamp-is-missing",
        fault: "puts no date-time on a leave",
        breaks: ROOM_14,
        core: || {
            Faulty::event_data("user-left", |data| {
                data.as_object_mut().and_then(|members| members.remove("timestamp"));
            })
        },
    },
    Mutant {
        name: "notice-without-user",
        fault: "announces a joiner without its user id",
        breaks: ROOM_07,
        core: || Faulty::event_data("user-joined", |data| data["userId"] = Value::Null),
    },
];

/// Other receivers and names for each `user-joined`.
fn joins(other: fn(&ModelCore, u64, u64) -> Vec<(u64, u64)>) -> Faulty {
    Faulty::rewrite(move |model, to, message| match message {
        ServerMessage::UserJoined(joiner) => {
            let told = other(model, to, joiner).into_iter();
            told.map(|(to, user)| (to, ServerMessage::UserJoined(user))).collect::<Vec<(u64, Message)>>()
        }
        message => vec![(to, message)],
    })
}

/// Other receivers and names for each `user-left` that comes of `leave-room`.
fn leaves(other: fn(&ModelCore, u64, u64) -> Vec<(u64, u64)>) -> Faulty {
    Faulty::input(move |model, input| {
        let polite = matches!(input, Input::Message(_, ClientMessage::Leave));
        let effects = model.handle(input).into_iter();
        let changed = effects.flat_map(|effect| match effect {
            Effect::Send { to, message: ServerMessage::UserLeft(leaver), .. } if polite => {
                let told = other(model, to, leaver).into_iter();
                told.map(|(to, user)| send(to, ServerMessage::UserLeft(user))).collect()
            }
            effect => vec![effect],
        });
        changed.collect()
    })
}
