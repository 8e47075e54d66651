//! The worlds in which variants are checked, as data.

use super::{Budget, Budgets};

/// The bounds of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// Its name.
    pub name: &'static str,
    /// What it is about, in a sentence.
    pub description: &'static str,
    /// How many peers there are: 2 to 5.
    pub peers: u8,
    /// How many connections each may have, one after the other: 1 or 2, and 1 if there are five peers.
    pub epochs: u8,
    /// How many rooms have names: 1 to [`super::ROOMS_MAX`].
    pub rooms: u8,
    /// What may happen, by all peers together.
    pub budgets: Budgets,
}

impl Configuration {
    /// All worlds of this crate, each once.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let more = [
            SECOND_ROOM_OF_THREE,
            ENCOUNTER,
            ENCOUNTER_OF_FOUR,
            RECONNECT,
            ROOMS,
            MESH,
            HOSTS,
            PAIR,
            TWO_ROOMS,
            STRANGERS,
            SEVERAL_ROOMS,
            SEVERAL_ROOMS_AND_SIGNALS,
            SEVERAL_ROOMS_OF_THREE,
        ];
        EVERY_OCCASION.into_iter().chain(more).collect()
    }

    /// The world of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|configuration| configuration.name == name)
    }
}

/// Members that ask for another room.
pub(super) const SECOND_ROOM: Configuration = Configuration {
    name: "second-room",
    description: "two peers and two rooms; somebody asks to enter a room while it is in one",
    peers: 2,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 1)
        .with(Budget::Drop, 1)
        .with(Budget::SecondRoom, 1),
};

/// Members that ask for another room, before witnesses.
pub(super) const SECOND_ROOM_OF_THREE: Configuration = Configuration {
    name: "second-room-3",
    description: "three peers in two rooms, one of which asks to enter a room while it is in one",
    peers: 3,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 1)
        .with(Budget::SecondRoom, 1),
};

/// Signals to those who should not get them.
pub(super) const STRAY: Configuration = Configuration {
    name: "stray",
    description: "three peers in two rooms, one of which signals a stranger or the name of a room",
    peers: 3,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 1).with(Budget::Leave, 1).with(Budget::Stray, 1),
};

/// Requests whose outcome nobody can hear.
pub(super) const NO_ACK: Configuration = Configuration {
    name: "no-ack",
    description: "two peers in one room, and requests without an ack callback",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE
        .with(Budget::Create, 2)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 1)
        .with(Budget::RequestWithoutAck, 2),
};

/// A mesh of three that somebody leaves and enters again.
pub(super) const MESH: Configuration = Configuration {
    name: "mesh",
    description: "three peers meet in one room; one leaves, and may come back",
    peers: 3,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3).with(Budget::Leave, 1),
};

/// A mesh of three that somebody leaves.
const MESH_ONCE: Configuration = Configuration {
    name: "mesh-once",
    description: "three peers meet in one room, and one leaves",
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 2).with(Budget::Leave, 1),
    ..MESH
};

/// A mesh of three, and nothing more.
pub(super) const ENCOUNTER: Configuration = Configuration {
    name: "encounter",
    description: "three peers meet in one room and stay",
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 2),
    ..MESH
};

/// A mesh of four.
pub(super) const ENCOUNTER_OF_FOUR: Configuration = Configuration {
    name: "encounter-4",
    description: "four peers meet in one room and stay",
    peers: 4,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3),
    ..MESH
};

/// Two peers that meet again and again.
pub(super) const REJOIN: Configuration = Configuration {
    name: "rejoin",
    description: "two peers leave and come back with the same user ids while signals are under way",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 3).with(Budget::Leave, 2),
};

/// Two peers whose connections are lost.
pub(super) const RECONNECT: Configuration = Configuration {
    name: "reconnect",
    description: "two peers lose their connections, come back under new ids, and the server notices late",
    peers: 2,
    epochs: 2,
    rooms: 1,
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 3)
        .with(Budget::Leave, 1)
        .with(Budget::Drop, 2)
        .with(Budget::Reconnect, 2),
};

/// One of two peers loses its connection.
pub(super) const RECONNECT_ONCE: Configuration = Configuration {
    name: "reconnect-once",
    description: "one of two peers loses its connection, comes back under a new id, and the server notices late",
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 2)
        .with(Budget::Drop, 1)
        .with(Budget::Reconnect, 1),
    ..RECONNECT
};

/// Three peers in two rooms.
pub(super) const ROOMS: Configuration = Configuration {
    name: "rooms",
    description: "three well-behaved peers in two rooms",
    peers: 3,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 2).with(Budget::Leave, 1),
};

