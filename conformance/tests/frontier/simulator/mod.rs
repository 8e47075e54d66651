//! A server and its clients straight from the model, without the runner: the server serves its queues in any order, and
//! what it sends arrives at any time. It writes the trace that a runner would.

mod server;

use std::collections::{BTreeSet, VecDeque};

use glare_conformance::{
    scenario::Peer,
    trace::{Ending, Entry, Record, Trace},
    transport::{BrokenFrame, ConnectionId},
};
use glare_model::{
    id::RoomId,
    message::{RequestKind, SignalKind},
    room::{Directory, HashDirectory},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Create(u8),
    Join(u8),
    /// A join without an ack callback.
    JoinWithoutAck(u8),
    Leave,
    Signal(SignalKind, u8),
    /// A signal to nobody.
    Stray,
    Malformed,
    Unknown,
    Broken,
    Close,
    Drop,
    Freeze,
}

/// Who does what: phases of acts that are under way together.
pub(crate) type Plan = Vec<Vec<(u8, Act)>>;

/// What goes wrong with one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Lost,
    Doubled,
    /// It comes after the next signal of its sender to the same receiver.
    Overtaken,
    Misrouted,
}

/// What may go wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mishap {
    pub(crate) fault: Fault,
    /// How many messages are spared before.
    pub(crate) after: usize,
    /// Whether only messages count whose loss no other order explains: in phases in which one client acts.
    pub(crate) only_certain: bool,
}

/// Runs a plan. Returns the trace, and whether something went wrong.
pub(crate) fn simulate(plan: &Plan, seed: u64, mishap: Option<Mishap>) -> (Trace, bool) {
    let mut world = World::new(seed, mishap);
    for (number, phase) in plan.iter().enumerate() {
        world.phase(number, phase);
    }
    (world.trace, world.has_happened)
}

enum Item {
    Request { kind: RequestKind, room: u8, ack: Option<u64> },
    Leave,
    Signal { kind: SignalKind, target: Option<u16>, payload: Value },
    Malformed,
    Fence(u64),
    Broken,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Frozen,
    Over,
}

struct Client {
    state: State,
    /// What is on its way to the server.
    outbox: VecDeque<Item>,
    /// What is on its way from the server, in order.
    inbox: VecDeque<Entry>,
    /// Acks that the server sends when it likes.
    acks: Vec<Entry>,
    fences: BTreeSet<u64>,
    next_ack: u64,
}

struct World {
    random: ChaCha8Rng,
    directory: HashDirectory<u16, RoomId>,
    clients: Vec<Client>,
    /// The connection of each client, by its number in the plan.
    connections: Vec<Option<u16>>,
    trace: Trace,
    marks: u64,
    mishap: Option<Mishap>,
    held: Option<(u16, u16, Entry)>,
    has_happened: bool,
    is_certain: bool,
}

