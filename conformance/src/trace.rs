//! What was seen on the wire: an append-only record, the only evidence of every verdict.
//!
//! The order of records is the order of observation at the runner: per connection the order on the wire; between
//! connections only "sent before received" may be concluded from it. Times are for readers; no verdict looks at them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    capability::Profile,
    scenario::Peer,
    transport::{BrokenFrame, ConnectionId},
};

/// Everything that was seen in one run of one scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// What the target declares: by which rules the trace is to be judged.
    pub profile: Profile,
    /// The records, in order.
    pub records: Vec<Record>,
}

/// One thing that was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Microseconds since the scenario began.
    pub at_us: u64,
    /// What.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Kinds of records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// The steps of a phase begin.
    Phase {
        /// The phase's place in the scenario, from 0.
        phase: usize,
    },
    /// A connection was opened.
    Opened {
        /// Its number.
        connection: ConnectionId,
        /// The client whose connection it is.
        peer: Peer,
        /// The user id that the target gave.
        user_id: String,
        /// The advertised ping interval plus timeout, in milliseconds.
        heartbeat_ms: Option<u64>,
        /// Whether an earlier scenario used the connection, left its room, and everything that it caused has arrived.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        reused: bool,
    },
    /// A connection could not be opened.
    OpenFailed {
        /// The client that tried.
        peer: Peer,
        /// Why not.
        reason: String,
        /// Whether all that is known is that no answer came in time.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    /// A step: an event was sent.
    Sent {
        /// On which connection.
        connection: ConnectionId,
        /// The event's name.
        event: String,
        /// Its data.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        data: Option<Value>,
        /// The number of the ack that was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack: Option<u64>,
    },
    /// A step: a broken frame was sent.
    SentBroken {
        /// On which connection.
        connection: ConnectionId,
        /// Which.
        frame: BrokenFrame,
    },
    /// A step: bytes that no library sends were written, as the last that their connection says.
    SentRaw {
        /// On which connection.
        connection: ConnectionId,
        /// The bytes, as a scenario writes them.
        bytes: String,
    },
    /// A step: bytes that no library sends were written on a connection of their own, which never became a client's.
    Knocked {
        /// The client that did.
        peer: Peer,
        /// The bytes, as a scenario writes them.
        bytes: String,
    },
    /// A step: a connection was ended or frozen by its client.
    Ending {
        /// Which connection.
        connection: ConnectionId,
        /// How.
        how: Ending,
    },
    /// A fence was sent: a request that has to be refused, or a marker from one member to another.
    Fence {
        /// On which connection.
        connection: ConnectionId,
        /// Its number: that of its ack, or of the marker.
        ack: u64,
        /// For whom the marker is, where it is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receiver: Option<ConnectionId>,
    },
    /// The fence came back: what its connection sent before was processed, and what was sent to it before has arrived.
    Fenced {
        /// On which connection.
        connection: ConnectionId,
        /// Whether it was refused, as it must be.
        refused: bool,
        /// Who is there besides the client, where that has to be asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        present: Option<Vec<String>>,
    },
    /// The fence's ack did not come in time.
    FenceLost {
        /// On which connection.
        connection: ConnectionId,
    },
    /// No fence could tell, and nothing came for this long.
    Waited {
        /// Milliseconds.
        quiet_ms: u64,
    },
    /// An event arrived.
    Received {
        /// On which connection.
        connection: ConnectionId,
        /// The event's name.
        event: String,
        /// Its data.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        data: Option<Value>,
    },
    /// An ack arrived.
    Acked {
        /// On which connection.
        connection: ConnectionId,
        /// The request's number.
        ack: u64,
        /// The ack's data.
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        data: Option<Value>,
    },
    /// The target ended a connection.
    Ended {
        /// Which.
        connection: ConnectionId,
        /// In words.
        reason: String,
        /// Whether it was open for so long that the target may have missed the answer to a heartbeat.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        heartbeat: bool,
    },
    /// Something that the protocol promises did not come in time. The driver's remark; it decides nothing.
    Missed {
        /// In words.
        what: String,
    },
    /// The target's wire has no words for a step; nothing was sent.
    Unsayable {
        /// In words.
        reason: String,
    },
    /// The driver gave up: a bound of the runner was reached.
    GaveUp {
        /// Which.
        reason: String,
    },
}

/// How a client ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Politely.
    Close,
    /// By a reset.
    Drop,
    /// Not at all, but it says and hears nothing more.
    Freeze,
    /// A frozen one, that the others should have been told of by now.
    Noticed,
}

impl Entry {
    /// The connection that the entry is about, if it is about one.
    #[must_use]
    pub fn connection(&self) -> Option<ConnectionId> {
        match self {
            Self::Opened { connection, .. }
            | Self::Sent { connection, .. }
            | Self::SentBroken { connection, .. }
            | Self::SentRaw { connection, .. }
            | Self::Ending { connection, .. }
            | Self::Fence { connection, .. }
            | Self::Fenced { connection, .. }
            | Self::FenceLost { connection }
            | Self::Received { connection, .. }
            | Self::Acked { connection, .. }
            | Self::Ended { connection, .. } => Some(*connection),
            Self::Phase { .. }
            | Self::OpenFailed { .. }
            | Self::Knocked { .. }
            | Self::Waited { .. }
            | Self::Missed { .. }
            | Self::Unsayable { .. }
            | Self::GaveUp { .. } => None,
        }
    }
}

impl Trace {
    /// The trace as NDJSON, one record a line.
    #[must_use]
    pub fn to_ndjson(&self) -> String {
        let lines = self.records.iter().map(|record| {
            serde_json::to_string(record).expect("records consist of strings, numbers and JSON values") + "\n"
        });
        lines.collect()
    }
}

/// Data that is there with the value null is there.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
