//! Connections to a target that a binding describes: opens them as its plan says, and lets a speaker translate.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use url::Url;

use super::socketio::packet::{Packet, prefix};
use super::socketio::{FAREWELL, Heard, misspoken, parse_open, path_url, react};
use super::stream::{self, Codec, Decoded, Encoded, Misspoken, Stream};
use super::{BrokenFrame, Connection, ConnectionId, Incoming, OpenError, Opened};
use crate::binding::{
    Disfigurement, Frames, Identity, Names, Outgoing, Plan, Reaction, Speaker, TransportPlan, Wire as Kind,
};
use crate::scenario::raw::Wire;

/// A target behind a binding. Clones are the same target.
#[derive(Clone)]
pub struct Bound {
    pub(crate) plan: Arc<Plan>,
    base: Url,
    names: Arc<Names>,
}

/// How messages are framed.
enum Framing {
    Text,
    Binary,
    Plain,
    /// Socket.IO packets, with what stands before the data.
    Packets(String),
}

/// The codec of a connection.
struct Spoken {
    speaker: Speaker,
    framing: Framing,
    namespace: String,
    polls: bool,
}

impl Bound {
    /// A target at an address.
    #[must_use]
    pub fn new(plan: Arc<Plan>, base: Url) -> Self {
        Self { plan, base, names: Arc::default() }
    }

    /// The names that a server gave are those of all its nodes.
    pub(super) fn share_names_with(&mut self, other: &Self) {
        self.names = Arc::clone(&other.names);
    }

    /// Opens a connection; into a room, where the room is chosen by connecting.
    pub(super) async fn connect(
        &self,
        room: Option<&Value>,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    ) -> Result<Connection, OpenError> {
        let mut speaker = Speaker::new(Arc::clone(&self.plan), Arc::clone(&self.names));
        if let Identity::Client(form) = self.plan.identity() {
            speaker.identify(&form.make(rand::random()));
        }
        if let Some(room) = room {
            speaker.enter(room.clone());
        }
        match &self.plan.transport {
            TransportPlan::SocketIo { path, namespace, .. } => {
                self.open_socketio(speaker, path, namespace, id, incoming).await
            }
            TransportPlan::WebSocket { frames, .. } => self.open_websocket(speaker, *frames, id, incoming).await,
        }
    }

    /// The wire on a socket, and the URL of its handshake.
    pub(super) fn socket(&self) -> Option<(Wire, Result<Url, OpenError>)> {
        if self.plan.polls() {
            return None;
        }
        match &self.plan.transport {
            TransportPlan::SocketIo { path, .. } => {
                let url = path_url(&self.base, path).map(|mut url| {
                    url.query_pairs_mut().append_pair("EIO", "4").append_pair("transport", "websocket");
                    url
                });
                Some((Wire::SocketIo, url))
            }
            TransportPlan::WebSocket { .. } => {
                let mut speaker = Speaker::new(Arc::clone(&self.plan), Arc::clone(&self.names));
                speaker.identify(&self.plan.made_up_id());
                speaker.enter("handshake".into());
                let wire = if self.plan.has_names_of_the_protocol() { Wire::Json } else { Wire::Any };
                Some((wire, self.websocket_url(&speaker)))
            }
        }
    }

