//! Waiting for what has to come, and taking in what comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::Value;
use tokio::time::Instant;

use super::{ClientState, Driver};
use crate::{
    fence::PRESENT,
    forecast::{Due, Dues},
    limits::{PROBE_PAUSE_MAX, PROBE_PAUSE_MIN, TRACE_RECORDS_MAX},
    observation::{Observation, read_ack},
    trace::Entry,
    transport::{ConnectionId, Incoming},
};

/// What has not arrived yet. A message that arrives before it is waited for counts as well.
#[derive(Default)]
pub(super) struct Waiting {
    /// Acks of requests, with the time of asking.
    acks: BTreeMap<(ConnectionId, u64), Instant>,
    fences: BTreeSet<(ConnectionId, u64)>,
    /// Connections that end because a request was refused.
    ends: BTreeSet<ConnectionId>,
    /// Markers by their receiver and number.
    markers: BTreeSet<(ConnectionId, u64)>,
    events: Dues,
    /// What arrived in this phase before it was waited for.
    early: Dues,
    /// When the phase's acts had been sent.
    acted_at: Option<Instant>,
    /// Notices and signals that arrived since this was last reset.
    pub(super) stirred: usize,
}

impl Waiting {
    /// A phase begins.
    pub(super) fn begin(&mut self) {
        self.events.clear();
        self.early.clear();
        self.acted_at = None;
    }

    pub(super) fn for_ack(&mut self, id: ConnectionId, ack: u64) {
        self.acks.insert((id, ack), Instant::now());
    }

    pub(super) fn for_fence(&mut self, id: ConnectionId, ack: u64) {
        self.fences.insert((id, ack));
    }

    pub(super) fn for_marker(&mut self, receiver: ConnectionId, number: u64) {
        self.markers.insert((receiver, number));
    }

    /// Whether something is due that comes of nothing else. An error is not: additional ones are free.
    pub(super) fn for_a_sign(&self) -> bool {
        self.events.iter().any(|((_, due), count)| *count > 0 && *due != Due::Event("error"))
    }
}

impl Driver<'_> {
    /// Waits from now on for what the forecast is certain of. Returns whether all that a conforming target sends is certain.
    pub(super) fn expect_what_is_certain(&mut self) -> bool {
        self.waiting.events = self.forecast.due();
        for (due, count) in &mut self.waiting.events {
            *count = count.saturating_sub(self.waiting.early.get(due).copied().unwrap_or(0));
        }
        self.waiting.early.clear();
        self.waiting.acted_at = Some(Instant::now());
        self.forecast.is_certain()
    }

    /// Waits until nothing is due any more. Returns whether that was so before the timeout.
    pub(super) async fn settle(&mut self, timeout: Duration) -> bool {
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

    /// Waits until everybody was told of the ends that the phase's outcome makes them witnesses of. Returns whether that was
    /// so before the timeout.
    pub(super) async fn settle_notices(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        while self.forecast.awaits_notice() {
            match tokio::time::timeout_at(deadline, self.incoming.recv()).await {
                Ok(Some((id, incoming))) => self.take_in(id, incoming),
                Ok(None) | Err(_) => {
                    self.record(Entry::Missed { what: "the notice of an end".to_owned() });
                    return false;
                }
            }
            while let Ok((id, incoming)) = self.incoming.try_recv() {
                self.take_in(id, incoming);
            }
            if self.trace.records.len() >= TRACE_RECORDS_MAX {
                return false;
            }
        }
        true
    }

    /// Asks who is there again and again until nobody is listed whose connection ended and who should be gone. Returns whether
    /// that was so before the timeout.
    pub(super) async fn ask_until_noticed(&mut self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut pause = PROBE_PAUSE_MIN;
        while self.forecast.awaits_notice() {
            if Instant::now() >= deadline || self.trace.records.len() >= TRACE_RECORDS_MAX {
                self.record(Entry::Missed { what: "that an end is noticed".to_owned() });
                return false;
            }
            self.listen(pause).await;
            pause = (pause * 2).min(PROBE_PAUSE_MAX);
            self.fence(&self.all_open()).await;
            if !self.settle(self.settings.timeout).await {
                return false;
            }
        }
        true
    }

    /// Takes in what comes within this time.
    async fn listen(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Ok(Some((id, incoming))) = tokio::time::timeout_at(end, self.incoming.recv()).await {
            self.take_in(id, incoming);
        }
    }

    /// Waits until nothing came for this long. Not for ever: a target that keeps sending is left alone after the timeout.
    pub(super) async fn settle_by_time(&mut self, quiet: Duration, timeout: Duration) {
        let deadline = Instant::now() + timeout.max(quiet);
        loop {
            let quiet_at = (Instant::now() + quiet).min(deadline);
            match tokio::time::timeout_at(quiet_at, self.incoming.recv()).await {
                Ok(Some((id, incoming))) => self.take_in(id, incoming),
                Ok(None) | Err(_) => break,
            }
            if self.trace.records.len() >= TRACE_RECORDS_MAX {
                return;
            }
        }
        let quiet_ms = u64::try_from(quiet.as_millis()).unwrap_or(u64::MAX);
        self.record(Entry::Waited { quiet_ms });
    }

    fn is_waiting(&self) -> bool {
        let deaf = |id: &ConnectionId| self.clients[usize::from(id.0)].state != ClientState::Open;
        self.waiting.acks.keys().any(|(id, _)| !deaf(id))
            || self.waiting.fences.iter().any(|(id, _)| !deaf(id))
            || self.waiting.ends.iter().any(|id| !deaf(id))
            || self.waiting.markers.iter().any(|(id, _)| !deaf(id))
            || self.waiting.events.iter().any(|((id, _), count)| *count > 0 && !deaf(id))
    }

    fn give_up_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (id, ack) in waiting.acks.into_keys() {
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
            self.client(id).is_deaf = true;
        }
        for id in waiting.ends {
            let reason =
                format!("the refusal of {}'s request does not end its connection, as is declared", self.name(id));
            self.record(Entry::GaveUp { reason });
        }
        for (id, number) in waiting.markers {
            self.record(Entry::Missed { what: format!("{}: the marker {number} of the runner", self.name(id)) });
        }
    }

    pub(super) fn take_in(&mut self, id: ConnectionId, incoming: Incoming) {
        match incoming {
            Incoming::Event { event, data } => {
                let marker = marker_number(self.settings.nonce, &event, data.as_ref());
                if marker.is_some_and(|number| self.waiting.markers.remove(&(id, number))) {
                    return;
                }
                if let Some(due) = due_of(&event, data.as_ref()) {
                    if due != Due::Event("error") {
                        self.waiting.stirred += 1;
                    }
                    match self.waiting.events.get_mut(&(id, due.clone())) {
                        Some(count) => {
                            if *count == 1
                                && let Some(acted_at) = self.waiting.acted_at
                            {
                                self.approach.latency.note(acted_at.elapsed());
                            }
                            *count = count.saturating_sub(1);
                        }
                        None => *self.waiting.early.entry((id, due)).or_default() += 1,
                    }
                }
                self.record(Entry::Received { connection: id, event, data });
            }
            Incoming::Ack { ack, data } if self.waiting.fences.remove(&(id, ack)) => {
                let refused = data.as_ref().and_then(|data| data.get("success")) != Some(&Value::Bool(true));
                let listed = || read_present(data.as_ref().and_then(|data| data.get(PRESENT)));
                let present = self.asks_who_is_there().then(listed);
                self.record(Entry::Fenced { connection: id, refused, present });
            }
            Incoming::Ack { ack, data } => {
                if let Some(asked_at) = self.waiting.acks.remove(&(id, ack)) {
                    self.approach.latency.note(asked_at.elapsed());
                }
                if self.refusals_close {
                    self.note_outcome(id, data.as_ref());
                }
                self.record(Entry::Acked { connection: id, ack, data });
            }
            Incoming::Unsayable(reason) => self.record(Entry::Unsayable { reason }),
            Incoming::Ended(reason) => {
                let client = self.client(id);
                (client.state, client.is_ended) = (ClientState::Over, true);
                let age = client.connection.take().map(|connection| connection.since.elapsed());
                // The target began to count before the client did.
                let heartbeat = age.zip(client.heartbeat).is_some_and(|(age, heartbeat)| age >= heartbeat / 2);
                self.waiting.forget(id);
                self.record(Entry::Ended { connection: id, reason, heartbeat });
            }
        }
    }
}

