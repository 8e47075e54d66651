//! What a conforming target sends next, so that the driver knows what to wait for. It decides nothing: what does not come
//! is noted, and the oracles judge.

use std::collections::BTreeMap;

use glare_model::{
    id::RoomId,
    message::{ServerMessage, SignalFault, SignalRefusal, Target},
    room::{Directory, Effect, HashDirectory, Input, RoomRules, step},
    wire::{EventFrame, Payload, decode},
};
use serde_json::{Value, value::RawValue};

use crate::transport::ConnectionId;

/// Something to wait for on a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Due {
    /// An event of this name.
    Event(&'static str),
    /// `user-left` of this user.
    Left(String),
}

/// The reference rules, stepped beside a scenario in the order of its text.
#[derive(Default)]
pub(crate) struct Forecast {
    directory: HashDirectory<u16, RoomId>,
    users: BTreeMap<u16, String>,
}

impl Forecast {
    /// A connection was opened.
    pub(crate) fn open(&mut self, connection: ConnectionId, user_id: &str) {
        self.users.insert(connection.0, user_id.to_owned());
        self.directory.connect(connection.0);
    }

    /// A connection ends: who has to hear of it.
    pub(crate) fn end(&mut self, connection: ConnectionId) -> Vec<(ConnectionId, Due)> {
        self.perform(Input::Disconnect(connection.0))
    }

    /// An event is sent: what comes of it, acks and undeliverable errors aside.
    pub(crate) fn send(
        &mut self,
        connection: ConnectionId,
        event: &str,
        data: Option<&Value>,
        ack: Option<u64>,
    ) -> Vec<(ConnectionId, Due)> {
        let data = data.map(|data| RawValue::from_string(data.to_string()).expect("a value prints as JSON"));
        let frame = EventFrame { event, data: data.as_deref(), ack };
        let resolve = |target: &str| {
            let owner = self.users.iter().find(|(key, user)| *user == target && self.directory.is_connected(**key));
            owner.map_or(Target::Unknown, |(key, _)| Target::User(*key))
        };
        match decode(frame, resolve) {
            Some(message) => self.perform(Input::Message(connection.0, message)),
            None => Vec::new(),
        }
    }

    fn perform(&mut self, input: Input<u16, RoomId, Payload>) -> Vec<(ConnectionId, Due)> {
        let mut due = Vec::new();
        let users = &self.users;
        step(&mut self.directory, &RoomRules::REFERENCE, input, &mut |effect| {
            if let Effect::Send { to, message, .. } = effect {
                due.extend(due_of(message, users).map(|what| (ConnectionId(to), what)));
            }
        });
        due
    }
}

/// Acks are awaited by their numbers. The error for an undeliverable signal is a SHOULD: its absence is common, and the
/// sender's fence proves it without waiting.
fn due_of(message: ServerMessage<u16, RoomId, Payload>, users: &BTreeMap<u16, String>) -> Option<Due> {
    match message {
        ServerMessage::Created(_) | ServerMessage::Joined(..) | ServerMessage::Refused(_) => None,
        ServerMessage::UserJoined(_) => Some(Due::Event("user-joined")),
        ServerMessage::RoomClosed => Some(Due::Event("room-closed")),
        ServerMessage::HostChanged(_) => Some(Due::Event("host-changed")),
        ServerMessage::UserLeft(key) => users.get(&key).map(|user| Due::Left(user.clone())),
        ServerMessage::Signal { kind, .. } => Some(Due::Event(kind.event())),
        ServerMessage::Error(_, SignalRefusal::Undeliverable) => None,
        ServerMessage::Error(_, SignalRefusal::Fault(SignalFault::Malformed | SignalFault::TooLarge)) => {
            Some(Due::Event("error"))
        }
    }
}
