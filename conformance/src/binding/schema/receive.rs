//! What the server may send.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

/// A message of the server, and what it means.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReceiveTable {
    /// Its pattern. A string `"{name}"` captures any value, objects and lists may have more than the pattern, and a member
    /// whose name ends with `?` may be absent.
    #[serde(rename = "match")]
    #[schemars(with = "Value")]
    pub pattern: Spanned<Value>,
    /// What it means.
    #[serde(rename = "as")]
    pub meaning: Meaning,
    /// For a signal or an error: which kind, where the pattern does not capture `{kind}`.
    pub kind: Option<KindName>,
    /// Repeats the meaning for each item of the list in this hole: one message of several users, or of several signals.
    pub each: Option<String>,
    /// How an item of that list looks, as a pattern. Unless it is said, a user as `[identity] listed` says, and a signal as
    /// `{payload}` alone.
    #[schemars(with = "Option<Value>")]
    pub item: Option<Spanned<Value>>,
    /// What the client answers at once.
    #[schemars(with = "Option<Value>")]
    pub answer: Option<Spanned<Value>>,
    /// Whether the message may mean more: patterns further down are tried too.
    #[serde(default)]
    pub also: bool,
}

/// What a message means. Where a server has two names for a user, a message that has `{alias}` beside the id says so, and in
/// one that has it alone it stands for the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The client's own id: `{id}`, and `{ping-interval}` and `{ping-timeout}` in milliseconds if the server says how soon it
    /// notices a silent client.
    Identified,
    /// The server admits the client. Connecting waits for it.
    Ready,
    /// Somebody joined: `{user}`, and `{timestamp}` if there is one.
    Joined,
    /// Somebody left: `{user}`, and `{timestamp}` if there is one.
    Left,
    /// A signal: `{from}`, `{payload}`, `{kind}`; with `{to}` the client drops what is for somebody else.
    Signal,
    /// The error of a signal, of the kind `{kind}` or the kind sent last.
    Error,
    /// The room was closed by its host.
    Closed,
    /// Another member is host: `{user}`.
    HostChanged,
    /// The answer to a fence; with `{users}` it says who is there, where that has to be asked for.
    Pong,
    /// Nothing, and not worth a record.
    Ignored,
}

/// A kind of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KindName {
    /// `offer`.
    Offer,
    /// `answer`.
    Answer,
    /// `ice-candidate`.
    Candidate,
}
