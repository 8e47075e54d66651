//! What a state shows by itself.

use super::{
    Fact, World,
    state::sessions,
    trace::{Lane, Watch, room_name, session_name},
};
use crate::{
    requirement::ids::{ROOM_04, ROOM_06, ROOM_10},
    room::{Directory, invariants::room_is_sound},
};

impl<const P: usize, const S: usize> World<P, S> {
    /// Finds the facts of this state.
    pub(super) fn judge(&self, rooms: u8, watch: &mut impl Watch) {
        for room in 0..rooms {
            let Err((clause, why)) = room_is_sound(&self.server, &room, 0..S as u8) else { continue };
            let fact = match clause {
                ROOM_04 => Fact::GhostMember,
                ROOM_06 => Fact::WrongList,
                ROOM_10 => Fact::EndedMember,
                _ => unreachable!("room_is_sound judges three clauses"),
            };
            let ghost = self.server.members(&room).iter().find(|member| self.server.current(**member) != Some(room));
            watch.finding(fact, Lane::Server, || match ghost {
                Some(ghost) => {
                    let whereabouts = self.server.current(*ghost).map_or("no room".into(), room_name);
                    format!("{} still lists {}, which is in {whereabouts}", room_name(room), session_name::<P>(*ghost))
                }
                None => format!("{}: {why}", room_name(room)),
            });
        }
        if self.is_quiescent() {
            (0..P as u8).for_each(|peer| self.judge_at_rest(peer, watch));
        }
    }

    /// Nothing is under way: whatever the peer does not know or have now, it never will.
    fn judge_at_rest(&self, peer: u8, watch: &mut impl Watch) {
        let client = &self.clients[usize::from(peer)];
        for remote in 0..S as u8 {
            let has_connection = self.negotiation(peer, remote).connection != 0;
            if has_connection && client.roster & 1 << remote == 0 {
                watch.finding(Fact::ConnectionKept, Self::lane(peer), || {
                    format!("still has a connection to {}", session_name::<P>(remote))
                });
            }
        }
        let Some(room) = client.room else { return };
        for known in sessions(client.roster) {
            if self.server.current(known) != Some(room) {
                watch.finding(Fact::MissedDeparture, Self::lane(peer), || {
                    format!("still believes that {} is here", session_name::<P>(known))
                });
            }
        }
        let own = self.session_of(peer);
        for other in (0..P as u8).filter(|other| *other != peer) {
            let remote = self.session_of(other);
            if !self.is_live(remote) || self.clients[usize::from(other)].room != Some(room) {
                continue;
            }
            if client.roster & 1 << remote == 0 {
                watch.finding(Fact::MissedArrival, Self::lane(peer), || {
                    format!("does not know of {}", session_name::<P>(remote))
                });
            }
            if other < peer {
                continue;
            }
            if self.negotiation(peer, remote).is_connected_with(&self.negotiation(other, own)) {
                watch.fact(Fact::Connected);
            } else {
                watch.finding(Fact::Unconnected, Lane::Server, || {
                    format!(
                        "nothing is under way, and {} and {} are not connected",
                        session_name::<P>(own),
                        session_name::<P>(remote)
                    )
                });
            }
        }
    }
}
