//! From the records of a trace to its script. Nothing is judged here.

use glare_model::{
    id::{InvalidRoomId, RoomId},
    message::{RequestKind, SignalFault},
};

use super::{
    super::{
        facts::{Fault, Stimulus},
        story::{Act, Story, What},
    },
    script::{
        Aim, Answer, Ask, Item, Line, Look, Mark, MarkKind, NOBODY, Room, Script, Sighting, Slot, Unasked, count,
    },
    symbols::fingerprint,
};
use crate::{
    capability::Capability,
    observation::{Observation, read_ack},
    trace::{Ending, Entry},
    transport::ConnectionId,
};

impl Script {
    /// Takes in a record that `story` has just taken in.
    pub(super) fn record(&mut self, story: &Story, at: usize, entry: &Entry) {
        if matches!(entry, Entry::Phase { .. }) && story.phases.len() > 1 {
            self.end_phase(at);
        }
        if let Entry::Waited { .. } = entry {
            return self.waited(at);
        }
        let Some(connection) = entry.connection() else { return };
        if let Entry::Opened { user_id, .. } = entry {
            return self.open(at, connection, user_id);
        }
        let Some(&slot) = self.slots.get(&connection) else { return };
        match entry {
            Entry::Sent { ack, .. } => {
                let act = story.phases.last().and_then(|phase| phase.acts.last());
                if let Some(what) = act.and_then(|act| self.ask(slot, act)) {
                    self.send(at, slot, what, *ack);
                }
            }
            Entry::SentBroken { .. } => self.send(at, slot, Ask::Broken, None),
            Entry::SentRaw { .. } => self.last_words(at, slot),
            Entry::Ending { how: Ending::Freeze, .. } => self.line(slot).frozen_at = Some(at),
            Entry::Ending { how, .. } => self.send(at, slot, Ask::End(*how), None),
            Entry::Ended { .. } => self.ended(at, slot),
            Entry::Fence { ack, .. } => self.send(at, slot, Ask::Fence, Some(*ack)),
            Entry::Fenced { refused, present, .. } => {
                let present = present.as_ref().map(|users| self.users(users));
                self.fenced(at, slot, *refused, present);
            }
            Entry::Acked { ack, data, .. } => {
                let answer = self.answer(read_ack(data.as_ref()));
                self.acked(at, slot, *ack, answer);
            }
            Entry::Received { .. } => self.received(story, at, slot),
            Entry::FenceLost { .. } | Entry::Opened { .. } | Entry::Waited { .. } | Entry::Unsayable { .. } => {}
            Entry::Phase { .. } | Entry::OpenFailed { .. } | Entry::Missed { .. } | Entry::GaveUp { .. } => {}
            Entry::Knocked { .. } => {}
        }
    }

    /// The last phase is over.
    pub(super) fn end_phase(&mut self, at: usize) {
        self.mark(at, MarkKind::PhaseEnd);
        self.phase += 1;
    }

    fn line(&mut self, slot: Slot) -> &mut Line {
        &mut self.lines[usize::from(slot)]
    }

    fn mark(&mut self, at: usize, what: MarkKind) {
        self.marks.push(Mark { at, what });
    }

    fn open(&mut self, at: usize, connection: ConnectionId, user_id: &str) {
        if self.slots.contains_key(&connection) {
            return;
        }
        let slot = Slot::try_from(self.lines.len()).expect("fewer connections than numbers of connections");
        self.slots.insert(connection, slot);
        let user = self.users.number(user_id);
        let (items, sightings, fences) = (Vec::new(), Vec::new(), Vec::new());
        let refusals_close = self.profile.dialect().refusals_close;
        self.lines.push(Line { connection, user, items, sightings, fences, frozen_at: None, refusals_close });
        self.mark(at, MarkKind::Opened(slot));
    }

