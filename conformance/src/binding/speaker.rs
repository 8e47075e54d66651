//! One connection's translation between the protocol's vocabulary and a target's wire. Pure: no sockets, no clock.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use glare_model::message::SignalKind;
use serde_json::{Map, Value, json};

use super::{
    plan::{Holes, Identity, Listed, Outcome, Plan, Receive, Request},
    schema::{FenceBy, Meaning},
    template::{Disfigurement, Hole, Node, Values},
};
use crate::{dialect::SecondRoomRule, transport::Incoming};

/// What all connections of a run know together: the ids that a server gave to rooms whose ids it chooses.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Mutex<HashMap<String, Value>>);

/// A connection's speaker.
pub(crate) struct Speaker {
    plan: Arc<Plan>,
    rooms: Arc<Rooms>,
    /// The own id, and what patterns captured under names of the binding's own.
    values: Values,
    id: Option<Value>,
    is_admitted: bool,
    room: Option<Value>,
    requests: VecDeque<Pending>,
    fences: VecDeque<u64>,
    last_signal: SignalKind,
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
    pub(crate) fn new(plan: Arc<Plan>, rooms: Arc<Rooms>) -> Self {
        Self {
            plan,
            rooms,
            values: Values::default(),
            id: None,
            is_admitted: false,
            room: None,
            requests: VecDeque::new(),
            fences: VecDeque::new(),
            last_signal: SignalKind::Offer,
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
        for hole in [holes.target, holes.payload, holes.from, holes.room] {
            values.set(hole, "x".into());
        }
        values.set(holes.kind, self.plan.kinds[0].as_str().into());
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
        values.set(self.plan.holes.kind, self.plan.kinds[0].as_str().into());
        node.disfigure(how, &values).map(|value| value.to_string())
    }

    /// What the holes of the handshake have.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Takes in a room that was entered by connecting.
    pub(crate) fn enter(&mut self, room: Value) {
        self.values.set(self.plan.holes.room, room.clone());
        self.room = Some(room);
    }

    /// Takes in that the connection is another one now.
    pub(crate) fn forget(&mut self) {
        self.room = None;
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

    /// Says an event of the protocol's vocabulary.
    pub(crate) fn say(&mut self, event: &str, data: Option<&Value>, ack: Option<u64>) -> Result<Reaction, Unsayable> {
        if let Some(kind) = SignalKind::ALL.into_iter().find(|kind| kind.event() == event) {
            return match self.say_signal(kind, data) {
                Err(_) if self.plan.has_names_of_the_protocol => self.say_unknown(event, data, ack),
                said => said,
            };
        }
        match event {
            "create-room" => self.say_request(false, data, ack),
            "join-room" => self.say_request(true, data, ack),
            "leave-room" => self.say_leave(),
            other => self.say_unknown(other, data, ack),
        }
    }

    fn say_request(&mut self, joins: bool, data: Option<&Value>, ack: Option<u64>) -> Result<Reaction, Unsayable> {
        let plan = Arc::clone(&self.plan);
        if self.room.is_some() && plan.profile.dialect().second_room == SecondRoomRule::Impossible {
            return Err(Unsayable("that a member asks for another room".to_owned()));
        }
        if plan.joins_by_connecting() {
            return Err(Unsayable("a request on an open connection: its room is chosen by connecting".to_owned()));
        }
        let request = plan.request(joins);
        let room = data.map(|given| self.rooms.real(given));
        if ack.is_none() && request.reply.is_some() && !request.numbers_acks(plan.holes.ack) {
            return Err(Unsayable("a request without an ack".to_owned()));
        }
        let holes = &plan.holes;
        self.clear(&[holes.room, holes.ack]);
        if let Some(room) = &room {
            self.values.set(holes.room, room.clone());
        }
        if let Some(ack) = ack {
            self.values.set(holes.ack, ack.into());
        }
        let mut send: Vec<_> = request.send.iter().filter_map(|node| plain(node, &self.values)).collect();
        if send.len() < request.send.len() {
            return Err(Unsayable("a request without a room".to_owned()));
        }
        let mut reaction = Reaction::default();
        let given = data.cloned().unwrap_or_default();
        let pending = Pending { ack, room: given, joins };
        if request.ack.is_some() {
            if let Some(last) = send.last_mut() {
                last.ack = ack;
            }
            if ack.is_some() {
                self.requests.push_back(pending);
            }
        } else if request.reply.is_some() {
            if ack.is_some() {
                self.requests.push_back(pending);
            }
        } else {
            // Nobody answers: whoever asks is in.
            reaction.incoming.extend(self.accept(pending, None));
        }
        reaction.send = send;
        Ok(reaction)
    }

    fn say_leave(&mut self) -> Result<Reaction, Unsayable> {
        let plan = Arc::clone(&self.plan);
        let Some(leave) = &plan.leave else {
            return Err(Unsayable("leaving without closing the connection".to_owned()));
        };
        match self.room.take() {
            Some(room) => self.values.set(plan.holes.room, self.rooms.real(&room)),
            None => self.clear(&[plan.holes.room]),
        }
        let send: Vec<_> = leave.send.iter().filter_map(|node| plain(node, &self.values)).collect();
        Ok(Reaction { send, ..Reaction::default() })
    }

    fn say_signal(&mut self, kind: SignalKind, data: Option<&Value>) -> Result<Reaction, Unsayable> {
        let unsayable = || Unsayable(format!("{} with the data {}", kind.event(), data.unwrap_or(&Value::Null)));
        let members = data.and_then(Value::as_object).ok_or_else(unsayable)?;
        let plan = Arc::clone(&self.plan);
        let (holes, node) = (&plan.holes, &plan.signals[kind as usize]);
        let known = ["target", kind.payload_member(), "from"];
        let claims = members.contains_key("from");
        if members.keys().any(|name| !known.contains(&name.as_str())) || claims && !node.holes().contains(&holes.from) {
            return Err(unsayable());
        }
        self.clear(&[holes.target, holes.payload, holes.from, holes.room]);
        let mut set = |hole, value: Option<&Value>| {
            if let Some(value) = value {
                self.values.set(hole, value.clone());
            }
        };
        set(holes.target, members.get("target"));
        set(holes.payload, members.get(kind.payload_member()));
        set(holes.from, members.get("from").or(self.id.as_ref()));
        let room = self.room.as_ref().map(|room| self.rooms.real(room));
        set(holes.room, room.as_ref());
        set(holes.kind, Some(&plan.kinds[kind as usize].as_str().into()));
        self.last_signal = kind;
        let send = vec![plain(node, &self.values).ok_or_else(unsayable)?];
        Ok(Reaction { send, ..Reaction::default() })
    }

    fn say_unknown(&mut self, event: &str, data: Option<&Value>, ack: Option<u64>) -> Result<Reaction, Unsayable> {
        let unsayable = || Unsayable(format!("the event {event:?}"));
        let plan = Arc::clone(&self.plan);
        let node = plan.unknown.as_ref().ok_or_else(unsayable)?;
        self.clear(&[plan.holes.data, plan.holes.ack]);
        if let Some(ack) = ack {
            self.values.set(plan.holes.ack, ack.into());
        }
        self.values.set(plan.holes.event, event.into());
        if let Some(data) = data {
            self.values.set(plan.holes.data, data.clone());
        }
        let outgoing = plain(node, &self.values).ok_or_else(unsayable)?;
        Ok(Reaction { send: vec![Outgoing { ack, ..outgoing }], ..Reaction::default() })
    }

    /// Sends a fence under a number, where the binding has a message for it.
    pub(crate) fn say_fence(&mut self, number: u64) -> Option<Outgoing> {
        let plan = Arc::clone(&self.plan);
        match plan.fence {
            FenceBy::Ping => {
                self.values.set(plan.holes.fence, number.into());
                self.fences.push_back(number);
                let outgoing = plain(plan.ping.as_ref()?, &self.values)?;
                Some(Outgoing { ack: plan.pings_by_acks().then_some(number), ..outgoing })
            }
            FenceBy::Echo => {
                let kind = SignalKind::Candidate;
                let data = json!({ "target": self.id, kind.payload_member(): { ECHO: number } });
                let last = self.last_signal;
                let said = self.say_signal(kind, Some(&data)).ok();
                self.last_signal = last;
                said?.send.pop()
            }
            FenceBy::Request | FenceBy::Relay | FenceBy::None => None,
        }
    }

    /// Takes in a Socket.IO ack: its arguments.
    pub(crate) fn hear_ack(&mut self, ack: u64, arguments: &[Value]) -> Vec<Incoming> {
        if let Some(place) = self.fences.iter().position(|fence| *fence == ack && self.plan.pings_by_acks()) {
            self.fences.remove(place);
            return vec![refusal(ack)];
        }
        let Some(place) = self.requests.iter().position(|pending| pending.ack == Some(ack)) else {
            return vec![Incoming::Ack { ack, data: arguments.first().cloned() }];
        };
        let pending = self.requests.remove(place).expect("the place was just found");
        let plan = Arc::clone(&self.plan);
        let Some(outcome) = &plan.request(pending.joins).ack else {
            return vec![Incoming::Ack { ack, data: arguments.first().cloned() }];
        };
        let arguments = Value::from(arguments.to_vec());
        match self.decide(outcome, &arguments) {
            Some(true) => self.accept(pending, Some(())).into_iter().collect(),
            Some(false) => vec![refusal(ack)],
            // Neither: it makes no sense, and the oracles say so.
            None => vec![Incoming::Ack { ack, data: Some(json!({ "unreadable": arguments })) }],
        }
    }

    /// Takes in a message.
    pub(crate) fn hear(&mut self, message: &Value) -> Reaction {
        let mut reaction = Reaction::default();
        if self.hear_reply(message, &mut reaction) {
            return reaction;
        }
        let plan = Arc::clone(&self.plan);
        let mut is_known = false;
        for receive in &plan.receive {
            self.clear_heard(&plan.holes);
            if !receive.pattern.read(message, &mut self.values) {
                continue;
            }
            is_known = true;
            self.interpret(receive, &mut reaction);
            if let Some(answer) = receive.answer.as_ref().and_then(|node| plain(node, &self.values)) {
                reaction.send.push(answer);
            }
            if !receive.also {
                break;
            }
        }
        if !is_known {
            reaction.incoming.push(unknown(message));
        }
        reaction
    }

    /// Whether a message answers a request.
    fn hear_reply(&mut self, message: &Value, reaction: &mut Reaction) -> bool {
        let plan = Arc::clone(&self.plan);
        for place in 0..self.requests.len() {
            let Some(outcome) = &plan.request(self.requests[place].joins).reply else { continue };
            self.clear_heard(&plan.holes);
            let Some(is_accepted) = self.decide(outcome, message) else { continue };
            let named = self.values.take(plan.holes.ack);
            if named.is_some() && named.as_ref().and_then(Value::as_u64) != self.requests[place].ack {
                continue;
            }
            let pending = self.requests.remove(place).expect("the place is below the length");
            reaction.incoming.extend(match (is_accepted, pending.ack) {
                (true, _) => self.accept(pending, Some(())),
                (false, ack) => ack.map(refusal),
            });
            return true;
        }
        false
    }

    /// Whether an answer accepts or refuses; neither if it is of no pattern.
    fn decide(&mut self, outcome: &Outcome, answer: &Value) -> Option<bool> {
        let mut is_of = |patterns: &[Node]| patterns.iter().any(|pattern| pattern.read(answer, &mut self.values));
        if is_of(&outcome.accepted) {
            return Some(true);
        }
        is_of(&outcome.refused).then_some(false)
    }

    /// A request succeeded; `answered` if an answer says so, which may name the room and the members.
    fn accept(&mut self, pending: Pending, answered: Option<()>) -> Option<Incoming> {
        let Pending { ack, room: given, joins } = pending;
        let holes = &self.plan.holes;
        let (mut room, mut users) = (None, None);
        if answered.is_some() {
            room = self.values.take(holes.room);
            users = self.values.take(holes.users);
        }
        if let (Some(real), Value::String(given)) = (&room, &given)
            && !joins
        {
            self.rooms.note(given, real);
        }
        let named = room.map_or_else(|| given.clone(), |real| self.rooms.given(&real, &given));
        self.room = Some(given);
        let mut data = Map::from_iter([("success".to_owned(), true.into()), ("roomId".to_owned(), named)]);
        if let Some(users) = users {
            data.insert("existingUsers".to_owned(), self.without_self(users));
        }
        ack.map(|ack| Incoming::Ack { ack, data: Some(data.into()) })
    }

    /// The ids in a list of members, without the own one where the binding says that it is there. What is no such list is
    /// left as it is, for the oracles to object to.
    fn without_self(&self, users: Value) -> Value {
        let Some(ids) = self.ids(&users) else { return users };
        ids.into_iter().filter(|id| !self.plan.table.own_in_list || Some(id) != self.id.as_ref()).collect()
    }

    fn ids(&self, users: &Value) -> Option<Vec<Value>> {
        let user = self.plan.holes.user;
        match (&self.plan.listed, users) {
            (Listed::Keys, Value::Object(members)) => Some(members.keys().map(|id| id.as_str().into()).collect()),
            (Listed::As(pattern), Value::Array(items)) => {
                let id = |item: &Value| {
                    let mut values = Values::default();
                    // An item of another form stays what it is.
                    let fits = pattern.read(item, &mut values);
                    values.take(user).filter(|_| fits).unwrap_or_else(|| item.clone())
                };
                Some(items.iter().map(id).collect())
            }
            (Listed::Keys | Listed::As(_), _) => None,
        }
    }

    fn interpret(&mut self, receive: &Receive, reaction: &mut Reaction) {
        let plan = Arc::clone(&self.plan);
        let holes = &plan.holes;
        let items = match receive.each {
            Some(hole) => self.values.take(hole).and_then(|users| self.ids(&users)).unwrap_or_default(),
            None => vec![self.values.take(holes.user).unwrap_or_default()],
        };
        for user in items {
            let incoming = self.interpret_one(receive, user, reaction);
            reaction.incoming.extend(incoming);
        }
    }

    fn interpret_one(&mut self, receive: &Receive, user: Value, reaction: &mut Reaction) -> Option<Incoming> {
        let plan = Arc::clone(&self.plan);
        let holes = &plan.holes;
        let event = |event: &str, data: Value| Some(Incoming::Event { event: event.to_owned(), data: Some(data) });
        let is_self = self.id.as_ref() == Some(&user);
        match receive.meaning {
            Meaning::Identified => {
                let id = self.values.get(holes.id).map(text_of)?;
                self.identify(&id);
                reaction.identified = Some(id);
                None
            }
            Meaning::Ready => {
                self.is_admitted = true;
                None
            }
            // A notice that is echoed to whom it is about says nothing.
            Meaning::Joined | Meaning::Left if is_self && plan.table.own_notices => None,
            Meaning::Joined | Meaning::Left => {
                let mut data = Map::from_iter([("userId".to_owned(), user)]);
                if let Some(timestamp) = self.values.take(holes.timestamp) {
                    data.insert("timestamp".to_owned(), timestamp);
                }
                let name = if receive.meaning == Meaning::Joined { "user-joined" } else { "user-left" };
                event(name, data.into())
            }
            Meaning::HostChanged => event("host-changed", json!({ "userId": user })),
            Meaning::Closed => {
                self.room = None;
                event("room-closed", json!({}))
            }
            Meaning::Signal => {
                if self.values.take(holes.to).is_some_and(|to| Some(&to) != self.id.as_ref()) {
                    return None;
                }
                let kind = self.kind(receive)?;
                let payload = self.values.take(holes.payload)?;
                if let (FenceBy::Echo, Some(number)) = (plan.fence, payload.get(ECHO).and_then(Value::as_u64)) {
                    return Some(refusal(number));
                }
                let mut data = Map::from_iter([(kind.payload_member().to_owned(), payload)]);
                if let Some(from) = self.values.take(holes.from) {
                    data.insert("from".to_owned(), from);
                }
                event(kind.event(), data.into())
            }
            Meaning::Error => {
                let kind = self.kind(receive).unwrap_or(self.last_signal);
                event("error", json!({ "type": kind.error_type() }))
            }
            Meaning::Pong => {
                let named = self.values.take(holes.fence).and_then(|number| number.as_u64());
                let place = match named {
                    Some(number) => self.fences.iter().position(|fence| *fence == number),
                    None => (!self.fences.is_empty()).then_some(0),
                }?;
                self.fences.remove(place).map(refusal)
            }
            Meaning::Ignored => None,
        }
    }

    /// The kind that a message is of: the table says so, or the message.
    fn kind(&mut self, receive: &Receive) -> Option<SignalKind> {
        let place = receive.kind.or_else(|| {
            let named = self.values.take(self.plan.holes.kind)?;
            self.plan.kinds.iter().position(|kind| named.as_str() == Some(kind))
        });
        place.map(|place| SignalKind::ALL[place])
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
            holes.timestamp,
            holes.ack,
            holes.fence,
        ]);
        // A pattern may have captured something else as an id.
        if let Some(id) = &self.id {
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

impl Rooms {
    /// The id under which the server knows a room.
    fn real(&self, given: &Value) -> Value {
        let Value::String(name) = given else { return given.clone() };
        self.lock().get(name).cloned().unwrap_or_else(|| given.clone())
    }

    /// The id under which the scenario knows a room; `asked` if the server's answer is for that one.
    fn given(&self, real: &Value, asked: &Value) -> Value {
        if self.real(asked) == *real {
            return asked.clone();
        }
        let known = self.lock();
        let given = known.iter().find(|(_, known)| *known == real).map(|(given, _)| given.as_str().into());
        given.unwrap_or_else(|| real.clone())
    }

    fn note(&self, given: &str, real: &Value) {
        if real.as_str() != Some(given) {
            self.lock().insert(given.to_owned(), real.clone());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn plain(node: &Node, values: &Values) -> Option<Outgoing> {
    let mut text = String::new();
    node.write(values, &mut text).then_some(Outgoing { text, ack: None })
}

fn refusal(ack: u64) -> Incoming {
    Incoming::Ack { ack, data: Some(json!({ "success": false })) }
}

/// A message that no pattern fits, under its name if it has one.
fn unknown(message: &Value) -> Incoming {
    let name = match message {
        Value::Array(items) => items.first().and_then(Value::as_str),
        Value::Object(members) => ["type", "event"].iter().find_map(|name| members.get(*name)?.as_str()),
        Value::String(text) => Some(text.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    };
    // A target's word that happens to be one of the protocol's does not mean that.
    let event = format!("(unmatched) {}", name.unwrap_or_default());
    Incoming::Event { event: event.trim_end().to_owned(), data: Some(message.clone()) }
}

/// The member of a payload that makes a signal to oneself a fence.
const ECHO: &str = "glareFence";

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
