//! Runs a scenario against a target and writes the trace. It owns deadlines, and asserts nothing.
//!
//! A phase is settled in this order: send its steps; wait for what a conforming target sends; send a fence on each
//! connection that acted, and when those are back, on every other one; where several acted, on all of them again, for what
//! one sends to another may be processed after the other's fence. A fence is a request that has to be refused in
//! every state (`join-room` with an unknown, over-long id). Its ack proves, on targets that process one connection's
//! messages in order, that whatever the phase causes on that path has arrived.

use std::{collections::BTreeSet, time::Duration};

use glare_model::limits::ROOM_ID_CHARS_MAX;
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use crate::{
    forecast::{Due, Dues, Forecast},
    limits::{HEARTBEAT_SLACK, HEARTBEAT_WAIT_MAX, INCOMING_QUEUE, TRACE_RECORDS_MAX},
    scenario::{Action, Peer, Phase, Scenario, Step, template::Names},
    trace::{Ending, Entry, Record, Trace},
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

/// Runs a scenario to its end, or to where the target has gone off the protocol's ways.
pub async fn drive(transport: &Transport, scenario: &Scenario, settings: Settings) -> Trace {
    let (sender, incoming) = mpsc::channel(INCOMING_QUEUE);
    let mut driver = Driver {
        transport,
        settings,
        case: &scenario.id,
        began: Instant::now(),
        trace: Trace::default(),
        sender,
        incoming,
        clients: Vec::new(),
        forecast: Forecast::new(),
        waiting: Waiting::default(),
    };
    for (index, phase) in scenario.phases.iter().enumerate() {
        driver.record(Entry::Phase { phase: index });
        let settled = driver.phase(phase).await;
        if driver.trace.records.len() >= TRACE_RECORDS_MAX {
            driver.record(Entry::GaveUp { reason: format!("more than {TRACE_RECORDS_MAX} records in one trace") });
            break;
        }
        // Nothing after a promise that was not kept would be judged, except whether a hostile input left the target alive.
        if !settled && !scenario.hostile {
            break;
        }
    }
    driver.trace
}

struct Driver<'a> {
    transport: &'a Transport,
    settings: Settings,
    case: &'a str,
    began: Instant,
    trace: Trace,
    sender: mpsc::Sender<(ConnectionId, Incoming)>,
    incoming: mpsc::Receiver<(ConnectionId, Incoming)>,
    clients: Vec<Client>,
    forecast: Forecast,
    waiting: Waiting,
}

/// One connection of the scenario.
struct Client {
    peer: Peer,
    user_id: String,
    heartbeat: Option<Duration>,
    connection: Option<Connection>,
    state: ClientState,
    next_ack: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ClientState {
    Open,
    Frozen,
    Over,
}

/// What has not arrived yet. A message that arrives before it is waited for counts as well.
#[derive(Default)]
struct Waiting {
    acks: BTreeSet<(ConnectionId, u64)>,
    fences: BTreeSet<(ConnectionId, u64)>,
    events: Dues,
    /// What arrived in this phase before it was waited for.
    early: Dues,
}

impl Names for Driver<'_> {
    fn user(&self, peer: &Peer) -> Option<String> {
        self.clients.iter().rev().find(|client| client.peer == *peer).map(|client| client.user_id.clone())
    }

    fn room(&self, name: &str) -> String {
        let mut id = format!("{name}-{:x}-{}", self.settings.nonce, self.case);
        id.truncate(ROOM_ID_CHARS_MAX);
        id
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
        self.waiting.events.clear();
        self.waiting.early.clear();
        let mut timeout = self.settings.timeout;
        let mut complete = true;
        for step in &phase.steps {
            complete &= self.ensure_connected(step).await;
        }
        let mut actors = BTreeSet::new();
        for step in &phase.steps {
            let Some(id) = self.open_connection(&step.peer, &step.action) else { continue };
            actors.insert(id);
            if step.action == Action::Noticed {
                timeout = timeout.max(self.heartbeat_wait(id));
            }
            self.act(id, &step.action).await;
        }
        self.expect_what_is_certain();
        complete &= self.settle(timeout).await;
        self.fence(&actors).await;
        complete &= self.settle(self.settings.timeout).await;
        // What one actor's fence proves about its own connection came before the others' messages were processed.
        let alone = if actors.len() == 1 { actors } else { BTreeSet::new() };
        let others = (0..self.clients.len()).map(connection_id).filter(|id| !alone.contains(id)).collect();
        self.fence(&others).await;
        complete & self.settle(self.settings.timeout).await
    }

