//! The boundary between the protocol's vocabulary and its two wires (docs/protocol.md, "Wire").
//!
//! [`decode`] and [`encode`] translate between an event with JSON data and the domain; [`socketio`] and [`json`] put such
//! events into frames. Payloads stay raw JSON text: they are neither parsed nor rewritten (RELAY-02).

mod decode;
mod encode;
pub mod json;
pub mod socketio;

#[cfg(test)]
mod golden;

use serde_json::value::RawValue;

pub use decode::decode;
pub use encode::{Encoded, Names, encode};

use crate::{
    id::RoomId,
    message::{ClientMessage, ServerMessage, SignalKind},
};

/// A description or candidate as it came.
pub type Payload = Box<RawValue>;
/// A client's message as a server on a wire sees it, with `S` as its key for connections.
pub type WireClientMessage<S> = ClientMessage<S, RoomId, Payload>;
/// A server's message before it is put on a wire.
pub type WireServerMessage<S> = ServerMessage<S, RoomId, Payload>;

/// A named event with at most one argument, and the number of the ack that its sender wants.
#[derive(Clone, Copy, Debug)]
pub struct EventFrame<'a> {
    /// The event's name.
    pub event: &'a str,
    /// Its argument.
    pub data: Option<&'a RawValue>,
    /// The number to answer under.
    pub ack: Option<u64>,
}

/// The bytes are not of the wire's form (ERR-06). The offender is the connection that sent them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of this wire: {0}")]
pub struct BrokenFrame(pub String);

impl SignalKind {
    /// The event's name, the same in both directions.
    #[must_use]
    pub fn event(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
            Self::Candidate => "ice-candidate",
        }
    }

    /// The member of the event's data that carries the payload.
    #[must_use]
    pub fn payload_member(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
            Self::Candidate => "candidate",
        }
    }

    /// The `type` of the `error` event for this kind.
    #[must_use]
    pub fn error_type(self) -> &'static str {
        match self {
            Self::Offer => "offer-error",
            Self::Answer => "answer-error",
            Self::Candidate => "ice-error",
        }
    }
}
