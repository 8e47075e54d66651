//! What must come true in the end, if nothing under way is put off for ever (liveness).

use super::{
    Line, Setting, System, World,
    state::is_live,
    trace::{Lane, session_name},
};
use crate::{
    explore::liveness::{Environment, Wishes},
    negotiation::Ice,
    requirement::{
        RequirementId,
        ids::{NEG_06, NEG_10, ROOM_08, ROOM_10},
    },
    room::Directory,
};

/// A claim about what happens in the end, over all peers: one kind of [`Wish`]. A clause has at most one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// The clause that demands it.
    pub clause: RequirementId,
    /// What must come true, in English.
    pub statement: &'static str,
}

/// All goals, in the order of docs/protocol.md.
pub const GOALS: &[Goal] = &[
    Goal { clause: ROOM_08, statement: "In the end every member that stays learns of each one that left." },
    Goal {
        clause: ROOM_10,
        statement: "In the end every member that stays learns of each one whose connection ended.",
    },
    Goal { clause: NEG_06, statement: "In the end every two members that stay are connected." },
    Goal { clause: NEG_10, statement: "In the end nothing is under way, unless users act: negotiation ends." },
];

/// The goal of a clause, if the model has one.
#[must_use]
pub fn goal(clause: RequirementId) -> Option<&'static Goal> {
    GOALS.iter().find(|goal| goal.clause == clause)
}

/// Something that may be wanting for a while, and not for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// Two peers that stay in one room get connected (NEG-06).
    Connected(u8, u8),
    /// A peer that stays learns that a session has left its room (ROOM-08).
    LeavingLearned(u8, u8),
    /// A peer that stays learns that a session has ended (ROOM-10).
    EndLearned(u8, u8),
    /// Nothing is under way any more, once the users stop: negotiation ends (NEG-10).
    Rest,
}

impl Wish {
    /// The clause that demands it.
    #[must_use]
    pub fn clause(self) -> RequirementId {
        match self {
            Self::Connected(..) => NEG_06,
            Self::LeavingLearned(..) => ROOM_08,
            Self::EndLearned(..) => ROOM_10,
            Self::Rest => NEG_10,
        }
    }

    /// What the environment may do to keep it from coming true.
    fn environment(self) -> Environment {
        match self {
            Self::Connected(..) | Self::LeavingLearned(..) | Self::EndLearned(..) => Environment::Restless,
            Self::Rest => Environment::Settles,
        }
    }

    /// Visits all wishes of a world, in their order.
    fn each<const P: usize, const S: usize>(mut visit: impl FnMut(Self)) {
        for one in 0..P as u8 {
            (one + 1..P as u8).for_each(|other| visit(Self::Connected(one, other)));
            for session in (0..S as u8).filter(|session| usize::from(*session) % P != usize::from(one)) {
                visit(Self::LeavingLearned(one, session));
                visit(Self::EndLearned(one, session));
            }
        }
        visit(Self::Rest);
    }
}

impl<const P: usize, const S: usize> World<P, S> {
    /// The room that the peer is in, by its own belief and by the server's record. Without a server nobody is anywhere.
    fn settled_room(&self, peer: u8) -> Option<u8> {
        if self.crashed {
            return None;
        }
        let session = self.session_of(peer);
        let room = self.clients[usize::from(peer)].room.filter(|_| is_live(&self.clients, session));
        room.filter(|room| self.server.current(session) == Some(*room))
    }

    /// Whether a wish has not come true yet, where it has a place.
    #[must_use]
    pub fn is_wanting(&self, setting: &Setting, wish: Wish) -> bool {
        match wish {
            Wish::LeavingLearned(peer, remote) if setting.has_several_rooms() => {
                self.is_live(remote) && self.believes_in_leaver(peer, remote)
            }
            Wish::EndLearned(peer, remote) if setting.has_several_rooms() => {
                !self.is_live(remote) && self.believes_in_leaver(peer, remote)
            }
            Wish::Connected(one, other) => {
                let room = self.settled_room(one);
                room.is_some() && room == self.settled_room(other) && !self.is_connected(setting, one, other)
            }
            Wish::LeavingLearned(peer, remote) => self.settled_room(peer).is_some_and(|room| {
                self.knows(peer, remote) && self.is_live(remote) && self.server.current(remote) != Some(room)
            }),
            Wish::EndLearned(peer, remote) => {
                self.settled_room(peer).is_some() && self.knows(peer, remote) && !self.is_live(remote)
            }
            Wish::Rest => !self.crashed && !self.is_at_rest(setting),
        }
    }

    fn knows(&self, peer: u8, remote: u8) -> bool {
        self.clients[usize::from(peer)].roster & 1 << remote != 0
    }

    /// Whether the ends of two peers fit and, where ICE is looked at, ICE works at both.
    pub(super) fn is_connected(&self, setting: &Setting, one: u8, other: u8) -> bool {
        let ours = self.negotiation(one, self.session_of(other));
        let theirs = self.negotiation(other, self.session_of(one));
        let works = !setting.ice || [ours.ice, theirs.ice] == [Ice::Connected; 2];
        works && ours.is_connected_with(&theirs)
    }

    /// A wish that never comes true, in words.
    pub(super) fn complaint(&self, wish: Wish) -> Line {
        let name = |peer: u8| session_name::<P>(self.session_of(peer));
        let (at, text) = match wish {
            Wish::Connected(one, other) => {
                (Lane::Server, format!("{} and {} are not connected", name(one), name(other)))
            }
            Wish::LeavingLearned(peer, remote) => {
                (Lane::Peer(peer), format!("never learns that {} has left", session_name::<P>(remote)))
            }
            Wish::EndLearned(peer, remote) => {
                (Lane::Peer(peer), format!("never learns that {} is gone", session_name::<P>(remote)))
            }
            Wish::Rest => (Lane::Server, "this never ends".into()),
        };
        Line::Note { at, text }
    }
}

impl<const P: usize, const S: usize> Wishes for System<P, S> {
    type Wish = Wish;

    fn wishes(&self) -> Vec<(Wish, Environment)> {
        let mut wishes = Vec::new();
        Wish::each::<P, S>(|wish| wishes.push((wish, wish.environment())));
        wishes
    }

    fn wanting(&self, state: &World<P, S>) -> u64 {
        let (mut bits, mut place) = (0, 0);
        Wish::each::<P, S>(|wish| {
            bits |= u64::from(state.is_wanting(&self.setting, wish)) << place;
            place += 1;
        });
        bits
    }

    fn is_dead_end(&self, state: &World<P, S>) -> bool {
        state.crashed || state.is_at_rest(&self.setting)
    }
}

#[cfg(test)]
mod tests;
