//! Both transports against small servers on the loopback interface.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;

use super::{codec::NESTING_DEPTH, *};
use crate::transport::{BrokenFrame, OpenError, Transport};

const PATIENCE: Duration = Duration::from_secs(10);

/// A line of a transcript in docs/protocol.md.
pub(in crate::transport) struct GoldenLine {
    pub(in crate::transport) from_client: bool,
    pub(in crate::transport) text: String,
}

/// The transcript of docs/protocol.md under this name.
pub(in crate::transport) fn golden(name: &str) -> Vec<GoldenLine> {
    let document = include_str!("../../../../docs/protocol.md");
    let (_, after) = document.split_once(&format!("<!-- golden:{name} -->\n```text\n")).unwrap();
    let (transcript, _) = after.split_once("```").unwrap();
    let lines = transcript.lines().map(|line| line.split_once(": ").unwrap());
    lines.map(|(who, text)| GoldenLine { from_client: who.starts_with('C'), text: text.to_owned() }).collect()
}

/// A connection with both of its ends.
struct Pair {
    server: Stream,
    client: Connection,
    incoming: mpsc::Receiver<(ConnectionId, Incoming)>,
}

#[derive(Clone, Copy, Debug)]
enum Wire {
    SocketIo,
    Json,
}

impl Wire {
    fn transport(self, listener: &TcpListener) -> Transport {
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        match self {
            Self::SocketIo => Transport::SocketIo(url),
            Self::Json => Transport::WebSocket(url),
        }
    }

