//! What a client of a random scenario can do, and how a [`Choice`] says so.

use super::{
    choices::{Choice, Choices, Swarm},
    world::World,
};
use crate::limits::{RANDOM_CLIENTS_MAX, RANDOM_ROOMS_MAX};

/// Kinds of deeds, as far as a swarm weighs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Open a connection, for the first time or again.
    Connect,
    /// Leave, or enter a room: one that is there, or else a new one.
    Move,
    /// Create a room.
    Create,
    /// Join one.
    Join,
    /// One of the two without an ack.
    Unheard,
    /// One of the two with an invalid id.
    Invalid,
    /// Leave.
    Leave,
    /// End the connection politely.
    Close,
    /// Break it off.
    Drop,
    /// Signal to a fellow member, if there is one.
    Confide,
    /// Signal to a client, wherever it is.
    Signal,
    /// Signal to what is no client.
    Astray,
    /// Send a malformed signal.
    Malformed,
    /// Send an oversized description.
    Oversized,
    /// Send an event that the protocol does not name.
    Unknown,
}

/// One thing that a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Connect,
    /// A create or a join of a room, by its number.
    Request {
        join: bool,
        room: u8,
        ack: bool,
    },
    Invalid {
        join: bool,
    },
    Leave,
    Close,
    Drop,
    Signal(Whom),
    Malformed,
    Oversized,
    Unknown,
}

impl Deed {
    /// Whether it may change who is where.
    pub(super) fn moves(self) -> bool {
        match self {
            Self::Connect | Self::Request { .. } | Self::Leave | Self::Close | Self::Drop => true,
            Self::Invalid { .. } | Self::Signal(_) | Self::Malformed | Self::Oversized | Self::Unknown => false,
        }
    }
}

/// What a signal's target names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    Client(u8),
    Room(u8),
    Nonsense,
}

impl Kind {
    /// All kinds.
    pub(super) const ALL: [Self; 15] = [
        Self::Connect,
        Self::Move,
        Self::Create,
        Self::Join,
        Self::Unheard,
        Self::Invalid,
        Self::Leave,
        Self::Close,
        Self::Drop,
        Self::Confide,
        Self::Signal,
        Self::Astray,
        Self::Malformed,
        Self::Oversized,
        Self::Unknown,
    ];
}

impl Swarm {
    /// The kind that a number stands for.
    fn kind(&self, what: u16) -> Kind {
        let total: u16 = self.weights.iter().map(|weight| u16::from(*weight)).sum();
        let mut rest = what.checked_rem(total).unwrap_or(0);
        for (kind, weight) in Kind::ALL.into_iter().zip(self.weights) {
            match rest.checked_sub(u16::from(weight)) {
                Some(left) => rest = left,
                None => return kind,
            }
        }
        Kind::Create
    }

    /// The smallest number that stands for a kind; none if it is off.
    fn number(&self, wanted: Kind) -> Option<u16> {
        let place = Kind::ALL.iter().position(|kind| *kind == wanted)?;
        let before = self.weights[..place].iter().map(|weight| u16::from(*weight)).sum();
        (self.weights[place] > 0).then_some(before)
    }
}

impl Choices {
    /// Who a choice is about.
    pub(super) fn actor(&self, choice: Choice) -> u8 {
        choice.who % self.clients.max(1)
    }

