//! The question of the frontier, answered in the plainest way: every order of the acts of each phase, one after the other,
//! is played from beginning to end and compared with what each client saw. Acks are compared by their contents; an
//! undeliverable signal's error may be missing, and errors to a client that acted are free. Where errors do not name the kind
//! of signal that they are about, any of them is about any.

use std::collections::BTreeMap;

use glare_conformance::trace::{Entry, Trace};
use glare_model::{
    id::RoomId,
    message::{ClientMessage, RequestKind, ServerMessage, Signal, SignalFault, SignalKind, Target},
    room::{Effect, HashDirectory, Input, RoomRules, step},
};
use serde_json::{Value, json};

/// What one client sent in a phase, and the data of the ack.
struct Act {
    of: u16,
    at: usize,
    event: String,
    data: Option<Value>,
    /// Whether one was asked for, and where it came with which data.
    ack: Option<Option<(usize, Value)>>,
}

/// One event that arrived.
#[derive(Clone)]
struct Arrival {
    at: usize,
    event: String,
    data: Value,
}

#[derive(Default)]
struct Phase {
    opened: Vec<u16>,
    acts: Vec<Act>,
    arrivals: BTreeMap<u16, Vec<Arrival>>,
    /// On which connection, and where each was sent and came back.
    fences: Vec<(u16, usize, usize)>,
    names_error_kind: bool,
}

/// Whether some order explains a trace of creates, joins, leaves and signals.
pub(crate) fn explains(trace: &Trace) -> bool {
    let mut directories = vec![HashDirectory::default()];
    for phase in phases(trace) {
        let mut next = Vec::new();
        for mut directory in directories {
            phase.opened.iter().for_each(|key| glare_model::room::Directory::connect(&mut directory, *key));
            let seen = phase.arrivals.keys().map(|key| (*key, 0)).collect();
            try_orders(&phase, &mut vec![false; phase.acts.len()], directory, seen, 0, &mut next);
        }
        directories = next;
    }
    !directories.is_empty()
}

fn phases(trace: &Trace) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for (at, record) in trace.records.iter().enumerate() {
        if let Entry::Phase { .. } = record.entry {
            let names_error_kind = trace.profile.dialect().names_error_kind;
            phases.push(Phase { names_error_kind, ..Phase::default() });
        }
        let phase = phases.last_mut().expect("a trace begins with a phase");
        match &record.entry {
            Entry::Opened { connection, .. } => phase.opened.push(connection.0),
            Entry::Sent { connection, event, data, ack } => {
                let (event, data, ack) = (event.clone(), data.clone(), ack.map(|_| None));
                phase.acts.push(Act { of: connection.0, at, event, data, ack });
            }
            Entry::Acked { connection, ack, data } => {
                let number = trace.records.iter().position(|other| {
                    matches!(&other.entry, Entry::Sent { connection: own, ack: Some(own_ack), .. }
                        if own == connection && own_ack == ack)
                });
                let mut acts = phase.acts.iter_mut();
                if let Some(act) = acts.find(|act| Some(act.at) == number) {
                    act.ack = Some(Some((at, data.clone().unwrap_or_default())));
                }
            }
            Entry::Fence { connection, .. } => phase.fences.push((connection.0, at, usize::MAX)),
            Entry::Fenced { connection, .. } => {
                let mut fences = phase.fences.iter_mut();
                let first = fences.find(|(of, _, back)| *of == connection.0 && *back == usize::MAX);
                first.expect("a fence was sent").2 = at;
            }
            Entry::Received { connection, event, data } if event != "server-load" => {
                let arrival = Arrival { at, event: event.clone(), data: data.clone().unwrap_or_default() };
                phase.arrivals.entry(connection.0).or_default().push(arrival);
            }
            _ => {}
        }
    }
    phases
}

fn try_orders(
    phase: &Phase,
    done: &mut Vec<bool>,
    directory: HashDirectory<u16, RoomId>,
    seen: BTreeMap<u16, usize>,
    now: usize,
    found: &mut Vec<HashDirectory<u16, RoomId>>,
) {
    if done.iter().all(|done| *done) {
        let rest = |(key, all): (&u16, &Vec<Arrival>)| all[seen[key]..].iter().all(|one| is_free(phase, *key, one));
        if phase.arrivals.iter().all(rest) && !found.contains(&directory) {
            found.push(directory);
        }
        return;
    }
    let mut begun = Vec::new();
    for number in 0..phase.acts.len() {
        let act = &phase.acts[number];
        if done[number] || begun.contains(&act.of) {
            continue;
        }
        begun.push(act.of);
        // The act cannot have been served before it and those before it were sent.
        let now = now.max(act.at);
        // That a signal was undeliverable is told or not, whatever else its sender is told.
        let ways = if matches!(read(act), Some(ClientMessage::Signal { .. })) { &[true, false][..] } else { &[true] };
        for told in ways {
            let after = serve(phase, number, done, directory.clone(), seen.clone(), now, *told);
            if let Some((directory, seen, now)) = after {
                done[number] = true;
                try_orders(phase, done, directory, seen, now, found);
                done[number] = false;
            }
        }
    }
}

type After = (HashDirectory<u16, RoomId>, BTreeMap<u16, usize>, usize);

