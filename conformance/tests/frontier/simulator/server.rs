//! The server's side: it serves one item by the model, and sends what follows, or something else where a fault is due.

use glare_conformance::{trace::Entry, transport::ConnectionId};
use glare_model::{
    id::RoomId,
    message::{ClientMessage, ServerMessage, Signal, SignalFault, SignalKind, Target},
    room::{Directory, Effect, Input, RoomRules, step},
};
use rand::{RngExt, seq::SliceRandom};
use serde_json::{Value, json};

use super::{Fault, Item, State, World, connection_of, room_name, user};

type Message = ServerMessage<u16, RoomId, Value>;

impl World {
    pub(super) fn serve(&mut self, of: u16) {
        let outbox = &mut self.clients[usize::from(of)].outbox;
        // What was in flight when a client left may be lost.
        let end = outbox.iter().position(|item| matches!(item, Item::End));
        if end.is_some() && self.random.random_bool(0.2) {
            outbox.drain(..end.unwrap_or_default());
        }
        let Some(item) = outbox.pop_front() else { return };
        let is_known = self.directory.is_connected(of);
        match item {
            Item::End => self.disconnect(of),
            _ if !is_known => {}
            Item::Broken if self.random.random_bool(0.5) => {
                self.disconnect(of);
                let entry = Entry::Ended {
                    connection: ConnectionId(of),
                    reason: "a broken frame".to_owned(),
                    heartbeat: false,
                };
                self.clients[usize::from(of)].inbox.push_back(entry);
            }
            Item::Broken => {}
            Item::Fence(ack) => {
                let data = Some(json!({"success": false}));
                self.clients[usize::from(of)].inbox.push_back(Entry::Acked { connection: ConnectionId(of), ack, data });
            }
            Item::Leave => self.input(Input::Message(of, ClientMessage::Leave), None),
            Item::Request { ack: None, .. } if self.random.random_bool(0.5) => {}
            Item::Request { kind, room, ack } => {
                let room = RoomId::parse(&room_name(room));
                self.input(Input::Message(of, ClientMessage::Request { kind, room, ack: ack.is_some() }), ack);
            }
            Item::Malformed => {
                let signal = Err(SignalFault::Malformed);
                self.input(Input::Message(of, ClientMessage::Signal { kind: SignalKind::Offer, signal }), None);
            }
            Item::Signal { kind, target, payload } => {
                let target = target.filter(|to| self.directory.is_connected(*to)).map_or(Target::Unknown, Target::User);
                let signal = Ok(Signal { target, payload });
                self.input(Input::Message(of, ClientMessage::Signal { kind, signal }), None);
            }
        }
    }

    pub(super) fn disconnect(&mut self, of: u16) {
        self.input(Input::Disconnect(of), None);
    }

    fn input(&mut self, input: Input<u16, RoomId, Value>, ack: Option<u64>) {
        let mut effects = Vec::new();
        step(&mut self.directory, &RoomRules::REFERENCE, input, &mut |effect| effects.push(effect));
        effects.shuffle(&mut self.random);
        for effect in effects {
            if let Effect::Send { to, message, .. } = effect {
                self.emit(to, message, ack);
            }
        }
    }

    fn emit(&mut self, to: u16, message: Message, ack: Option<u64>) {
        let connection = ConnectionId(to);
        let at_will = matches!(message, ServerMessage::Created(_) | ServerMessage::Refused(_));
        let sender = match &message {
            ServerMessage::Signal { from, .. } => Some(*from),
            _ => None,
        };
        let is_error = matches!(message, ServerMessage::Error(..));
        let entry = match self.put(message) {
            Ok((event, data)) => Entry::Received { connection, event: event.to_owned(), data: Some(data) },
            Err(data) => {
                Entry::Acked { connection, ack: ack.expect("the core answers requests with acks"), data: Some(data) }
            }
        };
        if self.clients[usize::from(to)].state != State::Open {
            return;
        }
        if at_will && self.random.random_bool(0.5) {
            self.clients[usize::from(to)].acks.push(entry);
            return;
        }
        if self.random.random_bool(0.05) {
            let data = Some(json!({"load": 1}));
            let noise = Entry::Received { connection, event: "server-load".to_owned(), data };
            self.clients[usize::from(to)].inbox.push_back(noise);
        }
        if is_error {
            self.release();
            // Additional errors are free.
            if self.random.random_bool(0.1) {
                self.clients[usize::from(to)].inbox.push_back(entry.clone());
            }
            self.clients[usize::from(to)].inbox.push_back(entry);
        } else {
            self.dispatch(to, sender, entry);
        }
    }

