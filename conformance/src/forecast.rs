//! What a conforming target certainly sends, so that the driver knows what to wait for. It decides nothing: what does not
//! come is noted, and the oracles judge.
//!
//! Where acts race, only what comes in every legal order is certain. What was seen then tells which orders remain.

use std::collections::BTreeMap;

use glare_model::message::{ServerMessage, SignalFault, SignalRefusal};

use crate::{
    oracle::{
        facts::Facts,
        sequential::{Message, Model, Outcome},
        story::Story,
    },
    trace::Entry,
    transport::ConnectionId,
};

/// Something to wait for on a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Due {
    /// An event of this name.
    Event(&'static str),
    /// `user-left` of this user.
    Left(String),
}

/// How often something is to come.
pub(crate) type Dues = BTreeMap<(ConnectionId, Due), usize>;

/// The model, stepped beside a scenario while it runs.
#[derive(Default)]
pub(crate) struct Forecast {
    story: Story,
    /// None once the target has gone off the protocol's ways, or too many orders are legal.
    model: Option<Model>,
    /// Connections of the running phase that the model knows.
    opened: usize,
    /// See [`Forecast::is_certain`].
    certain: bool,
    /// Where everybody is, as far as the wire says, before the running phase.
    facts: Facts,
}

impl Forecast {
    pub(crate) fn new() -> Self {
        Self { model: Some(Model::default()), ..Self::default() }
    }

    /// Takes in a record of the trace.
    pub(crate) fn record(&mut self, at: usize, entry: &Entry) {
        if matches!(entry, Entry::Phase { .. }) && !self.story.phases.is_empty() {
            self.end_phase();
        }
        self.story.entry(at, entry);
    }

    fn end_phase(&mut self) {
        let last = self.story.phases.len() - 1;
        self.facts.open(&self.story.phases[last]);
        self.facts.close(&self.story.phases[last]);
        self.take_in_openings();
        self.opened = 0;
        let explained = self.model.as_mut().map(|model| model.advance(&self.story, last));
        if !matches!(explained, Some(Outcome::Explained)) {
            self.model = None;
        }
    }

    fn take_in_openings(&mut self) {
        if let (Some(model), Some(phase)) = (&mut self.model, self.story.phases.last()) {
            phase.opened[self.opened..].iter().for_each(|connection| model.open(*connection));
            self.opened = phase.opened.len();
        }
    }

    /// What certainly comes of the acts of the running phase, all of which have been recorded.
    pub(crate) fn due(&mut self) -> Dues {
        self.take_in_openings();
        self.certain = false;
        let (Some(model), Some(phase)) = (&self.model, self.story.phases.last()) else { return Dues::new() };
        let courses = model.courses(&self.story, phase).unwrap_or_default();
        let dues = courses.iter().map(|course| {
            let mut dues = Dues::new();
            for (to, message, _) in &course.sent {
                if let Some(due) = due_of(message, &self.story) {
                    *dues.entry((ConnectionId(*to), due)).or_default() += 1;
                }
            }
            dues
        });
        let mut dues: Vec<Dues> = dues.collect();
        dues.dedup();
        self.certain = dues.len() == 1;
        let mut dues = dues.into_iter();
        let first = dues.next().unwrap_or_default();
        dues.fold(first, |certain, other| {
            let both = certain.into_iter().filter_map(|(due, count)| {
                let count = count.min(other.get(&due).copied().unwrap_or(0));
                (count > 0).then_some((due, count))
            });
            both.collect()
        })
    }

    /// Whether the acts of the running phase cause the same in every legal course, as of the last [`Forecast::due`].
    pub(crate) fn is_certain(&self) -> bool {
        self.certain
    }

    /// Those who are certainly members of the same room as this connection now, as far as the wire says.
    pub(crate) fn fellows(&self, connection: ConnectionId) -> Vec<ConnectionId> {
        let mut facts = self.facts.clone();
        if let Some(phase) = self.story.phases.last() {
            facts.open(phase);
            facts.close(phase);
        }
        let members = facts.room(connection).map(|room| facts.members(&room)).unwrap_or_default();
        members.into_iter().filter(|member| *member != connection).collect()
    }
}

/// Acks are awaited by their numbers. The error for an undeliverable signal is a SHOULD: its absence is common, and the
/// sender's fence proves it without waiting.
fn due_of(message: &Message, story: &Story) -> Option<Due> {
    match message {
        ServerMessage::Created(_) | ServerMessage::Joined(..) | ServerMessage::Refused(_) => None,
        ServerMessage::UserJoined(_) => Some(Due::Event("user-joined")),
        // The core profile, which is what targets are judged by, has no hosts.
        ServerMessage::RoomClosed | ServerMessage::HostChanged(_) => None,
        ServerMessage::UserLeft(key) => Some(Due::Left(story.user(ConnectionId(*key)).to_owned())),
        ServerMessage::Signal { kind, .. } => Some(Due::Event(kind.event())),
        ServerMessage::Error(_, SignalRefusal::Undeliverable) => None,
        ServerMessage::Error(_, SignalRefusal::Fault(SignalFault::Malformed | SignalFault::TooLarge)) => {
            Some(Due::Event("error"))
        }
    }
}
