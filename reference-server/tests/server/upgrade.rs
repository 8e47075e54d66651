//! From polling to a WebSocket.

use glare_server::Config;
use serde_json::Value;

use crate::support::{Polling, Ws, fetch, pair, start};

const REFUSED: &str = r#"430[{"success":false,"error":"Invalid room id","code":"invalid-room-id"}]"#;

#[tokio::test]
async fn a_session_moves_with_all_its_messages() {
    let server = start(Config::default()).await;
    let (mut a, _b) = pair(server.addr(), "r").await;
    let (polling, id) = Polling::connect(server.addr()).await;
    polling.post(r#"420["join-room","r"]"#).await;
    a.notice("user-joined", &id).await;
    assert!(polling.poll().await[0].contains("\"success\":true"));

    let mut ws = Ws::open(server.addr(), &polling.upgrade_path()).await;
    let (noop, ()) = tokio::join!(polling.poll(), async {
        ws.send("2probe").await;
        assert_eq!(ws.next().await, "3probe");
    });
    assert_eq!(noop, ["6"], "the poll ends, so that the client can move");
    // What comes before the client has moved waits, or goes by polling, and nothing is lost.
    a.offer(&id, Value::from(1)).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
    assert_eq!(polling.poll().await, [format!(r#"42["offer",{{"offer":1,"from":"{}"}}]"#, a.id)]);
    a.offer(&id, Value::from(2)).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
    ws.send("5").await;
    assert_eq!(ws.next().await, format!(r#"42["offer",{{"offer":2,"from":"{}"}}]"#, a.id));
    ws.send(r#"420["join-room",""]"#).await;
    assert_eq!(ws.next().await, REFUSED);
    assert_eq!(fetch(polling.http.get(&polling.url)).await.0, 400, "polling is over");
    drop(ws);
    a.notice("user-left", &id).await;
    assert_eq!(a.fence().await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_probe_that_fails_leaves_the_session_on_polling_and_may_be_repeated() {
    let server = start(Config::default()).await;
    let (polling, _) = Polling::connect(server.addr()).await;
    for fault in ["2prob", "5", "42[\"create-room\",\"r\"]"] {
        let mut ws = Ws::open(server.addr(), &polling.upgrade_path()).await;
        ws.send(fault).await;
        assert_eq!(ws.closed().await, Some(1007), "{fault}");
        polling.post(r#"420["join-room",""]"#).await;
        assert_eq!(polling.poll().await, [REFUSED]);
    }
    let mut ws = Ws::open(server.addr(), &polling.upgrade_path()).await;
    for (sent, answer) in [("2probe", "3probe"), ("5", ""), (r#"420["join-room",""]"#, REFUSED)] {
        ws.send(sent).await;
        if !answer.is_empty() {
            assert_eq!(ws.next().await, answer);
        }
    }
}

#[tokio::test]
async fn a_second_probe_at_the_same_time_is_refused() {
    let server = start(Config::default()).await;
    let (polling, _) = Polling::connect(server.addr()).await;
    let _ws = Ws::open(server.addr(), &polling.upgrade_path()).await;
    let second = tokio_tungstenite::connect_async(format!("ws://{}{}", server.addr(), polling.upgrade_path())).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = second else { panic!("an HTTP answer") };
    assert_eq!(answer.status().as_u16(), 400);
}

#[tokio::test]
async fn a_session_that_ends_during_the_probe_takes_the_websocket_along() {
    let server = start(Config::default()).await;
    let (polling, _) = Polling::connect(server.addr()).await;
    let mut ws = Ws::open(server.addr(), &polling.upgrade_path()).await;
    ws.send("2probe").await;
    assert_eq!(ws.next().await, "3probe");
    polling.post("1").await;
    ws.closed().await;
}
