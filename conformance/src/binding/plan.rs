//! A binding, compiled before the run: names are places, texts are pieces, and what contradicts itself was refused.

mod closing;
mod compile;

use std::{collections::BTreeMap, time::Duration};

use glare_model::requirement::RequirementId;
use serde_json::Value;

use super::{
    schema::{DialectTable, FenceBy, Frames, Meaning, Over, ProcessTable},
    template::{Hole, HoleNames, Node, Text, Values},
};
use crate::{
    capability::Profile,
    dialect::{Dialect, MembersRule, RoomsRule, SecondRoomRule},
    fence::Fence,
};

/// A compiled binding.
#[derive(Debug)]
pub struct Plan {
    pub(super) name: String,
    pub(super) description: String,
    pub(crate) transport: TransportPlan,
    pub(super) identity: Identity,
    pub(super) hello: Vec<Node>,
    pub(super) create: Option<Request>,
    pub(super) join: Request,
    pub(super) leave: Option<Leave>,
    /// In the order of [`glare_model::message::SignalKind::ALL`].
    pub(super) signals: [Node; 3],
    pub(super) kinds: [Value; 3],
    pub(super) unknown: Option<Node>,
    pub(super) has_names_of_the_protocol: bool,
    pub(super) receive: Vec<Receive>,
    pub(crate) keepalive: Option<(Node, Duration)>,
    pub(super) fence: FenceBy,
    pub(super) ping: Option<Node>,
    /// How the ack of a fence says who is there.
    pub(super) ping_ack: Option<Node>,
    pub(super) listed: Listed,
    pub(super) table: DialectTable,
    pub(super) profile: Profile,
    /// Why clauses cannot be judged, in the binding's own words.
    pub(super) not_applicable: BTreeMap<RequirementId, String>,
    pub(super) process: Option<ProcessTable>,
    pub(super) holes: Holes,
}

/// How connections are made.
#[derive(Debug)]
pub(crate) enum TransportPlan {
    SocketIo {
        path: String,
        namespace: String,
        auth: Option<Node>,
        query: Vec<(String, Text)>,
        over: Over,
    },
    WebSocket {
        path: Option<Text>,
        headers: Vec<(String, Text)>,
        subprotocol: Option<String>,
        frames: Frames,
        prelude: Option<(Text, Node)>,
    },
}

/// Who chooses user ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Socket,
    Message,
    Client(IdForm),
    Prelude,
}

/// The form of ids that a client chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdForm {
    Uuid,
    Hex(usize),
    Word,
}

/// How a member looks in a list of members.
#[derive(Debug)]
pub(super) enum Listed {
    /// As this, with the id in `{user}`.
    As(Node),
    /// As a key of a map.
    Keys,
}

/// How a member leaves.
#[derive(Debug)]
pub(super) struct Leave {
    pub(super) send: Vec<Node>,
    pub(super) closes: bool,
}

#[derive(Debug)]
pub(super) struct Request {
    pub(super) send: Vec<Node>,
    pub(super) ack: Option<Outcome>,
    pub(super) reply: Option<Outcome>,
    /// The codes of closes that refuse it.
    pub(super) refused_by_close: Vec<u16>,
}

#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) accepted: Vec<Node>,
    pub(super) refused: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Receive {
    pub(super) pattern: Node,
    pub(super) meaning: Meaning,
    pub(super) kind: Option<usize>,
    pub(super) each: Option<Each>,
    pub(super) answer: Option<Node>,
    pub(super) also: bool,
}

/// A list in a message, each item of which means what the message means.
#[derive(Debug)]
pub(super) struct Each {
    pub(super) list: Hole,
    /// How an item looks; as a member in a list of members if it is not said.
    pub(super) item: Option<Node>,
}

/// The holes that have a meaning of their own.
#[derive(Clone, Debug)]
pub(super) struct Holes {
    pub(super) names: HoleNames,
    pub(super) id: Hole,
    pub(super) room: Hole,
    pub(super) target: Hole,
    pub(super) target_alias: Hole,
    pub(super) payload: Hole,
    pub(super) kind: Hole,
    pub(super) from: Hole,
    pub(super) to: Hole,
    pub(super) user: Hole,
    pub(super) users: Hole,
    pub(super) alias: Hole,
    pub(super) timestamp: Hole,
    pub(super) ack: Hole,
    pub(super) fence: Hole,
    pub(super) event: Hole,
    pub(super) data: Hole,
    pub(super) ping_interval: Hole,
    pub(super) ping_timeout: Hole,
}

