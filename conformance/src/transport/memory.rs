//! A room core in this process: no sockets and no clock. A heartbeat takes no time here, so a frozen client is declared
//! dead at once.

mod lane;

use std::{collections::HashMap, sync::Arc, time::Duration};

use glare_model::{
    id::RoomId,
    message::{ClientMessage, Signal, Target},
    room::{Directory, Effect, HashDirectory, Input, RoomRules, SecondRoom, step},
    wire::{Encoded, EventFrame, Names, Payload, decode, encode},
};
use serde_json::{Value, json, value::RawValue};
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, sleep},
};

use self::lane::Lane;
pub use self::lane::Way;
use super::{Command, Connection, ConnectionId, Incoming, OpenError, Opened};
use crate::{fence::PRESENT, limits::OUTGOING_QUEUE};

/// What a core is told.
pub type CoreInput = Input<u64, RoomId, Payload>;
/// What a client says.
type CoreMessage = ClientMessage<u64, RoomId, Payload>;
/// What it answers.
pub type CoreEffect = Effect<u64, RoomId, Payload>;

/// The rules behind the transport, and the little of a server around them that can be wrong. The seam where a test puts a
/// faulty server: every method but the first is what a sound one does, unless it is overridden.
pub trait RoomCore: Send {
    /// Performs one input.
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect>;

    /// The user id of the connection with this key.
    fn user_id(&mut self, key: u64) -> String {
        format!("user-{key}")
    }

    /// An event as it came. `Some` is what comes of it; `None` leaves it to the codec and to [`RoomCore::handle`].
    fn raw_event(&mut self, _key: u64, _event: &str, _data: Option<&Value>) -> Option<Vec<CoreEffect>> {
        None
    }

    /// What goes out to a connection instead of this.
    fn outgoing(&mut self, _to: u64, incoming: Incoming) -> Vec<Incoming> {
        vec![incoming]
    }

    /// Whether a leave and a signal may name one of several rooms: in the data of a leave, and under `room` in that of a
    /// signal.
    fn knows_several_rooms(&self) -> bool {
        false
    }

    /// Who is in the room of a connection besides itself, if it has to ask for that: the answer to its fence says so.
    fn present(&mut self, _key: u64) -> Option<Vec<u64>> {
        None
    }

    /// How something goes out to a connection.
    fn way(&mut self, _to: u64, _incoming: &Incoming) -> Way {
        Way::InOrder(Duration::ZERO)
    }

    /// How long a message waits before it is processed; those behind it on its connection wait as well.
    fn processing_lag(&mut self, _key: u64) -> Duration {
        Duration::ZERO
    }

    /// The core of a server of the same kind that has just started; `None` where that is not known.
    fn restarted(&self) -> Option<Box<dyn RoomCore>> {
        None
    }

    /// Whom a broken frame costs the connection.
    fn broken_frame(&mut self, _key: u64) -> CutOff {
        CutOff::Sender
    }

    /// A connection fell silent. Whether the heartbeat ends it.
    fn fell_silent(&mut self, _key: u64) -> bool {
        true
    }
}

/// Connections that a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutOff {
    /// None.
    Nobody,
    /// That of the sender.
    Sender,
    /// All of them: the server's process ends.
    Everybody,
}

/// The model's room core.
#[derive(Default)]
pub struct ModelCore {
    /// Where everybody is; public so that a faulty server can tamper with it.
    pub directory: HashDirectory<u64, RoomId>,
    rules: Option<RoomRules>,
}

impl ModelCore {
    /// A core that follows a variant of the rules.
    #[must_use]
    pub fn with_rules(rules: RoomRules) -> Self {
        Self { directory: HashDirectory::default(), rules: Some(rules) }
    }
}

impl RoomCore for ModelCore {
    fn restarted(&self) -> Option<Box<dyn RoomCore>> {
        Some(Box::new(Self { directory: HashDirectory::default(), rules: self.rules }))
    }

    /// Nobody is told where neither joins nor leaves are announced.
    fn present(&mut self, key: u64) -> Option<Vec<u64>> {
        self.rules.filter(|rules| !rules.announce_joins && !rules.announce_leaves)?;
        let room = self.directory.current(key);
        let members = room.map(|room| self.directory.members(&room).to_vec()).unwrap_or_default();
        Some(members.into_iter().filter(|member| *member != key).collect())
    }

    fn knows_several_rooms(&self) -> bool {
        self.rules.is_some_and(|rules| rules.second_room == SecondRoom::Several)
    }

    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        let mut effects = Vec::new();
        let rules = self.rules.unwrap_or(RoomRules::REFERENCE);
        step(&mut self.directory, &rules, input, &mut |effect| effects.push(effect));
        effects
    }
}

