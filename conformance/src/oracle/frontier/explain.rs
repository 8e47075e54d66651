//! Whether what a server sends in one course is what arrived. A message is compared as soon as it is sent with what its
//! receiver sees next, so that an order which does not fit ends at its first wrong step.

use glare_model::{
    message::{ServerMessage, SignalRefusal},
    requirement::{
        RequirementId,
        ids::{ORDER_02, RELAY_02, RELAY_03, RELAY_07, RELAY_08, ROOM_03},
    },
    room::Directory,
};

use super::{
    closure::Search,
    objection::{Ground, Objection},
    script::{Answer, Ask, Look, Message, Script, Sighting, Slot, Unasked, count},
    state::State,
    step::{Course, CourseFault},
};

/// Whether an explanation may take clauses for broken that no server may break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It may not: what is left is what a conforming server may have done.
    Strict,
    /// It may, at a cost: the cheapest explanation says what is wrong.
    Lenient,
}

impl Search<'_> {
    /// The state after a course, if what it sends is what arrived.
    pub(super) fn explain(self, slot: Slot, course: Course, mode: Mode) -> Option<State> {
        let (script, phase) = (self.script, self.moment.phase);
        let Course { mut state, item, mut sent, ack, fault, .. } = course;
        let most = state.cost.must;
        state.begin_step();
        let line = &script.lines[usize::from(slot)];
        let served = line.items.get(item as usize);
        let object = |state: &mut State, requirement, ground| {
            state.object(script, Objection { requirement, phase, ground });
        };
        match fault {
            Some(CourseFault::FenceAccepted) => object(&mut state, ROOM_03, Ground::FenceAccepted(slot)),
            Some(CourseFault::Listed) => {
                let requirement = script.clause_of_list(&state, slot, item);
                let present = script.fellows(&state, slot);
                object(&mut state, requirement, Ground::Listed { slot, number: item, present });
            }
            Some(CourseFault::SelfSignal) => object(&mut state, RELAY_08, Ground::SelfSignal(slot)),
            Some(CourseFault::Untold(kind)) => {
                let message = Message::Error(kind, SignalRefusal::Undeliverable);
                let place = state.stand(slot).seen;
                state.object(script, missing(slot, message, RELAY_07, phase, place));
            }
            Some(CourseFault::Ended) => object(&mut state, script.clause_of_end(slot, item), Ground::Ended(slot)),
            None => {}
        }
        if let Some((message, clause)) = ack {
            let wrong = match served.map(|item| &item.answer) {
                Some(Answer::None) | None => line.vouched() > item + 1,
                Some(answer) => !script.is_answer(&message, answer),
            };
            if wrong {
                let number = item;
                let phase = served.map_or(phase, |item| item.phase);
                state.object(
                    script,
                    Objection { requirement: clause, phase, ground: Ground::Answer { slot, number, message } },
                );
            } else if let (ServerMessage::Joined(..), Some(item)) = (&message, served) {
                // What comes of another room that it is in may come before.
                let is_only = !script.has_several_rooms() || state.rooms_of(slot).len() == 1;
                let at = u32::try_from(item.answered_at).unwrap_or(u32::MAX);
                state.stand_mut(slot).floor = if is_only { at } else { 0 };
            }
        }
        let since = served.map_or(0, |item| item.at);
        self.order_introductions(&state, slot, &mut sent);
        for (to, message, clause) in sent {
            self.receive(&mut state, to, message, clause, since);
            if mode == Mode::Strict && state.cost.must > most {
                return None;
            }
        }
        (mode == Mode::Lenient || state.cost.must == most).then_some(state)
    }

    /// In which order a joiner is told of those who are there is left open: in that in which it came.
    fn order_introductions(self, state: &State, slot: Slot, sent: &mut [(Slot, Message, RequirementId)]) {
        if !self.script.rules.introduce_members {
            return;
        }
        let ahead = &self.script.lines[usize::from(slot)].sightings[state.stand(slot).seen as usize..];
        sent.sort_by_key(|(to, message, _)| {
            let is_introduction = *to == slot && matches!(message, ServerMessage::UserJoined(_));
            let place = ahead.iter().position(|sighting| self.script.is_message(message, sighting));
            if is_introduction { place.map_or(usize::MAX, |place| place + 1) } else { 0 }
        });
    }

    /// Puts a message that was sent beside what its receiver sees next. It has to come before the ack of any fence that the
    /// server has yet to serve there.
    fn receive(self, state: &mut State, to: Slot, message: Message, clause: RequirementId, since: usize) {
        let (script, phase) = (self.script, self.moment.phase);
        let line = &script.lines[usize::from(to)];
        let stand = *state.stand(to);
        let is_due = self.is_due(to);
        let deadline = line.deadline(stand.served).min(if is_due { self.moment.at } else { usize::MAX });
        let mut objections = Vec::new();
        let mut object = |requirement, ground| objections.push(Objection { requirement, phase, ground });
        for (place, sighting) in line.sightings.iter().enumerate().skip(stand.seen as usize) {
            let number = count(place);
            if sighting.at > deadline {
                return state.object(script, missing(to, message, clause, phase, number));
            }
            // What was seen before it could be sent is something else.
            let altered = || script.clause_of_alteration(&message, sighting);
            let fits = sighting.at > since && (script.is_message(&message, sighting) || altered().is_some());
            if fits {
                let early = script.is_of_room(sighting.look) && sighting.at < stand.floor as usize;
                if early {
                    object(ORDER_02, Ground::Early { to, sighting: number });
                }
                if let Some(clause) = altered() {
                    object(clause, Ground::Altered { to, sighting: number, message });
                }
                state.stand_mut(to).seen = number + 1;
                objections.into_iter().for_each(|objection| state.object(script, objection));
                return;
            }
            match sighting.unasked {
                Unasked::Free => {}
                Unasked::Stray => object(RELAY_07, Ground::Unasked { at: to, sighting: number, is_told: false }),
                Unasked::Forbidden => return state.object(script, missing(to, message, clause, phase, number)),
            }
        }
        // Where nothing more comes at all, and no fence vouches for the connection any more, the message may be on its way,
        // or was lost with the connection.
        if stand.served < line.vouched() || is_due {
            let end = count(line.sightings.len());
            state.object(script, missing(to, message, clause, phase, end));
        } else {
            state.send_off(to, message);
        }
    }

    /// Whether all that is sent to a connection has to have arrived by now: the phase is over, and the connection was there
    /// to hear of the end that is being settled.
    fn is_due(self, to: Slot) -> bool {
        self.moment.settles.is_some_and(|since| self.script.lines[usize::from(to)].was_fenced_after(since))
    }
}

