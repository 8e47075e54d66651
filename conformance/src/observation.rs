//! What a server's event means in terms of the protocol. Written from docs/protocol.md, not from the model's codec, so that
//! a mistake there is seen here.

use glare_model::message::SignalKind;
use serde_json::Value;

/// A server's event or ack, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// A request succeeded.
    Accepted {
        /// The `roomId`, if it is a string.
        room: Option<String>,
        /// The `existingUsers`, if they are a list of strings.
        existing: Option<Vec<String>>,
    },
    /// A request was refused.
    Refused,
    /// `user-joined` or `user-left`.
    Notice {
        /// Whether it says that somebody left.
        left: bool,
        /// The `userId`.
        user: String,
        /// The `timestamp`, if it is a string.
        timestamp: Option<String>,
    },
    /// A relayed signal.
    Signal {
        /// Its kind, by the event's name.
        kind: SignalKind,
        /// The `from`, if it is a string.
        from: Option<String>,
        /// The payload, if there is one.
        payload: Option<Value>,
    },
    /// An `error` event.
    Error {
        /// The kind of signal that its `type` names.
        kind: Option<SignalKind>,
    },
    /// `room-closed`, of the capability `host-close`.
    RoomClosed,
    /// `host-changed`, of the capability `host-transfer`.
    HostChanged {
        /// The `userId`; empty if it is no string.
        user: String,
    },
    /// An event that the protocol does not name: free.
    Unknown,
}

/// Whether an event of a client is one that has an ack.
#[must_use]
pub(crate) fn is_request(event: &str) -> bool {
    matches!(event, "create-room" | "join-room")
}

/// Reads an event from the server. A notice without a string `userId` is none that anybody could use.
#[must_use]
pub fn read_event(event: &str, data: Option<&Value>) -> Observation {
    let text = |member: &str| data.and_then(|data| data.get(member)).and_then(Value::as_str).map(str::to_owned);
    match event {
        "user-joined" | "user-left" => Observation::Notice {
            left: event == "user-left",
            user: text("userId").unwrap_or_default(),
            timestamp: text("timestamp"),
        },
        "room-closed" => Observation::RoomClosed,
        "host-changed" => Observation::HostChanged { user: text("userId").unwrap_or_default() },
        "error" => {
            let kind = match text("type").as_deref() {
                Some("offer-error") => Some(SignalKind::Offer),
                Some("answer-error") => Some(SignalKind::Answer),
                Some("ice-error") => Some(SignalKind::Candidate),
                _ => None,
            };
            Observation::Error { kind }
        }
        _ => match SignalKind::ALL.into_iter().find(|kind| kind.event() == event) {
            Some(kind) => Observation::Signal {
                kind,
                from: text("from"),
                payload: data.and_then(|data| data.get(kind.payload_member())).cloned(),
            },
            None => Observation::Unknown,
        },
    }
}

/// Reads the ack of a request. What is neither success nor refusal counts as neither.
#[must_use]
pub fn read_ack(data: Option<&Value>) -> Option<Observation> {
    let data = data?;
    match data.get("success")? {
        Value::Bool(true) => {
            let users = data.get("existingUsers").and_then(Value::as_array);
            let existing = users.and_then(|users| users.iter().map(|user| user.as_str().map(str::to_owned)).collect());
            let room = data.get("roomId").and_then(Value::as_str).map(str::to_owned);
            Some(Observation::Accepted { room, existing })
        }
        Value::Bool(false) => Some(Observation::Refused),
        _ => None,
    }
}

/// Whether two values are equal as JSON: members in any order, numbers by value.
#[must_use]
pub fn json_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| json_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(key, value): (&String, &Value)| other.get(key).is_some_and(|there| json_equal(value, there));
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(json_equal(&json!([1.0, 1e21]), &json!([1, 1_000_000_000_000_000_000_000_f64])));
        assert!(!json_equal(&json!(1), &json!("1")));
        assert!(!json_equal(&json!({"a": 1}), &json!({"a": 1, "b": null})));
    }

    #[test]
    fn an_ack_without_a_boolean_success_is_none() {
        assert_eq!(read_ack(Some(&json!({"success": "yes"}))), None);
        assert_eq!(read_ack(None), None);
    }

    #[test]
    fn a_list_of_users_that_holds_something_else_is_no_list_of_users() {
        let Some(Observation::Accepted { existing, .. }) =
            read_ack(Some(&json!({"success": true, "existingUsers": [1]})))
        else {
            panic!("accepted")
        };
        assert_eq!(existing, None);
    }
}