    /// The server's side of the opening.
    async fn greet(self, listener: &TcpListener) -> Stream {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut server = accept_async(tcp).await.unwrap();
        match self {
            Self::SocketIo => {
                say(&mut server, r#"0{"sid":"secret","upgrades":[],"pingInterval":300,"pingTimeout":200}"#).await;
                assert_eq!(hear(&mut server).await, "40");
                say(&mut server, r#"40{"sid":"u1"}"#).await;
            }
            Self::Json => {
                let data = r#"{"userId":"u1","pingInterval":300,"pingTimeout":200}"#;
                say(&mut server, &format!(r#"{{"event":"connected","data":{data}}}"#)).await;
            }
        }
        server
    }

    async fn pair(self, queue: usize) -> Pair {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (sender, incoming) = mpsc::channel(queue);
        let transport = self.transport(&listener);
        let (server, client) =
            tokio::join!(self.greet(&listener), transport.connect(ConnectionId(3), sender, PATIENCE));
        Pair { server, client: client.unwrap(), incoming }
    }
}

impl Pair {
    async fn command(&self, command: Command) {
        self.client.commands.send(command).await.unwrap();
        let taken_by_the_task = async {
            while self.client.commands.capacity() < self.client.commands.max_capacity() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, taken_by_the_task).await.unwrap();
    }
}

async fn next(incoming: &mut mpsc::Receiver<(ConnectionId, Incoming)>) -> Incoming {
    let (id, incoming) = timeout(PATIENCE, incoming.recv()).await.unwrap().unwrap();
    assert_eq!(id, ConnectionId(3));
    incoming
}

async fn ended(incoming: &mut mpsc::Receiver<(ConnectionId, Incoming)>) -> String {
    match next(incoming).await {
        Incoming::Ended(reason) => reason,
        other => panic!("{other:?}"),
    }
}

async fn say(server: &mut Stream, text: &str) {
    server.send(Message::text(text)).await.unwrap();
}

async fn hear(server: &mut Stream) -> String {
    match timeout(PATIENCE, server.next()).await.unwrap() {
        Some(Ok(Message::Text(text))) => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn emit(event: &str, data: serde_json::Value) -> Command {
    Command::Emit { event: event.to_owned(), data: Some(data), ack: None }
}

fn event(name: &str, data: serde_json::Value) -> Incoming {
    Incoming::Event { event: name.to_owned(), data: Some(data) }
}

/// The first byte of the next frame on the wire, and its payload without the mask.
async fn raw_frame(tcp: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    tcp.read_exact(&mut head).await.unwrap();
    assert_eq!(head[1] & 0x80, 0x80, "a client masks its frames");
    let length = match head[1] & 0x7f {
        126 => u64::from(tcp.read_u16().await.unwrap()),
        127 => tcp.read_u64().await.unwrap(),
        short => u64::from(short),
    };
    let mut mask = [0; 4];
    tcp.read_exact(&mut mask).await.unwrap();
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    tcp.read_exact(&mut payload).await.unwrap();
    payload.iter_mut().zip(mask.into_iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    (head[0], payload)
}

#[tokio::test]
async fn events_and_acks_go_both_ways_and_pings_are_answered_over_socket_io() {
    let mut pair = Wire::SocketIo.pair(16).await;
    let opened = &pair.client.opened;
    assert_eq!(opened.user_id, "u1");
    assert_eq!(opened.ping_interval, Some(Duration::from_millis(300)));
    assert_eq!(opened.ping_timeout, Some(Duration::from_millis(200)));

    pair.command(Command::Emit { event: "create-room".to_owned(), data: Some(json!("r1")), ack: Some(7) }).await;
    assert_eq!(hear(&mut pair.server).await, r#"427["create-room","r1"]"#);
    say(&mut pair.server, "2").await;
    assert_eq!(hear(&mut pair.server).await, "3");
    for text in [r#"437[{"success":true}]"#, r#"42["user-joined",{"userId":"u2"}]"#, "42[", "6", r#"42["bare"]"#] {
        say(&mut pair.server, text).await;
    }
    pair.server.send(Message::binary(&b"abc"[..])).await.unwrap();
    assert_eq!(next(&mut pair.incoming).await, Incoming::Ack { ack: 7, data: Some(json!({"success": true})) });
    assert_eq!(next(&mut pair.incoming).await, event("user-joined", json!({"userId": "u2"})));
    assert_eq!(next(&mut pair.incoming).await, event("(unparsable)", json!("42[")));
    assert_eq!(next(&mut pair.incoming).await, Incoming::Event { event: "bare".to_owned(), data: None });
    assert_eq!(next(&mut pair.incoming).await, event("(unparsable)", json!("a binary frame of 3 bytes")));
}

#[tokio::test]
async fn events_and_acks_go_both_ways_and_pings_are_answered_over_json() {
    let mut pair = Wire::Json.pair(16).await;
    assert_eq!(pair.client.opened.user_id, "u1");
    pair.command(emit("create-room", json!("r1"))).await;
    assert_eq!(hear(&mut pair.server).await, r#"{"event":"create-room","data":"r1"}"#);
    pair.server.send(Message::Ping("?".into())).await.unwrap();
    let pong = timeout(PATIENCE, pair.server.next()).await.unwrap().unwrap().unwrap();
    assert_eq!(pong, Message::Pong("?".into()));
    say(&mut pair.server, r#"{"event":"ack","ack":0,"data":1}"#).await;
    assert_eq!(next(&mut pair.incoming).await, Incoming::Ack { ack: 0, data: Some(json!(1)) });
}

#[tokio::test]
async fn closing_is_polite_and_nothing_is_reported() {
    let mut pair = Wire::SocketIo.pair(16).await;
    pair.command(Command::Close).await;
    assert_eq!(hear(&mut pair.server).await, "41");
    assert_eq!(hear(&mut pair.server).await, "1");
    assert!(matches!(pair.server.next().await, Some(Ok(Message::Close(None)))));
    assert!(pair.server.next().await.is_none());
    drop(pair.server);
    assert_eq!(timeout(PATIENCE, pair.incoming.recv()).await.unwrap(), None);
}

#[tokio::test]
async fn a_dropped_handle_closes() {
    let Pair { mut server, client, incoming: _incoming } = Wire::Json.pair(16).await;
    drop(client);
    assert!(matches!(timeout(PATIENCE, server.next()).await.unwrap(), Some(Ok(Message::Close(None)))));
}

#[tokio::test]
async fn every_end_by_the_server_is_reported_with_its_reason() {
    for (text, reason) in [("41", "disconnected the client from the namespace"), ("1", "closed the Engine.IO")] {
        let mut pair = Wire::SocketIo.pair(16).await;
        say(&mut pair.server, text).await;
        let said = ended(&mut pair.incoming).await;
        assert!(said.contains(reason), "{said}");
    }
    let mut pair = Wire::Json.pair(16).await;
    pair.server.close(None).await.unwrap();
    assert_eq!(ended(&mut pair.incoming).await, "the server closed the WebSocket");

    let mut pair = Wire::Json.pair(16).await;
    pair.server.get_ref().set_zero_linger().unwrap();
    drop(pair.server);
    assert_eq!(ended(&mut pair.incoming).await, "the connection was reset by the server");
}

#[tokio::test]
async fn a_drop_is_a_reset() {
    for wire in [Wire::SocketIo, Wire::Json] {
        let pair = wire.pair(16).await;
        pair.command(Command::Drop).await;
        let error = pair.server.into_inner().read_u8().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{wire:?}");
    }
}

#[tokio::test]
async fn a_frozen_peer_answers_nothing_and_keeps_its_connection() {
    let mut frozen = Wire::SocketIo.pair(16).await;
    let mut lively = Wire::SocketIo.pair(16).await;
    frozen.command(Command::Freeze).await;
    for ping in [Message::text("2"), Message::Ping("?".into())] {
        frozen.server.send(ping.clone()).await.unwrap();
        // Asked later, answered: by now the frozen one would have answered as well.
        lively.server.send(ping).await.unwrap();
        timeout(PATIENCE, lively.server.next()).await.unwrap().unwrap().unwrap();
    }
    let mut tcp = frozen.server.into_inner();
    let silent = tcp.try_read(&mut [0; 64]).unwrap_err();
    assert_eq!(silent.kind(), io::ErrorKind::WouldBlock);

    drop(frozen.client);
    let error = timeout(PATIENCE, tcp.read_u8()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(frozen.incoming.recv().await, None);
}

#[tokio::test]
async fn what_a_frozen_peer_is_sent_stays_with_its_server() {
    let pair = Wire::Json.pair(16).await;
    pair.command(Command::Freeze).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let reader = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (mut to_reader, _) = listener.accept().await.unwrap();
    let reading = tokio::spawn(async move { tokio::io::copy(&mut { reader }, &mut tokio::io::sink()).await });

    // Far more than the buffers of both kernels hold.
    let flood = vec![0; 64 << 20];
    let mut to_frozen = pair.server.into_inner();
    tokio::select! {
        written = to_frozen.write_all(&flood) => panic!("everything was taken: {written:?}"),
        written = to_reader.write_all(&flood) => written.unwrap(),
    }
    drop(to_reader);
    assert_eq!(reading.await.unwrap().unwrap(), 64 << 20);
}

#[tokio::test]
async fn the_receive_buffer_of_a_frozen_peer_is_small() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    shrink_receive_buffer(&tcp).unwrap();
    // Linux doubles the number, for its own bookkeeping.
    let bytes = socket2::SockRef::from(&tcp).recv_buffer_size().unwrap();
    assert!(bytes <= 2 * limits::FROZEN_RECEIVE_BUFFER_BYTES as usize, "{bytes}");
}

#[tokio::test]
async fn what_a_server_said_before_it_reset_the_connection_is_reported() {
    for _ in 0..20 {
        let mut pair = Wire::Json.pair(16).await;
        say(&mut pair.server, r#"{"event":"last","data":1}"#).await;
        pair.server.get_ref().set_zero_linger().unwrap();
        drop(pair.server);
        // The failing write may come before the read.
        pair.client.commands.send(emit("more", json!(1))).await.unwrap();
        assert_eq!(next(&mut pair.incoming).await, event("last", json!(1)));
        let reason = ended(&mut pair.incoming).await;
        assert!(reason.contains("reset"), "{reason}");
    }
}

#[tokio::test]
async fn broken_frames_arrive_as_they_are_meant() {
    let deep = "[".repeat(NESTING_DEPTH);
    let kinds = [
        (BrokenFrame::Garbage, 0x81, "hello", "hello"),
        (BrokenFrame::TruncatedJson, 0x81, r#"42["offer",{"#, r#"{"event":"offer","data":{"#),
        (BrokenFrame::WrongShape, 0x81, r#"42{"a":1}"#, r#"{"a":1}"#),
        (BrokenFrame::UnknownType, 0x81, "49", r#"{"event":9,"data":"r1"}"#),
        (BrokenFrame::DeepNesting, 0x81, r#"42["offer","#, r#"{"event":"offer","data":"#),
        (BrokenFrame::Empty, 0x81, "", ""),
        (BrokenFrame::StrayAck, 0x81, "43999999999999[{}]", r#"{"event":"ack","ack":999999999999,"data":{}}"#),
        (BrokenFrame::BareRequest, 0x81, r#"42["create-room"]"#, r#"{"event":"create-room"}"#),
        (BrokenFrame::NullRequest, 0x81, r#"42["create-room",null]"#, r#"{"event":"create-room","data":null}"#),
        (BrokenFrame::MistypedRequest, 0x81, r#"42["create-room",7]"#, r#"{"event":"create-room","data":7}"#),
        (BrokenFrame::BareSignal, 0x81, r#"42["offer"]"#, r#"{"event":"offer"}"#),
        (BrokenFrame::NullSignal, 0x81, r#"42["offer",null]"#, r#"{"event":"offer","data":null}"#),
        (BrokenFrame::ReservedOpcode, 0x83, "reserved", "reserved"),
    ];
    for (wire, column) in [(Wire::SocketIo, 0), (Wire::Json, 1)] {
        let Pair { server, client, incoming: _incoming } = wire.pair(16).await;
        let mut tcp = server.into_inner();
        for (kind, first_byte, socketio, json) in kinds {
            client.commands.send(Command::Broken(kind)).await.unwrap();
            let mut expected = [socketio, json][column].to_owned();
            if kind == BrokenFrame::DeepNesting {
                expected.push_str(&deep);
            }
            let (byte, payload) = timeout(PATIENCE, raw_frame(&mut tcp)).await.unwrap();
            assert_eq!(byte, first_byte, "{wire:?} {kind:?}");
            assert!(payload == expected.as_bytes(), "{wire:?} {kind:?}");
            assert!(payload.len() < 1_000_000);
        }
        let kinds =
            [(BrokenFrame::Binary, 0x82, &b"\x00\x01\xfe\xff"[..]), (BrokenFrame::InvalidUtf8, 0x81, b"\xff\xfe")];
        for (kind, first_byte, expected) in kinds {
            client.commands.send(Command::Broken(kind)).await.unwrap();
            let frame = timeout(PATIENCE, raw_frame(&mut tcp)).await.unwrap();
            assert_eq!(frame, (first_byte, expected.to_vec()), "{wire:?} {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_speaks_before_it_reads_is_not_held_up() {
    let mut pair = Wire::Json.pair(16).await;
    let text = "x".repeat(3 << 20);
    for _ in 0..2 {
        pair.client.commands.send(emit("big", json!(text))).await.unwrap();
        let frame = json!({"event": "big", "data": text}).to_string();
        timeout(PATIENCE, say(&mut pair.server, &frame)).await.unwrap();
    }
    assert_eq!(next(&mut pair.incoming).await, event("big", json!(text)));
    assert!(hear(&mut pair.server).await.ends_with("xxx\"}"));
}

#[tokio::test]
async fn a_full_queue_of_the_scenario_does_not_keep_commands_from_being_obeyed() {
    let mut pair = Wire::Json.pair(1).await;
    for number in 0..4 {
        pair.server.feed(Message::text(json!({"event": "n", "data": number}).to_string())).await.unwrap();
    }
    pair.server.flush().await.unwrap();
    // All four arrive at once, so the task that has filled the queue has the second one in its hand.
    while pair.incoming.is_empty() {
        tokio::task::yield_now().await;
    }
    pair.command(emit("still", json!("here"))).await;
    assert_eq!(hear(&mut pair.server).await, r#"{"event":"still","data":"here"}"#);
    pair.server.close(None).await.unwrap();
    for number in 0..4 {
        assert_eq!(next(&mut pair.incoming).await, event("n", json!(number)));
    }
    assert_eq!(ended(&mut pair.incoming).await, "the server closed the WebSocket");
}

#[tokio::test]
async fn a_scenario_that_sends_to_an_ended_connection_is_not_held_up() {
    let mut pair = Wire::Json.pair(1).await;
    say(&mut pair.server, r#"{"event":"last","data":1}"#).await;
    pair.server.close(None).await.unwrap();
    let sending = async {
        for number in 0..4 * limits::OUTGOING_QUEUE {
            pair.client.commands.send(emit("n", json!(number))).await.unwrap();
        }
    };
    timeout(PATIENCE, sending).await.unwrap();
    assert_eq!(next(&mut pair.incoming).await, event("last", json!(1)));
    assert_eq!(ended(&mut pair.incoming).await, "the server closed the WebSocket");
}

#[tokio::test]
async fn a_handle_dropped_while_the_server_does_not_read_still_ends_the_connection() {
    let Pair { server, client, mut incoming } = Wire::Json.pair(16).await;
    for _ in 0..8 {
        client.commands.send(emit("big", json!("x".repeat(3 << 20)))).await.unwrap();
    }
    drop(client);
    // The task holds the other end of this queue.
    assert_eq!(timeout(PATIENCE, incoming.recv()).await.unwrap(), None);
    drop(server);
}

async fn refusal(wire: Wire, answer: impl AsyncFnOnce(TcpStream)) -> OpenError {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (sender, _incoming) = mpsc::channel(1);
    let transport = wire.transport(&listener);
    let serve = async { answer(listener.accept().await.unwrap().0).await };
    let (refused, ()) = tokio::join!(transport.connect(ConnectionId(0), sender, PATIENCE), serve);
    refused.expect_err("the opening fails")
}

#[tokio::test]
async fn nobody_there_is_said_so() {
    let (sender, _incoming) = mpsc::channel(1);
    let transport = Transport::SocketIo("http://127.0.0.1:1".parse().unwrap());
    let error = transport.connect(ConnectionId(0), sender, PATIENCE).await.err().unwrap();
    assert_eq!(error, OpenError::Unreachable("nobody listens on 127.0.0.1:1 (connection refused)".to_owned()));
}

#[tokio::test]
async fn another_protocol_is_said_so() {
    let not_found = async |mut tcp: TcpStream| {
        let mut request = [0; 1024];
        assert!(tcp.read(&mut request).await.unwrap() > 0);
        tcp.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    };
    let OpenError::NotThisProtocol(error) = refusal(Wire::SocketIo, not_found).await else { panic!() };
    assert!(error.starts_with("http://127.0.0.1:"), "{error}");
    assert!(
        error.ends_with(
            " answered 404 Not Found to the WebSocket handshake at /socket.io/: is this a Socket.IO 4 server?"
        ),
        "{error}"
    );

    let chatty = async |tcp: TcpStream| {
        let mut server = accept_async(tcp).await.unwrap();
        say(&mut server, &"welcome ".repeat(40)).await;
    };
    let OpenError::NotThisProtocol(error) = refusal(Wire::Json, chatty).await else { panic!() };
    assert!(error.contains("/ws: expected an event `connected`, but this came: welcome welcome"), "{error}");
    assert!(error.ends_with('…') && error.len() < 200, "{error}");

    let refusing = async |tcp: TcpStream| {
        let mut server = accept_async(tcp).await.unwrap();
        say(&mut server, r#"0{"sid":"s"}"#).await;
        say(&mut server, r#"44{"message":"Invalid token"}"#).await;
        assert_eq!(hear(&mut server).await, "40");
    };
    let OpenError::NotThisProtocol(error) = refusal(Wire::SocketIo, refusing).await else { panic!() };
    assert!(error.ends_with("refused the connection: Invalid token"), "{error}");

    let hanging_up = async |tcp: TcpStream| drop(accept_async(tcp).await.unwrap());
    assert!(matches!(refusal(Wire::Json, hanging_up).await, OpenError::Unreachable(_)));
}
