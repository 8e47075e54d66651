//! The binding language, as it is written in a TOML file. docs/binding.schema.json is made from these types.

mod receive;
mod transport;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

pub use self::{
    receive::{KindName, Meaning, ReceiveTable},
    transport::{Frames, Over, PreludeTable, TransportTable},
};
use crate::dialect::{
    MalformedRule, MembersRule, NoticesRule, ReachRule, RoomsRule, SecondRoomRule, UndeliverableRule,
};

/// How a target's wire carries the protocol of docs/protocol.md.
///
/// Texts and JSON values may have holes, such as `{room}`: in what is sent they are filled, in what is received they
/// capture.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BindingFile {
    /// The name by which a target selects it: a-z, 0-9 and -.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// What it is for, in a line.
    pub description: String,
    /// How connections are made.
    pub transport: TransportTable,
    /// Where user ids come from.
    #[serde(default)]
    pub identity: IdentityTable,
    /// What is sent on every new connection, in order.
    #[serde(default)]
    #[schemars(with = "Vec<Value>")]
    pub hello: Vec<Spanned<Value>>,
    /// Creating a room; absent where joining does that.
    pub create: Option<RequestTable>,
    /// Joining a room.
    pub join: RequestTable,
    /// Leaving a room; absent where a member leaves by closing its connection.
    pub leave: Option<LeaveTable>,
    /// Signals.
    pub signal: SignalTable,
    /// Any event by name, for what the protocol does not name (ERR-05); holes `{event}`, `{data}` and `{ack}`. On Socket.IO
    /// that is `["{event}", "{data}"]` unless said otherwise.
    #[schemars(with = "Option<Value>")]
    pub unknown: Option<Spanned<Value>>,
    /// Whether the target names events and members as docs/protocol.md does, so that malformed signals can be said by
    /// `unknown`, and members that no pattern names are recorded as they are.
    #[serde(default)]
    pub names_of_the_protocol: bool,
    /// What the server may send, in order: the first pattern that fits says what a message means. What none fits is recorded
    /// as an event that the protocol does not name.
    #[serde(default)]
    pub receive: Vec<ReceiveTable>,
    /// What is sent again and again to stay connected.
    pub keepalive: Option<KeepaliveTable>,
    /// The round trip that proves that nothing more is on its way.
    #[serde(default)]
    pub fence: FenceTable,
    /// Where the target differs from docs/protocol.md legitimately. What is not declared here has to be as there.
    #[serde(default)]
    pub dialect: DialectTable,
    /// Optional parts of the protocol that the target has, such as `host-close` or `capacity=8`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub capabilities: Vec<Spanned<String>>,
    /// Clauses that cannot be judged on this wire, each with the reason. What follows from the rest need not be said.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub not_applicable: BTreeMap<Spanned<String>, String>,
    /// How to start the server, for `--process` without a command and for the scripts.
    pub process: Option<ProcessTable>,
}

/// Where user ids come from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct IdentityTable {
    /// Who chooses the id.
    #[serde(default)]
    pub from: IdentityFrom,
    /// The form of ids that the client chooses: `uuid`, `hexN` (N hexadecimal digits) or `word`.
    #[schemars(with = "Option<String>")]
    pub form: Option<Spanned<String>>,
    /// How a member looks in a list of members: a pattern with the hole `{user}`, or `"keys"` for a map by id. A plain id
    /// unless said otherwise.
    #[schemars(with = "Option<Value>")]
    pub listed: Option<Spanned<Value>>,
}

/// Who chooses the id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityFrom {
    /// It is the socket id of Socket.IO's CONNECT packet.
    #[default]
    Socket,
    /// A message, received `as = "identified"` with the hole `{id}`. Connecting waits for it.
    Message,
    /// The client, by `form`. The hole `{id}` has it from the start.
    Client,
    /// The HTTP prelude, whose pattern has the hole `{id}`.
    Prelude,
}

/// A request: how it is said, and how its outcome is known.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RequestTable {
    /// The messages, in order; holes `{room}`, `{id}` and `{ack}`. On Socket.IO the ack belongs to the last one.
    #[serde(default)]
    #[schemars(with = "Vec<Value>")]
    pub send: Vec<Spanned<Value>>,
    /// Patterns of Socket.IO's ack, each a list of its arguments.
    pub ack: Option<OutcomeTable>,
    /// Patterns of a message that answers. With the hole `{ack}` in `send` and here, it answers the request of that number;
    /// without, the oldest one.
    pub reply: Option<OutcomeTable>,
    /// The codes, 1000 to 4999, with which the server closes the WebSocket of whom it refuses. Such a close answers the oldest
    /// request; every refusal is one.
    #[schemars(with = "Option<Vec<u16>>")]
    pub refused_by_close: Option<Spanned<Vec<Spanned<i64>>>>,
}

