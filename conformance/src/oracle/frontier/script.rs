//! What a trace says, connection by connection: the queue of what each client sent, in order, and the queue of what
//! arrived there, in order.

use std::collections::{HashMap, HashSet};

use glare_model::{
    id::InvalidRoomId,
    message::{RequestKind, ServerMessage, SignalFault, SignalKind},
    room::{HostLeaves, RoomRules, SecondRoom},
};

use super::symbols::{Fingerprint, Symbols};
use crate::{capability::Profile, trace::Ending, transport::ConnectionId};

/// A place among the connections of a script.
pub(crate) type Slot = u16;
/// The number of a room.
pub(crate) type Room = u32;
/// What the server sends, with the number of the item that carried it in the place of a payload.
pub(crate) type Message = ServerMessage<Slot, Room, u32>;

/// The connections of one part of a trace.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) lines: Vec<Line>,
    /// What happened, in the order of the trace.
    pub(super) marks: Vec<Mark>,
    pub(super) slots: HashMap<ConnectionId, Slot>,
    /// Which item an ack of a connection is for.
    pub(super) asked: HashMap<(Slot, u64), u32>,
    pub(super) users: Symbols,
    pub(super) rooms: Symbols,
    pub(super) signals: HashMap<SignalKey, Copies>,
    pub(super) sent: HashSet<(SignalKind, u32, Fingerprint)>,
    pub(super) phase: usize,
    pub(super) profile: Profile,
    /// The rules of a server that declares this profile.
    pub(super) rules: RoomRules,
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
    pub(super) fences: Vec<u32>,
    /// Where the client stopped reading and writing, if it did.
    pub(super) frozen_at: Option<usize>,
    /// Whether a refused request ends it.
    pub(super) refusals_close: bool,
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

    /// Whether the last that the server is known to have done for the first of these items is a refusal that ends the
    /// connection, so that it may be over at any time.
    pub(super) fn is_thrown_out(&self, served: u32) -> bool {
        let mut done = self.items[..served as usize].iter().rev();
        self.refusals_close && done.find_map(Item::throws_out).unwrap_or_default()
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
        /// It takes effect, ack or not.
        sure: bool,
        /// If it is refused, the server ends the connection.
        closes: bool,
    },
    Leave {
        /// The room that is left, where a leave names one of several.
        room: Option<Room>,
    },
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
        /// After a broken frame, because it was silent, or because a request was refused that ends it then.
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
    /// The one room that it is sent in, where a member may be in several and signals say so.
    pub(super) within: Option<Room>,
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
    /// A fence's, where it says who is there: the listed users, in the order of their numbers.
    Present(Vec<u32>),
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
    RoomClosed,
    HostChanged { user: u32 },
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
pub(super) type SignalKey = (u32, SignalKind, u32, Fingerprint);

/// How often a signal was sent and how often it arrived.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Copies {
    pub(super) sent: u32,
    pub(super) arrived: u32,
}

/// The number of no user; see [`Script::signature`].
pub(super) const NOBODY: u32 = u32::MAX;

impl Script {
    /// Of a target that declares this, before the first record.
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            lines: Vec::new(),
            marks: Vec::new(),
            slots: HashMap::new(),
            asked: HashMap::new(),
            users: Symbols::default(),
            rooms: Symbols::default(),
            signals: HashMap::new(),
            sent: HashSet::new(),
            phase: 0,
            profile,
            rules: profile.rules(),
        }
    }

    /// Whether it makes a difference who has been in a room for longest.
    pub(super) fn has_hosts(&self) -> bool {
        self.rules.host_leaves != HostLeaves::Nothing
    }

    /// Whether a member may be in several rooms.
    pub(super) fn has_several_rooms(&self) -> bool {
        self.rules.second_room == SecondRoom::Several
    }

    /// The user whom a signal of this connection names as its sender: itself, or nobody where signals name none.
    pub(super) fn signature(&self, slot: Slot) -> u32 {
        if self.profile.dialect().names_sender { self.lines[usize::from(slot)].user } else { NOBODY }
    }

    /// How often the signal of an item was sent in the whole script, and how often it arrived.
    pub(super) fn copies(&self, slot: Slot, kind: SignalKind, aim: &Aim) -> Copies {
        let key = (aim.user, kind, self.signature(slot), aim.payload);
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
}

/// A length as a number of an item or sighting.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a trace has fewer records")
}
