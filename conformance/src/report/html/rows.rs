//! What a diagram shows, row by row, before anything has a place.

use std::collections::BTreeMap;

use glare_model::message::SignalKind;
use serde_json::Value;

use crate::{
    observation::{Observation, is_request, read_ack},
    oracle::{Violation, story::Story},
    report::lanes::{names_in, plain, plain_bytes, room_names},
    trace::{Ending, Entry, Trace},
    transport::ConnectionId,
};

/// What a row shows, before it has a place.
pub(super) struct Row {
    pub(super) at_us: u64,
    pub(super) phase: usize,
    pub(super) lane: Option<ConnectionId>,
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) times: usize,
    pub(super) record: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// To the server.
    Out,
    /// From the server.
    In,
    /// From the server, and that it came is what is wrong.
    Wrong,
    /// Promised by the server, and did not come.
    Missing,
    /// On one lane, or about all.
    Remark,
}

impl Kind {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
            Self::Wrong => "wrong",
            Self::Missing => "miss",
            Self::Remark => "remark",
        }
    }
}

/// The rows up to the last phase that broke something. Equal ones that follow each other are one.
pub(super) fn rows(trace: &Trace, story: &Story, violations: &[Violation], broken: &[usize]) -> Vec<Row> {
    let rooms = room_names(trace);
    let mut rows: Vec<Row> = Vec::new();
    let mut phase = 0;
    for (record, one) in trace.records.iter().enumerate() {
        if let Entry::Phase { phase: now } = one.entry {
            phase = now;
        }
        if broken.iter().max().is_some_and(|last| phase > *last) {
            break;
        }
        let Some((lane, mut kind, text)) = shown(&one.entry, &Words { story, rooms: &rooms }) else { continue };
        let accused = violations.iter().filter(|violation| violation.phase == phase);
        if kind == Kind::In && accused.into_iter().any(|violation| accuses(violation, &one.entry, story)) {
            kind = Kind::Wrong;
        }
        match rows.last_mut() {
            Some(last) if last.lane == lane && last.kind == kind && last.text == text && last.phase == phase => {
                last.times += 1;
            }
            _ => rows.push(Row { at_us: one.at_us, phase, lane, kind, text, times: 1, record }),
        }
    }
    rows
}

/// Whether a violation names what arrived here: the client and the event, or the fate of its request.
fn accuses(violation: &Violation, entry: &Entry, story: &Story) -> bool {
    let Some(connection) = entry.connection().filter(|_| !violation.missing) else { return false };
    let name = story.name(connection);
    let begins = |text: &str| {
        text.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with(' ') || rest.starts_with("'s "))
    };
    let about = begins(&violation.expected) || begins(&violation.actual);
    let said = |word: &str| violation.actual.contains(word);
    about
        && match entry {
            Entry::Received { event, .. } => said(event) || violation.actual.contains("got it"),
            Entry::Acked { .. } => said("accepted") || said("refused") || said("ack"),
            Entry::Ended { .. } => said("ended"),
            Entry::Phase { .. }
            | Entry::Opened { .. }
            | Entry::OpenFailed { .. }
            | Entry::Sent { .. }
            | Entry::SentBroken { .. }
            | Entry::SentRaw { .. }
            | Entry::Knocked { .. }
            | Entry::Ending { .. }
            | Entry::Fence { .. }
            | Entry::Fenced { .. }
            | Entry::FenceLost { .. }
            | Entry::Waited { .. }
            | Entry::Missed { .. }
            | Entry::Unsayable { .. }
            | Entry::GaveUp { .. } => false,
        }
}

type Shown = (Option<ConnectionId>, Kind, String);

/// Names for ids.
struct Words<'a> {
    story: &'a Story,
    rooms: &'a BTreeMap<String, String>,
}

