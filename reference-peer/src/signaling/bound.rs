//! The connection to a server of another wire, which a binding describes (docs/bindings.md): the suite's own client speaks it,
//! and translates into the protocol's words and back.

use std::{fmt, str::FromStr};

use glare_conformance::{
    target::{Target, TargetError},
    transport::{Command, ConnectionId, Incoming as Arrived, Transport},
};
use tokio::sync::mpsc;

use super::{ConnectError, Dial, Endpoint, EndpointError, Incoming, Outgoing, Signaling};
use crate::limits;

/// A server that a binding of the suite describes.
#[derive(Clone)]
pub struct Bound {
    name: String,
    transport: Transport,
}

/// A server of any wire.
#[derive(Clone)]
pub enum Server {
    /// One that speaks a wire of docs/protocol.md.
    Endpoint(Endpoint),
    /// Another one.
    Bound(Bound),
}

/// A text names no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Without a binding.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// With one.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A target that is no server at an address.
    #[error("{0}: a peer needs the address of a server, as in matchbox:ws://127.0.0.1:3536")]
    NoAddress(String),
    /// Rooms of that server are entered by connecting to them.
    #[error("{0}: a room of this server is chosen by its address, and not by a request; glare-peer cannot enter it")]
    NoRequests(String),
}

impl FromStr for Bound {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let target: Target = text.parse()?;
        let transport = target.transport().ok_or_else(|| ServerError::NoAddress(text.to_owned()))?;
        if matches!(transport, Transport::Memory(_)) {
            return Err(ServerError::NoAddress(text.to_owned()));
        }
        if transport.enters_by_connecting() {
            return Err(ServerError::NoRequests(text.to_owned()));
        }
        Ok(Self { name: text.to_owned(), transport })
    }
}

impl FromStr for Server {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let is_ours = |prefix: &str| matches!(prefix, "http" | "https" | "ws" | "wss" | "sio" | "tutorial" | "glare");
        match text.split_once(':') {
            Some((prefix, _)) if !is_ours(prefix) => Ok(Self::Bound(text.parse()?)),
            _ => Ok(Self::Endpoint(text.parse()?)),
        }
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bound").field(&self.name).finish()
    }
}

impl Dial for Server {
    async fn dial(&self) -> Result<Signaling, ConnectError> {
        match self {
            Self::Endpoint(endpoint) => endpoint.dial().await,
            Self::Bound(bound) => bound.dial().await,
        }
    }
}

impl Dial for Bound {
    async fn dial(&self) -> Result<Signaling, ConnectError> {
        let failed = |problem: String| ConnectError { server: self.name.clone(), problem };
        let (tagged, arriving) = mpsc::channel(limits::INCOMING_MAX);
        let connected = self.transport.connect(ConnectionId(0), tagged, limits::CONNECT_TIMEOUT).await;
        let connection = connected.map_err(|error| failed(error.to_string()))?;
        let (outgoing, to_send) = mpsc::channel(limits::OUTGOING_MAX);
        let (arrived, incoming) = mpsc::channel(limits::INCOMING_MAX);
        let task = tokio::spawn(serve(connection.commands, to_send, arriving, arrived));
        Ok(Signaling::new(connection.opened.user_id, outgoing, incoming, task))
    }
}

/// Passes on, until nobody wants to send any more or the connection ends. Neither direction waits for the other one.
async fn serve(
    commands: mpsc::Sender<Command>,
    mut to_send: mpsc::Receiver<Outgoing>,
    mut arriving: mpsc::Receiver<(ConnectionId, Arrived)>,
    arrived: mpsc::Sender<Incoming>,
) {
    let (mut leaving, mut heard) = (None, None);
    let ended = loop {
        tokio::select! {
            outgoing = to_send.recv(), if leaving.is_none() => match outgoing {
                Some(Outgoing { event, data, ack }) => {
                    leaving = Some(Command::Emit { event: event.to_owned(), data, ack });
                }
                None => {
                    // Already over, if nobody takes it.
                    commands.send(Command::Close).await.ok();
                    return;
                }
            },
            room = commands.reserve(), if leaving.is_some() => match (room, leaving.take()) {
                (Ok(room), Some(command)) => room.send(command),
                (Ok(_), None) => {}
                (Err(_), _) => break "the connection ended".to_owned(),
            },
            incoming = arriving.recv(), if heard.is_none() => match translate(incoming) {
                Ok(incoming) => heard = Some(incoming),
                Err(why) => break why,
            },
            room = arrived.reserve(), if heard.is_some() => {
                // A session that ends reads no more; then a later turn of the loop finds that out.
                if let (Ok(room), Some(incoming)) = (room, heard.take()) {
                    room.send(incoming);
                }
            }
        }
    };
    // Nobody may be listening any more.
    arrived.send(Incoming::Ended(ended)).await.ok();
}

/// # Errors
/// Why the connection ended, in words.
fn translate(arrived: Option<(ConnectionId, Arrived)>) -> Result<Incoming, String> {
    match arrived {
        Some((_, Arrived::Event { event, data })) => Ok(Incoming::Event(event, data.unwrap_or_default())),
        Some((_, Arrived::Ack { ack, data })) => Ok(Incoming::Ack(ack, data.unwrap_or_default())),
        Some((_, Arrived::Unsayable(why))) => Err(format!("this server has no words for it: {why}")),
        Some((_, Arrived::Ended(why))) => Err(why),
        None => Err("the connection ended".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_to_be_sent_is_sent_while_nobody_takes_what_arrives() {
        let (commands, mut commanded) = mpsc::channel(1);
        let (outgoing, to_send) = mpsc::channel(1);
        let (arriving, arrives) = mpsc::channel(1);
        let (arrived, mut incoming) = mpsc::channel(1);
        let task = tokio::spawn(serve(commands, to_send, arrives, arrived));
        // One for each queue, and one in the hands of the task.
        for _ in 0..3 {
            let event = Arrived::Event { event: "user-left".to_owned(), data: None };
            arriving.send((ConnectionId(0), event)).await.unwrap();
        }
        for _ in 0..3 {
            outgoing.send(Outgoing { event: "leave-room", data: None, ack: None }).await.unwrap();
            let sent = timeout(Duration::from_secs(60), commanded.recv()).await.expect("it is sent");
            assert!(matches!(sent, Some(Command::Emit { event, .. }) if event == "leave-room"));
        }
        for _ in 0..3 {
            assert_eq!(incoming.recv().await, Some(Incoming::Event("user-left".to_owned(), Value::Null)));
        }
        drop(outgoing);
        assert!(matches!(commanded.recv().await, Some(Command::Close)));
        task.await.unwrap();
    }

    #[test]
    fn a_binding_decides_the_wire_and_without_one_the_scheme_does() {
        for text in ["http://127.0.0.1:3000", "sio:http://127.0.0.1:3000", "ws://127.0.0.1:3000/ws"] {
            assert!(matches!(text.parse(), Ok(Server::Endpoint(_))), "{text}");
        }
        assert!(matches!("peerpigeon:ws://127.0.0.1:3000".parse(), Ok(Server::Bound(_))));
    }

    #[test]
    fn what_is_no_server_is_explained() {
        for (text, culprit) in [
            ("nowhere:http://127.0.0.1:3000", "nowhere"),
            ("memory:reference", "address"),
            ("./no-such-file.toml:http://127.0.0.1:3000", "no-such-file"),
            ("https://a.test", "https"),
        ] {
            let Err(error) = text.parse::<Server>() else { panic!("{text} is no server") };
            assert!(error.to_string().contains(culprit), "{text}: {error}");
        }
    }
}
