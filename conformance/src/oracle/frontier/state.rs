//! One state in which a server may be: who is where, how much of each client's queue it has served, and how much of what
//! arrived there is explained by what it has sent.
//!
//! The queues themselves are the script's, and the same for all states. What a client sent and the server has not served
//! begins at `served`; what the server sent and the client has received, or is yet to receive, ends at `seen`.

use std::{
    collections::{HashMap, HashSet},
    hash::{Hash, Hasher},
};

use foldhash::fast::FixedState;
use glare_model::{requirement::Level, room::Directory};

use super::{
    objection::{Objection, displaced},
    script::{Message, Room, Script, Slot},
};

/// Sets and maps of states are what an oracle spends most of its time on, and no target chooses what is in them.
pub(super) type FastSet<T> = HashSet<T, FixedState>;
pub(super) type FastMap<K, V> = HashMap<K, V, FixedState>;

/// A connection's part of a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Stand {
    place: u32,
    /// Items that were served.
    pub(super) served: u32,
    /// Sightings that are explained.
    pub(super) seen: u32,
    /// Where in the trace the last successful join's ack came: nothing of that room may come before (ORDER-02).
    pub(super) floor: u32,
}

const ABSENT: u32 = 0;
const NOWHERE: u32 = 1;
const FIRST_ROOM: u32 = 2;

/// See the module. Two states are the same if the same can happen from now on; what was objected to before makes no
/// difference.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) stands: Vec<Stand>,
    /// The members of all rooms, ordered by room and slot, or where rooms have hosts by room and joining. Without hosts nobody
    /// can see in which order members joined, and states that differ in it are one.
    inside: Vec<Slot>,
    /// Where a member may be in several rooms: the room of each entry of `inside`, of which there is one for each room that a
    /// connection is in. Its stand says only that it is connected.
    rooms: Vec<Room>,
    hosts: bool,
    several: bool,
    /// Which clauses this explanation of the trace has to take for broken.
    pub(super) objections: Vec<Objection>,
    pub(super) cost: Cost,
    /// How many objections there were before the last step.
    step: usize,
    /// What was sent and had not arrived where the trace ends; see [`State::send_off`].
    pub(super) on_the_way: Vec<(Slot, Message)>,
}

/// How much an explanation has to take for broken: clauses that no server may break, then all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost {
    pub(super) must: u32,
    pub(super) should: u32,
    /// What else follows from the same.
    pub(super) more: u32,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.stands == other.stands
            && self.rooms == other.rooms
            && (!(self.hosts || self.several) || self.inside == other.inside)
    }
}

impl Eq for State {}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.stands.hash(hasher);
        if self.several {
            (&self.rooms, &self.inside).hash(hasher);
        }
    }
}

impl State {
    /// Nobody is there. `hosts` says that it matters who has been in a room for longest, `several` that a member may be in several
    /// rooms.
    pub(super) fn new(hosts: bool, several: bool) -> Self {
        Self { hosts, several, ..Self::default() }
    }

    /// A connection's part.
    pub(super) fn stand(&self, slot: Slot) -> &Stand {
        &self.stands[usize::from(slot)]
    }

    /// A connection's part.
    pub(super) fn stand_mut(&mut self, slot: Slot) -> &mut Stand {
        &mut self.stands[usize::from(slot)]
    }

    /// Whether everybody is where they are in another state, but for this one.
    pub(super) fn has_same_places(&self, other: &Self, but: Option<Slot>) -> bool {
        let is_same = |(place, (one, other)): (usize, (&Stand, &Stand))| {
            one.place == other.place || but.is_some_and(|but| usize::from(but) == place)
        };
        self.stands.iter().zip(&other.stands).enumerate().all(is_same) && self.has_same_memberships(other)
    }

    /// Whether everybody is in the same ones of several rooms; there is nothing to compare where one is in one room at most.
    pub(super) fn has_same_memberships(&self, other: &Self) -> bool {
        !self.several || (&self.rooms, &self.inside) == (&other.rooms, &other.inside)
    }

    /// The memberships in several rooms: all that a state is beyond its stands, where one may be in several.
    pub(super) fn memberships(&self) -> Vec<(Room, Slot)> {
        self.rooms.iter().copied().zip(self.inside.iter().copied()).collect()
    }

    /// How far a run has come: every step leads further.
    pub(super) fn progress(&self) -> u64 {
        let steps = self.stands.iter().map(|stand| u64::from(stand.served) * 2 + u64::from(stand.place == ABSENT));
        steps.sum()
    }

    /// Begins another step: what is objected to from now on is another fault.
    pub(super) fn begin_step(&mut self) {
        self.step = self.objections.len();
    }

    /// Takes a clause for broken. What follows from the same fault costs next to nothing: that a notice reaches nobody is one
    /// fault and not one for each member, and so is a message that is missing in one place and comes in another.
    pub(super) fn object(&mut self, script: &Script, objection: Objection) {
        let same_step = self.objections[self.step..].iter().any(|other| other.requirement == objection.requirement);
        let follows = same_step || self.objections.iter().any(|other| displaced(script, other, &objection).is_some());
        match (follows, objection.is_late(), objection.requirement.level()) {
            (true, ..) => self.cost.more += 1,
            (false, false, Level::Must) => self.cost.must += 1,
            (false, true, Level::Must) | (false, _, Level::Should) => self.cost.should += 1,
        }
        self.objections.push(objection);
    }

    /// Notes that a message was sent and does not arrive any more: the first one of its receiver, and every notice of a
    /// departure, which has to arrive before the end of its phase.
    pub(super) fn send_off(&mut self, to: Slot, message: Message) {
        let is_first = !self.on_the_way.iter().any(|(other, _)| *other == to);
        if is_first || matches!(message, Message::UserLeft(_)) {
            self.on_the_way.push((to, message));
        }
    }

