//! Worlds in which a member may be in several rooms: what a client knows of each, and what that shows.
//!
//! Nothing is negotiated here. Clients of such servers keep negotiations for each room and remote, and those of one room
//! are what every other world has. So peers enter, leave and signal, and the server's clauses are judged.

use super::{
    Fact, ROOMS_MAX, World,
    audit::Served,
    packed::{Downward, Upward},
    queue::Overflow,
    state::sessions,
    trace::{Watch, room_name, session_name},
};
use crate::{message::ServerMessage, negotiation::Description, room::Directory};

/// The rooms that a client believes to be in, and the sessions that it believes to be there. A room is a byte: the highest
/// bit says that the client is in it, the others are sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Stays([u8; ROOMS_MAX]);

const INSIDE: u8 = 1 << 7;

impl Stays {
    /// Whether it is in any room.
    pub(super) fn is_anywhere(self) -> bool {
        self.0 != [0; ROOMS_MAX]
    }

    /// The rooms that it is in.
    pub(super) fn rooms(self) -> impl Iterator<Item = u8> {
        (0..ROOMS_MAX as u8).filter(move |room| self.is_in(*room))
    }

    /// Whether it is in a room.
    pub(super) fn is_in(self, room: u8) -> bool {
        self.0[usize::from(room)] & INSIDE != 0
    }

    /// The sessions that it believes to be in a room, as bits.
    pub(super) fn roster(self, room: u8) -> u8 {
        self.0[usize::from(room)] & !INSIDE
    }

    /// The sessions that it believes to be in any of its rooms, as bits.
    fn all(self) -> u8 {
        self.rooms().fold(0, |all, room| all | self.roster(room))
    }

    fn enter(&mut self, room: u8, users: u8) {
        debug_assert!(users & INSIDE == 0, "a world with several rooms has seven sessions at most");
        self.0[usize::from(room)] = INSIDE | users;
    }

    fn quit(&mut self, room: u8) {
        self.0[usize::from(room)] = 0;
    }
}

/// Says of which room a notice is: its receiver's wire tells, and the rules have no words for it. Whoever leaves several
/// rooms leaves them in their order.
#[derive(Default)]
pub(super) struct Naming {
    /// The rooms whose members were told of the leaving, for each receiver, as bits.
    told: [u8; 8],
}

impl Naming {
    pub(super) fn of<const S: usize>(
        &mut self,
        served: &Served<S>,
        to: u8,
        message: ServerMessage<u8, u8, Description>,
    ) -> Downward {
        match message {
            ServerMessage::UserJoined(session) => Downward::Entered(served.requested_room().unwrap_or(0), session),
            ServerMessage::UserLeft(session) => {
                let told = &mut self.told[usize::from(to)];
                let shared = served.left_rooms() & served.before.room_bits(to);
                // A notice too many is about a room that it was told of.
                let room = sessions(shared & !*told).next().or_else(|| sessions(shared).next()).unwrap_or(0);
                *told |= 1 << room;
                Downward::Departed(room, session)
            }
            other => Downward::of(other),
        }
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    /// The peer leaves one of its rooms.
    pub(super) fn leave_one(&mut self, peer: u8, room: u8, watch: &mut impl Watch) -> Result<(), Overflow> {
        let client = &mut self.clients[usize::from(peer)];
        client.roster |= client.stays.roster(room);
        client.stays.quit(room);
        if !client.stays.is_anywhere() {
            client.roster = 0;
        }
        self.send(peer, Upward::LeaveOne(room), watch)
    }

    /// The peer handles a message.
    pub(super) fn hear_in_rooms(&mut self, peer: u8, message: Downward, watch: &mut impl Watch) {
        let client = &mut self.clients[usize::from(peer)];
        match message {
            Downward::Created(room) => {
                client.asking = None;
                client.stays.enter(room, 0);
            }
            Downward::Joined(room, users) => {
                client.asking = None;
                client.stays.enter(room, users);
            }
            Downward::Refused(_) => client.asking = None,
            Downward::Entered(room, remote) if client.stays.is_in(room) => {
                watch.fact(Fact::AnnouncementHeard);
                let roster = client.stays.roster(room);
                if roster & 1 << remote != 0 {
                    watch.finding(Fact::DuplicateAnnouncement, Self::lane(peer), || {
                        format!("knows {} already", session_name::<P>(remote))
                    });
                }
                client.stays.enter(room, roster | 1 << remote);
            }
            Downward::Departed(room, remote) if client.stays.is_in(room) => {
                watch.fact(Fact::DepartureHeard);
                client.stays.enter(room, client.stays.roster(room) & !(1 << remote));
            }
            Downward::Signal(_, from, _) if client.stays.is_anywhere() => {
                watch.fact(Fact::SignalHeard);
                // Of whom the peer left a room, something may have been on its way.
                if (client.stays.all() | client.roster) & 1 << from == 0 {
                    watch.finding(Fact::SignalOfStranger, Self::lane(peer), || {
                        format!("knows of no {} in its rooms", session_name::<P>(from))
                    });
                }
            }
            Downward::Entered(..) | Downward::Departed(..) | Downward::Signal(..) => {
                // It was told of somebody, whether it listens or not.
                if let (Downward::Entered(_, remote), true) = (message, client.stays.is_anywhere()) {
                    client.roster |= 1 << remote;
                }
                watch.note(Self::lane(peer), || "ignores it: it is not in that room".into());
            }
            Downward::UserJoined(_) | Downward::UserLeft(_) => unreachable!("notices name their rooms here"),
            Downward::RoomClosed | Downward::HostChanged(_) | Downward::Error(_) => {}
        }
    }

    /// Nothing is under way: whatever the peer does not know now, it never will.
    pub(super) fn judge_stays_at_rest(&self, peer: u8, watch: &mut impl Watch) {
        let client = &self.clients[usize::from(peer)];
        for room in client.stays.rooms() {
            for known in sessions(client.stays.roster(room)).filter(|known| !self.server.is_in(*known, &room)) {
                watch.finding(Fact::MissedDeparture, Self::lane(peer), || {
                    format!("still believes that {} is in {}", session_name::<P>(known), room_name(room))
                });
            }
            for other in (0..P as u8).filter(|other| *other != peer) {
                let remote = self.session_of(other);
                let is_there = self.is_live(remote) && self.clients[usize::from(other)].stays.is_in(room);
                if is_there && client.stays.roster(room) & 1 << remote == 0 {
                    watch.finding(Fact::MissedArrival, Self::lane(peer), || {
                        format!("does not know of {} in {}", session_name::<P>(remote), room_name(room))
                    });
                }
            }
        }
    }

    /// Whether a peer believes a remote to be in a room that both it and the server hold for its own, and that the remote is
    /// not in.
    pub(super) fn believes_in_leaver(&self, peer: u8, remote: u8) -> bool {
        let session = self.session_of(peer);
        let (client, is_over) = (&self.clients[usize::from(peer)], self.crashed || !self.is_live(session));
        let mut rooms = client.stays.rooms().filter(|room| self.server.is_in(session, room));
        !is_over
            && rooms.any(|room| {
                let has_left = !self.is_live(remote) || !self.server.is_in(remote, &room);
                client.stays.roster(room) & 1 << remote != 0 && has_left
            })
    }
}
