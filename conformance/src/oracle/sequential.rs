//! The model beside the trace: is there a legal order of a phase's acts under which the model sends exactly what was seen?
//!
//! The model keeps every state that explains the trace so far. Order within one connection's stream is left to the
//! invariants; here the contents count, per connection.

use glare_model::{
    id::RoomId,
    message::{ClientMessage, ServerMessage, Signal, Target},
    requirement::{
        Level, RequirementId,
        ids::{RELAY_01, RELAY_07, ROOM_07, ROOM_08, ROOM_10},
    },
    room::{Directory, Effect, HashDirectory, Input, RoomRules, step},
    wire::{EventFrame, decode},
};
use serde_json::value::RawValue;

use super::{
    Oracle, Violation,
    facts::Stimulus,
    story::{Act, PhaseStory, Story, What},
};
use crate::{
    limits::CANDIDATES_MAX,
    observation::{Observation, json_equal},
    trace::Ending,
    transport::ConnectionId,
};

/// A payload is the number of the act that sent it.
type ActNumber = usize;
type Message = ServerMessage<u16, RoomId, ActNumber>;

/// All states of a server that explain the trace so far.
pub(super) struct Model {
    candidates: Vec<HashDirectory<u16, RoomId>>,
    frozen: Vec<u16>,
}

/// What the model says to a phase.
pub(super) enum Outcome {
    /// Some order of the acts explains it.
    Explained,
    /// None does; how the closest one differs.
    Unexplained(Vec<Violation>),
    /// There are more orders than may be tried.
    TooMany,
}

/// One way in which a phase may have gone.
struct Course {
    directory: HashDirectory<u16, RoomId>,
    /// What the server sends apart from acks: to whom, what, and by which clause.
    sent: Vec<(u16, Message, RequirementId)>,
    /// The acks of acts.
    acks: Vec<(ActNumber, Message, RequirementId)>,
}

impl Default for Model {
    fn default() -> Self {
        Self { candidates: vec![HashDirectory::default()], frozen: Vec::new() }
    }
}

impl Model {
    /// Takes in the next phase.
    pub(super) fn advance(&mut self, story: &Story, index: usize) -> Outcome {
        let phase = &story.phases[index];
        for directory in &mut self.candidates {
            phase.opened.iter().for_each(|connection| directory.connect(connection.0));
        }
        let Some(courses) = self.courses(story, phase) else { return Outcome::TooMany };
        let judged = courses.into_iter().map(|course| {
            let objections = objections(story, phase, index, &self.frozen, &course);
            let must = objections.iter().filter(|one| one.requirement.level() == Level::Must).count();
            (must, objections, course)
        });
        let mut judged: Vec<_> = judged.collect();
        judged.sort_by_key(|(must, objections, _)| (*must, objections.len()));
        let (_, objections, _) = &judged[0];
        let objections = objections.clone();
        let explained = judged.into_iter().take_while(|(must, ..)| *must == 0);
        self.candidates = Vec::new();
        for (_, _, course) in explained {
            if !self.candidates.contains(&course.directory) {
                self.candidates.push(course.directory);
            }
        }
        for act in &phase.acts {
            match act.what {
                What::Ending(Ending::Freeze) => self.frozen.push(act.connection.0),
                What::Ending(_) => self.frozen.retain(|frozen| *frozen != act.connection.0),
                What::Sent { .. } | What::Broken => {}
            }
        }
        if objections.is_empty() { Outcome::Explained } else { Outcome::Unexplained(objections) }
    }

    /// Every course that the phase may have taken: each candidate, each departure of a frozen client, each order of the
    /// acts, and both outcomes of what is left open.
    fn courses(&self, story: &Story, phase: &PhaseStory) -> Option<Vec<Course>> {
        let mut courses = Vec::new();
        for directory in &self.candidates {
            let start = Course { directory: directory.clone(), sent: Vec::new(), acks: Vec::new() };
            let mut starts = vec![start];
            for frozen in &self.frozen {
                if directory.is_connected(*frozen) {
                    let gone: Vec<_> =
                        starts.iter().map(|course| course.clone().with(Input::Disconnect(*frozen))).collect();
                    starts.extend(gone);
                }
            }
            for start in starts {
                let mut orders =
                    Orders { story, acts: &phase.acts, done: vec![false; phase.acts.len()], courses: &mut courses };
                orders.extend(start)?;
            }
        }
        Some(courses)
    }
}

impl Clone for Course {
    fn clone(&self) -> Self {
        Self { directory: self.directory.clone(), sent: self.sent.clone(), acks: self.acks.clone() }
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
}

/// A depth-first walk over the orders of acts that keep each connection's own order.
struct Orders<'a> {
    story: &'a Story,
    acts: &'a [Act],
    done: Vec<bool>,
    courses: &'a mut Vec<Course>,
}

