//! Where everybody may be in a random scenario, by the server's rules: the generator has to know who is in which room to
//! choose what to do next, and what it may rely on.
//!
//! After acts that raced, and after requests without an ack, several worlds are possible. All of them are kept, a few at
//! most: the generator ends what it can no longer oversee.

use std::collections::BTreeSet;

use glare_model::{
    id::InvalidRoomId,
    message::{ClientMessage, RequestKind},
    room::{Directory, Input, RoomRules, SmallDirectory, step},
};

use super::deed::Deed;
use crate::limits::{RANDOM_CLIENTS_MAX, RANDOM_ROOMS_MAX};

/// One possible state of the server.
pub(super) type Rooms = SmallDirectory<RANDOM_CLIENTS_MAX, RANDOM_ROOMS_MAX>;

/// All possible states, and who ever was connected.
#[derive(Clone)]
pub(super) struct World {
    pub(super) possible: BTreeSet<Rooms>,
    pub(super) known: [bool; RANDOM_CLIENTS_MAX],
}

impl Default for World {
    fn default() -> Self {
        Self { possible: BTreeSet::from([Rooms::default()]), known: [false; RANDOM_CLIENTS_MAX] }
    }
}

impl World {
    /// The state, if only one is possible.
    pub(super) fn certain(&self) -> Option<&Rooms> {
        match self.possible.len() {
            1 => self.possible.first(),
            _ => None,
        }
    }

    /// Whether a client has an open connection. Only its own deeds change that, so all possible states agree.
    pub(super) fn is_connected(&self, client: u8) -> bool {
        self.possible.first().is_some_and(|rooms| rooms.is_connected(client))
    }

    /// Whether a client is in a room, in one of the possible states.
    pub(super) fn is_member(&self, client: u8) -> bool {
        self.possible.first().is_some_and(|rooms| rooms.current(client).is_some())
    }

    /// The rooms that have members, in one of the possible states.
    pub(super) fn rooms(&self) -> Vec<u8> {
        let all = 0..u8::try_from(RANDOM_ROOMS_MAX).expect("a few rooms");
        all.filter(|room| self.possible.first().is_some_and(|rooms| !rooms.members(room).is_empty())).collect()
    }

    /// The other members of a client's room, in one of the possible states.
    pub(super) fn fellows(&self, client: u8) -> Vec<u8> {
        let Some(rooms) = self.possible.first() else { return Vec::new() };
        let members = rooms.current(client).map(|room| rooms.members(&room).to_vec()).unwrap_or_default();
        members.into_iter().filter(|member| *member != client).collect()
    }

    /// Whether the end of a client's connection, while the clients `moving` move, is certainly announced to somebody. Of an
    /// end that nobody hears, no round trip can prove that the server has noticed it.
    pub(super) fn end_is_heard(&self, client: u8, moving: &[u8]) -> bool {
        self.possible.iter().all(|rooms| match rooms.current(client) {
            None => true,
            Some(room) => rooms.members(&room).iter().any(|member| *member != client && !moving.contains(member)),
        })
    }

    /// Takes in acts that are sent at the same time: those of one client in their order, others in any.
    pub(super) fn race(&mut self, acts: &[(u8, Deed)]) {
        let mut after = BTreeSet::new();
        for rooms in &self.possible {
            interleave(*rooms, acts, 0, &mut after);
        }
        self.possible = after;
        for (client, _) in acts {
            self.known[usize::from(*client)] = true;
        }
    }

    /// The clients that are elsewhere in one possible state than in another.
    pub(super) fn undecided(&self) -> Vec<u8> {
        let clients = 0..u8::try_from(RANDOM_CLIENTS_MAX).expect("a few clients");
        let places = |client: u8| self.possible.iter().map(move |rooms| rooms.current(client)).collect::<BTreeSet<_>>();
        clients.filter(|client| places(*client).len() > 1).collect()
    }
}

/// Every order of the acts that are not `done`, a set of places as bits.
fn interleave(rooms: Rooms, acts: &[(u8, Deed)], done: u32, after: &mut BTreeSet<Rooms>) {
    let mut begun = Vec::new();
    for (place, (client, deed)) in acts.iter().enumerate() {
        if done & (1 << place) != 0 || begun.contains(client) {
            continue;
        }
        begun.push(*client);
        for next in outcomes(rooms, *client, *deed) {
            interleave(next, acts, done | (1 << place), after);
        }
    }
    if begun.is_empty() {
        after.insert(rooms);
    }
}

/// What may come of one deed: one state, or two where the protocol leaves it open.
fn outcomes(rooms: Rooms, client: u8, deed: Deed) -> Vec<Rooms> {
    let request = |join, room: Result<u8, InvalidRoomId>, ack| {
        let kind = if join { RequestKind::Join } else { RequestKind::Create };
        Input::Message(client, ClientMessage::Request { kind, room, ack })
    };
    let input = match deed {
        Deed::Connect => Input::Connect(client),
        Deed::Request { join, room, ack } => request(join, Ok(room), ack),
        Deed::Invalid { join } => request(join, Err(InvalidRoomId::NotAString), true),
        Deed::Leave => Input::Message(client, ClientMessage::Leave),
        Deed::Close | Deed::Drop => Input::Disconnect(client),
        // Who is where does not depend on these.
        Deed::Signal(_) | Deed::Malformed | Deed::Oversized | Deed::Unknown => return vec![rooms],
    };
    let mut next = rooms;
    step::<_, ()>(&mut next, &RoomRules::REFERENCE, input, &mut |_| {});
    match deed {
        Deed::Request { ack: false, .. } if next != rooms => vec![next, rooms],
        _ => vec![next],
    }
}
