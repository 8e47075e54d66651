//! Where everybody is. The rules are generic over this store, so that they run unchanged on a hash map of 100,000
//! connections and on the few bytes of a model checker's state.

use std::{collections::HashMap, fmt::Debug, hash::Hash};

/// The server's state as the rules see it. Implementations store; they decide nothing.
///
/// `current` and `members` are two relations, not one seen from both sides: the rules keep them in agreement, and
/// [`super::invariants`] say so. A faulty variant lets them drift apart, which is what makes a ghost member expressible.
pub trait Directory {
    /// A connection's key.
    type Session: Copy + Eq + Debug;
    /// A room's key.
    type Room: Clone + Eq + Debug;

    /// Records a new connection, in no room. A known one is left as it is.
    fn connect(&mut self, session: Self::Session);
    /// Forgets a connection.
    fn disconnect(&mut self, session: Self::Session);
    /// Whether the connection is known.
    fn is_connected(&self, session: Self::Session) -> bool;
    /// The room that the connection is recorded to be in, where it can be in one at most.
    fn current(&self, session: Self::Session) -> Option<Self::Room>;
    /// Records the connection's room. Unknown connections are ignored.
    fn set_current(&mut self, session: Self::Session, room: Option<Self::Room>);
    /// The members of a room in join order; empty if there is no such room.
    fn members(&self, room: &Self::Room) -> &[Self::Session];
    /// Adds a member, and with the first one the room. A second entry of one member changes nothing.
    fn enter(&mut self, room: &Self::Room, session: Self::Session);
    /// Removes a member, and with the last one the room. Returns whether it was a member.
    fn exit(&mut self, room: &Self::Room, session: Self::Session) -> bool;

    /// All rooms that the connection is recorded to be in, in a fixed order.
    ///
    /// This and the next two are for rules that let a member into several rooms, which use them in the place of `current`
    /// and `set_current`. A store that has no room for more than one room keeps the last.
    fn rooms_of(&self, session: Self::Session) -> Vec<Self::Room> {
        self.current(session).into_iter().collect()
    }
    /// Whether the connection is recorded to be in a room.
    fn is_in(&self, session: Self::Session, room: &Self::Room) -> bool {
        self.current(session).as_ref() == Some(room)
    }
    /// Records that the connection is in a room besides all others. Unknown connections are ignored.
    fn record(&mut self, session: Self::Session, room: Self::Room) {
        self.set_current(session, Some(room));
    }
    /// Records that the connection is not in a room any more.
    fn strike(&mut self, session: Self::Session, room: &Self::Room) {
        if self.is_in(session, room) {
            self.set_current(session, None);
        }
    }
}

/// A directory for servers: constant-time look-up by session and by room.
#[derive(Clone, Debug)]
pub struct HashDirectory<S, R> {
    current: HashMap<S, Option<R>>,
    rooms: HashMap<R, Vec<S>>,
    /// The rooms of those that may be in several, in the order of entering. Nobody else is here.
    several: HashMap<S, Vec<R>>,
}

impl<S: Eq + Hash, R: Eq + Hash> PartialEq for HashDirectory<S, R> {
    fn eq(&self, other: &Self) -> bool {
        self.current == other.current && self.rooms == other.rooms && self.several == other.several
    }
}

impl<S: Eq + Hash, R: Eq + Hash> Eq for HashDirectory<S, R> {}

impl<S, R> Default for HashDirectory<S, R> {
    fn default() -> Self {
        Self { current: HashMap::new(), rooms: HashMap::new(), several: HashMap::new() }
    }
}

impl<S: Copy + Eq + Hash + Debug, R: Clone + Eq + Hash + Debug> HashDirectory<S, R> {
    /// The number of rooms.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.rooms.len()
    }

    /// The number of connections.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.current.len()
    }

    /// All connections with the room each is recorded to be in, in no order.
    pub fn sessions(&self) -> impl Iterator<Item = (S, Option<&R>)> {
        self.current.iter().map(|(session, room)| (*session, room.as_ref()))
    }

    /// All rooms with their members, in no order.
    pub fn rooms(&self) -> impl Iterator<Item = (&R, &[S])> {
        self.rooms.iter().map(|(room, members)| (room, members.as_slice()))
    }
}

impl<S: Copy + Eq + Hash + Debug, R: Clone + Eq + Hash + Debug> Directory for HashDirectory<S, R> {
    type Session = S;
    type Room = R;

    fn connect(&mut self, session: S) {
        self.current.entry(session).or_default();
    }

    fn disconnect(&mut self, session: S) {
        self.current.remove(&session);
        self.several.remove(&session);
    }

    fn is_connected(&self, session: S) -> bool {
        self.current.contains_key(&session)
    }

    fn current(&self, session: S) -> Option<R> {
        self.current.get(&session).cloned().flatten()
    }

    fn set_current(&mut self, session: S, room: Option<R>) {
        if let Some(current) = self.current.get_mut(&session) {
            *current = room;
        }
    }

    fn members(&self, room: &R) -> &[S] {
        self.rooms.get(room).map_or(&[], Vec::as_slice)
    }

    fn enter(&mut self, room: &R, session: S) {
        let members = self.rooms.entry(room.clone()).or_default();
        if !members.contains(&session) {
            members.push(session);
        }
    }

    fn exit(&mut self, room: &R, session: S) -> bool {
        let Some(members) = self.rooms.get_mut(room) else { return false };
        let Some(place) = members.iter().position(|member| *member == session) else { return false };
        members.remove(place);
        if members.is_empty() {
            self.rooms.remove(room);
        }
        true
    }

