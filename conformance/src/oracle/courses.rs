//! The courses that a phase may have taken, by the model: every candidate state, every legal order of the acts, and both
//! outcomes of what is left open. The one place of the suite that steps the model.

use glare_model::{
    id::RoomId,
    message::{ClientMessage, ServerMessage, Signal, Target},
    requirement::{
        RequirementId,
        ids::{ROOM_10, ROOM_13},
    },
    room::{Directory, Effect, HashDirectory, Input, RoomRules, step},
    wire::{EventFrame, decode},
};
use serde_json::value::RawValue;

use super::story::{Act, PhaseStory, Story, What};
use crate::{limits::CANDIDATES_MAX, trace::Ending, transport::ConnectionId};

/// A payload is the number of the act that sent it.
pub(crate) type ActNumber = usize;
pub(crate) type Message = ServerMessage<u16, RoomId, ActNumber>;

/// All states of a server that explain a trace so far.
pub(crate) struct Candidates {
    directories: Vec<HashDirectory<u16, RoomId>>,
    /// Connections that neither read nor write; a server may notice that at any time.
    frozen: Vec<u16>,
}

/// One way in which a phase may have gone.
#[derive(Clone)]
pub(crate) struct Course {
    pub(crate) directory: HashDirectory<u16, RoomId>,
    /// What the server sends apart from acks: to whom, what, and by which clause.
    pub(crate) sent: Vec<(u16, Message, RequirementId)>,
    /// The acks of acts.
    pub(crate) acks: Vec<(ActNumber, Message, RequirementId)>,
}

impl Default for Candidates {
    fn default() -> Self {
        Self { directories: vec![HashDirectory::default()], frozen: Vec::new() }
    }
}

impl Candidates {
    /// Takes in a connection that was opened.
    pub(crate) fn open(&mut self, connection: ConnectionId) {
        self.directories.iter_mut().for_each(|directory| directory.connect(connection.0));
    }

    /// Every course of a phase; none if there are more than [`CANDIDATES_MAX`].
    pub(crate) fn courses(&self, story: &Story, phase: &PhaseStory) -> Option<Vec<Course>> {
        let mut orders = Orders {
            story,
            acts: &phase.acts,
            asked: phase.acts.iter().map(asked).collect(),
            done: vec![false; phase.acts.len()],
            courses: Vec::new(),
        };
        for directory in &self.directories {
            let mut starts = vec![Course { directory: directory.clone(), sent: Vec::new(), acks: Vec::new() }];
            for frozen in self.frozen.iter().filter(|frozen| directory.is_connected(**frozen)) {
                let gone: Vec<_> =
                    starts.iter().map(|course| course.clone().with(Input::Disconnect(*frozen))).collect();
                starts.extend(gone);
            }
            for start in starts {
                orders.extend(start, 0)?;
            }
        }
        Some(orders.courses)
    }

    /// Goes on with the states in which these courses of a phase end.
    pub(crate) fn go_on(&mut self, phase: &PhaseStory, courses: impl IntoIterator<Item = Course>) {
        self.directories.clear();
        for course in courses {
            if !self.directories.contains(&course.directory) {
                self.directories.push(course.directory);
            }
        }
        for act in &phase.acts {
            match act.what {
                What::Ending(Ending::Freeze) => self.frozen.push(act.connection.0),
                What::Ending(_) => self.frozen.retain(|frozen| *frozen != act.connection.0),
                What::Sent { .. } | What::Broken => {}
            }
        }
    }

    /// Whether a connection's view of a phase is not whole: it went away, or does not read.
    pub(crate) fn is_blind(&self, phase: &PhaseStory, connection: ConnectionId) -> bool {
        let ending = |act: &Act| act.connection == connection && matches!(act.what, What::Ending(_));
        self.frozen.contains(&connection.0) || phase.ended.contains(&connection) || phase.acts.iter().any(ending)
    }

    /// Whether one of a connection's signals is for a client that is frozen.
    pub(crate) fn signals_to_frozen(&self, story: &Story, phase: &PhaseStory, sender: ConnectionId) -> bool {
        let is_frozen = |target: &str| self.frozen.iter().any(|key| story.user(ConnectionId(*key)) == target);
        phase.acts.iter().filter(|act| act.connection == sender).any(|act| {
            matches!(act.stimulus(), super::facts::Stimulus::Signal { target: Some(target), .. } if is_frozen(target))
        })
    }
}

impl Course {
    fn with(mut self, input: Input<u16, RoomId, ActNumber>) -> Self {
        let ended = matches!(input, Input::Disconnect(_));
        let sent = &mut self.sent;
        step(&mut self.directory, &RoomRules::REFERENCE, input, &mut |effect| {
            if let Effect::Send { to, message, clause } = effect {
                sent.push((to, message, if ended { ROOM_10 } else { clause }));
            }
        });
        self
    }

