//! The one place where connections meet: the rules' state and everybody's outbox.
//!
//! The hub does no I/O and knows no clock. Its owner holds one lock around each call, so a change of state and the
//! queueing of what follows from it are one step: that lock is the total order that the model checker explores.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use glare_model::{
    id::RoomId,
    message::Target,
    room::{Directory, Effect, HashDirectory, Input, RoomRules, SecondRoom, step},
    wire::{Encoded, Names, Payload, WireClientMessage, encode, json, socketio},
};
use jiff::Timestamp;

use crate::outbox::Outbox;

/// A connection's key: small, and never used again.
pub(crate) type Key = u64;

/// How a connection's messages are put into frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Socket.IO packets in Engine.IO messages.
    SocketIo,
    /// One JSON object a frame.
    Json,
}

struct Connection {
    user_id: Arc<str>,
    wire: Wire,
    outbox: Arc<Outbox>,
}

/// See the module's documentation.
pub(crate) struct Hub {
    rules: RoomRules,
    directory: HashDirectory<Key, RoomId>,
    connections: HashMap<Key, Connection>,
    users: HashMap<Arc<str>, Key>,
    /// The names of connections that ended, where the rules may still speak of them.
    ghosts: HashMap<Key, Arc<str>>,
    key_next: Key,
    /// Set when the server ends, by request or by [`Effect::Crash`]: nothing that happens afterwards is heard of.
    frozen: bool,
}

impl Hub {
    pub(crate) fn new(rules: RoomRules) -> Self {
        Self {
            rules,
            directory: HashDirectory::default(),
            connections: HashMap::new(),
            users: HashMap::new(),
            ghosts: HashMap::new(),
            key_next: 0,
            frozen: false,
        }
    }

    /// Admits a connection under a user id that no other has, and greets it before anything else is said to it.
    pub(crate) fn connect(&mut self, user_id: &str, wire: Wire, outbox: Arc<Outbox>, greeting: String) -> Key {
        let key = self.key_next;
        self.key_next += 1;
        let user_id: Arc<str> = user_id.into();
        let overflow = outbox.push(greeting);
        self.users.insert(user_id.clone(), key);
        self.connections.insert(key, Connection { user_id, wire, outbox });
        self.perform(Input::Connect(key), None, Timestamp::UNIX_EPOCH);
        if overflow.is_err() {
            self.disconnect(key, Timestamp::UNIX_EPOCH);
        }
        key
    }

    /// Ends a connection. A second time, it does nothing.
    pub(crate) fn disconnect(&mut self, key: Key, now: Timestamp) {
        self.perform(Input::Disconnect(key), None, now);
    }

    /// What the target of a signal names.
    pub(crate) fn resolve(&self, name: &str) -> Target<Key, RoomId> {
        if let Some(&key) = self.users.get(name) {
            return Target::User(key);
        }
        match RoomId::parse(name) {
            Ok(room) if !self.directory.members(&room).is_empty() => Target::Room(room),
            _ => Target::Unknown,
        }
    }

    /// Performs what a connection asks. `ack` is the number to answer a request under.
    pub(crate) fn receive(&mut self, key: Key, message: WireClientMessage<Key>, ack: Option<u64>, now: Timestamp) {
        self.perform(Input::Message(key, message), ack, now);
    }

    /// From now on nothing happens any more: the end of one connection is not told to others that end as well.
    pub(crate) fn freeze(&mut self) {
        self.frozen = true;
    }