    fn rooms_of(&self, session: S) -> Vec<R> {
        let current = || self.current(session).into_iter().collect();
        self.several.get(&session).map_or_else(current, Vec::clone)
    }

    fn is_in(&self, session: S, room: &R) -> bool {
        let current = || self.current.get(&session).is_some_and(|current| current.as_ref() == Some(room));
        self.several.get(&session).map_or_else(current, |rooms| rooms.contains(room))
    }

    fn record(&mut self, session: S, room: R) {
        if self.is_connected(session) && !self.is_in(session, &room) {
            self.several.entry(session).or_default().push(room);
        }
    }

    fn strike(&mut self, session: S, room: &R) {
        if let Some(rooms) = self.several.get_mut(&session) {
            rooms.retain(|other| other != room);
            if rooms.is_empty() {
                self.several.remove(&session);
            }
        }
    }
}

/// A directory for model checkers: `SESSIONS` connections numbered from 0 and `ROOMS` rooms numbered from 0, without
/// allocation, small and hashable. At most 255 sessions and 8 rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SmallDirectory<const SESSIONS: usize, const ROOMS: usize> {
    current: [Presence; SESSIONS],
    rooms: [MemberList<SESSIONS>; ROOMS],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Presence {
    Absent,
    Connected,
    In(u8),
    /// In these rooms, as bits; at least one.
    InSeveral(u8),
}

/// Members in join order. Unused places are zero, so that equal lists are equal bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct MemberList<const SESSIONS: usize> {
    len: u8,
    members: [u8; SESSIONS],
}

impl<const SESSIONS: usize, const ROOMS: usize> Default for SmallDirectory<SESSIONS, ROOMS> {
    fn default() -> Self {
        const { assert!(SESSIONS < 256 && ROOMS <= 8, "sessions are bytes, and rooms are bits of one") };
        Self { current: [Presence::Absent; SESSIONS], rooms: [MemberList { len: 0, members: [0; SESSIONS] }; ROOMS] }
    }
}

impl<const SESSIONS: usize, const ROOMS: usize> SmallDirectory<SESSIONS, ROOMS> {
    /// What is recorded of a connection.
    pub(crate) fn presence(&self, session: u8) -> Presence {
        self.current[usize::from(session)]
    }

    /// Puts back what was recorded of a connection.
    pub(crate) fn set_presence(&mut self, session: u8, presence: Presence) {
        self.current[usize::from(session)] = presence;
    }

    /// The rooms that a connection is recorded to be in, as bits.
    pub(crate) fn room_bits(&self, session: u8) -> u8 {
        match self.presence(session) {
            Presence::Absent | Presence::Connected => 0,
            Presence::In(room) => 1 << room,
            Presence::InSeveral(rooms) => rooms,
        }
    }
}

impl<const SESSIONS: usize, const ROOMS: usize> Directory for SmallDirectory<SESSIONS, ROOMS> {
    type Session = u8;
    type Room = u8;

    fn connect(&mut self, session: u8) {
        let presence = &mut self.current[usize::from(session)];
        if *presence == Presence::Absent {
            *presence = Presence::Connected;
        }
    }

    fn disconnect(&mut self, session: u8) {
        self.current[usize::from(session)] = Presence::Absent;
    }

    fn is_connected(&self, session: u8) -> bool {
        self.current[usize::from(session)] != Presence::Absent
    }

    fn current(&self, session: u8) -> Option<u8> {
        match self.current[usize::from(session)] {
            Presence::In(room) => Some(room),
            Presence::Absent | Presence::Connected | Presence::InSeveral(_) => None,
        }
    }

    fn set_current(&mut self, session: u8, room: Option<u8>) {
        if self.is_connected(session) {
            self.current[usize::from(session)] = room.map_or(Presence::Connected, Presence::In);
        }
    }

    fn members(&self, room: &u8) -> &[u8] {
        let list = &self.rooms[usize::from(*room)];
        &list.members[..usize::from(list.len)]
    }

    fn enter(&mut self, room: &u8, session: u8) {
        if !self.members(room).contains(&session) {
            let list = &mut self.rooms[usize::from(*room)];
            list.members[usize::from(list.len)] = session;
            list.len += 1;
        }
    }

    fn exit(&mut self, room: &u8, session: u8) -> bool {
        let Some(place) = self.members(room).iter().position(|member| *member == session) else { return false };
        let list = &mut self.rooms[usize::from(*room)];
        list.members[place..].rotate_left(1);
        list.len -= 1;
        list.members[usize::from(list.len)] = 0;
        true
    }

    fn rooms_of(&self, session: u8) -> Vec<u8> {
        let rooms = self.room_bits(session);
        (0..ROOMS as u8).filter(|room| rooms & 1 << room != 0).collect()
    }

    fn is_in(&self, session: u8, room: &u8) -> bool {
        self.room_bits(session) & 1 << room != 0
    }

    fn record(&mut self, session: u8, room: u8) {
        if self.is_connected(session) {
            self.current[usize::from(session)] = Presence::InSeveral(self.room_bits(session) | 1 << room);
        }
    }

    fn strike(&mut self, session: u8, room: &u8) {
        if self.is_connected(session) {
            let rooms = self.room_bits(session) & !(1 << room);
            self.current[usize::from(session)] =
                if rooms == 0 { Presence::Connected } else { Presence::InSeveral(rooms) };
        }
    }
}