impl Orders<'_> {
    /// `None` when there are too many.
    fn extend(&mut self, course: Course) -> Option<()> {
        if self.done.iter().all(|done| *done) {
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
                self.extend(next)?;
            }
            self.done[number] = false;
        }
        Some(())
    }

    /// What may come of one act.
    fn perform(&self, number: ActNumber, course: &Course) -> Vec<Course> {
        let act = &self.acts[number];
        let key = act.connection.0;
        let disconnect = |course: Course| course.with(Input::Disconnect(key));
        let (event, data, ack) = match &act.what {
            // A server may notice at once, or never.
            What::Ending(Ending::Freeze) => return vec![course.clone(), disconnect(course.clone())],
            What::Ending(Ending::Close | Ending::Drop | Ending::Noticed) => return vec![disconnect(course.clone())],
            What::Broken => return vec![course.clone(), disconnect(course.clone())],
            What::Sent { event, data, ack } => (event, data, *ack),
        };
        let data = data.as_ref().map(|data| RawValue::from_string(data.to_string()).expect("a value prints as JSON"));
        let frame = EventFrame { event, data: data.as_deref(), ack };
        let Some(message) = decode(frame, |target| self.resolve(&course.directory, target)) else {
            return vec![course.clone()];
        };
        let message = number_payload(message, number);
        let request = matches!(message, ClientMessage::Request { .. });
        let mut next = course.clone();
        let before = next.sent.len();
        next = next.with(Input::Message(key, message));
        if request {
            // The one message to the caller itself is the ack.
            let place = next.sent[before..].iter().position(|(to, ..)| *to == key).map(|place| before + place);
            if let Some((_, message, clause)) = place.map(|place| next.sent.remove(place)) {
                next.acks.push((number, message, clause));
            }
        }
        if request && ack.is_none() { vec![next, course.clone()] } else { vec![next] }
    }

    fn resolve(&self, directory: &HashDirectory<u16, RoomId>, target: &str) -> Target<u16, RoomId> {
        let owners = self.story.connections.keys().filter(|connection| self.story.user(**connection) == target);
        match owners.map(|connection| connection.0).find(|key| directory.is_connected(*key)) {
            Some(key) => Target::User(key),
            None => RoomId::parse(target).map_or(Target::Unknown, Target::Room),
        }
    }
}

fn number_payload<P>(
    message: ClientMessage<u16, RoomId, P>,
    number: ActNumber,
) -> ClientMessage<u16, RoomId, ActNumber> {
    match message {
        ClientMessage::Request { kind, room, ack } => ClientMessage::Request { kind, room, ack },
        ClientMessage::Leave => ClientMessage::Leave,
        ClientMessage::Signal { kind, signal } => {
            let signal = signal.map(|signal| Signal { target: signal.target, payload: number });
            ClientMessage::Signal { kind, signal }
        }
    }
}

/// How what was seen differs from a course.
fn objections(story: &Story, phase: &PhaseStory, index: usize, frozen: &[u16], course: &Course) -> Vec<Violation> {
    let mut found = Vec::new();
    let object = |requirement, expected: String, actual: String, missing| Violation {
        requirement,
        phase: index,
        expected,
        actual,
        missing,
        oracle: Oracle::Sequential,
    };
    for (number, message, clause) in &course.acks {
        let act = &phase.acts[*number];
        if blind(phase, frozen, act.connection) {
            continue;
        }
        let expected = format!("{}: {}", story.name(act.connection), describe(story, phase, message));
        match &act.ack {
            None => found.push(object(*clause, expected, "no ack".to_owned(), true)),
            Some(None) => found.push(object(*clause, expected, "an ack that makes no sense".to_owned(), false)),
            Some(Some(seen)) if !matches(story, phase, message, seen) => {
                found.push(object(*clause, expected, describe_seen(story, seen), false));
            }
            Some(Some(_)) => {}
        }
    }
    for connection in story.connections.keys().filter(|connection| !blind(phase, frozen, **connection)) {
        let own = phase.seen.iter().filter(|seen| seen.connection == *connection);
        let mut left: Vec<&Observation> = own.map(|seen| &seen.what).collect();
        for (_, message, clause) in course.sent.iter().filter(|(to, ..)| *to == connection.0) {
            match left.iter().position(|seen| matches(story, phase, message, seen)) {
                Some(place) => {
                    left.remove(place);
                }
                // Whether a frozen client is still a member when it is signalled to, nobody can say.
                None if matches!(message, ServerMessage::Error(..))
                    && signals_to_frozen(story, phase, frozen, *connection) => {}
                None => {
                    let expected = format!("{}: {}", story.name(*connection), describe(story, phase, message));
                    found.push(object(*clause, expected, "nothing".to_owned(), true));
                }
            }
        }
        let acted = phase.acts.iter().any(|act| act.connection == *connection);
        for seen in left {
            let clause = match seen {
                Observation::Notice { left: true, .. } => ROOM_08,
                Observation::Notice { left: false, .. } => ROOM_07,
                Observation::Signal { .. } => RELAY_01,
                Observation::Error { .. } if !acted => RELAY_07,
                _ => continue,
            };
            let expected = format!("{}: nothing more", story.name(*connection));
            found.push(object(clause, expected, describe_seen(story, seen), false));
        }
    }
    found
}

