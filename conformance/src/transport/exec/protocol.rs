//! What the runner and an adapter say to each other: one JSON object a line. docs/adapter.schema.json is made from these
//! types, and docs/bindings.md says what they are for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{dialect::Dialect, transport::BrokenFrame};

/// The version of this protocol. It changes when an adapter of the old one would be misled.
pub const ADAPTER_VERSION: u32 = 1;

/// A line of the runner, on the adapter's standard input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ToAdapter {
    /// The first line. The adapter answers with `ready`.
    Hello {
        /// The version that the runner speaks: 1.
        version: u32,
    },
    /// Open a connection to the server. The adapter answers with `opened` or `failed`.
    Connect {
        /// The number by which both call it from now on; never used before.
        connection: u64,
        /// The room to enter, where the dialect says that a room is entered by connecting; else absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<Value>,
    },
    /// Say an event of docs/protocol.md in the server's words.
    Send {
        /// On which connection.
        connection: u64,
        /// Its name.
        event: String,
        /// Its data, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
        /// The number to be answered under, if an answer is wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ack: Option<u64>,
    },
    /// Make a round trip that proves that everything sent before was processed, and answer with `ack`. Only where `ready`
    /// said that there is one.
    Fence {
        /// On which connection.
        connection: u64,
        /// The number to be answered under.
        ack: u64,
        /// A room that no server lets anybody into, for servers where the round trip is a refused request.
        room: String,
    },
    /// Send a frame that is not of the wire's form.
    Broken {
        /// On which connection.
        connection: u64,
        /// Which.
        frame: BrokenFrame,
    },
    /// End the connection politely. The adapter answers with `ended`.
    Close {
        /// Which.
        connection: u64,
    },
    /// End it as by a crash: reset it. The adapter answers with `ended`.
    Drop {
        /// Which.
        connection: u64,
    },
    /// Keep it open, and neither read nor write any more.
    Freeze {
        /// Which.
        connection: u64,
    },
    /// Answer with `pong` at once, whatever else is going on: that is how the runner knows that the adapter lives.
    Ping {
        /// The number to answer with.
        number: u64,
    },
}

/// A line of an adapter, on its standard output. Its standard error is shown where it dies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FromAdapter {
    /// The answer to `hello`.
    Ready {
        /// The version that the adapter speaks.
        version: u32,
        /// Its name, for reports.
        name: String,
        /// What proves that everything has arrived.
        #[serde(default)]
        fence: AdapterFence,
        /// Where the server differs from docs/protocol.md.
        #[serde(default)]
        dialect: Dialect,
        /// Optional parts of the protocol that the server has, such as `capacity=8`.
        #[serde(default)]
        capabilities: Vec<String>,
    },
    /// A connection is open.
    #[serde(rename_all = "camelCase")]
    Opened {
        /// Which.
        connection: u64,
        /// The client's id.
        user_id: String,
        /// How often the server pings, in milliseconds, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ping_interval: Option<u64>,
        /// How long it waits for an answer, in milliseconds, if it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ping_timeout: Option<u64>,
    },
    /// A connection could not be opened.
    Failed {
        /// Which.
        connection: u64,
        /// Why not.
        reason: String,
        /// Whether the server did not let it into the room that it was to enter by connecting: a refused request, where
        /// `refusals-close` is declared.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        refused: bool,
    },
    /// An event of docs/protocol.md came, or another one, which is recorded.
    Event {
        /// On which connection.
        connection: u64,
        /// Its name.
        event: String,
        /// Its data, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
    /// The answer to a request, or to a fence.
    Ack {
        /// On which connection.
        connection: u64,
        /// The request's number.
        ack: u64,
        /// `success`, and where that is true `roomId` and `existingUsers`, as in docs/protocol.md. A fence is answered with
        /// `success` false, for it is a request that has to be refused, and where the dialect says that who is there has to be
        /// asked for, with `present`: the ids of those who are in the room besides the client.
        data: Value,
    },
    /// The connection is over: the server ended it, it broke, or the runner asked for it.
    Ended {
        /// Which.
        connection: u64,
        /// Why, for people.
        reason: String,
    },
    /// The server's wire has no words for what the runner asked for; nothing was sent.
    Unsayable {
        /// On which connection.
        connection: u64,
        /// What cannot be said.
        reason: String,
    },
    /// The answer to `ping`.
    Pong {
        /// Its number.
        number: u64,
    },
    /// The adapter cannot go on.
    Error {
        /// Why not.
        reason: String,
    },
}

/// What proves that everything has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdapterFence {
    /// `fence` makes a round trip.
    #[default]
    RoundTrip,
    /// Signals to every fellow member and back, which the runner sends.
    Relay,
    /// Nothing does: absence is judged by time.
    None,
}

/// Both directions, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "it gives the schema its shape")]
enum Line {
    Runner(ToAdapter),
    Adapter(FromAdapter),
}

/// The schema of a line, as JSON text.
#[must_use]
pub fn adapter_schema() -> String {
    serde_json::to_string_pretty(&schemars::schema_for!(Line)).expect("a schema is JSON") + "\n"
}