/// A runtime whose clock stands still while anybody has something to do, and jumps to the next deadline when nobody has.
/// With all clients in memory a time-out therefore proves that nothing is on its way, and no time is spent on waiting.
///
/// # Errors
/// If the system has no resources for it.
pub fn virtual_time() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()
}

/// A server in memory. Clones are the same server.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<Hub>>);

struct Hub {
    core: Box<dyn RoomCore>,
    clients: HashMap<u64, Client>,
    keys_by_user: HashMap<String, u64>,
    /// Of all connections, past ones included: a notice names who has just gone.
    user_ids: HashMap<u64, String>,
    next_key: u64,
    crashed: bool,
}

struct Client {
    user_id: String,
    deaf: bool,
    lane: Lane,
}

impl Memory {
    /// A server that runs a core.
    #[must_use]
    pub fn new(core: impl RoomCore + 'static) -> Self {
        Self(Arc::new(Mutex::new(Hub {
            core: Box::new(core),
            clients: HashMap::new(),
            keys_by_user: HashMap::new(),
            user_ids: HashMap::new(),
            next_key: 1,
            crashed: false,
        })))
    }

    /// Ends the server, if its core says how another one starts, and starts that one.
    pub(crate) async fn restart(&self) {
        let mut hub = self.0.lock().await;
        if let Some(core) = hub.core.restarted() {
            hub.crash().await;
            hub.core = core;
            hub.crashed = false;
        }
    }

    /// A server that follows docs/protocol.md.
    #[must_use]
    pub fn reference() -> Self {
        Self::new(ModelCore::default())
    }

    pub(super) async fn connect(
        &self,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    ) -> Result<Connection, OpenError> {
        let mut hub = self.0.lock().await;
        if hub.crashed {
            return Err(OpenError::Unreachable("the server in memory has stopped".to_owned()));
        }
        let key = hub.next_key;
        hub.next_key += 1;
        let user_id = hub.core.user_id(key);
        hub.keys_by_user.insert(user_id.clone(), key);
        hub.user_ids.insert(key, user_id.clone());
        hub.clients.insert(key, Client { user_id: user_id.clone(), deaf: false, lane: Lane::new((id, incoming)) });
        let effects = hub.core.handle(Input::Connect(key));
        hub.perform(key, None, effects).await;
        drop(hub);
        let (commands, queue) = mpsc::channel(OUTGOING_QUEUE);
        tokio::spawn(serve(self.clone(), key, queue));
        let heartbeat = Some(Duration::ZERO);
        let opened = Opened { user_id, ping_interval: heartbeat, ping_timeout: heartbeat };
        Ok(Connection { opened, since: Instant::now(), commands })
    }
}

/// One connection: commands in order until it ends.
async fn serve(memory: Memory, key: u64, mut queue: mpsc::Receiver<Command>) {
    while let Some(command) = queue.recv().await {
        let lag = memory.0.lock().await.core.processing_lag(key);
        if !lag.is_zero() {
            sleep(lag).await;
        }
        let mut hub = memory.0.lock().await;
        match command {
            Command::Emit { event, data, ack } => hub.emit(key, &event, data.as_ref(), ack).await,
            Command::Fence { ack, room } => hub.fence(key, ack, room).await,
            Command::Broken(_) => match hub.core.broken_frame(key) {
                CutOff::Nobody => {}
                CutOff::Sender => {
                    hub.end(key, Some("a broken frame")).await;
                    return;
                }
                CutOff::Everybody => hub.crash().await,
            },
            // There is no socket in memory: a scenario with such a step is of no concern to it ([`super::Transport::excludes`]).
            Command::LastWords { .. } => break,
            Command::Freeze if !hub.core.fell_silent(key) => {
                hub.deafen(key);
                drop(hub);
                // Open for as long as the client keeps its end.
                while queue.recv().await.is_some() {}
                break;
            }
            Command::Attach { id, incoming, taken } => {
                if let Some(client) = hub.clients.get_mut(&key) {
                    client.lane.attach((id, incoming));
                }
                // Who asked may have gone.
                taken.send(()).await.ok();
            }
            Command::Freeze => {
                hub.end(key, None).await;
                drop(hub);
                // A frozen client keeps its end open until the scenario is over.
                while queue.recv().await.is_some() {}
                return;
            }
            Command::Close | Command::Drop => break,
        }
    }
    memory.0.lock().await.end(key, None).await;
}

