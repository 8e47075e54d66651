//! Independent parts of a trace: connections that never ask for one room and never signal to each other have nothing to do
//! with each other, so what may have happened to some does not multiply with what may have happened to others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::{
    trace::{Entry, Trace},
    transport::ConnectionId,
};

/// The connections of each part.
pub(super) fn parts(trace: &Trace) -> Vec<BTreeSet<ConnectionId>> {
    let mut union = Union::default();
    for record in &trace.records {
        match &record.entry {
            Entry::Opened { connection, user_id, .. } => {
                union.find(Key::Connection(*connection));
                // Who was refused at the door was told no id.
                if !user_id.is_empty() {
                    union.join(*connection, Key::Name(user_id));
                }
            }
            Entry::Sent { connection, event, data: Some(data), .. } => {
                let name = match event.as_str() {
                    "create-room" | "join-room" => data.as_str(),
                    _ => data.get("target").and_then(Value::as_str),
                };
                // A target may be the name of a room, which is joined to nothing by that: it is no room that anybody enters.
                name.into_iter().for_each(|name| union.join(*connection, Key::Name(name)));
            }
            Entry::Phase { .. } | Entry::OpenFailed { .. } | Entry::Sent { .. } => {}
            Entry::SentBroken { .. } | Entry::SentRaw { .. } | Entry::Knocked { .. } => {}
            Entry::Ending { .. } | Entry::Fence { .. } | Entry::Fenced { .. } | Entry::FenceLost { .. } => {}
            Entry::Received { .. } | Entry::Acked { .. } | Entry::Ended { .. } => {}
            Entry::Waited { .. } | Entry::Missed { .. } | Entry::Unsayable { .. } | Entry::GaveUp { .. } => {}
        }
    }
    union.connections()
}

/// What a connection may have in common with another one: a room, or the user whom it names. Both are texts; that a room
/// may have the name of a user makes parts larger than they have to be, never smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key<'a> {
    Connection(ConnectionId),
    Name(&'a str),
}

#[derive(Default)]
struct Union<'a> {
    numbers: HashMap<Key<'a>, usize>,
    parents: Vec<usize>,
}

impl<'a> Union<'a> {
    fn find(&mut self, key: Key<'a>) -> usize {
        let fresh = self.parents.len();
        let mut place = *self.numbers.entry(key).or_insert(fresh);
        if place == fresh {
            self.parents.push(fresh);
        }
        while self.parents[place] != place {
            self.parents[place] = self.parents[self.parents[place]];
            place = self.parents[place];
        }
        place
    }

    fn join(&mut self, connection: ConnectionId, key: Key<'a>) {
        let (one, other) = (self.find(Key::Connection(connection)), self.find(key));
        self.parents[other] = one;
    }

    fn connections(mut self) -> Vec<BTreeSet<ConnectionId>> {
        let keys: Vec<_> = self.numbers.keys().copied().collect();
        let mut parts: BTreeMap<usize, BTreeSet<ConnectionId>> = BTreeMap::new();
        for key in keys {
            if let Key::Connection(connection) = key {
                parts.entry(self.find(key)).or_default().insert(connection);
            }
        }
        let mut parts: Vec<_> = parts.into_values().collect();
        parts.sort();
        parts
    }
}
