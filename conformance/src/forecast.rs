//! What a conforming target certainly sends, so that the driver knows what to wait for. It decides nothing: what does not
//! come is noted, and the oracles judge.
//!
//! Where acts race, only what comes in every legal order is certain. What was seen then tells which orders remain.

use std::collections::BTreeMap;

use glare_model::message::{ServerMessage, SignalFault, SignalRefusal};

use crate::{
    aside::aside,
    capability::Profile,
    limits::FORECAST_STATES_BRISK,
    oracle::frontier::{Message, Running},
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

/// The frontier of a scenario's trace while it runs.
pub(crate) struct Forecast {
    /// None once the target has gone off the protocol's ways, or too many orders are legal.
    frontier: Option<Running>,
    /// See [`Forecast::is_certain`].
    certain: bool,
}

impl Forecast {
    pub(crate) fn new(profile: Profile) -> Self {
        Self { frontier: Some(Running::new(profile)), certain: false }
    }

    /// Takes in a record of the trace.
    pub(crate) fn record(&mut self, at: usize, entry: &Entry) {
        let is_explained = |frontier: &mut Running| aside(is_long(frontier), || frontier.record(at, entry));
        if self.frontier.as_mut().is_some_and(|frontier| !is_explained(frontier)) {
            self.frontier = None;
        }
    }

    /// What certainly comes of the acts of the running phase, all of which have been recorded.
    pub(crate) fn due(&mut self) -> Dues {
        let certain = self.frontier.as_ref().map(|frontier| aside(is_long(frontier), || frontier.certain(due_of)));
        self.certain = certain.as_ref().is_some_and(|certain| certain.is_all);
        certain.into_iter().flat_map(|certain| certain.counts).collect()
    }

    /// Whether the acts of the running phase cause the same in every legal order, as of the last [`Forecast::due`].
    pub(crate) fn is_certain(&self) -> bool {
        self.certain
    }

    /// Whether somebody has to be told of an end in the running phase, by what has been seen of it so far, and was not yet.
    pub(crate) fn awaits_notice(&self) -> bool {
        self.frontier.as_ref().is_some_and(|frontier| aside(is_long(frontier), || frontier.awaits_notice()))
    }

    /// Those who are certainly members of the same room as this connection now, as far as the wire says.
    pub(crate) fn fellows(&self, connection: ConnectionId) -> Vec<ConnectionId> {
        self.frontier.as_ref().map(|frontier| frontier.fellows(connection)).unwrap_or_default()
    }
}

/// Whether many states are to be stepped.
fn is_long(frontier: &Running) -> bool {
    frontier.states() > FORECAST_STATES_BRISK
}

/// Acks are awaited by their numbers. The error for an undeliverable signal is a SHOULD: its absence is common, and the
/// sender's fence proves it without waiting.
fn due_of(message: &Message, user: &str) -> Option<Due> {
    match message {
        ServerMessage::Created(_) | ServerMessage::Joined(..) | ServerMessage::Refused(_) => None,
        ServerMessage::UserJoined(_) => Some(Due::Event("user-joined")),
        ServerMessage::RoomClosed => Some(Due::Event("room-closed")),
        ServerMessage::HostChanged(_) => Some(Due::Event("host-changed")),
        ServerMessage::UserLeft(_) => Some(Due::Left(user.to_owned())),
        ServerMessage::Signal { kind, .. } => Some(Due::Event(kind.event())),
        ServerMessage::Error(_, SignalRefusal::Undeliverable) => None,
        ServerMessage::Error(_, SignalRefusal::Fault(SignalFault::Malformed | SignalFault::TooLarge)) => {
            Some(Due::Event("error"))
        }
    }
}
