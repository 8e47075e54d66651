//! A client that sends the frames of traces and reads as many as came, and knows nothing else.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use glare_conformance::{
    run::CaseResult,
    trace::{Ending, Entry},
    transport::ConnectionId,
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use crate::{
    Figures,
    child::{Server, cpu_of},
};

/// Nothing is missing, so this is never waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// What keeps rooms apart from those of the run.
const OTHER_ROOMS: &str = "-replayed-";
/// A number for the last request on a connection, which no other request has.
const LAST_ACK: &str = "999999999";

/// What to do next.
enum Op {
    /// Take a connection that is open, or open one.
    Open { id: ConnectionId, again: bool },
    /// Write; what is written in a row goes out at once.
    Write { id: ConnectionId, text: String, names: Vec<(String, ConnectionId)> },
    /// Read one frame.
    Read { id: ConnectionId },
    /// Close or reset.
    End { id: ConnectionId, how: Ending },
}

/// How many frames a scenario sent and received.
pub(crate) fn frames(result: &CaseResult) -> usize {
    let is_frame = |entry: &Entry| {
        matches!(
            entry,
            Entry::Sent { .. }
                | Entry::Fence { .. }
                | Entry::Received { .. }
                | Entry::Acked { .. }
                | Entry::Fenced { .. }
        )
    };
    result.trace.records.iter().filter(|record| is_frame(&record.entry)).count()
}

