//! Mutants of the rules by which a member may be in several rooms.

use glare_model::{
    message::{ClientMessage, RequestKind, ServerMessage, Target},
    requirement::ids::{RELAY_01, RELAY_04, ROOM_07, ROOM_08, ROOM_10},
    room::{self, Effect, Input, RoomRules, SecondRoom},
};

use super::{Fate::Killed, Mutant};

/// The mutants.
pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "several-forgets-the-first",
        rule: "who enters a second room stays in the first, and the server forgets that it is there",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let rules = RoomRules { second_room: SecondRoom::Accumulate, ..*rules };
            room::step(directory, &rules, input, &mut |effect| emit(effect));
        }),
        world: "several-rooms",
        fate: Killed(ROOM_10),
    },
    Mutant {
        id: "several-moves",
        rule: "who enters a second room leaves the first, where it believes to be",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let rules = RoomRules { second_room: SecondRoom::Move, ..*rules };
            room::step(directory, &rules, input, &mut |effect| emit(effect));
        }),
        world: "several-rooms",
        fate: Killed(ROOM_07),
    },
    Mutant {
        id: "several-leaves-another",
        rule: "a leave that names a room leaves the other one",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let input = match input {
                Input::Message(by, ClientMessage::LeaveOne(room)) => {
                    Input::Message(by, ClientMessage::LeaveOne(1 - room))
                }
                other => other,
            };
            room::step(directory, rules, input, &mut |effect| emit(effect));
        }),
        world: "several-rooms",
        fate: Killed(ROOM_08),
    },
    Mutant {
        id: "several-told-once",
        rule: "who shares several rooms with a leaver is told once",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let mut told = Vec::new();
            room::step(directory, rules, input, &mut |effect| match effect {
                Effect::Send { to, message: ServerMessage::UserLeft(_), .. } if told.contains(&to) => {}
                Effect::Send { to, message: ServerMessage::UserLeft(_), .. } => {
                    told.push(to);
                    emit(effect);
                }
                other => emit(other),
            });
        }),
        world: "several-rooms",
        fate: Killed(ROOM_08),
    },
    Mutant {
        id: "several-signals-doubled",
        rule: "a signal arrives once for each room that its sender and its target share",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let copies = match &input {
                Input::Message(by, ClientMessage::Signal { signal: Ok(signal), .. }) => match signal.target {
                    Target::User(to) => directory.rooms_of(*by).iter().filter(|room| directory.is_in(to, room)).count(),
                    Target::Member(..) | Target::Room(_) | Target::Unknown => 1,
                },
                _ => 1,
            };
            room::step(directory, rules, input, &mut |effect| {
                let is_signal = matches!(effect, Effect::Send { message: ServerMessage::Signal { .. }, .. });
                for _ in 1..if is_signal { copies } else { 1 } {
                    emit(effect.clone());
                }
                emit(effect);
            });
        }),
        world: "several-rooms",
        fate: Killed(RELAY_01),
    },
    Mutant {
        id: "several-in-reach-of-all",
        rule: "who is in any room is in reach of whoever is in any",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let is_somewhere = |session: u8| !directory.rooms_of(session).is_empty();
            let input = match input {
                Input::Message(by, ClientMessage::Signal { kind, signal: Ok(mut signal) }) => {
                    if let Target::User(to) = signal.target
                        && to != by
                        && is_somewhere(by)
                        && is_somewhere(to)
                    {
                        let mut rules = *rules;
                        rules.relay = room::Relay::Everybody;
                        signal.target = Target::User(to);
                        let input = Input::Message(by, ClientMessage::Signal { kind, signal: Ok(signal) });
                        return room::step(directory, &rules, input, &mut |effect| emit(effect));
                    }
                    Input::Message(by, ClientMessage::Signal { kind, signal: Ok(signal) })
                }
                other => other,
            };
            room::step(directory, rules, input, &mut |effect| emit(effect));
        }),
        world: "several-rooms",
        fate: Killed(RELAY_04),
    },
    Mutant {
        id: "several-untold-in-the-second",
        rule: "the members of a second room are not told who enters it",
        change: replaced_in_several!(|directory, rules, input, emit| {
            let is_second = matches!(&input, Input::Message(by, ClientMessage::Request { kind: RequestKind::Join, .. })
                if !directory.rooms_of(*by).is_empty());
            room::step(directory, rules, input, &mut |effect| {
                let is_notice = matches!(effect, Effect::Send { message: ServerMessage::UserJoined(_), .. });
                if !(is_second && is_notice) {
                    emit(effect);
                }
            });
        }),
        world: "several-rooms",
        fate: Killed(ROOM_07),
    },
];