impl Words<'_> {
    fn plain(&self, data: Option<&Value>) -> String {
        data.map_or(String::new(), |data| format!(" {}", plain(data, self.story, self.rooms)))
    }

    /// An event that goes to the server. Whom a signal is for says more than what it carries.
    fn sent(&self, event: &str, data: Option<&Value>) -> String {
        let is_signal = SignalKind::ALL.into_iter().any(|kind| kind.event() == event);
        match data.and_then(|data| data.get("target")).filter(|_| is_signal) {
            Some(target) => format!("{event} to{}", self.plain(Some(target))),
            None => format!("{event}{}", self.plain(data)),
        }
    }

    /// An event from the server. Whom it names says more than the rest.
    fn received(&self, event: &str, data: Option<&Value>) -> String {
        let member = |name: &str| data.and_then(|data| data.get(name)).map(|value| self.plain(Some(value)));
        match event {
            "user-joined" | "user-left" | "host-changed" => {
                member("userId").map_or_else(|| format!("{event}{}", self.plain(data)), |user| format!("{event}{user}"))
            }
            "error" => member("type").map_or_else(|| "error".to_owned(), |kind| format!("error{kind}")),
            _ if SignalKind::ALL.into_iter().any(|kind| kind.event() == event) => {
                member("from").map_or_else(|| event.to_owned(), |from| format!("{event} from{from}"))
            }
            _ => format!("{event}{}", self.plain(data)),
        }
    }

    fn acked(&self, data: Option<&Value>) -> String {
        match read_ack(data) {
            Some(Observation::Accepted { room, existing }) => {
                let room = room.map_or(String::new(), |room| self.plain(Some(&Value::String(room))));
                let members = existing.map(|users| users.into_iter().map(Value::String).collect());
                let members = members
                    .map_or(String::new(), |users| format!(", there:{}", self.plain(Some(&Value::Array(users)))));
                format!("ack: accepted{room}{members}")
            }
            Some(Observation::Refused) => {
                let why = data.and_then(|data| data.get("error")).and_then(Value::as_str).unwrap_or("no reason");
                format!("ack: refused, {why}")
            }
            _ => format!("ack{}", self.plain(data)),
        }
    }
}

fn shown(entry: &Entry, words: &Words<'_>) -> Option<Shown> {
    let Words { story, rooms } = words;
    let (kind, text) = match entry {
        Entry::Phase { .. } | Entry::Fence { .. } | Entry::Fenced { refused: true, present: None, .. } => return None,
        // Its lane says so.
        Entry::Opened { connection, .. } if !story.name(*connection).contains('\'') => return None,
        Entry::Opened { .. } => (Kind::Remark, "connects again".to_owned()),
        Entry::OpenFailed { peer, reason, .. } => (Kind::Remark, format!("{peer} cannot connect: {reason}")),
        Entry::Sent { event, data, ack, .. } => {
            let mark = if ack.is_none() && is_request(event) { ", no ack" } else { "" };
            (Kind::Out, words.sent(event, data.as_ref()) + mark)
        }
        Entry::SentBroken { frame, .. } => (Kind::Out, format!("broken frame: {frame:?}")),
        Entry::SentRaw { bytes, .. } => (Kind::Out, format!("raw: {}", plain_bytes(bytes))),
        Entry::Knocked { peer, bytes } => {
            (Kind::Remark, format!("{peer} opens a TCP connection and writes {}", plain_bytes(bytes)))
        }
        Entry::Ending { how, .. } => (Kind::Remark, ending(*how).to_owned()),
        Entry::Fenced { present: Some(users), .. } => {
            (Kind::In, format!("is there: {}", story.names_of_users(users.iter().map(String::as_str))))
        }
        Entry::Fenced { .. } => (Kind::In, "the runner's own request, accepted".to_owned()),
        Entry::FenceLost { .. } => (Kind::Remark, "no answer to the runner".to_owned()),
        Entry::Received { event, data, .. } => (Kind::In, words.received(event, data.as_ref())),
        Entry::Acked { data, .. } => (Kind::In, words.acked(data.as_ref())),
        Entry::Ended { reason, .. } => (Kind::In, format!("connection ended: {reason}")),
        Entry::Waited { quiet_ms } => (Kind::Remark, format!("nothing came for {quiet_ms} ms")),
        Entry::Missed { what } => return Some(missing(what, story, rooms)),
        Entry::Unsayable { reason } => (Kind::Remark, format!("the wire has no words for it: {reason}")),
        Entry::GaveUp { reason } => (Kind::Remark, format!("the runner gave up: {reason}")),
    };
    Some((entry.connection(), kind, text))
}

/// A remark of the driver names the client first: `A: user-left ID`.
fn missing(what: &str, story: &Story, rooms: &BTreeMap<String, String>) -> Shown {
    let words = names_in(what, story, rooms);
    let named = words.split_once(": ").and_then(|(peer, rest)| {
        let own = story.connections.iter().rev().find(|(_, (own, _))| own.0.as_ref() == peer);
        own.map(|(connection, _)| (*connection, rest))
    });
    match named {
        Some((connection, rest)) => (Some(connection), Kind::Missing, format!("missing: {rest}")),
        None => (None, Kind::Remark, format!("did not come: {words}")),
    }
}

fn ending(how: Ending) -> &'static str {
    match how {
        Ending::Close => "closes its connection",
        Ending::Drop => "drops its connection",
        Ending::Freeze => "stops reading and writing",
        Ending::Noticed => "should be noticed by now",
    }
}
