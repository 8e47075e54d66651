//! Connections to a target. A transport moves events; it knows nothing of rooms, and judges nothing.
//!
//! Every connection is a task behind two bounded queues: commands go in, what arrives comes out, tagged with the
//! connection's number, on one queue that all connections of a scenario share. So the order of that queue is an order of
//! observation: per connection it is the order of arrival.

mod memory;
mod raw;
mod socketio;
mod stream;
mod websocket;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use crate::{capability::Profile, fence::Fence};

pub use memory::{CoreEffect, CoreInput, CutOff, Memory, ModelCore, RoomCore, Way, virtual_time};

/// The number of a connection within one scenario, in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ConnectionId(pub u16);

/// What a connection is told to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Send an event, with a request for an ack under a number if there is one.
    Emit {
        /// The event's name.
        event: String,
        /// Its argument, if any.
        data: Option<Value>,
        /// The number to be answered under.
        ack: Option<u64>,
    },
    /// Send a frame that is not of the wire's form.
    Broken(BrokenFrame),
    /// Write bytes past every library, and say nothing more.
    LastWords {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether the connection then stays open until it is dropped.
        held: bool,
    },
    /// End in the transport's polite way.
    Close,
    /// End as by a crash: reset the TCP connection without a word.
    Drop,
    /// Stay open, and from now on neither read nor write, not even answers to pings.
    Freeze,
    /// Serve another scenario: what arrives from now on goes there.
    Attach {
        /// The connection's number there.
        id: ConnectionId,
        /// Where what arrives goes.
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
        /// Told when it is so; dropped if the connection is over.
        taken: mpsc::Sender<()>,
    },
}

/// Kinds of frames that no well-behaved client library sends. Each transport has its own bytes for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BrokenFrame {
    /// A text that is no packet at all.
    Garbage,
    /// A packet whose JSON ends too early.
    TruncatedJson,
    /// A packet whose JSON is of another shape: a scalar, no name.
    WrongShape,
    /// A packet of a type that does not exist.
    UnknownType,
    /// A binary frame out of nowhere.
    Binary,
    /// A text frame that is not UTF-8.
    InvalidUtf8,
    /// Arrays nested a hundred thousand deep.
    DeepNesting,
    /// An empty frame.
    Empty,
    /// An ack nobody asked for, under a huge number.
    StrayAck,
    /// A WebSocket frame with a reserved opcode.
    ReservedOpcode,
}

/// What happens on a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An event with its first argument.
    Event {
        /// The event's name.
        event: String,
        /// Its argument, if any.
        data: Option<Value>,
    },
    /// The ack of the request with this number.
    Ack {
        /// The request's number.
        ack: u64,
        /// The ack's argument.
        data: Option<Value>,
    },
    /// The connection was ended by the other side, or broke. Nothing follows. Not sent for an end that the client asked
    /// for.
    Ended(String),
}

/// What a target says of a new connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The connection's user id.
    pub user_id: String,
    /// How often the server pings, if it says so.
    pub ping_interval: Option<Duration>,
    /// How long it waits for an answer, if it says so.
    pub ping_timeout: Option<Duration>,
}

/// A connection could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Nobody listens, the connection was reset, or a time-out.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody answers who does not speak the transport's protocol.
    #[error("{0}")]
    NotThisProtocol(String),
}

/// The sending half of an open connection. Dropping it ends the connection.
#[derive(Debug)]
pub struct Connection {
    /// What the target said at its opening.
    pub opened: Opened,
    /// When that was.
    pub since: Instant,
    /// Commands; the queue is bounded by [`crate::limits::OUTGOING_QUEUE`].
    pub commands: mpsc::Sender<Command>,
}

/// How to reach a target.
#[derive(Clone)]
pub enum Transport {
    /// Socket.IO v4 (Engine.IO 4) over WebSocket.
    SocketIo(url::Url),
    /// JSON over WebSocket.
    WebSocket(url::Url),
    /// A room core in this process.
    Memory(Memory),
    /// Another one, of a target where something else proves that everything has arrived.
    Fenced(Fence, Box<Self>),
    /// Another one, of a target that declares capabilities.
    Declaring(Profile, Box<Self>),
}

impl Transport {
    /// What proves that everything has arrived.
    #[must_use]
    pub fn fence(&self) -> Fence {
        match self {
            Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => Fence::Refused,
            Self::Fenced(fence, _) => *fence,
            Self::Declaring(_, inner) => inner.fence(),
        }
    }

    /// What the target declares.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self {
            Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => Profile::CORE,
            Self::Fenced(_, inner) => inner.profile(),
            Self::Declaring(profile, _) => *profile,
        }
    }

    /// The same, of a target that declares this.
    #[must_use]
    pub fn with_profile(self, profile: Profile) -> Self {
        if self.profile() == profile { self } else { Self::Declaring(profile, Box::new(self)) }
    }

    /// The same, with another proof that everything has arrived.
    #[must_use]
    pub fn with_fence(self, fence: Fence) -> Self {
        if self.fence() == fence { self } else { Self::Fenced(fence, Box::new(self)) }
    }

    /// Without what is said about it.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::Fenced(_, inner) | Self::Declaring(_, inner) => inner.inner(),
            Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => self,
        }
    }

    /// Opens a connection. What arrives on it goes to `incoming`, tagged with `id`.
    ///
    /// # Errors
    /// [`OpenError`]; waiting is bounded by `timeout`.
    pub async fn connect(
        &self,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
        timeout: Duration,
    ) -> Result<Connection, OpenError> {
        let opening = async {
            match self.inner() {
                Self::SocketIo(url) => socketio::connect(url, id, incoming).await,
                Self::WebSocket(url) => websocket::connect(url, id, incoming).await,
                Self::Memory(memory) => memory.connect(id, incoming).await,
                Self::Fenced(..) | Self::Declaring(..) => unreachable!("the inner transport is not wrapped"),
            }
        };
        tokio::time::timeout(timeout, opening)
            .await
            .unwrap_or_else(|_| Err(OpenError::Unreachable(format!("no answer within {} ms", timeout.as_millis()))))
    }
}
