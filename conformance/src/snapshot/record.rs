//! From a trace to a transcript.

use std::hash::Hasher;

use fnv::FnvHasher;
use serde_json::Value;

use super::{Moment, Noise, Transcript};
use crate::{
    limits::{SNAPSHOT_ID_CHARS_MIN, SNAPSHOT_TEXT_CHARS_MAX},
    oracle::story::Story,
    scenario::Scenario,
    trace::{Ending, Entry, Trace},
};

/// What a trace of a scenario shows, without what differs from run to run.
#[must_use]
pub fn transcript(case: &Scenario, trace: &Trace, noise: &Noise) -> Transcript {
    let story = Story::read(trace);
    let names = Names::of(case, trace, &story);
    let mut moments: Vec<Moment> = Vec::new();
    for record in &trace.records {
        if matches!(record.entry, Entry::Phase { .. }) || moments.is_empty() {
            moments.push(Moment::default());
        }
        let moment = moments.last_mut().expect("one was just pushed");
        let Some((lane, line)) = line(&record.entry, &story, &names, noise) else { continue };
        match line {
            Line::Step(text) => moment.steps.push(format!("{lane} {text}")),
            Line::Seen(text) => moment.seen.entry(lane).or_default().push(text),
        }
    }
    Transcript {
        case: case.id.clone(),
        title: case.title.clone(),
        covers: case.covers.iter().map(ToString::to_string).collect(),
        is_cut: moments.len() < case.phases.len(),
        moments,
    }
}

enum Line {
    Step(String),
    Seen(String),
}

/// What a record shows, and whose it is. The runner's own round trips and remarks are not part of it.
fn line(entry: &Entry, story: &Story, names: &Names, noise: &Noise) -> Option<(String, Line)> {
    let data = |event: &str, data: &Option<Value>| {
        data.as_ref().map_or(String::new(), |data| format!(" {}", names.json(&noise.without(event, data))))
    };
    let line = match entry {
        Entry::Opened { .. } => Line::Step("connects".to_owned()),
        Entry::OpenFailed { peer, .. } => return Some((peer.to_string(), Line::Seen("cannot connect".to_owned()))),
        Entry::Sent { event, data: sent, ack, .. } => {
            let ack = if ack.is_some() { ", wants an ack" } else { "" };
            Line::Step(format!("> {event}{}{ack}", data(event, sent)))
        }
        Entry::SentBroken { frame, .. } => Line::Step(format!("> a broken frame: {frame:?}")),
        Entry::SentRaw { bytes, .. } => Line::Step(format!("> the bytes {}", names.text(bytes))),
        Entry::Knocked { peer, bytes } => {
            let text = format!("opens a TCP connection and writes {}", names.text(bytes));
            return Some((peer.to_string(), Line::Step(text)));
        }
        Entry::Ending { how, .. } => Line::Step(ending(*how).to_owned()),
        Entry::Received { event, data: got, .. } => Line::Seen(format!("{event}{}", data(event, got))),
        Entry::Acked { data: got, .. } => Line::Seen(format!("ack{}", data("ack", got))),
        // Why is in the transport's words.
        Entry::Ended { .. } => Line::Seen("is disconnected".to_owned()),
        Entry::Fenced { present: Some(users), .. } => {
            let there = story.names_of_users(users.iter().map(String::as_str));
            Line::Seen(format!("is told that {there} {} there", if users.len() > 1 { "are" } else { "is" }))
        }
        Entry::Fenced { refused: false, .. } => Line::Seen("gets the runner's impossible request accepted".to_owned()),
        Entry::FenceLost { .. } => Line::Seen("gets no answer to the runner's request".to_owned()),
        Entry::Phase { .. }
        | Entry::Fence { .. }
        | Entry::Fenced { refused: true, present: None, .. }
        | Entry::Waited { .. }
        | Entry::Missed { .. }
        | Entry::Unsayable { .. }
        | Entry::GaveUp { .. } => return None,
    };
    Some((story.name(entry.connection()?), line))
}

fn ending(how: Ending) -> &'static str {
    match how {
        Ending::Close => "closes its connection",
        Ending::Drop => "drops its connection",
        Ending::Freeze => "stops reading and writing",
        Ending::Noticed => "should be noticed by now",
    }
}

/// The names that a scenario has for what a run calls otherwise, the longest first.
struct Names(Vec<(String, String)>);

impl Names {
    fn of(case: &Scenario, trace: &Trace, story: &Story) -> Self {
        let users = story
            .connections
            .iter()
            .map(|(connection, (_, user))| (user.clone(), format!("${}", story.name(*connection))));
        let mut names: Vec<_> = users.filter(|(user, _)| !user.is_empty()).collect();
        let sent = trace.records.iter().filter_map(|record| match &record.entry {
            Entry::Sent { data: Some(data), .. } => Some(data),
            _ => None,
        });
        let (mut texts, tail) = (Vec::new(), format!("-{}", case.id));
        sent.for_each(|data| strings(data, &mut texts));
        // A room's id is its name in the scenario, then a number of the run, then the case.
        let rooms = texts.into_iter().filter_map(|text| {
            let (name, number) = text.strip_suffix(&tail)?.rsplit_once('-')?;
            let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_hexdigit());
            is_number.then(|| (text.to_owned(), format!("#{name}")))
        });
        names.extend(rooms);
        names.sort_by(|one, other| (other.0.len(), &one.0).cmp(&(one.0.len(), &other.0)));
        names.dedup();
        Self(names)
    }

    /// JSON with names for ids, members in one order, and long texts by their length and hash.
    fn json(&self, data: &Value) -> String {
        match data {
            Value::String(text) => Value::String(self.text(text)).to_string(),
            Value::Array(items) => {
                format!("[{}]", items.iter().map(|item| self.json(item)).collect::<Vec<_>>().join(","))
            }
            Value::Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| *name);
                let one = |(name, value): (&String, &Value)| {
                    format!("{}:{}", Value::String(self.text(name)), self.json(value))
                };
                format!("{{{}}}", members.into_iter().map(one).collect::<Vec<_>>().join(","))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => data.to_string(),
        }
    }

    fn text(&self, text: &str) -> String {
        if let Some((_, name)) = self.0.iter().find(|(id, _)| id == text) {
            return name.clone();
        }
        // Short ids are parts of words by chance.
        let long = self.0.iter().filter(|(id, _)| id.chars().count() >= SNAPSHOT_ID_CHARS_MIN);
        let text = long.fold(text.to_owned(), |text, (id, name)| text.replace(id.as_str(), name));
        match text.chars().count() {
            0..=SNAPSHOT_TEXT_CHARS_MAX => text,
            count => {
                let mut hasher = FnvHasher::default();
                hasher.write(text.as_bytes());
                let begin: String = text.chars().take(SNAPSHOT_TEXT_CHARS_MAX / 8).collect();
                format!("{begin}..<{count} characters, hash {:016x}>", hasher.finish())
            }
        }
    }
}

fn strings<'a>(data: &'a Value, found: &mut Vec<&'a str>) {
    match data {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.values().for_each(|item| strings(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
