//! What a state shows by itself.

use super::{
    Fact, World,
    packed::Downward,
    queue::QUEUE_MAX,
    state::sessions,
    system::Setting,
    trace::{Lane, Watch, room_name, session_name},
};
use crate::{
    requirement::ids::{ROOM_04, ROOM_06, ROOM_10},
    room::{Directory, invariants::room_is_sound},
};

impl<const P: usize, const S: usize> World<P, S> {
    /// Finds the facts of this state.
    pub(super) fn judge(&self, setting: &Setting, watch: &mut impl Watch) {
        for room in 0..setting.rooms {
            let Err((clause, why)) = room_is_sound(&self.server, &room, 0..S as u8) else { continue };
            let fact = match clause {
                ROOM_04 => Fact::GhostMember,
                ROOM_06 => Fact::WrongList,
                ROOM_10 => Fact::EndedMember,
                _ => unreachable!("room_is_sound judges three clauses"),
            };
            let ghost = self.server.members(&room).iter().find(|member| !self.server.is_in(**member, &room));
            watch.finding(fact, Lane::Server, || match ghost {
                Some(ghost) => {
                    let whereabouts = self.server.current(*ghost).map_or("no room".into(), room_name);
                    format!("{} still lists {}, which is in {whereabouts}", room_name(room), session_name::<P>(*ghost))
                }
                None => format!("{}: {why}", room_name(room)),
            });
        }
        if P > 2 {
            self.judge_order(watch);
        }
        if self.is_at_rest(setting) {
            (0..P as u8).for_each(|peer| self.judge_at_rest(peer, setting, watch));
        }
    }

    /// Whether two members of a room are being told of others in different orders (ORDER-04).
    fn judge_order(&self, watch: &mut impl Watch) {
        let is_in_room = |session: &u8| self.server.room_bits(*session) != 0 && self.is_live(*session);
        for first in (0..S as u8).filter(is_in_room) {
            let told_first = self.notices(first);
            if told_first[1] == 0 {
                continue;
            }
            let same_room = |other: &u8| self.server.room_bits(*other) & self.server.room_bits(first) != 0;
            for second in (first + 1..S as u8).filter(is_in_room).filter(same_room) {
                let told_second = self.notices(second);
                // What was told twice to one has no one place in the order.
                let place = |told: &[u8; QUEUE_MAX], notice: u8| {
                    let mut places = (0..QUEUE_MAX).filter(|place| told[*place] == notice);
                    places.next().filter(|_| places.next().is_none())
                };
                let shared = |notice: u8| {
                    (notice != 0).then_some(())?;
                    Some((place(&told_first, notice)?, place(&told_second, notice)?))
                };
                let places = told_first.map(shared);
                for (at, earlier) in places.iter().enumerate().filter_map(|(at, it)| Some((at, (*it)?))) {
                    for later in places[at + 1..].iter().flatten() {
                        watch.fact(Fact::NoticesAlike);
                        if (earlier.0 < later.0) != (earlier.1 < later.1) {
                            watch.finding(Fact::NoticesDiffer, Lane::Server, || {
                                let names = [first, second].map(session_name::<P>);
                                format!("tells {} and {} of others in different orders", names[0], names[1])
                            });
                        }
                    }
                }
            }
        }
    }

    /// The joins and leaves that are on their way to a session, as numbers that are not zero.
    fn notices(&self, session: u8) -> [u8; QUEUE_MAX] {
        let mut notices = [0; QUEUE_MAX];
        let told = self.down[usize::from(session)].words().filter_map(|word| match Downward::unpack(word) {
            Downward::UserJoined(about) => Some(2 * about + 1),
            Downward::UserLeft(about) => Some(2 * about + 2),
            // Behind those of no room.
            Downward::Entered(room, about) => Some(17 * (room + 1) + 2 * about + 1),
            Downward::Departed(room, about) => Some(17 * (room + 1) + 2 * about + 2),
            Downward::Created(_)
            | Downward::Joined(..)
            | Downward::Refused(_)
            | Downward::RoomClosed
            | Downward::HostChanged(_)
            | Downward::Signal(..)
            | Downward::Error(_) => None,
        });
        notices.iter_mut().zip(told).for_each(|(place, notice)| *place = notice);
        notices
    }

    /// Nothing is under way: whatever the peer does not know or have now, it never will.
    fn judge_at_rest(&self, peer: u8, setting: &Setting, watch: &mut impl Watch) {
        if setting.has_several_rooms() {
            return self.judge_stays_at_rest(peer, watch);
        }
        let client = &self.clients[usize::from(peer)];
        for remote in 0..S as u8 {
            let state = self.negotiation(peer, remote);
            let is_known = client.roster & 1 << remote != 0;
            if (state.connection != 0 || state.kept > 0) && !is_known {
                watch.finding(Fact::ConnectionKept, Self::lane(peer), || {
                    let what = if state.connection == 0 { "candidates" } else { "a connection" };
                    format!("still has {what} of {}", session_name::<P>(remote))
                });
            }
            if state.connection != 0 && (state.unsent || state.restart) {
                watch.finding(Fact::ChangeForgotten, Self::lane(peer), || {
                    format!("has never offered to {} what it changed", session_name::<P>(remote))
                });
            }
        }
        let account = &self.accounts[usize::from(peer)];
        for remote in sessions(account.lost | account.open & !client.roster) {
            watch.finding(Fact::Leaked, Self::lane(peer), || {
                format!("an open connection to {} is out of its reach", session_name::<P>(remote))
            });
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
            if self.is_connected(setting, peer, other) {
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
