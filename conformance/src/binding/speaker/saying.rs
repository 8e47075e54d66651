//! From the protocol's vocabulary to a target's wire.

use std::sync::Arc;

use glare_model::message::SignalKind;
use serde_json::{Value, json};

use super::{ECHO, Outgoing, Pending, Reaction, Speaker, Unsayable, plain};
use crate::{
    binding::{schema::FenceBy, template::Lent},
    dialect::SecondRoomRule,
};

impl Speaker {
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
            "leave-room" => self.say_leave(data),
            other => self.say_unknown(other, data, ack),
        }
    }

    fn say_request(&mut self, joins: bool, data: Option<&Value>, ack: Option<u64>) -> Result<Reaction, Unsayable> {
        let plan = Arc::clone(&self.plan);
        if !self.inside.is_empty() && plan.profile.dialect().second_room == SecondRoomRule::Impossible {
            return Err(Unsayable("that a member asks for another room".to_owned()));
        }
        if plan.joins_by_connecting() {
            return Err(Unsayable("a request on an open connection: its room is chosen by connecting".to_owned()));
        }
        let request = plan.request(joins);
        let room = data.map(|given| self.names.real_room(given));
        if ack.is_none() && request.reply.is_some() && !request.numbers_acks(plan.holes.ack) {
            return Err(Unsayable("a request without an ack".to_owned()));
        }
        let holes = &plan.holes;
        self.clear(&[holes.room, holes.ack]);
        if let Some(room) = room {
            self.values.set(holes.room, room.into_owned());
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
            reaction.incoming.extend(self.accept(pending, None, None));
        }
        reaction.send = send;
        Ok(reaction)
    }

    /// Leaves the room that is named, where one of several can be; otherwise all: with one message for each where a message
    /// names its room, and with one where none does.
    fn say_leave(&mut self, data: Option<&Value>) -> Result<Reaction, Unsayable> {
        let plan = Arc::clone(&self.plan);
        let Some(leave) = &plan.leave else {
            return Err(Unsayable("leaving without closing the connection".to_owned()));
        };
        let dialect = plan.profile.dialect();
        let named = data.filter(|room| room.is_string() && dialect.has_several_rooms());
        let mut rooms: Vec<Option<Value>> = match named {
            Some(_) if !dialect.leaves_by_name => {
                return Err(Unsayable("leaving one room of several".to_owned()));
            }
            Some(room) => {
                self.inside.retain(|other| other != room);
                vec![Some(room.clone())]
            }
            None => std::mem::take(&mut self.inside).into_iter().map(Some).collect(),
        };
        if rooms.is_empty() {
            rooms.push(None);
        }
        if !dialect.leaves_by_name {
            rooms.drain(..rooms.len() - 1);
        }
        let mut send = Vec::new();
        for room in rooms {
            match room {
                Some(room) => self.values.set(plan.holes.room, self.names.real_room(&room).into_owned()),
                None => self.clear(&[plan.holes.room]),
            }
            send.extend(leave.send.iter().filter_map(|node| plain(node, &self.values)));
        }
        Ok(Reaction { send, ..Reaction::default() })
    }

    fn say_signal(&mut self, kind: SignalKind, data: Option<&Value>) -> Result<Reaction, Unsayable> {
        let unsayable = || Unsayable(format!("{} with the data {}", kind.event(), data.unwrap_or(&Value::Null)));
        let members = data.and_then(Value::as_object).ok_or_else(unsayable)?;
        let plan = Arc::clone(&self.plan);
        let (holes, node) = (&plan.holes, &plan.signals[kind as usize]);
        let in_room = plan.profile.dialect().signals_in_rooms;
        let known = ["target", kind.payload_member(), "from", if in_room { "room" } else { "target" }];
        let claims = members.contains_key("from");
        if members.keys().any(|name| !known.contains(&name.as_str())) || claims && !node.holes().contains(&holes.from) {
            return Err(unsayable());
        }
        let alias = members.get("target").filter(|_| node.holes().contains(&holes.target_alias));
        let alias = alias.and_then(|target| self.names.alias(target));
        let named = members.get("room").filter(|_| in_room);
        let room = named.or(self.inside.last()).map(|room| self.names.real_room(room));
        // Clients of the protocol name themselves only to claim to be somebody.
        let own = self.id.as_ref().filter(|_| !plan.has_names_of_the_protocol);
        let filled = Lent {
            values: &self.values,
            lent: [
                (holes.target, members.get("target")),
                (holes.target_alias, alias.as_ref().or(members.get("target"))),
                (holes.payload, members.get(kind.payload_member())),
                (holes.from, members.get("from").or(own)),
                (holes.room, room.as_deref()),
                (holes.kind, Some(&plan.kinds[kind as usize])),
            ],
        };
        let send = vec![plain(node, &filled).ok_or_else(unsayable)?];
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
                let ping = plan.ping.as_ref()?;
                self.values.set(plan.holes.fence, number.into());
                if ping.holes().contains(&plan.holes.room) {
                    match self.inside.last().map(|room| self.names.real_room(room).into_owned()) {
                        Some(room) => self.values.set(plan.holes.room, room),
                        None => self.clear(&[plan.holes.room]),
                    }
                }
                self.fences.push_back(number);
                let outgoing = plain(ping, &self.values)?;
                Some(Outgoing { ack: plan.pings_by_acks().then_some(number), ..outgoing })
            }
            FenceBy::Echo => {
                let kind = SignalKind::Candidate;
                let data = json!({ "target": self.id, kind.payload_member(): { ECHO: number } });
                self.say_signal(kind, Some(&data)).ok()?.send.pop()
            }
            FenceBy::Request | FenceBy::Relay | FenceBy::None => None,
        }
    }
}
