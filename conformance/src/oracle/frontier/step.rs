//! What a server may do next for one connection: the one place of the suite that steps the model.

use glare_model::{
    message::{ClientMessage, Refusal, RequestKind, Signal, SignalFault, SignalKind, SignalRefusal, Target},
    requirement::{
        RequirementId, Role,
        ids::{ROOM_04, ROOM_10, ROOM_13},
    },
    room::{Directory, Effect, Entry, Input, RoomRules, SelfSignal, step},
};

use super::{
    script::{Aim, Answer, Ask, Item, Line, Look, Message, Room, Script, Slot, count},
    state::State,
};
use crate::trace::Ending;

/// One thing that a server may do, and what it sends then.
#[derive(Clone, Debug)]
pub(super) struct Course {
    /// The state afterwards; what is sent has not been compared with what arrived.
    pub(super) state: State,
    /// The item that is served, or with which the connection ends.
    pub(super) item: u32,
    /// What is sent apart from the ack: to whom, what, and by which clause.
    pub(super) sent: Vec<(Slot, Message, RequirementId)>,
    /// The ack.
    pub(super) ack: Option<(Message, RequirementId)>,
    /// What is to be said against it in itself.
    pub(super) fault: Option<CourseFault>,
    rules: RoomRules,
}

/// What may be wrong with a course in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CourseFault {
    /// A fence was accepted.
    FenceAccepted,
    /// The answer to a fence lists others than those who are there.
    Listed,
    /// A signal to oneself was delivered.
    SelfSignal,
    /// The sender of an undeliverable signal of this kind was not told.
    Untold(SignalKind),
    /// The server ended a connection without a reason.
    Ended,
}

impl Script {
    /// Everything that a server may do next for a connection, of which it has been sent the first `sent` items.
    pub(super) fn courses(&self, state: &State, slot: Slot, sent: u32) -> Vec<Course> {
        let line = &self.lines[usize::from(slot)];
        let stand = *state.stand(slot);
        let head = (stand.served < sent).then(|| &line.items[stand.served as usize]);
        let mut courses = Vec::new();
        if !state.is_connected(slot) {
            // A server may hear from a connection that it has declared dead, and answers nothing.
            if head.is_some_and(|head| !head.is_answered()) {
                let mut course = self.course(state, stand.served);
                course.state.stand_mut(slot).served = stand.served + 1;
                courses.push(course);
            }
            return courses;
        }
        if let Some(head) = head.filter(|head| !head.is_end()) {
            self.serve(state, slot, stand.served, head, &mut courses);
        }
        courses.extend(line.end(stand.served, sent).map(|end| self.over(state, slot, end)));
        courses
    }

    fn serve(&self, state: &State, slot: Slot, number: u32, item: &Item, courses: &mut Vec<Course>) {
        let mut unchanged = self.course(state, number);
        unchanged.state.stand_mut(slot).served = number + 1;
        match &item.what {
            Ask::Fence => {
                unchanged.fault = match &item.answer {
                    Answer::Accepted { .. } => Some(CourseFault::FenceAccepted),
                    Answer::Present(listed) if *listed != self.fellows(state, slot) => Some(CourseFault::Listed),
                    Answer::Present(_) | Answer::None | Answer::Nonsense | Answer::Refused => None,
                };
                courses.push(unchanged);
            }
            Ask::Broken => {
                let cut_off = unchanged.clone().with(Input::Disconnect(slot), ROOM_10);
                courses.extend([unchanged, cut_off]);
            }
            Ask::Leave { room } => {
                let message = room.map_or(ClientMessage::Leave, ClientMessage::LeaveOne);
                courses.push(unchanged.step(Input::Message(slot, message)));
            }
            Ask::Request { kind, room, ack, sure, closes } => {
                // Whether a request without an ack takes effect is left open.
                if !ack && !sure {
                    courses.push(unchanged.clone());
                }
                if let Ok(room) = room {
                    self.ask_again(state, slot, (*kind, *room, *ack), &unchanged, courses);
                }
                let asked = unchanged.request(slot, *kind, *room, *ack);
                let refused = matches!(&asked.ack, Some((Message::Refused(_), _)));
                if *closes && refused {
                    self.throw_out(state, slot, item, asked, courses);
                } else {
                    courses.push(asked);
                }
            }
            Ask::Signal { kind, signal, unclear } => {
                if *unclear && signal.is_ok() {
                    courses.push(unchanged.clone().signal(slot, *kind, Err(SignalFault::TooLarge)));
                }
                let signal = signal.map(|aim| Signal { target: self.target(state, &aim), payload: number });
                let to_oneself = matches!(&signal, Ok(Signal { target: Target::User(to) | Target::Member(to, _), .. }) if *to == slot);
                if to_oneself {
                    let mut delivered = unchanged.clone();
                    delivered.fault = Some(CourseFault::SelfSignal);
                    delivered.rules.self_signal = SelfSignal::Deliver;
                    let input = Input::Message(slot, ClientMessage::Signal { kind: *kind, signal: signal.clone() });
                    courses.push(delivered.step(input));
                }
                let served = unchanged.signal(slot, *kind, signal);
                let untold = served.untold(slot, *kind);
                let (told, not_told) = match untold {
                    Some(_) => self.is_told(state, slot, number, *kind),
                    None => (true, false),
                };
                courses.extend(untold.filter(|_| not_told));
                courses.extend(told.then_some(served));
            }
            Ask::End(_) | Ask::Ended { .. } => {}
        }
    }

