//! What only the handshake of Engine.IO has: versions, transports, sessions.

use super::{
    Draft,
    handshakes::{SOUND, draft},
    quoted,
};

pub(super) fn drafts() -> Vec<Draft> {
    let long = format!("?EIO=4&transport=polling&sid={}", "s".repeat(6_000));
    vec![
        draft(
            "engine-version",
            "versions of Engine.IO that nobody speaks",
            &both(&[
                "?transport=websocket",
                "?EIO=3&transport=websocket",
                "?EIO=5&transport=polling",
                "?EIO=&transport=websocket",
                "?EIO=four&transport=websocket",
                "?EIO=4.0&transport=polling",
                "?EIO[]=4&transport=polling",
                "?EIO=4&EIO=3&transport=websocket",
            ]),
        ),
        draft(
            "engine-transport",
            "transports that do not exist",
            &both(&[
                "?EIO=4",
                "?EIO=4&transport=",
                "?EIO=4&transport=flashsocket",
                "?EIO=4&transport=webtransport",
                "?EIO=4&transport=__proto__",
                "?EIO=4&transport=constructor",
                "?EIO=4&transport=toString",
                "?EIO=4&transport[]=websocket",
                "?EIO=4&transport=polling&transport=websocket",
            ]),
        ),
        draft(
            "engine-session",
            "sessions that do not exist",
            &both(&[
                "?EIO=4&transport=polling&sid=unknown",
                "?EIO=4&transport=websocket&sid=unknown",
                "?EIO=4&transport=websocket&sid=",
                "?EIO=4&transport=websocket&sid=__proto__",
                "?EIO=4&transport=polling&sid=constructor",
                "?EIO=4&transport=polling&sid[]=a&sid[]=b",
                &long,
            ]),
        ),
        draft(
            "engine-options",
            "options of old clients, and such as never were",
            &both(&[
                "?EIO=4&transport=polling&j=0",
                "?EIO=4&transport=polling&j=__proto__",
                "?EIO=4&transport=polling&b64=1",
                "?EIO=4&transport=polling&t=%ff%00",
                "?EIO=4&transport=polling&&&=&%",
            ]),
        ),
    ]
}

/// Each query twice: as a request for a WebSocket, and as a plain one.
fn both(queries: &[&str]) -> Vec<String> {
    queries.iter().flat_map(|query| [get(query, SOUND), get(query, &SOUND[..1])]).collect()
}

fn get(query: &str, headers: &[&str]) -> String {
    let head: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("handshake socketio \"GET \" @path {}", quoted(&format!("{query} HTTP/1.1\r\n{head}\r\n")))
}