    /// Connects a client at its first step, and again where the scenario says so.
    async fn ensure_connected(&mut self, step: &Step) -> bool {
        let known = self.clients.iter().any(|client| client.peer == step.peer);
        if known && step.action != Action::Connect {
            return true;
        }
        let id = connection_id(self.clients.len());
        match self.transport.connect(id, self.sender.clone(), self.settings.timeout).await {
            Ok(connection) => {
                let opened = connection.opened.clone();
                let heartbeat =
                    opened.ping_interval.zip(opened.ping_timeout).map(|(interval, timeout)| interval + timeout);
                self.clients.push(Client {
                    peer: step.peer.clone(),
                    user_id: opened.user_id.clone(),
                    heartbeat,
                    connection: Some(connection),
                    state: ClientState::Open,
                    next_ack: 0,
                });
                let heartbeat_ms = heartbeat.and_then(|heartbeat| u64::try_from(heartbeat.as_millis()).ok());
                let (peer, user_id) = (step.peer.clone(), opened.user_id);
                self.record(Entry::Opened { connection: id, peer, user_id, heartbeat_ms });
                true
            }
            Err(error) => {
                self.record(Entry::OpenFailed { peer: step.peer.clone(), reason: error.to_string() });
                false
            }
        }
    }

    /// The connection that performs a step; none if it is over.
    fn open_connection(&self, peer: &Peer, action: &Action) -> Option<ConnectionId> {
        let place = self.clients.iter().rposition(|client| client.peer == *peer)?;
        match (self.clients[place].state, action) {
            (ClientState::Open, _) | (ClientState::Frozen, Action::Noticed) => Some(connection_id(place)),
            (ClientState::Frozen | ClientState::Over, _) => None,
        }
    }

    async fn act(&mut self, id: ConnectionId, action: &Action) {
        let ending = |how| Entry::Ending { connection: id, how };
        match action {
            Action::Connect => {}
            Action::Emit { event, data, ack } => {
                let data = data.as_ref().map(|data| data.fill(self));
                self.emit(id, event, data, *ack).await;
            }
            Action::Broken(frame) => {
                self.record(Entry::SentBroken { connection: id, frame: *frame });
                self.command(id, Command::Broken(*frame)).await;
            }
            Action::Close | Action::Drop => {
                let (how, command) = match action {
                    Action::Close => (Ending::Close, Command::Close),
                    _ => (Ending::Drop, Command::Drop),
                };
                self.record(ending(how));
                self.command(id, command).await;
                self.client(id).state = ClientState::Over;
                self.client(id).connection = None;
            }
            Action::Freeze => {
                self.record(ending(Ending::Freeze));
                self.command(id, Command::Freeze).await;
                self.client(id).state = ClientState::Frozen;
            }
            Action::Noticed => {
                self.record(ending(Ending::Noticed));
                self.client(id).state = ClientState::Over;
            }
        }
    }

    async fn emit(&mut self, id: ConnectionId, event: &str, data: Option<Value>, ack: bool) {
        let ack = ack.then(|| self.next_ack(id));
        self.waiting.acks.extend(ack.map(|ack| (id, ack)));
        let event = event.to_owned();
        self.record(Entry::Sent { connection: id, event: event.clone(), data: data.clone(), ack });
        self.command(id, Command::Emit { event, data, ack }).await;
    }

    fn expect_what_is_certain(&mut self) {
        self.waiting.events = self.forecast.due();
        for (due, count) in &mut self.waiting.events {
            *count = count.saturating_sub(self.waiting.early.get(due).copied().unwrap_or(0));
        }
        self.waiting.early.clear();
    }

    async fn fence(&mut self, connections: &BTreeSet<ConnectionId>) {
        for &id in connections {
            if self.client(id).state != ClientState::Open {
                continue;
            }
            let ack = self.next_ack(id);
            self.record(Entry::Fence { connection: id, ack });
            self.waiting.fences.insert((id, ack));
            let data = Some(Value::String(fence_room(self.settings.nonce)));
            self.command(id, Command::Emit { event: "join-room".to_owned(), data, ack: Some(ack) }).await;
        }
    }

    /// Sends a command. While the connection's queue is full, what arrives is taken in, so that no two full queues wait for
    /// each other.
    async fn command(&mut self, id: ConnectionId, command: Command) {
        let Some(connection) = &self.client(id).connection else { return };
        let commands = connection.commands.clone();
        loop {
            tokio::select! {
                biased;
                permit = commands.reserve() => {
                    // A connection that ended says so itself; what it is told then is lost like on any wire.
                    if let Ok(permit) = permit {
                        permit.send(command);
                    }
                    return;
                }
                Some((id, incoming)) = self.incoming.recv() => self.take_in(id, incoming),
            }
        }
    }

