//! From a named event with JSON data to a client's message.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{EventFrame, Payload, WireClientMessage};
use crate::{
    id::{InvalidRoomId, RoomId},
    limits::{CANDIDATE_BYTES_MAX, DESCRIPTION_BYTES_MAX},
    message::{ClientMessage, RequestKind, Signal, SignalFault, SignalKind, Target},
};

/// Reads a client's event. `resolve` says what a target string names. Unknown events are `None` (ERR-05).
pub fn decode<S>(
    frame: EventFrame<'_>,
    resolve: impl FnOnce(&str) -> Target<S, RoomId>,
) -> Option<WireClientMessage<S>> {
    let request = |kind| ClientMessage::Request { kind, room: decode_room_id(frame.data), ack: frame.ack.is_some() };
    let signal = |kind, resolve| ClientMessage::Signal { kind, signal: decode_signal(kind, frame.data, resolve) };
    Some(match frame.event {
        "create-room" => request(RequestKind::Create),
        "join-room" => request(RequestKind::Join),
        "leave-room" => ClientMessage::Leave,
        "offer" => signal(SignalKind::Offer, resolve),
        "answer" => signal(SignalKind::Answer, resolve),
        "ice-candidate" => signal(SignalKind::Candidate, resolve),
        _ => return None,
    })
}

fn decode_room_id(data: Option<&RawValue>) -> Result<RoomId, InvalidRoomId> {
    let text = data.and_then(as_string).ok_or(InvalidRoomId::NotAString)?;
    RoomId::parse(&text)
}

fn decode_signal<S>(
    kind: SignalKind,
    data: Option<&RawValue>,
    resolve: impl FnOnce(&str) -> Target<S, RoomId>,
) -> Result<Signal<S, RoomId, Payload>, SignalFault> {
    let data = data.ok_or(SignalFault::Malformed)?.get();
    // Derived deserialisation takes an array for a struct as well; the wire does not.
    if !data.starts_with('{') {
        return Err(SignalFault::Malformed);
    }
    let members: SignalMembers<'_> = serde_json::from_str(data).map_err(|_| SignalFault::Malformed)?;
    let target = members.target.and_then(as_string).ok_or(SignalFault::Malformed)?;
    let (payload, bytes_max) = match kind {
        SignalKind::Offer => (members.offer, DESCRIPTION_BYTES_MAX),
        SignalKind::Answer => (members.answer, DESCRIPTION_BYTES_MAX),
        SignalKind::Candidate => (members.candidate, CANDIDATE_BYTES_MAX),
    };
    let payload = payload.ok_or(SignalFault::Malformed)?;
    if payload.get().len() > bytes_max {
        return Err(SignalFault::TooLarge);
    }
    Ok(Signal { target: resolve(&target), payload: payload.to_owned() })
}

fn as_string(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// The members that a signal may have; all others are ignored (RELAY-03 forbids to trust a `from`).
#[derive(Deserialize)]
struct SignalMembers<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    target: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    offer: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    answer: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    candidate: Option<&'a RawValue>,
}

/// A member that is there with the value null is there: serde's own `Option` takes it for absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decoded(event: &str, data: Option<&str>) -> Option<WireClientMessage<u8>> {
        let data = data.map(|text| RawValue::from_string(text.to_owned()).unwrap());
        decode(EventFrame { event, data: data.as_deref(), ack: None }, |_| Target::Unknown)
    }

    fn fault(data: &str) -> Option<SignalFault> {
        match decoded("offer", Some(data)) {
            Some(ClientMessage::Signal { signal, .. }) => signal.err(),
            other => panic!("an offer decodes to a signal, not {other:?}"),
        }
    }

    #[test]
    fn a_payload_of_null_is_present() {
        assert_eq!(fault(r#"{"target":"u","offer":null}"#), None);
    }

    #[test]
    fn every_malformed_signal_is_named_so() {
        for data in [
            "null",
            "1",
            "[]",
            r#"["u",{}]"#,
            "{}",
            r#"{"target":"u"}"#,
            r#"{"offer":{}}"#,
            r#"{"target":null,"offer":{}}"#,
            r#"{"target":[],"offer":{}}"#,
            r#"{"target":["u"],"offer":{}}"#,
            r#"{"target":{},"offer":{}}"#,
            r#"{"target":7,"offer":{}}"#,
            r#"{"target":"u","answer":{}}"#,
        ] {
            assert_eq!(fault(data), Some(SignalFault::Malformed), "{data}");
        }
    }

    #[test]
    fn a_description_is_too_large_from_one_byte_over_the_limit() {
        let with_bytes = |bytes: usize| format!(r#"{{"target":"u","offer":"{}"}}"#, "x".repeat(bytes - 2));
        assert_eq!(fault(&with_bytes(DESCRIPTION_BYTES_MAX)), None);
        assert_eq!(fault(&with_bytes(DESCRIPTION_BYTES_MAX + 1)), Some(SignalFault::TooLarge));
    }

    #[test]
    fn an_unknown_event_is_nothing() {
        assert!(decoded("create-rooms", Some("\"r\"")).is_none());
    }

    #[test]
    fn a_request_without_data_has_no_room_id() {
        let Some(ClientMessage::Request { room, .. }) = decoded("join-room", None) else { panic!("a request") };
        assert_eq!(room, Err(InvalidRoomId::NotAString));
    }

    proptest! {
        #[test]
        fn no_data_panics(event in "create-room|join-room|leave-room|offer|answer|ice-candidate|.*", data in "\\PC{0,60}") {
            if let Ok(raw) = RawValue::from_string(data) {
                let _total = decode::<u8>(EventFrame { event: &event, data: Some(&raw), ack: Some(1) }, |_| Target::Unknown);
            }
        }
    }
}
