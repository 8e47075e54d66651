//! The JSON wire: one object a text frame.

use serde_json::{Value, json};

use super::{Incoming, Outgoing, silence_max};
use crate::signaling::stream::{Codec, Greeting, Heard, Opening};

pub(super) enum Json {}

impl Codec for Json {
    const PATH: &'static str = "/ws";
    const QUERY: Option<&'static str> = None;
    const FAREWELL: Option<&'static str> = None;

    fn greet(opening: &mut Opening, text: &str) -> Result<Greeting, String> {
        let frame: Value =
            serde_json::from_str(text).map_err(|error| format!("the first frame is no JSON: {error}"))?;
        let data = &frame["data"];
        let Some(user_id) = data["userId"].as_str().filter(|_| frame["event"] == "connected") else {
            return Err("the first frame is no `connected` with a userId: is this the JSON wire?".to_owned());
        };
        opening.silence_max = silence_max(data["pingInterval"].as_u64(), data["pingTimeout"].as_u64());
        Ok(Greeting::Done(user_id.to_owned()))
    }

    fn encode(outgoing: &Outgoing) -> String {
        let mut frame = json!({ "event": outgoing.event });
        if let Some(data) = &outgoing.data {
            frame["data"] = data.clone();
        }
        if let Some(ack) = outgoing.ack {
            frame["ack"] = ack.into();
        }
        frame.to_string()
    }

    fn decode(text: &str) -> Heard {
        let Ok(Value::Object(mut frame)) = serde_json::from_str(text) else { return Heard::Nothing };
        let data = frame.remove("data").unwrap_or_default();
        match (frame.get("event").and_then(Value::as_str), frame.get("ack").and_then(Value::as_u64)) {
            (Some("ack"), Some(ack)) => Heard::Incoming(Incoming::Ack(ack, data)),
            (Some(event), _) => Heard::Incoming(Incoming::Event(event.to_owned(), data)),
            (None, _) => Heard::Nothing,
        }
    }
}
