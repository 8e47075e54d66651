//! A target that admits clients and reads nothing of what they send.

use std::time::Duration;

use futures_util::SinkExt;
use glare_conformance::{
    driver::{Settings, drive},
    oracle::judge,
    scenario::parse,
    trace::Entry,
    transport::Transport,
    verdict::Verdict,
};
use serde_json::json;
use tokio::{net::TcpListener, time::timeout};
use tokio_tungstenite::{accept_async, tungstenite::Message};
use url::Url;

#[tokio::test]
async fn is_given_up_when_nothing_more_fits_in() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let url = Url::parse(&format!("ws://{}/ws", listener.local_addr().expect("it is bound"))).expect("a URL");
    tokio::spawn(async move {
        let mut clients = Vec::new();
        while let Ok((tcp, _)) = listener.accept().await {
            let mut client = accept_async(tcp).await.expect("a client");
            let hello = json!({"event": "connected", "data": {"userId": format!("u{}", clients.len())}});
            client.send(Message::text(hello.to_string())).await.expect("it listens");
            clients.push(client);
        }
    });
    let text = "case: flood\ntitle: more than fits into any buffer\ncovers: RELAY-01\nA burst A 4000 @bytes(20000)\n";
    let scenario = parse(text).expect("a scenario").remove(0);
    let settings = Settings { timeout: Duration::from_millis(300), nonce: 1 };
    let transport = Transport::WebSocket(url);
    let driving = drive(&transport, &scenario, settings);
    let trace = timeout(Duration::from_secs(60), driving).await.expect("every wait has a bound");
    let gave_up = |entry: &Entry| matches!(entry, Entry::GaveUp { reason } if reason.contains("what A sends"));
    assert!(trace.records.iter().any(|record| gave_up(&record.entry)));
    assert_eq!(judge(&trace, false).verdict, Verdict::Inconclusive);
}
