//! The polling transport: a GET that waits for packets, a POST that brings some.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use glare_model::limits::MESSAGE_BYTES_MAX;
use tokio::time::timeout;

use super::{
    request::EngineError,
    session::{Carrier, Session, Turn},
};
use crate::{ending::Ending, limits::HTTP_BODY_TIMEOUT, outbox::Next};

/// Between the packets of a payload.
const SEPARATOR: char = '\u{1e}';
const CLOSE: &str = "1";
const NOOP: &str = "6";

/// Packets for a client on polling.
pub(super) fn payload(packets: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=UTF-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, packets).into_response()
}

/// Waits for packets. A second poll at the same time ends the session, as with npm: one of the two would lose packets.
pub(super) async fn poll(session: Arc<Session>) -> Response {
    let Some(request) = UnderWay::begin(&session, Turn::Poll) else {
        session.end(&Ending::Broken("overlapping polls".to_owned()));
        return EngineError::BadRequest.into_response();
    };
    let packets = session.outbox().until(|outbox| {
        // Whoever reads from now on reads from the WebSocket.
        if session.carrier() == Carrier::WebSocket {
            return Some(NOOP.to_owned());
        }
        match outbox.take(usize::MAX) {
            Some(Next::Messages(mut packets)) => {
                packets.extend(outbox.end().map(|_| CLOSE.to_owned()));
                Some(packets.join(&SEPARATOR.to_string()))
            }
            Some(Next::End(_)) => Some(CLOSE.to_owned()),
            None => (session.carrier() == Carrier::Probed).then(|| NOOP.to_owned()),
        }
    });
    let answer = payload(packets.await);
    request.complete();
    answer
}

/// Performs the packets of a request, in order.
pub(super) async fn post(session: Arc<Session>, body: Body) -> Response {
    let Some(request) = UnderWay::begin(&session, Turn::Post) else {
        session.end(&Ending::Broken("overlapping posts".to_owned()));
        return EngineError::BadRequest.into_response();
    };
    let received = timeout(HTTP_BODY_TIMEOUT, read(body)).await.unwrap_or(Err(Ending::Lost("slow body".to_owned())));
    let performed = received.and_then(|text| text.split(SEPARATOR).try_for_each(|packet| session.receive(packet)));
    request.complete();
    match performed {
        Ok(()) => ([(header::CONTENT_TYPE, "text/html")], "ok").into_response(),
        Err(why) => {
            session.end(&why);
            match why {
                Ending::Closed => ([(header::CONTENT_TYPE, "text/html")], "ok").into_response(),
                Ending::TooLarge => EngineError::BadRequest.with_status(StatusCode::PAYLOAD_TOO_LARGE),
                _ => EngineError::BadRequest.into_response(),
            }
        }
    }
}

async fn read(body: Body) -> Result<String, Ending> {
    let mut bytes = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| Ending::Lost(error.to_string()))?;
        if bytes.len() + chunk.len() > MESSAGE_BYTES_MAX {
            return Err(Ending::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes).map_err(|_| Ending::Broken("a payload is UTF-8".to_owned()))
}

/// A request that is being answered. Its client may vanish, and then the server drops it half-way: the session ends,
/// since what was meant for that answer is lost.
struct UnderWay<'a> {
    session: &'a Session,
    turn: Turn,
    complete: bool,
}

impl<'a> UnderWay<'a> {
    fn begin(session: &'a Session, turn: Turn) -> Option<Self> {
        session.begin(turn).then_some(Self { session, turn, complete: false })
    }

    fn complete(mut self) {
        self.complete = true;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.session.finish(self.turn);
        if !self.complete {
            self.session.end(&Ending::Lost(format!("{:?} ended by the client", self.turn)));
        }
    }
}
