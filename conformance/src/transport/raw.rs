//! Bytes past every library: on a connection of their own, where a handshake is expected.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::Url;

use super::{OpenError, Transport, socketio, stream, websocket};
use crate::{
    limits::{RAW_TIMEOUT, SESSION_ANSWER_BYTES_MAX},
    scenario::{
        Action, Scenario,
        raw::{Holes, Raw, Wire},
    },
};

impl Transport {
    /// The wire of a target on a socket, and the URL of its handshake.
    fn socket(&self) -> Option<(Wire, Result<Url, OpenError>)> {
        match self.inner() {
            Self::Bound(bound) => bound.socket(),
            Self::Spread(nodes) => nodes[0].socket(),
            // An adapter keeps its sockets to itself.
            Self::Exec(_) => None,
            Self::SocketIo(url) => Some((Wire::SocketIo, socketio::handshake_url(url))),
            Self::WebSocket(url) => Some((Wire::Json, websocket::handshake_url(url))),
            Self::Memory(_) => None,
            Self::Fenced(..) | Self::Declaring(..) => unreachable!("the inner transport is not wrapped"),
        }
    }

    /// Why a case is about bytes that cannot be written here, if it is.
    #[must_use]
    pub fn excludes(&self, case: &Scenario) -> Option<String> {
        let raw = |action: &Action| match action {
            Action::Raw(raw) | Action::Handshake(raw) => Some(raw.wire),
            Action::Connect | Action::Emit { .. } | Action::Broken(_) => None,
            Action::Close | Action::Drop | Action::Freeze | Action::Noticed => None,
        };
        let mut wires =
            case.phases.iter().flat_map(|phase| &phase.steps).filter_map(|step| raw(&step.action)).peekable();
        wires.peek()?;
        let Some((own, _)) = self.socket() else {
            return Some("it is about bytes on a socket, and the target has none".to_owned());
        };
        let other = wires.find(|wire| *wire != own && *wire != Wire::Any)?;
        Some(format!("it is about the wire {:?}, and the target speaks {:?}", other.word(), own.word()))
    }

    /// Opens a TCP connection, writes bytes, and then ends its half and waits for the other end, or holds it: the connection
    /// that is returned is to be kept for as long as that.
    ///
    /// # Errors
    /// [`OpenError`] if there is no connection; what becomes of the bytes is no error. Waiting is bounded.
    pub async fn knock(&self, raw: &Raw, patience: Duration) -> Result<Option<TcpStream>, OpenError> {
        let Some((_, url)) = self.socket() else {
            return Err(OpenError::NotThisProtocol("the target has no socket".to_owned()));
        };
        let url = url?;
        let session = if raw.needs_session() { open_session(&url, patience).await? } else { String::new() };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = if raw.wire == Wire::SocketIo { url.path().to_owned() } else { url.path().to_owned() + &query };
        let bytes = raw.bytes(&Holes { path, session });
        let mut tcp = connect(&url, patience).await?;
        // A target may hang up or stop reading at any byte; then the rest goes nowhere, as on any wire.
        timeout(RAW_TIMEOUT, tcp.write_all(&bytes)).await.ok();
        if raw.held {
            return Ok(Some(tcp));
        }
        say_last(&mut tcp).await;
        Ok(None)
    }
}

async fn connect(url: &Url, patience: Duration) -> Result<TcpStream, OpenError> {
    let opened = timeout(patience, stream::open_tcp(url)).await;
    opened.unwrap_or_else(|_| Err(OpenError::Late(format!("no connection within {} ms", patience.as_millis()))))
}

/// Ends one half of a connection and reads until the target ends the other one: then it has read all that was written. Not
/// longer than [`RAW_TIMEOUT`]; nothing follows from it if the target never does.
async fn say_last(tcp: &mut TcpStream) {
    let ending = async {
        tcp.shutdown().await?;
        let mut ignored = [0; 4096];
        while tcp.read(&mut ignored).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    timeout(RAW_TIMEOUT, ending).await.ok();
}

/// Writes the last bytes of a connection that was a client's, and goes on as [`Transport::knock`] does. `held` ends when the
/// connection is to.
pub(super) async fn last_words(tcp: &mut TcpStream, bytes: &[u8], held: Option<impl Future<Output = ()>>) {
    timeout(RAW_TIMEOUT, tcp.write_all(bytes)).await.ok();
    match held {
        None => say_last(tcp).await,
        Some(end) => {
            let reading = async {
                let mut ignored = [0; 4096];
                while matches!(tcp.read(&mut ignored).await, Ok(1..)) {}
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = reading => {}
                () = end => {}
            }
        }
    }
}

/// Opens an Engine.IO session by polling, which holds no connection open, and returns its id.
async fn open_session(url: &Url, patience: Duration) -> Result<String, OpenError> {
    let mut tcp = connect(url, patience).await?;
    let request = format!(
        "GET {}?EIO=4&transport=polling HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        url.path(),
        url.authority()
    );
    let asking = async {
        tcp.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        let most = u64::try_from(SESSION_ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
        tcp.take(most).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = match timeout(patience, asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(OpenError::Unreachable(format!("{url}: {error}"))),
        Err(_elapsed) => return Err(OpenError::Late(format!("no session within {} ms", patience.as_millis()))),
    };
    // A target without polling has no session; what is said to an unknown one is hostile enough.
    Ok(session_id(&String::from_utf8_lossy(&answer)).unwrap_or("none").to_owned())
}

fn session_id(answer: &str) -> Option<&str> {
    let (_, rest) = answer.split_once("\"sid\":\"")?;
    rest.split_once('"').map(|(session, _)| session)
}

#[cfg(test)]
mod tests {
    use super::session_id;

    #[test]
    fn the_session_is_read_from_the_open_packet() {
        let answer = "HTTP/1.1 200 OK\r\n\r\n0{\"sid\":\"a-1\",\"upgrades\":[\"websocket\"]}";
        assert_eq!(session_id(answer), Some("a-1"));
        assert_eq!(session_id("HTTP/1.1 400 Bad Request\r\n\r\n"), None);
    }
}
