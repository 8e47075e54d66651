//! The WebSocket below both wires: opening it, one task that serves it, the heartbeat, the farewell.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Error, Message, protocol::WebSocketConfig},
};
use url::{Host, Url};

use super::{Incoming, Outgoing, Signaling};
use crate::limits;

type Stream = WebSocketStream<TcpStream>;

/// A wire: what its frames say.
pub(super) trait Codec: Send + 'static {
    /// The path where the URL has none.
    const PATH: &'static str;
    /// What the URL's query has to be.
    const QUERY: Option<&'static str>;
    /// What is said before the WebSocket is closed.
    const FAREWELL: Option<&'static str>;

    /// Handles a frame of the handshake.
    fn greet(opening: &mut Opening, text: &str) -> Result<Greeting, String>;
    /// The frame of a message.
    fn encode(outgoing: &Outgoing) -> String;
    /// What a frame says.
    fn decode(text: &str) -> Heard;
}

/// What is learned during the handshake.
pub(super) struct Opening {
    /// How long the server may be silent.
    pub(super) silence_max: Duration,
}

pub(super) enum Greeting {
    Answer(&'static str),
    Done(String),
}

pub(super) enum Heard {
    Incoming(Incoming),
    Answer(&'static str),
    Goodbye,
    Nothing,
}

/// Opens a connection and leaves it to a task.
pub(super) async fn open<C: Codec>(base: &Url) -> Result<Signaling, String> {
    let mut stream = dial(&address::<C>(base)?).await?;
    let mut opening = Opening { silence_max: limits::SILENCE_DEFAULT };
    let user_id = loop {
        match C::greet(&mut opening, &next_text(&mut stream).await?)? {
            Greeting::Answer(text) => stream.send(Message::text(text)).await.map_err(|error| error.to_string())?,
            Greeting::Done(user_id) => break user_id,
        }
    };
    let (outgoing, to_send) = mpsc::channel(limits::OUTGOING_MAX);
    let (arrived, incoming) = mpsc::channel(limits::INCOMING_MAX);
    let task = tokio::spawn(serve::<C>(stream, to_send, arrived, opening.silence_max));
    Ok(Signaling::new(user_id, outgoing, incoming, task))
}

fn address<C: Codec>(base: &Url) -> Result<Url, String> {
    let mut url = base.clone();
    url.set_scheme("ws").map_err(|()| format!("{base} does not become a ws:// address"))?;
    url.set_fragment(None);
    if url.path() == "/" {
        url.set_path(C::PATH);
    }
    if C::QUERY.is_some() {
        url.set_query(C::QUERY);
    }
    Ok(url)
}

async fn dial(url: &Url) -> Result<Stream, String> {
    let port = url.port_or_known_default().unwrap_or(80);
    let tcp = match url.host() {
        Some(Host::Domain(name)) => TcpStream::connect((name, port)).await,
        Some(Host::Ipv4(ip)) => TcpStream::connect((ip, port)).await,
        Some(Host::Ipv6(ip)) => TcpStream::connect((ip, port)).await,
        None => return Err("the URL names no host".to_owned()),
    }
    .map_err(|error| error.to_string())?;
    tcp.set_nodelay(true).map_err(|error| error.to_string())?;
    let bytes_max = Some(glare_model::limits::MESSAGE_BYTES_MAX);
    let config = WebSocketConfig::default().max_message_size(bytes_max).max_frame_size(bytes_max);
    match client_async_with_config(url.as_str(), tcp, Some(config)).await {
        Ok((stream, _response)) => Ok(stream),
        Err(Error::Http(response)) => Err(format!("it answered {} at {}", response.status(), url.path())),
        Err(error) => Err(error.to_string()),
    }
}

async fn next_text(stream: &mut Stream) -> Result<String, String> {
    loop {
        match stream.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Binary(_))) => return Err("a binary frame came".to_owned()),
            Some(Ok(Message::Close(_))) | None => return Err("the server closed the connection".to_owned()),
            Some(Err(error)) => return Err(error.to_string()),
        }
    }
}

async fn serve<C: Codec>(
    mut stream: Stream,
    mut to_send: mpsc::Receiver<Outgoing>,
    arrived: mpsc::Sender<Incoming>,
    silence_max: Duration,
) {
    let ended = converse::<C>(&mut stream, &mut to_send, &arrived, silence_max).await.err();
    let is_ours = ended.is_none();
    let farewell = async {
        if is_ours && let Some(text) = C::FAREWELL {
            stream.send(Message::text(text)).await?;
        }
        stream.close(None).await?;
        // The server hangs up first, so that the port does not stay in TIME_WAIT.
        while stream.next().await.transpose()?.is_some() {}
        Ok::<(), Error>(())
    };
    // A farewell that fails and one that takes too long are followed by the same: the socket is closed.
    timeout(limits::FAREWELL_TIMEOUT, farewell).await.ok();
    if let Some(why) = ended {
        // Nobody may be listening any more.
        arrived.send(Incoming::Ended(why)).await.ok();
    }
}

