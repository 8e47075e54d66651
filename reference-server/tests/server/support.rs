//! Clients for the tests: WebSocket for both wires, HTTP, and the address of a fresh server.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use glare_server::{Config, RunningServer, Server};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// How long an event may take that has to come. It decides nothing but how long a failure takes.
pub(crate) const WAIT: Duration = Duration::from_secs(10);

pub(crate) async fn start(config: Config) -> RunningServer {
    Server::start(config).await.expect("a free port of the loopback interface")
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(WAIT, future).await.unwrap_or_else(|_| panic!("timed out waiting for {what}"))
}

/// A WebSocket, text frames only.
pub(crate) struct Ws {
    stream: WebSocketStream<TcpStream>,
}

impl Ws {
    pub(crate) async fn open(addr: SocketAddr, path: &str) -> Self {
        Self::open_on(TcpStream::connect(addr).await.expect("a server"), path).await
    }

    /// Opens on a connection of one's own making.
    pub(crate) async fn open_on(tcp: TcpStream, path: &str) -> Self {
        let url = format!("ws://{}{path}", tcp.peer_addr().expect("a connected socket"));
        let (stream, _) = within("a WebSocket", client_async(url, tcp)).await.expect("a WebSocket");
        Self { stream }
    }

    pub(crate) async fn send(&mut self, text: impl Into<String>) {
        self.send_frame(Message::text(text.into())).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: Message) {
        within("a write", self.stream.send(frame)).await.expect("an open connection");
    }

    /// The next text frame. The WebSocket library answers pings.
    pub(crate) async fn next(&mut self) -> String {
        loop {
            match self.next_frame().await {
                Some(Message::Text(text)) => return text.to_string(),
                Some(Message::Ping(_)) => {}
                other => panic!("a text frame expected, not {other:?}"),
            }
        }
    }

    /// The next frame; none at the connection's end.
    pub(crate) async fn next_frame(&mut self) -> Option<Message> {
        within("a frame", self.stream.next()).await.map(|frame| frame.expect("a frame"))
    }

    /// Reads to the end, and says the code of the server's close frame; none if the connection ended without one.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        let mut code = None;
        while let Some(Ok(frame)) = within("the end", self.stream.next()).await {
            if let Message::Close(frame) = frame {
                code = frame.map(|frame| frame.code.into());
            }
        }
        code
    }

    /// Closes as the RFC wants it.
    pub(crate) async fn close(mut self) {
        within("the close handshake", self.stream.close(None)).await.expect("an open connection");
    }

    /// The TCP connection itself.
    pub(crate) fn tcp(&mut self) -> &mut TcpStream {
        self.stream.get_mut()
    }
}

/// A client of the JSON wire.
pub(crate) struct Client {
    pub(crate) ws: Ws,
    pub(crate) id: String,
    acks: u64,
}

impl Client {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self::greeted(Ws::open(addr, "/ws").await).await
    }

    /// Connects with as little room for unread messages as the system allows.
    pub(crate) async fn connect_narrow(addr: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(1).expect("a size that the system rounds up");
        Self::greeted(Ws::open_on(socket.connect(addr).await.expect("a server"), "/ws").await).await
    }

    async fn greeted(mut ws: Ws) -> Self {
        let greeting: Value = serde_json::from_str(&ws.next().await).unwrap();
        assert_eq!(greeting["event"], "connected");
        Self { ws, id: greeting["data"]["userId"].as_str().expect("a user id").to_owned(), acks: 0 }
    }

    pub(crate) async fn next(&mut self) -> Value {
        serde_json::from_str(&self.ws.next().await).expect("JSON")
    }

    /// Sends a request and reads to its ack. Returns what came before, and the ack's data.
    pub(crate) async fn request(&mut self, event: &str, data: impl Into<Value>) -> (Vec<Value>, Value) {
        let ack = self.acks;
        self.acks += 1;
        self.ws.send(json!({ "event": event, "data": data.into(), "ack": ack }).to_string()).await;
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["event"] == "ack" {
                assert_eq!(frame["ack"], ack);
                return (before, frame["data"].clone());
            }
            before.push(frame);
        }
    }

    /// A request that succeeds, with nothing before its ack.
    pub(crate) async fn succeed(&mut self, event: &str, room: &str) -> Value {
        let (before, ack) = self.request(event, room).await;
        assert_eq!((before.as_slice(), &ack["success"]), (&[][..], &json!(true)), "{ack}");
        ack
    }

    /// A request that is always refused: whatever was sent to this client before has arrived by then.
    pub(crate) async fn fence(&mut self) -> Vec<Value> {
        let (before, ack) = self.request("join-room", "").await;
        assert_eq!(ack["success"], false);
        before
    }

    pub(crate) async fn offer(&mut self, target: &str, offer: Value) {
        self.ws.send(json!({ "event": "offer", "data": { "target": target, "offer": offer } }).to_string()).await;
    }

    /// Reads until a notice of this kind about this user.
    pub(crate) async fn notice(&mut self, event: &str, user: &str) {
        let frame = self.next().await;
        assert_eq!((&frame["event"], &frame["data"]["userId"]), (&json!(event), &json!(user)), "{frame}");
    }
}

