//! Opening a WebSocket, with errors that tell a user what is wrong with the target.

use std::io;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use url::{Host, Url};

use super::Stream;
use crate::limits;
use crate::transport::OpenError;

/// Read buffer of one connection. The library allocates it at once, and a run has many connections.
const READ_BUFFER_BYTES: usize = 16 << 10;
/// Our writes wait in the library's buffer: one message at a time, and answers to pings.
const WRITE_BUFFER_BYTES_MAX: usize = 2 * limits::MESSAGE_BYTES_MAX;
/// As much of an unexpected frame as an error message quotes.
const QUOTE_CHARS_MAX: usize = 80;

/// The WebSocket URL of a target's base URL, with `default_path` where the base URL has no path.
///
/// # Errors
/// [`OpenError::NotThisProtocol`] for TLS and for schemes that are no web.
pub(in crate::transport) fn base_url(base: &Url, default_path: &str) -> Result<Url, OpenError> {
    let unsupported = |why: &str| Err(OpenError::NotThisProtocol(format!("cannot connect to {base}: {why}")));
    match base.scheme() {
        "http" | "ws" => {}
        "https" | "wss" => return unsupported("TLS is not supported; use the server's plain http:// or ws:// address"),
        other => return unsupported(&format!("`{other}` is no scheme of a web server; use http:// or ws://")),
    }
    let mut url = base.clone();
    url.set_fragment(None);
    if url.path() == "/" {
        url.set_path(default_path);
    }
    match url.set_scheme("ws") {
        Ok(()) => Ok(url),
        Err(()) => unsupported("it does not become a ws:// address"),
    }
}

/// Opens a WebSocket. `hint` is the question to ask when an HTTP server refuses it.
///
/// # Errors
/// [`OpenError`], in words.
pub(in crate::transport) async fn open(url: &Url, hint: &str) -> Result<Stream, OpenError> {
    open_with(url, hint, &[], None).await
}

/// Opens a WebSocket with headers of one's own, and asks for a subprotocol.
///
/// # Errors
/// [`OpenError`], in words.
pub(in crate::transport) async fn open_with(
    url: &Url,
    hint: &str,
    headers: &[(String, String)],
    subprotocol: Option<&str>,
) -> Result<Stream, OpenError> {
    let invalid = |what: &str| OpenError::NotThisProtocol(format!("the binding's {what} is none of HTTP"));
    let mut request = url.as_str().into_client_request().map_err(|_| invalid("URL"))?;
    let protocol = subprotocol.map(|name| ("Sec-WebSocket-Protocol", name));
    for (name, value) in headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(protocol) {
        let name = name.parse::<HeaderName>().map_err(|_| invalid(&format!("header {name:?}")))?;
        let value = value.parse::<HeaderValue>().map_err(|_| invalid(&format!("value of the header {name}")))?;
        request.headers_mut().insert(name, value);
    }
    let tcp = open_tcp(url).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(limits::MESSAGE_BYTES_MAX))
        .max_frame_size(Some(limits::MESSAGE_BYTES_MAX));
    match client_async_with_config(request, tcp, Some(config)).await {
        Ok((stream, _response)) => Ok(stream),
        Err(error) => Err(handshake_failure(url, &address(url)?, hint, error)),
    }
}

/// Host and port.
/// Host and port of a URL.
pub(in crate::transport) fn address(url: &Url) -> Result<String, OpenError> {
    let host = url.host().ok_or_else(|| OpenError::NotThisProtocol(format!("{url} names no host")))?;
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or(80)))
}

/// Opens the TCP connection to a URL's host.
///
/// # Errors
/// [`OpenError`], in words.
pub(in crate::transport) async fn open_tcp(url: &Url) -> Result<TcpStream, OpenError> {
    let address = address(url)?;
    let host = url.host().ok_or_else(|| OpenError::NotThisProtocol(format!("{url} names no host")))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let tcp = match host {
        Host::Domain(name) => TcpStream::connect((name, port)).await,
        Host::Ipv4(ip) => TcpStream::connect((ip, port)).await,
        Host::Ipv6(ip) => TcpStream::connect((ip, port)).await,
    }
    .map_err(|error| OpenError::Unreachable(connect_failure(&address, &error)))?;
    tcp.set_nodelay(true).map_err(|error| OpenError::Unreachable(format!("the connection to {address}: {error}")))?;
    Ok(tcp)
}

