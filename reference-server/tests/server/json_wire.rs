//! The JSON wire over a real socket.

use std::time::Duration;

use crate::support::{Client, Ws, pair, start, within};
use glare_server::Config;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{
    Bytes, Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

#[tokio::test]
async fn two_clients_walk_the_flow() {
    let server = start(Config::default()).await;
    let (mut a, mut b) = pair(server.addr(), "room").await;
    let offer = json!({ "type": "offer", "sdp": "v=0\r\n\u{1f600}" });
    a.offer(&b.id, offer.clone()).await;
    assert_eq!(b.next().await, json!({ "event": "offer", "data": { "offer": offer, "from": a.id } }));
    b.ws.send(r#"{"event":"leave-room"}"#).await;
    a.notice("user-left", &b.id).await;
    assert_eq!(b.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn the_greeting_announces_the_heartbeat_and_a_fresh_id() {
    let config = Config { ping_interval: Duration::from_millis(1234), ..Config::default() };
    let server = start(config).await;
    let mut ws = Ws::open(server.addr(), "/ws").await;
    let greeting: Value = serde_json::from_str(&ws.next().await).unwrap();
    assert_eq!(greeting["data"]["pingInterval"], 1234);
    assert_eq!(greeting["data"]["pingTimeout"], 20_000);
    assert_ne!(greeting["data"]["userId"], Client::connect(server.addr()).await.id);
}

#[tokio::test]
async fn an_abrupt_end_is_told_once() {
    let server = start(Config::default()).await;
    let (mut a, b) = pair(server.addr(), "room").await;
    let id = b.id.clone();
    drop(b);
    a.notice("user-left", &id).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_close_handshake_is_answered_and_told_once() {
    let server = start(Config::default()).await;
    let (mut a, mut b) = pair(server.addr(), "room").await;
    b.ws.send_frame(Message::Close(None)).await;
    assert_eq!(b.ws.next_frame().await, Some(Message::Close(None)));
    assert_eq!(b.ws.next_frame().await, None);
    a.notice("user-left", &b.id).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_client_that_falls_silent_is_noticed() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(100), Duration::from_millis(900));
    let server = start(Config { ping_interval, ping_timeout, ..Config::default() }).await;
    // Nobody reads this one, so nobody answers its pings. The other keeps reading, and so answering.
    let (mut a, b) = pair(server.addr(), "room").await;
    loop {
        match a.ws.next_frame().await {
            Some(Message::Ping(_)) => {}
            Some(Message::Text(text)) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                assert_eq!((&frame["event"], &frame["data"]["userId"]), (&json!("user-left"), &json!(b.id)));
                break;
            }
            other => panic!("a ping or the notice expected, not {other:?}"),
        }
    }
}

/// The test and the server share a thread, which stands still longer than any client may be silent: before a ping went out,
/// and when its answer had arrived.
#[tokio::test]
async fn a_client_is_not_given_up_for_a_stall_of_the_server() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(50), Duration::from_millis(700));
    let server = start(Config { ping_interval, ping_timeout, ..Config::default() }).await;
    let mut client = Client::connect(server.addr()).await;
    let stall = || std::thread::sleep(Duration::from_millis(900));
    stall();
    assert_eq!(client.fence().await, [Value::Null; 0]);
    while !matches!(client.ws.next_frame().await, Some(Message::Ping(_))) {}
    client.ws.send(r#"{"event":"leave-room"}"#).await;
    stall();
    assert_eq!(client.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_broken_frame_ends_its_connection_and_no_other() {
    let server = start(Config::default()).await;
    let (mut a, mut b) = pair(server.addr(), "room").await;
    let not_utf8 = Frame::message(Bytes::from_static(b"\xff"), OpCode::Data(Data::Text), true);
    let reserved = Frame::message(Bytes::from_static(b"x"), OpCode::Data(Data::Reserved(3)), true);
    for (frame, code) in [
        (Message::text(""), 1007),
        (Message::text("null"), 1007),
        (Message::text("{\"event\":\"create-room\""), 1007),
        (Message::text("{\"event\":\"create-room\",\"ack\":-1}"), 1007),
        (Message::Frame(not_utf8), 1007),
        (Message::binary(vec![1, 2, 3]), 1008),
        (Message::text("x".repeat(1_000_001)), 1009),
        (Message::Frame(reserved), 1002),
    ] {
        let mut offender = Client::connect(server.addr()).await;
        let shown = format!("{frame:.80?}");
        offender.ws.send_frame(frame).await;
        assert_eq!(offender.ws.closed().await, Some(code), "{shown}");
    }
    assert_eq!(a.fence().await, [Value::Null; 0]);
    assert_eq!(b.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_message_of_the_largest_size_is_read() {
    let server = start(Config::default()).await;
    let mut client = Client::connect(server.addr()).await;
    let empty = json!({ "event": "unknown", "data": "" }).to_string().len();
    let largest = json!({ "event": "unknown", "data": "x".repeat(1_000_000 - empty) }).to_string();
    assert_eq!(largest.len(), 1_000_000);
    client.ws.send(largest).await;
    assert_eq!(client.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn what_is_sent_with_the_handshake_is_not_lost() {
    let server = start(Config::default()).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    let mut request = b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        .to_vec();
    // A text frame under a mask of zeros.
    let text = br#"{"event":"join-room","data":"","ack":5}"#;
    request.extend([0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0]);
    request.extend(text);
    stream.write_all(&request).await.unwrap();
    let mut answer = String::new();
    while !answer.contains("invalid-room-id") {
        let mut buffer = [0; 1024];
        let count = within("the ack", stream.read(&mut buffer)).await.unwrap();
        assert_ne!(count, 0, "{answer}");
        answer.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    // The accept key that RFC 6455, section 1.3, computes for this nonce.
    assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
}

#[tokio::test]
async fn a_plain_request_is_told_to_upgrade() {
    let server = start(Config::default()).await;
    let answer = reqwest::get(format!("http://{}/ws", server.addr())).await.unwrap();
    assert_eq!(answer.status().as_u16(), 426);
    assert_eq!(answer.headers()["upgrade"], "websocket");
}