    /// A refusal that ends its connection. A member is gone when the server notices it ([`Line::end`]), or at once if it did not
    /// live to hear of the refusal. Of anybody else that makes no difference to anybody, and would only double the states.
    fn throw_out(&self, state: &State, slot: Slot, item: &Item, refused: Course, courses: &mut Vec<Course>) {
        let is_possible = matches!(item.answer, Answer::None | Answer::Refused)
            && !self.lines[usize::from(slot)].is_ended_without_reason();
        let is_outside = state.rooms_of(slot).is_empty() && !self.profile.dialect().reaches_everybody();
        if is_possible && (is_outside || !item.is_answered()) {
            courses.push(refused.clone().with(Input::Disconnect(slot), ROOM_10));
        }
        if !(is_possible && is_outside) {
            courses.push(refused);
        }
    }

    /// What else may come of a request of somebody who is in that room already, where one may be in several: docs/protocol.md
    /// has no clause on it. It is refused, or it is as if the member had entered anew, without having left.
    fn ask_again(
        &self,
        state: &State,
        slot: Slot,
        (kind, room, ack): (RequestKind, Room, bool),
        unchanged: &Course,
        courses: &mut Vec<Course>,
    ) {
        if !self.has_several_rooms() || !state.is_in(slot, &room) {
            return;
        }
        let mut refused = unchanged.clone();
        refused.ack = ack.then_some((Message::Refused(Refusal::AlreadyInRoom), ROOM_04));
        courses.push(refused);
        let is_alone = state.members(&room).len() == 1;
        if !is_alone && (kind == RequestKind::Join || self.rules.entry == Entry::Either) {
            let mut anew = unchanged.clone();
            anew.state.exit(&room, slot);
            courses.push(anew.request(slot, kind, Ok(room), ack));
        }
    }

    /// Whether the error for an undeliverable signal comes, and whether it does not. It is only recommended, and must not be
    /// taken for one that has to come for a signal behind it: it comes if those are still there when it has come.
    fn is_told(&self, state: &State, slot: Slot, number: u32, kind: SignalKind) -> (bool, bool) {
        let (line, dialect) = (&self.lines[usize::from(slot)], self.profile.dialect());
        let behind = || {
            let items = line.items.iter().skip(number as usize + 1).take_while(|item| item.what != Ask::Fence);
            items.filter_map(|item| match item.what {
                Ask::Signal { kind, signal, unclear } => Some((item.at, kind, signal.is_err(), unclear)),
                _ => None,
            })
        };
        if !self.rules.report_malformed {
            return (true, false);
        }
        // Whether one of these has to come is for the search to find out.
        if behind().any(|(.., unclear)| unclear) {
            return (true, true);
        }
        let deadline = line.deadline(number);
        let mut errors =
            line.sightings.iter().skip(state.stand(slot).seen as usize).filter_map(|seen| match seen.look {
                Look::Error(named) if seen.at <= deadline => Some((seen.at, named)),
                _ => None,
            });
        let mut comes = |at: usize, kind| errors.any(|(seen, named)| seen > at && dialect.is_error_about(named, kind));
        let at = line.items[number as usize].at;
        let is_told =
            !comes(at, kind) || behind().filter(|(_, _, owed, _)| *owed).all(|(at, kind, ..)| comes(at, kind));
        (is_told, !is_told)
    }

    /// The users in the room of a connection besides its own, in the order of their numbers.
    pub(super) fn fellows(&self, state: &State, slot: Slot) -> Vec<u32> {
        let members = state.current(slot).map(|room| state.members(&room).to_vec()).unwrap_or_default();
        let others = members.iter().filter(|member| **member != slot);
        let mut users: Vec<_> = others.map(|member| self.lines[usize::from(*member)].user).collect();
        users.sort_unstable();
        users
    }

    fn course(&self, state: &State, item: u32) -> Course {
        Course { state: state.clone(), item, sent: Vec::new(), ack: None, fault: None, rules: self.rules }
    }

    fn over(&self, state: &State, slot: Slot, end: End) -> Course {
        let course = self.course(state, end.served.saturating_sub(1));
        let mut course = course.with(Input::Disconnect(slot), end.clause);
        course.state.stand_mut(slot).served = end.served;
        course.fault = end.fault;
        course
    }

    /// What a target names at this moment.
    fn target(&self, state: &State, aim: &Aim) -> Target<Slot, Room> {
        let mut known = (0..state.stands.len()).map(|place| Slot::try_from(place).expect("slots were numbered"));
        match known.find(|slot| state.is_connected(*slot) && self.lines[usize::from(*slot)].user == aim.user) {
            Some(slot) => aim.within.map_or(Target::User(slot), |room| Target::Member(slot, room)),
            None => aim.room.map_or(Target::Unknown, Target::Room),
        }
    }
}

