//! Socket.IO protocol 5 over Engine.IO protocol 4, over WebSocket without polling.
//!
//! A text frame is an Engine.IO packet type (`0` open, `1` close, `2` ping, `3` pong, `4` message), and a message is a
//! Socket.IO packet: its type (`0` CONNECT, `1` DISCONNECT, `2` EVENT, `3` ACK, `4` CONNECT_ERROR), an ack number if there
//! is one, and JSON.

pub(super) mod packet;

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use self::packet::{MAIN, Packet};
use super::stream::{self, Codec, Decoded, Encoded, Misspoken};
use super::{Connection, ConnectionId, Incoming, OpenError, Opened};

/// Opens a connection to the namespace `/`.
///
/// # Errors
/// [`OpenError`]. Waiting is not bounded here.
pub(super) async fn connect(
    url: &Url,
    id: ConnectionId,
    incoming: mpsc::Sender<(ConnectionId, Incoming)>,
) -> Result<Connection, OpenError> {
    let url = handshake_url(url)?;
    let mut stream = stream::open(&url, "is this a Socket.IO 4 server?").await?;

    let first = stream::next_text(&mut stream, &url).await?;
    let open = parse_open(&first).ok_or_else(|| stream::not_this_protocol(&url, "an Engine.IO open packet", &first))?;
    stream::send_text(&mut stream, &url, "40").await?;
    loop {
        let text = stream::next_text(&mut stream, &url).await?;
        match Packet::parse(&text, MAIN) {
            Some(Packet::Ping) => stream::send_text(&mut stream, &url, "3").await?,
            Some(Packet::Noop) => {}
            Some(Packet::Connect { sid }) => {
                let opened = Opened { user_id: sid.unwrap_or_default(), ..open };
                return Ok(stream::spawn(stream, SocketIo, opened, Vec::new(), id, incoming));
            }
            Some(Packet::ConnectError { message }) => {
                return Err(OpenError::NotThisProtocol(format!("{url} refused the connection: {message}")));
            }
            Some(Packet::Close | Packet::Disconnect | Packet::Event { .. } | Packet::Ack { .. }) | None => {
                return Err(stream::not_this_protocol(&url, "an answer to Socket.IO's CONNECT", &text));
            }
        }
    }
}

/// As the official client does it: the path ends with a slash.
pub(super) fn path_url(base: &Url, path: &str) -> Result<Url, OpenError> {
    let mut url = stream::base_url(base, path)?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

pub(super) fn handshake_url(base: &Url) -> Result<Url, OpenError> {
    let mut url = path_url(base, "/socket.io/")?;
    url.query_pairs_mut().append_pair("EIO", "4").append_pair("transport", "websocket");
    Ok(url)
}

/// The open packet, as far as it is known before the namespace answers. Its own session id is nobody's user id.
pub(super) fn parse_open(text: &str) -> Option<Opened> {
    let open: Value = serde_json::from_str(text.strip_prefix('0')?).ok()?;
    open.get("sid")?;
    let duration = |name: &str| open.get(name).and_then(Value::as_u64).map(Duration::from_millis);
    Some(Opened {
        user_id: String::new(),
        ping_interval: duration("pingInterval"),
        ping_timeout: duration("pingTimeout"),
    })
}

/// The wire.
struct SocketIo;

impl Codec for SocketIo {
    fn misspoken(&self) -> Misspoken {
        misspoken("", "\"offer\"")
    }

    fn farewell(&self) -> &'static [&'static str] {
        FAREWELL
    }

    fn encode(&mut self, event: &str, data: Option<&Value>, ack: Option<u64>, out: &mut Encoded) {
        out.frames.push(Message::text(write(event, data, ack)));
    }

    fn decode(&mut self, text: &str, out: &mut Vec<Decoded>) -> bool {
        let Some(packet) = Packet::parse(text, MAIN) else { return false };
        react(packet, out, |packet| {
            vec![match packet {
                Heard::Event(message) => {
                    let mut message = message.into_iter();
                    let event = message.next().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
                    Decoded::Incoming(Incoming::Event { event, data: message.next() })
                }
                Heard::Ack(ack, arguments) => {
                    Decoded::Incoming(Incoming::Ack { ack, data: arguments.into_iter().next() })
                }
            }]
        })
    }
}

/// What a packet says of the protocol.
pub(super) enum Heard {
    Event(Vec<Value>),
    Ack(u64, Vec<Value>),
}

