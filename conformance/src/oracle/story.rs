//! A trace, cut into phases and put in order for judging. Nothing is judged here.

use std::collections::BTreeMap;

use glare_model::message::SignalKind;
use serde_json::Value;

use crate::{
    observation::{Observation, is_request, read_ack, read_event},
    scenario::Peer,
    trace::{Ending, Entry, Trace},
    transport::ConnectionId,
};

/// What was done and seen between one settling and the next.
#[derive(Clone, Debug, Default)]
pub struct PhaseStory {
    /// The place in the trace of its first record.
    pub began_at: usize,
    /// What clients did, in order.
    pub acts: Vec<Act>,
    /// What arrived, in the order of arrival. Acks of fences are not part of it.
    pub seen: Vec<Seen>,
    /// Connections opened.
    pub opened: Vec<ConnectionId>,
    /// Clients that could not connect, and why.
    pub open_failed: Vec<(Peer, String)>,
    /// Whether one of them was only not answered in time.
    pub open_late: bool,
    /// Connections that the target ended.
    pub ended: Vec<ConnectionId>,
    /// Whether the target may have ended one of them because it missed the answer to a heartbeat.
    pub missed_heartbeat: bool,
    /// Connections on which a fence was sent.
    pub fenced: Vec<ConnectionId>,
    /// Connections whose fence did not come back.
    pub fence_lost: Vec<ConnectionId>,
    /// Connections whose fence came back as a success, although it asks for what has to be refused.
    pub fence_accepted: Vec<ConnectionId>,
    /// Whether bytes were written on a connection of their own that are no handshake.
    pub knocked: bool,
    /// Whether no fence could tell that everything had arrived, so that time decided.
    pub waited: bool,
}

/// One thing that a client did.
#[derive(Clone, Debug)]
pub struct Act {
    /// The connection.
    pub connection: ConnectionId,
    /// What.
    pub what: What,
    /// The place in the trace.
    pub at: usize,
    /// The ack, where one was asked for: `None` if it never came, `Some(None)` if it made no sense.
    pub ack: Option<Option<Observation>>,
    /// The place of the ack in the trace.
    pub acked_at: Option<usize>,
    /// The bytes of the payload's JSON text, for a signal: counted once, for it may be large.
    pub payload_bytes: usize,
}

/// Kinds of acts.
#[derive(Clone, Debug)]
pub enum What {
    /// An event was sent; `ack` is the number asked to be answered under.
    Sent {
        /// Its name.
        event: String,
        /// Its data.
        data: Option<Value>,
        /// Its ack's number.
        ack: Option<u64>,
    },
    /// Something that is not of the wire's form was sent.
    Broken {
        /// Whether it is the last that the client says on that connection.
        last: bool,
    },
    /// The connection was ended or frozen.
    Ending(Ending),
}

/// One event that arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The connection.
    pub connection: ConnectionId,
    /// What.
    pub what: Observation,
    /// The place in the trace.
    pub at: usize,
}

/// A whole trace in this form.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The phases in order.
    pub phases: Vec<PhaseStory>,
    /// Each connection's client and user id.
    pub connections: BTreeMap<ConnectionId, (Peer, String)>,
    /// Why the driver gave up, if it did.
    pub gave_up: Option<String>,
    /// What could not be said on the target's wire, if that was so.
    pub unsayable: Option<String>,
}

impl Act {
    /// Whether it asks for an ack.
    #[must_use]
    pub fn asks_ack(&self) -> bool {
        matches!(self.what, What::Sent { ack: Some(_), .. })
    }
}

impl PhaseStory {
    /// Whether a fence is all that was sent on a connection.
    fn only_fenced(&self, connection: ConnectionId) -> bool {
        self.fenced.contains(&connection) && self.acts.iter().all(|act| act.connection != connection)
    }

    /// Whether the target ended a connection, and a refused request is the last that it is known to have served there. What
    /// becomes of a request that asks for no ack is open.
    pub(super) fn is_thrown_out(&self, connection: ConnectionId) -> bool {
        let mut own = self.acts.iter().rev().filter(|act| act.connection == connection);
        let is_refused = own.find_map(|act| match (&act.what, &act.ack) {
            (What::Sent { event, ack: None, .. }, _) if is_request(event) => Some(true),
            (_, None) => None,
            (_, Some(ack)) => Some(*ack == Some(Observation::Refused)),
        });
        self.ended.contains(&connection) && is_refused == Some(true)
    }
}

impl Story {
    /// Reads a trace. Records before the first phase belong to the first one.
    #[must_use]
    pub fn read(trace: &Trace) -> Self {
        let mut story = Self::default();
        for (at, record) in trace.records.iter().enumerate() {
            story.entry(at, &record.entry);
        }
        story
    }

