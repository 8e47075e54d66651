//! What docs/protocol.md leaves open: servers that make use of it differ from the reference, and none of them may be
//! blamed for it.

use std::time::Duration;

use glare_conformance::{
    driver::{Settings, drive},
    oracle::judge,
    scenario::library,
    transport::{CoreEffect, CoreInput, CutOff, Incoming, Memory, ModelCore, RoomCore, Transport, Way, virtual_time},
    verdict::Verdict,
};
use glare_model::{
    message::{ClientMessage, RequestKind, ServerMessage, SignalFault, SignalKind, SignalRefusal},
    requirement::ids::ROOM_01,
    room::{Effect, Input},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

type Effects = Vec<CoreEffect>;

/// A sound server that makes use of one freedom.
struct Free {
    model: ModelCore,
    input: fn(&mut ModelCore, CoreInput) -> Effects,
    wire: fn(Incoming) -> Vec<Incoming>,
    broken_frame: CutOff,
    user_id: fn(u64) -> String,
    /// How long what goes out to a connection takes, in milliseconds.
    way_ms: Box<dyn FnMut(u64) -> u64 + Send>,
    /// How long a message of a connection takes to be processed, in milliseconds; those behind it wait.
    processing_ms: Box<dyn FnMut(u64) -> u64 + Send>,
}

const PLAIN: fn() -> Free = || Free {
    model: ModelCore::default(),
    input: ModelCore::handle,
    wire: |incoming| vec![incoming],
    broken_frame: CutOff::Sender,
    user_id: |key| format!("user-{key}"),
    way_ms: Box::new(|_| 0),
    processing_ms: Box::new(|_| 0),
};

impl RoomCore for Free {
    fn handle(&mut self, input: CoreInput) -> Effects {
        (self.input)(&mut self.model, input)
    }

    fn user_id(&mut self, key: u64) -> String {
        (self.user_id)(key)
    }

    fn outgoing(&mut self, _to: u64, incoming: Incoming) -> Vec<Incoming> {
        (self.wire)(incoming)
    }

    fn broken_frame(&mut self, _key: u64) -> CutOff {
        self.broken_frame
    }

    fn way(&mut self, to: u64, _incoming: &Incoming) -> Way {
        Way::InOrder(Duration::from_millis((self.way_ms)(to)))
    }

    fn processing_lag(&mut self, key: u64) -> Duration {
        Duration::from_millis((self.processing_ms)(key))
    }
}

/// Large payloads have nothing to do with any freedom, and take most of the time.
fn is_large(id: &str) -> bool {
    id.starts_with("err-08") || id == "err-02-much-larger" || id == "err-07-after-large-data"
}

/// No case raises an alarm. Each case has a server of its own, so that one freedom does not add up.
fn assert_no_alarm(server: impl Fn() -> Free) {
    let runtime = virtual_time().expect("a runtime");
    let settings = Settings { timeout: Duration::from_secs(1), nonce: 1 };
    for case in library().iter().filter(|case| !is_large(&case.id)) {
        let trace = runtime.block_on(drive(&Transport::Memory(Memory::new(server())), case, settings));
        let judgement = judge(&trace, true);
        assert_eq!(judgement.verdict, Verdict::Pass, "{}: {judgement:#?}", case.id);
    }
}

fn with_wire(wire: fn(Incoming) -> Vec<Incoming>) -> impl Fn() -> Free {
    move || Free { wire, ..PLAIN() }
}

fn with_input(input: fn(&mut ModelCore, CoreInput) -> Effects) -> impl Fn() -> Free {
    move || Free { input, ..PLAIN() }
}

fn with_ids(user_id: fn(u64) -> String) -> impl Fn() -> Free {
    move || Free { user_id, ..PLAIN() }
}

/// The data of an ack or event.
fn data(incoming: &mut Incoming) -> Option<&mut Value> {
    match incoming {
        Incoming::Event { data, .. } | Incoming::Ack { data, .. } => data.as_mut(),
        Incoming::Ended(_) | Incoming::Unsayable(_) => None,
    }
}

#[test]
fn members_that_nobody_named_are_free() {
    assert_no_alarm(with_wire(|mut incoming| {
        if let Some(members) = data(&mut incoming).and_then(Value::as_object_mut) {
            members.insert("serverVersion".to_owned(), json!({"major": 7}));
            members.insert("userName".to_owned(), json!("somebody"));
        }
        vec![incoming]
    }));
}

#[test]
fn events_that_nobody_named_are_free() {
    assert_no_alarm(with_wire(|incoming| {
        let event = |event: &str| Incoming::Event { event: event.to_owned(), data: Some(json!({"userId": "user-1"})) };
        vec![event("room-stats"), incoming, event("server-load")]
    }));
}

#[test]
fn texts_of_errors_are_free_and_codes_may_be_absent() {
    assert_no_alarm(with_wire(|mut incoming| {
        if let Some(members) = data(&mut incoming).and_then(Value::as_object_mut) {
            members.remove("code");
            for text in ["error", "message"] {
                members.entry(text).and_modify(|text| *text = json!("Das geht leider nicht"));
            }
        }
        vec![incoming]
    }));
}

#[test]
fn the_order_of_existing_users_is_free() {
    assert_no_alarm(with_wire(|mut incoming| {
        let users = data(&mut incoming).and_then(|data| data.get_mut("existingUsers")).and_then(Value::as_array_mut);
        if let Some(users) = users {
            users.reverse();
        }
        vec![incoming]
    }));
}

#[test]
fn the_ack_may_come_before_the_notices() {
    assert_no_alarm(with_input(|model, input| {
        let is_ack = |effect: &CoreEffect| {
            matches!(effect, Effect::Send { message: ServerMessage::Joined(..) | ServerMessage::Created(_), .. })
        };
        let (mut acks, notices): (Effects, Effects) = model.handle(input).into_iter().partition(is_ack);
        acks.extend(notices);
        acks
    }));
}

#[test]
fn notices_may_reach_the_members_in_another_order() {
    assert_no_alarm(with_input(|model, input| model.handle(input).into_iter().rev().collect()));
}

#[test]
fn more_errors_than_one_may_reach_the_sender_of_a_refused_signal() {
    assert_no_alarm(with_input(|model, input| {
        let effects = model.handle(input).into_iter();
        let twice = effects.flat_map(|effect| match &effect {
            Effect::Send { message: ServerMessage::Error(..), .. } => vec![effect.clone(), effect],
            _ => vec![effect],
        });
        twice.collect()
    }));
}

#[test]
fn an_error_may_accompany_a_refused_request() {
    assert_no_alarm(with_input(|model, input| {
        let effects = model.handle(input).into_iter();
        let with_error = effects.flat_map(|effect| match effect {
            Effect::Send { to, message: ServerMessage::Refused(_), .. } => {
                let refusal = SignalRefusal::Fault(SignalFault::Malformed);
                let message = ServerMessage::Error(SignalKind::Offer, refusal);
                vec![Effect::Send { to, message, clause: ROOM_01 }, effect]
            }
            effect => vec![effect],
        });
        with_error.collect()
    }));
}

#[test]
fn a_request_without_ack_may_be_ignored() {
    assert_no_alarm(with_input(|model, input| match input {
        Input::Message(_, ClientMessage::Request { ack: false, .. }) => Effects::new(),
        input => model.handle(input),
    }));
}

#[test]
fn a_request_without_ack_may_be_ignored_for_one_kind_and_performed_for_the_other() {
    assert_no_alarm(with_input(|model, input| match input {
        Input::Message(_, ClientMessage::Request { kind: RequestKind::Create, ack: false, .. }) => Effects::new(),
        input => model.handle(input),
    }));
}

#[test]
fn the_zone_and_precision_of_timestamps_are_free() {
    assert_no_alarm(with_wire(|mut incoming| {
        if let Incoming::Event { event, data: Some(data) } = &mut incoming {
            match event.as_str() {
                "user-joined" => data["timestamp"] = json!("2026-01-02T08:49:05+05:45"),
                "user-left" => data["timestamp"] = json!("2026-01-01T19:04:05.678901234-08:00"),
                _ => {}
            }
        }
        vec![incoming]
    }));
}

#[test]
fn user_ids_may_be_long() {
    assert_no_alarm(with_ids(|key| format!("{}{key}", "x".repeat(4_000))));
}

#[test]
fn user_ids_may_be_of_any_script() {
    assert_no_alarm(with_ids(|key| format!("用户 {key} 😀 é\u{202e}")));
}

#[test]
fn user_ids_may_have_spaces_quotes_and_braces() {
    assert_no_alarm(with_ids(|key| format!(" \"user\" {{{key}}} \\ $A #r [] ")));
}

#[test]
fn user_ids_may_be_short_numbers() {
    assert_no_alarm(with_ids(|key| key.to_string()));
}

#[test]
fn a_broken_frame_may_leave_its_connection_open() {
    assert_no_alarm(|| Free { broken_frame: CutOff::Nobody, ..PLAIN() });
}

#[test]
fn a_broken_frame_may_end_its_connection() {
    assert_no_alarm(PLAIN);
}

/// Any number of milliseconds below a bound, the same ones in every run.
fn chance(below: u64) -> Box<dyn FnMut(u64) -> u64 + Send> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    Box::new(move |_| random.random_range(0..below))
}

#[test]
fn a_server_may_be_slow() {
    assert_no_alarm(|| Free { way_ms: Box::new(|_| 90), processing_ms: Box::new(|_| 3), ..PLAIN() });
}

#[test]
fn each_message_may_take_a_time_of_its_own_on_its_way() {
    assert_no_alarm(|| Free { way_ms: chance(40), ..PLAIN() });
}

#[test]
fn some_clients_may_be_near_and_some_far() {
    assert_no_alarm(|| Free { way_ms: Box::new(|key| key * 37 % 50), ..PLAIN() });
}

#[test]
fn the_clients_may_be_served_in_any_order() {
    assert_no_alarm(|| Free { processing_ms: chance(5), ..PLAIN() });
}

#[test]
fn service_and_ways_may_take_any_time_together() {
    assert_no_alarm(|| Free { processing_ms: chance(4), way_ms: chance(60), ..PLAIN() });
}