    async fn open_socketio(
        &self,
        speaker: Speaker,
        path: &str,
        namespace: &str,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    ) -> Result<Connection, OpenError> {
        let mut url = path_url(&self.base, path)?;
        for (name, value) in self.plan.query(speaker.values()) {
            url.query_pairs_mut().append_pair(&name, &value);
        }
        let polls = self.plan.polls();
        let transport = if polls { "polling" } else { "websocket" };
        url.query_pairs_mut().append_pair("EIO", "4").append_pair("transport", transport);
        let mut stream = match polls {
            true => super::polling::open(&url).await?,
            false => stream::open(&url, "is this a Socket.IO 4 server?").await?,
        };
        let first = stream::next_text(&mut stream, &url).await?;
        let open =
            parse_open(&first).ok_or_else(|| stream::not_this_protocol(&url, "an Engine.IO open packet", &first))?;
        let auth = self.plan.auth(speaker.values()).unwrap_or_default();
        stream::send_text(&mut stream, &url, &format!("40{}{auth}", prefix(namespace))).await?;
        let sid = loop {
            let text = stream::next_text(&mut stream, &url).await?;
            match Packet::parse(&text, namespace) {
                Some(Packet::Ping) => stream::send_text(&mut stream, &url, "3").await?,
                Some(Packet::Noop) => {}
                Some(Packet::Connect { sid }) => break sid.unwrap_or_default(),
                Some(Packet::ConnectError { message }) => {
                    return Err(OpenError::NotThisProtocol(format!("{url} refused the connection: {message}")));
                }
                Some(Packet::Close | Packet::Disconnect | Packet::Event { .. } | Packet::Ack { .. }) | None => {
                    return Err(stream::not_this_protocol(&url, "an answer to Socket.IO's CONNECT", &text));
                }
            }
        };
        let mut spoken =
            Spoken { speaker, framing: Framing::Packets(prefix(namespace)), namespace: namespace.to_owned(), polls };
        if self.plan.identity() == Identity::Socket {
            spoken.speaker.identify(&sid);
        }
        self.begin(stream, &url, spoken, open, id, incoming).await
    }

    async fn open_websocket(
        &self,
        mut speaker: Speaker,
        frames: Frames,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    ) -> Result<Connection, OpenError> {
        if let Some(get) = self.plan.prelude(speaker.values()) {
            let body = super::http::get(&self.base, &get).await?;
            if !speaker.hear_prelude(&body) {
                let text = body.to_string();
                return Err(stream::not_this_protocol(&self.base, "an answer of the prelude's pattern", &text));
            }
        }
        let url = self.websocket_url(&speaker)?;
        let (headers, subprotocol) = self.plan.handshake(speaker.values());
        let hint = "does it speak WebSocket at this path?";
        let stream = stream::open_with(&url, hint, &headers, subprotocol.as_deref()).await?;
        let framing = match frames {
            Frames::Text => Framing::Text,
            Frames::Binary => Framing::Binary,
            Frames::Plain => Framing::Plain,
        };
        let spoken = Spoken { speaker, framing, namespace: String::new(), polls: false };
        let opened = Opened { user_id: String::new(), ping_interval: None, ping_timeout: None };
        self.begin(stream, &url, spoken, opened, id, incoming).await
    }

    /// The binding's path below that of the target's address. An address with a path of its own knows better than a binding
    /// whose path says nothing about the connection.
    fn websocket_url(&self, speaker: &Speaker) -> Result<Url, OpenError> {
        let url = stream::base_url(&self.base, "/")?;
        let has_path = url.path() != "/";
        match self.plan.path(speaker.values()) {
            Some(path) if !has_path || self.plan.has_path_of_holes() => {
                let below = format!("{}{path}", url.path().trim_end_matches('/'));
                url.join(&below).map_err(|error| OpenError::NotThisProtocol(format!("{path:?}: {error}")))
            }
            Some(_) | None => Ok(url),
        }
    }

