//! Engine.IO over HTTP long-polling, as clients use it that are kept from WebSockets. A bridge in this process fetches and
//! posts packets, and speaks WebSocket to the connection's own task, so that everything else is the same for both.

use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use url::Url;

use super::{OpenError, stream};
use crate::limits::{CORK_BYTES_MAX, FAREWELL_TIMEOUT, MESSAGE_BYTES_MAX, OUTGOING_QUEUE};

/// What separates packets in one body.
const SEPARATOR: char = '\u{1e}';

/// Opens an Engine.IO session at a WebSocket URL's address, and a stream on which its packets come and go. The first one is
/// the open packet.
///
/// # Errors
/// [`OpenError`], in words. Waiting is not bounded here.
pub(super) async fn open(url: &Url) -> Result<stream::Stream, OpenError> {
    let broken = |what: &str, error: &dyn std::fmt::Display| OpenError::Unreachable(format!("{what}: {error}"));
    let mut url = url.clone();
    // It was made from one of a web server, so it becomes one again.
    url.set_scheme("http").map_err(|()| OpenError::NotThisProtocol(format!("{url} is no address of a web server")))?;
    let client = Client::new();
    let first = fetch(&client, &url).await.map_err(OpenError::Unreachable)?;
    let id = first.strip_prefix('0').and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok());
    let id = id.as_ref().and_then(|open| open.get("sid")?.as_str());
    let id = id.ok_or_else(|| stream::not_this_protocol(&url, "an Engine.IO open packet", &first))?;
    let mut session = url.clone();
    session.query_pairs_mut().append_pair("sid", id);

    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| broken("the bridge", &error))?;
    let address = listener.local_addr().map_err(|error| broken("the bridge", &error))?;
    let inner = Url::parse(&format!("ws://{address}/")).expect("an address makes a URL");
    let accepting = async {
        let (tcp, _) = listener.accept().await.map_err(|error| broken("the bridge", &error))?;
        accept_async(tcp).await.map_err(|error| broken("the bridge", &error))
    };
    let (own, bridge) = tokio::join!(stream::open(&inner, "is the bridge there?"), accepting);
    tokio::spawn(run(bridge?, first, client, session));
    own
}

async fn fetch(client: &Client, url: &Url) -> Result<String, String> {
    let answer = async {
        let mut response = client.get(url.clone()).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MESSAGE_BYTES_MAX {
                break;
            }
        }
        Ok(body)
    };
    let body = answer.await.map_err(|error: reqwest::Error| format!("GET {url}: {error}"))?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Carries packets both ways until one side ends.
async fn run(mut own: WebSocketStream<TcpStream>, first: String, client: Client, session: Url) {
    let (packets, queue) = mpsc::channel(OUTGOING_QUEUE);
    let posting = tokio::spawn(post_all(queue, client.clone(), session.clone()));
    let (fetched, mut bodies) = mpsc::channel(1);
    let fetching = tokio::spawn(fetch_all(fetched, client, session));
    let mut body = Some(Ok(first));
    let reason = loop {
        match body.take() {
            Some(Ok(text)) => {
                for packet in text.split(SEPARATOR) {
                    if own.feed(Message::text(packet)).await.is_err() {
                        break;
                    }
                }
                if own.flush().await.is_err() {
                    break None;
                }
            }
            Some(Err(reason)) => break Some(reason),
            None => {}
        }
        tokio::select! {
            next = bodies.recv() => match next {
                Some(next) => body = Some(next),
                None => break Some("the server answers no more".to_owned()),
            },
            message = own.next() => match message {
                Some(Ok(Message::Text(packet))) => {
                    // A full queue is a server that does not take what it is sent.
                    if packets.send(packet.as_str().to_owned()).await.is_err() {
                        break Some("the server takes no more".to_owned());
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break None,
            },
        }
    };
    fetching.abort();
    drop(packets);
    match reason {
        Some(reason) => {
            let reason: String = reason.chars().take(CLOSE_REASON_CHARS_MAX).collect();
            let frame = CloseFrame { code: CloseCode::Away, reason: reason.into() };
            // Nobody may be left to be told.
            own.close(Some(frame)).await.ok();
        }
        // What was said last, a farewell, is still to be posted.
        None => {
            timeout(FAREWELL_TIMEOUT, posting).await.ok();
        }
    }
}

/// A close frame's reason has at most 123 bytes.
const CLOSE_REASON_CHARS_MAX: usize = 30;

async fn fetch_all(fetched: mpsc::Sender<Result<String, String>>, client: Client, session: Url) {
    loop {
        let body = fetch(&client, &session).await;
        let is_over = body.is_err();
        if fetched.send(body).await.is_err() || is_over {
            return;
        }
    }
}

/// Posts packets in order, those that wait together in one body.
async fn post_all(mut queue: mpsc::Receiver<String>, client: Client, session: Url) {
    let mut held = None;
    loop {
        let Some(mut body) = (match held.take() {
            Some(packet) => Some(packet),
            None => queue.recv().await,
        }) else {
            return;
        };
        // A server takes no body beyond a limit of its own, and a packet alone it has to take.
        while let Ok(next) = queue.try_recv() {
            if body.len() + next.len() > CORK_BYTES_MAX {
                held = Some(next);
                break;
            }
            body.push(SEPARATOR);
            body.push_str(&next);
        }
        let posted = client.post(session.clone()).header("Content-Type", "text/plain;charset=UTF-8").body(body);
        let is_taken = posted.send().await.is_ok_and(|response| response.status().is_success());
        if !is_taken {
            return;
        }
    }
}
