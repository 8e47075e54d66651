//! Socket.IO protocol 5 over Engine.IO protocol 4, over WebSocket without polling.
//!
//! A text frame is an Engine.IO packet type (`0` open, `1` close, `2` ping, `3` pong, `4` message), and a message is a
//! Socket.IO packet: its type (`0` CONNECT, `1` DISCONNECT, `2` EVENT, `3` ACK, `4` CONNECT_ERROR), an ack number if there
//! is one, and JSON.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use url::Url;

use super::stream::{self, Codec, Decoded};
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
        match Packet::parse(&text) {
            Some(Packet::Ping) => stream::send_text(&mut stream, &url, "3").await?,
            Some(Packet::Noop) => {}
            Some(Packet::Connect { sid }) => {
                let opened = Opened { user_id: sid.unwrap_or_default(), ..open };
                return Ok(stream::spawn::<SocketIo>(stream, opened, id, incoming));
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
pub(super) fn handshake_url(base: &Url) -> Result<Url, OpenError> {
    let mut url = stream::base_url(base, "/socket.io/")?;
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url.query_pairs_mut().append_pair("EIO", "4").append_pair("transport", "websocket");
    Ok(url)
}

/// The open packet, as far as it is known before the namespace answers. Its own session id is nobody's user id.
fn parse_open(text: &str) -> Option<Opened> {
    let open: Value = serde_json::from_str(text.strip_prefix('0')?).ok()?;
    open.get("sid")?;
    let duration = |name: &str| open.get(name).and_then(Value::as_u64).map(Duration::from_millis);
    Some(Opened {
        user_id: String::new(),
        ping_interval: duration("pingInterval"),
        ping_timeout: duration("pingTimeout"),
    })
}

/// What a server sends.
#[derive(Debug, PartialEq)]
enum Packet {
    Close,
    Ping,
    Noop,
    /// `sid` is absent where it is no string.
    Connect {
        sid: Option<String>,
    },
    Disconnect,
    Event {
        event: String,
        data: Option<Value>,
    },
    Ack {
        ack: u64,
        data: Option<Value>,
    },
    ConnectError {
        message: String,
    },
}

impl Packet {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "1" => return Some(Self::Close),
            "2" => return Some(Self::Ping),
            "6" => return Some(Self::Noop),
            _ => {}
        }
        let message = text.strip_prefix('4')?;
        let kind = message.chars().next()?;
        let rest = &message[kind.len_utf8()..];
        // The main namespace may be named; another one is never joined.
        let rest = rest.strip_prefix("/,").unwrap_or(rest);
        match kind {
            '0' => Some(Self::Connect { sid: parse_connect(rest)? }),
            '1' => rest.is_empty().then_some(Self::Disconnect),
            '2' => parse_event(rest),
            '3' => {
                let (ack, arguments) = parse_arguments(rest)?;
                Some(Self::Ack { ack: ack?, data: arguments.into_iter().next() })
            }
            '4' => {
                let error: Value = serde_json::from_str(rest).ok()?;
                let message = error.get("message").and_then(Value::as_str).map(str::to_owned);
                Some(Self::ConnectError { message: message.unwrap_or_else(|| error.to_string()) })
            }
            _ => None,
        }
    }
}

/// Without a usable id the connection still opens: that is for ID-01 to judge.
fn parse_connect(json: &str) -> Option<Option<String>> {
    if json.is_empty() {
        return Some(None);
    }
    let connect: Value = serde_json::from_str(json).ok()?;
    Some(connect.get("sid").and_then(Value::as_str).map(str::to_owned))
}

fn parse_event(rest: &str) -> Option<Packet> {
    // A server may ask for an ack of its own; nothing in the protocol answers it.
    let (_ack, arguments) = parse_arguments(rest)?;
    let mut arguments = arguments.into_iter();
    let Some(Value::String(event)) = arguments.next() else { return None };
    Some(Packet::Event { event, data: arguments.next() })
}

/// `12["a",1]`: a number if there is one, and a list.
fn parse_arguments(rest: &str) -> Option<(Option<u64>, Vec<Value>)> {
    let (digits, json) = rest.split_at(rest.find('[')?);
    let number = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
    Some((number, serde_json::from_str(json).ok()?))
}

/// The wire.
enum SocketIo {}

