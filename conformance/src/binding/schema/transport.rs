//! How connections are made.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

/// How connections are made: `[transport.socket-io]` or `[transport.websocket]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub enum TransportTable {
    /// Socket.IO v4 over Engine.IO 4. A message is a list: the event's name and its arguments.
    #[serde(rename = "socket-io")]
    SocketIo {
        /// The path of the handshake.
        #[serde(default = "default_path")]
        path: String,
        /// The namespace.
        #[serde(default = "default_namespace")]
        namespace: String,
        /// The payload of the CONNECT packet.
        #[schemars(with = "Option<Value>")]
        auth: Option<Spanned<Value>>,
        /// Parameters of the handshake's query.
        #[serde(default)]
        #[schemars(with = "BTreeMap<String, String>")]
        query: BTreeMap<String, Spanned<String>>,
        /// How packets travel.
        #[serde(default)]
        over: Over,
    },
    /// One JSON value, or one text, a WebSocket frame.
    #[serde(rename = "websocket")]
    WebSocket {
        /// Path and query, below the target's address. With the hole `{room}` the room is chosen by connecting.
        #[schemars(with = "Option<String>")]
        path: Option<Spanned<String>>,
        /// Headers of the handshake.
        #[serde(default)]
        #[schemars(with = "BTreeMap<String, String>")]
        headers: BTreeMap<String, Spanned<String>>,
        /// The subprotocol to ask for.
        subprotocol: Option<String>,
        /// How a frame is read and written.
        #[serde(default)]
        frames: Frames,
        /// An HTTP GET before connecting, whose answer is needed for it.
        prelude: Option<PreludeTable>,
    },
}

fn default_path() -> String {
    "/socket.io/".to_owned()
}

fn default_namespace() -> String {
    "/".to_owned()
}

/// How Socket.IO packets travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// In WebSocket frames from the start.
    #[default]
    Websocket,
    /// By HTTP long-polling, without an upgrade.
    Polling,
}

/// How a WebSocket frame is read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Frames {
    /// JSON in text frames.
    #[default]
    Text,
    /// JSON in binary frames.
    Binary,
    /// Plain text in text frames: templates and patterns are texts.
    Plain,
}

/// An HTTP GET before connecting.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PreludeTable {
    /// Path and query, below the target's address.
    #[schemars(with = "String")]
    pub get: Spanned<String>,
    /// What the body is, as a pattern: JSON if it is JSON, else its text.
    #[schemars(with = "Value")]
    pub answer: Spanned<Value>,
}
