//! The abstraction whose transitions are counted: how many clients are in no room and how many are in each, without their
//! names, and what one client does in such a state.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use glare_model::{
    requirement::{
        RequirementId,
        ids::{
            ERR_01, ERR_02, ERR_03, ERR_04, ERR_05, ID_01, ID_02, RELAY_01, RELAY_02, RELAY_03, RELAY_04, RELAY_05,
            RELAY_06, RELAY_07, RELAY_08, ROOM_01, ROOM_02, ROOM_03, ROOM_04, ROOM_05, ROOM_06, ROOM_07, ROOM_08,
            ROOM_09, ROOM_10, ROOM_11, ROOM_12,
        },
    },
    room::Directory,
};

use super::{
    deed::{Deed, Whom, every_deed},
    world::{Rooms, World},
};
use crate::limits::{RANDOM_CLIENTS_MAX, RANDOM_ROOMS_MAX};

/// A state up to the names of clients and rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    outside: usize,
    /// Largest first.
    rooms: [usize; RANDOM_ROOMS_MAX],
    /// Whether some client is gone, so that its user id is nobody's.
    gone: bool,
}

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    New,
    Gone,
    Outside,
    /// In a room of so many.
    Member(usize),
}

/// What a room's name means to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RoomClass {
    Unused,
    Own,
    /// Another one, of so many.
    Other(usize),
}

/// What a client does, up to names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Input {
    Connect,
    Request { join: bool, room: RoomClass, ack: bool },
    Invalid { join: bool },
    Leave,
    Close,
    Drop,
    ToItself,
    ToFellow,
    ToOther(Place),
    ToRoom(RoomClass),
    ToNobody,
    Malformed,
    Oversized,
    Unknown,
}

/// A state and what one client does in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Transition(Shape, Place, Input);

impl Transition {
    /// The clauses that the transition is about.
    pub(super) fn clauses(&self) -> &'static [RequirementId] {
        let Self(_, place, input) = self;
        let member = matches!(place, Place::Member(_));
        match input {
            Input::Connect => &[ID_01, ID_02],
            Input::Request { ack: false, .. } => &[ERR_04],
            Input::Request { .. } if member => &[ROOM_04, ERR_03],
            Input::Request { join: false, room: RoomClass::Unused, .. } => &[ROOM_01],
            Input::Request { join: false, .. } => &[ROOM_02, ERR_03],
            Input::Request { join: true, room: RoomClass::Unused, .. } => &[ROOM_05, ERR_03],
            Input::Request { join: true, .. } => &[ROOM_06, ROOM_07],
            Input::Invalid { .. } => &[ROOM_03, ERR_03],
            Input::Leave if *place == Place::Member(1) => &[ROOM_11],
            Input::Leave if member => &[ROOM_08, ROOM_12],
            Input::Leave => &[ROOM_09],
            Input::Close | Input::Drop => &[ROOM_10],
            Input::ToFellow => &[RELAY_01, RELAY_02, RELAY_03],
            Input::ToItself | Input::ToOther(_) | Input::ToRoom(_) | Input::ToNobody if !member => {
                &[RELAY_05, RELAY_07]
            }
            Input::ToItself => &[RELAY_08],
            Input::ToOther(_) => &[RELAY_04, RELAY_07],
            Input::ToRoom(_) | Input::ToNobody => &[RELAY_06, RELAY_07],
            Input::Malformed => &[ERR_01, ERR_03],
            Input::Oversized => &[ERR_02, ERR_03],
            Input::Unknown => &[ERR_05],
        }
    }
}

/// The transitions that were taken, and what is left.
#[derive(Clone)]
pub(super) struct Coverage {
    taken: BTreeSet<Transition>,
    /// How many transitions of each state were not taken.
    left: BTreeMap<Shape, usize>,
}

impl Default for Coverage {
    fn default() -> Self {
        let mut left = BTreeMap::new();
        for Transition(shape, ..) in universe() {
            *left.entry(*shape).or_default() += 1;
        }
        Self { taken: BTreeSet::new(), left }
    }
}

impl Coverage {
    /// How many transitions were taken.
    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether a transition was taken.
    pub(super) fn contains(&self, transition: &Transition) -> bool {
        self.taken.contains(transition)
    }

    /// How many transitions of the states in which a world may be were not taken.
    pub(super) fn left(&self, world: &World) -> usize {
        world.certain().and_then(|rooms| self.left.get(&world.shape(rooms))).copied().unwrap_or(0)
    }

    /// How many of these were not taken.
    pub(super) fn gain(&self, transitions: &[Transition]) -> usize {
        transitions.iter().filter(|one| !self.taken.contains(one)).collect::<BTreeSet<_>>().len()
    }

    /// Takes in what was taken.
    pub(super) fn extend(&mut self, transitions: &[Transition]) {
        for transition in transitions {
            if self.taken.insert(*transition)
                && let Some(left) = self.left.get_mut(&transition.0)
            {
                *left = left.saturating_sub(1);
            }
        }
    }
}

