//! More than the server takes: of messages that wait, of connections, of garbage.

use std::{net::SocketAddr, time::Duration};

use glare_server::{Config, OutboxLimits};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Client, Polling, Ws, fetch, pair, start, within};

/// More than the kernel's buffers of a connection hold, in payloads of [`LARGE`] bytes.
const MANY: usize = 2_000;
const LARGE: usize = 32 * 1024;

#[tokio::test]
async fn the_queue_of_a_reader_that_never_polls_overflows_and_others_proceed() {
    let outbox = OutboxLimits { messages_max: 4, ..Config::default().outbox };
    let server = start(Config { outbox, ..Config::default() }).await;
    let (mut a, mut b) = pair(server.addr(), "r").await;
    let (slow, slow_id) = Polling::connect(server.addr()).await;
    slow.post(r#"420["join-room","r"]"#).await;
    for member in [&mut a, &mut b] {
        member.notice("user-joined", &slow_id).await;
    }
    // Beside the ack, three fit.
    for n in 0..3 {
        a.offer(&slow_id, json!(n)).await;
    }
    assert_eq!(a.fence().await, [Value::Null; 0]);
    a.offer(&slow_id, json!(3)).await;
    for member in [&mut a, &mut b] {
        member.notice("user-left", &slow_id).await;
    }
    a.offer(&b.id, json!("still here")).await;
    assert_eq!(b.next().await["data"]["offer"], "still here");
    a.offer(&slow_id, json!(4)).await;
    assert_eq!(a.next().await["data"]["code"], "undeliverable");
    assert_eq!(fetch(slow.http.get(&slow.url)).await.0, 400);
    assert_eq!((a.fence().await, b.fence().await), (vec![], vec![]));
}

/// Asks until a place is free, which is when a connection's task is through: after its client has seen the end.
async fn until_admitted(addr: SocketAddr) {
    let http = reqwest::Client::new();
    let url = format!("http://{addr}/socket.io/?EIO=4&transport=polling");
    within("a free place", async { while fetch(http.get(&url)).await.0 != 200 {} }).await;
}

/// A client in a room with another, which from now on nobody reads.
async fn with_paused_reader(addr: SocketAddr) -> (Client, Client) {
    let (mut a, mut paused) = (Client::connect(addr).await, Client::connect_narrow(addr).await);
    a.succeed("create-room", "r").await;
    paused.succeed("join-room", "r").await;
    a.notice("user-joined", &paused.id).await;
    (a, paused)
}

#[tokio::test]
async fn a_websocket_that_nobody_reads_overflows() {
    let outbox = OutboxLimits { bytes_max: 4 * LARGE, ..Config::default().outbox };
    let server = start(Config { outbox, write_timeout: Duration::MAX, connections_max: 2, ..Config::default() }).await;
    let (mut a, paused) = with_paused_reader(server.addr()).await;
    let payload = json!("x".repeat(LARGE));
    for _ in 0..MANY {
        a.offer(&paused.id, payload.clone()).await;
        let before = a.fence().await;
        if let Some(notice) = before.first() {
            assert_eq!((&notice["event"], &notice["data"]["userId"]), (&json!("user-left"), &json!(paused.id)));
            // Not only do the others know of the end: the connection is given back, though it still reads nothing.
            return until_admitted(server.addr()).await;
        }
    }
    panic!("{MANY} messages of {LARGE} bytes were taken for a reader that is paused");
}

#[tokio::test]
async fn a_write_that_makes_no_way_ends_its_connection() {
    let outbox = OutboxLimits { bytes_max: usize::MAX, messages_max: usize::MAX };
    let server = start(Config { outbox, write_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let (mut a, paused) = with_paused_reader(server.addr()).await;
    for _ in 0..MANY {
        a.offer(&paused.id, json!("x".repeat(LARGE))).await;
    }
    // Of what was sent after the end, each is undeliverable; the notice is the first of all.
    a.notice("user-left", &paused.id).await;
}

#[tokio::test]
async fn a_burst_that_two_clients_send_before_they_read_arrives() {
    const BURST: usize = 100;
    let server = start(Config::default()).await;
    let (mut a, mut b) = pair(server.addr(), "r").await;
    let payload = json!("x".repeat(LARGE));
    for _ in 0..BURST {
        a.offer(&b.id, payload.clone()).await;
        b.offer(&a.id, payload.clone()).await;
    }
    for client in [&mut a, &mut b] {
        for _ in 0..BURST {
            assert_eq!(client.next().await["data"]["offer"], payload);
        }
    }
}

#[tokio::test]
async fn a_connection_too_many_is_refused_until_another_ends() {
    let server = start(Config { connections_max: 2, ..Config::default() }).await;
    let base = format!("http://{}/socket.io/?EIO=4&transport=polling", server.addr());
    let http = reqwest::Client::new();
    let (a, b) = (Client::connect(server.addr()).await, Polling::open(server.addr()).await);
    assert_eq!(fetch(http.get(&base)).await.0, 503);
    for path in ["/ws", "/socket.io/?EIO=4&transport=websocket"] {
        let refused = tokio_tungstenite::connect_async(format!("ws://{}{path}", server.addr())).await;
        let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused else { panic!("an HTTP answer") };
        assert_eq!(answer.status().as_u16(), 503);
    }
    a.ws.close().await;
    b.post("1").await;
    until_admitted(server.addr()).await;
}

#[tokio::test]
async fn garbage_instead_of_http_ends_its_connection_and_no_other() {
    let server = start(Config::default()).await;
    let mut a = Client::connect(server.addr()).await;
    let long_head = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    for garbage in ["\r\n\r\n\r\nGARBAGE\r\n\r\n", "\u{16}\u{3}\u{1}\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", &long_head]
    {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        // The server may hang up before it has read all.
        drop(stream.write_all(garbage.as_bytes()).await);
        let mut answer = Vec::new();
        let read = within("the end", stream.read_to_end(&mut answer)).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 4") || read.is_err(), "{answer}");
    }
    assert_eq!(a.fence().await, [Value::Null; 0]);
    let health = reqwest::get(format!("http://{}/healthz", server.addr())).await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok");
}

#[tokio::test]
async fn a_websocket_of_frames_without_masks_is_closed() {
    let server = start(Config::default()).await;
    let mut ws = Ws::open(server.addr(), "/ws").await;
    ws.next().await;
    within("a write", ws.tcp().write_all(b"\x81\x02{}")).await.unwrap();
    assert_eq!(ws.closed().await, Some(1002));
}