impl World {
    fn new(seed: u64, mishap: Option<Mishap>) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            directory: HashDirectory::default(),
            clients: Vec::new(),
            connections: Vec::new(),
            trace: Trace::default(),
            marks: 0,
            mishap,
            held: None,
            has_happened: false,
            is_certain: false,
        }
    }

    fn record(&mut self, entry: Entry) {
        let at_us = self.trace.records.len() as u64;
        self.trace.records.push(Record { at_us, entry });
    }

    fn phase(&mut self, number: usize, acts: &[(u8, Act)]) {
        self.record(Entry::Phase { phase: number });
        for (client, _) in acts {
            self.ensure_open(usize::from(*client));
        }
        let mut actors = BTreeSet::new();
        let certain: BTreeSet<u8> = acts.iter().map(|(client, _)| *client).collect();
        self.is_certain = certain.len() == 1;
        for (client, act) in acts {
            let connection = self.connections[usize::from(*client)].expect("it was just opened");
            if self.clients[usize::from(connection)].state == State::Open {
                actors.insert(connection);
                self.act(connection, *act);
            }
            while self.random.random_bool(0.2) {
                self.tick();
            }
        }
        if self.random.random_bool(0.5) {
            self.run_dry();
        }
        self.fence(&actors);
        let all = (0..self.clients.len()).map(connection_of);
        let others = if actors.len() == 1 { all.filter(|one| !actors.contains(one)).collect() } else { all.collect() };
        self.fence(&others);
        self.run_dry();
    }

    fn ensure_open(&mut self, client: usize) {
        if self.connections.len() <= client {
            self.connections.resize(client + 1, None);
        }
        if let Some(connection) = self.connections[client]
            && self.clients[usize::from(connection)].state != State::Over
        {
            return;
        }
        let connection = connection_of(self.clients.len());
        self.connections[client] = Some(connection);
        self.clients.push(Client {
            state: State::Open,
            outbox: VecDeque::new(),
            inbox: VecDeque::new(),
            acks: Vec::new(),
            fences: BTreeSet::new(),
            next_ack: 0,
        });
        self.directory.connect(connection);
        let name = char::from(b'A' + u8::try_from(client).expect("few clients"));
        let (peer, user_id) = (Peer(name.to_string().as_str().into()), user(connection));
        let connection = ConnectionId(connection);
        self.record(Entry::Opened { connection, peer, user_id, heartbeat_ms: Some(0), reused: false });
    }

    fn send(&mut self, from: u16, event: &str, data: Option<Value>, ack: Option<u64>, item: Option<Item>) {
        let connection = ConnectionId(from);
        self.record(Entry::Sent { connection, event: event.to_owned(), data, ack });
        self.clients[usize::from(from)].outbox.extend(item);
    }

    fn next_ack(&mut self, of: u16) -> u64 {
        let client = &mut self.clients[usize::from(of)];
        client.next_ack += 1;
        client.next_ack - 1
    }

    fn act(&mut self, from: u16, act: Act) {
        let connection = ConnectionId(from);
        match act {
            Act::Create(room) => self.request(from, RequestKind::Create, room, true),
            Act::Join(room) => self.request(from, RequestKind::Join, room, true),
            Act::JoinWithoutAck(room) => self.request(from, RequestKind::Join, room, false),
            Act::Leave => self.send(from, "leave-room", None, None, Some(Item::Leave)),
            Act::Signal(kind, to) => {
                let target = self.connections.get(usize::from(to)).copied().flatten();
                self.signal(from, kind, target);
            }
            Act::Stray => self.signal(from, SignalKind::Answer, None),
            Act::Malformed => self.send(from, "offer", Some(json!({"offer": {}})), None, Some(Item::Malformed)),
            Act::Unknown => self.send(from, "whatever", Some(json!([1])), None, None),
            Act::Broken => {
                self.record(Entry::SentBroken { connection, frame: BrokenFrame::Garbage });
                self.clients[usize::from(from)].outbox.push_back(Item::Broken);
            }
            Act::Close => self.end(from, Ending::Close),
            Act::Drop => self.end(from, Ending::Drop),
            Act::Freeze => {
                self.record(Entry::Ending { connection, how: Ending::Freeze });
                let client = &mut self.clients[usize::from(from)];
                client.state = State::Frozen;
                client.inbox.clear();
                client.acks.clear();
            }
        }
    }

    fn request(&mut self, from: u16, kind: RequestKind, room: u8, acked: bool) {
        let event = if kind == RequestKind::Create { "create-room" } else { "join-room" };
        let ack = acked.then(|| self.next_ack(from));
        self.send(from, event, Some(json!(room_name(room))), ack, Some(Item::Request { kind, room, ack }));
    }

    fn signal(&mut self, from: u16, kind: SignalKind, target: Option<u16>) {
        self.marks += 1;
        let payload = json!({"mark": self.marks});
        let name = target.map_or("nobody".to_owned(), user);
        let data = json!({"target": name, kind.payload_member(): payload});
        self.send(from, kind.event(), Some(data), None, Some(Item::Signal { kind, target, payload }));
    }

    fn end(&mut self, from: u16, how: Ending) {
        self.record(Entry::Ending { connection: ConnectionId(from), how });
        let client = &mut self.clients[usize::from(from)];
        client.outbox.push_back(Item::End);
        client.state = State::Over;
        client.inbox.clear();
        client.acks.clear();
    }

    fn fence(&mut self, connections: &BTreeSet<u16>) {
        // Serves what is there before a fence could.
        if self.held.is_some() {
            self.run_dry();
            self.release();
        }
        for &of in connections {
            if self.clients[usize::from(of)].state == State::Open {
                let ack = self.next_ack(of);
                self.record(Entry::Fence { connection: ConnectionId(of), ack, receiver: None });
                let client = &mut self.clients[usize::from(of)];
                client.fences.insert(ack);
                client.outbox.push_back(Item::Fence(ack));
            }
        }
        let is_back = |client: &Client| client.state != State::Open || client.fences.is_empty();
        while !self.clients.iter().all(is_back) {
            self.tick();
        }
    }

    fn run_dry(&mut self) {
        while self.tick() {}
    }

    /// What was held back is sent now, so that nothing has gone wrong.
    fn release(&mut self) {
        if let Some((to, _, entry)) = self.held.take() {
            self.clients[usize::from(to)].inbox.push_back(entry);
        }
    }

    /// One thing happens somewhere. Returns whether anything could.
    fn tick(&mut self) -> bool {
        let mut choices = Vec::new();
        for (place, client) in self.clients.iter().enumerate() {
            choices.extend((!client.outbox.is_empty()).then_some((place, 0)));
            choices.extend((!client.inbox.is_empty() && client.state == State::Open).then_some((place, 1)));
            choices.extend((!client.acks.is_empty() && client.state == State::Open).then_some((place, 2)));
        }
        if choices.is_empty() {
            return false;
        }
        match choices[self.random.random_range(0..choices.len())] {
            (place, 0) => self.serve(connection_of(place)),
            (place, 1) => {
                let entry = self.clients[place].inbox.pop_front();
                entry.into_iter().for_each(|entry| self.arrive(place, entry));
            }
            (place, _) => {
                let number = self.random.random_range(0..self.clients[place].acks.len());
                let entry = self.clients[place].acks.swap_remove(number);
                self.arrive(place, entry);
            }
        }
        // A silent client may be noticed at any time.
        let frozen = self.clients.iter().position(|client| client.state == State::Frozen);
        if let Some(place) = frozen.filter(|_| self.random.random_bool(0.05)) {
            self.disconnect(connection_of(place));
        }
        true
    }

    fn arrive(&mut self, place: usize, entry: Entry) {
        match &entry {
            Entry::Acked { ack, .. } if self.clients[place].fences.remove(ack) => {
                self.record(Entry::Fenced {
                    connection: ConnectionId(connection_of(place)),
                    refused: true,
                    present: None,
                });
            }
            Entry::Ended { .. } => {
                let client = &mut self.clients[place];
                client.state = State::Over;
                client.inbox.clear();
                client.acks.clear();
                self.record(entry);
            }
            _ => self.record(entry),
        }
    }
}

fn connection_of(place: usize) -> u16 {
    u16::try_from(place).expect("few connections")
}

fn user(connection: u16) -> String {
    format!("u{connection}")
}

fn room_name(room: u8) -> String {
    format!("room-{room}")
}
