//! Connections to a target. A transport moves events; it knows nothing of rooms, and judges nothing.
//!
//! Every connection is a task behind two bounded queues: commands go in, what arrives comes out, tagged with the
//! connection's number, on one queue that all connections of a scenario share. So the order of that queue is an order of
//! observation: per connection it is the order of arrival.

mod bound;
pub mod exec;
mod http;
mod memory;
mod polling;
mod raw;
mod socketio;
mod stream;
mod websocket;

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use crate::{binding::adapt_to, capability::Profile, fence::Fence, scenario::Scenario};

pub use bound::Bound;
pub use exec::{AdapterError, Exec};
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
    /// Send what is answered under this number when everything before it was processed ([`crate::fence`]).
    Fence {
        /// The number.
        ack: u64,
        /// A room that no server lets anybody into, for wires on which the fence is a refused request.
        room: String,
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
    /// A request without what it asks for, and without an ack.
    BareRequest,
    /// A request with null in that place.
    NullRequest,
    /// A request with a number in that place.
    MistypedRequest,
    /// A signal without anything.
    BareSignal,
    /// A signal with null in the place of everything.
    NullSignal,
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
    /// A command has no words on this wire, and why: nothing was sent.
    Unsayable(String),
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
    /// Nobody listens, or the connection was reset.
    #[error("{0}")]
    Unreachable(String),
    /// No answer came in time.
    #[error("{0}")]
    Late(String),
    /// Somebody answers who does not speak the transport's protocol.
    #[error("{0}")]
    NotThisProtocol(String),
    /// The server does not let the client into the room that it was to enter by connecting.
    #[error("{0}")]
    Refused(String),
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
    /// Whatever a binding says.
    Bound(Bound),
    /// Whatever an adapter does.
    Exec(Exec),
    /// Socket.IO v4 (Engine.IO 4) over WebSocket, events as in docs/protocol.md, without a binding: what a binding is compared
    /// with.
    SocketIo(url::Url),
    /// JSON over WebSocket, as in docs/protocol.md, without a binding.
    WebSocket(url::Url),
    /// A room core in this process.
    Memory(Memory),
    /// Several, the nodes of one target: connections are spread over them in turn.
    Spread(Arc<[Self]>),
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
            Self::Bound(bound) => bound.plan.fence(),
            Self::Exec(exec) => exec.fence(),
            // Between nodes an ack proves nothing: what is relayed takes a way of its own.
            Self::Spread(nodes) => match nodes[0].fence() {
                Fence::Refused | Fence::Relayed => Fence::Relayed,
                Fence::None => Fence::None,
            },
            Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => Fence::Refused,
            Self::Fenced(fence, _) => *fence,
            Self::Declaring(_, inner) => inner.fence(),
        }
    }

    /// What the target declares.
    #[must_use]
    pub fn profile(&self) -> Profile {
        match self {
            Self::Bound(bound) => bound.plan.profile(),
            Self::Exec(exec) => exec.profile(),
            Self::Spread(nodes) => nodes[0].profile(),
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

    /// The nodes of one target as one. With one node it is that.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn spread(mut nodes: Vec<Self>) -> Self {
        if nodes.len() == 1 {
            return nodes.remove(0);
        }
        let first = nodes.first().cloned();
        if let Some(Self::Bound(first)) = first {
            for node in &mut nodes {
                if let Self::Bound(other) = node {
                    other.share_names_with(&first);
                }
            }
        }
        assert!(!nodes.is_empty(), "a target has a node");
        Self::Spread(nodes.into())
    }

    /// Without what is said about it.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::Fenced(_, inner) | Self::Declaring(_, inner) => inner.inner(),
            Self::Bound(_) | Self::Exec(_) | Self::Spread(_) => self,
            Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => self,
        }
    }

    /// Whether a room is entered by connecting to it.
    #[must_use]
    pub fn enters_by_connecting(&self) -> bool {
        self.profile().dialect().enters_by_connecting
    }

    /// Why nothing that is seen says anything about the target any more, if that is so.
    #[must_use]
    pub fn failure(&self) -> Option<AdapterError> {
        match self.inner() {
            Self::Exec(exec) => exec.failure(),
            Self::Spread(nodes) => nodes.iter().find_map(Self::failure),
            Self::Bound(_) | Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => None,
            Self::Fenced(..) | Self::Declaring(..) => unreachable!("the inner transport is not wrapped"),
        }
    }

    /// A case in the words that the target has.
    ///
    /// # Errors
    /// Why it is of no concern to the target.
    pub fn adapt(&self, case: &Arc<Scenario>) -> Result<Arc<Scenario>, String> {
        if let Some(reason) = self.profile().excludes(case) {
            // The binding may have words of its own for it.
            return Err(self.own_reason(case).unwrap_or(reason));
        }
        if let Some(reason) = self.excludes(case) {
            return Err(reason);
        }
        match self.inner() {
            Self::Bound(bound) => bound.plan.adapt(case).map(Arc::new).map_err(|reason| reason.to_string()),
            Self::Exec(exec) => exec.adapt(case),
            Self::Spread(nodes) => nodes[0].adapt(case),
            // A leave and a signal name one of several rooms, if that is what they do.
            Self::Memory(_) if self.profile().dialect().has_several_rooms() => {
                let adapted = adapt_to(*self.profile().dialect(), case);
                adapted.map(Arc::new).map_err(|reason| reason.to_string())
            }
            Self::SocketIo(_) | Self::WebSocket(_) | Self::Memory(_) => Ok(Arc::clone(case)),
            Self::Fenced(..) | Self::Declaring(..) => unreachable!("the inner transport is not wrapped"),
        }
    }

    fn own_reason(&self, case: &Scenario) -> Option<String> {
        let Self::Bound(bound) = self.inner() else { return None };
        let clause = case.covers.first()?;
        bound.plan.reason(*clause).map(|reason| format!("{clause}: {reason}"))
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
        self.enter(None, id, incoming, timeout).await
    }

    /// The same, and enters a room by it where that is how rooms are entered.
    ///
    /// # Errors
    /// [`OpenError`]; waiting is bounded by `timeout`.
    pub async fn enter(
        &self,
        room: Option<&Value>,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
        timeout: Duration,
    ) -> Result<Connection, OpenError> {
        if let Self::Spread(nodes) = self.inner() {
            let node = &nodes[usize::from(id.0) % nodes.len()];
            return Box::pin(node.enter(room, id, incoming, timeout)).await;
        }
        let opening = async {
            match self.inner() {
                Self::Bound(bound) => bound.connect(room, id, incoming).await,
                Self::Exec(exec) => exec.connect(room, id, incoming).await,
                Self::SocketIo(url) => socketio::connect(url, id, incoming).await,
                Self::WebSocket(url) => websocket::connect(url, id, incoming).await,
                Self::Memory(memory) => memory.connect(id, incoming).await,
                Self::Spread(_) | Self::Fenced(..) | Self::Declaring(..) => {
                    unreachable!("the inner transport is not wrapped, and is one node")
                }
            }
        };
        tokio::time::timeout(timeout, opening).await.unwrap_or_else(|_| {
            let waited = format!("within {} ms", timeout.as_millis());
            Err(OpenError::Late(if let Self::Exec(exec) = self.inner() {
                format!("the adapter {:?} did not answer `connect` {waited}", exec.name())
            } else {
                format!("no answer {waited}; whoever listens there may speak another protocol than the binding's")
            }))
        })
    }
}
