//! What the wire alone says about who is where: acks, departures, ends. No rule of the model is consulted.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::{limits, message::SignalKind, requirement::ids::ERR_02};
use serde_json::Value;

use super::story::{Act, PhaseStory, What};
use crate::{
    capability::{Capability, Profile},
    dialect::SecondRoomRule,
    observation::Observation,
    trace::Ending,
    transport::ConnectionId,
};

/// Where a connection is, as far as the wire says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In no room.
    Nowhere,
    /// A member of these rooms and no other: of one, unless a member may be in several.
    In(BTreeSet<String>),
    /// It may be a member of one of these rooms: requests without an ack or whose ack never came, or a client that is frozen.
    MaybeIn(BTreeSet<String>),
    /// The connection is over.
    Gone,
}

/// The state of affairs between two phases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    places: BTreeMap<ConnectionId, Place>,
    /// Rooms that each connection left.
    former: BTreeMap<ConnectionId, BTreeSet<String>>,
    /// Rooms that had members at some time.
    past: BTreeSet<String>,
    /// Connections that are frozen.
    pub(crate) frozen: BTreeSet<ConnectionId>,
    /// What the target declares.
    pub(crate) profile: Profile,
    /// In which phase each connection entered the room that it is in, or may be in.
    entered: BTreeMap<ConnectionId, usize>,
    /// The number of phases so far.
    phases: usize,
}

/// Who has been in a room for longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// This one.
    Certain(ConnectionId),
    /// The wire does not say enough.
    Unclear,
}

/// What an act asks of the server, read from docs/protocol.md and not by the model's codec.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stimulus<'a> {
    /// `create-room` or `join-room`.
    Request {
        /// Whether it is `join-room`.
        join: bool,
        /// The id, if it is a valid one.
        room: Option<&'a str>,
        /// Whether an ack was asked for.
        ack: bool,
    },
    /// `leave-room`.
    Leave {
        /// The room that it names. That says something only where a member may be in several.
        room: Option<&'a str>,
    },
    /// A signal.
    Signal {
        /// Its kind.
        kind: SignalKind,
        /// Its target, if that is a string.
        target: Option<&'a str>,
        /// Its payload, if there is one.
        payload: Option<&'a Value>,
        /// The room that it is sent in, if it names one. That says something only where a member may be in several.
        room: Option<&'a str>,
        /// What is wrong with it.
        fault: Fault,
    },
    /// An event that the protocol does not name.
    UnknownEvent,
    /// Something that is not of the wire's form.
    Broken {
        /// Whether it is the last that the client says on that connection.
        last: bool,
    },
    /// The connection was ended or frozen.
    Ending(Ending),
}

/// What is wrong with the form of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// No object, no string as target, or no payload.
    Malformed,
    /// A description that is too large however one counts.
    TooLarge,
    /// A size that some may accept and others refuse.
    Unclear,
}

impl Fault {
    /// The same for a target that declares this: where ERR-02 is not judged, what is too large may be delivered.
    pub(crate) fn for_target(self, profile: &Profile) -> Self {
        match self {
            Self::TooLarge if !profile.judges(ERR_02) => Self::Unclear,
            fault => fault,
        }
    }
}

impl Act {
    /// What the act asks of the server.
    #[must_use]
    pub(crate) fn stimulus(&self) -> Stimulus<'_> {
        let (event, data, ack) = match &self.what {
            What::Sent { event, data, ack } => (event.as_str(), data.as_ref(), ack.is_some()),
            What::Broken { last } => return Stimulus::Broken { last: *last },
            What::Ending(how) => return Stimulus::Ending(*how),
        };
        match event {
            "create-room" | "join-room" => Stimulus::Request { join: event == "join-room", room: room_id(data), ack },
            "leave-room" => Stimulus::Leave { room: room_id(data) },
            _ => match SignalKind::ALL.into_iter().find(|kind| kind.event() == event) {
                Some(kind) => signal(kind, data, self.payload_bytes),
                None => Stimulus::UnknownEvent,
            },
        }
    }
}

/// A text that is a valid room id.
fn room_id(data: Option<&Value>) -> Option<&str> {
    let valid = |id: &&str| (1..=limits::ROOM_ID_CHARS_MAX).contains(&id.chars().count());
    data.and_then(Value::as_str).filter(valid)
}

fn signal(kind: SignalKind, data: Option<&Value>, bytes: usize) -> Stimulus<'_> {
    let member = |name: &str| data.and_then(Value::as_object).and_then(|members| members.get(name));
    let target = member("target").and_then(Value::as_str);
    let payload = member(kind.payload_member());
    let fault = match kind {
        _ if target.is_none() || payload.is_none() => Fault::Malformed,
        SignalKind::Candidate if bytes <= limits::CANDIDATE_BYTES_MAX / 2 => Fault::None,
        SignalKind::Candidate => Fault::Unclear,
        SignalKind::Offer | SignalKind::Answer => match bytes {
            0..=limits::DESCRIPTION_BYTES_SURELY_ACCEPTED => Fault::None,
            limits::DESCRIPTION_BYTES_SURELY_REFUSED.. => Fault::TooLarge,
            _ => Fault::Unclear,
        },
    };
    Stimulus::Signal { kind, target, payload, room: room_id(member("room")), fault }
}