impl World {
    /// The transition that a deed takes; none while it is not certain who is where.
    pub(super) fn transition(&self, client: u8, deed: Deed) -> Option<Transition> {
        let rooms = self.certain()?;
        let shape = self.shape(rooms);
        Some(Transition(shape, self.place(rooms, client), self.input(rooms, client, deed)))
    }

    fn shape(&self, rooms: &Rooms) -> Shape {
        let clients = (0_u8..).zip(self.known);
        let gone = clients.clone().any(|(client, known)| known && !rooms.is_connected(client));
        let outside =
            clients.filter(|(client, _)| rooms.is_connected(*client) && rooms.current(*client).is_none()).count();
        let mut sizes = [0; RANDOM_ROOMS_MAX];
        for (room, size) in (0_u8..).zip(&mut sizes) {
            *size = rooms.members(&room).len();
        }
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        Shape { outside, rooms: sizes, gone }
    }

    fn place(&self, rooms: &Rooms, client: u8) -> Place {
        match (rooms.is_connected(client), rooms.current(client)) {
            (true, Some(room)) => Place::Member(rooms.members(&room).len()),
            (true, None) => Place::Outside,
            (false, _) if self.known[usize::from(client)] => Place::Gone,
            (false, _) => Place::New,
        }
    }

    fn input(&self, rooms: &Rooms, client: u8, deed: Deed) -> Input {
        let room_class = |room: u8| match rooms.members(&room).len() {
            _ if rooms.current(client) == Some(room) => RoomClass::Own,
            0 => RoomClass::Unused,
            size => RoomClass::Other(size),
        };
        match deed {
            Deed::Connect => Input::Connect,
            Deed::Request { join, room, ack } => Input::Request { join, room: room_class(room), ack },
            Deed::Invalid { join } => Input::Invalid { join },
            Deed::Leave => Input::Leave,
            Deed::Close => Input::Close,
            Deed::Drop => Input::Drop,
            Deed::Signal(Whom::Client(other)) if other == client => Input::ToItself,
            Deed::Signal(Whom::Client(other)) => match (rooms.current(client), rooms.current(other)) {
                (Some(own), Some(room)) if own == room => Input::ToFellow,
                _ => Input::ToOther(self.place(rooms, other)),
            },
            Deed::Signal(Whom::Room(room)) => Input::ToRoom(room_class(room)),
            Deed::Signal(Whom::Nonsense) => Input::ToNobody,
            Deed::Malformed => Input::Malformed,
            Deed::Oversized => Input::Oversized,
            Deed::Unknown => Input::Unknown,
        }
    }
}

/// Every transition that there is: each state of the abstraction, each client in it, and everything that it may do.
pub(super) fn universe() -> &'static BTreeSet<Transition> {
    static ALL: LazyLock<BTreeSet<Transition>> = LazyLock::new(|| {
        let mut all = BTreeSet::new();
        every_world(&mut Vec::new(), &mut all);
        all
    });
    &ALL
}

/// Goes through all ways to put the clients into rooms: 0 is new, 1 gone, 2 in no room, and the rest are the rooms.
fn every_world(places: &mut Vec<u8>, all: &mut BTreeSet<Transition>) {
    // One more client that is further along than the one before it gives every state, up to names, once or more often.
    let from = places.last().copied().unwrap_or(0);
    if places.len() < RANDOM_CLIENTS_MAX {
        for next in from..u8::try_from(3 + RANDOM_ROOMS_MAX).expect("a few rooms") {
            places.push(next);
            every_world(places, all);
            places.pop();
        }
        return;
    }
    let world = world_of(places);
    for client in 0..u8::try_from(RANDOM_CLIENTS_MAX).expect("a few clients") {
        for deed in every_deed().into_iter().filter(|deed| may(&world, client, *deed)) {
            all.extend(world.transition(client, deed));
        }
    }
}

fn world_of(places: &[u8]) -> World {
    let mut world = World::default();
    let mut rooms = Rooms::default();
    for (client, place) in (0_u8..).zip(places) {
        world.known[usize::from(client)] = *place > 0;
        if *place >= 2 {
            rooms.connect(client);
        }
        if let Some(room) = place.checked_sub(3) {
            rooms.enter(&room, client);
            rooms.set_current(client, Some(room));
        }
    }
    world.possible = BTreeSet::from([rooms]);
    world
}

/// Whether a client may do that in a phase of its own.
pub(super) fn may(world: &World, client: u8, deed: Deed) -> bool {
    match (deed, world.is_connected(client)) {
        (Deed::Connect, connected) => !connected,
        (_, false) => false,
        (Deed::Close | Deed::Drop, true) => world.end_is_heard(client, &[]),
        (_, true) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_universe_has_every_shape_of_five_clients_in_three_rooms() {
        let shapes: BTreeSet<Shape> = universe().iter().map(|Transition(shape, ..)| *shape).collect();
        // Partitions of up to five clients into at most three rooms and those outside; with somebody gone, of up to four.
        let counted = |most: usize| {
            let mut count = 0;
            for outside in 0..=most {
                for first in 0..=most - outside {
                    for second in 0..=first.min(most - outside - first) {
                        count += second.min(most - outside - first - second) + 1;
                    }
                }
            }
            count
        };
        assert_eq!(shapes.len(), counted(5) + counted(4));
    }
}
