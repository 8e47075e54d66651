//! ORDER-02 and ORDER-04 where a dialect makes them say less: what is free there, and what is a fault all the same.

use std::time::Duration;

use glare_conformance::{
    dialect::{Dialect, MembersRule, ReachRule, RoomsRule, SecondRoomRule},
    transport::{CoreEffect, CoreInput, Incoming, ModelCore, RoomCore, Way},
};
use glare_model::{
    message::ServerMessage,
    requirement::{
        RequirementId,
        ids::{ORDER_02, ORDER_04},
    },
    room::Effect,
};
use serde_json::Value;

use crate::{cases, judged_core};

const EVERYBODY: Dialect = Dialect { reach: ReachRule::Everybody, ..Dialect::CORE };
const MOVES: Dialect = Dialect { second_room: SecondRoomRule::Moves, rooms: RoomsRule::Implicit, ..Dialect::CORE };
const ANNOUNCED: Dialect = Dialect { members: MembersRule::Announced, ..MOVES };

/// The rules of a dialect, with another order of what is sent.
struct Reordered {
    model: ModelCore,
    order: fn(Vec<CoreEffect>) -> Vec<CoreEffect>,
    way: fn(&Incoming) -> Way,
    /// Each two notices to the second client are swapped; this one came first.
    waiting: Option<Incoming>,
    swaps_notices: bool,
}

impl Reordered {
    fn new(dialect: &Dialect) -> Self {
        let model = ModelCore::with_rules(dialect.rules());
        Self { model, order: |sent| sent, way: |_| IN_ORDER, waiting: None, swaps_notices: false }
    }
}

const IN_ORDER: Way = Way::InOrder(Duration::ZERO);

impl RoomCore for Reordered {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        (self.order)(self.model.handle(input))
    }

    fn way(&mut self, _to: u64, incoming: &Incoming) -> Way {
        (self.way)(incoming)
    }

    fn outgoing(&mut self, to: u64, incoming: Incoming) -> Vec<Incoming> {
        if !self.swaps_notices || to != 2 {
            return vec![incoming];
        }
        match (self.waiting.take(), is_notice(&incoming)) {
            (None, true) => {
                self.waiting = Some(incoming);
                Vec::new()
            }
            (Some(first), true) => vec![incoming, first],
            (first, false) => first.into_iter().chain([incoming]).collect(),
        }
    }
}

fn is_notice(incoming: &Incoming) -> bool {
    matches!(incoming, Incoming::Event { event, .. } if event.starts_with("user-"))
}

/// Whoever is let in hears of it later than of who comes and goes.
fn acks_behind_notices(incoming: &Incoming) -> Way {
    let success = |data: &Value| data.get("success").and_then(Value::as_bool) == Some(true);
    match incoming {
        Incoming::Ack { data: Some(data), .. } if success(data) => Way::InOrder(Duration::from_millis(5)),
        _ if is_notice(incoming) => Way::OutOfBand,
        _ => IN_ORDER,
    }
}

/// A joiner hears of those who are there from the last to the first.
fn introductions_backwards(mut sent: Vec<CoreEffect>) -> Vec<CoreEffect> {
    let is_ack = |effect: &CoreEffect| matches!(effect, Effect::Send { message: ServerMessage::Joined(..), .. });
    if let Some(ack) = sent.iter().position(is_ack) {
        sent[ack + 1..].reverse();
    }
    sent
}

fn broken(server: impl Fn() -> Reordered, declared: &Dialect) -> Vec<(String, RequirementId)> {
    let judged = cases().filter_map(|case| Some((case.id.clone(), judged_core(server(), declared, &case)?)));
    judged.flat_map(|(case, one)| one.violations.into_iter().map(move |one| (case.clone(), one.requirement))).collect()
}

fn assert_sound(server: impl Fn() -> Reordered, declared: &Dialect) {
    let broken = broken(server, declared);
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn a_notice_may_not_come_before_the_ack_of_a_join_where_signals_reach_everybody() {
    let server = || Reordered { way: acks_behind_notices, ..Reordered::new(&EVERYBODY) };
    let broken = broken(server, &EVERYBODY);
    assert!(broken.iter().any(|(_, clause)| *clause == ORDER_02), "{broken:?}");
}

#[test]
fn members_that_are_announced_come_in_any_order() {
    for dialect in [ANNOUNCED, Dialect { members: MembersRule::Announced, ..Dialect::CORE }] {
        assert_sound(|| Reordered { order: introductions_backwards, ..Reordered::new(&dialect) }, &dialect);
    }
}

#[test]
fn two_members_see_one_order_where_a_second_room_moves() {
    for dialect in [MOVES, ANNOUNCED] {
        let broken = broken(|| Reordered { swaps_notices: true, ..Reordered::new(&dialect) }, &dialect);
        assert!(broken.iter().any(|(_, clause)| *clause == ORDER_04), "{broken:?}");
    }
}
