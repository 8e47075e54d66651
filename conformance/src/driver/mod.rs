//! Runs a scenario against a target and writes the trace. It owns deadlines, and asserts nothing.
//!
//! A phase is settled in this order: send its steps; wait for what a conforming target sends; prove that nothing more is on
//! its way ([`crate::fence`]).

mod acting;
mod proving;
mod waiting;

use std::{
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
    time::Duration,
};

use glare_model::limits::ROOM_ID_CHARS_MAX;
use tokio::{net::TcpStream, sync::mpsc, time::Instant};

use self::waiting::Waiting;
use crate::{
    fence::Fence,
    forecast::Forecast,
    latency::Latency,
    limits::{FAREWELL_TIMEOUT, HEARTBEAT_SLACK, HEARTBEAT_WAIT_MAX, INCOMING_QUEUE, TRACE_RECORDS_MAX},
    pool::{Idle, Pool},
    scenario::{Action, Peer, Phase, Scenario, template::Names},
    trace::{Entry, Record, Trace},
    transport::{Command, Connection, ConnectionId, Incoming, Transport},
};

/// How to run scenarios.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long to wait for what the protocol promises.
    pub timeout: Duration,
    /// Distinguishes the rooms of this run from those of all others on the same target.
    pub nonce: u64,
}

/// What one scenario shares with the others of a run, and how much is proved on the way.
#[derive(Clone, Debug, Default)]
pub struct Approach {
    /// Where used connections come from. With it the run is brisk ([`crate::fence`]): it can say that a scenario passes; what
    /// it objects to is for a run without a pool to say.
    pub pool: Option<Arc<Pool>>,
    /// The target's round trips.
    pub latency: Arc<Latency>,
    /// How many times longer than usual to wait where no fence tells; 0 counts as 1.
    pub patience: u32,
}

/// Runs a scenario to its end, or to where the target has gone off the protocol's ways, on new connections.
pub async fn drive(transport: &Transport, scenario: &Scenario, settings: Settings) -> Trace {
    drive_by(transport, scenario, settings, &Approach::default()).await.0
}

/// The same, with more to choose. The connections that are still open come back with the trace.
pub async fn drive_by(
    transport: &Transport,
    scenario: &Scenario,
    settings: Settings,
    approach: &Approach,
) -> (Trace, Leftover) {
    let (sender, incoming) = mpsc::channel(INCOMING_QUEUE);
    let mut driver = Driver {
        transport,
        settings,
        approach,
        fence: transport.fence(),
        refusals_close: transport.profile().dialect().refusals_close,
        case: &scenario.id,
        began: Instant::now(),
        trace: Trace { profile: transport.profile(), records: Vec::new() },
        sender,
        incoming,
        clients: Vec::new(),
        forecast: Forecast::new(transport.profile()),
        waiting: Waiting::default(),
        departing: Vec::new(),
        held: Vec::new(),
        unproven: false,
    };
    let mut complete = true;
    for (index, phase) in scenario.phases.iter().enumerate() {
        driver.record(Entry::Phase { phase: index });
        complete = driver.phase(phase).await;
        if driver.trace.records.len() >= TRACE_RECORDS_MAX {
            driver.record(Entry::GaveUp { reason: format!("more than {TRACE_RECORDS_MAX} records in one trace") });
            break;
        }
        // Nothing after a promise that was not kept would be judged, except whether a hostile input left the target alive.
        if !complete && !scenario.hostile {
            break;
        }
    }
    if complete {
        driver.prove_the_rest().await;
    }
    (driver.trace, Leftover { clients: driver.clients, incoming: driver.incoming, settings })
}

struct Driver<'a> {
    transport: &'a Transport,
    settings: Settings,
    approach: &'a Approach,
    fence: Fence,
    /// Whether a refused request ends its connection.
    refusals_close: bool,
    case: &'a str,
    began: Instant,
    trace: Trace,
    sender: mpsc::Sender<(ConnectionId, Incoming)>,
    incoming: mpsc::Receiver<(ConnectionId, Incoming)>,
    clients: Vec<Client>,
    forecast: Forecast,
    waiting: Waiting,
    /// Connections that the running phase ended.
    departing: Vec<Connection>,
    /// Connections that never became a client's, and stay open for as long as the scenario runs.
    held: Vec<TcpStream>,
    /// Whether a phase went by without proof that nothing more was on its way.
    unproven: bool,
}

/// One connection of the scenario.
struct Client {
    peer: Peer,
    user_id: String,
    heartbeat: Option<Duration>,
    connection: Option<Connection>,
    state: ClientState,
    /// Whether the last that is known of its requests is a refusal, or nothing.
    was_refused: bool,
    /// Whether the target ended it.
    is_ended: bool,
    /// Whether a fence was lost on it: another one would be as well.
    is_deaf: bool,
    next_ack: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ClientState {
    Open,
    Frozen,
    Over,
}

impl Names for Driver<'_> {
    fn user(&self, peer: &Peer) -> Option<String> {
        self.clients.iter().rev().find(|client| client.peer == *peer).map(|client| client.user_id.clone())
    }

    fn room(&self, name: &str) -> String {
        room_id(name, self.settings.nonce, self.case)
    }
}

