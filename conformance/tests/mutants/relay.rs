//! Faults in how a signal to a fellow member arrives.

use glare_conformance::transport::ModelCore;
use glare_model::{
    message::{ServerMessage, SignalKind},
    requirement::ids::{RELAY_01, RELAY_02, RELAY_03},
    wire::Payload,
};
use serde_json::{Value, value::RawValue};

use crate::faulty::{Faulty, Message, Mutant, key_of, payload, room_of, send};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "relays-no-candidates",
        fault: "relays offers and answers only",
        breaks: RELAY_01,
        core: || {
            signals(|_, to, message| match message {
                ServerMessage::Signal { kind: SignalKind::Candidate, .. } => Vec::new(),
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "relays-no-end-of-candidates",
        fault: "drops a candidate whose text is empty",
        breaks: RELAY_01,
        core: || {
            signals(|_, to, message| match message {
                ServerMessage::Signal { payload, .. } if payload.get().contains("\"candidate\":\"\"") => Vec::new(),
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "relays-twice",
        fault: "relays every signal twice",
        breaks: RELAY_01,
        core: || signals(|_, to, message| vec![(to, message.clone()), (to, message)]),
    },
    Mutant {
        name: "relays-to-the-room",
        fault: "relays a signal to every other member of the room",
        breaks: RELAY_01,
        core: || {
            Faulty::rewrite(|model, to, message| match message {
                ServerMessage::Signal { from, .. } => {
                    let others = room_of(model, from).into_iter().filter(|member| *member != from);
                    others.map(|member| (member, message.clone())).collect()
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "relays-to-the-sender-as-well",
        fault: "sends a copy of every signal to its sender",
        breaks: RELAY_01,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Signal { from, .. } => vec![(to, message.clone()), (from, message)],
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "relays-to-another-member",
        fault: "relays a signal to a third member where there is one",
        breaks: RELAY_01,
        core: || {
            Faulty::rewrite(|model, to, message| match message {
                ServerMessage::Signal { from, .. } => {
                    let third = room_of(model, to).into_iter().find(|member| *member != to && *member != from);
                    vec![(third.unwrap_or(to), message)]
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "answers-become-offers",
        fault: "relays an answer as an offer",
        breaks: RELAY_01,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Signal { kind: SignalKind::Answer, from, payload } => {
                    vec![(to, ServerMessage::Signal { kind: SignalKind::Offer, from, payload })]
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "relays-each-signal-once-only",
        fault: "drops a signal that is equal to the one before it",
        breaks: RELAY_01,
        core: || {
            let mut last = None;
            Faulty::rewrite(move |_, to, message| match &message {
                ServerMessage::Signal { payload, .. } => {
                    let payload = Some(payload.get().to_owned());
                    let again = payload == std::mem::replace(&mut last, payload.clone());
                    if again { Vec::new() } else { vec![(to, message)] }
                }
                _ => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "payload-without-null",
        fault: "drops members that are null from a payload",
        breaks: RELAY_02,
        core: || {
            payloads(|payload| {
                if let Some(members) = payload.as_object_mut() {
                    members.retain(|_, member| !member.is_null());
                }
            })
        },
    },
    Mutant {
        name: "payload-with-known-members-only",
        fault: "keeps only the members of a description or candidate that WebRTC names",
        breaks: RELAY_02,
        core: || {
            payloads(|payload| {
                const KNOWN: [&str; 6] = ["type", "sdp", "candidate", "sdpMid", "sdpMLineIndex", "usernameFragment"];
                if let Some(members) = payload.as_object_mut() {
                    members.retain(|name, _| KNOWN.contains(&name.as_str()));
                }
            })
        },
    },
    Mutant {
        name: "payload-with-other-line-ends",
        fault: "changes the line ends of an sdp",
        breaks: RELAY_02,
        core: || {
            payloads(|payload| {
                if let Some(sdp) = payload.get("sdp").and_then(Value::as_str) {
                    payload["sdp"] = sdp.replace("\r\n", "\n").into();
                }
            })
        },
    },
    Mutant {
        name: "payload-as-text",
        fault: "relays a payload as a string of its JSON text",
        breaks: RELAY_02,
        core: || payloads(|payload| *payload = payload.to_string().into()),
    },
    Mutant {
        name: "payload-in-ascii",
        fault: "replaces what is not ASCII in a text",
        breaks: RELAY_02,
        core: || {
            payloads(|payload| {
                if let Some(sdp) = payload.get("sdp").and_then(Value::as_str) {
                    payload["sdp"] = sdp.replace(|char: char| !char.is_ascii(), "?").into();
                }
            })
        },
    },
    Mutant {
        name: "payload-in-32-bits",
        fault: "cuts numbers to 32 bits",
        breaks: RELAY_02,
        core: || {
            payloads(|payload| {
                for number in payload.get_mut("n").and_then(Value::as_array_mut).into_iter().flatten() {
                    if let Some(whole) = number.as_i64() {
                        *number = i64::from(i32::try_from(whole).unwrap_or(i32::MAX)).into();
                    }
                }
            })
        },
    },
    Mutant {
        name: "payload-is-missing",
        fault: "relays a payload of null as none",
        breaks: RELAY_02,
        core: || {
            Faulty::event_data("any signal", |data| {
                data.as_object_mut().expect("the codec writes an object").retain(|_, member| !member.is_null());
            })
        },
    },
    Mutant {
        name: "from-as-claimed",
        fault: "relays the `from` that the sender claims",
        breaks: RELAY_03,
        core: || {
            Faulty::event(|model, sender, event, data| {
                let claimed = data.and_then(|data| key_of(data.get("from")?))?;
                let (kind, target, payload) = read_signal(event, data?)?;
                let to = key_of(target)?;
                let fellow = room_of(model, sender).contains(&to);
                fellow.then(|| vec![send(to, ServerMessage::Signal { kind, from: claimed, payload })])
            })
        },
    },
    Mutant {
        name: "from-is-the-target",
        fault: "names the receiver as the sender",
        breaks: RELAY_03,
        core: || {
            Faulty::rewrite(|_, to, message| match message {
                ServerMessage::Signal { kind, payload, .. } => {
                    vec![(to, ServerMessage::Signal { kind, from: to, payload })]
                }
                message => vec![(to, message)],
            })
        },
    },
    Mutant {
        name: "from-is-missing",
        fault: "relays a signal without a `from`",
        breaks: RELAY_03,
        core: || {
            Faulty::event_data("any signal", |data| {
                data.as_object_mut().and_then(|members| members.remove("from"));
            })
        },
    },
];

/// A signal as it came, before its target was judged.
fn read_signal<'a>(event: &str, data: &'a Value) -> Option<(SignalKind, &'a Value, Payload)> {
    let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
    let payload = RawValue::from_string(data.get(kind.payload_member())?.to_string()).ok()?;
    Some((kind, data.get("target")?, payload))
}

/// Other receivers of relayed signals.
fn signals(mut other: impl FnMut(&ModelCore, u64, Message) -> Vec<(u64, Message)> + Send + 'static) -> Faulty {
    Faulty::rewrite(move |model, to, message| match message {
        ServerMessage::Signal { .. } => other(model, to, message),
        message => vec![(to, message)],
    })
}

/// Other payloads of relayed signals.
fn payloads(change: fn(&mut Value)) -> Faulty {
    Faulty::event_data("any signal", move |data| change(payload(data)))
}