    /// What an act asks of the server; nothing if the server has to ignore it.
    fn ask(&mut self, slot: Slot, act: &Act) -> Option<Ask> {
        Some(match act.stimulus() {
            Stimulus::Request { join, room, ack } => {
                let kind = if join { RequestKind::Join } else { RequestKind::Create };
                let room = room.map(|room| self.room(room)).ok_or_else(|| why_invalid(act));
                let sure = !self.profile.dialect().answers_requests;
                let closes = self.profile.dialect().refusals_close;
                Ask::Request { kind, room, ack: ack && !sure, sure, closes }
            }
            Stimulus::Leave { room } => Ask::Leave { room: self.one_of_several(room) },
            Stimulus::Signal { kind, target, payload, room: within, fault } => {
                let fault = fault.for_target(&self.profile);
                let signal = match (fault, target, payload) {
                    (Fault::TooLarge, ..) => Err(SignalFault::TooLarge),
                    (Fault::None | Fault::Unclear, Some(target), Some(payload)) => {
                        let user = self.users.number(target);
                        let room = RoomId::parse(target).ok().map(|_| self.room(target));
                        let within = self.one_of_several(within);
                        let payload = fingerprint(payload);
                        let from = self.signature(slot);
                        self.sent.insert((kind, from, payload));
                        let key = (user, kind, from, payload);
                        self.signals.entry(key).or_default().sent += 1;
                        Ok(Aim { user, room, within, payload })
                    }
                    (Fault::None | Fault::Unclear | Fault::Malformed, ..) => Err(SignalFault::Malformed),
                };
                Ask::Signal { kind, signal, unclear: fault == Fault::Unclear }
            }
            Stimulus::UnknownEvent | Stimulus::Broken { .. } | Stimulus::Ending(_) => return None,
        })
    }

    /// A room that is named where only one who may be in several names it.
    fn one_of_several(&mut self, room: Option<&str>) -> Option<Room> {
        room.filter(|_| self.has_several_rooms()).map(|room| self.room(room))
    }

    fn room(&mut self, text: &str) -> Room {
        self.rooms.number(text)
    }

    fn send(&mut self, at: usize, slot: Slot, what: Ask, ack: Option<u64>) {
        let phase = self.phase;
        let item = Item { at, phase, what, answer: Answer::None, answered_at: 0 };
        let line = self.line(slot);
        line.items.push(item);
        let number = count(line.items.len()) - 1;
        self.mark(at, MarkKind::Sent(slot));
        if let Some(ack) = ack {
            self.asked.insert((slot, ack), number);
        }
    }

    /// Nothing is heard of a connection any more, and whether the server ends it is open. Where it never asked for a room that
    /// is nobody's concern, and is no step: each would double the states.
    fn last_words(&mut self, at: usize, slot: Slot) {
        if self.line(slot).items.iter().any(|item| matches!(item.what, Ask::Request { .. })) {
            self.send(at, slot, Ask::Broken, None);
            self.line(slot).frozen_at = Some(at);
        }
    }

    fn ended(&mut self, at: usize, slot: Slot) {
        let line = self.line(slot);
        let over = line.items.iter().any(|item| matches!(item.what, Ask::End(_) | Ask::Ended { .. }));
        let broke = line.items.iter().any(|item| item.what == Ask::Broken);
        let excused = line.frozen_at.is_some() || broke || line.is_thrown_out(count(line.items.len()));
        if !over {
            self.send(at, slot, Ask::Ended { excused }, None);
        }
    }

    fn fenced(&mut self, at: usize, slot: Slot, refused: bool, present: Option<Vec<u32>>) {
        let waiting = |item: &Item| item.what == Ask::Fence && item.answer == Answer::None;
        let line = self.line(slot);
        let Some(place) = line.items.iter().position(waiting) else { return };
        let item = &mut line.items[place];
        item.answered_at = at;
        item.answer = match (refused, present) {
            (false, _) => Answer::Accepted { room: None, existing: None },
            (true, Some(users)) => Answer::Present(users),
            (true, None) => Answer::Refused,
        };
        line.fences.push(count(place));
        self.mark(at, MarkKind::Answered(slot, count(place)));
    }

    /// Nothing came for so long that everything counts as served and arrived: as if fences had come back on all connections,
    /// and then, when everything was served, once more.
    fn waited(&mut self, at: usize) {
        for _ in 0..2 {
            for slot in (0..self.lines.len()).map(|place| Slot::try_from(place).expect("slots were numbered")) {
                let line = self.line(slot);
                if line.frozen_at.is_none() && !line.items.iter().any(Item::is_end) {
                    self.send(at, slot, Ask::Fence, None);
                    self.fenced(at, slot, true, None);
                }
            }
        }
    }

