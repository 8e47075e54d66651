//! A server that answers requests, but refuses by closing the WebSocket: the model's room core behind a few lines of wire,
//! sound and faulty. Its rooms are asked for by messages, or chosen by connecting.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::{SinkExt, StreamExt};
use glare_conformance::transport::{CoreInput, ModelCore, RoomCore};
use glare_model::{
    id::RoomId,
    message::{ClientMessage, Refusal, RequestKind, ServerMessage, Signal, SignalFault, SignalKind, Target},
    room::{Directory, Effect, Entry, Input, RoomRules, SecondRoom},
};
use serde_json::{Value, json, value::RawValue};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{
    accept_hdr_async,
    tungstenite::{Message, protocol::CloseFrame},
};

/// What may be wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Nothing either: who is refused leaves its room when its connection is gone, and not before.
    Late,
    /// Nobody hears of a member that is thrown out.
    ForgetsTheThrownOut,
    /// It closes with a code that is not one of a refusal.
    AnotherCode,
    /// It closes the connection of whom it has let in.
    ClosesTheAccepted,
    /// Who joins a room that does not exist makes it.
    AcceptsTheUnknown,
    /// Who creates a room that exists joins it.
    AcceptsTheKnown,
    /// Who asks for a second room leaves the first.
    Moves,
    /// Any text names a room.
    AcceptsTheInvalid,
}

/// How rooms are entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// By messages on an open connection.
    Messages,
    /// By connecting to their address.
    Address,
}

enum Out {
    Text(Value),
    Close(u16),
}

struct Hub {
    core: ModelCore,
    clients: HashMap<u64, mpsc::UnboundedSender<Out>>,
    /// Who was refused, and is not gone yet.
    refused: HashSet<u64>,
    door: Door,
    fault: Fault,
}

type Shared = Arc<Mutex<Hub>>;

/// The rules of a server with such a door.
fn rules(door: Door, fault: Fault) -> RoomRules {
    let by_address = RoomRules {
        entry: Entry::Either,
        introduce_members: true,
        capacity: std::num::NonZeroU16::new(4),
        ..RoomRules::REFERENCE
    };
    let rules = if door == Door::Address { by_address } else { RoomRules::REFERENCE };
    match fault {
        Fault::AcceptsTheUnknown | Fault::AcceptsTheKnown => RoomRules { entry: Entry::Either, ..rules },
        Fault::Moves => RoomRules { second_room: SecondRoom::Move, ..rules },
        _ => rules,
    }
}

/// Starts one on a free port. It ends with the runtime.
pub(crate) async fn serve(door: Door, fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it is bound");
    let core = ModelCore::with_rules(rules(door, fault));
    let hub = Arc::new(Mutex::new(Hub { core, clients: HashMap::new(), refused: HashSet::new(), door, fault }));
    tokio::spawn(async move {
        for key in 1_u64.. {
            let Ok((tcp, _)) = listener.accept().await else { return };
            tokio::spawn(client(tcp, key, Arc::clone(&hub)));
        }
    });
    address
}

