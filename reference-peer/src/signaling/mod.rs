//! The connection to a signaling server: Socket.IO v4, JSON over WebSocket, or whatever a binding describes. It moves events and
//! knows no room.
//!
//! One task owns the socket. What is to be sent goes in by one bounded queue, and what arrives comes out by another one, acks
//! included, in the order of arrival: the ack of a join is handled before the first event of the room (ORDER-02).

mod bound;
mod json;
mod socketio;
mod stream;

use std::{fmt, str::FromStr, time::Duration};

use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use url::Url;

use crate::limits;
pub use bound::{Bound, Server, ServerError};

/// Where a server is and how it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The address, `http` or `ws`.
    pub url: Url,
    /// The wire.
    pub wire: Wire,
}

/// How a server speaks (docs/protocol.md, "Wire").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Socket.IO v4 over WebSocket.
    SocketIo,
    /// JSON over WebSocket.
    Json,
}

/// A text names no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL.
    #[error("{text:?} is no URL: {problem}; a server looks like http://127.0.0.1:3000 or ws://127.0.0.1:3000/ws")]
    NotAUrl {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another scheme.
    #[error("the scheme {0:?} is not supported: http means Socket.IO, ws means JSON over WebSocket; TLS needs a proxy")]
    Scheme(String),
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (wire, rest) = match text.split_once(':') {
            Some(("sio" | "tutorial", rest)) => (Some(Wire::SocketIo), rest),
            Some(("glare", rest)) => (Some(Wire::Json), rest),
            _ => (None, text),
        };
        let not_a_url = |problem: String| EndpointError::NotAUrl { text: rest.to_owned(), problem };
        let url = Url::parse(rest).map_err(|error| not_a_url(error.to_string()))?;
        let by_scheme = match url.scheme() {
            "http" => Wire::SocketIo,
            "ws" => Wire::Json,
            other => return Err(EndpointError::Scheme(other.to_owned())),
        };
        if url.host().is_none() {
            return Err(not_a_url("it names no host".to_owned()));
        }
        Ok(Self { url, wire: wire.unwrap_or(by_scheme) })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = match self.wire {
            Wire::SocketIo => "sio",
            Wire::Json => "glare",
        };
        write!(f, "{wire}:{}", self.url)
    }
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The event's name.
    pub event: &'static str,
    /// Its data.
    pub data: Option<Value>,
    /// The number under which an ack is asked for.
    pub ack: Option<u64>,
}

/// Something that arrived.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// An event.
    Event(String, Value),
    /// The ack of a request.
    Ack(u64, Value),
    /// The connection ended without our doing, for a reason in words. Nothing follows.
    Ended(String),
}

/// A connection could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot connect to {server}: {problem}")]
pub struct ConnectError {
    /// The server.
    pub server: String,
    /// What went wrong.
    pub problem: String,
}

/// Opens connections to one server. [`Endpoint`] is the real one; tests have a network in memory.
pub trait Dial: Send + Sync + 'static {
    /// Opens a connection.
    fn dial(&self) -> impl Future<Output = Result<Signaling, ConnectError>> + Send;
}

impl Dial for Endpoint {
    /// Waiting is bounded by [`limits::CONNECT_TIMEOUT`].
    async fn dial(&self) -> Result<Signaling, ConnectError> {
        let opening = async {
            match self.wire {
                Wire::SocketIo => stream::open::<socketio::SocketIo>(&self.url).await,
                Wire::Json => stream::open::<json::Json>(&self.url).await,
            }
        };
        let late = || format!("no answer within {} s", limits::CONNECT_TIMEOUT.as_secs());
        let opened = timeout(limits::CONNECT_TIMEOUT, opening).await.unwrap_or_else(|_elapsed| Err(late()));
        opened.map_err(|problem| ConnectError { server: self.to_string(), problem })
    }
}

/// An open connection to a server.
#[derive(Debug)]
pub struct Signaling {
    /// Our user id.
    pub user_id: String,
    /// What is to be sent.
    pub outgoing: mpsc::Sender<Outgoing>,
    /// What arrives.
    pub incoming: mpsc::Receiver<Incoming>,
    task: JoinHandle<()>,
}

impl Signaling {
    /// A connection that `task` serves. It ends when nobody can send any more.
    #[must_use]
    pub fn new(
        user_id: String,
        outgoing: mpsc::Sender<Outgoing>,
        incoming: mpsc::Receiver<Incoming>,
        task: JoinHandle<()>,
    ) -> Self {
        Self { user_id, outgoing, incoming, task }
    }

    /// Sends what still waits, says goodbye, and waits until the socket is closed.
    pub async fn close(self) {
        let Self { outgoing, incoming, task, user_id: _ } = self;
        // The task ends once nobody can send any more; it does not wait for a reader either.
        drop((outgoing, incoming));
        task.await.expect("the task of a connection neither panics nor is aborted");
    }
}

/// How long a server may be silent: its interval and timeout in milliseconds, where it names them.
fn silence_max(interval: Option<u64>, patience: Option<u64>) -> Duration {
    match (interval, patience) {
        (Some(interval), Some(patience)) => {
            Duration::from_millis(interval.saturating_add(patience)).min(limits::SILENCE_MAX)
        }
        _ => limits::SILENCE_DEFAULT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_the_wire_where_none_is_named() {
        for (text, wire) in [
            ("http://127.0.0.1:3000", Wire::SocketIo),
            ("ws://127.0.0.1:3000/ws", Wire::Json),
            ("sio:ws://127.0.0.1:3000", Wire::SocketIo),
            ("glare:http://127.0.0.1:3000", Wire::Json),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().wire, wire, "{text}");
        }
    }

    #[test]
    fn what_is_no_server_is_named() {
        for (text, culprit) in [("localhost:3000", "localhost"), ("", "URL"), ("https://a.test", "https")] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains(culprit), "{text}: {error}");
        }
    }
}
