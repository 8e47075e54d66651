//! Engine.IO protocol 4 at `/socket.io/`: what carries Socket.IO packets, by polling or by WebSocket.
//!
//! A session is named by its secret id (`sid`), which whoever knows it can read and write as. The public user id is
//! another value ([`crate::random_id`]).
//!
//! Where the protocol's document is silent, this follows npm `engine.io` 6 and `socket.io` 4, their error answers
//! included. A DISCONNECT packet ends the connection in the sense of the signaling protocol; the session stays, as with npm,
//! and may CONNECT again, as another user, within the connect timeout.

mod polling;
mod registry;
mod request;
mod session;
mod upgrade;

pub(crate) use registry::Registry;
pub(crate) use request::handle;

/// A Socket.IO packet as an Engine.IO message.
pub(crate) fn message(packet: &str) -> String {
    format!("4{packet}")
}