/// Serves the connection until nobody wants to send any more.
///
/// # Errors
/// Why the connection ended otherwise, in words.
async fn converse<C: Codec>(
    stream: &mut Stream,
    to_send: &mut mpsc::Receiver<Outgoing>,
    arrived: &mpsc::Sender<Incoming>,
    silence_max: Duration,
) -> Result<(), String> {
    let mut heard_at = Instant::now();
    loop {
        tokio::select! {
            outgoing = to_send.recv() => match outgoing {
                None => return Ok(()),
                Some(outgoing) => send(stream, C::encode(&outgoing), silence_max).await?,
            },
            message = stream.next() => {
                heard_at = Instant::now();
                let text = match message {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_) | Message::Binary(_))) => continue,
                    Some(Ok(Message::Close(_))) | None => return Err("the server closed the connection".to_owned()),
                    Some(Err(error)) => return Err(format!("the connection broke: {error}")),
                };
                match C::decode(text.as_str()) {
                    Heard::Incoming(incoming) => {
                        if !pass_on::<C>(incoming, stream, to_send, arrived, silence_max).await? {
                            return Ok(());
                        }
                    }
                    Heard::Answer(text) => send(stream, text.to_owned(), silence_max).await?,
                    Heard::Goodbye => return Err("the server said goodbye".to_owned()),
                    Heard::Nothing => {}
                }
            }
            () = sleep_until(heard_at + silence_max) => {
                return Err(format!("the server was silent for {} s", silence_max.as_secs_f32()));
            }
        }
    }
}

/// Hands something to the session. What is to be sent goes on meanwhile: a session that waits until it is sent reads nothing.
/// `false` if nobody wants to send any more.
async fn pass_on<C: Codec>(
    incoming: Incoming,
    stream: &mut Stream,
    to_send: &mut mpsc::Receiver<Outgoing>,
    arrived: &mpsc::Sender<Incoming>,
    silence_max: Duration,
) -> Result<bool, String> {
    loop {
        tokio::select! {
            room = arrived.reserve() => {
                // A session that ends reads no more; the next turn of the caller's loop finds that out.
                if let Ok(room) = room {
                    room.send(incoming);
                }
                return Ok(true);
            }
            outgoing = to_send.recv() => match outgoing {
                None => return Ok(false),
                Some(outgoing) => send(stream, C::encode(&outgoing), silence_max).await?,
            }
        }
    }
}

async fn send(stream: &mut Stream, text: String, patience: Duration) -> Result<(), String> {
    let sending = stream.send(Message::text(text));
    let sent = timeout(patience, sending).await.map_err(|_elapsed| "the server stopped reading".to_owned())?;
    sent.map_err(|error| format!("the connection broke: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::{super::json::Json, *};

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_is_to_be_sent_is_sent_while_nobody_takes_what_arrives() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
        let serving = async {
            let mut stream = accept_async(listener.accept().await.unwrap().0).await.unwrap();
            let greeting = json!({ "event": "connected", "data": { "userId": "a" } });
            stream.send(Message::text(greeting.to_string())).await.unwrap();
            for _ in 0..limits::INCOMING_MAX + 2 {
                stream.feed(Message::text(r#"{"event":"user-joined","data":{"userId":"b"}}"#)).await.unwrap();
            }
            stream.flush().await.unwrap();
            stream
        };
        let (signaling, mut stream) = tokio::join!(open::<Json>(&url), serving);
        let signaling = signaling.unwrap();
        // Full, and the task has one more in its hands, or will have.
        timeout(PATIENCE, async {
            while signaling.incoming.len() < limits::INCOMING_MAX {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        // More than one turn of the task's loop could send.
        for _ in 0..3 {
            let leaving = Outgoing { event: "leave-room", data: None, ack: None };
            signaling.outgoing.send(leaving).await.unwrap();
            let said = timeout(PATIENCE, next_text(&mut stream)).await.expect("it is sent");
            assert!(said.unwrap().contains("leave-room"));
        }
        drop(stream);
        timeout(PATIENCE, signaling.close()).await.unwrap();
    }
}