async fn client(tcp: TcpStream, key: u64, hub: Shared) {
    tcp.set_nodelay(true).expect("the connection is open");
    let mut room = String::new();
    #[expect(clippy::result_large_err, reason = "the library's type of an answer that refuses")]
    let read_path = |request: &tokio_tungstenite::tungstenite::handshake::server::Request, response| {
        room = request.uri().path().trim_start_matches("/room/").to_owned();
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(tcp, read_path).await else { return };
    let (sender, mut outgoing) = mpsc::unbounded_channel();
    let lock = || hub.lock().expect("nobody panics with the lock");
    lock().connect(key, sender, &room);
    let mut is_closing = false;
    loop {
        tokio::select! {
            out = outgoing.recv(), if !is_closing => {
                let sent = match out {
                    Some(Out::Text(text)) => socket.send(Message::text(text.to_string())).await,
                    Some(Out::Close(code)) => {
                        is_closing = true;
                        let frame = CloseFrame { code: code.into(), reason: "no".into() };
                        socket.close(Some(frame)).await
                    }
                    None => break,
                };
                if sent.is_err() {
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) if !is_closing => {
                    let Ok(message) = serde_json::from_str::<Value>(&text) else { continue };
                    lock().hear(key, &message);
                }
                // The end comes when the library has answered a close.
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
        }
    }
    lock().end(key);
}

fn user(key: u64) -> String {
    format!("user-{key}")
}

fn key_of(user: &Value) -> Option<u64> {
    user.as_str()?.strip_prefix("user-")?.parse().ok()
}

impl Hub {
    fn say(&self, to: u64, text: Value) {
        if let Some(client) = self.clients.get(&to) {
            // Who is gone hears nothing.
            client.send(Out::Text(text)).ok();
        }
    }

    fn connect(&mut self, key: u64, sender: mpsc::UnboundedSender<Out>, room: &str) {
        self.clients.insert(key, sender);
        self.handle(Input::Connect(key));
        match self.door {
            Door::Messages => self.say(key, json!({ "type": "hello", "id": user(key) })),
            Door::Address => self.request(key, RequestKind::Join, &room.into()),
        }
    }

    fn hear(&mut self, key: u64, message: &Value) {
        // Who was refused may still be heard, and says nothing any more.
        if !self.clients.contains_key(&key) || self.refused.contains(&key) {
            return;
        }
        match message["type"].as_str() {
            Some("create") => self.request(key, RequestKind::Create, &message["room"]),
            Some("join") => self.request(key, RequestKind::Join, &message["room"]),
            Some("leave") => self.handle(Input::Message(key, ClientMessage::Leave)),
            Some("ping") => self.say(key, json!({ "type": "pong", "number": message["number"] })),
            Some("signal") => {
                let kind = SignalKind::ALL.into_iter().find(|kind| message["kind"] == json!(kind.event()));
                let known = key_of(&message["to"]).filter(|key| self.core.directory.is_connected(*key));
                let Some(kind) = kind else { return };
                let signal = match message.get("body").filter(|_| message["to"].is_string()) {
                    None => Err(SignalFault::Malformed),
                    Some(body) => {
                        let target = known.map_or(Target::Unknown, Target::User);
                        let payload = RawValue::from_string(body.to_string()).expect("a value prints as JSON");
                        Ok(Signal { target, payload })
                    }
                };
                self.handle(Input::Message(key, ClientMessage::Signal { kind, signal }));
            }
            _ => {}
        }
    }

    fn request(&mut self, key: u64, kind: RequestKind, room: &Value) {
        let text = room.as_str().unwrap_or_default();
        let kind = match self.fault {
            // It takes the one for the other where that is wrong, and only there.
            Fault::AcceptsTheUnknown if kind == RequestKind::Create && self.exists(text) => {
                return self.refuse(key, &Refusal::RoomExists);
            }
            Fault::AcceptsTheKnown if kind == RequestKind::Join && !self.exists(text) => {
                return self.refuse(key, &Refusal::RoomNotFound);
            }
            _ => kind,
        };
        let room = match RoomId::parse(text) {
            Err(_) if self.fault == Fault::AcceptsTheInvalid => RoomId::parse("whatever"),
            room => room,
        };
        self.handle(Input::Message(key, ClientMessage::Request { kind, room, ack: true }));
    }

    fn exists(&self, room: &str) -> bool {
        RoomId::parse(room).is_ok_and(|room| !self.core.directory.members(&room).is_empty())
    }

    fn refuse(&mut self, key: u64, why: &Refusal) {
        let code = match (self.fault, why) {
            (Fault::AnotherCode, _) => 1011,
            (_, Refusal::RoomNotFound | Refusal::InvalidRoomId(_)) => 4004,
            _ => 4009,
        };
        let Some(client) = self.clients.get(&key) else { return };
        client.send(Out::Close(code)).ok();
        match self.fault {
            Fault::Late => {
                self.refused.insert(key);
            }
            Fault::ForgetsTheThrownOut => {
                self.clients.remove(&key);
                let mut effects = self.core.handle(Input::Disconnect(key));
                effects.clear();
            }
            _ => self.end(key),
        }
    }

    fn end(&mut self, key: u64) {
        self.clients.remove(&key);
        self.handle(Input::Disconnect(key));
    }

    fn handle(&mut self, input: CoreInput) {
        let caller = match &input {
            Input::Message(key, _) | Input::Connect(key) | Input::Disconnect(key) => *key,
        };
        let mut refused = None;
        for effect in self.core.handle(input) {
            let Effect::Send { to, message, .. } = effect else { continue };
            match self.words(to, message) {
                Ok(text) => self.say(to, text),
                Err(why) => refused = Some(why),
            }
        }
        if let Some(why) = refused {
            self.refuse(caller, &why);
        }
    }

    fn words(&self, to: u64, message: ServerMessage<u64, RoomId, Box<RawValue>>) -> Result<Value, Refusal> {
        let welcome = |room: RoomId, users: Vec<u64>| {
            let users: Vec<_> = users.into_iter().map(user).collect();
            if self.fault == Fault::ClosesTheAccepted
                && let Some(client) = self.clients.get(&to).filter(|_| !users.is_empty())
            {
                // Behind the welcome, which is sent at once.
                client.send(Out::Text(json!({ "type": "welcome", "room": room.as_str(), "users": users }))).ok();
                client.send(Out::Close(4009)).ok();
            }
            json!({ "type": "welcome", "id": user(to), "room": room.as_str(), "users": users })
        };
        Ok(match message {
            ServerMessage::Created(room) => welcome(room, Vec::new()),
            ServerMessage::Joined(room, users) => welcome(room, users),
            ServerMessage::Refused(why) => return Err(why),
            ServerMessage::UserJoined(who) => json!({ "type": "joined", "id": user(who) }),
            ServerMessage::UserLeft(who) => json!({ "type": "left", "id": user(who) }),
            ServerMessage::Signal { kind, from, payload } => {
                let body: Value = serde_json::from_str(payload.get()).expect("it was a value");
                json!({ "type": "signal", "from": user(from), "kind": kind.event(), "body": body })
            }
            ServerMessage::Error(kind, _) => json!({ "type": "error", "kind": kind.event() }),
            ServerMessage::RoomClosed | ServerMessage::HostChanged(_) => json!({ "type": "other" }),
        })
    }
}
