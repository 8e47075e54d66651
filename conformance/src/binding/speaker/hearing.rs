//! From a target's wire to the protocol's vocabulary.

use std::sync::Arc;

use glare_model::message::SignalKind;
use serde_json::{Map, Value, json};

use super::{ECHO, Names, Pending, Reaction, Speaker, plain, refusal, text_of};
use crate::{
    binding::{
        plan::{Each, Listed, Outcome, Receive},
        schema::{FenceBy, Meaning},
        template::{Hole, Node, Values},
    },
    fence::PRESENT,
    transport::Incoming,
};

impl Speaker {
    /// Takes in a Socket.IO ack: its arguments.
    pub(crate) fn hear_ack(&mut self, ack: u64, arguments: &[Value]) -> Vec<Incoming> {
        if let Some(place) = self.fences.iter().position(|fence| *fence == ack && self.plan.pings_by_acks()) {
            self.fences.remove(place);
            let plan = Arc::clone(&self.plan);
            self.clear_heard(&plan.holes);
            if let Some(pattern) = &plan.ping_ack {
                pattern.read(&Value::from(arguments.to_vec()), &mut self.values);
            }
            return vec![self.round_trip(ack)];
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
            Some((true, more)) => self.accept_answered(pending).map(|ack| with(ack, &more)).into_iter().collect(),
            Some((false, more)) => vec![with(refusal(ack), &more)],
            // Neither: it makes no sense, and the oracles say so.
            None => vec![Incoming::Ack { ack, data: Some(json!({ "unreadable": arguments })) }],
        }
    }

    /// Takes in that the server closes the connection: with one of its codes that refuses the oldest request.
    pub(crate) fn hear_close(&mut self, code: u16) -> Option<Incoming> {
        let oldest = self.requests.front()?;
        if !self.plan.request(oldest.joins).refused_by_close.contains(&code) {
            return None;
        }
        self.requests.pop_front()?.ack.map(refusal)
    }

    /// Takes in a message.
    pub(crate) fn hear(&mut self, message: Value) -> Reaction {
        let mut reaction = Reaction::default();
        if self.hear_reply(&message, &mut reaction) {
            return reaction;
        }
        let plan = Arc::clone(&self.plan);
        let mut is_known = false;
        for receive in &plan.receive {
            if !receive.pattern.fits(&message) {
                continue;
            }
            self.clear_heard(&plan.holes);
            let more = self.more(&receive.pattern, &message);
            if !receive.also {
                receive.pattern.take(message, &mut self.values);
                self.take_in(receive, &more, &mut reaction);
                return reaction;
            }
            is_known = true;
            receive.pattern.capture(&message, &mut self.values);
            self.take_in(receive, &more, &mut reaction);
        }
        if !is_known {
            reaction.incoming.push(unknown(message));
        }
        reaction
    }

    /// Takes in a message whose pattern was read, and what it says beyond that.
    fn take_in(&mut self, receive: &Receive, more: &Map<String, Value>, reaction: &mut Reaction) {
        let before = reaction.incoming.len();
        self.interpret(receive, reaction);
        for heard in &mut reaction.incoming[before..] {
            say_more(heard, more);
        }
        if let Some(answer) = receive.answer.as_ref().and_then(|node| plain(node, &self.values)) {
            reaction.send.push(answer);
        }
    }

    /// Whether a message answers a request.
    fn hear_reply(&mut self, message: &Value, reaction: &mut Reaction) -> bool {
        let plan = Arc::clone(&self.plan);
        for place in 0..self.requests.len() {
            let Some(outcome) = &plan.request(self.requests[place].joins).reply else { continue };
            self.clear_heard(&plan.holes);
            let Some((is_accepted, more)) = self.decide(outcome, message) else { continue };
            let named = self.values.take(plan.holes.ack);
            if named.is_some() && named.as_ref().and_then(Value::as_u64) != self.requests[place].ack {
                continue;
            }
            let pending = self.requests.remove(place).expect("the place is below the length");
            if !is_accepted && !plan.request(pending.joins).refused_by_close.is_empty() {
                // The close that follows answers nothing more, and neither does anything else.
                self.requests.clear();
            }
            let answer = match (is_accepted, pending.ack) {
                (true, _) => self.accept_answered(pending),
                (false, ack) => ack.map(refusal),
            };
            reaction.incoming.extend(answer.map(|answer| with(answer, &more)));
            return true;
        }
        false
    }

