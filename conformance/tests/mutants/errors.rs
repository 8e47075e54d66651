//! Faults in what becomes of bad input, and of those who sent it.

use std::collections::BTreeSet;

use glare_conformance::transport::{CoreInput, CutOff, Incoming, ModelCore, RoomCore};
use glare_model::{
    message::{ClientMessage, RequestKind, ServerMessage, SignalFault, SignalKind, SignalRefusal, Target},
    requirement::ids::{ERR_01, ERR_02, ERR_03, ERR_04, ERR_05, ERR_06, ERR_07, ERR_08},
    room::{Effect, Input, MissingAck, RoomRules},
};
use serde_json::{Value, value::RawValue};

use crate::faulty::{Effects, Faulty, Mutant, caller, everybody, key_of, room_of, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "malformed-is-dropped",
        fault: "drops a malformed signal without a word",
        breaks: ERR_01,
        core: || error_is(SignalFault::Malformed, |_, _, _| Effects::new()),
    },
    Mutant {
        name: "malformed-is-always-an-answer",
        fault: "answers every malformed signal with the error of an answer",
        breaks: ERR_01,
        core: || error_is(SignalFault::Malformed, |_, to, _| vec![malformed(to, SignalKind::Answer)]),
    },
    Mutant {
        name: "error-without-type",
        fault: "sends errors that do not say which kind of signal they are about",
        breaks: ERR_01,
        core: || {
            Faulty::event_data("error", |data| {
                data.as_object_mut().and_then(|data| data.remove("type"));
            })
        },
    },
    Mutant {
        name: "malformed-is-told-to-everybody",
        fault: "sends the error for a malformed signal to every connection",
        breaks: ERR_01,
        core: || {
            error_is(SignalFault::Malformed, |model, _, kind| {
                everybody(model).into_iter().map(|to| malformed(to, kind)).collect()
            })
        },
    },
    Mutant {
        name: "signal-without-payload-is-relayed",
        fault: "relays a signal without payload as one of null",
        breaks: ERR_01,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
                let to = key_of(data?.get("target")?)?;
                let fits = data?.get(kind.payload_member()).is_none() && room_of(model, sender).contains(&to);
                fits.then(|| vec![send(to, ServerMessage::Signal { kind, from: sender, payload: null() })])
            })
        },
    },
    Mutant {
        name: "signal-without-target-is-for-the-room",
        fault: "relays a signal without target to all fellow members",
        breaks: ERR_01,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
                let payload = data?.get(kind.payload_member())?.to_string();
                if data?.get("target").is_some() {
                    return None;
                }
                let payload = RawValue::from_string(payload).ok()?;
                let fellows = room_of(model, sender).into_iter().filter(|member| *member != sender);
                let copy = |to| send(to, ServerMessage::Signal { kind, from: sender, payload: payload.clone() });
                Some(fellows.map(copy).collect())
            })
        },
    },
    Mutant {
        name: "no-data-crashes",
        fault: "stops on a signal without data",
        breaks: ERR_01,
        core: || {
            Faulty::event(|_, _, event, data| {
                let signal = SignalKind::ALL.into_iter().any(|kind| kind.event() == event);
                (signal && data.is_none_or(Value::is_null)).then(|| vec![Effect::Crash])
            })
        },
    },
    Mutant {
        name: "no-limit",
        fault: "relays a description of any size",
        breaks: ERR_02,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
                let to = key_of(data?.get("target")?)?;
                let payload = RawValue::from_string(data?.get(kind.payload_member())?.to_string()).ok()?;
                let fits = payload.get().len() > 100_000 && to != sender && room_of(model, sender).contains(&to);
                fits.then(|| vec![send(to, ServerMessage::Signal { kind, from: sender, payload })])
            })
        },
    },
    Mutant {
        name: "oversized-is-dropped",
        fault: "drops an oversized description without a word",
        breaks: ERR_02,
        core: || error_is(SignalFault::TooLarge, |_, _, _| Effects::new()),
    },
    Mutant {
        name: "oversized-ends-the-connection",
        fault: "closes the connection that sent an oversized description",
        breaks: ERR_02,
        core: || {
            Faulty::wire(|_, incoming| match &incoming {
                Incoming::Event { event, data: Some(data) } if event == "error" && data["code"] == "too-large" => {
                    vec![Incoming::Ended("message too large".to_owned())]
                }
                _ => vec![incoming],
            })
        },
    },
    Mutant {
        name: "deaf-after-a-refusal",
        fault: "hears nothing more from a connection whose create was refused",
        breaks: ERR_03,
        core: || {
            deaf_after(|effect| match effect {
                Effect::Send { to, message: ServerMessage::Refused(_), .. } => Some(*to),
                _ => None,
            })
        },
    },
    Mutant {
        name: "deaf-after-a-malformed-signal",
        fault: "hears nothing more from a connection that sent a malformed signal",
        breaks: ERR_03,
        core: || {
            deaf_after(|effect| match effect {
                Effect::Send {
                    to,
                    message: ServerMessage::Error(_, SignalRefusal::Fault(SignalFault::Malformed)),
                    ..
                } => Some(*to),
                _ => None,
            })
        },
    },
    Mutant {
        name: "missing-ack-crashes",
        fault: "stops on a request without an ack callback",
        breaks: ERR_04,
        core: || Faulty::rules(RoomRules { missing_ack: MissingAck::Crash, ..RoomRules::REFERENCE }),
    },
    Mutant {
        name: "missing-ack-deafens",
        fault: "hears nothing more from a connection after a request without an ack callback",
        breaks: ERR_04,
        core: || {
            let mut deaf = BTreeSet::new();
            Faulty::input(move |model, input| {
                let key = caller(&input);
                let message = matches!(input, Input::Message(..));
                if message && deaf.contains(&key) {
                    return Effects::new();
                }
                if matches!(input, Input::Message(_, ClientMessage::Request { ack: false, .. })) {
                    deaf.insert(key);
                }
                model.handle(input)
            })
        },
    },
    Mutant {
        name: "unknown-event-is-relayed",
        fault: "relays an event that it does not know as an offer to its target",
        breaks: ERR_05,
        core: || {
            Faulty::event(|_, sender, event, data| {
                let known = ["create-room", "join-room", "leave-room", "offer", "answer", "ice-candidate"];
                let to = key_of(data?.get("target")?).filter(|_| !known.contains(&event))?;
                Some(vec![send(to, ServerMessage::Signal { kind: SignalKind::Offer, from: sender, payload: null() })])
            })
        },
    },
    Mutant {
        name: "claimed-notices-are-relayed",
        fault: "passes a client's own notice on to the other members",
        breaks: ERR_05,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let user = key_of(data?.get("userId")?)?;
                let notice = match event {
                    "user-joined" => ServerMessage::UserJoined(user),
                    "user-left" => ServerMessage::UserLeft(user),
                    _ => return None,
                };
                let fellows = room_of(model, sender).into_iter().filter(|member| *member != sender);
                Some(fellows.map(|to| send(to, notice.clone())).collect())
            })
        },
    },
    Mutant {
        name: "event-names-in-any-case",
        fault: "takes LEAVE-ROOM for leave-room",
        breaks: ERR_05,
        core: || {
            Faulty::event(|model, sender, event, _| {
                (event == "LEAVE-ROOM").then(|| model.handle(Input::Message(sender, ClientMessage::Leave)))
            })
        },
    },
    Mutant {
        name: "event-named-error-crashes",
        fault: "stops on an event named error",
        breaks: ERR_05,
        core: || Faulty::event(|_, _, event, _| (event == "error").then(|| vec![Effect::Crash])),
    },
    Mutant {
        name: "broken-frame-crashes",
        fault: "stops on a broken frame",
        breaks: ERR_06,
        core: || Faulty::broken_frame(CutOff::Everybody),
    },
    Mutant {
        name: "no-newcomers-after-a-malformed-signal",
        fault: "answers no request of a client that connects after a malformed signal",
        breaks: ERR_07,
        core: || {
            let mut newest = 0;
            let mut last_served = u64::MAX;
            Faulty::input(move |model, input| {
                let key = caller(&input);
                if key > last_served {
                    return Effects::new();
                }
                newest = newest.max(key);
                if is_malformed(&input) {
                    last_served = newest;
                }
                model.handle(input)
            })
        },
    },
    Mutant {
        name: "waits-for-a-silent-client",
        fault: "waits for a client that has stopped reading before it goes on",
        breaks: ERR_08,
        core: || {
            let silent = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
            let noticed = silent.clone();
            let mut stuck = false;
            let waits = move |model: &mut ModelCore, input: CoreInput| {
                let silent = silent.lock().expect("nobody panics with it");
                if let Input::Message(_, ClientMessage::Signal { signal: Ok(signal), .. }) = &input {
                    stuck |= matches!(signal.target, Target::User(to) if silent.contains(&to));
                }
                if stuck { Effects::new() } else { model.handle(input) }
            };
            let notice = move |key| {
                noticed.lock().expect("nobody panics with it").insert(key);
                false
            };
            Faulty::sound().and_input(waits).and_silence(notice)
        },
    },
];