impl Holes {
    fn new() -> Self {
        let mut names = HoleNames::default();
        let mut hole = |name| names.intern(name);
        Self {
            id: hole("id"),
            room: hole("room"),
            target: hole("target"),
            target_alias: hole("target-alias"),
            payload: hole("payload"),
            kind: hole("kind"),
            from: hole("from"),
            to: hole("to"),
            user: hole("user"),
            users: hole("users"),
            alias: hole("alias"),
            timestamp: hole("timestamp"),
            ack: hole("ack"),
            fence: hole("fence"),
            event: hole("event"),
            data: hole("data"),
            ping_interval: hole("ping-interval"),
            ping_timeout: hole("ping-timeout"),
            names,
        }
    }
}

impl Plan {
    /// Where the target differs: what the binding declares, and what follows from its messages.
    fn dialect(&self) -> Dialect {
        let DialectTable { second_room, rooms, members, notices, reach, undeliverable, malformed, .. } = self.table;
        let every = |meanings: &[Meaning], holes: &[Hole]| {
            let mut those = self.receive.iter().filter(|it| meanings.contains(&it.meaning));
            those.all(|it| holes.iter().any(|hole| it.fills(*hole)))
        };
        // Nobody can ask for a room where there is none, or where one is entered by connecting.
        let asks_once = rooms == RoomsRule::None || self.joins_by_connecting();
        let second_room = if asks_once { SecondRoomRule::Impossible } else { second_room };
        let several = second_room == SecondRoomRule::Several;
        let mut errors = self.receive.iter().filter(|it| it.meaning == Meaning::Error);
        let names_kind = errors.all(|it| it.kind.is_some() || it.pattern.always_fills(self.holes.kind));
        let names_room = |node: &Node| node.holes().contains(&self.holes.room);
        let leave = self.leave.as_ref().filter(|leave| !leave.closes);
        Dialect {
            second_room,
            rooms,
            members: if rooms == RoomsRule::None { MembersRule::Untold } else { members },
            notices,
            reach,
            undeliverable,
            malformed,
            answers_requests: self.join.is_answered(),
            names_sender: every(&[Meaning::Signal], &[self.holes.from, self.holes.alias]),
            names_error_kind: names_kind,
            has_timestamps: every(&[Meaning::Joined, Meaning::Left], &[self.holes.timestamp]),
            leaves_by_message: leave.is_some(),
            leaves_by_name: several && leave.is_some_and(|leave| leave.send.iter().any(names_room)),
            signals_in_rooms: several && self.signals.iter().all(names_room),
            refusals_close: self.join.is_refused_by_close(),
            enters_by_connecting: self.joins_by_connecting(),
            clients_choose_ids: matches!(self.identity, Identity::Client(_)),
            unjudged: self.not_applicable.keys().copied().collect(),
        }
    }

    /// What the target declares of itself.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Why a clause is not judged, in the binding's own words or in those of what follows from it.
    #[must_use]
    pub fn reason(&self, clause: RequirementId) -> Option<&str> {
        let own = self.not_applicable.get(&clause).map(String::as_str);
        own.or_else(|| self.profile.dialect().reason(clause))
    }

    /// Why a case that is about a clause first of all is of no concern, likewise.
    #[must_use]
    pub fn excludes(&self, main: RequirementId) -> Option<&str> {
        let own = self.not_applicable.get(&main).map(String::as_str);
        own.or_else(|| self.profile.dialect().excludes(main))
    }

    /// What proves that everything has arrived.
    #[must_use]
    pub fn fence(&self) -> Fence {
        match self.fence {
            FenceBy::Request | FenceBy::Ping | FenceBy::Echo => Fence::Refused,
            FenceBy::Relay => Fence::Relayed,
            FenceBy::None => Fence::None,
        }
    }