    /// The user id of a connection; empty if it never had one.
    #[must_use]
    pub fn user(&self, connection: ConnectionId) -> &str {
        self.connections.get(&connection).map_or("", |(_, user)| user)
    }

    /// A connection by the name of its client, for people.
    #[must_use]
    pub fn name(&self, connection: ConnectionId) -> String {
        let Some((peer, _)) = self.connections.get(&connection) else { return format!("#{}", connection.0) };
        let earlier = self.connections.range(..connection).filter(|(_, (other, _))| other == peer).count();
        if earlier == 0 { peer.to_string() } else { format!("{peer}{}", "'".repeat(earlier)) }
    }

    /// A user id by the name of its client, for people.
    #[must_use]
    pub fn name_of_user(&self, user: &str) -> String {
        let owner = self.connections.iter().find(|(_, (_, id))| id == user);
        owner.map_or_else(|| format!("{user:?}"), |(connection, _)| self.name(*connection))
    }

    /// User ids by the names of their clients, for people.
    #[must_use]
    pub fn names_of_users<'a>(&self, users: impl IntoIterator<Item = &'a str>) -> String {
        let names: Vec<_> = users.into_iter().map(|user| self.name_of_user(user)).collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    }

    /// Takes in the next record; `at` is its place in the trace.
    pub(crate) fn entry(&mut self, at: usize, entry: &Entry) {
        if self.phases.is_empty() || matches!(entry, Entry::Phase { .. }) {
            self.phases.push(PhaseStory { began_at: at, ..PhaseStory::default() });
        }
        let phase = self.phases.last_mut().expect("a phase was just pushed");
        let act = |connection, what| Act { connection, what, at, ack: None, acked_at: None, payload_bytes: 0 };
        match entry {
            Entry::Phase { .. } | Entry::Missed { .. } => {}
            Entry::Waited { .. } => phase.waited = true,
            Entry::Fence { connection, .. } => phase.fenced.push(*connection),
            Entry::Opened { connection, peer, user_id, .. } => {
                phase.opened.push(*connection);
                self.connections.insert(*connection, (peer.clone(), user_id.clone()));
            }
            Entry::OpenFailed { peer, reason, late } => {
                phase.open_failed.push((peer.clone(), reason.clone()));
                phase.open_late |= *late;
            }
            Entry::Sent { connection, event, data, ack } => {
                let what = What::Sent { event: event.clone(), data: data.clone(), ack: *ack };
                let payload_bytes = payload_bytes(event, data.as_ref());
                phase.acts.push(Act { payload_bytes, ..act(*connection, what) });
            }
            Entry::SentBroken { connection, .. } => phase.acts.push(act(*connection, What::Broken { last: false })),
            Entry::SentRaw { connection, .. } => phase.acts.push(act(*connection, What::Broken { last: true })),
            Entry::Knocked { .. } => phase.knocked = true,
            Entry::Ending { connection, how } => phase.acts.push(act(*connection, What::Ending(*how))),
            Entry::Fenced { refused: true, .. } => {}
            Entry::Fenced { connection, refused: false, .. } => phase.fence_accepted.push(*connection),
            Entry::FenceLost { connection } => phase.fence_lost.push(*connection),
            Entry::Received { connection, event, data } => {
                let what = match read_event(event, data.as_ref()) {
                    // The fence is a refused request of its own, and a refusal may come with errors.
                    Observation::Error { .. } if phase.only_fenced(*connection) => Observation::Unknown,
                    what => what,
                };
                phase.seen.push(Seen { connection: *connection, what, at });
            }
            Entry::Acked { connection, ack, data } => {
                let asked = |act: &&mut Act| {
                    act.connection == *connection
                        && matches!(act.what, What::Sent { ack: Some(own), .. } if own == *ack)
                };
                // A late ack belongs to the phase of its request. An ack that nobody asked for says nothing.
                if let Some(act) = self.phases.iter_mut().rev().flat_map(|phase| &mut phase.acts).find(asked) {
                    act.ack = Some(read_ack(data.as_ref()));
                    act.acked_at = Some(at);
                }
            }
            Entry::Ended { connection, heartbeat, .. } => {
                phase.ended.push(*connection);
                phase.missed_heartbeat |= *heartbeat;
            }
            Entry::GaveUp { reason } => self.gave_up = Some(reason.clone()),
            Entry::Unsayable { reason } => self.unsayable = Some(reason.clone()),
        }
    }
}

fn payload_bytes(event: &str, data: Option<&Value>) -> usize {
    let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event);
    let payload = kind.and_then(|kind| data?.get(kind.payload_member()));
    payload.map_or(0, |payload| payload.to_string().len())
}
