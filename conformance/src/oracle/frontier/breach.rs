//! Which clause is broken, where the place of a message among others or the state of the server tells.

use glare_model::{
    message::{ServerMessage, SignalFault},
    requirement::{
        RequirementId,
        ids::{
            ERR_02, ERR_03, ERR_04, ORDER_01, ORDER_03, ORDER_04, RELAY_01, RELAY_04, RELAY_05, RELAY_06, ROOM_07,
            ROOM_08, ROOM_10, ROOM_12,
        },
    },
    room::Directory,
};

use super::{
    script::{Answer, Ask, Item, Look, Message, Room, Script, Sighting, Slot},
    state::State,
};

impl Script {
    /// The clause that orders a message and those between the place where it was due and the one where it came.
    pub(super) fn clause_of_order(&self, to: Slot, message: &Message, due: u32, came: u32) -> Option<RequirementId> {
        let line = &self.lines[usize::from(to)];
        let (begin, end) = if due <= came { (due, came) } else { (came + 1, due) };
        let between = || line.sightings[begin as usize..(end as usize).min(line.sightings.len())].iter();
        let user = |slot: &Slot| self.lines[usize::from(*slot)].user;
        let is_signal =
            |of: u32| between().any(|one| matches!(one.look, Look::Signal { from, .. } if from == Some(of)));
        let is_notice = |of: Option<u32>| {
            between().any(|one| matches!(one.look, Look::Notice { user, .. } if of.is_none_or(|of| of == user)))
        };
        match message {
            ServerMessage::Signal { from, .. } if is_notice(Some(user(from))) => Some(ORDER_01),
            ServerMessage::Signal { from, .. } if is_signal(user(from)) => Some(ORDER_03),
            ServerMessage::UserJoined(who) | ServerMessage::UserLeft(who) if is_signal(user(who)) => Some(ORDER_01),
            ServerMessage::UserJoined(_) | ServerMessage::UserLeft(_) if is_notice(None) => Some(ORDER_04),
            _ => None,
        }
    }

    /// The clause that forbids what somebody got, where the state tells: it is of a room that the receiver left, or a signal to
    /// whom it could not reach.
    pub(super) fn clause_of_breach(
        &self,
        state: &State,
        at: Slot,
        sighting: &Sighting,
        phase: usize,
    ) -> Option<RequirementId> {
        let owner = |user: u32| self.lines.iter().position(|line| line.user == user);
        match sighting.look {
            Look::Error(_) | Look::RoomClosed | Look::HostChanged { .. } => None,
            Look::Notice { user, .. } => {
                let about = owner(user).map(|place| Slot::try_from(place).expect("slots were numbered"))?;
                let requests = self.lines[usize::from(about)].items.iter().filter(|item| item.phase == phase);
                let rooms = requests.filter_map(|item| match item.what {
                    Ask::Request { room: Ok(room), .. } => Some(room),
                    _ => None,
                });
                let mut rooms = rooms.chain(state.rooms_of(about));
                (about != at && rooms.any(|room| self.has_left(state, at, room))).then_some(ROOM_12)
            }
            Look::Signal { kind, from: Some(from), payload: Some(payload) } => {
                let sender = owner(from)?;
                let is_it = |item: &&Item| {
                    matches!(&item.what, Ask::Signal { kind: own, signal: Ok(aim), .. }
                        if *own == kind && aim.payload == payload)
                };
                let mut items = self.lines[sender].items.iter().filter(|item| item.phase == phase);
                let Ask::Signal { signal: Ok(aim), .. } = items.find(is_it)?.what else { return None };
                if items.any(|later| matches!(later.what, Ask::Leave { .. }) || later.is_end())
                    && self.was_told(at, sighting, from)
                {
                    return Some(ORDER_01);
                }
                let rooms = state.rooms_of(Slot::try_from(sender).expect("slots were numbered"));
                match (rooms.as_slice(), owner(aim.user)) {
                    ([], _) => Some(RELAY_05),
                    (rooms, Some(target)) if target == usize::from(at) => {
                        let mut rooms = rooms.iter().filter(|room| aim.within.is_none_or(|within| within == **room));
                        let is_fellow = rooms.clone().any(|room| state.is_in(at, room));
                        let has_left = rooms.any(|room| self.has_left(state, at, *room));
                        let clause = if has_left { ROOM_12 } else { RELAY_04 };
                        (!is_fellow).then_some(clause)
                    }
                    (_, Some(_)) => Some(RELAY_01),
                    (_, None) => Some(RELAY_06),
                }
            }
            Look::Signal { .. } => None,
        }
    }