/// Replays what these scenarios sent.
pub(crate) async fn replay(addr: SocketAddr, results: &[CaseResult], jobs: usize, server: &Server) -> Figures {
    let scripts: Vec<Vec<Op>> = results.iter().map(script).collect();
    let frames = results.iter().map(self::frames).sum();
    let waiting = Arc::new(Mutex::new(scripts.into_iter()));
    let pool: Arc<Mutex<Vec<Client>>> = Arc::default();
    let before = (cpu_of(std::process::id()), cpu_of(server.pid()), Instant::now());
    let workers = (0..jobs).map(|_| {
        let (waiting, pool) = (Arc::clone(&waiting), Arc::clone(&pool));
        tokio::spawn(async move {
            loop {
                let next = waiting.lock().expect("no other worker panicked").next();
                let Some(script) = next else { break };
                perform(addr, script, &pool).await;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("no worker panicked");
    }
    Figures {
        wall: before.2.elapsed(),
        own_cpu: cpu_of(std::process::id()) - before.0,
        server_cpu: cpu_of(server.pid()) - before.1,
        frames,
    }
}

fn script(result: &CaseResult) -> Vec<Op> {
    let case = format!("-{}", result.case.id);
    let mut users: Vec<(String, ConnectionId)> = Vec::new();
    let mut peers: BTreeMap<String, usize> = BTreeMap::new();
    let mut ops = Vec::new();
    for record in &result.trace.records {
        match &record.entry {
            Entry::Opened { connection, user_id, peer, .. } => {
                let times = peers.entry(peer.to_string()).or_default();
                users.push((user_id.clone(), *connection));
                ops.push(Op::Open { id: *connection, again: *times > 0 });
                *times += 1;
            }
            Entry::Sent { connection, event, data, ack } => {
                let text = event_text(event, data.as_ref(), *ack).replace(&case, &(OTHER_ROOMS.to_owned() + &case));
                let names = users.iter().filter(|(user, _)| text.contains(user.as_str())).cloned().collect();
                ops.push(Op::Write { id: *connection, text, names });
            }
            Entry::Fence { connection, ack, .. } => {
                let text = event_text("join-room", Some(&json!("x".repeat(65))), Some(*ack));
                ops.push(Op::Write { id: *connection, text, names: Vec::new() });
            }
            Entry::Received { connection, .. } | Entry::Acked { connection, .. } | Entry::Fenced { connection, .. } => {
                ops.push(Op::Read { id: *connection });
            }
            Entry::Ending { connection, how } => ops.push(Op::End { id: *connection, how: *how }),
            Entry::Phase { .. } | Entry::Missed { .. } => {}
            Entry::OpenFailed { .. }
            | Entry::SentBroken { .. }
            | Entry::SentRaw { .. }
            | Entry::Knocked { .. }
            | Entry::FenceLost { .. }
            | Entry::Waited { .. }
            | Entry::Ended { .. }
            | Entry::Unsayable { .. }
            | Entry::GaveUp { .. } => panic!("{}: not in a run that passed", result.case.id),
        }
    }
    ops
}

fn event_text(event: &str, data: Option<&Value>, ack: Option<u64>) -> String {
    let ack = ack.map_or(String::new(), |ack| ack.to_string());
    match data {
        Some(data) => format!("42{ack}{}", json!([event, data])),
        None => format!("42{ack}{}", json!([event])),
    }
}

/// A connection: what was written and not sent goes out before the next read.
struct Client {
    stream: WebSocketStream<TcpStream>,
    user: String,
    corked: bool,
}

async fn perform(addr: SocketAddr, script: Vec<Op>, pool: &Mutex<Vec<Client>>) {
    let mut clients: HashMap<ConnectionId, Client> = HashMap::new();
    for op in script {
        match op {
            Op::Open { id, again } => {
                let used = if again { None } else { pool.lock().expect("no other worker panicked").pop() };
                let client = match used {
                    Some(client) => client,
                    None => Client::open(addr).await,
                };
                clients.insert(id, client);
            }
            Op::Write { id, mut text, names } => {
                for (old, owner) in names {
                    text = text.replace(&old, clients.get(&owner).map_or("gone", |client| client.user.as_str()));
                }
                if let Some(client) = clients.get_mut(&id) {
                    client.stream.feed(Message::text(text)).await.expect("the server listens");
                    client.corked = true;
                }
            }
            Op::Read { id } => {
                for client in clients.values_mut().filter(|client| client.corked) {
                    client.flush().await;
                }
                if let Some(client) = clients.get_mut(&id) {
                    client.read().await;
                }
            }
            Op::End { id, how } => {
                if let Some(mut client) = clients.remove(&id) {
                    client.flush().await;
                    client.end(how).await;
                }
            }
        }
    }
    // As the runner does before it reuses a connection.
    let leaving: Vec<Client> = clients.into_values().collect();
    for mut client in leaving {
        client.leave().await;
        pool.lock().expect("no other worker panicked").push(client);
    }
}

impl Client {
    async fn open(addr: SocketAddr) -> Self {
        let tcp = TcpStream::connect(addr).await.expect("the server accepts");
        tcp.set_nodelay(true).expect("a TCP connection");
        let url = format!("ws://{addr}/socket.io/?EIO=4&transport=websocket");
        let (stream, _) = client_async(url, tcp).await.expect("a WebSocket server");
        let mut client = Self { stream, user: String::new(), corked: false };
        client.read().await;
        client.stream.send(Message::text("40")).await.expect("the server listens");
        let connected = client.read().await;
        let connected: Value = serde_json::from_str(&connected[2..]).expect("a CONNECT packet");
        client.user = connected["sid"].as_str().expect("an id").to_owned();
        client
    }

    async fn flush(&mut self) {
        self.corked = false;
        self.stream.flush().await.expect("the server listens");
    }

    /// The next frame that is no ping.
    async fn read(&mut self) -> String {
        loop {
            let frame = timeout(PATIENCE, self.stream.next()).await.expect("as many frames come as came before");
            match frame.expect("the server stays").expect("a frame") {
                Message::Text(text) if text.as_str() == "2" => {
                    self.stream.send(Message::text("3")).await.expect("the server listens");
                }
                Message::Text(text) => return text.as_str().to_owned(),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn leave(&mut self) {
        self.stream.feed(Message::text("42[\"leave-room\"]")).await.expect("the server listens");
        let last = format!("42{LAST_ACK}{}", json!(["join-room", "x".repeat(65)]));
        self.stream.send(Message::text(last)).await.expect("the server listens");
        while !self.read().await.starts_with(&format!("43{LAST_ACK}")) {}
    }

    async fn end(mut self, how: Ending) {
        if how == Ending::Drop {
            self.stream.get_ref().set_zero_linger().expect("a TCP connection");
            return;
        }
        self.stream.send(Message::text("41")).await.expect("the server listens");
        self.stream.close(None).await.expect("the server listens");
        while let Some(Ok(_)) = self.stream.next().await {}
    }
}
