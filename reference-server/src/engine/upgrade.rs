//! The WebSocket transport: opened directly, or by upgrade from polling.

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::{
    request::EngineError,
    session::{Carrier, Session},
};
use crate::{
    ending::Ending,
    http,
    limits::UPGRADE_TIMEOUT,
    shared::Shared,
    websocket::{self, Event, Socket},
};

const PROBE: &str = "2probe";
const PROBE_ANSWER: &str = "3probe";
const UPGRADE: &str = "5";

/// Opens a session on a WebSocket.
pub(super) fn open(shared: &Arc<Shared>, mut request: Request) -> Response {
    let (answer, upgrade) = match websocket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(refused) => return *refused,
    };
    let Some(permit) = shared.admit() else { return http::full() };
    let session = Arc::new(Session::new(shared, permit, Carrier::WebSocket));
    shared.spawn(async move {
        match Socket::open(upgrade).await {
            Ok(mut socket) => match socket.send([Message::text(session.handshake(&[]))]) {
                Ok(()) => session.run(socket).await,
                Err(ending) => session.end(&ending),
            },
            Err(ending) => session.end(&ending),
        }
    });
    answer
}

/// Moves a session from polling to a WebSocket. The client probes the WebSocket, waits until its last poll has ended, and
/// then moves; if anything goes wrong before, the session stays on polling.
pub(super) fn upgrade(session: &Arc<Session>, mut request: Request) -> Response {
    if !session.move_carrier(&[Carrier::Polling], Carrier::Opening) {
        return EngineError::BadRequest.into_response();
    }
    let (answer, upgrade) = match websocket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(refused) => {
            stay_on_polling(session);
            return *refused;
        }
    };
    let task_session = session.clone();
    session.shared().spawn(async move { run_upgrade(&task_session, Socket::open(upgrade)).await });
    answer
}

async fn run_upgrade(session: &Arc<Session>, opening: impl Future<Output = Result<Socket, Ending>>) {
    let Ok(mut socket) = opening.await else { return stay_on_polling(session) };
    let probed = tokio::select! {
        probed = timeout(UPGRADE_TIMEOUT, probe(session, &mut socket)) => {
            probed.unwrap_or_else(|_elapsed| Err(Ending::Lost("upgrade timeout".to_owned())))
        }
        ended = session.outbox().until(|outbox| outbox.end()) => Err(ended),
        () = session.shared().drain.cancelled() => Err(Ending::Shutdown),
    };
    if let Err(ending) = probed {
        tracing::debug!(%ending, "upgrade failed");
        stay_on_polling(session);
        socket.close(&ending).await;
    } else if session.move_carrier(&[Carrier::Probed], Carrier::WebSocket) {
        session.shared().sessions.remove(session.sid());
        session.run(socket).await;
    } else {
        socket.close(&Ending::Closed).await;
    }
}

/// Back to polling alone. A session that has moved or ended stays as it is.
fn stay_on_polling(session: &Session) {
    session.move_carrier(&[Carrier::Opening, Carrier::Probed], Carrier::Polling);
}

async fn probe(session: &Session, socket: &mut Socket) -> Result<(), Ending> {
    expect(socket, PROBE).await?;
    socket.send([Message::text(PROBE_ANSWER)])?;
    session.move_carrier(&[Carrier::Opening], Carrier::Probed);
    expect(socket, UPGRADE).await
}

async fn expect(socket: &mut Socket, packet: &str) -> Result<(), Ending> {
    loop {
        match socket.event().await {
            Event::Written | Event::Heartbeat => {}
            Event::Text(text) if text.as_str() == packet => return Ok(()),
            Event::Text(text) => return Err(Ending::Broken(format!("{packet} expected, not {:?}", text.as_str()))),
            Event::Over(ending) => return Err(ending),
        }
    }
}
