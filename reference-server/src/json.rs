//! The JSON wire at `/ws` (docs/protocol.md, "Wire: JSON over WebSocket").

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use glare_model::wire::json;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::{
    converse::{Party, converse},
    ending::Ending,
    http,
    hub::Wire,
    outbox::Outbox,
    shared::{Seat, Shared},
    websocket::{self, Socket},
};

/// Answers a request to `/ws`, and starts the connection's task.
pub(crate) async fn open(State(shared): State<Arc<Shared>>, mut request: Request) -> Response {
    let (answer, upgrade) = match websocket::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(refused) => return *refused,
    };
    let Some(permit) = shared.admit() else { return http::full() };
    let task_shared = shared.clone();
    shared.spawn(async move {
        match Socket::open(upgrade).await {
            Ok(socket) => run(&task_shared, socket).await,
            Err(ending) => tracing::debug!(%ending, "a WebSocket that never opened"),
        }
        drop(permit);
    });
    answer
}

async fn run(shared: &Arc<Shared>, mut socket: Socket) {
    let outbox = Arc::new(Outbox::new(shared.config.outbox));
    let (interval_ms, timeout_ms) = shared.config.heartbeat_ms();
    let greeting = |user_id: &str| json::connected(user_id, interval_ms, timeout_ms);
    let mut client = Client { seat: Seat::take(shared, Wire::Json, &outbox, greeting) };
    let ending = converse(&mut socket, &outbox, &mut client, shared).await;
    // First the others learn of it: a goodbye may take its time.
    drop(client);
    tracing::debug!(%ending, wire = "json", "connection ended");
    socket.close(&ending).await;
}

struct Client {
    seat: Seat,
}

impl Party for Client {
    fn receive(&mut self, text: &str) -> Result<(), Ending> {
        let frame = json::ClientFrame::parse(text).map_err(|broken| Ending::Broken(broken.to_string()))?;
        self.seat.perform(frame.event());
        Ok(())
    }

    fn ping(&self) -> Message {
        Message::Ping(Bytes::new())
    }

    fn deadline(&self) -> Option<(Instant, Ending)> {
        None
    }
}
