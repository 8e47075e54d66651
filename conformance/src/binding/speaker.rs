//! One connection's translation between the protocol's vocabulary and a target's wire. Pure: no sockets, no clock.

mod hearing;
mod names;
mod recent;
mod saying;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use serde_json::{Value, json};

pub(crate) use self::names::Names;
use super::{
    plan::{Holes, Identity, Plan, Request},
    template::{Disfigurement, Fill, Hole, Node, Values},
};
use crate::transport::Incoming;

/// A connection's speaker.
pub(crate) struct Speaker {
    plan: Arc<Plan>,
    names: Arc<Names>,
    /// The own id, and what patterns captured under names of the binding's own.
    values: Values,
    id: Option<Value>,
    is_admitted: bool,
    /// The rooms that it is in, in the order of entering: one at most, unless a member may be in several.
    inside: Vec<Value>,
    requests: VecDeque<Pending>,
    fences: VecDeque<u64>,
}

/// A request whose outcome is not known yet.
struct Pending {
    ack: Option<u64>,
    room: Value,
    joins: bool,
}

/// A message for the wire: JSON text, and the number of the ack that it asks for, where the wire has acks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub(crate) text: String,
    pub(crate) ack: Option<u64>,
}

/// What comes of something that was said or heard.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reaction {
    pub(crate) send: Vec<Outgoing>,
    pub(crate) incoming: Vec<Incoming>,
    /// The own id became known.
    pub(crate) identified: Option<String>,
}

/// A message that every wire has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// That which creates a room, or joins one.
    Request,
    /// An offer.
    Signal,
}

/// The wire has no words for something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this wire cannot say {0}")]
pub struct Unsayable(pub String);

impl Speaker {
    pub(crate) fn new(plan: Arc<Plan>, names: Arc<Names>) -> Self {
        Self {
            plan,
            names,
            values: Values::default(),
            id: None,
            is_admitted: false,
            inside: Vec::new(),
            requests: VecDeque::new(),
            fences: VecDeque::new(),
        }
    }

    /// Takes in the own id, from wherever it is known before the first message.
    pub(crate) fn identify(&mut self, id: &str) {
        self.id = Some(id.into());
        self.values.set(self.plan.holes.id, id.into());
    }

    /// Whether all is known and heard that connecting waits for.
    pub(crate) fn is_ready(&self) -> bool {
        (self.plan.identity() != Identity::Message || self.id.is_some())
            && (self.is_admitted || !self.plan.waits_to_be_admitted())
    }

    /// How often the server pings and how long it waits for an answer, as far as it said so.
    pub(crate) fn heartbeat(&self) -> (Option<Duration>, Option<Duration>) {
        let holes = &self.plan.holes;
        let duration = |hole| self.values.get(hole).and_then(Value::as_u64).map(Duration::from_millis);
        (duration(holes.ping_interval), duration(holes.ping_timeout))
    }

    /// The own id, once it is known.
    pub(crate) fn id(&self) -> Option<String> {
        self.id.as_ref().map(text_of)
    }

    /// Takes in the answer of the HTTP prelude. Returns whether it is of the pattern.
    pub(crate) fn hear_prelude(&mut self, body: &Value) -> bool {
        let plan = Arc::clone(&self.plan);
        let is_read = plan.prelude_answer().is_some_and(|answer| answer.read(body, &mut self.values));
        if let (Identity::Prelude, Some(id)) = (plan.identity(), self.values.get(plan.holes.id).map(text_of)) {
            self.identify(&id);
        }
        is_read
    }

    /// An offer as it looks on this wire, for frames that are only a part of one.
    pub(crate) fn an_offer(&self) -> String {
        let mut values = self.values.clone();
        let holes = &self.plan.holes;
        for hole in [holes.target, holes.target_alias, holes.payload, holes.from, holes.room] {
            values.set(hole, "x".into());
        }
        values.set(holes.kind, self.plan.kinds[0].clone());
        plain(&self.plan.signals[0], &values).map_or_else(String::new, |outgoing| outgoing.text)
    }

    /// Messages that begin like one of the wire and have nothing sensible in them.
    pub(crate) fn disfigured(&self, message: Wire, how: Disfigurement) -> Option<String> {
        let request = self.plan.create.as_ref().unwrap_or(&self.plan.join).send.first();
        let node = match message {
            Wire::Request => request.unwrap_or(&self.plan.signals[0]),
            Wire::Signal => &self.plan.signals[0],
        };
        let mut values = self.values.clone();
        values.set(self.plan.holes.kind, self.plan.kinds[0].clone());
        node.disfigure(how, &values).map(|value| value.to_string())
    }

    /// What the holes of the handshake have.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Takes in a room that was entered by connecting.
    pub(crate) fn enter(&mut self, room: Value) {
        self.values.set(self.plan.holes.room, room.clone());
        self.inside = vec![room];
    }

    /// Takes in that the connection is another one now.
    pub(crate) fn forget(&mut self) {
        self.inside.clear();
        self.requests.clear();
        self.fences.clear();
    }

    /// What is sent first.
    pub(crate) fn hello(&self) -> Vec<Outgoing> {
        self.plan.hello.iter().filter_map(|node| plain(node, &self.values)).collect()
    }

    /// What is sent to stay connected.
    pub(crate) fn keepalive(&self) -> Option<(Outgoing, Duration)> {
        let (node, period) = self.plan.keepalive.as_ref()?;
        Some((plain(node, &self.values)?, *period))
    }

    fn clear(&mut self, holes: &[Hole]) {
        for hole in holes {
            self.values.take(*hole);
        }
    }

    /// What one message says is not what the next one says.
    fn clear_heard(&mut self, holes: &Holes) {
        self.clear(&[
            holes.room,
            holes.target,
            holes.payload,
            holes.kind,
            holes.from,
            holes.to,
            holes.user,
            holes.users,
            holes.alias,
            holes.timestamp,
            holes.ack,
            holes.fence,
        ]);
        // A pattern may have captured something else as an id.
        if let Some(id) = self.id.as_ref().filter(|id| self.values.get(holes.id) != Some(*id)) {
            self.values.set(holes.id, id.clone());
        }
    }
}

impl Request {
    /// Whether what is sent says under which number to answer, so that it can ask for no answer.
    fn numbers_acks(&self, ack: Hole) -> bool {
        self.send.iter().any(|node| node.holes().contains(&ack))
    }
}

impl Plan {
    fn request(&self, joins: bool) -> &Request {
        self.create.as_ref().filter(|_| !joins).unwrap_or(&self.join)
    }
}

fn plain(node: &Node, values: &impl Fill) -> Option<Outgoing> {
    let mut text = String::new();
    node.write(values, &mut text).then_some(Outgoing { text, ack: None })
}

fn refusal(ack: u64) -> Incoming {
    Incoming::Ack { ack, data: Some(json!({ "success": false })) }
}

/// The member of a payload that makes a signal to oneself a fence.
const ECHO: &str = "glareFence";

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod closing_tests;
#[cfg(test)]
mod tests;