fn malformed(to: u64, kind: SignalKind) -> glare_conformance::transport::CoreEffect {
    send(to, ServerMessage::Error(kind, SignalRefusal::Fault(SignalFault::Malformed)))
}

fn null() -> Box<RawValue> {
    RawValue::from_string("null".to_owned()).expect("null is JSON")
}

fn is_malformed(input: &CoreInput) -> bool {
    let Input::Message(_, ClientMessage::Signal { signal, .. }) = input else { return false };
    matches!(signal, Err(SignalFault::Malformed))
}

/// Something else comes of a signal with this fault.
fn error_is(fault: SignalFault, other: fn(&ModelCore, u64, SignalKind) -> Effects) -> Faulty {
    Faulty::input(move |model, input| match input {
        Input::Message(sender, ClientMessage::Signal { kind, signal: Err(found) }) if found == fault => {
            other(model, sender, kind)
        }
        input => model.handle(input),
    })
}

/// Once this came of an input, the connection that it names is not heard any more. The fence asks for what has to be
/// refused, and is not counted: only a create is.
fn deaf_after(chosen: fn(&glare_conformance::transport::CoreEffect) -> Option<u64>) -> Faulty {
    let mut deaf = BTreeSet::new();
    Faulty::input(move |model, input| {
        if matches!(input, Input::Message(key, _) if deaf.contains(&key)) {
            return Effects::new();
        }
        let joins = matches!(input, Input::Message(_, ClientMessage::Request { kind: RequestKind::Join, .. }));
        let effects = model.handle(input);
        if !joins {
            deaf.extend(effects.iter().find_map(chosen));
        }
        effects
    })
}
