//! A server core with one fault: the model's rules, with a hook at each place where a server can go wrong.

use glare_conformance::transport::{CoreEffect, CoreInput, CutOff, Incoming, ModelCore, RoomCore};
use glare_model::{
    id::RoomId,
    message::{ClientMessage, RequestKind, ServerMessage},
    requirement::{RequirementId, ids::ROOM_01},
    room::{Directory, Effect, Input},
    wire::Payload,
};
use serde_json::Value;

/// One wrong server.
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    /// What it does wrong, in a sentence.
    pub(crate) fault: &'static str,
    /// The clause that it breaks.
    pub(crate) breaks: RequirementId,
    pub(crate) core: fn() -> Faulty,
}

pub(crate) type Message = ServerMessage<u64, RoomId, Payload>;
pub(crate) type Effects = Vec<CoreEffect>;
type OnInput = Box<dyn FnMut(&mut ModelCore, CoreInput) -> Effects + Send>;
type OnEvent = Box<dyn FnMut(&mut ModelCore, u64, &str, Option<&Value>) -> Option<Effects> + Send>;
type OnWire = Box<dyn FnMut(u64, Incoming) -> Vec<Incoming> + Send>;
type OnKey<T> = Box<dyn FnMut(u64) -> T + Send>;

/// The model's rules, and what is done instead of them.
pub(crate) struct Faulty {
    model: ModelCore,
    on_input: OnInput,
    on_event: OnEvent,
    on_wire: OnWire,
    on_broken_frame: CutOff,
    on_silence: OnKey<bool>,
    user_id: OnKey<String>,
}

impl Faulty {
    /// No fault.
    pub(crate) fn sound() -> Self {
        Self {
            model: ModelCore::default(),
            on_input: Box::new(ModelCore::handle),
            on_event: Box::new(|_, _, _, _| None),
            on_wire: Box::new(|_, incoming| vec![incoming]),
            on_broken_frame: CutOff::Sender,
            on_silence: Box::new(|_| true),
            user_id: Box::new(|key| format!("user-{key}")),
        }
    }

    /// Another variant of the rules.
    pub(crate) fn rules(rules: glare_model::room::RoomRules) -> Self {
        Self { model: ModelCore::with_rules(rules), ..Self::sound() }
    }

    /// Another treatment of inputs.
    pub(crate) fn input(on_input: impl FnMut(&mut ModelCore, CoreInput) -> Effects + Send + 'static) -> Self {
        Self { on_input: Box::new(on_input), ..Self::sound() }
    }

    /// Other messages in place of each message to a connection.
    pub(crate) fn rewrite(
        mut other: impl FnMut(&ModelCore, u64, Message) -> Vec<(u64, Message)> + Send + 'static,
    ) -> Self {
        Self::input(move |model, input| {
            let effects = model.handle(input);
            let sends = effects.into_iter().filter_map(|effect| match effect {
                Effect::Send { to, message, .. } => Some((to, message)),
                Effect::Crash => None,
            });
            sends.flat_map(|(to, message)| other(model, to, message)).map(|(to, message)| send(to, message)).collect()
        })
    }

    /// What is chosen comes after what the next input causes.
    pub(crate) fn late(chosen: impl Fn(&Message) -> bool + Send + 'static) -> Self {
        let mut held = Effects::new();
        Self::input(move |model, input| {
            let is_chosen = |effect: &CoreEffect| matches!(effect, Effect::Send { message, .. } if chosen(message));
            let (late, mut now): (Effects, Effects) = model.handle(input).into_iter().partition(is_chosen);
            now.append(&mut held);
            held = late;
            now
        })
    }

    /// Another treatment of events, before the codec sees them.
    pub(crate) fn event(
        on_event: impl FnMut(&mut ModelCore, u64, &str, Option<&Value>) -> Option<Effects> + Send + 'static,
    ) -> Self {
        Self { on_event: Box::new(on_event), ..Self::sound() }
    }

    /// Other things on the wire than what the core sends.
    pub(crate) fn wire(on_wire: impl FnMut(u64, Incoming) -> Vec<Incoming> + Send + 'static) -> Self {
        Self { on_wire: Box::new(on_wire), ..Self::sound() }
    }

    /// The same, for the data of one event.
    pub(crate) fn event_data(name: &'static str, mut change: impl FnMut(&mut Value) + Send + 'static) -> Self {
        Self::wire(move |_, mut incoming| {
            if let Incoming::Event { event, data: Some(data) } = &mut incoming
                && (event == name || (name == "any signal" && is_signal_name(event)))
            {
                change(data);
            }
            vec![incoming]
        })
    }

