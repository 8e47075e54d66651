//! From a server's message to a named event, or an ack, with JSON data.

use serde::Serialize;
use serde_json::value::RawValue;

use super::WireServerMessage;
use crate::message::{Refusal, ServerMessage, SignalFault, SignalRefusal};

/// A message that is ready for a frame. The data is JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// The data of the ack to the receiver's request.
    Ack(String),
    /// An event of this name with its data.
    Event(&'static str, String),
}

/// What the domain does not know and the wire shows: names of connections, and the time.
pub struct Names<F> {
    /// The user id of a connection.
    pub user: F,
    /// The date-time of a notice, RFC 3339 (ROOM-14).
    pub timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    success: bool,
    room_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    existing_users: Option<Vec<String>>,
}

#[derive(Serialize)]
struct Refused {
    success: bool,
    error: &'static str,
    code: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notice<'a> {
    user_id: String,
    timestamp: &'a str,
}

#[derive(Serialize)]
struct RoomClosed {
    reason: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostChanged {
    user_id: String,
}

#[derive(Serialize)]
struct SignalError {
    r#type: &'static str,
    message: &'static str,
    code: &'static str,
}

/// Puts a server's message into JSON.
pub fn encode<S: Copy>(message: &WireServerMessage<S>, names: &Names<impl Fn(S) -> String>) -> Encoded {
    match message {
        ServerMessage::Created(room) => {
            Encoded::Ack(json(&Accepted { success: true, room_id: room.as_str(), existing_users: None }))
        }
        ServerMessage::Joined(room, members) => {
            let existing_users = Some(members.iter().map(|member| (names.user)(*member)).collect());
            Encoded::Ack(json(&Accepted { success: true, room_id: room.as_str(), existing_users }))
        }
        ServerMessage::Refused(refusal) => {
            let (code, error) = refusal_texts(*refusal);
            Encoded::Ack(json(&Refused { success: false, error, code }))
        }
        ServerMessage::UserJoined(user) => Encoded::Event("user-joined", notice(*user, names)),
        ServerMessage::UserLeft(user) => Encoded::Event("user-left", notice(*user, names)),
        ServerMessage::RoomClosed => Encoded::Event("room-closed", json(&RoomClosed { reason: "The host left" })),
        ServerMessage::HostChanged(user) => {
            Encoded::Event("host-changed", json(&HostChanged { user_id: (names.user)(*user) }))
        }
        ServerMessage::Signal { kind, from, payload } => {
            Encoded::Event(kind.event(), signal(kind.payload_member(), payload, &(names.user)(*from)))
        }
        ServerMessage::Error(kind, refusal) => {
            let (code, message) = signal_refusal_texts(*refusal);
            Encoded::Event("error", json(&SignalError { r#type: kind.error_type(), message, code }))
        }
    }
}

fn notice<S>(user: S, names: &Names<impl Fn(S) -> String>) -> String {
    json(&Notice { user_id: (names.user)(user), timestamp: &names.timestamp })
}

/// Built by hand, so that the payload's text is copied as it is.
fn signal(member: &str, payload: &RawValue, from: &str) -> String {
    let payload = payload.get();
    format!("{{\"{member}\":{payload},\"from\":{}}}", json(from))
}

/// Code and text of a refused request (docs/protocol.md, "Error codes").
fn refusal_texts(refusal: Refusal) -> (&'static str, &'static str) {
    match refusal {
        Refusal::InvalidRoomId(_) => ("invalid-room-id", "Invalid room id"),
        Refusal::AlreadyInRoom => ("already-in-room", "Already in a room"),
        Refusal::RoomExists => ("room-exists", "Room already exists"),
        Refusal::RoomNotFound => ("room-not-found", "Room not found"),
        Refusal::RoomFull => ("room-full", "Room is full"),
    }
}

/// Code and text of a refused signal (docs/protocol.md, "Error codes").
fn signal_refusal_texts(refusal: SignalRefusal) -> (&'static str, &'static str) {
    match refusal {
        SignalRefusal::Fault(SignalFault::Malformed) => ("malformed", "Malformed signal"),
        SignalRefusal::Fault(SignalFault::TooLarge) => ("too-large", "Payload too large"),
        SignalRefusal::Undeliverable => ("undeliverable", "No such member in your room"),
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("strings and booleans always serialise")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::InvalidRoomId,
        message::{SignalFault, SignalKind},
        requirement::PROTOCOL_DOCUMENT,
    };

    #[test]
    fn the_document_lists_every_code_with_its_text() {
        let refusals = [
            Refusal::InvalidRoomId(InvalidRoomId::Empty),
            Refusal::AlreadyInRoom,
            Refusal::RoomExists,
            Refusal::RoomNotFound,
            Refusal::RoomFull,
        ];
        let signal_refusals = [
            SignalRefusal::Fault(SignalFault::Malformed),
            SignalRefusal::Fault(SignalFault::TooLarge),
            SignalRefusal::Undeliverable,
        ];
        let texts = refusals.map(refusal_texts).into_iter().chain(signal_refusals.map(signal_refusal_texts));
        for (code, text) in texts {
            let row = PROTOCOL_DOCUMENT.lines().find(|line| line.starts_with(&format!("| `{code}` |")));
            assert!(row.is_some_and(|row| row.ends_with(&format!("| {text} |"))), "{code}: {row:?}");
        }
    }

    #[test]
    fn the_capabilities_events_have_the_documents_names_and_data() {
        let names = Names { user: |user: u8| format!("u{user}"), timestamp: String::new() };
        let closed = encode(&ServerMessage::RoomClosed, &names);
        assert_eq!(closed, Encoded::Event("room-closed", r#"{"reason":"The host left"}"#.to_owned()));
        let changed = encode(&ServerMessage::HostChanged(7), &names);
        assert_eq!(changed, Encoded::Event("host-changed", r#"{"userId":"u7"}"#.to_owned()));
    }

    #[test]
    fn a_payload_is_copied_to_the_letter() {
        let payload = RawValue::from_string(r#"{"a": 1.0e2, "a":[ ]}"#.to_owned()).unwrap();
        let message = ServerMessage::Signal { kind: SignalKind::Offer, from: 7u8, payload };
        let names = Names { user: |user: u8| format!("u{user}"), timestamp: String::new() };
        let expected = r#"{"offer":{"a": 1.0e2, "a":[ ]},"from":"u7"}"#;
        assert_eq!(encode(&message, &names), Encoded::Event("offer", expected.to_owned()));
    }
}