/// What is due on a packet; `read` knows what events and acks mean. Returns whether it was due at all.
pub(super) fn react(packet: Packet, out: &mut Vec<Decoded>, read: impl FnOnce(Heard) -> Vec<Decoded>) -> bool {
    let ended = |why: &str| Decoded::Incoming(Incoming::Ended(why.to_owned()));
    match packet {
        Packet::Close => out.push(ended("the server closed the Engine.IO connection")),
        Packet::Disconnect => out.push(ended("the server disconnected the client from the namespace")),
        Packet::Ping => out.push(Decoded::AnswerWith(Message::text("3"))),
        Packet::Noop => {}
        Packet::Event { message } => out.extend(read(Heard::Event(message))),
        Packet::Ack { ack, arguments } => out.extend(read(Heard::Ack(ack, arguments))),
        // These answer a CONNECT, and ours was answered.
        Packet::Connect { .. } | Packet::ConnectError { .. } => return false,
    }
    true
}

/// Frames that are not of the wire's form, with what stands before the data of a namespace, the event of one of them being
/// `event`.
pub(super) fn misspoken(prefix: &str, event: &str) -> Misspoken {
    let packet = |data: &str| format!("42{prefix}{data}");
    Misspoken {
        truncated_json: packet(&format!("[{event},{{")),
        wrong_shape: packet(r#"{"a":1}"#),
        unknown_type: "49".to_owned(),
        stray_ack: format!("43{prefix}999999999999[{{}}]"),
        before_data: packet(&format!("[{event},")),
        bare_request: packet(r#"["create-room"]"#),
        null_request: packet(r#"["create-room",null]"#),
        mistyped_request: packet(r#"["create-room",7]"#),
        bare_signal: packet(&format!("[{event}]")),
        null_signal: packet(&format!("[{event},null]")),
    }
}

/// What is said before the WebSocket is closed.
pub(super) const FAREWELL: &[&str] = &["41", "1"];

fn write(event: &str, data: Option<&Value>, ack: Option<u64>) -> String {
    let ack = ack.map(|ack| ack.to_string()).unwrap_or_default();
    let event = Value::from(event);
    match data {
        Some(data) => format!("42{ack}[{event},{data}]"),
        None => format!("42{ack}[{event}]"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::transport::socketio::packet::parse_arguments;
    use crate::transport::stream::tests::golden;

    #[test]
    fn actions_are_written_as_in_the_protocol_document() {
        let lines = golden("socketio");
        let sent: Vec<_> = lines.iter().filter(|line| line.from_client).map(|line| line.text.as_str()).collect();
        assert_eq!(sent[0], "40");
        for text in &sent[1..] {
            let Some((ack, arguments)) = parse_arguments(text.strip_prefix("42").unwrap()) else { panic!("{text}") };
            let written = write(arguments[0].as_str().unwrap(), arguments.get(1), ack);
            // Members of an object inside may come in another order.
            let (start, json) = text.split_at(text.find('[').unwrap());
            let (written_start, written_json) = written.split_at(written.find('[').unwrap());
            assert_eq!(start, written_start);
            assert_eq!(json!(serde_json::from_str::<Value>(json).unwrap()), json!(arguments));
            assert_eq!(serde_json::from_str::<Value>(written_json).unwrap(), json!(arguments));
        }
        assert_eq!(write("create-room", Some(&json!("r1")), Some(0)), r#"420["create-room","r1"]"#);
        assert_eq!(write("leave-room", None, None), r#"42["leave-room"]"#);
    }

    #[test]
    fn events_and_acks_of_the_protocol_document_are_read() {
        let mut kinds = (0, 0, 0);
        for line in golden("socketio").iter().filter(|line| !line.from_client) {
            let list = || serde_json::from_str::<Value>(&line.text[line.text.find('[').unwrap()..]).unwrap();
            match Packet::parse(&line.text, MAIN) {
                Some(Packet::Connect { sid }) => {
                    kinds.0 += 1;
                    assert_eq!(sid.as_deref(), Some("u1"));
                }
                Some(Packet::Event { message }) => {
                    kinds.1 += 1;
                    assert_eq!(json!(message), list());
                }
                Some(Packet::Ack { arguments, .. }) => {
                    kinds.2 += 1;
                    assert_eq!(json!(arguments), list());
                }
                other => panic!("{}: {other:?}", line.text),
            }
        }
        assert_eq!(kinds, (1, 6, 3));
        let mut decoded = Vec::new();
        assert!(SocketIo.decode(r#"431[{"success":true}]"#, &mut decoded));
        let ack = Incoming::Ack { ack: 1, data: Some(json!({"success": true})) };
        assert_eq!(decoded, [Decoded::Incoming(ack)]);
    }

    #[test]
    fn the_handshake_goes_to_the_given_path() {
        let of = |base: &str| handshake_url(&base.parse().unwrap()).map(String::from);
        assert_eq!(of("http://h:1").unwrap(), "ws://h:1/socket.io/?EIO=4&transport=websocket");
        assert_eq!(of("ws://h:1/rtc?k=v#x").unwrap(), "ws://h:1/rtc/?k=v&EIO=4&transport=websocket");
        let refusal = of("https://h").unwrap_err().to_string();
        assert!(refusal.contains("TLS is not supported"), "{refusal}");
    }
}
