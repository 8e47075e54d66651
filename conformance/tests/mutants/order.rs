//! Faults in the order of things.

use std::collections::BTreeMap;

use glare_conformance::transport::Incoming;
use glare_model::{
    message::{ServerMessage, SignalKind},
    requirement::ids::{ORDER_01, ORDER_02, ORDER_03, ORDER_04},
};

use crate::faulty::{Faulty, Mutant, is_signal_name};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "announces-late",
        fault: "announces a joiner after what the next message causes: its signals come first",
        breaks: ORDER_01,
        core: || Faulty::late(|message| matches!(message, ServerMessage::UserJoined(_))),
    },
    Mutant {
        name: "relays-late",
        fault: "relays a signal after what the next message causes: a leaver's signal comes after its user-left",
        breaks: ORDER_01,
        core: || Faulty::late(|message| matches!(message, ServerMessage::Signal { .. })),
    },
    Mutant {
        name: "answers-joins-late",
        fault: "answers a join after the next message to the joiner",
        breaks: ORDER_02,
        core: || {
            let mut held: BTreeMap<u64, Incoming> = BTreeMap::new();
            Faulty::wire(move |to, incoming| {
                if let Some(ack) = held.remove(&to) {
                    return vec![incoming, ack];
                }
                match &incoming {
                    Incoming::Ack { data: Some(data), .. } if data.get("existingUsers").is_some() => {
                        held.insert(to, incoming);
                        Vec::new()
                    }
                    _ => vec![incoming],
                }
            })
        },
    },
    Mutant {
        name: "candidates-overtake-offers",
        fault: "gives offers a queue of their own, which is served after the next message",
        breaks: ORDER_03,
        core: || Faulty::late(|message| matches!(message, ServerMessage::Signal { kind: SignalKind::Offer, .. })),
    },
    Mutant {
        name: "small-overtakes-large",
        fault: "relays a signal of more than ten thousand bytes after what the next message causes",
        breaks: ORDER_03,
        core: || {
            Faulty::late(
                |message| matches!(message, ServerMessage::Signal { payload, .. } if payload.get().len() > 10_000),
            )
        },
    },
    Mutant {
        name: "last-in-first-out",
        fault: "swaps each two signals on their way to one receiver",
        breaks: ORDER_03,
        core: || swaps(|_, event| is_signal_name(event)),
    },
    Mutant {
        name: "one-member-sees-another-order",
        fault: "swaps each two notices on their way to the second client",
        breaks: ORDER_04,
        core: || swaps(|to, event| to == 2 && event.starts_with("user-")),
    },
];

/// Of each two chosen events on a connection the second one comes first. Anything else takes a waiting one along, so that
/// nothing is lost.
fn swaps(chosen: fn(u64, &str) -> bool) -> Faulty {
    let mut held: BTreeMap<u64, Incoming> = BTreeMap::new();
    Faulty::wire(move |to, incoming| {
        let is_chosen = matches!(&incoming, Incoming::Event { event, .. } if chosen(to, event));
        match (held.remove(&to), is_chosen) {
            (None, false) => vec![incoming],
            (None, true) => {
                held.insert(to, incoming);
                Vec::new()
            }
            (Some(first), true) => vec![incoming, first],
            (Some(first), false) => vec![first, incoming],
        }
    })
}