    /// Sends a message, unless it is the one with which something goes wrong.
    fn dispatch(&mut self, to: u16, sender: Option<u16>, entry: Entry) {
        let is_event = matches!(entry, Entry::Received { .. });
        let inbox = |world: &mut Self, to: u16, entry| world.clients[usize::from(to)].inbox.push_back(entry);
        match (self.held.take(), sender) {
            (Some((held_to, held_from, held)), Some(from)) if (held_to, held_from) == (to, from) => {
                self.has_happened = true;
                inbox(self, to, entry);
                return inbox(self, to, held);
            }
            (Some((held_to, _, held)), _) => inbox(self, held_to, held),
            (None, _) => {}
        }
        let Some(mishap) = self.mishap.as_mut().filter(|mishap| !mishap.only_certain || self.is_certain) else {
            return inbox(self, to, entry);
        };
        if mishap.after > 0 {
            mishap.after -= 1;
            return inbox(self, to, entry);
        }
        let fault = mishap.fault;
        let open = |place: &usize| self.clients[*place].state == State::Open && *place != usize::from(to);
        let others: Vec<usize> = (0..self.clients.len()).filter(open).collect();
        match (fault, sender, entry) {
            (Fault::Overtaken, Some(from), entry) => {
                self.mishap = None;
                self.held = Some((to, from, entry));
            }
            (Fault::Lost, _, _) => {
                self.mishap = None;
                self.has_happened = true;
            }
            (Fault::Doubled, _, entry) if is_event => {
                self.mishap = None;
                self.has_happened = true;
                inbox(self, to, entry.clone());
                inbox(self, to, entry);
            }
            (Fault::Misrouted, _, Entry::Received { event, data, .. }) if !others.is_empty() => {
                self.mishap = None;
                self.has_happened = true;
                let to = connection_of(others[self.random.random_range(0..others.len())]);
                inbox(self, to, Entry::Received { connection: ConnectionId(to), event, data });
            }
            (_, _, entry) => inbox(self, to, entry),
        }
    }

    /// A message on the wire: an event's name and data, or an ack's data.
    fn put(&mut self, message: Message) -> Result<(&'static str, Value), Value> {
        let notice = |of: u16| json!({"userId": user(of), "timestamp": "2026-01-02T03:04:05Z"});
        match message {
            ServerMessage::Created(room) => Err(json!({"success": true, "roomId": room.as_str()})),
            ServerMessage::Joined(room, members) => {
                let mut users: Vec<_> = members.into_iter().map(user).collect();
                users.shuffle(&mut self.random);
                Err(json!({"success": true, "roomId": room.as_str(), "existingUsers": users}))
            }
            ServerMessage::Refused(_) => Err(json!({"success": false, "error": "no"})),
            ServerMessage::UserJoined(of) => Ok(("user-joined", notice(of))),
            ServerMessage::UserLeft(of) => Ok(("user-left", notice(of))),
            ServerMessage::Signal { kind, from, payload } => {
                Ok((kind.event(), json!({kind.payload_member(): payload, "from": user(from)})))
            }
            ServerMessage::Error(kind, _) => Ok(("error", json!({"type": kind.error_type(), "message": "no"}))),
            ServerMessage::RoomClosed | ServerMessage::HostChanged(_) => unreachable!("the core profile has no host"),
        }
    }
}
