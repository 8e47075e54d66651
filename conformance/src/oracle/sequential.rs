//! The model beside the trace: is there a legal order of a phase's acts under which the model sends exactly what was seen?
//!
//! The model keeps every state that explains the trace so far ([`Candidates`]). Order within one connection's stream is left
//! to the invariants; here the contents count, per connection.

use glare_model::{
    message::ServerMessage,
    requirement::{
        Level, RequirementId,
        ids::{ERR_01, RELAY_01, RELAY_02, RELAY_03, RELAY_07, ROOM_01, ROOM_02, ROOM_07, ROOM_08, ROOM_10},
    },
};

use super::{
    Oracle, Violation,
    courses::{Candidates, Course},
    facts::{Fault, Stimulus},
    story::{Act, PhaseStory, Story, What},
};
use crate::{
    observation::{Observation, json_equal},
    transport::ConnectionId,
};

pub(crate) use super::courses::Message;

/// The oracle's state.
#[derive(Default)]
pub(crate) struct Model(Candidates);

/// What the model says to a phase.
pub(crate) enum Outcome {
    /// Some order of the acts explains it.
    Explained,
    /// None does; how the closest one differs.
    Unexplained(Vec<Violation>),
    /// There are more orders than may be tried.
    TooMany,
}

impl Model {
    /// Takes in a connection that was opened.
    pub(crate) fn open(&mut self, connection: ConnectionId) {
        self.0.open(connection);
    }

    /// Every course that a phase may take; none if there are too many.
    pub(crate) fn courses(&self, story: &Story, phase: &PhaseStory) -> Option<Vec<Course>> {
        self.0.courses(story, phase)
    }

    /// Takes in what a phase did. Its connections have been taken in by [`Model::open`].
    pub(crate) fn advance(&mut self, story: &Story, index: usize) -> Outcome {
        let phase = &story.phases[index];
        let Some(courses) = self.courses(story, phase) else { return Outcome::TooMany };
        let judged = courses.into_iter().map(|course| {
            let objections = objections(story, phase, index, &self.0, &course);
            let must = objections.iter().filter(|one| one.requirement.level() == Level::Must).count();
            (must, objections, course)
        });
        let mut judged: Vec<_> = judged.collect();
        judged.sort_by_key(|(must, objections, _)| (*must, objections.len()));
        let objections = judged.first().map(|(_, objections, _)| objections.clone()).unwrap_or_default();
        let explained = judged.into_iter().take_while(|(must, ..)| *must == 0);
        self.0.go_on(phase, explained.map(|(.., course)| course));
        if objections.is_empty() { Outcome::Explained } else { Outcome::Unexplained(objections) }
    }
}

/// How what was seen differs from a course.
fn objections(
    story: &Story,
    phase: &PhaseStory,
    index: usize,
    candidates: &Candidates,
    course: &Course,
) -> Vec<Violation> {
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
        if candidates.is_blind(phase, act.connection) {
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
    for connection in story.connections.keys().filter(|connection| !candidates.is_blind(phase, **connection)) {
        let own = phase.seen.iter().filter(|seen| seen.connection == *connection);
        let mut left: Vec<&Observation> = own.map(|seen| &seen.what).collect();
        let mut absent: Vec<_> = course.sent.iter().filter(|(to, ..)| *to == connection.0).collect();
        absent.retain(|(_, message, _)| match left.iter().position(|seen| matches(story, phase, message, seen)) {
            Some(place) => {
                left.remove(place);
                false
            }
            None => true,
        });
        for (_, message, clause) in absent {
            let expected = || format!("{}: {}", story.name(*connection), describe(story, phase, message));
            let altered = |seen: &Observation| clause_of_alteration(story, phase, message, seen).is_some();
            match left.iter().position(|seen| altered(seen)) {
                Some(place) => {
                    let seen = left.remove(place);
                    let clause = clause_of_alteration(story, phase, message, seen).unwrap_or(*clause);
                    found.push(object(clause, expected(), describe_seen(story, seen), false));
                }
                // Whether a frozen client is still a member when it is signalled to, nobody can say.
                None if matches!(message, ServerMessage::Error(..))
                    && candidates.signals_to_frozen(story, phase, *connection) => {}
                None => found.push(object(*clause, expected(), "nothing".to_owned(), true)),
            }
        }
        let acted = phase.acts.iter().any(|act| act.connection == *connection);
        for seen in left {
            let Some(clause) = clause_of_excess(story, phase, seen, acted) else { continue };
            let expected = format!("{}: nothing more", story.name(*connection));
            found.push(object(clause, expected, describe_seen(story, seen), false));
        }
    }
    found
}

/// The clause that is broken if a signal of the model arrived as this: under another name, or with another payload.
fn clause_of_alteration(
    story: &Story,
    phase: &PhaseStory,
    message: &Message,
    seen: &Observation,
) -> Option<RequirementId> {
    let (
        ServerMessage::Signal { kind, from, payload },
        Observation::Signal { kind: seen, from: named, payload: arrived },
    ) = (message, seen)
    else {
        return None;
    };
    let same_name = named.as_deref() == Some(story.user(ConnectionId(*from)));
    let same_payload = payload_arrived(&phase.acts[*payload], arrived.as_ref());
    match (kind == seen, same_name, same_payload) {
        (true, false, true) => Some(RELAY_03),
        (true, true, false) => Some(RELAY_02),
        _ => None,
    }
}

/// The clause that forbids a message which the model does not send; none if it is free.
fn clause_of_excess(story: &Story, phase: &PhaseStory, seen: &Observation, acted: bool) -> Option<RequirementId> {
    let some = |wanted: &dyn Fn(&Act) -> bool| phase.acts.iter().any(wanted);
    let malformed = |act: &Act| matches!(act.stimulus(), Stimulus::Signal { fault: Fault::Malformed, .. });
    match seen {
        Observation::Notice { left: true, user, .. } => {
            let ended = |act: &Act| matches!(act.what, What::Ending(_)) && story.user(act.connection) == user;
            Some(if some(&ended) { ROOM_10 } else { ROOM_08 })
        }
        Observation::Notice { left: false, .. } => {
            let creates = |act: &Act| matches!(act.stimulus(), Stimulus::Request { join: false, .. });
            let joins = |act: &Act| matches!(act.stimulus(), Stimulus::Request { join: true, .. });
            let refused = |act: &Act| creates(act) && matches!(act.ack, Some(Some(Observation::Refused)));
            Some(match some(&creates) && !some(&joins) {
                true if some(&refused) => ROOM_02,
                true => ROOM_01,
                false => ROOM_07,
            })
        }
        Observation::Signal { payload, .. } => {
            let sent_so = |act: &Act| !malformed(act) && payload_arrived(act, payload.as_ref());
            Some(if some(&malformed) && !some(&sent_so) { ERR_01 } else { RELAY_01 })
        }
        Observation::Error { .. } if !acted => Some(if some(&malformed) { ERR_01 } else { RELAY_07 }),
        Observation::Error { .. } | Observation::Accepted { .. } | Observation::Refused | Observation::Unknown => None,
    }
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