    /// How to start a server, if the binding says so.
    #[must_use]
    pub fn process(&self) -> Option<&ProcessTable> {
        self.process.as_ref()
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// Whether pings are answered by acks.
    pub(super) fn pings_by_acks(&self) -> bool {
        self.fence == FenceBy::Ping && !self.receive.iter().any(|receive| receive.meaning == Meaning::Pong)
    }

    /// Whether the answer to a fence says who is there.
    fn says_who_is_there(&self) -> bool {
        let mut pongs = self.receive.iter().filter(|receive| receive.meaning == Meaning::Pong);
        self.ping_ack.is_some() || pongs.any(|pong| pong.fills(self.holes.users))
    }

    /// Whether a close with this code, before the first words, refuses entry to the room that was to be entered by connecting.
    pub(crate) fn refuses_entry_by(&self, code: u16) -> bool {
        self.joins_by_connecting() && self.join.refused_by_close.contains(&code)
    }

    /// Whether connecting waits for a word of the server.
    pub(crate) fn waits_to_be_admitted(&self) -> bool {
        self.receive.iter().any(|receive| receive.meaning == Meaning::Ready)
    }

    /// The handshake's own parameters.
    pub(crate) fn query(&self, values: &Values) -> Vec<(String, String)> {
        match &self.transport {
            TransportPlan::SocketIo { query, .. } => filled(query, values),
            TransportPlan::WebSocket { .. } => Vec::new(),
        }
    }

    /// The payload of Socket.IO's CONNECT packet.
    pub(crate) fn auth(&self, values: &Values) -> Option<String> {
        let TransportPlan::SocketIo { auth: Some(auth), .. } = &self.transport else { return None };
        let mut text = String::new();
        auth.write(values, &mut text).then_some(text)
    }

    /// The path of an HTTP GET before connecting.
    pub(crate) fn prelude(&self, values: &Values) -> Option<String> {
        let TransportPlan::WebSocket { prelude: Some((get, _)), .. } = &self.transport else { return None };
        get.fill(values, in_url)
    }

    /// The pattern of its answer.
    pub(super) fn prelude_answer(&self) -> Option<&Node> {
        match &self.transport {
            TransportPlan::WebSocket { prelude, .. } => prelude.as_ref().map(|(_, answer)| answer),
            TransportPlan::SocketIo { .. } => None,
        }
    }

    /// Path and query of the WebSocket.
    pub(crate) fn path(&self, values: &Values) -> Option<String> {
        let TransportPlan::WebSocket { path: Some(path), .. } = &self.transport else { return None };
        path.fill(values, in_url)
    }

    /// An id for a handshake that is to fail.
    pub(crate) fn made_up_id(&self) -> String {
        match self.identity {
            Identity::Client(form) => form.make(0),
            Identity::Socket | Identity::Message | Identity::Prelude => IdForm::Uuid.make(0),
        }
    }

    /// Whether events and members have the names of docs/protocol.md.
    pub(crate) fn has_names_of_the_protocol(&self) -> bool {
        self.has_names_of_the_protocol
    }

    /// Whether the path says something about the connection.
    pub(crate) fn has_path_of_holes(&self) -> bool {
        matches!(&self.transport, TransportPlan::WebSocket { path: Some(path), .. } if path.holes().next().is_some())
    }

    /// Whether messages travel by HTTP long-polling.
    pub(crate) fn polls(&self) -> bool {
        matches!(&self.transport, TransportPlan::SocketIo { over: Over::Polling, .. })
    }

    /// The headers and the subprotocol of the WebSocket's handshake.
    pub(crate) fn handshake(&self, values: &Values) -> (Vec<(String, String)>, Option<String>) {
        match &self.transport {
            TransportPlan::WebSocket { headers, subprotocol, .. } => (filled(headers, values), subprotocol.clone()),
            TransportPlan::SocketIo { .. } => (Vec::new(), None),
        }
    }

    /// Whether a room is entered by connecting: its id is part of the address.
    #[must_use]
    pub fn joins_by_connecting(&self) -> bool {
        match &self.transport {
            TransportPlan::WebSocket { path: Some(path), .. } => path.holes().any(|hole| hole == self.holes.room),
            TransportPlan::WebSocket { path: None, .. } | TransportPlan::SocketIo { .. } => false,
        }
    }
}

impl Receive {
    /// Whether a message of this form has something for a hole.
    fn fills(&self, hole: Hole) -> bool {
        let item = self.each.as_ref().and_then(|each| each.item.as_ref());
        self.pattern.holes().contains(&hole) || item.is_some_and(|item| item.holes().contains(&hole))
    }
}

impl Request {
    /// Whether its outcome is said by the server.
    fn is_answered(&self) -> bool {
        self.ack.is_some() || self.reply.is_some() || self.is_refused_by_close()
    }

    /// Whether a refusal is told by the end of the connection.
    fn is_refused_by_close(&self) -> bool {
        !self.refused_by_close.is_empty()
    }

    fn can_be_refused(&self) -> bool {
        [&self.ack, &self.reply].into_iter().flatten().any(|outcome| !outcome.refused.is_empty())
    }
}

fn filled(texts: &[(String, Text)], values: &Values) -> Vec<(String, String)> {
    texts.iter().filter_map(|(name, text)| Some((name.clone(), text.fill(values, str::to_owned)?))).collect()
}

/// A value as a part of a path or a query.
fn in_url(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

impl IdForm {
    /// An id of this form, from random bits.
    pub(crate) fn make(self, bits: u128) -> String {
        match self {
            Self::Uuid => uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string(),
            Self::Hex(digits) => format!("{bits:032x}").chars().cycle().take(digits).collect(),
            Self::Word => format!("peer{bits:032x}"),
        }
    }
}
