//! Mutants of the server's rules for order and relay.

use glare_model::{
    message::{ClientMessage, ServerMessage, SignalRefusal, Target},
    negotiation::Description,
    requirement::ids::{
        ORDER_01, ORDER_02, ORDER_03, ORDER_04, RELAY_01, RELAY_02, RELAY_03, RELAY_04, RELAY_05, RELAY_06, RELAY_07,
        RELAY_08,
    },
    room::{self, Effect, Input, Relay, RoomRules, SelfSignal},
};

use super::{
    Fate::Killed,
    Mutant,
    seam::{others, send},
};

/// The mutants.
pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        id: "signal-before-notice",
        rule: "user-joined is sent when the new member signals for the first time, which is too late",
        change: replaced!(|directory, rules, input, emit| match input {
            Input::Message(by, ClientMessage::Signal { .. }) => {
                room::step(directory, rules, input, &mut |effect| {
                    let to = match &effect {
                        Effect::Send { to, message: ServerMessage::Signal { .. }, .. } => Some(*to),
                        _ => None,
                    };
                    emit(effect);
                    to.into_iter().for_each(|to| emit(send(to, ServerMessage::UserJoined(by))));
                });
            }
            other => room::step(directory, rules, other, &mut |effect| {
                if !matches!(effect, Effect::Send { message: ServerMessage::UserJoined(_), .. }) {
                    emit(effect);
                }
            }),
        }),
        world: "pair",
        fate: Killed(ORDER_01),
    },
    Mutant {
        id: "notice-before-ack",
        rule: "a joiner is told of its own joining, ahead of its ack",
        change: amended!(|to, message, send| {
            if matches!(message, ServerMessage::Joined(..)) {
                send(to, ServerMessage::UserJoined(to));
            }
            send(to, message);
        }),
        world: "pair",
        fate: Killed(ORDER_02),
    },
    Mutant {
        id: "concurrent-handlers",
        rule: "messages of one connection are handled concurrently",
        change: |_| {},
        world: "overtaking",
        fate: Killed(ORDER_03),
    },
    Mutant {
        id: "unordered-notices",
        rule: "after a join every member is told of one leaving and one joining, each in its own order",
        change: amended!(|to, message, send| match message {
            ServerMessage::UserJoined(2) => {
                let notices = [ServerMessage::UserLeft(3), ServerMessage::UserJoined(2)];
                let [first, second] = notices;
                if to == 0 {
                    send(to, first);
                    send(to, second);
                } else {
                    send(to, second);
                    send(to, first);
                }
            }
            other => send(to, other),
        }),
        world: "encounter-4",
        fate: Killed(ORDER_04),
    },
    Mutant {
        id: "signals-doubled",
        rule: "a signal is delivered twice",
        change: amended!(|to, message, send| {
            if matches!(message, ServerMessage::Signal { .. }) {
                send(to, message.clone());
            }
            send(to, message);
        }),
        world: "pair",
        fate: Killed(RELAY_01),
    },
    Mutant {
        id: "signals-lost",
        rule: "an answer is not delivered",
        change: amended!(|to, message, send| {
            let is_answer = matches!(message, ServerMessage::Signal { payload: Description { answers: 1.., .. }, .. });
            if !is_answer {
                send(to, message);
            }
        }),
        world: "pair",
        fate: Killed(RELAY_01),
    },
    Mutant {
        id: "payload-edited",
        rule: "the relay rewrites what it relays",
        change: amended!(|to, message, send| send(
            to,
            match message {
                ServerMessage::Signal { kind, from, payload } => {
                    ServerMessage::Signal { kind, from, payload: Description { answers: 0, ..payload } }
                }
                other => other,
            }
        )),
        world: "pair",
        fate: Killed(RELAY_02),
    },
    Mutant {
        id: "sender-unstamped",
        rule: "a signal bears its receiver's id as its sender's",
        change: amended!(|to, message, send| send(
            to,
            match message {
                ServerMessage::Signal { kind, from: _, payload } => ServerMessage::Signal { kind, from: to, payload },
                other => other,
            }
        )),
        world: "pair",
        fate: Killed(RELAY_03),
    },
    Mutant {
        id: "relay-anything",
        rule: "a signal reaches whomever it names",
        change: ruled!(relay: Relay::Anything),
        world: "strangers",
        fate: Killed(RELAY_04),
    },
    Mutant {
        id: "relay-from-nowhere",
        rule: "a signal of a sender in no room reaches whomever it names",
        change: replaced!(|directory, rules, input, emit| {
            let loose = RoomRules { relay: Relay::Anything, ..*rules };
            let is_outside = matches!(&input, Input::Message(by, _) if directory.current(*by).is_none());
            let rules = if is_outside { &loose } else { rules };
            room::step(directory, rules, input, &mut |effect| emit(effect));
        }),
        world: "strangers",
        fate: Killed(RELAY_05),
    },
    Mutant {
        id: "relay-to-room-name",
        rule: "a signal to the name of a room reaches its members",
        change: replaced!(|directory, rules, input, emit| {
            let loose = RoomRules { relay: Relay::Anything, ..*rules };
            let names_a_room = matches!(
                &input,
                Input::Message(_, ClientMessage::Signal { signal: Ok(signal), .. })
                    if matches!(signal.target, Target::Room(_))
            );
            let rules = if names_a_room { &loose } else { rules };
            room::step(directory, rules, input, &mut |effect| emit(effect));
        }),
        world: "strangers",
        fate: Killed(RELAY_06),
    },
    Mutant {
        id: "undeliverable-silent",
        rule: "an undeliverable signal is not answered",
        change: ruled!(report_undeliverable: false),
        world: "strangers",
        fate: Killed(RELAY_07),
    },
    Mutant {
        id: "undeliverable-told-target",
        rule: "the error about an undeliverable signal goes to everybody",
        change: replaced!(|directory, rules, input, emit| {
            room::step(directory, rules, input, &mut |effect| {
                let told = match &effect {
                    Effect::Send { to, message: ServerMessage::Error(kind, _), .. } => Some((*to, *kind)),
                    _ => None,
                };
                emit(effect);
                for (to, kind) in told.into_iter().flat_map(|(by, kind)| others(by).map(move |to| (to, kind))) {
                    emit(send(to, ServerMessage::Error(kind, SignalRefusal::Undeliverable)));
                }
            });
        }),
        world: "strangers",
        fate: Killed(RELAY_07),
    },
    Mutant {
        id: "echo",
        rule: "a signal to oneself is delivered",
        change: |variant| {
            variant.rules.self_signal = SelfSignal::Deliver;
        },
        world: "strangers",
        fate: Killed(RELAY_08),
    },
];