fn serve(
    phase: &Phase,
    number: usize,
    done: &[bool],
    mut directory: HashDirectory<u16, RoomId>,
    mut seen: BTreeMap<u16, usize>,
    mut now: usize,
    told: bool,
) -> Option<After> {
    let act = &phase.acts[number];
    let mut effects = Vec::new();
    if let Some(message) = read(act) {
        step(&mut directory, &RoomRules::REFERENCE, Input::Message(act.of, message), &mut |effect| {
            effects.push(effect)
        });
    }
    effects.sort_by_key(|effect| matches!(effect, Effect::Send { message, .. } if write(message).is_err()));
    for effect in effects {
        let Effect::Send { to, message, .. } = effect else { continue };
        if !told && is_undeliverable(&message) {
            continue;
        }
        match write(&message) {
            Ok((event, mut data)) => {
                if event == "error" && !phase.names_error_kind {
                    data = json!({});
                }
                let arrivals = phase.arrivals.get(&to).map_or(&[][..], Vec::as_slice);
                let from = seen.get(&to).copied().unwrap_or_default();
                let next = arrivals[from..].iter().position(|one| {
                    (one.at > now && one.event == event && is_same(&one.data, &data)) || !is_free(phase, to, one)
                });
                let fits = |place: usize| {
                    let one = &arrivals[from + place];
                    one.at > now && one.event == event && is_same(&one.data, &data)
                };
                match next.filter(|place| fits(*place)) {
                    Some(place) => {
                        *seen.entry(to).or_default() = from + place + 1;
                        now = now.max(after_fences(phase, done, to, arrivals[from + place].at)?);
                    }
                    None if is_undeliverable(&message) => {}
                    None => return None,
                }
            }
            Err(data) => match &act.ack {
                Some(Some((at, ack))) if *at > now && is_same(ack, &data) => {}
                _ => return None,
            },
        }
    }
    Some((directory, seen, now))
}

/// What arrives after a fence came back was sent after that fence was served, and so after what its client sent before it.
/// The place in the trace after which it was sent; none if that cannot be.
fn after_fences(phase: &Phase, done: &[bool], to: u16, at: usize) -> Option<usize> {
    let mut now = 0;
    for (_, sent, _) in phase.fences.iter().filter(|(of, _, back)| *of == to && *back < at) {
        let mut before = phase.acts.iter().zip(done).filter(|(act, _)| act.of == to && act.at < *sent);
        if !before.all(|(_, done)| *done) {
            return None;
        }
        now = now.max(*sent);
    }
    Some(now)
}

fn is_undeliverable(message: &ServerMessage<u16, RoomId, Value>) -> bool {
    matches!(message, ServerMessage::Error(_, glare_model::message::SignalRefusal::Undeliverable))
}

fn is_free(phase: &Phase, key: u16, arrival: &Arrival) -> bool {
    arrival.event == "error" && phase.acts.iter().any(|act| act.of == key)
}

/// Members that are named are equal; users in any order.
fn is_same(seen: &Value, sent: &Value) -> bool {
    let sorted = |value: &Value| {
        let mut users: Vec<String> = value.as_array().into_iter().flatten().map(Value::to_string).collect();
        users.sort();
        users
    };
    sent.as_object().expect("the wire's data are objects").iter().all(|(name, value)| match (seen.get(name), value) {
        (Some(seen), Value::Array(_)) => sorted(seen) == sorted(value),
        (seen, value) => seen == Some(value),
    })
}

fn key_of(user: &Value) -> Option<u16> {
    user.as_str()?.strip_prefix('u')?.parse().ok()
}

fn read(act: &Act) -> Option<ClientMessage<u16, RoomId, Value>> {
    let text = || act.data.as_ref().and_then(Value::as_str).unwrap_or_default();
    let request = |kind| Some(ClientMessage::Request { kind, room: RoomId::parse(text()), ack: act.ack.is_some() });
    match act.event.as_str() {
        "create-room" => request(RequestKind::Create),
        "join-room" => request(RequestKind::Join),
        "leave-room" => Some(ClientMessage::Leave),
        event => {
            let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
            let data = act.data.as_ref()?;
            let signal = match (data.get("target"), data.get(kind.payload_member())) {
                (Some(target), Some(payload)) => {
                    let target = key_of(target).map_or(Target::Unknown, Target::User);
                    Ok(Signal { target, payload: payload.clone() })
                }
                _ => Err(SignalFault::Malformed),
            };
            Some(ClientMessage::Signal { kind, signal })
        }
    }
}

fn write(message: &ServerMessage<u16, RoomId, Value>) -> Result<(&'static str, Value), Value> {
    let user = |key: &u16| format!("u{key}");
    match message {
        ServerMessage::Created(room) => Err(json!({"success": true, "roomId": room.as_str()})),
        ServerMessage::Joined(room, members) => {
            let users: Vec<_> = members.iter().map(user).collect();
            Err(json!({"success": true, "roomId": room.as_str(), "existingUsers": users}))
        }
        ServerMessage::Refused(_) => Err(json!({"success": false})),
        ServerMessage::UserJoined(key) => Ok(("user-joined", json!({"userId": user(key)}))),
        ServerMessage::UserLeft(key) => Ok(("user-left", json!({"userId": user(key)}))),
        ServerMessage::Signal { kind, from, payload } => {
            Ok((kind.event(), json!({kind.payload_member(): payload, "from": user(from)})))
        }
        ServerMessage::Error(kind, _) => Ok(("error", json!({"type": kind.error_type()}))),
        ServerMessage::RoomClosed | ServerMessage::HostChanged(_) => unreachable!("the core profile has no host"),
    }
}