    /// Whether a connection heard before a sighting that a user had left.
    fn was_told(&self, slot: Slot, sighting: &Sighting, left: u32) -> bool {
        let before = self.lines[usize::from(slot)].sightings.iter().take_while(|before| before.at < sighting.at);
        let notices = before.filter_map(|before| match before.look {
            Look::Notice { left: is_leave, user } if user == left => Some(is_leave),
            Look::Notice { .. } | Look::Signal { .. } | Look::Error(_) => None,
            Look::RoomClosed | Look::HostChanged { .. } => None,
        });
        notices.last().unwrap_or_default()
    }

    /// Whether a connection was in a room that it is not in any more.
    fn has_left(&self, state: &State, slot: Slot, room: Room) -> bool {
        let served = &self.lines[usize::from(slot)].items[..state.stand(slot).served as usize];
        let entered = |item: &Item| {
            matches!(item.what, Ask::Request { room: Ok(own), .. } if own == room)
                && matches!(item.answer, Answer::Accepted { .. })
        };
        !state.is_in(slot, &room) && served.iter().any(entered)
    }

    /// The clause that is broken where an answer that says who is there lists somebody who is not, or leaves out somebody who
    /// is: that of the departure which it does not show, or that of joining.
    pub(super) fn clause_of_list(&self, state: &State, slot: Slot, item: u32) -> RequirementId {
        let (Answer::Present(listed), Some(room)) =
            (&self.lines[usize::from(slot)].items[item as usize].answer, state.current(slot))
        else {
            return ROOM_07;
        };
        let lines = self.lines.iter().enumerate();
        let listed = lines.filter(|(_, line)| listed.contains(&line.user));
        let mut departures = listed.filter_map(|(place, line)| {
            let other = Slot::try_from(place).expect("slots were numbered");
            let served = &line.items[..state.stand(other).served as usize];
            clause_of_departure(served, room).filter(|_| !state.is_in(other, &room))
        });
        departures.next().unwrap_or(ROOM_07)
    }

    /// The clause that forbids a server to end a connection where it did.
    pub(super) fn clause_of_end(&self, slot: Slot, item: u32) -> RequirementId {
        let line = &self.lines[usize::from(slot)];
        let Some(phase) = line.items.get(item as usize).map(|item| item.phase) else { return ERR_03 };
        let mut before = line.items[..item as usize].iter().filter(|item| item.phase == phase);
        let clause = before.find_map(|item| match &item.what {
            Ask::Request { ack: false, sure: false, .. } => Some(ERR_04),
            Ask::Signal { signal: Err(SignalFault::TooLarge), .. } => Some(ERR_02),
            _ => None,
        });
        clause.unwrap_or(ERR_03)
    }
}

/// The clause about the last departure from a room, if there was one.
fn clause_of_departure(served: &[Item], room: Room) -> Option<RequirementId> {
    let mut is_inside = false;
    let mut clause = None;
    for item in served {
        match item.what {
            Ask::Request { room: Ok(own), .. } if item.may_move() => is_inside = own == room,
            Ask::Leave { .. } if std::mem::take(&mut is_inside) => clause = Some(ROOM_08),
            Ask::Broken | Ask::End(_) | Ask::Ended { .. } if std::mem::take(&mut is_inside) => clause = Some(ROOM_10),
            Ask::Request { .. } | Ask::Leave { .. } | Ask::Signal { .. } | Ask::Fence => {}
            Ask::Broken | Ask::End(_) | Ask::Ended { .. } => {}
        }
    }
    clause
}