/// How the outcome of a request looks. Without either table a request is accepted as soon as it is sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OutcomeTable {
    /// It was accepted; holes `{room}` and `{users}` (the members there, as a list).
    #[schemars(with = "Vec<Value>")]
    pub accepted: Vec<Spanned<Value>>,
    /// It was refused.
    #[serde(default)]
    #[schemars(with = "Vec<Value>")]
    pub refused: Vec<Spanned<Value>>,
}

/// Leaving.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveTable {
    /// The messages, in order; holes `{room}` and `{id}`.
    #[schemars(with = "Vec<Value>")]
    pub send: Vec<Spanned<Value>>,
    /// Whether the client closes its connection behind them.
    #[serde(default)]
    pub closes: bool,
}

/// Signals.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignalTable {
    /// The message; holes `{kind}`, `{target}` or `{target-alias}`, `{payload}`, `{room}`, `{id}`. One for all kinds, or see
    /// `offer`.
    #[schemars(with = "Option<Value>")]
    pub send: Option<Spanned<Value>>,
    /// The message of an offer.
    #[schemars(with = "Option<Value>")]
    pub offer: Option<Spanned<Value>>,
    /// The message of an answer.
    #[schemars(with = "Option<Value>")]
    pub answer: Option<Spanned<Value>>,
    /// The message of a candidate.
    #[schemars(with = "Option<Value>")]
    pub candidate: Option<Spanned<Value>>,
    /// What stands in `{kind}`.
    #[serde(default)]
    pub kinds: Kinds,
}

/// What stands in `{kind}` for each kind of signal.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Kinds {
    /// For an offer.
    pub offer: String,
    /// For an answer.
    pub answer: String,
    /// For a candidate.
    pub candidate: String,
}

impl Default for Kinds {
    fn default() -> Self {
        Self { offer: "offer".to_owned(), answer: "answer".to_owned(), candidate: "candidate".to_owned() }
    }
}

/// What is sent again and again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeepaliveTable {
    /// The message.
    #[schemars(with = "Value")]
    pub send: Spanned<Value>,
    /// How often, in milliseconds.
    #[schemars(with = "u64")]
    pub every_ms: Spanned<u64>,
}

/// The round trip that proves that nothing more is on its way to the client that makes it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FenceTable {
    /// Which round trip.
    #[serde(default)]
    pub by: FenceBy,
    /// The message, for `ping`; its answer is received `as = "pong"`, or is its ack on Socket.IO. The hole `{fence}` is a
    /// number, `{room}` the room that the client is in.
    #[schemars(with = "Option<Value>")]
    pub send: Option<Spanned<Value>>,
    /// How its ack looks on Socket.IO, as a list of arguments, where that says who is there: a pattern with the hole `{users}`.
    /// In a message received `as = "pong"` the hole means the same.
    #[schemars(with = "Option<Value>")]
    pub ack: Option<Spanned<Value>>,
}

/// Which round trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FenceBy {
    /// A join that has to be refused, and is answered in order with everything else.
    #[default]
    Request,
    /// A message that the server answers.
    Ping,
    /// A signal to oneself, where the server delivers that or echoes it.
    Echo,
    /// Signals to every fellow member and back, where nothing else tells.
    Relay,
    /// There is none: absence is judged by time.
    None,
}

/// Where the target differs legitimately. What follows from the rest of the binding need not be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DialectTable {
    /// What a member gets that asks for another room.
    #[serde(default)]
    pub second_room: SecondRoomRule,
    /// How long a room exists.
    #[serde(default)]
    pub rooms: RoomsRule,
    /// What a joiner is told of the members that are there.
    #[serde(default)]
    pub members: MembersRule,
    /// Whether members are told who joins and who leaves.
    #[serde(default)]
    pub notices: NoticesRule,
    /// Whom a signal reaches.
    #[serde(default)]
    pub reach: ReachRule,
    /// What comes of a signal that reaches nobody.
    #[serde(default)]
    pub undeliverable: UndeliverableRule,
    /// Whether a malformed signal is answered with an error.
    #[serde(default)]
    pub malformed: MalformedRule,
    /// Whether a client hears its own joining and leaving like the others.
    #[serde(default)]
    pub own_notices: bool,
    /// Whether a joiner finds itself in the list of members.
    #[serde(default)]
    pub own_in_list: bool,
}

/// How to start the server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProcessTable {
    /// The command line; the hole `{port}` is its port, and so is PORT in its environment.
    pub command: String,
    /// More of its environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// The schema of a file, as JSON text.
#[must_use]
pub fn schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(BindingFile)).expect("a schema is JSON") + "\n"
}
