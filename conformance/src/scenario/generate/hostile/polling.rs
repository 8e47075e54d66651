//! Engine.IO over HTTP: bodies, requests that overlap, and upgrades that go wrong, each in a session of its own.

use super::{Draft, by_many, quoted};

const QUERY: &str = "?EIO=4&transport=polling&sid=";
const UPGRADE: &str = "?EIO=4&transport=websocket&sid=";
const TEXT: &str = "text/plain;charset=UTF-8";
const WEBSOCKET: &str = "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

pub(super) fn drafts() -> Vec<Draft> {
    [packets(), requests()].concat()
}

fn draft(id: &str, title: &str, deeds: &[String]) -> Draft {
    Draft {
        id: format!("polling-{id}"),
        title: title.to_owned(),
        lines: by_many(&deeds.iter().map(|deed| format!("handshake socketio {deed}")).collect::<Vec<_>>()),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| post(TEXT, &quoted(text), text.len())).collect()
}

/// Bodies of requests that are sound.
fn packets() -> Vec<Draft> {
    vec![
        draft(
            "framing",
            "bodies that are no packets",
            &texts(&[
                "",
                "\u{1e}",
                "\u{1e}\u{1e}\u{1e}",
                "x",
                "4",
                "42",
                "hello",
                "0",
                "9\u{1e}9",
                "5:hello",
                "-1:4",
                "\u{0}",
            ]),
        ),
        draft(
            "packets",
            "packets in an order in which none may come",
            &texts(&[
                "42[\"offer\",{}]",
                "40\u{1e}41\u{1e}42[\"offer\",{}]",
                "41",
                "1",
                "40\u{1e}1\u{1e}40",
                "40\u{1e}40\u{1e}40",
                "40\u{1e}451-[\"x\",{\"_placeholder\":true,\"num\":0}]",
                "40\u{1e}451-[\"x\",{\"_placeholder\":true,\"num\":0}]\u{1e}b!!!!",
                "2probe\u{1e}5",
                "3\u{1e}3\u{1e}3",
            ]),
        ),
        draft(
            "numbers",
            "very many packets in one body",
            &[
                post(TEXT, "\"40\" x1e343034*2000", 2 + 8_000),
                post(TEXT, "x1e*20000", 20_000),
                post(TEXT, "\"40\" x1e62*5000", 2 + 10_000),
            ],
        ),
    ]
}

/// Requests that are not.
fn requests() -> Vec<Draft> {
    vec![
        draft(
            "bytes",
            "bodies that are binary, not UTF-8, or of another type",
            &[
                post("application/octet-stream", "x0001feff", 4),
                post("application/octet-stream", "x040034", 3),
                post(TEXT, "xfffe", 2),
                post(TEXT, "\"b\" xff*100", 101),
                post("application/x-www-form-urlencoded", "\"d=42%5B\"", 8),
                post("multipart/form-data; boundary=", "\"x\"", 1),
                post("", "\"40\"", 2),
            ],
        ),
        draft(
            "lengths",
            "bodies that are shorter or longer than they say",
            &[
                post(TEXT, "\"40\"", 1),
                post(TEXT, "\"40\"", 10),
                format!("{} held", post(TEXT, "\"40\"", 10)),
                post(TEXT, "\"4\" \"x\"*1000100", 1_000_101),
                post(TEXT, "\"4\"", 100_000_000),
            ],
        ),
        draft(
            "overlap",
            "requests that overlap in one session",
            &[
                format!("{} {}", get(QUERY), get(QUERY)),
                format!("{} {}", post(TEXT, "\"40\"", 2), post(TEXT, "\"40\"", 2)),
                format!("{} held", get(QUERY)),
                format!("{} {} {}", post(TEXT, "\"1\"", 1), get(QUERY), post(TEXT, "\"40\"", 2)),
            ],
        ),
        draft(
            "methods",
            "methods that no session takes",
            &[other("PUT"), other("DELETE"), other("PATCH"), other("OPTIONS"), other("HEAD"), other("WOBBLE")],
        ),
        draft(
            "upgrade",
            "upgrades that go wrong",
            &[
                upgrade("x818535a6b3c1 \"hello\""),
                upgrade("x8181 x00000000 \"5\""),
                upgrade("x8186 x00000000 \"2probe\" x8181 x00000000 \"6\""),
                upgrade("x8186 x00000000 \"2probe\" held"),
                upgrade("x8180 x00000000"),
                upgrade("x8281 x00000000 x00"),
                upgrade("x8182 x00000000 \"40\""),
                upgrade("xc182 x00000000 \"hi\""),
                format!("{} {}", upgrade(""), upgrade("")),
            ],
        ),
    ]
}

fn get(query: &str) -> String {
    format!("\"GET \" @path {} @sid {}", quoted(query), quoted(" HTTP/1.1\r\nHost: h\r\n\r\n"))
}

/// A POST of bytes that says how many they are.
fn post(content_type: &str, bytes: &str, length: usize) -> String {
    let head = format!(" HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
    format!("\"POST \" @path {} @sid {} {bytes}", quoted(QUERY), quoted(&head))
}

fn other(method: &str) -> String {
    let head = " HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n40";
    format!("{} @path {} @sid {}", quoted(&format!("{method} ")), quoted(QUERY), quoted(head))
}

/// A WebSocket for a session that polls, with bytes behind it.
fn upgrade(bytes: &str) -> String {
    format!("\"GET \" @path {} @sid {} {bytes}", quoted(UPGRADE), quoted(&format!(" HTTP/1.1\r\n{WEBSOCKET}\r\n")))
}