impl Driver<'_> {
    fn record(&mut self, entry: Entry) {
        let at_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.forecast.record(self.trace.records.len(), &entry);
        self.trace.records.push(Record { at_us, entry });
    }

    /// Performs a phase. Returns whether everything came that was waited for.
    async fn phase(&mut self, phase: &Phase) -> bool {
        self.waiting.begin();
        let mut timeout = self.settings.timeout;
        let mut complete = true;
        for step in phase.steps.iter().filter(|step| !matches!(step.action, Action::Handshake(_))) {
            complete &= self.ensure_connected(step).await;
        }
        let mut actors = BTreeSet::new();
        for step in &phase.steps {
            if let Action::Handshake(raw) = &step.action {
                self.knock(&step.peer, raw).await;
            }
            let Some(id) = self.open_connection(&step.peer, &step.action) else { continue };
            actors.insert(id);
            if step.action == Action::Noticed {
                timeout = timeout.max(self.heartbeat_wait(id));
            }
            self.act(id, &step.action).await;
        }
        let certain = self.expect_what_is_certain() && !self.may_throw_out(phase);
        self.see_off().await;
        complete & self.prove(phase, &actors, certain, timeout).await
    }

    fn client(&mut self, id: ConnectionId) -> &mut Client {
        &mut self.clients[usize::from(id.0)]
    }

    fn name(&self, id: ConnectionId) -> &Peer {
        &self.clients[usize::from(id.0)].peer
    }

    fn all_open(&self) -> BTreeSet<ConnectionId> {
        let open = self.clients.iter().enumerate().filter(|(_, client)| client.state == ClientState::Open);
        open.map(|(place, _)| connection_id(place)).collect()
    }

    /// Whether the answers to fences are all that says who is there.
    fn asks_who_is_there(&self) -> bool {
        self.trace.profile.dialect().asks_who_is_there()
    }

    fn heartbeat_wait(&self, id: ConnectionId) -> Duration {
        let heartbeat = self.clients[usize::from(id.0)].heartbeat.unwrap_or(self.settings.timeout);
        (heartbeat + HEARTBEAT_SLACK).min(HEARTBEAT_WAIT_MAX)
    }
}

/// The connections of a scenario that is over.
pub struct Leftover {
    clients: Vec<Client>,
    incoming: mpsc::Receiver<(ConnectionId, Incoming)>,
    settings: Settings,
}

impl Leftover {
    /// Ends the open ones, and waits until they are gone: what a target makes of that is not to reach the next scenario.
    pub async fn end(self) {
        let connections: Vec<_> = self.clients.into_iter().filter_map(|client| client.connection).collect();
        for connection in &connections {
            // One that is over takes no more commands.
            connection.commands.try_send(Command::Close).ok();
        }
        drop(self.incoming);
        let all_closed = async {
            for connection in &connections {
                connection.commands.closed().await;
            }
        };
        tokio::time::timeout(FAREWELL_TIMEOUT, all_closed).await.ok();
    }

    /// Makes the open ones leave their rooms, and gives those to the pool on which nothing is on its way then.
    pub async fn give_back(mut self, pool: &Pool) {
        let mut leaving = BTreeSet::new();
        let fence = crate::fence::refused_room(self.settings.nonce);
        for (place, client) in self.clients.iter_mut().enumerate() {
            let Some(connection) = client.connection.as_ref().filter(|_| client.state == ClientState::Open) else {
                continue;
            };
            let leave = Command::Emit { event: "leave-room".to_owned(), data: None, ack: None };
            let fence = Command::Fence { ack: client.next_ack, room: fence.clone() };
            client.next_ack += 1;
            if connection.commands.try_send(leave).is_ok() && connection.commands.try_send(fence).is_ok() {
                leaving.insert(connection_id(place));
            }
        }
        let deadline = Instant::now() + self.settings.timeout;
        while !leaving.is_empty() {
            let Ok(Some((id, incoming))) = tokio::time::timeout_at(deadline, self.incoming.recv()).await else {
                return;
            };
            let client = &mut self.clients[usize::from(id.0)];
            match incoming {
                Incoming::Ack { ack, .. } if ack + 1 == client.next_ack && leaving.remove(&id) => {
                    let next_ack = client.next_ack;
                    let Some(connection) = client.connection.take() else { continue };
                    pool.give(Idle { connection, next_ack });
                }
                Incoming::Ended(_) => {
                    leaving.remove(&id);
                }
                Incoming::Event { .. } | Incoming::Ack { .. } | Incoming::Unsayable(_) => {}
            }
        }
    }
}

fn connection_id(place: usize) -> ConnectionId {
    ConnectionId(u16::try_from(place).expect("a scenario has fewer steps than connection numbers"))
}

/// A room id that no other scenario of a run uses. Where a scenario's own id does not fit in, its hash stands for it.
fn room_id(name: &str, nonce: u64, case: &str) -> String {
    let id = format!("{name}-{nonce:x}-{case}");
    if id.chars().count() <= ROOM_ID_CHARS_MAX {
        return id;
    }
    let mut hasher = DefaultHasher::new();
    case.hash(&mut hasher);
    let tail = format!("-{nonce:x}-{:x}", hasher.finish());
    let name: String = name.chars().take(ROOM_ID_CHARS_MAX - tail.len()).collect();
    name + &tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_of_scenarios_with_long_ids_differ_and_are_valid() {
        let long = |end: &str| room_id("r", u64::MAX, &("x".repeat(100) + end));
        assert_eq!(room_id("r", 255, "room-01"), "r-ff-room-01");
        assert_ne!(long("a"), long("b"));
        assert!(glare_model::id::RoomId::parse(&long("a")).is_ok());
    }
}