/// Two peers that change their media while one of them comes and goes.
pub(super) const RENEGOTIATION: Configuration = Configuration {
    name: "renegotiation",
    description: "two connected peers change their media, at the same time too, and one may leave and come back",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE
        .with(Budget::Create, 2)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 2)
        .with(Budget::Renegotiate, 2),
};

/// Two peers that renegotiate and take their time to answer.
pub(super) const SLOW_ANSWERS: Configuration = Configuration {
    name: "slow-answers",
    description: "two connected peers change their media while answers to earlier offers are still being made",
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 1)
        .with(Budget::Renegotiate, 2)
        .with(Budget::SlowAnswer, 2),
    ..RENEGOTIATION
};

/// Two peers that trickle.
pub(super) const CANDIDATES: Configuration = Configuration {
    name: "candidates",
    description: "two peers trickle candidates, one of which overtakes its description, while one may leave and return",
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 1)
        .with(Budget::Candidate, 2)
        .with(Budget::EarlyCandidate, 1),
    ..RENEGOTIATION
};

/// Two peers that lose their path.
pub(super) const ICE: Configuration = Configuration {
    name: "ice",
    description: "two connected peers lose their path, at both ends too, change their media, and trickle",
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 1)
        .with(Budget::Renegotiate, 1)
        .with(Budget::Candidate, 1)
        .with(Budget::IceLoss, 2),
    ..RENEGOTIATION
};

/// Requests that are wrong in themselves.
pub(super) const INVALID: Configuration = Configuration {
    name: "invalid",
    description: "two peers in one room, requests with invalid room ids, and leaving without being in a room",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE
        .with(Budget::Create, 2)
        .with(Budget::Join, 1)
        .with(Budget::Leave, 1)
        .with(Budget::InvalidRequest, 1)
        .with(Budget::StrayLeave, 1),
};

/// Hosts that leave.
pub(super) const HOSTS: Configuration = Configuration {
    name: "hosts",
    description: "three peers in one room; hosts leave or lose their connections, and may come back",
    peers: 3,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3).with(Budget::Leave, 1).with(Budget::Drop, 1),
};

/// Two peers that meet, and nothing more.
const PAIR: Configuration = Configuration {
    name: "pair",
    description: "two peers meet in one room and stay",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 1),
};

/// A member that asks for another room, and then goes.
pub(super) const TWO_ROOMS: Configuration = Configuration {
    name: "two-rooms",
    description: "two peers and two rooms; one asks to enter a room while it is in one, and one may leave or be lost",
    peers: 2,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 1)
        .with(Budget::Leave, 1)
        .with(Budget::Drop, 1)
        .with(Budget::SecondRoom, 1),
};

/// Members of several rooms.
pub(super) const SEVERAL_ROOMS: Configuration = Configuration {
    name: "several-rooms",
    description: "two peers and two rooms; both may be in both, signal once, leave one room or all, or be lost",
    peers: 2,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 1)
        .with(Budget::Leave, 1)
        .with(Budget::Drop, 1)
        .with(Budget::SecondRoom, 2)
        .with(Budget::Stray, 1),
};

/// Members of several rooms that signal.
pub(super) const SEVERAL_ROOMS_AND_SIGNALS: Configuration = Configuration {
    name: "several-rooms-signals",
    description: "two peers and two rooms; both may be in both and stay, and signal twice",
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 1)
        .with(Budget::SecondRoom, 2)
        .with(Budget::Stray, 2),
    ..SEVERAL_ROOMS
};

/// Members of several rooms, before witnesses.
pub(super) const SEVERAL_ROOMS_OF_THREE: Configuration = Configuration {
    name: "several-rooms-3",
    description: "three peers and two rooms; two of them may come to be in both, and leave one room or all",
    peers: 3,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE
        .with(Budget::Create, 1)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 1)
        .with(Budget::SecondRoom, 2),
};

/// Two peers that have nothing to do with each other.
const STRANGERS: Configuration = Configuration {
    name: "strangers",
    description: "two peers in two rooms or in one, one of which signals a stranger or the name of a room",
    peers: 2,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 1).with(Budget::Leave, 1).with(Budget::Stray, 1),
};

/// Worlds that together give every property its occasion, without the largest ones.
pub(super) const EVERY_OCCASION: [Configuration; 11] = [
    SECOND_ROOM,
    STRAY,
    NO_ACK,
    INVALID,
    MESH_ONCE,
    REJOIN,
    RECONNECT_ONCE,
    RENEGOTIATION,
    SLOW_ANSWERS,
    CANDIDATES,
    ICE,
];

pub(super) fn every_occasion_and(more: &[Configuration]) -> Vec<Configuration> {
    EVERY_OCCASION.iter().chain(more).copied().collect()
}
