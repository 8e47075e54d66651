//! From an HTTP request to what it asks of which session, or to Engine.IO's error answer.

use std::sync::Arc;

use axum::{
    extract::{Query, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    polling,
    session::{Carrier, Session},
    upgrade,
};
use crate::{http, shared::Shared, websocket};

/// The errors of npm `engine.io`, with its codes and texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EngineError {
    UnknownTransport = 0,
    UnknownSession = 1,
    BadHandshakeMethod = 2,
    BadRequest = 3,
    UnsupportedProtocol = 5,
}

impl EngineError {
    fn text(self) -> &'static str {
        match self {
            Self::UnknownTransport => "Transport unknown",
            Self::UnknownSession => "Session ID unknown",
            Self::BadHandshakeMethod => "Bad handshake method",
            Self::BadRequest => "Bad request",
            Self::UnsupportedProtocol => "Unsupported protocol version",
        }
    }

    /// The answer under another status than 400.
    pub(super) fn with_status(self, status: StatusCode) -> Response {
        let body = json!({ "code": self as u8, "message": self.text() }).to_string();
        (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

impl IntoResponse for EngineError {
    fn into_response(self) -> Response {
        self.with_status(StatusCode::BAD_REQUEST)
    }
}

/// What the query says. Of a parameter that is given twice, the first counts.
struct Parameters {
    transport: Option<String>,
    sid: Option<String>,
    protocol: Option<String>,
}

impl Parameters {
    fn of(request: &Request) -> Self {
        let pairs = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let pairs = pairs.map(|Query(pairs)| pairs).unwrap_or_default();
        let find = |name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Self { transport: find("transport"), sid: find("sid"), protocol: find("EIO") }
    }
}

/// Answers every request to `/socket.io/`.
pub(crate) async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let mut answer =
        if request.method() == Method::OPTIONS { preflight(&request) } else { dispatch(&shared, request).await };
    // Pages of any origin may use the server: it has no cookies, and so nothing that a foreign page could borrow.
    answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

/// CORS: what a page of another origin may send.
fn preflight(request: &Request) -> Response {
    let mut answer =
        (StatusCode::NO_CONTENT, [(header::ACCESS_CONTROL_ALLOW_METHODS, "GET,POST,OPTIONS")]).into_response();
    if let Some(wanted) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    answer
}

async fn dispatch(shared: &Arc<Shared>, request: Request) -> Response {
    if ![Method::GET, Method::POST].contains(request.method()) {
        let mut answer = EngineError::BadHandshakeMethod.with_status(StatusCode::METHOD_NOT_ALLOWED);
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET,POST,OPTIONS"));
        return answer;
    }
    let parameters = Parameters::of(&request);
    let upgrading = websocket::is_upgrade(request.headers());
    let get = request.method() == Method::GET;
    let websocket = match parameters.transport.as_deref() {
        Some("polling") => false,
        Some("websocket") => true,
        _ => return EngineError::UnknownTransport.into_response(),
    };
    if websocket && !(upgrading && get) {
        return EngineError::BadRequest.into_response();
    }
    let Some(sid) = parameters.sid else {
        return match (get, parameters.protocol.as_deref()) {
            (false, _) => EngineError::BadHandshakeMethod.into_response(),
            (true, Some("4")) if websocket => upgrade::open(shared, request),
            (true, Some("4")) => open_polling(shared),
            (true, _) => EngineError::UnsupportedProtocol.into_response(),
        };
    };
    let Some(session) = shared.sessions.get(&sid) else { return EngineError::UnknownSession.into_response() };
    match (websocket, get) {
        (true, _) => upgrade::upgrade(&session, request),
        (false, true) => polling::poll(session).await,
        (false, false) => polling::post(session, request.into_body()).await,
    }
}

fn open_polling(shared: &Arc<Shared>) -> Response {
    let Some(permit) = shared.admit() else { return http::full() };
    let session = Arc::new(Session::new(shared, permit, Carrier::Polling));
    shared.sessions.insert(&session);
    let answer = polling::payload(session.handshake(&["websocket"]));
    shared.spawn(async move { session.supervise().await });
    answer
}
