//! JSON over WebSocket: one JSON object a text frame.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use super::stream::{self, Codec, Decoded, Encoded, Misspoken};
use super::{Connection, ConnectionId, Incoming, OpenError, Opened};

/// Opens a connection; the server's first frame tells the user id.
///
/// # Errors
/// [`OpenError`]. Waiting is not bounded here.
pub(super) async fn connect(
    url: &Url,
    id: ConnectionId,
    incoming: mpsc::Sender<(ConnectionId, Incoming)>,
) -> Result<Connection, OpenError> {
    let url = handshake_url(url)?;
    let mut stream = stream::open(&url, "does it speak JSON over WebSocket at this path?").await?;
    let first = stream::next_text(&mut stream, &url).await?;
    let opened =
        parse_connected(&first).ok_or_else(|| stream::not_this_protocol(&url, "an event `connected`", &first))?;
    Ok(stream::spawn(stream, Json, opened, Vec::new(), id, incoming))
}

/// The URL of the handshake.
pub(super) fn handshake_url(base: &Url) -> Result<Url, OpenError> {
    stream::base_url(base, "/ws")
}

fn parse_connected(text: &str) -> Option<Opened> {
    let frame: Value = serde_json::from_str(text).ok()?;
    if frame.get("event")? != "connected" {
        return None;
    }
    let member = |name: &str| frame.get("data").and_then(|data| data.get(name));
    let duration = |name: &str| member(name).and_then(Value::as_u64).map(Duration::from_millis);
    Some(Opened {
        // Without a usable id the connection still opens: that is for ID-01 to judge.
        user_id: member("userId").and_then(Value::as_str).unwrap_or_default().to_owned(),
        ping_interval: duration("pingInterval"),
        ping_timeout: duration("pingTimeout"),
    })
}

/// The wire.
struct Json;

#[derive(Serialize)]
struct Frame<'a> {
    event: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack: Option<u64>,
}

impl Codec for Json {
    fn misspoken(&self) -> Misspoken {
        Misspoken {
            truncated_json: r#"{"event":"offer","data":{"#.to_owned(),
            wrong_shape: r#"{"a":1}"#.to_owned(),
            unknown_type: r#"{"event":9,"data":"r1"}"#.to_owned(),
            stray_ack: r#"{"event":"ack","ack":999999999999,"data":{}}"#.to_owned(),
            before_data: r#"{"event":"offer","data":"#.to_owned(),
            bare_request: r#"{"event":"create-room"}"#.to_owned(),
            null_request: r#"{"event":"create-room","data":null}"#.to_owned(),
            mistyped_request: r#"{"event":"create-room","data":7}"#.to_owned(),
            bare_signal: r#"{"event":"offer"}"#.to_owned(),
            null_signal: r#"{"event":"offer","data":null}"#.to_owned(),
        }
    }

    fn encode(&mut self, event: &str, data: Option<&Value>, ack: Option<u64>, out: &mut Encoded) {
        out.frames.push(Message::text(write(event, data, ack)));
    }

    fn decode(&mut self, text: &str, out: &mut Vec<Decoded>) -> bool {
        let incoming = read(text);
        let is_read = incoming.is_some();
        out.extend(incoming.map(Decoded::Incoming));
        is_read
    }
}

fn write(event: &str, data: Option<&Value>, ack: Option<u64>) -> String {
    serde_json::to_string(&Frame { event, data, ack })
        .expect("writing to a string does not fail, and every key of a JSON value is a string")
}

fn read(text: &str) -> Option<Incoming> {
    let Value::Object(mut frame) = serde_json::from_str(text).ok()? else { return None };
    let Value::String(event) = frame.remove("event")? else { return None };
    let data = frame.remove("data");
    Some(match event.as_str() {
        "ack" => Incoming::Ack { ack: frame.get("ack")?.as_u64()?, data },
        _ => Incoming::Event { event, data },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::transport::stream::tests::golden;

    #[test]
    fn actions_are_written_as_in_the_protocol_document() {
        for line in golden("websocket").iter().filter(|line| line.from_client) {
            let frame: Value = serde_json::from_str(&line.text).unwrap();
            let ack = frame.get("ack").and_then(Value::as_u64);
            let written = write(frame["event"].as_str().unwrap(), frame.get("data"), ack);
            // The document keeps its members in the order of the table; values inside are equal as JSON.
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), frame);
        }
        assert_eq!(write("create-room", Some(&json!("r1")), Some(0)), r#"{"event":"create-room","data":"r1","ack":0}"#);
        assert_eq!(write("leave-room", None, None), r#"{"event":"leave-room"}"#);
    }

    #[test]
    fn events_and_acks_of_the_protocol_document_are_read() {
        let mut kinds = (0, 0);
        for line in golden("websocket").iter().filter(|line| !line.from_client) {
            let frame: Value = serde_json::from_str(&line.text).unwrap();
            match read(&line.text) {
                Some(Incoming::Event { event, data }) => {
                    kinds.0 += 1;
                    assert_eq!((json!(event), data), (frame["event"].clone(), frame.get("data").cloned()));
                }
                Some(Incoming::Ack { ack, data }) => {
                    kinds.1 += 1;
                    assert_eq!((json!(ack), data), (frame["ack"].clone(), frame.get("data").cloned()));
                }
                other => panic!("{}: {other:?}", line.text),
            }
        }
        assert_eq!(kinds, (7, 3));
    }

    #[test]
    fn a_frame_of_another_shape_is_not_read() {
        for text in ["", "hello", "[]", "{}", r#"{"event":1}"#, r#"{"event":"ack","ack":-1}"#, r#"{"event":"ack"}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_user_id_that_is_no_text_is_read_as_empty() {
        let opened = parse_connected(r#"{"event":"connected","data":{"userId":7,"pingInterval":25}}"#).unwrap();
        assert_eq!(opened.user_id, "");
        assert_eq!(opened.ping_interval, Some(Duration::from_millis(25)));
        assert_eq!(opened.ping_timeout, None);
        assert_eq!(parse_connected(r#"{"event":"welcome"}"#), None);
    }
}