    /// Whether the hub is frozen.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen
    }

    fn perform(&mut self, input: Input<Key, RoomId, Payload>, ack: Option<u64>, now: Timestamp) {
        let mut inputs = VecDeque::from([(input, ack)]);
        while let Some((input, ack)) = inputs.pop_front() {
            if self.frozen {
                return;
            }
            let ended = if let Input::Disconnect(key) = &input { Some(*key) } else { None };
            // Whoever overflows is disconnected after this step and before the next input, since its queue has a gap.
            let overflowed = self.perform_one(input, ack, now);
            inputs.extend(overflowed.into_iter().map(|key| (Input::Disconnect(key), None)));
            if let Some(key) = ended {
                self.forget(key);
            }
        }
    }

    /// One step of the rules. Returns the connections whose queues overflowed, each once.
    fn perform_one(&mut self, input: Input<Key, RoomId, Payload>, ack: Option<u64>, now: Timestamp) -> Vec<Key> {
        let Self { rules, directory, connections, ghosts, frozen, .. } = self;
        let user = |key: Key| {
            let connection = connections.get(&key).map(|connection| &connection.user_id);
            connection.or_else(|| ghosts.get(&key)).map_or_else(String::new, |user_id| user_id.to_string())
        };
        let names = Names { user, timestamp: format!("{now:.3}") };
        let mut overflowed = Vec::new();
        step(directory, rules, input, &mut |effect| match effect {
            Effect::Send { to, message, clause: _ } => {
                // A faulty variant may speak to a connection that has ended.
                let Some(receiver) = connections.get(&to) else { return };
                let Some(frame) = frame(receiver.wire, &encode(&message, &names), ack) else { return };
                if receiver.outbox.push(frame).is_err() {
                    overflowed.push(to);
                }
            }
            Effect::Crash => *frozen = true,
        });
        overflowed
    }

    fn forget(&mut self, key: Key) {
        let Some(connection) = self.connections.remove(&key) else { return };
        self.users.remove(&connection.user_id);
        if self.rules.second_room == SecondRoom::Accumulate {
            // Only this faulty variant leaves members behind that have ended, and still names them.
            self.ghosts.insert(key, connection.user_id);
        }
    }
}

fn frame(wire: Wire, encoded: &Encoded, ack: Option<u64>) -> Option<String> {
    match wire {
        Wire::SocketIo => socketio::packet(encoded, ack).map(|packet| crate::engine::message(&packet)),
        Wire::Json => json::frame(encoded, ack),
    }
}

#[cfg(test)]
mod tests {
    use glare_model::wire::decode;

    use super::*;
    use crate::{
        ending::Ending,
        outbox::{Next, OutboxLimits},
    };

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const ROOMY: OutboxLimits = OutboxLimits { bytes_max: 1 << 20, messages_max: 100 };

    fn join(hub: &mut Hub, user_id: &str, limits: OutboxLimits) -> (Key, Arc<Outbox>) {
        let outbox = Arc::new(Outbox::new(limits));
        (hub.connect(user_id, Wire::Json, outbox.clone(), format!("hello {user_id}")), outbox)
    }

    fn say(hub: &mut Hub, key: Key, frame: &str) {
        let frame = json::ClientFrame::parse(frame).unwrap();
        let message = decode(frame.event(), |name| hub.resolve(name)).unwrap();
        hub.receive(key, message, frame.event().ack, NOW);
    }

    fn read(outbox: &Outbox) -> Vec<String> {
        match outbox.take(usize::MAX) {
            Some(Next::Messages(messages)) => messages,
            Some(Next::End(ending)) => vec![format!("end: {ending:?}")],
            None => vec![],
        }
    }

    const CREATE: &str = r#"{"event":"create-room","data":"r","ack":7}"#;
    const JOIN: &str = r#"{"event":"join-room","data":"r","ack":7}"#;

    #[test]
    fn the_greeting_comes_first_and_acks_bear_their_number() {
        let mut hub = Hub::new(RoomRules::REFERENCE);
        let (key, outbox) = join(&mut hub, "a", ROOMY);
        say(&mut hub, key, CREATE);
        let ack = r#"{"event":"ack","ack":7,"data":{"success":true,"roomId":"r"}}"#;
        assert_eq!(read(&outbox), ["hello a", ack]);
    }

    #[test]
    fn a_disconnect_is_told_once_and_the_name_is_forgotten() {
        let mut hub = Hub::new(RoomRules::REFERENCE);
        let ((a, _), (b, outbox)) = (join(&mut hub, "a", ROOMY), join(&mut hub, "b", ROOMY));
        say(&mut hub, a, CREATE);
        say(&mut hub, b, JOIN);
        read(&outbox);
        hub.disconnect(a, NOW);
        hub.disconnect(a, NOW);
        let notice = r#"{"event":"user-left","data":{"userId":"a","timestamp":"1970-01-01T00:00:00.000Z"}}"#;
        assert_eq!(read(&outbox), [notice]);
        assert_eq!(hub.resolve("a"), Target::Unknown);
        assert_eq!(hub.resolve("r"), Target::Room(RoomId::parse("r").unwrap()));
    }