impl Course {
    fn step(mut self, input: Input<Slot, Room, u32>) -> Self {
        let sent = &mut self.sent;
        step(&mut self.state, &self.rules, input, &mut |effect| {
            if let Effect::Send { to, message, clause } = effect {
                sent.push((to, message, clause));
            }
        });
        self
    }

    /// A step of which all that is sent is due by another clause, but for what a capability demands.
    fn with(self, input: Input<Slot, Room, u32>, clause: RequirementId) -> Self {
        let mut course = self.step(input);
        let core = course.sent.iter_mut().filter(|(.., own)| own.role() != Role::Capability);
        core.for_each(|(.., own)| *own = clause);
        course
    }

    fn request(
        self,
        slot: Slot,
        kind: RequestKind,
        room: Result<Room, glare_model::id::InvalidRoomId>,
        ack: bool,
    ) -> Self {
        let mut course = self.step(Input::Message(slot, ClientMessage::Request { kind, room, ack }));
        let is_ack =
            |message: &Message| matches!(message, Message::Created(_) | Message::Joined(..) | Message::Refused(_));
        let place = course.sent.iter().position(|(to, message, _)| *to == slot && is_ack(message));
        course.ack = place.map(|place| course.sent.remove(place)).map(|(_, message, clause)| (message, clause));
        course
    }

    fn signal(self, slot: Slot, kind: SignalKind, signal: Result<Signal<Slot, Room, u32>, SignalFault>) -> Self {
        self.step(Input::Message(slot, ClientMessage::Signal { kind, signal }))
    }

    /// The same without the error for an undeliverable signal, if there is one.
    fn untold(&self, slot: Slot, kind: SignalKind) -> Option<Self> {
        let is_error = |(to, message, _): &(Slot, Message, RequirementId)| {
            *to == slot && *message == Message::Error(kind, SignalRefusal::Undeliverable)
        };
        let place = self.sent.iter().position(is_error)?;
        let mut untold = self.clone();
        untold.sent.remove(place);
        untold.fault = Some(CourseFault::Untold(kind));
        Some(untold)
    }
}

/// How a connection may be over for the server.
#[derive(Clone, Copy, Debug)]
struct End {
    /// The items that are done with then.
    served: u32,
    clause: RequirementId,
    fault: Option<CourseFault>,
}

impl Line {
    /// How the server may end this connection, or learn of its end: whatever was in flight may then have been served or not,
    /// except for what was answered. A client that is frozen may be noticed at any time.
    fn end(&self, served: u32, sent: u32) -> Option<End> {
        let waiting = &self.items[served as usize..sent as usize];
        let place = waiting.iter().position(Item::is_end);
        let skipped = place.map_or(waiting, |place| &waiting[..place]);
        if skipped.iter().any(Item::is_answered) {
            return None;
        }
        let done = |length: usize| served + count(length);
        let (clause, fault) = match place.map(|place| &waiting[place].what) {
            Some(Ask::End(Ending::Noticed)) => (ROOM_13, None),
            Some(Ask::Ended { excused: false }) => (ROOM_10, Some(CourseFault::Ended)),
            Some(_) => (ROOM_10, None),
            None if self.frozen_at.is_some() || self.is_thrown_out(served) => (ROOM_10, None),
            None => return None,
        };
        Some(End { served: place.map_or(done(waiting.len()), |place| done(place + 1)), clause, fault })
    }
}

impl Line {
    /// Whether the server ended the connection, and nothing excuses it.
    fn is_ended_without_reason(&self) -> bool {
        self.items.iter().any(|item| item.what == Ask::Ended { excused: false })
    }
}

impl Item {
    /// Whether the item ends its connection by being refused; none if it says nothing of that. What becomes of a request that
    /// nobody answers is open.
    pub(super) fn throws_out(&self) -> Option<bool> {
        match (&self.what, &self.answer) {
            (Ask::Request { closes: true, ack: false, .. }, _) => Some(true),
            (Ask::Request { closes: true, .. }, Answer::Refused) => Some(true),
            (_, Answer::None) => None,
            (_, Answer::Refused | Answer::Accepted { .. } | Answer::Present(_) | Answer::Nonsense) => Some(false),
        }
    }

    /// Whether the item is the end of its connection.
    pub(super) fn is_end(&self) -> bool {
        matches!(self.what, Ask::End(_) | Ask::Ended { .. })
    }

    /// Whether an answer proves that the server has served the item.
    pub(super) fn is_answered(&self) -> bool {
        self.answer != Answer::None
    }

    /// Whether the item may change who is where.
    pub(super) fn may_move(&self) -> bool {
        match self.what {
            Ask::Request { room, closes, .. } => closes || room.is_ok() && self.answer != Answer::Refused,
            Ask::Leave { .. } | Ask::Broken | Ask::End(_) | Ask::Ended { .. } => true,
            Ask::Signal { .. } | Ask::Fence => false,
        }
    }
}