impl Codec for SocketIo {
    const TRUNCATED_JSON: &'static str = r#"42["offer",{"#;
    const WRONG_SHAPE: &'static str = r#"42{"a":1}"#;
    const UNKNOWN_TYPE: &'static str = "49";
    const STRAY_ACK: &'static str = "43999999999999[{}]";
    const BEFORE_DATA: &'static str = r#"42["offer","#;
    const FAREWELL: &'static [&'static str] = &["41", "1"];

    fn encode(event: &str, data: Option<&Value>, ack: Option<u64>) -> String {
        let ack = ack.map(|ack| ack.to_string()).unwrap_or_default();
        let event = Value::from(event);
        match data {
            Some(data) => format!("42{ack}[{event},{data}]"),
            None => format!("42{ack}[{event}]"),
        }
    }

    fn decode(text: &str) -> Option<Decoded> {
        let ended = |why: &str| Some(Decoded::Incoming(Incoming::Ended(why.to_owned())));
        match Packet::parse(text)? {
            Packet::Close => ended("the server closed the Engine.IO connection"),
            Packet::Disconnect => ended("the server disconnected the client from the namespace"),
            Packet::Ping => Some(Decoded::AnswerWith("3")),
            Packet::Noop => Some(Decoded::Nothing),
            Packet::Event { event, data } => Some(Decoded::Incoming(Incoming::Event { event, data })),
            Packet::Ack { ack, data } => Some(Decoded::Incoming(Incoming::Ack { ack, data })),
            // These answer a CONNECT, and ours was answered.
            Packet::Connect { .. } | Packet::ConnectError { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::transport::stream::tests::golden;

    #[test]
    fn actions_are_written_as_in_the_protocol_document() {
        let lines = golden("socketio");
        let sent: Vec<_> = lines.iter().filter(|line| line.from_client).map(|line| line.text.as_str()).collect();
        assert_eq!(sent[0], "40");
        for text in &sent[1..] {
            let Some((ack, arguments)) = parse_arguments(text.strip_prefix("42").unwrap()) else { panic!("{text}") };
            let written = SocketIo::encode(arguments[0].as_str().unwrap(), arguments.get(1), ack);
            // Members of an object inside may come in another order.
            let (start, json) = text.split_at(text.find('[').unwrap());
            let (written_start, written_json) = written.split_at(written.find('[').unwrap());
            assert_eq!(start, written_start);
            assert_eq!(json!(serde_json::from_str::<Value>(json).unwrap()), json!(arguments));
            assert_eq!(serde_json::from_str::<Value>(written_json).unwrap(), json!(arguments));
        }
        assert_eq!(SocketIo::encode("create-room", Some(&json!("r1")), Some(0)), r#"420["create-room","r1"]"#);
        assert_eq!(SocketIo::encode("leave-room", None, None), r#"42["leave-room"]"#);
    }

    #[test]
    fn events_and_acks_of_the_protocol_document_are_read() {
        let mut kinds = (0, 0, 0);
        for line in golden("socketio").iter().filter(|line| !line.from_client) {
            let list = || serde_json::from_str::<Value>(&line.text[line.text.find('[').unwrap()..]).unwrap();
            match Packet::parse(&line.text) {
                Some(Packet::Connect { sid }) => {
                    kinds.0 += 1;
                    assert_eq!(sid.as_deref(), Some("u1"));
                }
                Some(Packet::Event { event, data }) => {
                    kinds.1 += 1;
                    assert_eq!(json!([event, data.unwrap()]), list());
                }
                Some(Packet::Ack { data, .. }) => {
                    kinds.2 += 1;
                    assert_eq!(json!([data.unwrap()]), list());
                }
                other => panic!("{}: {other:?}", line.text),
            }
        }
        assert_eq!(kinds, (1, 6, 3));
        assert_eq!(
            SocketIo::decode(r#"431[{"success":true}]"#),
            Some(Decoded::Incoming(Incoming::Ack { ack: 1, data: Some(json!({"success": true})) }))
        );
    }

    #[test]
    fn an_id_that_is_no_text_is_read_as_absent() {
        for text in ["40", r#"40{}"#, r#"40{"sid":7}"#] {
            assert_eq!(Packet::parse(text), Some(Packet::Connect { sid: None }), "{text}");
        }
        assert_eq!(Packet::parse(r#"40/,{"sid":"u"}"#), Some(Packet::Connect { sid: Some("u".to_owned()) }));
    }

    #[test]
    fn a_frame_of_another_shape_is_not_read() {
        for text in ["", "hello", "4", "42", "42{}", "42[]", "42[1]", "43[]", "43x[]", "45[1]", "42/other,[\"a\"]", "é"]
        {
            assert_eq!(SocketIo::decode(text), None, "{text}");
        }
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