    /// Waits until nothing is due any more. Returns whether that was so before the timeout.
    async fn settle(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        while self.is_waiting() {
            match tokio::time::timeout_at(deadline, self.incoming.recv()).await {
                Ok(Some((id, incoming))) => self.take_in(id, incoming),
                Ok(None) | Err(_) => {
                    self.give_up_waiting();
                    return false;
                }
            }
            if self.trace.records.len() >= TRACE_RECORDS_MAX {
                return false;
            }
        }
        while let Ok((id, incoming)) = self.incoming.try_recv() {
            self.take_in(id, incoming);
        }
        true
    }

    fn is_waiting(&self) -> bool {
        let deaf = |id: &ConnectionId| self.clients[usize::from(id.0)].state != ClientState::Open;
        self.waiting.acks.iter().any(|(id, _)| !deaf(id))
            || self.waiting.fences.iter().any(|(id, _)| !deaf(id))
            || self.waiting.events.iter().any(|((id, _), count)| *count > 0 && !deaf(id))
    }

    fn give_up_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (id, ack) in waiting.acks {
            self.record(Entry::Missed { what: format!("{}: the ack of request {ack}", self.name(id)) });
        }
        for ((id, due), _) in waiting.events.into_iter().filter(|(_, count)| *count > 0) {
            let what = match due {
                Due::Event(event) => event.to_owned(),
                Due::Left(user) => format!("user-left {user}"),
            };
            self.record(Entry::Missed { what: format!("{}: {what}", self.name(id)) });
        }
        for (id, _) in waiting.fences {
            self.record(Entry::FenceLost { connection: id });
        }
    }

    fn take_in(&mut self, id: ConnectionId, incoming: Incoming) {
        match incoming {
            Incoming::Event { event, data } => {
                if let Some(due) = due_of(&event, data.as_ref()) {
                    match self.waiting.events.get_mut(&(id, due.clone())) {
                        Some(count) => *count = count.saturating_sub(1),
                        None => *self.waiting.early.entry((id, due)).or_default() += 1,
                    }
                }
                self.record(Entry::Received { connection: id, event, data });
            }
            Incoming::Ack { ack, data } if self.waiting.fences.remove(&(id, ack)) => {
                let refused = data.as_ref().and_then(|data| data.get("success")) != Some(&Value::Bool(true));
                self.record(Entry::Fenced { connection: id, refused });
            }
            Incoming::Ack { ack, data } => {
                self.waiting.acks.remove(&(id, ack));
                self.record(Entry::Acked { connection: id, ack, data });
            }
            Incoming::Ended(reason) => {
                self.client(id).state = ClientState::Over;
                self.client(id).connection = None;
                self.waiting.fences.retain(|(fenced, _)| *fenced != id);
                self.waiting.acks.retain(|(asked, _)| *asked != id);
                self.record(Entry::Ended { connection: id, reason });
            }
        }
    }

    fn client(&mut self, id: ConnectionId) -> &mut Client {
        &mut self.clients[usize::from(id.0)]
    }

    fn name(&self, id: ConnectionId) -> &Peer {
        &self.clients[usize::from(id.0)].peer
    }

    fn next_ack(&mut self, id: ConnectionId) -> u64 {
        let client = self.client(id);
        client.next_ack += 1;
        client.next_ack - 1
    }

    fn heartbeat_wait(&self, id: ConnectionId) -> Duration {
        let heartbeat = self.clients[usize::from(id.0)].heartbeat.unwrap_or(self.settings.timeout);
        (heartbeat + HEARTBEAT_SLACK).min(HEARTBEAT_WAIT_MAX)
    }
}

/// What an event may have been waited for as.
fn due_of(event: &str, data: Option<&Value>) -> Option<Due> {
    if event == "user-left" {
        let user = data.and_then(|data| data.get("userId")).and_then(Value::as_str);
        return user.map(|user| Due::Left(user.to_owned()));
    }
    let names = ["user-joined", "offer", "answer", "ice-candidate", "error"];
    names.into_iter().find(|name| *name == event).map(Due::Event)
}

fn connection_id(place: usize) -> ConnectionId {
    ConnectionId(u16::try_from(place).expect("a scenario has fewer steps than connection numbers"))
}

/// An id that is both unknown and over the limit, so that a server that misses one of the two still refuses.
fn fence_room(nonce: u64) -> String {
    let id = format!("fence-{nonce:x}-");
    let filling = "x".repeat(ROOM_ID_CHARS_MAX + 1 - id.len().min(ROOM_ID_CHARS_MAX));
    id + &filling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_names_no_valid_room() {
        assert!(glare_model::id::RoomId::parse(&fence_room(u64::MAX)).is_err());
    }
}
