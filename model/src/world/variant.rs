//! Variants of the protocol and the configurations in which each is checked, as data.

use super::{
    action::{Budget, Budgets},
    system::Setting,
};
use crate::{negotiation::Strategy, room::RoomRules};

/// A protocol: the server's rules, the peers' rules, and the worlds in which both are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// The server's rules.
    pub rules: RoomRules,
    /// The peers' rules.
    pub strategy: Strategy,
    /// The worlds, each explored on its own.
    pub configurations: Vec<Configuration>,
}

/// The bounds of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// Its name.
    pub name: &'static str,
    /// What it is about, in a sentence.
    pub description: &'static str,
    /// How many peers there are: 2 to 4.
    pub peers: u8,
    /// How many connections each may have, one after the other: 1 or 2.
    pub epochs: u8,
    /// How many rooms have names: 1 or 2.
    pub rooms: u8,
    /// What may happen, by all peers together.
    pub budgets: Budgets,
}

/// The name is no variant's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no variant; there are {}", known.join(", "))]
pub struct UnknownVariant {
    /// The name asked for.
    pub name: String,
    /// The names that exist.
    pub known: Vec<&'static str>,
}

/// Members that ask for another room.
const SECOND_ROOM: Configuration = Configuration {
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
const SECOND_ROOM_OF_THREE: Configuration = Configuration {
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
const STRAY: Configuration = Configuration {
    name: "stray",
    description: "three peers in two rooms, one of which signals a stranger or the name of a room",
    peers: 3,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 1).with(Budget::Leave, 1).with(Budget::Stray, 1),
};

/// Requests whose outcome nobody can hear.
const NO_ACK: Configuration = Configuration {
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
const MESH: Configuration = Configuration {
    name: "mesh",
    description: "three peers meet in one room; one leaves, and may come back",
    peers: 3,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3).with(Budget::Leave, 1),
};

/// A mesh of three, and nothing more.
const ENCOUNTER: Configuration = Configuration {
    name: "encounter",
    description: "three peers meet in one room and stay",
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 2),
    ..MESH
};

/// A mesh of four.
const ENCOUNTER_OF_FOUR: Configuration = Configuration {
    name: "encounter-4",
    description: "four peers meet in one room and stay",
    peers: 4,
    budgets: Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 3),
    ..MESH
};

/// Two peers that meet again and again.
const REJOIN: Configuration = Configuration {
    name: "rejoin",
    description: "two peers leave and come back with the same user ids while signals are under way",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 3).with(Budget::Leave, 2),
};

/// Two peers whose connections are lost.
const RECONNECT: Configuration = Configuration {
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
const RECONNECT_ONCE: Configuration = Configuration {
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
const ROOMS: Configuration = Configuration {
    name: "rooms",
    description: "three well-behaved peers in two rooms",
    peers: 3,
    epochs: 1,
    rooms: 2,
    budgets: Budgets::NONE.with(Budget::Create, 2).with(Budget::Join, 2).with(Budget::Leave, 1),
};

/// Two peers that change their media while one of them comes and goes.
const RENEGOTIATION: Configuration = Configuration {
    name: "renegotiation",
    description: "two connected peers change their media, at the same time too, and one may leave and come back",
    peers: 2,
    epochs: 1,
    rooms: 1,
    budgets: Budgets::NONE
        .with(Budget::Create, 2)
        .with(Budget::Join, 2)
        .with(Budget::Leave, 2)
        .with(Budget::Renegotiate, 3),
};

impl Variant {
    /// The source protocol as its tutorial wrote it.
    #[must_use]
    pub fn tutorial() -> Self {
        Self {
            name: "tutorial",
            description: "the source protocol as its tutorial wrote it: both sides offer, and nothing is refused",
            rules: RoomRules::TUTORIAL,
            strategy: Strategy::BOTH_OFFER,
            configurations: vec![SECOND_ROOM, STRAY, NO_ACK, ENCOUNTER, REJOIN, RECONNECT_ONCE],
        }
    }

    /// The tutorial with its own fix for glare.
    #[must_use]
    pub fn tutorial_fixed_7_4() -> Self {
        Self {
            name: "tutorial-fixed-7.4",
            description: "the tutorial with its fix for glare: of the residents only the lower id offers to a joiner",
            strategy: Strategy::LOWER_ID_GUARD,
            ..Self::tutorial()
        }
    }

    /// docs/protocol.md.
    #[must_use]
    pub fn reference() -> Self {
        Self {
            name: "reference",
            description: "docs/protocol.md: one room at a time, fellow members only, glare resolved by id order",
            rules: RoomRules::REFERENCE,
            strategy: Strategy::REFERENCE,
            configurations: vec![
                SECOND_ROOM,
                SECOND_ROOM_OF_THREE,
                STRAY,
                NO_ACK,
                ROOMS,
                MESH,
                ENCOUNTER_OF_FOUR,
                REJOIN,
                RECONNECT,
                RENEGOTIATION,
            ],
        }
    }

    /// All variants of this crate. Code outside makes its own.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![Self::tutorial(), Self::tutorial_fixed_7_4(), Self::reference()]
    }

    /// The variant of a name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, UnknownVariant> {
        let found = Self::all().into_iter().find(|variant| variant.name == name);
        found.ok_or_else(|| UnknownVariant {
            name: name.to_owned(),
            known: Self::all().iter().map(|variant| variant.name).collect(),
        })
    }

    /// What does not change during a run of one configuration.
    #[must_use]
    pub fn setting(&self, configuration: &Configuration) -> Setting {
        Setting { rules: self.rules, strategy: self.strategy, rooms: configuration.rooms }
    }
}