    /// Puts what was sent after the first `count` messages under another clause.
    fn due_by(mut self, count: usize, clause: RequirementId) -> Self {
        self.sent[count..].iter_mut().for_each(|(.., own)| *own = clause);
        self
    }
}

/// What an act says to the server, by the model's codec, with the target still as its text.
fn asked(act: &Act) -> Option<ClientMessage<String, RoomId, ()>> {
    let What::Sent { event, data, ack } = &act.what else { return None };
    let data = data.as_ref().map(|data| RawValue::from_string(data.to_string()).expect("a value prints as JSON"));
    let frame = EventFrame { event, data: data.as_deref(), ack: *ack };
    let message = decode(frame, |target| Target::User(target.to_owned()))?;
    Some(match message {
        ClientMessage::Request { kind, room, ack } => ClientMessage::Request { kind, room, ack },
        ClientMessage::Leave => ClientMessage::Leave,
        ClientMessage::Signal { kind, signal } => {
            let signal = signal.map(|signal| Signal { target: signal.target, payload: () });
            ClientMessage::Signal { kind, signal }
        }
    })
}

/// A depth-first walk over the orders of acts that keep each connection's own order.
struct Orders<'a> {
    story: &'a Story,
    acts: &'a [Act],
    asked: Vec<Option<ClientMessage<String, RoomId, ()>>>,
    done: Vec<bool>,
    courses: Vec<Course>,
}

impl Orders<'_> {
    /// Goes on after `depth` acts. `None` when there are too many courses.
    fn extend(&mut self, course: Course, depth: usize) -> Option<()> {
        if depth == self.acts.len() {
            if self.courses.len() >= CANDIDATES_MAX {
                return None;
            }
            self.courses.push(course);
            return Some(());
        }
        let mut begun: Vec<ConnectionId> = Vec::new();
        for number in 0..self.acts.len() {
            let connection = self.acts[number].connection;
            if self.done[number] || begun.contains(&connection) {
                continue;
            }
            begun.push(connection);
            self.done[number] = true;
            for next in self.perform(number, &course) {
                self.extend(next, depth + 1)?;
            }
            self.done[number] = false;
        }
        Some(())
    }

    /// What may come of one act.
    fn perform(&self, number: ActNumber, course: &Course) -> Vec<Course> {
        let act = &self.acts[number];
        let key = act.connection.0;
        let unchanged = || course.clone();
        let disconnected = || course.clone().with(Input::Disconnect(key));
        match &act.what {
            // A server may notice at once, or never.
            What::Ending(Ending::Freeze) | What::Broken => return vec![unchanged(), disconnected()],
            What::Ending(Ending::Close | Ending::Drop) => return vec![disconnected()],
            What::Ending(Ending::Noticed) => return vec![disconnected().due_by(course.sent.len(), ROOM_13)],
            What::Sent { .. } => {}
        }
        let Some(message) = &self.asked[number] else { return vec![unchanged()] };
        let (message, optional) = match message {
            ClientMessage::Leave => (ClientMessage::Leave, false),
            // Whether a request without an ack takes effect is left open.
            ClientMessage::Request { kind, room, ack } => {
                (ClientMessage::Request { kind: *kind, room: room.clone(), ack: *ack }, !ack)
            }
            ClientMessage::Signal { kind, signal } => {
                let resolved = signal
                    .as_ref()
                    .map(|signal| Signal { target: self.resolve(&course.directory, &signal.target), payload: number });
                (ClientMessage::Signal { kind: *kind, signal: resolved.map_err(|fault| *fault) }, false)
            }
        };
        let request = matches!(message, ClientMessage::Request { .. });
        let before = course.sent.len();
        let mut next = course.clone().with(Input::Message(key, message));
        if request {
            // The one message to the caller itself is the ack.
            let place = next.sent[before..].iter().position(|(to, ..)| *to == key).map(|place| before + place);
            if let Some((_, message, clause)) = place.map(|place| next.sent.remove(place)) {
                next.acks.push((number, message, clause));
            }
        }
        if optional { vec![next, unchanged()] } else { vec![next] }
    }

    fn resolve(&self, directory: &HashDirectory<u16, RoomId>, target: &Target<String, RoomId>) -> Target<u16, RoomId> {
        let Target::User(text) = target else { return Target::Unknown };
        let owners = self.story.connections.keys().filter(|connection| self.story.user(**connection) == text);
        match owners.map(|connection| connection.0).find(|key| directory.is_connected(*key)) {
            Some(key) => Target::User(key),
            None => RoomId::parse(text).map_or(Target::Unknown, Target::Room),
        }
    }
}