    /// Says what is said first, and waits for the words that connecting waits for.
    async fn begin(
        &self,
        mut stream: Stream,
        url: &Url,
        mut spoken: Spoken,
        opened: Opened,
        id: ConnectionId,
        incoming: mpsc::Sender<(ConnectionId, Incoming)>,
    ) -> Result<Connection, OpenError> {
        for outgoing in spoken.speaker.hello() {
            stream::send(&mut stream, url, spoken.frame(outgoing)).await?;
        }
        let mut early = Vec::new();
        while !spoken.speaker.is_ready() {
            let text = match stream::next_text_or_close(&mut stream, url).await? {
                Ok(text) => text,
                Err(frame) => {
                    let said = stream::close_reason(frame.as_ref());
                    let is_refusal = frame.is_some_and(|frame| self.plan.refuses_entry_by(frame.code.into()));
                    let otherwise = || stream::not_this_protocol(url, "a text frame", &said);
                    return Err(if is_refusal { OpenError::Refused(said) } else { otherwise() });
                }
            };
            let mut decoded = Vec::new();
            if !spoken.decode(&text, &mut decoded) {
                return Err(stream::not_this_protocol(url, FIRST_WORDS, &text));
            }
            for one in decoded {
                match one {
                    Decoded::Incoming(Incoming::Ended(reason)) => return Err(OpenError::Unreachable(reason)),
                    Decoded::Incoming(incoming) => early.push(incoming),
                    Decoded::AnswerWith(message) => stream::send(&mut stream, url, message).await?,
                }
            }
            if early.len() >= EARLY_MESSAGES_MAX || is_unmatched(&early) {
                return Err(stream::not_this_protocol(url, FIRST_WORDS, &text));
            }
        }
        let user_id = spoken.speaker.id().unwrap_or_default();
        let (interval, timeout) = spoken.speaker.heartbeat();
        let (ping_interval, ping_timeout) = (interval.or(opened.ping_interval), timeout.or(opened.ping_timeout));
        let opened = Opened { user_id, ping_interval, ping_timeout };
        Ok(stream::spawn(stream, spoken, opened, early, id, incoming))
    }
}

/// What connecting waits for, in words.
const FIRST_WORDS: &str = "a message that the binding names as the first";
/// Messages that may precede it.
const EARLY_MESSAGES_MAX: usize = 64;

/// Whether something came before the first words that the binding does not know: somebody else speaks there.
fn is_unmatched(early: &[Incoming]) -> bool {
    early.iter().any(|one| matches!(one, Incoming::Event { event, .. } if event.starts_with("(unmatched)")))
}

impl Spoken {
    fn frame(&self, outgoing: Outgoing) -> Message {
        match &self.framing {
            Framing::Text => Message::text(outgoing.text),
            Framing::Binary => Message::binary(outgoing.text.into_bytes()),
            Framing::Plain => {
                let text = serde_json::from_str::<String>(&outgoing.text);
                Message::text(text.unwrap_or(outgoing.text))
            }
            Framing::Packets(prefix) => {
                let ack = outgoing.ack.map(|ack| ack.to_string()).unwrap_or_default();
                Message::text(format!("42{prefix}{ack}{}", outgoing.text))
            }
        }
    }

    fn take(&self, reaction: Reaction, out: &mut Vec<Decoded>) {
        out.extend(reaction.send.into_iter().map(|outgoing| Decoded::AnswerWith(self.frame(outgoing))));
        out.extend(reaction.incoming.into_iter().map(Decoded::Incoming));
    }

    fn hear(&mut self, message: Value, out: &mut Vec<Decoded>) {
        let reaction = self.speaker.hear(message);
        self.take(reaction, out);
    }
}

