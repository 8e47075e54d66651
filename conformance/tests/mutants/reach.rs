//! Faults in whom a signal may reach, and in what its sender is told.

use glare_conformance::transport::{CoreInput, ModelCore, RoomCore};
use glare_model::{
    message::{ClientMessage, ServerMessage, Signal, SignalKind, SignalRefusal, Target},
    requirement::ids::{RELAY_04, RELAY_05, RELAY_06, RELAY_07, RELAY_08},
    room::{Directory, Input, RoomRules, SelfSignal},
    wire::Payload,
};
use serde_json::{Value, value::RawValue};

use crate::faulty::{Effects, Faulty, Mutant, everybody, key_of, room_of, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "relays-out-of-the-room",
        fault: "relays a member's signal to a user who never was in its room",
        breaks: RELAY_04,
        core: || {
            relays_also(|model, sender, to| {
                model.directory.current(sender).is_some() && model.directory.is_connected(to)
            })
        },
    },
    Mutant {
        name: "relays-from-nowhere",
        fault: "relays a signal of a sender in no room to a member of one",
        breaks: RELAY_05,
        core: || {
            relays_also(|model, sender, to| {
                model.directory.current(sender).is_none() && model.directory.current(to).is_some()
            })
        },
    },
    Mutant {
        name: "nowhere-is-a-room",
        fault: "takes two users in no room for members of one",
        breaks: RELAY_05,
        core: || {
            relays_also(|model, sender, to| {
                sender != to && model.directory.current(sender).is_none() && model.directory.current(to).is_none()
            })
        },
    },
    Mutant {
        name: "room-name-is-a-target",
        fault: "relays a signal whose target is the name of a room to its members",
        breaks: RELAY_06,
        core: || {
            Faulty::input(|model, input| match &input {
                Input::Message(sender, ClientMessage::Signal { kind, signal: Ok(signal) }) => match &signal.target {
                    Target::Room(room) => {
                        let members = model.directory.members(room).to_vec();
                        copies(members, *kind, *sender, &signal.payload)
                    }
                    Target::User(_) | Target::Member(..) | Target::Unknown => model.handle(input),
                },
                _ => model.handle(input),
            })
        },
    },
    Mutant {
        name: "list-is-a-target",
        fault: "relays a signal to each user in a list of targets",
        breaks: RELAY_06,
        core: || {
            Faulty::event(|_, sender, event, data| {
                let (kind, target, payload) = read_signal(event, data?)?;
                let listed: Vec<_> = target.as_array()?.iter().filter_map(key_of).collect();
                (!listed.is_empty()).then(|| copies(listed, kind, sender, &payload))
            })
        },
    },
    Mutant {
        name: "empty-list-is-everybody",
        fault: "relays a signal with an empty list of targets to every connection",
        breaks: RELAY_06,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let (kind, target, payload) = read_signal(event, data?)?;
                target.as_array()?.is_empty().then(|| copies(everybody(model), kind, sender, &payload))
            })
        },
    },
    Mutant {
        name: "object-is-a-target",
        fault: "relays a signal to the user whose id is within an object",
        breaks: RELAY_06,
        core: || {
            Faulty::event(|_, sender, event, data| {
                let (kind, target, payload) = read_signal(event, data?)?;
                let to = key_of(target.get("id")?)?;
                Some(copies(vec![to], kind, sender, &payload))
            })
        },
    },
    Mutant {
        name: "star-is-everybody",
        fault: "relays a signal with the target `*` to the sender's room",
        breaks: RELAY_06,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let (kind, target, payload) = read_signal(event, data?)?;
                (target == "*").then(|| copies(room_of(model, sender), kind, sender, &payload))
            })
        },
    },
    Mutant {
        name: "undeliverable-is-dropped",
        fault: "drops an undeliverable signal without a word",
        breaks: RELAY_07,
        core: || Faulty::rules(RoomRules { report_undeliverable: false, ..RoomRules::REFERENCE }),
    },
    Mutant {
        name: "undeliverable-is-told-to-the-room",
        fault: "sends the error for an undeliverable signal to the sender's whole room",
        breaks: RELAY_07,
        core: || {
            Faulty::rewrite(|model, to, message| match message {
                ServerMessage::Error(_, SignalRefusal::Undeliverable) => {
                    let others = room_of(model, to).into_iter().filter(|member| *member != to);
                    others.chain([to]).map(|member| (member, message.clone())).collect()
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "undeliverable-is-always-an-offer",
        fault: "answers every undeliverable signal with the error of an offer",
        breaks: RELAY_07,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Error(_, SignalRefusal::Undeliverable) => {
                    vec![(to, ServerMessage::Error(SignalKind::Offer, SignalRefusal::Undeliverable))]
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "relays-to-oneself",
        fault: "delivers a signal to oneself",
        breaks: RELAY_08,
        core: || Faulty::rules(RoomRules { self_signal: SelfSignal::Deliver, ..RoomRules::REFERENCE }),
    },
];

/// A signal as it came, before its target was judged.
fn read_signal<'a>(event: &str, data: &'a Value) -> Option<(SignalKind, &'a Value, Payload)> {
    let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
    let payload = RawValue::from_string(data.get(kind.payload_member())?.to_string()).ok()?;
    Some((kind, data.get("target")?, payload))
}

/// The signal, to each but its sender.
fn copies(receivers: Vec<u64>, kind: SignalKind, from: u64, payload: &Payload) -> Effects {
    let signal = |to| send(to, ServerMessage::Signal { kind, from, payload: payload.clone() });
    receivers.into_iter().filter(|to| *to != from).map(signal).collect()
}

/// Signals between these two users are relayed as well.
fn relays_also(also: fn(&ModelCore, u64, u64) -> bool) -> Faulty {
    Faulty::input(move |model: &mut ModelCore, input: CoreInput| match &input {
        Input::Message(
            sender,
            ClientMessage::Signal { kind, signal: Ok(Signal { target: Target::User(to), payload }) },
        ) if to != sender && also(model, *sender, *to) => copies(vec![*to], *kind, *sender, payload),
        _ => model.handle(input),
    })
}
