//! What decides a random scenario: small numbers that `interpret()` reads against the state of the world. Every
//! value is a valid scenario, so whatever proptest shrinks to is one.

use proptest::{collection::vec, prelude::*};

use super::deed::Kind;
use crate::limits::{RACING_STEPS_MAX, RANDOM_BEATS_MAX, RANDOM_CLIENTS_MAX, RANDOM_ROOMS_MAX};

/// All choices of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// How many clients there are.
    pub clients: u8,
    /// How many rooms have names.
    pub rooms: u8,
    /// What kinds of things happen in it, and how often.
    pub swarm: Swarm,
    /// What happens, one phase after another.
    pub beats: Vec<Beat>,
}

/// The character of one scenario: which kinds of inputs are on, and how heavy. Scenarios that leave kinds out reach what
/// scenarios with some of everything do not (swarm testing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swarm {
    /// The weight of each kind, in the order of `Kind::ALL`; zero is off.
    pub weights: [u8; Kind::ALL.len()],
    /// Beats whose pace is below this race.
    pub racing: u8,
    /// Payloads are as plain as an application's (0), of every JSON kind (1 and more), or now and then of the size of the
    /// limit (3).
    pub payloads: u8,
    /// Whether there is input that stops careless servers, so that the scenario has to run alone.
    pub rude: bool,
}

/// One phase: its first choice, or all of them at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beat {
    /// See [`Swarm::racing`].
    pub pace: u8,
    /// At least one.
    pub choices: Vec<Choice>,
}

/// One client does one thing. Each number counts modulo what there is to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What kind of thing, by the weights.
    pub what: u16,
    /// Which client.
    pub who: u8,
    /// Which other client, or which one of several forms.
    pub whom: u8,
    /// Which room.
    pub room: u8,
    /// Which payload, name or value.
    pub data: u32,
}

/// Choices of every kind.
pub fn choices() -> impl Strategy<Value = Choices> {
    let small = |size| u8::try_from(size).expect("a world has few clients and rooms");
    // Most of what there is to cover takes many clients and rooms; what goes wrong late takes few, in one place.
    let clients = prop_oneof![2 => Just(2), 1 => 3..small(RANDOM_CLIENTS_MAX), 2 => Just(small(RANDOM_CLIENTS_MAX))];
    let rooms = prop_oneof![2 => Just(1), 1 => 2..small(RANDOM_ROOMS_MAX), 2 => Just(small(RANDOM_ROOMS_MAX))];
    (clients, rooms, swarm(), vec(beat(), 3..=RANDOM_BEATS_MAX)).prop_map(|(clients, rooms, swarm, beats)| Choices {
        clients,
        rooms,
        swarm,
        beats,
    })
}

fn swarm() -> impl Strategy<Value = Swarm> {
    let weight = prop_oneof![3 => Just(0_u8), 1 => Just(1), 1 => Just(3), 1 => Just(6)];
    let weights = proptest::array::uniform(weight);
    let racing = prop_oneof![2 => Just(0_u8), 3 => Just(64), 1 => Just(160)];
    let rude = prop_oneof![5 => Just(false), 1 => Just(true)];
    (weights, racing, 0..4_u8, rude, 0..10_u8).prop_map(
        |(mut weights, racing, payloads, rude, large): ([u8; Kind::ALL.len()], _, _, _, _)| {
            for (weight, kind) in weights.iter_mut().zip(Kind::ALL) {
                match kind {
                    // Without rooms nothing happens, and what happens in them shows by signals.
                    Kind::Move | Kind::Confide => *weight += 3,
                    Kind::Create | Kind::Join => *weight += 1,
                    Kind::Unheard if !rude => *weight = 0,
                    // A hundred thousand bytes take as long as a hundred messages.
                    Kind::Oversized if large > 0 => *weight = 0,
                    Kind::Oversized => *weight = 1,
                    _ => {}
                }
            }
            Swarm { weights, racing, payloads, rude }
        },
    )
}

fn beat() -> impl Strategy<Value = Beat> {
    (any::<u8>(), vec(choice(), 1..=RACING_STEPS_MAX)).prop_map(|(pace, choices)| Beat { pace, choices })
}

fn choice() -> impl Strategy<Value = Choice> {
    (any::<u16>(), any::<u8>(), any::<u8>(), any::<u8>(), any::<u32>())
        .prop_map(|(what, who, whom, room, data)| Choice { what, who, whom, room, data })
}
