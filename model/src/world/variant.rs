//! Variants of the protocol and the configurations in which each is checked, as data.

use super::{
    Budget,
    configuration::{
        CANDIDATES, Configuration, ENCOUNTER, ENCOUNTER_OF_FOUR, EVERY_OCCASION, HOSTS, ICE, INVALID, MESH, NO_ACK,
        RECONNECT, RECONNECT_ONCE, REJOIN, RENEGOTIATION, ROOMS, SECOND_ROOM, SECOND_ROOM_OF_THREE, SEVERAL_ROOMS,
        SEVERAL_ROOMS_AND_SIGNALS, SEVERAL_ROOMS_OF_THREE, SLOW_ANSWERS, STRAY, TWO_ROOMS, every_occasion_and,
    },
    seam::{PeerStep, ServerStep},
    system::Setting,
};
use crate::{
    negotiation::Strategy,
    room::{HostLeaves, RoomRules, SecondRoom},
};
use std::num::NonZeroU16;

/// A protocol: the server's rules, the peers' rules, and the worlds in which both are checked.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub description: &'static str,
    /// The server's rules.
    pub rules: RoomRules,
    /// The peers' rules.
    pub strategy: Strategy,
    /// What the server does, if rules as data do not say it.
    pub server: Option<ServerStep>,
    /// What a peer does, if rules as data do not say it.
    pub peer: Option<PeerStep>,
    /// The worlds, each explored on its own.
    pub configurations: Vec<Configuration>,
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

impl Variant {
    /// The source protocol as its tutorial wrote it.
    #[must_use]
    pub fn tutorial() -> Self {
        Self {
            name: "tutorial",
            description: "the source protocol as its tutorial wrote it: both sides offer, and nothing is refused",
            rules: RoomRules::TUTORIAL,
            strategy: Strategy::BOTH_OFFER,
            configurations: vec![SECOND_ROOM, STRAY, NO_ACK, ENCOUNTER, REJOIN, RECONNECT_ONCE, CANDIDATES, INVALID],
            ..Self::reference()
        }
    }

    /// The tutorial with its own fix for glare.
    #[must_use]
    pub fn tutorial_fixed_7_4() -> Self {
        Self {
            name: "tutorial-fixed-7.4",
            description: "the tutorial with its fix for glare: of the residents only the lower id offers to a joiner",
            strategy: Strategy::LOWER_ID_GUARD,
            configurations: vec![
                SECOND_ROOM,
                STRAY,
                NO_ACK,
                ENCOUNTER,
                REJOIN,
                RECONNECT_ONCE,
                CANDIDATES,
                INVALID,
                ICE,
            ],
            ..Self::tutorial()
        }
    }

    /// The tutorial's way to end a room with its host, in an otherwise sound protocol.
    #[must_use]
    pub fn tutorial_host_leaves() -> Self {
        Self {
            name: "tutorial-host-leaves",
            description: "the tutorial's host policy (6.2): room-closed is sent, but nobody is taken out of the room",
            rules: RoomRules { host_leaves: HostLeaves::ForgetRoom, ..RoomRules::REFERENCE },
            configurations: vec![TWO_ROOMS, REJOIN],
            ..Self::reference()
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
            server: None,
            peer: None,
            configurations: vec![
                SECOND_ROOM,
                SECOND_ROOM_OF_THREE,
                STRAY,
                NO_ACK,
                INVALID,
                ROOMS,
                MESH,
                ENCOUNTER_OF_FOUR,
                REJOIN,
                RECONNECT,
                RENEGOTIATION,
                SLOW_ANSWERS,
                CANDIDATES,
                ICE,
            ],
        }
    }

    /// The reference with the other rules of who offers: the joiner, or both.
    #[must_use]
    pub fn joiner_offers() -> Self {
        Self {
            name: "joiner-offers",
            description: "the reference, with the joiner offering first, whatever the ids",
            strategy: Strategy::JOINER_OFFERS,
            configurations: EVERY_OCCASION.to_vec(),
            ..Self::reference()
        }
    }

    /// The reference with both sides offering, which perfect negotiation by id order sorts out.
    #[must_use]
    pub fn perfect_negotiation() -> Self {
        Self {
            name: "perfect-negotiation",
            description: "the reference, with both sides offering first: perfect negotiation by id order",
            strategy: Strategy::PERFECT,
            configurations: EVERY_OCCASION.to_vec(),
            ..Self::reference()
        }
    }

    /// The capability host-close.
    #[must_use]
    pub fn host_closes() -> Self {
        Self {
            name: "host-closes",
            description: "the reference with the capability host-close: a room ends when its host leaves",
            rules: RoomRules { host_leaves: HostLeaves::CloseRoom, ..RoomRules::REFERENCE },
            configurations: every_occasion_and(&[HOSTS]),
            ..Self::reference()
        }
    }

    /// The capability host-transfer.
    #[must_use]
    pub fn host_transfers() -> Self {
        Self {
            name: "host-transfers",
            description: "the reference with the capability host-transfer: the next member becomes host",
            rules: RoomRules { host_leaves: HostLeaves::HandOver, ..RoomRules::REFERENCE },
            configurations: every_occasion_and(&[HOSTS]),
            ..Self::reference()
        }
    }

    /// The capability capacity.
    #[must_use]
    pub fn capacity() -> Self {
        Self {
            name: "capacity",
            description: "the reference with the capability capacity: rooms of at most three",
            rules: RoomRules { capacity: NonZeroU16::new(3), ..RoomRules::REFERENCE },
            configurations: every_occasion_and(&[ENCOUNTER_OF_FOUR]),
            ..Self::reference()
        }
    }

    /// The dialect in which a member may be in several rooms.
    #[must_use]
    pub fn several_rooms() -> Self {
        Self {
            name: "several-rooms",
            description: "the reference with membership as a set: who asks for another room is then in both",
            rules: RoomRules { second_room: SecondRoom::Several, ..RoomRules::REFERENCE },
            configurations: vec![
                SEVERAL_ROOMS,
                SEVERAL_ROOMS_AND_SIGNALS,
                SEVERAL_ROOMS_OF_THREE,
                ROOMS,
                STRAY,
                NO_ACK,
                INVALID,
                RECONNECT_ONCE,
            ],
            ..Self::reference()
        }
    }

    /// All variants of this crate. Code outside makes its own.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::tutorial(),
            Self::tutorial_fixed_7_4(),
            Self::tutorial_host_leaves(),
            Self::reference(),
            Self::joiner_offers(),
            Self::perfect_negotiation(),
            Self::host_closes(),
            Self::host_transfers(),
            Self::capacity(),
            Self::several_rooms(),
        ]
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
        Setting {
            rules: self.rules,
            strategy: self.strategy,
            server: self.server,
            peer: self.peer,
            rooms: configuration.rooms,
            ice: configuration.budgets.left(Budget::IceLoss) > 0,
        }
    }
}