impl Hub {
    async fn emit(&mut self, key: u64, event: &str, value: Option<&Value>, ack: Option<u64>) {
        let data = value.map(|data| RawValue::from_string(data.to_string()).expect("a value prints as JSON"));
        let frame = EventFrame { event, data: data.as_deref(), ack };
        let keys_by_user = &self.keys_by_user;
        let resolve = |name: &str| match (keys_by_user.get(name), RoomId::parse(name)) {
            (Some(key), _) => Target::User(*key),
            (None, Ok(room)) => Target::Room(room),
            (None, Err(_)) => Target::Unknown,
        };
        let effects = match self.core.raw_event(key, event, value) {
            Some(effects) => effects,
            None => match decode(frame, resolve) {
                Some(message) if self.core.knows_several_rooms() => {
                    self.core.handle(Input::Message(key, naming_room(message, value)))
                }
                Some(message) => self.core.handle(Input::Message(key, message)),
                None => Vec::new(),
            },
        };
        self.perform(key, ack, effects).await;
    }

    /// A request that has to be refused, or the question who is there.
    async fn fence(&mut self, key: u64, ack: u64, room: String) {
        let Some(present) = self.core.present(key) else {
            return self.emit(key, "join-room", Some(&room.into()), Some(ack)).await;
        };
        let users: Vec<_> = present.iter().filter_map(|member| self.user_ids.get(member)).collect();
        let data = json!({ "success": false, PRESENT: users });
        self.send(key, Incoming::Ack { ack, data: Some(data) }).await;
    }

    async fn end(&mut self, key: u64, reason: Option<&str>) {
        if let Some(reason) = reason {
            self.send(key, Incoming::Ended(reason.to_owned())).await;
        }
        if let Some(client) = self.clients.remove(&key) {
            self.keys_by_user.remove(&client.user_id);
            let effects = self.core.handle(Input::Disconnect(key));
            self.perform(key, None, effects).await;
        }
    }

    /// The connection stays, and hears nothing more.
    fn deafen(&mut self, key: u64) {
        if let Some(client) = self.clients.get_mut(&key) {
            client.deaf = true;
        }
    }

    async fn crash(&mut self) {
        self.crashed = true;
        let keys: Vec<u64> = self.clients.keys().copied().collect();
        for key in keys {
            self.send(key, Incoming::Ended("the server stopped".to_owned())).await;
        }
        self.clients.clear();
    }

    async fn send(&mut self, to: u64, incoming: Incoming) {
        let way = self.core.way(to, &incoming);
        if let Some(client) = self.clients.get_mut(&to).filter(|client| !client.deaf) {
            client.lane.send(incoming, way).await;
        }
    }

    /// Sends effects while the hub is locked, so that every client sees the core's order.
    async fn perform(&mut self, caller: u64, ack: Option<u64>, effects: Vec<CoreEffect>) {
        let timestamp = "2026-01-02T03:04:05.678Z".to_owned();
        let mut crashed = false;
        for effect in effects {
            let (to, message) = match effect {
                Effect::Send { to, message, .. } => (to, message),
                Effect::Crash => {
                    crashed = true;
                    break;
                }
            };
            if !self.clients.contains_key(&to) {
                continue;
            }
            let user = |key: u64| self.user_ids.get(&key).cloned().unwrap_or_default();
            let incoming = match encode(&message, &Names { user, timestamp: timestamp.clone() }) {
                Encoded::Event(event, data) => Incoming::Event { event: event.to_owned(), data: Some(value(&data)) },
                Encoded::Ack(data) => match ack.filter(|_| to == caller) {
                    Some(ack) => Incoming::Ack { ack, data: Some(value(&data)) },
                    None => continue,
                },
            };
            for incoming in self.core.outgoing(to, incoming) {
                self.send(to, incoming).await;
            }
        }
        if crashed {
            self.crash().await;
        }
    }
}

/// The message about one of several rooms, if its data names one.
fn naming_room(message: CoreMessage, data: Option<&Value>) -> CoreMessage {
    let named = |data: Option<&Value>| data.and_then(Value::as_str).and_then(|text| RoomId::parse(text).ok());
    match message {
        ClientMessage::Leave => named(data).map_or(ClientMessage::Leave, ClientMessage::LeaveOne),
        ClientMessage::Signal { kind, signal: Ok(Signal { target: Target::User(user), payload }) } => {
            let room = named(data.and_then(|data| data.get("room")));
            let target = room.map_or(Target::User(user), |room| Target::Member(user, room));
            ClientMessage::Signal { kind, signal: Ok(Signal { target, payload }) }
        }
        other => other,
    }
}

fn value(data: &str) -> Value {
    serde_json::from_str(data).expect("the codec writes JSON")
}
