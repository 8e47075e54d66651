//! Socket.IO by polling.

use std::time::Duration;

use glare_server::Config;
use reqwest::{Method, header};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Client, Polling, admitted, fetch, pair, start, within};

const REFUSED: &str = r#"430[{"success":false,"error":"Invalid room id","code":"invalid-room-id"}]"#;

/// Enters a room that a JSON client made. Returns the session and the user id.
async fn member(host: &mut Client, addr: std::net::SocketAddr, room: &str) -> (Polling, String) {
    let (polling, id) = Polling::connect(addr).await;
    polling.post(format!(r#"420["join-room","{room}"]"#)).await;
    host.notice("user-joined", &id).await;
    assert!(polling.poll().await[0].starts_with(r#"430[{"success":true"#));
    (polling, id)
}

#[tokio::test]
async fn a_poll_waits_for_what_comes() {
    let server = start(Config::default()).await;
    let (mut a, _b) = pair(server.addr(), "r").await;
    let (polling, id) = member(&mut a, server.addr(), "r").await;
    let (packets, ()) = tokio::join!(polling.poll(), a.offer(&id, Value::Null));
    assert_eq!(packets, [format!(r#"42["offer",{{"offer":null,"from":"{}"}}]"#, a.id)]);
}

#[tokio::test]
async fn the_packets_of_a_payload_are_performed_in_order() {
    let server = start(Config::default()).await;
    let (polling, id) = Polling::connect(server.addr()).await;
    let packets = [
        r#"420["create-room","one"]"#,
        r#"42["leave-room"]"#,
        r#"421["create-room","two"]"#,
        r#"422["create-room","three"]"#,
        "3",
        r#"42["leave-room"]"#,
        r#"423["create-room","three"]"#,
    ];
    polling.post(packets.join("\u{1e}")).await;
    let answers = polling.poll().await;
    let accepted: Vec<_> = answers.iter().map(|answer| (&answer[..3], answer.contains("\"success\":true"))).collect();
    assert_eq!(accepted, [("430", true), ("431", true), ("432", false), ("433", true)], "{id}: {answers:?}");
}

#[tokio::test]
async fn the_user_id_does_not_give_access_to_the_session() {
    let server = start(Config::default()).await;
    let (polling, user_id) = Polling::connect(server.addr()).await;
    assert_ne!(polling.sid, user_id);
    let thief = Polling { url: polling.url.replace(&polling.sid, &user_id), ..polling.clone() };
    let unknown = r#"{"code":1,"message":"Session ID unknown"}"#.to_owned();
    assert_eq!(thief.try_post("41").await, (400, unknown.clone()));
    assert_eq!(fetch(thief.http.get(&thief.url)).await, (400, unknown));
    polling.post(r#"420["join-room",""]"#).await;
    assert_eq!(polling.poll().await, [REFUSED]);
}

#[tokio::test]
async fn engine_errors_have_their_codes() {
    let server = start(Config::default()).await;
    let polling = Polling::open(server.addr()).await;
    let base = format!("http://{}/socket.io/?EIO=4", server.addr());
    for (method, url, status, code) in [
        (Method::GET, base.clone(), 400, 0),
        (Method::GET, format!("{base}&transport=smoke"), 400, 0),
        (Method::GET, format!("{base}&transport=polling&sid=none"), 400, 1),
        (Method::POST, format!("{base}&transport=polling&sid=none"), 400, 1),
        (Method::POST, format!("{base}&transport=polling"), 400, 2),
        (Method::PUT, polling.url.clone(), 405, 2),
        (Method::DELETE, format!("{base}&transport=polling"), 405, 2),
        (Method::GET, format!("{base}&transport=websocket"), 400, 3),
        (Method::GET, format!("{base}&transport=websocket&sid={}", polling.sid), 400, 3),
        (Method::GET, format!("http://{}/socket.io/?EIO=3&transport=polling", server.addr()), 400, 5),
        (Method::GET, format!("http://{}/socket.io/?transport=polling", server.addr()), 400, 5),
    ] {
        let (got, text) = fetch(polling.http.request(method.clone(), &url)).await;
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((got, &error["code"]), (status, &code.into()), "{method} {url}: {text}");
        assert!(error["message"].is_string());
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_connect() {
    let server = start(Config::default()).await;
    let polling = Polling::open(server.addr()).await;
    let preflight = polling
        .http
        .request(Method::OPTIONS, &polling.url)
        .header(header::ORIGIN, "https://example.org")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "x-token");
    let answer = within("a preflight", preflight.send()).await.unwrap();
    assert_eq!(answer.status().as_u16(), 204);
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS], "x-token");
    assert!(answer.headers()[header::ACCESS_CONTROL_ALLOW_METHODS].to_str().unwrap().contains("POST"));
    let answer = polling.http.get(polling.url.replace(&polling.sid, "none")).send().await.unwrap();
    assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "errors are to be readable as well");
}

#[tokio::test]
async fn a_broken_payload_ends_its_session_and_no_other() {
    let server = start(Config::default()).await;
    let (mut a, _b) = pair(server.addr(), "r").await;
    for payload in [
        &b""[..],
        b"4",
        b"42[]",
        b"42[\"create-room\"",
        b"3\x1e",
        b"2probe",
        b"bAQID",
        b"b!",
        b"\xff",
        b"452-[\"offer\",{\"_placeholder\":true,\"num\":0}]\x1ebAQID",
    ] {
        let (offender, id) = member(&mut a, server.addr(), "r").await;
        assert_eq!(offender.try_post(payload.to_vec()).await.0, 400, "{payload:?}");
        a.notice("user-left", &id).await;
        assert_eq!(fetch(offender.http.get(&offender.url)).await.0, 400, "the session is gone");
    }
    assert_eq!(a.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn the_body_is_limited_with_and_without_a_declared_length() {
    let server = start(Config::default()).await;
    let largest = |bytes: usize| format!("42[\"unknown\",\"{}\"]", "x".repeat(bytes - 16));
    let (polling, _) = Polling::connect(server.addr()).await;
    assert_eq!(largest(1_000_000).len(), 1_000_000);
    polling.post(largest(1_000_000)).await;
    assert_eq!(polling.try_post(largest(1_000_001)).await.0, 413);
    assert_eq!(polling.try_post("3").await.0, 400, "the session is gone");
}

#[tokio::test]
async fn a_close_packet_ends_the_session_and_its_poll() {
    let server = start(Config::default()).await;
    let (mut a, _b) = pair(server.addr(), "r").await;
    let (polling, id) = member(&mut a, server.addr(), "r").await;
    let (packets, ()) = tokio::join!(polling.poll(), polling.post("41\u{1e}1"));
    assert_eq!(packets, ["1"]);
    a.notice("user-left", &id).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_poll_that_its_client_drops_is_the_end_told_once() {
    let server = start(Config::default()).await;
    let (mut a, _b) = pair(server.addr(), "r").await;
    let (polling, id) = member(&mut a, server.addr(), "r").await;
    let path = polling.url.split_once("/socket.io").expect("the path").1;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(format!("GET /socket.io{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    // A dropped connection ends the session only once its poll has arrived, or with it; both orders end here.
    drop(stream);
    a.notice("user-left", &id).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn overlapping_polls_end_the_session() {
    let server = start(Config::default()).await;
    let (polling, _) = Polling::connect(server.addr()).await;
    let (one, two) = tokio::join!(fetch(polling.http.get(&polling.url)), fetch(polling.http.get(&polling.url)));
    let mut answers = [one, two];
    answers.sort();
    assert_eq!(answers[0], (200, "1".to_owned()));
    assert_eq!(answers[1].0, 400);
}

#[tokio::test]
async fn pings_come_and_a_session_that_answers_none_ends() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(100), Duration::from_millis(900));
    let server = start(Config { ping_interval, ping_timeout, ..Config::default() }).await;
    let (polling, _) = Polling::connect(server.addr()).await;
    for _ in 0..2 {
        assert_eq!(polling.poll().await[0], "2");
        polling.post("3").await;
    }
    loop {
        let packets = polling.poll().await;
        if packets.last().is_some_and(|last| last == "1") {
            break;
        }
        assert!(packets.iter().all(|packet| packet == "2"), "{packets:?}");
    }
}

#[tokio::test]
async fn a_session_that_never_connects_ends() {
    let server = start(Config { connect_timeout: Duration::from_millis(50), ..Config::default() }).await;
    let polling = Polling::open(server.addr()).await;
    // The session may be over before the poll arrives; with either answer it is.
    let answer = fetch(polling.http.get(&polling.url)).await;
    assert!(answer == (200, "1".to_owned()) || answer.0 == 400, "{answer:?}");
}

#[tokio::test]
async fn a_disconnect_packet_leaves_the_session_open() {
    let server = start(Config::default()).await;
    let (polling, id) = Polling::connect(server.addr()).await;
    polling.post("41\u{1e}40").await;
    assert_ne!(admitted(&polling.poll().await[0]), id);
}