    /// Whether an answer accepts or refuses, and what else it says; neither if it is of no pattern.
    fn decide(&mut self, outcome: &Outcome, answer: &Value) -> Option<(bool, Map<String, Value>)> {
        let mut of = |patterns: &[Node]| patterns.iter().position(|pattern| pattern.read(answer, &mut self.values));
        let accepted = of(&outcome.accepted).map(|place| (true, &outcome.accepted[place]));
        let (is_accepted, pattern) =
            accepted.or_else(|| of(&outcome.refused).map(|place| (false, &outcome.refused[place])))?;
        Some((is_accepted, self.more(pattern, answer)))
    }

    /// What a message says beyond its pattern, where its names mean what they mean in the protocol: a trace and a snapshot
    /// keep it, such as the text of an error.
    fn more(&self, pattern: &Node, message: &Value) -> Map<String, Value> {
        let mut more = Map::new();
        if self.plan.has_names_of_the_protocol {
            pattern.unnamed(message, &mut more);
        }
        more
    }

    /// A request succeeded, as an answer says that was just read.
    fn accept_answered(&mut self, pending: Pending) -> Option<Incoming> {
        let holes = &self.plan.holes;
        let (room, users) = (self.values.take(holes.room), self.values.take(holes.users));
        self.accept(pending, room, users)
    }

    /// A request succeeded, with the room and the members as far as an answer names them.
    pub(super) fn accept(&mut self, pending: Pending, room: Option<Value>, users: Option<Value>) -> Option<Incoming> {
        let Pending { ack, room: given, joins } = pending;
        if let (Some(real), Value::String(given)) = (&room, &given)
            && !joins
        {
            self.names.note_room(given, real);
        }
        let named = room.map_or_else(|| given.clone(), |real| self.names.given_room(&real, &given));
        if !self.plan.profile.dialect().has_several_rooms() {
            self.inside.clear();
        }
        if !self.inside.contains(&given) {
            self.inside.push(given);
        }
        let mut data = Map::from_iter([("success".to_owned(), true.into()), ("roomId".to_owned(), named)]);
        if let Some(users) = users {
            data.insert("existingUsers".to_owned(), self.without_self(users));
        }
        ack.map(|ack| Incoming::Ack { ack, data: Some(data.into()) })
    }

    /// The ids in a list of members, without the own one where the binding says that it is there. What is no such list is
    /// left as it is, for the oracles to object to.
    fn without_self(&self, users: Value) -> Value {
        let Some(ids) = self.ids(&users, None) else { return users };
        ids.into_iter().filter(|id| !self.plan.table.own_in_list || Some(id) != self.id.as_ref()).collect()
    }

    /// The answer to a fence. Where who is there has to be asked for it says so: nobody is, unless the server's answer lists
    /// somebody.
    fn round_trip(&mut self, fence: u64) -> Incoming {
        let users = self.values.take(self.plan.holes.users);
        if !self.plan.profile.dialect().asks_who_is_there() {
            return refusal(fence);
        }
        let present = users.map_or_else(|| json!([]), |users| self.without_self(users));
        Incoming::Ack { ack: fence, data: Some(json!({ "success": false, PRESENT: present })) }
    }

    /// The ids in a list of users, whose items look like this or as members do.
    fn ids(&self, users: &Value, item: Option<&Node>) -> Option<Vec<Value>> {
        let user = self.plan.holes.user;
        let pattern = match (item, &self.plan.listed, users) {
            (None, Listed::Keys, Value::Object(members)) => {
                return Some(members.keys().map(|id| self.names.user(id.as_str().into())).collect());
            }
            (Some(pattern), ..) | (None, Listed::As(pattern), _) => pattern,
            (None, Listed::Keys, _) => return None,
        };
        let id = |item: &Value| {
            let mut values = Values::default();
            // An item of another form stays what it is.
            let fits = pattern.read(item, &mut values);
            know(&self.names, self.plan.holes.alias, user, &mut values);
            values.take(user).filter(|_| fits).unwrap_or_else(|| item.clone())
        };
        Some(users.as_array()?.iter().map(id).collect())
    }

