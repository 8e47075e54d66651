//! WebSocket (RFC 6455) on an upgraded HTTP connection: the handshake, the frames, the end.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt, Sink, SinkExt, Stream, StreamExt};
use glare_model::limits::MESSAGE_BYTES_MAX;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message, Utf8Bytes,
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};

use crate::{
    ending::Ending,
    limits::{LINGER, LINGER_BYTES_MAX, READ_BUFFER_BYTES},
};

/// Whether a request asks for a WebSocket.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    has_token(headers, header::CONNECTION, "upgrade") && has_token(headers, header::UPGRADE, "websocket")
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Accepts the handshake of RFC 6455, section 4.2. The answer has to be sent before the upgrade completes.
///
/// # Errors
/// The answer to a request that is no such handshake.
pub(crate) fn accept(request: &mut Request) -> Result<(Response, OnUpgrade), Box<Response>> {
    let headers = request.headers();
    if request.method() != Method::GET || !is_upgrade(headers) {
        let text = "This address speaks WebSocket (RFC 6455): connect with a WebSocket client.\n";
        let answer = (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], text);
        return Err(Box::new(answer.into_response()));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let answer = (StatusCode::UPGRADE_REQUIRED, [(header::SEC_WEBSOCKET_VERSION, "13")]);
        return Err(Box::new(answer.into_response()));
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return Err(Box::new((StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing\n").into_response()));
    };
    let accept_key = derive_accept_key(key.as_bytes());
    // The server is HTTP/1 with upgrades, so a connection to take over is always there.
    let upgrade = hyper::upgrade::on(request);
    let answer = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept_key)
        .body(Body::empty())
        .expect("a derived key is base64, which is a valid header");
    Ok((answer, upgrade))
}

/// A WebSocket, server side. One task reads and writes it, and neither waits for the other.
pub(crate) struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Since when something waits to be written.
    writing_since: Option<Instant>,
}

/// What happens on a [`Socket`].
pub(crate) enum Event {
    /// All that was queued has been written.
    Written,
    /// A text message.
    Text(Utf8Bytes),
    /// A ping or a pong: a sign of life.
    Heartbeat,
    /// It is over.
    Over(Ending),
}

impl Socket {
    /// Takes an upgraded connection over.
    ///
    /// # Errors
    /// If the client went away before the upgrade was complete.
    pub(crate) async fn open(upgrade: OnUpgrade) -> Result<Self, Ending> {
        let upgraded = upgrade.await.map_err(|error| Ending::Lost(error.to_string()))?;
        // Without hyper's wrapper a silent connection holds no buffer but its own.
        let parts = upgraded.downcast::<TokioIo<TcpStream>>().expect("the accept loop serves nothing but TCP streams");
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .max_frame_size(Some(MESSAGE_BYTES_MAX))
            .max_message_size(Some(MESSAGE_BYTES_MAX));
        let (stream, early) = (parts.io.into_inner(), parts.read_buf.to_vec());
        let stream = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
        Ok(Self { stream, writing_since: None })
    }

    /// Since when something waits to be written; `None` if nothing does.
    pub(crate) fn writing_since(&self) -> Option<Instant> {
        self.writing_since
    }

    /// Queues messages and writes what the peer takes at once. [`Socket::event`] writes the rest.
    ///
    /// # Errors
    /// If the connection is over.
    pub(crate) fn send(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), Ending> {
        for message in messages {
            // Not asked for readiness first: what cannot be written now is kept, and the caller bounds how much that is.
            Pin::new(&mut self.stream).start_send(message).map_err(ending)?;
        }
        match self.stream.flush().now_or_never() {
            Some(written) => {
                self.writing_since = None;
                written.map_err(ending)
            }
            None => {
                self.writing_since.get_or_insert_with(Instant::now);
                Ok(())
            }
        }
    }

    /// The next thing that happens. Nothing is lost if the future is dropped.
    pub(crate) async fn event(&mut self) -> Event {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if self.writing_since.is_some()
            && let Poll::Ready(written) = Pin::new(&mut self.stream).poll_flush(cx)
        {
            self.writing_since = None;
            return Poll::Ready(written.map_or_else(|error| Event::Over(ending(error)), |()| Event::Written));
        }
        Pin::new(&mut self.stream).poll_next(cx).map(|next| match next {
            Some(Ok(Message::Text(text))) => Event::Text(text),
            Some(Ok(Message::Binary(_))) => Event::Over(Ending::Binary),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Event::Heartbeat,
            Some(Ok(Message::Close(_))) | None => Event::Over(Ending::Closed),
            Some(Ok(Message::Frame(_))) => unreachable!("reading yields whole messages"),
            Some(Err(error)) => Event::Over(ending(error)),
        })
    }

    /// Closes in the way that fits the reason. Takes at most [`LINGER`].
    pub(crate) async fn close(mut self, why: &Ending) {
        let goodbye = async {
            match why {
                // Nobody is there to read it, or something is queued before it that the peer does not take.
                Ending::Lost(_) | Ending::Overflow | Ending::WriteTimeout => Ok(()),
                Ending::Closed => SinkExt::close(&mut self.stream).await,
                _ => {
                    self.stream.send(Message::Close(why.close_frame())).await?;
                    self.await_answer().await;
                    Ok(())
                }
            }
        };
        match timeout(LINGER, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "closing a WebSocket"),
            Err(_elapsed) => tracing::debug!("a WebSocket's peer did not close in time"),
        }
    }

    /// Reads on until the peer answers the close frame: a socket that is closed with unread input is reset, and a reset
    /// can overtake the frame.
    async fn await_answer(&mut self) {
        while let Some(Ok(message)) = self.stream.next().await {
            if message.is_close() {
                return;
            }
        }
        // What comes after a fault cannot be read as frames any more.
        self.discard_input().await;
    }

    async fn discard_input(&mut self) {
        let stream = self.stream.get_mut();
        let mut left = LINGER_BYTES_MAX;
        // Not in the future itself, which every connection carries from its first moment.
        let mut buffer = vec![0; READ_BUFFER_BYTES];
        if stream.shutdown().await.is_err() {
            return;
        }
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    }
}

/// What an error of the library says of the connection.
fn ending(error: Error) -> Ending {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Ending::Closed,
        Error::Utf8(_) => Ending::Broken("a text frame is UTF-8".to_owned()),
        Error::Capacity(_) => Ending::TooLarge,
        Error::Protocol(tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            Ending::Lost("ended without a close frame".to_owned())
        }
        Error::Protocol(error) => Ending::WebSocketFault(error.to_string()),
        other => Ending::Lost(other.to_string()),
    }
}