/// Two members of one room, on the JSON wire.
pub(crate) async fn pair(addr: SocketAddr, room: &str) -> (Client, Client) {
    let (mut a, mut b) = (Client::connect(addr).await, Client::connect(addr).await);
    a.succeed("create-room", room).await;
    b.succeed("join-room", room).await;
    a.notice("user-joined", &b.id).await;
    (a, b)
}

/// An Engine.IO client on polling.
#[derive(Clone)]
pub(crate) struct Polling {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) sid: String,
}

impl Polling {
    /// Opens a session, and checks its handshake.
    pub(crate) async fn open(addr: SocketAddr) -> Self {
        let http = reqwest::Client::new();
        let base = format!("http://{addr}/socket.io/?EIO=4&transport=polling");
        let (status, text) = fetch(http.get(&base)).await;
        assert_eq!(status, 200);
        let open: Value = serde_json::from_str(text.strip_prefix('0').expect("an open packet")).unwrap();
        assert_eq!(open["upgrades"], json!(["websocket"]));
        let sid = open["sid"].as_str().expect("a session id").to_owned();
        Self { http, url: format!("{base}&sid={sid}"), sid }
    }

    /// Opens a session and enters the namespace. Returns the user id as well.
    pub(crate) async fn connect(addr: SocketAddr) -> (Self, String) {
        let polling = Self::open(addr).await;
        polling.post("40").await;
        let packets = polling.poll().await;
        (polling, admitted(&packets[0]))
    }

    pub(crate) async fn poll(&self) -> Vec<String> {
        let (status, text) = fetch(self.http.get(&self.url)).await;
        assert_eq!(status, 200, "{text}");
        text.split('\u{1e}').map(str::to_owned).collect()
    }

    pub(crate) async fn post(&self, payload: impl Into<String>) {
        let answer = self.try_post(payload.into()).await;
        assert_eq!(answer, (200, "ok".to_owned()));
    }

    pub(crate) async fn try_post(&self, payload: impl Into<reqwest::Body>) -> (u16, String) {
        fetch(self.http.post(&self.url).body(payload)).await
    }

    /// The address of the WebSocket that the session may move to.
    pub(crate) fn upgrade_path(&self) -> String {
        format!("/socket.io/?EIO=4&transport=websocket&sid={}", self.sid)
    }
}

/// The user id of a CONNECT packet.
pub(crate) fn admitted(packet: &str) -> String {
    let connect: Value = serde_json::from_str(packet.strip_prefix("40").expect("a CONNECT packet")).unwrap();
    connect["sid"].as_str().expect("a user id").to_owned()
}

pub(crate) async fn fetch(request: reqwest::RequestBuilder) -> (u16, String) {
    let answer = within("an HTTP answer", request.send()).await.expect("an HTTP answer");
    let status = answer.status().as_u16();
    (status, within("an HTTP body", answer.text()).await.expect("text"))
}

/// An Engine.IO session on a WebSocket, in the namespace. Returns the user id as well.
pub(crate) async fn socketio(addr: SocketAddr) -> (Ws, String) {
    let mut ws = Ws::open(addr, "/socket.io/?EIO=4&transport=websocket").await;
    let open: Value = serde_json::from_str(ws.next().await.strip_prefix('0').expect("an open packet")).unwrap();
    assert_eq!(open["upgrades"], json!([]));
    ws.send("40").await;
    let user_id = admitted(&ws.next().await);
    (ws, user_id)
}