    /// The same, for the data of acks.
    pub(crate) fn ack_data(mut change: impl FnMut(&mut Value) + Send + 'static) -> Self {
        Self::wire(move |_, mut incoming| {
            if let Incoming::Ack { data: Some(data), .. } = &mut incoming {
                change(data);
            }
            vec![incoming]
        })
    }

    /// Other consequences of a broken frame.
    pub(crate) fn broken_frame(on_broken_frame: CutOff) -> Self {
        Self { on_broken_frame, ..Self::sound() }
    }

    /// Other user ids.
    pub(crate) fn ids(user_id: impl FnMut(u64) -> String + Send + 'static) -> Self {
        Self { user_id: Box::new(user_id), ..Self::sound() }
    }

    pub(crate) fn and_input(self, other: impl FnMut(&mut ModelCore, CoreInput) -> Effects + Send + 'static) -> Self {
        Self { on_input: Box::new(other), ..self }
    }

    pub(crate) fn and_silence(self, on_silence: impl FnMut(u64) -> bool + Send + 'static) -> Self {
        Self { on_silence: Box::new(on_silence), ..self }
    }
}

impl RoomCore for Faulty {
    fn handle(&mut self, input: CoreInput) -> Effects {
        (self.on_input)(&mut self.model, input)
    }

    fn user_id(&mut self, key: u64) -> String {
        (self.user_id)(key)
    }

    fn raw_event(&mut self, key: u64, event: &str, data: Option<&Value>) -> Option<Effects> {
        (self.on_event)(&mut self.model, key, event, data)
    }

    fn outgoing(&mut self, to: u64, incoming: Incoming) -> Vec<Incoming> {
        (self.on_wire)(to, incoming)
    }

    fn broken_frame(&mut self, _key: u64) -> CutOff {
        self.on_broken_frame
    }

    fn fell_silent(&mut self, key: u64) -> bool {
        (self.on_silence)(key)
    }
}

/// A message to a connection. No clause demands it: the transport does not ask.
pub(crate) fn send(to: u64, message: Message) -> CoreEffect {
    Effect::Send { to, message, clause: ROOM_01 }
}

/// Whose input it is.
pub(crate) fn caller(input: &CoreInput) -> u64 {
    match input {
        Input::Connect(key) | Input::Disconnect(key) | Input::Message(key, _) => *key,
    }
}

/// A request for a valid room by a caller that is in none.
pub(crate) fn outsiders_request(model: &ModelCore, input: &CoreInput, wanted: RequestKind) -> Option<(u64, RoomId)> {
    match input {
        Input::Message(caller, ClientMessage::Request { kind, room: Ok(room), .. })
            if *kind == wanted && model.directory.current(*caller).is_none() =>
        {
            Some((*caller, room.clone()))
        }
        _ => None,
    }
}

/// The same request as if it were for another room or of the other kind.
pub(crate) fn request(caller: u64, kind: RequestKind, room: RoomId) -> CoreInput {
    Input::Message(caller, ClientMessage::Request { kind, room: Ok(room), ack: true })
}

/// A room id that is known to be valid.
pub(crate) fn room_id(text: &str) -> RoomId {
    RoomId::parse(text).expect("a short text")
}

/// All connections, in order.
pub(crate) fn everybody(model: &ModelCore) -> Vec<u64> {
    let mut keys: Vec<_> = model.directory.sessions().map(|(key, _)| key).collect();
    keys.sort_unstable();
    keys
}

/// The members of the connection's room, the connection included.
pub(crate) fn room_of(model: &ModelCore, key: u64) -> Vec<u64> {
    model.directory.current(key).map(|room| model.directory.members(&room).to_vec()).unwrap_or_default()
}

/// Whether a room has members.
pub(crate) fn exists(model: &ModelCore, room: &RoomId) -> bool {
    !model.directory.members(room).is_empty()
}

/// The connection with a user id of the sound form.
pub(crate) fn key_of(user: &Value) -> Option<u64> {
    user.as_str()?.strip_prefix("user-")?.parse().ok()
}

pub(crate) fn is_signal_name(event: &str) -> bool {
    matches!(event, "offer" | "answer" | "ice-candidate")
}

/// The payload of a signal's data.
pub(crate) fn payload(data: &mut Value) -> &mut Value {
    let members = data.as_object_mut().expect("the codec writes an object");
    let name = ["offer", "answer", "candidate"].into_iter().find(|name| members.contains_key(*name));
    members.get_mut(name.expect("one of the three")).expect("it was just found")
}