    #[test]
    fn an_overflow_disconnects_the_slow_reader_and_nobody_else() {
        let mut hub = Hub::new(RoomRules::REFERENCE);
        let (fast, fast_outbox) = join(&mut hub, "fast", ROOMY);
        let (slow, slow_outbox) = join(&mut hub, "slow", OutboxLimits { messages_max: 2, ..ROOMY });
        say(&mut hub, fast, CREATE);
        say(&mut hub, slow, JOIN);
        read(&fast_outbox);
        say(&mut hub, fast, r#"{"event":"offer","data":{"target":"slow","offer":{}}}"#);
        assert_eq!(read(&slow_outbox), [format!("end: {:?}", Ending::Overflow)]);
        assert!(matches!(read(&fast_outbox).as_slice(), [left] if left.contains("user-left")));
        say(&mut hub, fast, r#"{"event":"offer","data":{"target":"slow","offer":{}}}"#);
        assert!(matches!(read(&fast_outbox).as_slice(), [error] if error.contains("undeliverable")));
        hub.disconnect(slow, NOW);
        assert_eq!(read(&fast_outbox), [""; 0]);
    }

    #[test]
    fn overflows_that_cause_overflows_end_with_everybody_told() {
        let mut hub = Hub::new(RoomRules::REFERENCE);
        let (a, a_outbox) = join(&mut hub, "a", ROOMY);
        say(&mut hub, a, CREATE);
        // Greeting, ack and one notice fill b's queue; the next notice overflows it.
        let (b, b_outbox) = join(&mut hub, "b", OutboxLimits { messages_max: 3, ..ROOMY });
        say(&mut hub, b, JOIN);
        let (c, c_outbox) = join(&mut hub, "c", OutboxLimits { messages_max: 2, ..ROOMY });
        say(&mut hub, c, JOIN);
        read(&a_outbox);
        let (d, _) = join(&mut hub, "d", ROOMY);
        say(&mut hub, d, JOIN);
        for outbox in [&b_outbox, &c_outbox] {
            assert_eq!(read(outbox), [format!("end: {:?}", Ending::Overflow)]);
        }
        let told = read(&a_outbox);
        assert_eq!(told.iter().filter(|message| message.contains("user-left")).count(), 2, "{told:?}");
    }

    #[test]
    fn a_frozen_hub_hears_nothing() {
        let mut hub = Hub::new(RoomRules::TUTORIAL);
        let ((a, a_outbox), (b, b_outbox)) = (join(&mut hub, "a", ROOMY), join(&mut hub, "b", ROOMY));
        say(&mut hub, a, r#"{"event":"create-room","data":"r"}"#);
        assert!(hub.is_frozen(), "this variant crashes on a request without an ack");
        say(&mut hub, b, JOIN);
        hub.disconnect(a, NOW);
        assert_eq!((read(&a_outbox), read(&b_outbox)), (vec!["hello a".to_owned()], vec!["hello b".to_owned()]));
    }

    #[test]
    fn a_ghost_of_a_faulty_variant_keeps_its_name() {
        let mut hub = Hub::new(RoomRules::TUTORIAL);
        let ((a, _), (b, outbox)) = (join(&mut hub, "a", ROOMY), join(&mut hub, "b", ROOMY));
        say(&mut hub, a, CREATE);
        say(&mut hub, a, r#"{"event":"create-room","data":"r2","ack":8}"#);
        hub.disconnect(a, NOW);
        say(&mut hub, b, JOIN);
        let ack = r#"{"event":"ack","ack":7,"data":{"success":true,"roomId":"r","existingUsers":["a"]}}"#;
        assert_eq!(read(&outbox), ["hello b", ack]);
    }
}