impl Codec for Spoken {
    fn misspoken(&self) -> Misspoken {
        let offer = self.speaker.an_offer();
        let words = if let Framing::Packets(prefix) = &self.framing {
            let event = serde_json::from_str::<Vec<Value>>(&offer).ok().and_then(|it| it.into_iter().next());
            misspoken(prefix, &event.unwrap_or_else(|| "offer".into()).to_string())
        } else {
            // Half of a message is no message, whatever the wire.
            let half =
                offer.char_indices().nth(offer.chars().count() / 2).map_or("", |(at, _)| &offer[..at]).to_owned();
            let blank = || r#"{"event":9}"#.to_owned();
            Misspoken {
                before_data: half.clone(),
                truncated_json: half,
                wrong_shape: r#"{"a":1}"#.to_owned(),
                unknown_type: r#"{"type":9}"#.to_owned(),
                stray_ack: r#"{"ack":999999999999}"#.to_owned(),
                bare_request: blank(),
                null_request: blank(),
                mistyped_request: blank(),
                bare_signal: blank(),
                null_signal: blank(),
            }
        };
        let disfigured = |message, how, otherwise: String| match (self.speaker.disfigured(message, how), &self.framing)
        {
            (Some(text), Framing::Packets(prefix)) => format!("42{prefix}{text}"),
            (Some(text), Framing::Text | Framing::Binary) => text,
            (Some(_), Framing::Plain) | (None, _) => otherwise,
        };
        Misspoken {
            bare_request: disfigured(Kind::Request, Disfigurement::Bare, words.bare_request),
            null_request: disfigured(Kind::Request, Disfigurement::Null, words.null_request),
            mistyped_request: disfigured(Kind::Request, Disfigurement::Mistyped, words.mistyped_request),
            bare_signal: disfigured(Kind::Signal, Disfigurement::Bare, words.bare_signal),
            null_signal: disfigured(Kind::Signal, Disfigurement::Null, words.null_signal),
            ..words
        }
    }

    fn can_say(&self, kind: BrokenFrame) -> bool {
        // What only a WebSocket has.
        let is_frame = matches!(kind, BrokenFrame::Binary | BrokenFrame::InvalidUtf8 | BrokenFrame::ReservedOpcode);
        !(self.polls && is_frame)
    }

    fn farewell(&self) -> &'static [&'static str] {
        if matches!(self.framing, Framing::Packets(_)) { FAREWELL } else { &[] }
    }

    fn keepalive(&self) -> Option<(Message, Duration)> {
        let (outgoing, period) = self.speaker.keepalive()?;
        Some((self.frame(outgoing), period))
    }

    fn encode(&mut self, event: &str, data: Option<&Value>, ack: Option<u64>, out: &mut Encoded) {
        match self.speaker.say(event, data, ack) {
            Ok(reaction) => {
                out.frames.extend(reaction.send.into_iter().map(|outgoing| self.frame(outgoing)));
                out.incoming.extend(reaction.incoming);
            }
            // A scenario was adapted to the binding before the run, so this is for what was made of it by shrinking.
            Err(unsayable) => out.incoming.push(Incoming::Unsayable(unsayable.to_string())),
        }
    }

    fn fence(&mut self, ack: u64, room: String, out: &mut Encoded) {
        match self.speaker.say_fence(ack) {
            Some(outgoing) => out.frames.push(self.frame(outgoing)),
            None => self.encode("join-room", Some(&room.into()), Some(ack), out),
        }
    }

    fn decode(&mut self, text: &str, out: &mut Vec<Decoded>) -> bool {
        match &self.framing {
            Framing::Packets(_) => {
                let Some(packet) = Packet::parse(text, &self.namespace) else { return false };
                let mut heard = None;
                let is_due = react(packet, out, |said| {
                    heard = Some(said);
                    Vec::new()
                });
                match heard {
                    Some(Heard::Event(message)) => self.hear(message.into(), out),
                    Some(Heard::Ack(ack, arguments)) => {
                        out.extend(self.speaker.hear_ack(ack, &arguments).into_iter().map(Decoded::Incoming));
                    }
                    None => {}
                }
                is_due
            }
            Framing::Plain => {
                self.hear(text.into(), out);
                true
            }
            Framing::Text => {
                let Ok(message) = serde_json::from_str(text) else { return false };
                self.hear(message, out);
                true
            }
            Framing::Binary => false,
        }
    }

    fn decode_close(&mut self, code: u16) -> Option<Incoming> {
        self.speaker.hear_close(code)
    }

    fn decode_binary(&mut self, bytes: &[u8], out: &mut Vec<Decoded>) -> bool {
        let (Framing::Binary, Ok(message)) = (&self.framing, serde_json::from_slice(bytes)) else { return false };
        self.hear(message, out);
        true
    }
}