/// The next text frame of a connection that is being opened.
///
/// # Errors
/// [`OpenError`] if the connection ends instead, or a binary frame comes.
pub(in crate::transport) async fn next_text(stream: &mut Stream, url: &Url) -> Result<String, OpenError> {
    match next_text_or_close(stream, url).await? {
        Ok(text) => Ok(text),
        Err(frame) => Err(not_this_protocol(url, "a text frame", &close_reason(frame.as_ref()))),
    }
}

/// The same, or the frame with which the server closes instead.
///
/// # Errors
/// [`OpenError`] if the connection breaks, or a binary frame comes.
pub(in crate::transport) async fn next_text_or_close(
    stream: &mut Stream,
    url: &Url,
) -> Result<Result<String, Option<CloseFrame>>, OpenError> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => return Ok(Ok(text.as_str().to_owned())),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Binary(_))) => return Err(not_this_protocol(url, "a text frame", "a binary frame")),
            Some(Ok(Message::Close(frame))) => return Ok(Err(frame)),
            Some(Err(error)) => return Err(OpenError::Unreachable(format!("{url}: {}", break_reason(&error)))),
            None => return Err(OpenError::Unreachable(format!("{url}: the server closed the connection"))),
        }
    }
}

/// Sends a text frame on a connection that is being opened.
///
/// # Errors
/// [`OpenError::Unreachable`] if the connection broke.
pub(in crate::transport) async fn send_text(stream: &mut Stream, url: &Url, text: &str) -> Result<(), OpenError> {
    send(stream, url, Message::text(text)).await
}

/// Sends a frame on a connection that is being opened.
///
/// # Errors
/// [`OpenError::Unreachable`] if the connection broke.
pub(in crate::transport) async fn send(stream: &mut Stream, url: &Url, message: Message) -> Result<(), OpenError> {
    let sent = stream.send(message).await;
    sent.map_err(|error| OpenError::Unreachable(format!("{url}: {}", break_reason(&error))))
}

/// The error for a frame of another shape than `expected`.
pub(in crate::transport) fn not_this_protocol(url: &Url, expected: &str, came: &str) -> OpenError {
    let mut quote: String = came.chars().take(QUOTE_CHARS_MAX).collect();
    if quote.len() < came.len() {
        quote.push('…');
    }
    OpenError::NotThisProtocol(format!("{url}: expected {expected}, but this came: {quote}"))
}

/// Why the server's close frame says that it closes.
pub(in crate::transport) fn close_reason(frame: Option<&CloseFrame>) -> String {
    match frame {
        None => "the server closed the WebSocket".to_owned(),
        Some(frame) if frame.reason.is_empty() => {
            format!("the server closed the WebSocket with code {}", u16::from(frame.code))
        }
        Some(frame) => {
            format!("the server closed the WebSocket with code {}: {}", u16::from(frame.code), frame.reason)
        }
    }
}

/// Why a connection broke.
pub(super) fn break_reason(error: &Error) -> String {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            "the server closed the TCP connection without a WebSocket close".to_owned()
        }
        Error::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => {
            "the connection was reset by the server".to_owned()
        }
        error => format!("the connection broke: {error}"),
    }
}

/// Why a TCP connection could not be opened, in words.
pub(in crate::transport) fn connect_failure(address: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("nobody listens on {address} (connection refused)"),
        _ => format!("cannot connect to {address}: {error}"),
    }
}

fn handshake_failure(url: &Url, address: &str, hint: &str, error: Error) -> OpenError {
    match error {
        Error::Http(response) => OpenError::NotThisProtocol(format!(
            "http://{address} answered {} to the WebSocket handshake at {}: {hint}",
            response.status(),
            url.path()
        )),
        Error::Io(_) | Error::Protocol(ProtocolError::HandshakeIncomplete) => {
            // Some servers hang up on a path that they do not know; others are just dying.
            OpenError::Unreachable(format!(
                "{address} closed the connection during the WebSocket handshake at {}: {hint}",
                url.path()
            ))
        }
        error => OpenError::NotThisProtocol(format!("{address} did not answer as a WebSocket server: {error}; {hint}")),
    }
}
