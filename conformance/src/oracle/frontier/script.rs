//! What a trace says, connection by connection: the queue of what each client sent, in order, and the queue of what
//! arrived there, in order. Nothing is judged here.

use std::collections::{HashMap, HashSet};

use glare_model::{
    id::{InvalidRoomId, RoomId},
    message::{RequestKind, ServerMessage, SignalFault, SignalKind},
};

use super::{
    super::{
        facts::{Fault, Stimulus},
        story::{Act, Story},
    },
    symbols::{Fingerprint, Symbols, fingerprint},
};
use crate::{
    observation::{Observation, read_ack},
    trace::{Ending, Entry},
    transport::ConnectionId,
};

/// A place among the connections of a script.
pub(crate) type Slot = u16;
/// The number of a room.
pub(crate) type Room = u32;
/// What the server sends, with the number of the item that carried it in the place of a payload.
pub(crate) type Message = ServerMessage<Slot, Room, u32>;

/// The connections of one part of a trace.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    pub(super) lines: Vec<Line>,
    /// What happened, in the order of the trace.
    pub(super) marks: Vec<Mark>,
    slots: HashMap<ConnectionId, Slot>,
    /// Which item an ack of a connection is for.
    asked: HashMap<(Slot, u64), u32>,
    users: Symbols,
    rooms: Symbols,
    signals: HashMap<SignalKey, Copies>,
    sent: HashSet<(SignalKind, u32, Fingerprint)>,
    phase: usize,
}

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) connection: ConnectionId,
    pub(super) user: u32,
    /// What the client sent.
    pub(super) items: Vec<Item>,
    /// What arrived, without acks and without what the protocol does not name.
    pub(super) sightings: Vec<Sighting>,
    /// The items that are fences and came back.
    fences: Vec<u32>,
    /// Where the client stopped reading and writing, if it did.
    pub(super) frozen_at: Option<usize>,
}

impl Line {
    /// Where in the trace the next fence came back that is yet to be served: what the server sends here before it serves it
    /// arrives before that.
    pub(super) fn deadline(&self, served: u32) -> usize {
        let next = self.fences.partition_point(|fence| *fence < served);
        self.fences.get(next).map_or(usize::MAX, |fence| self.items[*fence as usize].answered_at)
    }

    /// The number of items up to the last fence that came back: whatever is sent here before that one is served arrives.
    pub(super) fn vouched(&self) -> u32 {
        self.fences.last().map_or(0, |fence| fence + 1)
    }

    /// Whether a fence came back that was sent after a place in the trace.
    pub(super) fn was_fenced_after(&self, at: usize) -> bool {
        self.fences.last().is_some_and(|fence| self.items[*fence as usize].at > at)
    }
}

/// One thing that the server has to serve, in the order of its connection.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The place in the trace.
    pub(super) at: usize,
    pub(super) phase: usize,
    pub(super) what: Ask,
    pub(super) answer: Answer,
    /// The place of the answer in the trace.
    pub(super) answered_at: usize,
}

/// Kinds of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Request {
        kind: RequestKind,
        room: Result<Room, InvalidRoomId>,
        ack: bool,
    },
    Leave,
    Signal {
        kind: SignalKind,
        signal: Result<Aim, SignalFault>,
        /// Its size is one that some may accept and others refuse.
        unclear: bool,
    },
    /// The runner's own request, which has to be refused in every state.
    Fence,
    /// A broken frame.
    Broken,
    /// The client ended the connection, or the others should know by now that it is silent.
    End(Ending),
    /// The server ended the connection.
    Ended {
        /// After a broken frame, or because it was silent.
        excused: bool,
    },
}

/// Whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Aim {
    /// The target's text as a user id.
    pub(super) user: u32,
    /// The target's text as a room id, if it is one.
    pub(super) room: Option<Room>,
    pub(super) payload: Fingerprint,
}

/// What became of a request, as far as its client knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    None,
    /// Neither success nor refusal.
    Nonsense,
    Refused,
    Accepted {
        /// The room of the answer.
        room: Option<Room>,
        /// The listed users, in the order of their numbers.
        existing: Option<Vec<u32>>,
    },
}

/// One event that arrived.
#[derive(Clone, Debug)]
pub(super) struct Sighting {
    /// The place in the trace.
    pub(super) at: usize,
    pub(super) look: Look,
    /// What follows if the server had no reason to send it.
    pub(super) unasked: Unasked,
}