    fn interpret(&mut self, receive: &Receive, reaction: &mut Reaction) {
        match &receive.each {
            None => self.interpret_one(receive, reaction),
            Some(each) => self.interpret_each(receive, each, reaction),
        }
    }

    /// Interprets a message of several users or of several signals.
    fn interpret_each(&mut self, receive: &Receive, each: &Each, reaction: &mut Reaction) {
        let list = self.values.take(each.list).unwrap_or_default();
        let user = self.plan.holes.user;
        let whole = self.values.clone();
        match (receive.meaning, &each.item) {
            (Meaning::Signal, Some(item)) => {
                for one in list.as_array().into_iter().flatten() {
                    // What the message says of all its items, each item says.
                    self.values.clone_from(&whole);
                    if item.read(one, &mut self.values) {
                        self.interpret_one(receive, reaction);
                    } else {
                        reaction.incoming.push(unknown(one.clone()));
                    }
                }
            }
            (_, item) => {
                for id in self.ids(&list, item.as_ref()).unwrap_or_default() {
                    self.values.clone_from(&whole);
                    self.values.set(user, id);
                    self.interpret_one(receive, reaction);
                }
            }
        }
    }

    fn interpret_one(&mut self, receive: &Receive, reaction: &mut Reaction) {
        let plan = Arc::clone(&self.plan);
        let about = match receive.meaning {
            Meaning::Identified => plan.holes.id,
            Meaning::Signal => plan.holes.from,
            _ => plan.holes.user,
        };
        know(&self.names, plan.holes.alias, about, &mut self.values);
        let incoming = self.meaning_of(receive, reaction);
        reaction.incoming.extend(incoming);
    }

    fn meaning_of(&mut self, receive: &Receive, reaction: &mut Reaction) -> Option<Incoming> {
        let plan = Arc::clone(&self.plan);
        let holes = &plan.holes;
        let user = self.values.take(holes.user).unwrap_or_default();
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
                self.inside.clear();
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
                let kind = self.kind(receive).map(|kind| ("type".to_owned(), kind.error_type().into()));
                event("error", kind.into_iter().collect::<Map<_, _>>().into())
            }
            Meaning::Pong => {
                let named = self.values.take(holes.fence).and_then(|number| number.as_u64());
                let place = match named {
                    Some(number) => self.fences.iter().position(|fence| *fence == number),
                    None => (!self.fences.is_empty()).then_some(0),
                }?;
                let fence = self.fences.remove(place)?;
                Some(self.round_trip(fence))
            }
            Meaning::Ignored => None,
        }
    }

    /// The kind that a message is of: the table says so, or the message.
    fn kind(&mut self, receive: &Receive) -> Option<SignalKind> {
        let place = receive.kind.or_else(|| {
            let named = self.values.take(self.plan.holes.kind)?;
            self.plan.kinds.iter().position(|kind| named == *kind)
        });
        place.map(|place| SignalKind::ALL[place])
    }
}

/// Learns what a message calls a user besides its id, or puts the id into its hole that the other name stands for.
fn know(names: &Names, alias: Hole, user: Hole, values: &mut Values) {
    let Some(alias) = values.take(alias) else { return };
    match values.get(user) {
        Some(id) => names.note_alias(&alias, id),
        None => values.set(user, names.user(alias)),
    }
}

/// The same with more members.
fn with(mut heard: Incoming, more: &Map<String, Value>) -> Incoming {
    say_more(&mut heard, more);
    heard
}

/// Adds members to what was heard.
fn say_more(heard: &mut Incoming, more: &Map<String, Value>) {
    if let Incoming::Event { data: Some(Value::Object(said)), .. }
    | Incoming::Ack { data: Some(Value::Object(said)), .. } = heard
    {
        for (name, value) in more {
            said.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// A message that no pattern fits, under its name if it has one.
fn unknown(message: Value) -> Incoming {
    let name = match &message {
        Value::Array(items) => items.first().and_then(Value::as_str),
        Value::Object(members) => ["type", "event"].iter().find_map(|name| members.get(*name)?.as_str()),
        Value::String(text) => Some(text.as_str()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    };
    // A target's word that happens to be one of the protocol's does not mean that.
    let event = format!("(unmatched) {}", name.unwrap_or_default());
    Incoming::Event { event: event.trim_end().to_owned(), data: Some(message) }
}