impl Script {
    /// Whether nothing of the kind may come before the ack of a join (ORDER-02).
    fn is_of_room(&self, look: Look) -> bool {
        match look {
            Look::Notice { .. } | Look::RoomClosed | Look::HostChanged { .. } => true,
            Look::Signal { .. } => !self.profile.dialect().reaches_everybody(),
            Look::Error(_) => false,
        }
    }

    /// Whether a sighting is a message of the model.
    pub(super) fn is_message(&self, message: &Message, sighting: &Sighting) -> bool {
        let user = |slot: &Slot| self.lines[usize::from(*slot)].user;
        match (message, sighting.look) {
            (ServerMessage::UserJoined(slot), Look::Notice { left: false, user: named })
            | (ServerMessage::UserLeft(slot), Look::Notice { left: true, user: named }) => user(slot) == named,
            (
                ServerMessage::Signal { kind, from, payload },
                Look::Signal { kind: seen, from: named, payload: arrived },
            ) => *kind == seen && named == Some(self.signature(*from)) && self.payload(*from, *payload) == arrived,
            (ServerMessage::Error(kind, _), Look::Error(named)) => self.profile.dialect().is_error_about(named, *kind),
            (ServerMessage::RoomClosed, Look::RoomClosed) => true,
            (ServerMessage::HostChanged(slot), Look::HostChanged { user: named }) => user(slot) == named,
            _ => false,
        }
    }

    /// The clause that is broken if a signal arrived as this: under another name, or with another payload. What was sent as
    /// it arrived is no alteration of something else.
    fn clause_of_alteration(&self, message: &Message, sighting: &Sighting) -> Option<RequirementId> {
        let (ServerMessage::Signal { kind, from, payload }, Look::Signal { kind: seen, from: named, payload: arrived }) =
            (message, sighting.look)
        else {
            return None;
        };
        let same_name = named == Some(self.signature(*from));
        let same_payload = self.payload(*from, *payload) == arrived;
        match (*kind == seen && !self.was_sent(sighting), same_name, same_payload) {
            (true, false, true) => Some(RELAY_03),
            (true, true, false) => Some(RELAY_02),
            _ => None,
        }
    }

    fn payload(&self, from: Slot, item: u32) -> Option<super::symbols::Fingerprint> {
        match &self.lines[usize::from(from)].items[item as usize].what {
            Ask::Signal { signal: Ok(aim), .. } => Some(aim.payload),
            _ => None,
        }
    }

    fn is_answer(&self, message: &Message, answer: &Answer) -> bool {
        match (message, answer) {
            (ServerMessage::Refused(_), Answer::Refused) => true,
            (ServerMessage::Created(room), Answer::Accepted { room: named, .. }) => *named == Some(*room),
            (ServerMessage::Joined(room, _), Answer::Accepted { room: named, .. })
                if !self.profile.dialect().lists_members() =>
            {
                *named == Some(*room)
            }
            (ServerMessage::Joined(room, members), Answer::Accepted { room: named, existing: Some(listed) }) => {
                let mut users: Vec<_> = members.iter().map(|slot| self.lines[usize::from(*slot)].user).collect();
                users.sort_unstable();
                *named == Some(*room) && users == *listed
            }
            _ => false,
        }
    }
}

pub(super) fn missing(to: Slot, message: Message, clause: RequirementId, phase: usize, place: u32) -> Objection {
    let requirement = match message {
        ServerMessage::Error(_, SignalRefusal::Undeliverable) => RELAY_07,
        _ => clause,
    };
    Objection { requirement, phase, ground: Ground::Missing { to, message, place } }
}