impl Facts {
    /// Before the first phase, of a target that declares this.
    pub(crate) fn new(profile: Profile) -> Self {
        Self { profile, ..Self::default() }
    }

    /// The host of a room, among those members that `counts` takes; none if nobody is there.
    pub(crate) fn host(&self, room: &str, counts: impl Fn(ConnectionId) -> bool) -> Option<Host> {
        let certain = self.members(room);
        let all: Vec<_> = certain.union(&self.maybe_members(room)).copied().filter(|one| counts(*one)).collect();
        let since = |connection: &ConnectionId| self.entered.get(connection).copied().unwrap_or_default();
        let first = all.iter().map(since).min()?;
        let mut hosts = all.iter().filter(|one| since(one) == first);
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if certain.contains(host) => Some(Host::Certain(*host)),
            _ => Some(Host::Unclear),
        }
    }

    /// Where a connection is.
    #[must_use]
    pub(crate) fn place(&self, connection: ConnectionId) -> Place {
        self.places.get(&connection).cloned().unwrap_or(Place::Gone)
    }

    /// The rooms that a connection certainly is in: one at most, unless a member may be in several.
    #[must_use]
    pub(crate) fn rooms(&self, connection: ConnectionId) -> BTreeSet<String> {
        match self.place(connection) {
            Place::In(rooms) => rooms,
            Place::Nowhere | Place::MaybeIn(_) | Place::Gone => BTreeSet::new(),
        }
    }

    /// The connections that certainly are members of a room.
    #[must_use]
    pub(crate) fn members(&self, room: &str) -> BTreeSet<ConnectionId> {
        let inside = self.places.iter().filter(|(_, place)| matches!(place, Place::In(own) if own.contains(room)));
        inside.map(|(connection, _)| *connection).collect()
    }

    /// The connections that may be members of a room.
    #[must_use]
    pub(crate) fn maybe_members(&self, room: &str) -> BTreeSet<ConnectionId> {
        let inside =
            self.places.iter().filter(|(_, place)| matches!(place, Place::MaybeIn(rooms) if rooms.contains(room)));
        inside.map(|(connection, _)| *connection).collect()
    }

    /// Whether a connection left this room at some time.
    #[must_use]
    pub(crate) fn was_in(&self, connection: ConnectionId, room: &str) -> bool {
        self.former.get(&connection).is_some_and(|rooms| rooms.contains(room))
    }

    /// Whether a room had members at some time.
    #[must_use]
    pub(crate) fn existed(&self, room: &str) -> bool {
        self.past.contains(room)
    }

    /// All connections that are open and listen.
    pub(crate) fn listening(&self) -> impl Iterator<Item = ConnectionId> {
        let open = self.places.iter().filter(|(_, place)| **place != Place::Gone).map(|(connection, _)| *connection);
        open.filter(|connection| !self.frozen.contains(connection))
    }

    /// Takes in the openings of a phase, which precede its acts.
    pub(crate) fn open(&mut self, phase: &PhaseStory) {
        for connection in &phase.opened {
            self.places.insert(*connection, Place::Nowhere);
        }
    }

    /// Takes in what a phase did.
    pub(crate) fn close(&mut self, phase: &PhaseStory) {
        let actors: BTreeSet<_> = phase.acts.iter().map(|act| act.connection).chain(phase.ended.clone()).collect();
        let alone = phase.acts.len() <= 1 && actors.len() == 1;
        let mut shaken = BTreeSet::new();
        for act in &phase.acts {
            match act.stimulus() {
                Stimulus::Leave { .. } | Stimulus::Ending(Ending::Close | Ending::Drop) => {
                    shaken.extend(self.end_room(act.connection, alone));
                }
                // A server may notice at any time.
                Stimulus::Ending(Ending::Freeze | Ending::Noticed) | Stimulus::Broken { last: true } => {
                    shaken.extend(self.end_room(act.connection, false));
                }
                Stimulus::Request { .. } | Stimulus::Signal { .. } => {}
                Stimulus::UnknownEvent | Stimulus::Broken { last: false } => {}
            }
            self.act(act);
        }
        for connection in &phase.ended {
            shaken.extend(self.end_room(*connection, alone));
            self.depart(*connection, Place::Gone);
        }
        // Whoever entered such a room in the same phase may have been there when it ended.
        for room in shaken {
            for member in self.members(&room) {
                let rooms = self.rooms(member);
                self.places.insert(member, Place::MaybeIn(rooms));
            }
        }
        self.phases += 1;
    }

    /// The departure of a host ends its room, where that is so. `alone` says that nothing else happened meanwhile. Returns
    /// the rooms of which nobody can say whether they ended.
    fn end_room(&mut self, leaver: ConnectionId, alone: bool) -> BTreeSet<String> {
        if !self.profile.has(Capability::HostClose) {
            return BTreeSet::new();
        }
        let room = match self.place(leaver) {
            Place::In(rooms) if rooms.len() == 1 => rooms.into_iter().next().expect("it is the only one"),
            // Who was in which first is kept for one room.
            Place::In(rooms) | Place::MaybeIn(rooms) => return rooms,
            Place::Nowhere | Place::Gone => return BTreeSet::new(),
        };
        match self.host(&room, |_| true) {
            Some(Host::Certain(host)) if alone && host == leaver => {
                let others: Vec<_> = self.members(&room).into_iter().filter(|other| *other != leaver).collect();
                others.into_iter().for_each(|other| self.depart(other, Place::Nowhere));
                BTreeSet::new()
            }
            Some(Host::Certain(_)) if alone => BTreeSet::new(),
            Some(Host::Certain(_) | Host::Unclear) | None => BTreeSet::from([room]),
        }
    }

    fn act(&mut self, act: &Act) {
        match act.stimulus() {
            Stimulus::Request { room: Some(room), ack, .. } => match act.ack {
                Some(Some(Observation::Accepted { .. })) if ack => {
                    self.past.insert(room.to_owned());
                    let place = self.entering(act.connection, room);
                    self.places.insert(act.connection, place);
                    self.entered.insert(act.connection, self.phases);
                }
                // Nobody asked what became of it, or the client did not live to hear it.
                None => {
                    let several = self.profile.dialect().has_several_rooms();
                    let mut rooms = match self.place(act.connection) {
                        Place::In(rooms) if several && rooms.contains(room) => return,
                        Place::In(rooms) if several => rooms,
                        Place::Nowhere => BTreeSet::new(),
                        // Whether the earlier request took effect is open, and so is whether this one did.
                        Place::MaybeIn(rooms) => rooms,
                        Place::In(first) if self.moves() => first,
                        Place::In(_) | Place::Gone => return,
                    };
                    rooms.insert(room.to_owned());
                    self.entered.entry(act.connection).or_insert(self.phases);
                    self.places.insert(act.connection, Place::MaybeIn(rooms));
                }
                // Whoever is not let into another room may have left the first one for it.
                Some(_) if self.moves() => {
                    if let Place::In(first) = self.place(act.connection) {
                        self.places.insert(act.connection, Place::MaybeIn(first));
                    }
                }
                Some(_) => {}
            },
            Stimulus::Leave { room: Some(room) } if self.profile.dialect().has_several_rooms() => {
                self.leave(act.connection, room);
            }
            Stimulus::Leave { .. } => self.depart(act.connection, Place::Nowhere),
            Stimulus::Ending(Ending::Close | Ending::Drop | Ending::Noticed) => {
                self.depart(act.connection, Place::Gone);
                self.frozen.remove(&act.connection);
            }
            // A client of which nothing is known any more is as one that is frozen.
            Stimulus::Ending(Ending::Freeze) | Stimulus::Broken { last: true } => {
                self.frozen.insert(act.connection);
                if let Place::In(rooms) = self.place(act.connection) {
                    self.places.insert(act.connection, Place::MaybeIn(rooms));
                }
            }
            Stimulus::Request { .. } | Stimulus::Signal { .. } => {}
            Stimulus::UnknownEvent | Stimulus::Broken { last: false } => {}
        }
    }

    /// Whether a member that asks for another room leaves the first one.
    fn moves(&self) -> bool {
        self.profile.dialect().second_room == SecondRoomRule::Moves
    }

    /// Where a connection is that was let into a room.
    fn entering(&mut self, connection: ConnectionId, room: &str) -> Place {
        let alone = BTreeSet::from([room.to_owned()]);
        let add = |mut rooms: BTreeSet<String>| {
            rooms.insert(room.to_owned());
            rooms
        };
        match self.place(connection) {
            Place::In(rooms) if self.profile.dialect().has_several_rooms() => Place::In(add(rooms)),
            Place::MaybeIn(rooms) if self.profile.dialect().has_several_rooms() => Place::MaybeIn(add(rooms)),
            Place::In(first) if first != alone => {
                self.depart(connection, Place::Nowhere);
                Place::In(alone)
            }
            Place::In(_) | Place::MaybeIn(_) | Place::Nowhere | Place::Gone => Place::In(alone),
        }
    }

    /// Takes in that a connection left one of several rooms.
    fn leave(&mut self, connection: ConnectionId, room: &str) {
        let (Place::In(mut rooms) | Place::MaybeIn(mut rooms)) = self.place(connection) else { return };
        if !rooms.remove(room) {
            return;
        }
        if rooms.is_empty() {
            return self.depart(connection, Place::Nowhere);
        }
        self.former.entry(connection).or_default().insert(room.to_owned());
        let is_certain = matches!(self.place(connection), Place::In(_));
        self.places.insert(connection, if is_certain { Place::In(rooms) } else { Place::MaybeIn(rooms) });
    }

    fn depart(&mut self, connection: ConnectionId, to: Place) {
        self.entered.remove(&connection);
        match self.places.insert(connection, to) {
            Some(Place::In(rooms) | Place::MaybeIn(rooms)) => self.former.entry(connection).or_default().extend(rooms),
            Some(Place::Nowhere | Place::Gone) | None => {}
        }
    }
}
