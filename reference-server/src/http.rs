//! The routes.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, get},
};

use crate::{engine, json, shared::Shared, web};

const ABOUT: &str = "This is glare-server, the reference server of the room signaling protocol (docs/protocol.md).

  /            a page to meet others with, the browser's reference peer
  /socket.io/  Socket.IO v4, polling and WebSocket, namespace /
  /ws          JSON over WebSocket
  /healthz     ok, while the server runs
";

/// Everything that the server answers.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(web::index))
        .route("/{file}", get(web::file))
        .route("/about", get(|| async { ABOUT }))
        .route("/healthz", get(|| async { "ok" }))
        .route("/ws", any(json::open))
        .route("/socket.io/", any(engine::handle))
        .route("/socket.io", any(engine::handle))
        .with_state(shared)
}

/// The answer when no connection is left to give.
pub(crate) fn full() -> Response {
    tracing::warn!("connection refused: as many as are allowed");
    (StatusCode::SERVICE_UNAVAILABLE, "Too many connections\n").into_response()
}
