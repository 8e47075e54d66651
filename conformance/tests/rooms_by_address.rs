//! A server whose rooms are chosen by connecting, which answers nothing: a few lines of it, sound and faulty, behind the
//! bundled binding of such a server.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use glare_conformance::{binding::Binding, run::CaseResult, scenario::library, verdict::Verdict};
use judging::{behind, broken, judged};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_tungstenite::{accept_hdr_async, tungstenite::Message};

mod judging;

/// What may be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// A signal reaches whoever is named, in whatever room.
    RelaysAcrossRooms,
    /// Nobody hears of a departure.
    ForgetsTheGone,
}

type Clients = Arc<Mutex<HashMap<String, (String, mpsc::UnboundedSender<String>)>>>;

async fn serve(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let clients = Clients::default();
        for number in 0_u64.. {
            let Ok((tcp, _)) = listener.accept().await else { return };
            tokio::spawn(client(tcp, format!("id-{number}"), Arc::clone(&clients), fault));
        }
    });
    address
}

async fn client(tcp: tokio::net::TcpStream, id: String, clients: Clients, fault: Fault) {
    let mut room = String::new();
    #[expect(clippy::result_large_err, reason = "the library's type of an answer that refuses")]
    let read_path = |request: &tokio_tungstenite::tungstenite::handshake::server::Request, response| {
        room = request.uri().path().to_owned();
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(tcp, read_path).await else { return };
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let tell_room = |message: Value| {
        let known = clients.lock().expect("nobody panics with the lock");
        for (other, (own, sender)) in known.iter() {
            if *own == room && *other != id {
                sender.send(message.to_string()).ok();
            }
        }
    };
    sender.send(json!({ "IdAssigned": id }).to_string()).ok();
    clients.lock().expect("nobody panics with the lock").insert(id.clone(), (room.clone(), sender));
    tell_room(json!({ "NewPeer": id }));
    loop {
        tokio::select! {
            Some(text) = outgoing.recv() => if socket.send(Message::text(text)).await.is_err() { break },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
                    let signal = &frame["Signal"];
                    let Some(receiver) = signal["receiver"].as_str() else { continue };
                    let known = clients.lock().expect("nobody panics with the lock");
                    let reached = known.get(receiver).filter(|(own, _)| *own == room || fault == Fault::RelaysAcrossRooms);
                    // A signal without data is none.
                    if let (Some((_, sender)), Some(data)) = (reached, signal.get("data")) {
                        sender.send(json!({ "Signal": { "sender": id, "data": data } }).to_string()).ok();
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    clients.lock().expect("nobody panics with the lock").remove(&id);
    if fault != Fault::ForgetsTheGone {
        tell_room(json!({ "PeerLeft": id }));
    }
}

async fn judge(fault: Fault) -> Vec<CaseResult> {
    let address = serve(fault).await;
    let Ok(Binding::Bound(plan)) = Binding::by_name("matchbox") else { panic!("it is bundled") };
    judged(behind(plan, address), library().iter().cloned(), 4, Duration::from_millis(500)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_one_passes_all_that_applies() {
    let results = judge(Fault::None).await;
    let alarms: Vec<_> = results
        .iter()
        // To call oneself is how its fence works, and only recommended against.
        .filter(|result| result.case.id != "relay-08-self" && result.judgement.verdict != Verdict::Pass)
        .map(|result| format!("{}: {:#?}\n{}", result.case.id, result.judgement, result.trace.to_ndjson()))
        .collect();
    assert!(alarms.is_empty(), "{} of {}\n{}", alarms.len(), results.len(), alarms[0]);
    assert!(results.len() > 30, "only {} cases apply", results.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_across_rooms_is_found() {
    assert!(broken(&judge(Fault::RelaysAcrossRooms).await).contains("RELAY-04"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_nobody_hears_of_a_departure_is_found() {
    assert!(broken(&judge(Fault::ForgetsTheGone).await).contains("ROOM-10"));
}