    /// Listed users, in the order of their numbers.
    fn users(&mut self, listed: &[String]) -> Vec<u32> {
        let mut users: Vec<_> = listed.iter().map(|user| self.users.number(user)).collect();
        users.sort_unstable();
        users
    }

    fn answer(&mut self, seen: Option<Observation>) -> Answer {
        match seen {
            Some(Observation::Refused) => Answer::Refused,
            Some(Observation::Accepted { room, existing }) => {
                let room = room.map(|room| self.room(&room));
                let existing = existing.map(|users| self.users(&users));
                Answer::Accepted { room, existing }
            }
            Some(
                Observation::Notice { .. }
                | Observation::Signal { .. }
                | Observation::Error { .. }
                | Observation::RoomClosed
                | Observation::HostChanged { .. }
                | Observation::Unknown,
            )
            | None => Answer::Nonsense,
        }
    }

    fn acked(&mut self, at: usize, slot: Slot, ack: u64, answer: Answer) {
        // Where the server does not answer, the ack is the runner's own, and proves nothing.
        if !self.profile.dialect().answers_requests {
            return;
        }
        // An ack that nobody asked for says nothing, and neither does a second one.
        let Some(number) = self.asked.remove(&(slot, ack)) else { return };
        let item = &mut self.line(slot).items[number as usize];
        if let Ask::Request { .. } = item.what {
            item.answer = answer;
            item.answered_at = at;
            self.mark(at, MarkKind::Answered(slot, number));
        }
    }

    fn received(&mut self, story: &Story, at: usize, slot: Slot) {
        let Some((phase, seen)) = story.phases.last().and_then(|phase| Some((phase, phase.seen.last()?))) else {
            return;
        };
        let look = match &seen.what {
            Observation::Notice { left, user, .. } => Look::Notice { left: *left, user: self.users.number(user) },
            Observation::Signal { kind, from, payload } => {
                let from = match self.profile.dialect().names_sender {
                    true => from.as_ref().map(|from| self.users.number(from)),
                    false => Some(NOBODY),
                };
                let payload = payload.as_ref().map(fingerprint);
                if let (Some(from), Some(payload)) = (from, payload) {
                    let key = (self.line(slot).user, *kind, from, payload);
                    self.signals.entry(key).or_default().arrived += 1;
                }
                Look::Signal { kind: *kind, from, payload }
            }
            Observation::Error { kind } => Look::Error(*kind),
            // Where the capability is not declared, the invariants alone have something to say.
            Observation::RoomClosed if self.profile.has(Capability::HostClose) => Look::RoomClosed,
            Observation::HostChanged { user } if self.profile.has(Capability::HostTransfer) => {
                Look::HostChanged { user: self.users.number(user) }
            }
            Observation::RoomClosed | Observation::HostChanged { .. } => return,
            Observation::Accepted { .. } | Observation::Refused | Observation::Unknown => return,
        };
        let some = |wanted: &dyn Fn(&Act) -> bool| phase.acts.iter().any(wanted);
        let malformed = |act: &Act| matches!(act.stimulus(), Stimulus::Signal { fault: Fault::Malformed, .. });
        let unasked = match look {
            Look::Error(_) if some(&|act| act.connection == seen.connection) => Unasked::Free,
            Look::Error(_) if !some(&malformed) => Unasked::Stray,
            Look::Error(_) | Look::Notice { .. } | Look::Signal { .. } => Unasked::Forbidden,
            Look::RoomClosed | Look::HostChanged { .. } => Unasked::Forbidden,
        };
        let line = self.line(slot);
        line.sightings.push(Sighting { at, look, unasked });
        let number = count(line.sightings.len()) - 1;
        self.mark(at, MarkKind::Seen(slot, number));
    }
}

fn why_invalid(act: &Act) -> InvalidRoomId {
    let text = match &act.what {
        What::Sent { data: Some(data), .. } => data.as_str(),
        _ => None,
    };
    text.map_or(InvalidRoomId::NotAString, |text| RoomId::parse(text).err().unwrap_or(InvalidRoomId::TooLong))
}
