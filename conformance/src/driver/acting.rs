//! Doing what a step says.

use serde_json::{Value, json};
use tokio::{
    sync::mpsc::error::TrySendError,
    time::{Instant, sleep_until},
};

use super::{Client, ClientState, Driver, connection_id};
use crate::{
    limits::FAREWELL_TIMEOUT,
    observation::is_request,
    pool::Idle,
    scenario::{
        Action, Peer, Step,
        raw::{Holes, Raw},
    },
    trace::{Ending, Entry},
    transport::{Command, ConnectionId, OpenError},
};

impl Driver<'_> {
    /// Connects a client at its first step, and again where the scenario says so.
    pub(super) async fn ensure_connected(&mut self, step: &Step) -> bool {
        let known = self.clients.iter().any(|client| client.peer == step.peer);
        let room = match (&step.action, self.transport.enters_by_connecting()) {
            (Action::Emit { event, data, .. }, true) if is_request(event) => {
                Some(data.as_ref().map(|data| data.fill(self)).unwrap_or_default())
            }
            (_, true) => return true,
            (_, false) if known && step.action != Action::Connect && !self.was_thrown_out(&step.peer) => return true,
            (_, false) => None,
        };
        let id = connection_id(self.clients.len());
        match self.connection(id, room.as_ref(), known).await {
            Ok((Idle { connection, next_ack }, reused)) => {
                let opened = connection.opened.clone();
                let heartbeat =
                    opened.ping_interval.zip(opened.ping_timeout).map(|(interval, timeout)| interval + timeout);
                self.clients.push(Client {
                    peer: step.peer.clone(),
                    user_id: opened.user_id.clone(),
                    heartbeat,
                    connection: Some(connection),
                    state: ClientState::Open,
                    was_refused: false,
                    is_ended: false,
                    is_deaf: false,
                    next_ack,
                });
                let heartbeat_ms = heartbeat.and_then(|heartbeat| u64::try_from(heartbeat.as_millis()).ok());
                let (peer, user_id) = (step.peer.clone(), opened.user_id);
                self.record(Entry::Opened { connection: id, peer, user_id, heartbeat_ms, reused });
                if let (Some(room), Action::Emit { event, .. }) = (room, &step.action) {
                    self.note_entry(id, event, room);
                }
                true
            }
            Err(OpenError::Refused(reason)) => {
                self.note_refused_entry(id, step, room.unwrap_or_default(), reason);
                true
            }
            Err(error) => {
                self.record(open_failed(&step.peer, &error));
                false
            }
        }
    }

    /// A used connection if there is one, or a new one, as for a client that connects again. Whether it was used before.
    async fn connection(&self, id: ConnectionId, room: Option<&Value>, again: bool) -> Result<(Idle, bool), OpenError> {
        if let Some(pool) = self.approach.pool.as_ref().filter(|_| !again)
            && let Some(idle) = pool.take(id, &self.sender).await
        {
            return Ok((idle, true));
        }
        let connection = self.transport.enter(room, id, self.sender.clone(), self.settings.timeout).await?;
        Ok((Idle { connection, next_ack: 0 }, false))
    }

    /// Records that a connection was opened into a room: that was the request, and that it is open is the answer.
    fn note_entry(&mut self, id: ConnectionId, event: &str, room: Value) {
        let ack = self.next_ack(id);
        let answer = json!({ "success": true, "roomId": room });
        self.record(Entry::Sent { connection: id, event: event.to_owned(), data: Some(room), ack: Some(ack) });
        self.record(Entry::Acked { connection: id, ack, data: Some(answer) });
    }

    /// Records that a client was not let into the room that it was to enter by connecting: it was connected for as long as it
    /// takes to be refused, and was told no id.
    fn note_refused_entry(&mut self, id: ConnectionId, step: &Step, room: Value, reason: String) {
        let Action::Emit { event, .. } = &step.action else { return };
        let (peer, event, user_id) = (step.peer.clone(), event.clone(), String::new());
        self.clients.push(Client {
            peer: peer.clone(),
            user_id: user_id.clone(),
            heartbeat: None,
            connection: None,
            state: ClientState::Over,
            was_refused: true,
            is_ended: true,
            is_deaf: false,
            next_ack: 0,
        });
        self.record(Entry::Opened { connection: id, peer, user_id, heartbeat_ms: None, reused: false });
        let ack = self.next_ack(id);
        self.record(Entry::Sent { connection: id, event, data: Some(room), ack: Some(ack) });
        self.record(Entry::Acked { connection: id, ack, data: Some(json!({ "success": false })) });
        self.record(Entry::Ended { connection: id, reason, heartbeat: false });
    }

    /// Whether a client's last connection ended by a refusal, so that it has to connect again before it goes on.
    fn was_thrown_out(&self, peer: &Peer) -> bool {
        let last = self.clients.iter().rev().find(|client| client.peer == *peer);
        self.refusals_close && last.is_some_and(|client| client.was_refused && client.is_ended)
    }

    /// The connection that performs a step; none if it is over.
    pub(super) fn open_connection(&self, peer: &Peer, action: &Action) -> Option<ConnectionId> {
        let place = self.clients.iter().rposition(|client| client.peer == *peer)?;
        match (self.clients[place].state, action) {
            (ClientState::Open, _) | (ClientState::Frozen, Action::Noticed) => Some(connection_id(place)),
            (ClientState::Frozen | ClientState::Over, _) => None,
        }
    }

    pub(super) async fn act(&mut self, id: ConnectionId, action: &Action) {
        let ending = |how| Entry::Ending { connection: id, how };
        match action {
            Action::Connect => {}
            // That was done by connecting.
            Action::Emit { event, .. } if is_request(event) && self.transport.enters_by_connecting() => {}
            Action::Emit { event, data, ack } => {
                let data = data.as_ref().map(|data| data.fill(self));
                self.emit(id, event, data, *ack).await;
            }
            Action::Broken(frame) => {
                self.record(Entry::SentBroken { connection: id, frame: *frame });
                self.command(id, Command::Broken(*frame)).await;
            }
            Action::Raw(raw) => {
                self.record(Entry::SentRaw { connection: id, bytes: raw.text().to_owned() });
                let (bytes, held) = (raw.bytes(&Holes::default()), raw.held);
                self.command(id, Command::LastWords { bytes, held }).await;
                if held {
                    self.client(id).state = ClientState::Frozen;
                } else {
                    self.client(id).state = ClientState::Over;
                    let connection = self.client(id).connection.take();
                    self.departing.extend(connection);
                }
            }
            // It has no connection of a client ([`Driver::knock`]).
            Action::Handshake(_) => {}
            Action::Close | Action::Drop => {
                let (how, command) = match action {
                    Action::Close => (Ending::Close, Command::Close),
                    _ => (Ending::Drop, Command::Drop),
                };
                self.record(ending(how));
                self.command(id, command).await;
                self.client(id).state = ClientState::Over;
                let connection = self.client(id).connection.take();
                self.departing.extend(connection);
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

    /// Bytes on a connection of their own.
    pub(super) async fn knock(&mut self, peer: &Peer, raw: &Raw) {
        self.record(Entry::Knocked { peer: peer.clone(), bytes: raw.text().to_owned() });
        match self.transport.knock(raw, self.settings.timeout).await {
            Ok(held) => self.held.extend(held),
            Err(error) => self.record(open_failed(peer, &error)),
        }
    }

    async fn emit(&mut self, id: ConnectionId, event: &str, data: Option<Value>, ack: bool) {
        let ack = ack.then(|| self.next_ack(id));
        // Nobody promises an ack to anything else, whoever asks for one.
        if let Some(ack) = ack.filter(|_| is_request(event)) {
            self.waiting.for_ack(id, ack);
        }
        // What becomes of it, nobody says.
        self.client(id).was_refused |= ack.is_none() && is_request(event);
        let event = event.to_owned();
        self.record(Entry::Sent { connection: id, event: event.clone(), data: data.clone(), ack });
        self.command(id, Command::Emit { event, data, ack }).await;
    }

    /// Sends a command. While the connection's queue is full, what arrives is taken in, so that no two full queues wait for
    /// each other. A target that does not read on is given up.
    pub(super) async fn command(&mut self, id: ConnectionId, command: Command) {
        let Some(connection) = &self.client(id).connection else { return };
        let commands = connection.commands.clone();
        let command = match commands.try_send(command) {
            // A connection that ended says so itself; what it is told then is lost like on any wire.
            Ok(()) | Err(TrySendError::Closed(_)) => return,
            Err(TrySendError::Full(command)) => command,
        };
        let deadline = Instant::now() + self.settings.timeout;
        loop {
            tokio::select! {
                permit = commands.reserve() => {
                    if let Ok(permit) = permit {
                        permit.send(command);
                    }
                    return;
                }
                Some((id, incoming)) = self.incoming.recv() => self.take_in(id, incoming),
                () = sleep_until(deadline) => {
                    let reason = format!("the target takes no more of what {} sends", self.name(id));
                    self.record(Entry::GaveUp { reason });
                    let client = self.client(id);
                    (client.state, client.connection) = (ClientState::Over, None);
                    return;
                }
            }
        }
    }

    /// Waits until the connections that were ended in this phase are gone from here, and a polite target has said farewell:
    /// otherwise what others send next could overtake an end that waits to be sent.
    pub(super) async fn see_off(&mut self) {
        let deadline = Instant::now() + FAREWELL_TIMEOUT;
        for connection in std::mem::take(&mut self.departing) {
            loop {
                tokio::select! {
                    () = connection.commands.closed() => break,
                    Some((id, incoming)) = self.incoming.recv() => self.take_in(id, incoming),
                    () = sleep_until(deadline) => return,
                }
            }
        }
    }

    pub(super) fn next_ack(&mut self, id: ConnectionId) -> u64 {
        let client = self.client(id);
        client.next_ack += 1;
        client.next_ack - 1
    }
}

fn open_failed(peer: &Peer, error: &OpenError) -> Entry {
    Entry::OpenFailed { peer: peer.clone(), reason: error.to_string(), late: matches!(error, OpenError::Late(_)) }
}