/// See [`Sighting::unasked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unasked {
    /// Nothing: it is an `error` to a client that acted, and additional ones are free.
    Free,
    /// A recommendation is not followed: it is an `error` to somebody else.
    Stray,
    /// A clause is broken.
    Forbidden,
}

/// What it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Notice { left: bool, user: u32 },
    Signal { kind: SignalKind, from: Option<u32>, payload: Option<Fingerprint> },
    Error(Option<SignalKind>),
}

/// One record of the trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) what: MarkKind,
}

/// Kinds of marks.
#[derive(Clone, Copy, Debug)]
pub(super) enum MarkKind {
    Opened(Slot),
    Sent(Slot),
    /// The sighting with this number.
    Seen(Slot, u32),
    /// The item with this number was answered.
    Answered(Slot, u32),
    PhaseEnd,
}

/// What tells one signal from another: receiver, kind, sender and payload.
type SignalKey = (u32, SignalKind, u32, Fingerprint);

/// How often a signal was sent and how often it arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Copies {
    pub(super) sent: u32,
    pub(super) arrived: u32,
}

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
            Entry::Ending { how: Ending::Freeze, .. } => self.line(slot).frozen_at = Some(at),
            Entry::Ending { how, .. } => self.send(at, slot, Ask::End(*how), None),
            Entry::Ended { .. } => self.ended(at, slot),
            Entry::Fence { ack, .. } => self.send(at, slot, Ask::Fence, Some(*ack)),
            Entry::Fenced { refused, .. } => self.fenced(at, slot, *refused),
            Entry::Acked { ack, data, .. } => {
                let answer = self.answer(read_ack(data.as_ref()));
                self.acked(at, slot, *ack, answer);
            }
            Entry::Received { .. } => self.received(story, at, slot),
            Entry::FenceLost { .. } | Entry::Opened { .. } | Entry::Waited { .. } => {}
            Entry::Phase { .. } | Entry::OpenFailed { .. } | Entry::Missed { .. } | Entry::GaveUp { .. } => {}
        }
    }

    /// The last phase is over.
    pub(super) fn end_phase(&mut self, at: usize) {
        self.mark(at, MarkKind::PhaseEnd);
        self.phase += 1;
    }

    /// How often the signal of an item was sent in the whole script, and how often it arrived.
    pub(super) fn copies(&self, slot: Slot, kind: SignalKind, aim: &Aim) -> Copies {
        let key = (aim.user, kind, self.lines[usize::from(slot)].user, aim.payload);
        self.signals.get(&key).copied().unwrap_or_default()
    }

    /// Whether somebody sent a signal, to whomever, that looks like what arrived.
    pub(super) fn was_sent(&self, sighting: &Sighting) -> bool {
        let Look::Signal { kind, from: Some(from), payload: Some(payload) } = sighting.look else { return false };
        self.sent.contains(&(kind, from, payload))
    }

    /// The script of what was seen before a place in the trace.
    pub(super) fn before(&self, at: usize) -> Self {
        let mut script = self.clone();
        for line in &mut script.lines {
            line.items.retain(|item| item.at < at);
            line.sightings.retain(|sighting| sighting.at < at);
            for item in line.items.iter_mut().filter(|item| item.answered_at >= at) {
                item.answer = Answer::None;
                item.answered_at = 0;
            }
            let Line { items, fences, .. } = line;
            fences.retain(|fence| items.get(*fence as usize).is_some_and(|item| item.answer != Answer::None));
        }
        script.marks.retain(|mark| mark.at < at);
        script.signals.clear();
        script
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
        let (items, sightings) = (Vec::new(), Vec::new());
        self.lines.push(Line { connection, user, items, sightings, fences: Vec::new(), frozen_at: None });
        self.mark(at, MarkKind::Opened(slot));
    }

    /// What an act asks of the server; nothing if the server has to ignore it.
    fn ask(&mut self, slot: Slot, act: &Act) -> Option<Ask> {
        Some(match act.stimulus() {
            Stimulus::Request { join, room, ack } => {
                let kind = if join { RequestKind::Join } else { RequestKind::Create };
                let room = room.map(|room| self.room(room)).ok_or_else(|| why_invalid(act));
                Ask::Request { kind, room, ack }
            }
            Stimulus::Leave => Ask::Leave,
            Stimulus::Signal { kind, target, payload, fault } => {
                let signal = match (fault, target, payload) {
                    (Fault::TooLarge, ..) => Err(SignalFault::TooLarge),
                    (Fault::None | Fault::Unclear, Some(target), Some(payload)) => {
                        let user = self.users.number(target);
                        let room = RoomId::parse(target).ok().map(|_| self.room(target));
                        let payload = fingerprint(payload);
                        let from = self.line(slot).user;
                        self.sent.insert((kind, from, payload));
                        let key = (user, kind, from, payload);
                        self.signals.entry(key).or_default().sent += 1;
                        Ok(Aim { user, room, payload })
                    }
                    (Fault::None | Fault::Unclear | Fault::Malformed, ..) => Err(SignalFault::Malformed),
                };
                Ask::Signal { kind, signal, unclear: fault == Fault::Unclear }
            }
            Stimulus::UnknownEvent | Stimulus::Broken | Stimulus::Ending(_) => return None,
        })
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

    fn ended(&mut self, at: usize, slot: Slot) {
        let line = self.line(slot);
        let over = line.items.iter().any(|item| matches!(item.what, Ask::End(_) | Ask::Ended { .. }));
        let excused = line.frozen_at.is_some() || line.items.iter().any(|item| item.what == Ask::Broken);
        if !over {
            self.send(at, slot, Ask::Ended { excused }, None);
        }
    }

    fn fenced(&mut self, at: usize, slot: Slot, refused: bool) {
        let waiting = |item: &Item| item.what == Ask::Fence && item.answer == Answer::None;
        let line = self.line(slot);
        let Some(place) = line.items.iter().position(waiting) else { return };
        let item = &mut line.items[place];
        item.answered_at = at;
        item.answer = if refused { Answer::Refused } else { Answer::Accepted { room: None, existing: None } };
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
                    self.fenced(at, slot, true);
                }
            }
        }
    }

    fn answer(&mut self, seen: Option<Observation>) -> Answer {
        match seen {
            Some(Observation::Refused) => Answer::Refused,
            Some(Observation::Accepted { room, existing }) => {
                let room = room.map(|room| self.room(&room));
                let existing = existing.map(|users| {
                    let mut users: Vec<_> = users.iter().map(|user| self.users.number(user)).collect();
                    users.sort_unstable();
                    users
                });
                Answer::Accepted { room, existing }
            }
            Some(
                Observation::Notice { .. }
                | Observation::Signal { .. }
                | Observation::Error { .. }
                | Observation::Unknown,
            )
            | None => Answer::Nonsense,
        }
    }

    fn acked(&mut self, at: usize, slot: Slot, ack: u64, answer: Answer) {
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
                let from = from.as_ref().map(|from| self.users.number(from));
                let payload = payload.as_ref().map(fingerprint);
                if let (Some(from), Some(payload)) = (from, payload) {
                    let key = (self.line(slot).user, *kind, from, payload);
                    self.signals.entry(key).or_default().arrived += 1;
                }
                Look::Signal { kind: *kind, from, payload }
            }
            Observation::Error { kind } => Look::Error(*kind),
            Observation::Accepted { .. } | Observation::Refused | Observation::Unknown => return,
        };
        let some = |wanted: &dyn Fn(&Act) -> bool| phase.acts.iter().any(wanted);
        let malformed = |act: &Act| matches!(act.stimulus(), Stimulus::Signal { fault: Fault::Malformed, .. });
        let unasked = match look {
            Look::Error(_) if some(&|act| act.connection == seen.connection) => Unasked::Free,
            Look::Error(_) if !some(&malformed) => Unasked::Stray,
            Look::Error(_) | Look::Notice { .. } | Look::Signal { .. } => Unasked::Forbidden,
        };
        let line = self.line(slot);
        line.sightings.push(Sighting { at, look, unasked });
        let number = count(line.sightings.len()) - 1;
        self.mark(at, MarkKind::Seen(slot, number));
    }
}

fn why_invalid(act: &Act) -> InvalidRoomId {
    let text = match &act.what {
        super::super::story::What::Sent { data: Some(data), .. } => data.as_str(),
        _ => None,
    };
    text.map_or(InvalidRoomId::NotAString, |text| RoomId::parse(text).err().unwrap_or(InvalidRoomId::TooLong))
}

/// A length as a number of an item or sighting.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a trace has fewer records")
}