    fn range(&self, room: Room) -> std::ops::Range<usize> {
        if self.several {
            let begin = self.rooms.partition_point(|other| *other < room);
            return begin..begin + self.rooms[begin..].iter().take_while(|other| **other == room).count();
        }
        let place = room + FIRST_ROOM;
        let place_of = |slot: &Slot| self.stands[usize::from(*slot)].place;
        let begin = self.inside.partition_point(|slot| place_of(slot) < place);
        let length = self.inside[begin..].iter().take_while(|slot| place_of(slot) == place).count();
        begin..begin + length
    }
}

/// The room core keeps `current` and `members` in agreement, so one of them is enough: a member's `current` is its room.
impl Directory for State {
    type Session = Slot;
    type Room = Room;

    fn connect(&mut self, session: Slot) {
        let wanted = usize::from(session) + 1;
        if self.stands.len() < wanted {
            self.stands.resize(wanted, Stand::default());
        }
        let place = &mut self.stands[usize::from(session)].place;
        *place = (*place).max(NOWHERE);
    }

    fn disconnect(&mut self, session: Slot) {
        for room in self.rooms_of(session) {
            self.exit(&room, session);
        }
        self.stand_mut(session).place = ABSENT;
    }

    fn is_connected(&self, session: Slot) -> bool {
        self.stand(session).place != ABSENT
    }

    fn current(&self, session: Slot) -> Option<Room> {
        self.stand(session).place.checked_sub(FIRST_ROOM)
    }

    /// Entering and leaving have said it already.
    fn set_current(&mut self, session: Slot, room: Option<Room>) {
        if let Some(room) = room {
            self.enter(&room, session);
        }
    }

    fn members(&self, room: &Room) -> &[Slot] {
        &self.inside[self.range(*room)]
    }

    fn enter(&mut self, room: &Room, session: Slot) {
        if self.is_in(session, room) || !self.is_connected(session) {
            return;
        }
        if let Some(other) = self.current(session) {
            self.exit(&other, session);
        }
        let range = self.range(*room);
        let offset = match self.hosts {
            true => range.len(),
            false => self.inside[range.clone()].partition_point(|member| *member < session),
        };
        self.inside.insert(range.start + offset, session);
        if self.several {
            self.rooms.insert(range.start, *room);
        } else {
            self.stand_mut(session).place = room + FIRST_ROOM;
        }
    }

    fn exit(&mut self, room: &Room, session: Slot) -> bool {
        if !self.is_in(session, room) {
            return false;
        }
        let range = self.range(*room);
        let offset = self.inside[range.clone()].iter().position(|member| *member == session);
        self.inside.remove(range.start + offset.expect("whoever is in a room is among its members"));
        if self.several {
            self.rooms.remove(range.start);
        } else {
            self.stand_mut(session).place = NOWHERE;
        }
        true
    }

    fn rooms_of(&self, session: Slot) -> Vec<Room> {
        if !self.several {
            return self.current(session).into_iter().collect();
        }
        let own = self.inside.iter().zip(&self.rooms).filter(|(member, _)| **member == session);
        own.map(|(_, room)| *room).collect()
    }

    fn is_in(&self, session: Slot, room: &Room) -> bool {
        if self.several { self.members(room).contains(&session) } else { self.current(session) == Some(*room) }
    }

    /// Entering and leaving have said it already.
    fn record(&mut self, session: Slot, room: Room) {
        self.enter(&room, session);
    }

    /// Leaving says it, which tells as well whether there was anything to leave.
    fn strike(&mut self, _session: Slot, _room: &Room) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_room_are_those_whose_room_it_is() {
        let mut state = State::default();
        (0..5).for_each(|session| state.connect(session));
        for (session, room) in [(3, 7), (1, 7), (0, 2), (4, 9)] {
            state.enter(&room, session);
        }
        assert_eq!(state.members(&7), [1, 3]);
        assert_eq!(state.members(&2), [0]);
        assert!(state.members(&8).is_empty());
        assert!(state.exit(&7, 1));
        assert!(!state.exit(&7, 1));
        state.disconnect(4);
        assert_eq!((state.members(&7), state.members(&9)), (&[3][..], &[][..]));
        assert_eq!((state.current(1), state.is_connected(4)), (None, false));
    }

    #[test]
    fn members_of_several_rooms_are_in_each_of_them() {
        let mut state = State::new(false, true);
        (0..3).for_each(|session| state.connect(session));
        for (session, room) in [(2, 7), (1, 7), (1, 2), (0, 2), (1, 2)] {
            state.enter(&room, session);
        }
        assert_eq!((state.members(&7), state.members(&2)), (&[1, 2][..], &[0, 1][..]));
        assert_eq!((state.rooms_of(1), state.current(1)), (vec![2, 7], None));
        let before = state.clone();
        assert!(state.exit(&2, 1) && !state.exit(&2, 1));
        assert!(!state.has_same_places(&before, None) && state != before);
        assert_eq!((state.rooms_of(1), state.is_in(1, &2), state.members(&2)), (vec![7], false, &[0][..]));
        state.enter(&2, 1);
        assert_eq!(state, before);
        state.disconnect(1);
        assert_eq!(state.memberships(), [(2, 0), (7, 2)]);
    }

    #[test]
    fn states_that_differ_in_the_order_of_joining_alone_are_one() {
        let joined = |order: [Slot; 2]| {
            let mut state = State::default();
            (0..2).for_each(|session| state.connect(session));
            order.into_iter().for_each(|session| state.enter(&0, session));
            state
        };
        assert_eq!(joined([0, 1]), joined([1, 0]));
    }
}
