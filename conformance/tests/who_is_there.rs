//! A server that tells nobody who joins and who leaves, and lists those who are there when it is asked: a few lines of it,
//! sound and faulty, behind a binding in TOML.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use glare_conformance::{
    binding::Plan,
    run::CaseResult,
    scenario::{Scenario, generate::races, library},
    verdict::Verdict,
};
use judging::{behind, broken, judged};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

mod judging;

const BINDING: &str = r#"
name = "club"
description = "rooms without notices: who is there has to be asked for"
receive = [
  { as = "identified", match = { type = "you", id = "{id}" } },
  { as = "signal", match = { type = "got", by = "{from}", kind = "{kind}", body = "{payload}" } },
  { as = "pong", match = { type = "list", of = "{users}" } },
  { as = "pong", match = { type = "nowhere" } },
  { as = "error", match = { type = "lost" } },
]

[transport.websocket]
path = "/"

[identity]
from = "message"
listed = { member = "{user}" }

[join]
send = [{ type = "enter", room = "{room}" }]
[join.reply]
accepted = [{ type = "entered" }]
refused = [{ type = "no" }]

[leave]
send = [{ type = "exit" }]

[signal]
send = { type = "send", to = "{target}", kind = "{kind}", body = "{payload}" }

[fence]
by = "ping"
send = { type = "who", room = "{room}" }

[dialect]
rooms = "implicit"
members = "untold"
notices = "asked"
malformed = "silent"
own-in-list = true

[not-applicable]
ERR-02 = "it takes whatever the WebSocket library takes"
"#;

/// What may be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Who leaves stays in the list.
    ListsWhoLeft,
    /// A connection that is over stays in the list.
    ListsTheGone,
    /// The list is that of the time of entering.
    ListIsOld,
}

#[derive(Default)]
struct Club {
    /// The members of each room, and what each client gets.
    rooms: BTreeMap<String, BTreeSet<String>>,
    clients: BTreeMap<String, (Option<String>, mpsc::UnboundedSender<String>)>,
    /// What each client was told at its entry.
    old: BTreeMap<String, BTreeSet<String>>,
}

impl Club {
    fn room_of(&self, id: &str) -> Option<String> {
        self.clients.get(id)?.0.clone()
    }

    fn enter(&mut self, id: &str, room: &str) -> Value {
        let is_sound = (1..=64).contains(&room.chars().count()) && self.room_of(id).is_none();
        let Some(client) = self.clients.get_mut(id).filter(|_| is_sound) else { return json!({ "type": "no" }) };
        client.0 = Some(room.to_owned());
        let members = self.rooms.entry(room.to_owned()).or_default();
        members.insert(id.to_owned());
        self.old.insert(id.to_owned(), members.clone());
        json!({ "type": "entered" })
    }

    fn exit(&mut self, id: &str, is_forgotten: bool) {
        let Some(room) = self.room_of(id) else { return };
        if let Some(client) = self.clients.get_mut(id) {
            client.0 = None;
        }
        if let Some(members) = self.rooms.get_mut(&room).filter(|_| is_forgotten) {
            members.remove(id);
        }
    }

    fn who(&self, id: &str, fault: Fault) -> Value {
        let Some(room) = self.room_of(id) else { return json!({ "type": "nowhere" }) };
        let members = if fault == Fault::ListIsOld { self.old.get(id) } else { self.rooms.get(&room) };
        let members: Vec<_> = members.into_iter().flatten().map(|member| json!({ "member": member })).collect();
        json!({ "type": "list", "of": members })
    }

    fn send(&self, id: &str, message: &Value) -> Option<Value> {
        let lost = Some(json!({ "type": "lost" }));
        let (Some(to), Some(kind), Some(body)) =
            (message["to"].as_str(), message["kind"].as_str(), message.get("body"))
        else {
            return lost;
        };
        let is_fellow = to != id && self.room_of(id).is_some() && self.room_of(id) == self.room_of(to);
        let Some((_, sender)) = self.clients.get(to).filter(|_| is_fellow) else { return lost };
        sender.send(json!({ "type": "got", "by": id, "kind": kind, "body": body }).to_string()).ok();
        None
    }

    fn hear(&mut self, id: &str, message: &Value, fault: Fault) -> Option<Value> {
        match message["type"].as_str()? {
            "enter" => Some(self.enter(id, message["room"].as_str().unwrap_or_default())),
            "exit" => {
                self.exit(id, fault != Fault::ListsWhoLeft);
                None
            }
            "who" => Some(self.who(id, fault)),
            "send" => self.send(id, message),
            _ => None,
        }
    }
}

async fn serve(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let club = Arc::<Mutex<Club>>::default();
        for number in 0_u64.. {
            let Ok((tcp, _)) = listener.accept().await else { return };
            tokio::spawn(client(tcp, format!("id-{number}"), Arc::clone(&club), fault));
        }
    });
    address
}

async fn client(tcp: TcpStream, id: String, club: Arc<Mutex<Club>>, fault: Fault) {
    let Ok(mut socket) = accept_async(tcp).await else { return };
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let lock = || club.lock().expect("nobody panics with the lock");
    sender.send(json!({ "type": "you", "id": id }).to_string()).ok();
    lock().clients.insert(id.clone(), (None, sender));
    loop {
        tokio::select! {
            Some(text) = outgoing.recv() => if socket.send(Message::text(text)).await.is_err() { break },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
                    let mut club = lock();
                    // In the same queue as what others send to it, so in the order in which it happened.
                    if let (Some(answer), Some((_, sender))) = (club.hear(&id, &message, fault), club.clients.get(&id)) {
                        sender.send(answer.to_string()).ok();
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    let mut club = lock();
    club.exit(&id, fault != Fault::ListsTheGone);
    club.clients.remove(&id);
}

async fn judge(fault: Fault, cases: impl Iterator<Item = Scenario>) -> Vec<CaseResult> {
    let address = serve(fault).await;
    let plan = Plan::read("club.toml", BINDING).unwrap_or_else(|error| panic!("{}", error.render(false)));
    judged(behind(Arc::new(plan), address), cases, 4, Duration::from_millis(500)).await
}

async fn broken_by(fault: Fault) -> BTreeSet<String> {
    broken(&judge(fault, library().iter().cloned()).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_one_passes_written_and_racing_cases() {
    let cases = library().iter().cloned().chain(races().scenarios.into_iter().step_by(8));
    let results = judge(Fault::None, cases).await;
    let alarms: Vec<_> = results
        .iter()
        .filter(|result| result.judgement.verdict != Verdict::Pass)
        .map(|result| format!("{}: {:#?}\n{}", result.case.id, result.judgement, result.trace.to_ndjson()))
        .collect();
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
    assert!(results.len() > 60, "{} cases apply", results.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_lists_who_left_breaks_room_08() {
    let broken = broken_by(Fault::ListsWhoLeft).await;
    assert!(broken.contains("ROOM-08") && !broken.contains("ROOM-07"), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_lists_whose_connection_is_over_breaks_room_10() {
    let broken = broken_by(Fault::ListsTheGone).await;
    assert!(broken.contains("ROOM-10") && !broken.contains("ROOM-07"), "{broken:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_list_who_came_later_breaks_room_07() {
    let broken = broken_by(Fault::ListIsOld).await;
    assert!(broken.contains("ROOM-07"), "{broken:?}");
}