impl Driver<'_> {
    /// Takes in what became of a request where a refusal ends its connection: the end is waited for, for it changes who is
    /// where.
    fn note_outcome(&mut self, id: ConnectionId, data: Option<&Value>) {
        let was_refused = read_ack(data) == Some(Observation::Refused);
        self.client(id).was_refused = was_refused;
        if was_refused {
            self.waiting.ends.insert(id);
        }
    }
}

impl Waiting {
    /// A connection is over.
    fn forget(&mut self, id: ConnectionId) {
        self.acks.retain(|(asked, _), _| *asked != id);
        self.fences.retain(|(fenced, _)| *fenced != id);
        self.ends.remove(&id);
        self.markers.retain(|(receiver, _)| *receiver != id);
    }
}

/// Who is there, by the answer to a fence. An answer that lists nobody says that nobody is; what is no list is nobody's id.
fn read_present(listed: Option<&Value>) -> Vec<String> {
    let id = |user: &Value| user.as_str().map_or_else(|| user.to_string(), str::to_owned);
    match listed {
        None => Vec::new(),
        Some(Value::Array(users)) => users.iter().map(id).collect(),
        Some(other) => vec![id(other)],
    }
}

/// What an event may have been waited for as.
fn due_of(event: &str, data: Option<&Value>) -> Option<Due> {
    if event == "user-left" {
        let user = data.and_then(|data| data.get("userId")).and_then(Value::as_str);
        return user.map(|user| Due::Left(user.to_owned()));
    }
    let names = ["user-joined", "offer", "answer", "ice-candidate", "error", "room-closed", "host-changed"];
    names.into_iter().find(|name| *name == event).map(Due::Event)
}

/// What a marker carries, so that it is no signal of a step.
pub(super) fn marker(nonce: u64, number: u64) -> Value {
    Value::String(format!("fence-{nonce:x}-{number}"))
}

/// The number of a marker of this run.
fn marker_number(nonce: u64, event: &str, data: Option<&Value>) -> Option<u64> {
    let text = data.filter(|_| event == "ice-candidate")?.get("candidate")?.as_str()?;
    text.strip_prefix(&format!("fence-{nonce:x}-"))?.parse().ok()
}
