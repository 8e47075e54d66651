//! Socket.IO on a WebSocket from the start.

use std::time::Duration;

use crate::support::{Ws, admitted, pair, socketio, start};
use glare_server::Config;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

const REFUSED: &str = r#"430[{"success":false,"error":"Invalid room id","code":"invalid-room-id"}]"#;

#[tokio::test]
async fn two_clients_walk_the_flow() {
    let server = start(Config::default()).await;
    let ((mut a, a_id), (mut b, b_id)) = (socketio(server.addr()).await, socketio(server.addr()).await);
    a.send(r#"420["create-room","r"]"#).await;
    assert_eq!(a.next().await, r#"430[{"success":true,"roomId":"r"}]"#);
    b.send(r#"421["join-room","r"]"#).await;
    assert_eq!(b.next().await, format!(r#"431[{{"success":true,"roomId":"r","existingUsers":["{a_id}"]}}]"#));
    assert!(a.next().await.starts_with(&format!(r#"42["user-joined",{{"userId":"{b_id}""#)));
    a.send(format!(r#"42["offer",{{"target":"{b_id}","offer":{{"sdp":1.0e0}}}}]"#)).await;
    assert_eq!(b.next().await, format!(r#"42["offer",{{"offer":{{"sdp":1.0e0}},"from":"{a_id}"}}]"#));
    b.close().await;
    assert!(a.next().await.starts_with(&format!(r#"42["user-left",{{"userId":"{b_id}""#)));
    a.send(r#"420["join-room",""]"#).await;
    assert_eq!(a.next().await, REFUSED);
}

#[tokio::test]
async fn both_wires_meet_in_one_room() {
    let server = start(Config::default()).await;
    let (mut a, _b) = pair(server.addr(), "r").await;
    let (mut c, c_id) = socketio(server.addr()).await;
    c.send(r#"420["join-room","r"]"#).await;
    assert!(c.next().await.contains("existingUsers"));
    a.notice("user-joined", &c_id).await;
    a.offer(&c_id, json!({})).await;
    assert_eq!(c.next().await, format!(r#"42["offer",{{"offer":{{}},"from":"{}"}}]"#, a.id));
}

#[tokio::test]
async fn another_namespace_is_refused_and_the_session_stays() {
    let server = start(Config::default()).await;
    let (mut client, _) = socketio(server.addr()).await;
    client.send("40/admin,{}").await;
    assert_eq!(client.next().await, r#"44/admin,{"message":"Invalid namespace"}"#);
    client.send(r#"420["join-room",""]"#).await;
    assert_eq!(client.next().await, REFUSED);
}

#[tokio::test]
async fn a_disconnect_packet_leaves_the_room_and_the_client_may_return_as_another_user() {
    let server = start(Config::default()).await;
    let (mut a, b) = pair(server.addr(), "r").await;
    let (mut c, c_id) = socketio(server.addr()).await;
    c.send(r#"420["join-room","r"]"#).await;
    c.next().await;
    a.notice("user-joined", &c_id).await;
    c.send("41").await;
    a.notice("user-left", &c_id).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
    c.send("40").await;
    let returned = admitted(&c.next().await);
    assert_ne!(returned, c_id);
    c.send(r#"420["join-room","r"]"#).await;
    assert!(c.next().await.contains(&b.id));
    a.notice("user-joined", &returned).await;
}

#[tokio::test]
async fn a_broken_packet_ends_its_connection_and_no_other() {
    let server = start(Config::default()).await;
    let (mut a, mut b) = pair(server.addr(), "r").await;
    for (packet, code) in [
        (Message::text(""), 1007),
        (Message::text("4"), 1007),
        (Message::text("42"), 1007),
        (Message::text("42[]"), 1007),
        (Message::text("42[\"create-room\""), 1007),
        (Message::text("42/admin,[\"create-room\",\"x\"]"), 1007),
        (Message::text("451-[\"create-room\",{\"_placeholder\":true,\"num\":0}]"), 1007),
        (Message::text("49"), 1007),
        (Message::text("40"), 1007),
        (Message::text("2"), 1007),
        (Message::text("é"), 1007),
        (Message::text("bAQID"), 1008),
        (Message::binary(vec![4, 2]), 1008),
    ] {
        let (mut offender, _) = socketio(server.addr()).await;
        let shown = format!("{packet:?}");
        offender.send_frame(packet).await;
        assert_eq!(offender.closed().await, Some(code), "{shown}");
    }
    assert_eq!(a.fence().await, [Value::Null; 0]);
    assert_eq!(b.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn an_event_before_connect_ends_the_connection() {
    let server = start(Config::default()).await;
    let mut ws = Ws::open(server.addr(), "/socket.io/?EIO=4&transport=websocket").await;
    assert!(ws.next().await.starts_with('0'));
    ws.send(r#"420["create-room","r"]"#).await;
    assert_eq!(ws.closed().await, Some(1007));
}

#[tokio::test]
async fn a_client_that_never_connects_is_closed() {
    let server = start(Config { connect_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let mut ws = Ws::open(server.addr(), "/socket.io/?EIO=4&transport=websocket").await;
    assert!(ws.next().await.starts_with('0'));
    assert_eq!(ws.closed().await, Some(1008));
}

#[tokio::test]
async fn pings_come_and_a_client_that_answers_none_is_closed() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(100), Duration::from_millis(900));
    let server = start(Config { ping_interval, ping_timeout, ..Config::default() }).await;
    let (mut client, _) = socketio(server.addr()).await;
    for _ in 0..4 {
        assert_eq!(client.next().await, "2");
        client.send("3").await;
    }
    assert_eq!(client.closed().await, Some(1008));
}