/// Connections whose view of a phase is not whole: they went away, or do not read.
fn blind(phase: &PhaseStory, frozen: &[u16], connection: ConnectionId) -> bool {
    let ending = |act: &Act| act.connection == connection && matches!(act.what, What::Ending(_));
    frozen.contains(&connection.0) || phase.ended.contains(&connection) || phase.acts.iter().any(ending)
}

/// Whether one of a connection's signals is for a client that is frozen.
fn signals_to_frozen(story: &Story, phase: &PhaseStory, frozen: &[u16], sender: ConnectionId) -> bool {
    let is_frozen = |target: &str| frozen.iter().any(|key| story.user(ConnectionId(*key)) == target);
    let own = phase.acts.iter().filter(|act| act.connection == sender);
    own.into_iter()
        .any(|act| matches!(act.stimulus(), Stimulus::Signal { target: Some(target), .. } if is_frozen(target)))
}

/// Whether an observation is a message of the model.
fn matches(story: &Story, phase: &PhaseStory, message: &Message, seen: &Observation) -> bool {
    let user = |key: &u16| story.user(ConnectionId(*key));
    match (message, seen) {
        (ServerMessage::Created(room), Observation::Accepted { room: named, .. }) => {
            named.as_deref() == Some(room.as_str())
        }
        (ServerMessage::Joined(room, members), Observation::Accepted { room: named, existing }) => {
            let mut members: Vec<_> = members.iter().map(user).collect();
            let mut listed: Vec<_> = existing.iter().flatten().map(String::as_str).collect();
            members.sort_unstable();
            listed.sort_unstable();
            named.as_deref() == Some(room.as_str()) && existing.is_some() && members == listed
        }
        (ServerMessage::Refused(_), Observation::Refused) => true,
        (ServerMessage::UserJoined(key), Observation::Notice { left: false, user: named, .. })
        | (ServerMessage::UserLeft(key), Observation::Notice { left: true, user: named, .. }) => user(key) == named,
        (
            ServerMessage::Signal { kind, from, payload },
            Observation::Signal { kind: seen, from: named, payload: arrived },
        ) => {
            kind == seen
                && named.as_deref() == Some(user(from))
                && payload_arrived(&phase.acts[*payload], arrived.as_ref())
        }
        (ServerMessage::Error(kind, _), Observation::Error { kind: seen }) => seen.as_ref() == Some(kind),
        _ => false,
    }
}

fn payload_arrived(act: &Act, arrived: Option<&serde_json::Value>) -> bool {
    match (act.stimulus(), arrived) {
        (Stimulus::Signal { payload: Some(sent), .. }, Some(arrived)) => json_equal(sent, arrived),
        _ => false,
    }
}

fn describe_seen(story: &Story, seen: &Observation) -> String {
    let name = |user: &str| story.name_of_user(user);
    match seen {
        Observation::Accepted { existing: None, .. } => "it was accepted".to_owned(),
        Observation::Accepted { existing: Some(users), .. } => {
            let users: Vec<_> = users.iter().map(|user| name(user)).collect();
            format!("it was accepted with existingUsers [{}]", users.join(", "))
        }
        Observation::Refused => "it was refused".to_owned(),
        Observation::Notice { left, user, .. } => {
            format!("{} {}", if *left { "user-left" } else { "user-joined" }, name(user))
        }
        Observation::Signal { kind, from, .. } => {
            format!("{} from {}", kind.event(), from.as_deref().map_or("nobody".to_owned(), name))
        }
        Observation::Error { kind } => format!("error {}", kind.map_or("of no known type", |kind| kind.error_type())),
        Observation::Unknown => "an event that the protocol does not name".to_owned(),
    }
}

fn describe(story: &Story, phase: &PhaseStory, message: &Message) -> String {
    let name = |key: &u16| story.name(ConnectionId(*key));
    match message {
        ServerMessage::Created(_) => "its create is accepted".to_owned(),
        ServerMessage::Joined(_, members) => {
            let members: Vec<_> = members.iter().map(name).collect();
            format!("its join is accepted with existingUsers [{}]", members.join(", "))
        }
        ServerMessage::Refused(why) => format!("its request is refused ({why:?})"),
        ServerMessage::UserJoined(key) => format!("user-joined {}", name(key)),
        ServerMessage::UserLeft(key) => format!("user-left {}", name(key)),
        ServerMessage::RoomClosed => "room-closed".to_owned(),
        ServerMessage::HostChanged(key) => format!("host-changed {}", name(key)),
        ServerMessage::Signal { kind, from, payload } => {
            let sender = story.name(phase.acts[*payload].connection);
            debug_assert_eq!(sender, name(from), "a signal comes of its act's connection");
            format!("{} from {sender}", kind.event())
        }
        ServerMessage::Error(kind, _) => format!("error {}", kind.error_type()),
    }
}
