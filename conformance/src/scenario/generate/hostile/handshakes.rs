//! Requests that are no handshake, each on a connection of its own.

use super::{Draft, by_many, engine, quoted};

/// The headers of a sound request.
pub(super) const SOUND: &[&str] = &[
    "Host: h",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

pub(super) fn drafts() -> Vec<Draft> {
    let mut drafts = vec![keys(), versions(), upgrades(), extensions(), protocols(), methods(), paths(), headers()];
    drafts.extend([bodies(), hosts(), garbage(), others(), halves(), pipelines(), tails()]);
    drafts.extend(engine::drafts());
    drafts
}

pub(super) fn draft(id: &str, title: &str, deeds: &[String]) -> Draft {
    Draft { id: format!("handshake-{id}"), title: title.to_owned(), lines: by_many(deeds) }
}

/// A request line and headers, as a scenario writes them.
fn request(line: &str, headers: &[&str]) -> String {
    let (method, version) = line.split_once(' ').unwrap_or((line, "HTTP/1.1"));
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    format!("handshake any {} @path {}", quoted(&format!("{method} ")), quoted(&format!(" {version}\r\n{headers}\r\n")))
}

/// A sound request with another header in the place of the one of this name, or with one more.
fn with(name: &str, header: &str) -> String {
    let mut headers: Vec<&str> = SOUND.iter().copied().filter(|own| !own.starts_with(name)).collect();
    headers.extend((!header.is_empty()).then_some(header));
    request("GET HTTP/1.1", &headers)
}

fn more(headers: &[&str]) -> String {
    request("GET HTTP/1.1", &[SOUND, headers].concat())
}

/// Bytes that are no request on the target's path.
fn plain(text: &str) -> String {
    format!("handshake any {}", quoted(text))
}

fn keys() -> Draft {
    let long = format!("Sec-WebSocket-Key: {}", "A".repeat(8_000));
    let key = |header: &str| with("Sec-WebSocket-Key", header);
    draft(
        "key",
        "a WebSocket key that is missing, or none",
        &[
            key(""),
            key("Sec-WebSocket-Key:"),
            key("Sec-WebSocket-Key: x"),
            key("Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="),
            key(&long),
            more(&["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]),
        ],
    )
}

fn versions() -> Draft {
    let versions = ["", "0", "8", "14", "-1", "thirteen", "13, 8", "99999999999999999999", "13\u{0}"];
    let deeds = versions.map(|version| with("Sec-WebSocket-Version", &format!("Sec-WebSocket-Version: {version}")));
    let missing = with("Sec-WebSocket-Version", "");
    draft("version", "WebSocket versions that nobody speaks", &[&deeds[..], &[missing]].concat())
}

fn upgrades() -> Draft {
    draft(
        "upgrade",
        "requests that ask for another upgrade, or for none",
        &[
            with("Upgrade", ""),
            with("Upgrade", "Upgrade: h2c"),
            with("Upgrade", "Upgrade: websocket, h2c"),
            with("Upgrade", "Upgrade: __proto__"),
            with("Connection", ""),
            with("Connection", "Connection: close"),
            with("Connection", "Connection: keep-alive, Upgrade, close"),
            more(&["HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"]),
        ],
    )
}

fn extensions() -> Draft {
    let many = vec!["permessage-deflate"; 300].join(", ");
    let slashes = format!("a; b=\"{}", "\\c".repeat(2_000));
    let extensions = [
        "constructor",
        ",;constructor",
        "__proto__; toString=1",
        "permessage-deflate; server_max_window_bits=1000000000",
        "permessage-deflate; server_max_window_bits=0; client_max_window_bits=\"15",
        "permessage-deflate; permessage-deflate; =",
        "\u{0}",
        &many,
        &slashes,
    ];
    let deeds = extensions.map(|extension| more(&[&format!("Sec-WebSocket-Extensions: {extension}")]));
    draft("extensions", "offers of extensions that are none", &deeds)
}

fn protocols() -> Draft {
    let spaces = format!("b{}x", " ".repeat(6_000));
    let many = vec!["p"; 2_000].join(",");
    let protocols = ["", ",", "a,a", "constructor", "\u{7f}", &spaces, &many];
    let deeds = protocols.map(|protocol| more(&[&format!("Sec-WebSocket-Protocol: {protocol}")]));
    draft("protocols", "subprotocols that are none, and many", &deeds)
}

fn methods() -> Draft {
    let lines = [
        "POST HTTP/1.1",
        "PUT HTTP/1.1",
        "DELETE HTTP/1.1",
        "OPTIONS HTTP/1.1",
        "TRACE HTTP/1.1",
        "CONNECT HTTP/1.1",
        "get HTTP/1.1",
        "WOBBLE HTTP/1.1",
        "GET HTTP/1.0",
        "GET HTTP/0.9",
        "GET HTTP/2.0",
        "GET HTTP/9.9",
        "GET HTTQ/1.1",
        "GET",
    ];
    draft("methods", "other methods and versions of HTTP", &lines.map(|line| request(line, SOUND)))
}

fn paths() -> Draft {
    let long = format!("/{}", "a".repeat(8_000));
    let query = format!("/?{}", "a=1&".repeat(2_000));
    let paths = [
        "/",
        "//",
        "*",
        "/../../../../etc/passwd",
        "/%00",
        "/%ff%fe",
        "/%",
        "/%zz",
        "http://[::1",
        "http://h:99999/",
        "/a b",
        "/\u{0}",
        "/?",
        "/?a[b]=c&__proto__[x]=1",
        "relative",
        &long,
        &query,
    ];
    let deeds = paths.map(|path| plain(&format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")));
    let sound: String = SOUND.iter().map(|header| format!("{header}\r\n")).collect();
    let elsewhere = plain(&format!("GET /elsewhere HTTP/1.1\r\n{sound}\r\n"));
    draft("paths", "paths that are odd, long or none", &[&deeds[..], &[elsewhere]].concat())
}

fn headers() -> Draft {
    let large = format!("X-Large: {}", "a".repeat(12_000));
    let many: Vec<String> = (0..1_000).map(|number| format!("x{number}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let same = vec!["Cookie: a=b"; 500];
    draft(
        "headers",
        "headers that are malformed, large or many",
        &[
            more(&[&large]),
            more(&many),
            more(&same),
            more(&["NoColon"]),
            more(&[": empty"]),
            more(&["X\u{0}Y: 1"]),
            more(&["X Y: 1"]),
            more(&["X: a\u{0}b"]),
            more(&["X: a\rb"]),
            more(&["X: a", " folded"]),
            plain("GET / HTTP/1.1\nHost: h\n\n"),
            more(&["__proto__: 1", "constructor: 1", "toString: 1"]),
            more(&["Cookie: __proto__=1; =; ;;;; io=%ff"]),
        ],
    )
}

fn bodies() -> Draft {
    let post = |headers: &[&str], body: &str| {
        let headers: String = ["Host: h"].iter().chain(headers).map(|header| format!("{header}\r\n")).collect();
        format!("handshake any \"POST \" @path {}", quoted(&format!(" HTTP/1.1\r\n{headers}\r\n{body}")))
    };
    draft(
        "bodies",
        "bodies whose length is contradictory, negative or a lie",
        &[
            post(&["Content-Length: 5", "Content-Length: 6"], "hello"),
            post(&["Content-Length: 5", "Transfer-Encoding: chunked"], "0\r\n\r\n"),
            post(&["Transfer-Encoding: chunked"], "zz\r\nhello\r\n0\r\n\r\n"),
            post(&["Transfer-Encoding: chunked"], "ffffffffffffffff\r\nhello"),
            post(&["Transfer-Encoding: chunked, identity"], "0\r\n\r\n"),
            post(&["Content-Length: -1"], "hello"),
            post(&["Content-Length: 99999999999999999999"], "hello"),
            post(&["Content-Length: 1000000000"], "hello"),
            post(&["Content-Length: 0x5"], "hello"),
            post(&["Content-Length: 1000", "Expect: 100-continue"], ""),
            post(&["Content-Encoding: gzip", "Content-Length: 5"], "hello"),
        ],
    )
}

fn hosts() -> Draft {
    let long = format!("Host: {}", "h".repeat(4_000));
    let host = |header: &str| with("Host", header);
    draft(
        "hosts",
        "hosts and origins that are missing, twice or none",
        &[
            host(""),
            host("Host:"),
            host("Host: ["),
            host(&long),
            more(&["Host: g"]),
            more(&["Origin: null"]),
            more(&["Origin: javascript:alert(1)", "Referer: \u{1}"]),
            more(&["X-Forwarded-For: , , ,", "Forwarded: for=\"", "X-Real-IP: ::::"]),
        ],
    )
}

fn garbage() -> Draft {
    let bytes =
        ["x00", "x00*4096", "xff*4096", "x0a", "x0d0a*2000", "x20*4096", "x80*100", "\"a\"*60000", "\"GET \"*4000"];
    let deeds = bytes.map(|bytes| format!("handshake any {bytes}"));
    draft("garbage", "bytes that are no request at all", &deeds)
}

fn others() -> Draft {
    let texts = [
        "SSH-2.0-x\r\n",
        "EHLO h\r\n",
        "*1\r\n$4\r\nPING\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        "{\"event\":\"offer\"}\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "RTSP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ];
    let bytes = [
        // A hello of TLS 1.2, of SSL 2, a greeting of SOCKS 5, a request of RDP, and one of STUN.
        "x16030100310100002d0303 x00*32 x000002c02b0100",
        "x802e0103010015000000100700c0030080010080",
        "x050100",
        "x030000130ee000000000000100080003000000",
        "x000100002112a442 x00*12",
    ];
    let deeds: Vec<_> =
        texts.map(plain).into_iter().chain(bytes.map(|bytes| format!("handshake any {bytes}"))).collect();
    draft("others", "the first words of other protocols", &deeds)
}

fn halves() -> Draft {
    let half = |text: &str| format!("{} held", plain(text));
    draft(
        "halves",
        "half a request, and then silence",
        &[
            "handshake any held".to_owned(),
            half("G"),
            half("GET / HTTP/1.1\r\nHost"),
            half("GET / HTTP/1.1\r\nHost: h\r\n"),
            half("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhal"),
            half("\r\n"),
            "handshake any x160301 held".to_owned(),
            plain("GET / HTTP/1.1\r\nHost"),
            plain("GET"),
        ],
    )
}

fn pipelines() -> Draft {
    let head: String = SOUND.iter().map(|header| format!("{header}\r\n")).collect();
    let sound = format!("\"GET \" @path {}", quoted(&format!(" HTTP/1.1\r\n{head}\r\n")));
    draft(
        "pipelines",
        "what comes behind a sound request without waiting for its answer",
        &[
            format!("handshake any {sound}"),
            format!("handshake any {sound} {sound}"),
            format!("handshake any {sound} x8182 x00000000 \"hi\""),
            format!("handshake any {sound} x818000000000*300"),
            format!("handshake any {sound} x00*4096"),
            format!("handshake any {sound} \"GET / HTTP/1.1\\r\\n\\r\\n\""),
            format!("handshake any {sound} x81ffffffffffffffffff held"),
            "handshake any \"GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n\"*100".to_owned(),
        ],
    )
}

fn tails() -> Draft {
    let sound: String = SOUND.iter().map(|header| format!("{header}\r\n")).collect();
    let cut = |keep: usize| {
        let text = format!(" HTTP/1.1\r\n{sound}\r\n");
        format!("handshake any \"GET \" @path {}", quoted(&text[..text.len().saturating_sub(keep)]))
    };
    let deeds: Vec<_> = [1, 2, 3, 30, 60, 90, 120].into_iter().map(cut).collect();
    draft("tails", "a sound request that breaks off", &deeds)
}
