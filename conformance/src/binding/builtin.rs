//! Bindings: how a target's wire carries the protocol. Two are built in, one for each wire of docs/protocol.md, and two
//! stand for rules in this process.

use std::fmt;

use crate::fence::Fence;

/// A built-in binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binding {
    /// Socket.IO v4.
    Tutorial,
    /// JSON over WebSocket.
    Glare,
    /// A room core in this process.
    Memory,
}

impl Binding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tutorial, Self::Glare, Self::Memory];

    /// The name by which a target selects it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
            Self::Glare => "glare",
            Self::Memory => "memory",
        }
    }

    /// What it is, in a line.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Tutorial => "Socket.IO v4 (Engine.IO 4 over WebSocket), path /socket.io/; also called sio",
            Self::Glare => "JSON over WebSocket, path /ws",
            Self::Memory => "the rules in this process: memory:reference or memory:tutorial",
        }
    }

    /// What proves there that everything has arrived.
    #[must_use]
    pub fn fence(self) -> Fence {
        match self {
            Self::Tutorial | Self::Glare | Self::Memory => Fence::Refused,
        }
    }

    /// The binding of a name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        match name {
            "sio" => Some(Self::Tutorial),
            name => Self::ALL.into_iter().find(|binding| binding.name() == name),
        }
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
