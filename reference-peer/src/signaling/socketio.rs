//! Socket.IO protocol 5 over Engine.IO protocol 4, over WebSocket without polling.

use serde_json::{Value, json};

use super::{Incoming, Outgoing, silence_max};
use crate::signaling::stream::{Codec, Greeting, Heard, Opening};

pub(super) enum SocketIo {}

impl Codec for SocketIo {
    const PATH: &'static str = "/socket.io/";
    const QUERY: Option<&'static str> = Some("EIO=4&transport=websocket");
    const FAREWELL: Option<&'static str> = Some("41");

    fn greet(opening: &mut Opening, text: &str) -> Result<Greeting, String> {
        let parsed = |json: &str| serde_json::from_str::<Value>(json).map_err(|error| format!("{text:?}: {error}"));
        if let Some(json) = text.strip_prefix("44") {
            return Err(format!("the server refused the connection: {json}"));
        }
        if let Some(json) = text.strip_prefix("40") {
            let sid = parsed(json)?["sid"].as_str().map(str::to_owned);
            return sid.map(Greeting::Done).ok_or_else(|| "the server's CONNECT names no sid".to_owned());
        }
        if let Some(json) = text.strip_prefix('0') {
            let open = parsed(json)?;
            opening.silence_max = silence_max(open["pingInterval"].as_u64(), open["pingTimeout"].as_u64());
            return Ok(Greeting::Answer("40"));
        }
        match text {
            "2" => Ok(Greeting::Answer("3")),
            _ => Err("this is no Engine.IO handshake: is it a Socket.IO 4 server?".to_owned()),
        }
    }

    fn encode(outgoing: &Outgoing) -> String {
        let ack = outgoing.ack.map(|ack| ack.to_string()).unwrap_or_default();
        let packet = match &outgoing.data {
            Some(data) => json!([outgoing.event, data]),
            None => json!([outgoing.event]),
        };
        format!("42{ack}{packet}")
    }

    fn decode(text: &str) -> Heard {
        if text == "2" {
            return Heard::Answer("3");
        }
        if text == "1" || text.starts_with("41") {
            return Heard::Goodbye;
        }
        let (Some(packet), is_ack) = (text.strip_prefix("42").or(text.strip_prefix("43")), text.starts_with("43"))
        else {
            return Heard::Nothing;
        };
        let array_at = packet.find('[').unwrap_or(packet.len());
        let (number, array) = packet.split_at(array_at);
        let Ok(Value::Array(arguments)) = serde_json::from_str(array) else { return Heard::Nothing };
        let mut arguments = arguments.into_iter();
        if is_ack {
            let Ok(number) = number.parse() else { return Heard::Nothing };
            return Heard::Incoming(Incoming::Ack(number, arguments.next().unwrap_or_default()));
        }
        let Some(Value::String(event)) = arguments.next() else { return Heard::Nothing };
        Heard::Incoming(Incoming::Event(event, arguments.next().unwrap_or_default()))
    }
}