    /// What it says. Where everybody may be decides who is a fellow member, and which rooms are there.
    pub(super) fn deed(&self, choice: Choice, world: &World) -> Deed {
        let room = choice.room % self.rooms.max(1);
        let join = choice.whom % 2 == 1;
        match self.swarm.kind(choice.what) {
            Kind::Connect => Deed::Connect,
            Kind::Move => match (world.is_member(self.actor(choice)), &world.rooms()[..]) {
                (true, _) => Deed::Leave,
                (false, []) => Deed::Request { join: false, room, ack: true },
                (false, rooms) => {
                    Deed::Request { join: true, room: rooms[usize::from(choice.room) % rooms.len()], ack: true }
                }
            },
            Kind::Create => Deed::Request { join: false, room, ack: true },
            Kind::Join => Deed::Request { join: true, room, ack: true },
            Kind::Unheard => Deed::Request { join, room, ack: false },
            Kind::Invalid => Deed::Invalid { join },
            Kind::Leave => Deed::Leave,
            Kind::Close => Deed::Close,
            Kind::Drop => Deed::Drop,
            Kind::Confide => {
                let fellows = world.fellows(self.actor(choice));
                let place = usize::from(choice.whom).checked_rem(fellows.len());
                let any = choice.whom % self.clients.max(1);
                Deed::Signal(Whom::Client(place.map_or(any, |place| fellows[place])))
            }
            Kind::Signal => Deed::Signal(Whom::Client(choice.whom % self.clients.max(1))),
            Kind::Astray => match choice.room % (self.rooms + 1) {
                room if room < self.rooms => Deed::Signal(Whom::Room(room)),
                _ => Deed::Signal(Whom::Nonsense),
            },
            Kind::Malformed => Deed::Malformed,
            Kind::Oversized => Deed::Oversized,
            Kind::Unknown => Deed::Unknown,
        }
    }

    /// The choice that says so, with the data of `like`; none if the swarm has that kind switched off.
    pub(super) fn encode(&self, who: u8, deed: Deed, like: Choice) -> Option<Choice> {
        let (kind, whom, room) = match deed {
            Deed::Connect => (Kind::Connect, 0, 0),
            Deed::Request { join: false, room, ack: true } => (Kind::Create, 0, room),
            Deed::Request { join: true, room, ack: true } => (Kind::Join, 0, room),
            Deed::Request { join, room, ack: false } => (Kind::Unheard, u8::from(join), room),
            Deed::Invalid { join } => (Kind::Invalid, u8::from(join), 0),
            Deed::Leave => (Kind::Leave, 0, 0),
            Deed::Close => (Kind::Close, 0, 0),
            Deed::Drop => (Kind::Drop, 0, 0),
            Deed::Signal(Whom::Client(whom)) => (Kind::Signal, whom, 0),
            Deed::Signal(Whom::Room(room)) => (Kind::Astray, 0, room),
            Deed::Signal(Whom::Nonsense) => (Kind::Astray, 0, self.rooms),
            Deed::Malformed => (Kind::Malformed, 0, 0),
            Deed::Oversized => (Kind::Oversized, 0, 0),
            Deed::Unknown => (Kind::Unknown, 0, 0),
        };
        Some(Choice { what: self.swarm.number(kind)?, who, whom, room, data: like.data })
    }

    /// Everything that a client may do.
    pub(super) fn deeds(&self) -> Vec<Deed> {
        deeds(self.clients, self.rooms)
    }
}

/// Everything that a client may do in a world of the largest size.
pub(super) fn every_deed() -> Vec<Deed> {
    let small = |size| u8::try_from(size).expect("a world has few clients and rooms");
    deeds(small(RANDOM_CLIENTS_MAX), small(RANDOM_ROOMS_MAX))
}

fn deeds(clients: u8, rooms: u8) -> Vec<Deed> {
    let mut deeds = vec![
        Deed::Connect,
        Deed::Invalid { join: false },
        Deed::Invalid { join: true },
        Deed::Leave,
        Deed::Close,
        Deed::Drop,
        Deed::Signal(Whom::Nonsense),
        Deed::Malformed,
        Deed::Oversized,
        Deed::Unknown,
    ];
    for room in 0..rooms {
        for (join, ack) in [(false, true), (true, true), (false, false), (true, false)] {
            deeds.push(Deed::Request { join, room, ack });
        }
        deeds.push(Deed::Signal(Whom::Room(room)));
    }
    deeds.extend((0..clients).map(|client| Deed::Signal(Whom::Client(client))));
    deeds
}
