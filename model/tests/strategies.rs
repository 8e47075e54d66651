//! Which rules the reference needs: each mutant of the peers' or the server's rules is killed by a named property.

use std::ops::ControlFlow;

use glare_model::{
    explore::{Options, Verdict, check, lanes},
    negotiation::{Answers, Connections, FirstOffer, Glare, Meetings, Strategy},
    requirement::{
        RequirementId,
        ids::{ERR_04, NEG_01, NEG_02, NEG_03, NEG_06, NEG_07, RELAY_04, ROOM_04},
    },
    room::{MissingAck, Relay, RoomRules, SecondRoom},
    world::{Variant, property},
};

/// The clauses that a variant breaks in the configurations of these names.
fn violated(rules: RoomRules, strategy: Strategy, configurations: &[&str]) -> Vec<RequirementId> {
    let mut variant = Variant { rules, strategy, ..Variant::reference() };
    variant.configurations.retain(|it| configurations.contains(&it.name));
    assert_eq!(variant.configurations.len(), configurations.len());
    check(&variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).unwrap().violated()
}

/// Pins the shortest run that breaks a clause where two peers come and go.
fn pin(name: &str, configuration: &str, strategy: Strategy, clause: RequirementId) {
    let mut variant = Variant { strategy, ..Variant::reference() };
    variant.configurations.retain(|it| it.name == configuration);
    let report = check(&variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    let Some(Verdict::Violated(trace)) = report.verdict(clause) else { panic!("{clause} is not violated") };
    insta::assert_snapshot!(name, lanes::counterexample(property(clause).unwrap(), trace));
}

fn with_strategy(strategy: Strategy) -> Vec<RequirementId> {
    violated(
        RoomRules::REFERENCE,
        strategy,
        &["rejoin", "renegotiation", "slow-answers", "candidates", "ice", "no-ack"],
    )
}

/// No number is looked at: glare by id order and signaling states alone.
const NO_NUMBERS: Strategy = Strategy {
    answers: Answers::Any,
    connections: Connections::Keep,
    meetings: Meetings::Ignored,
    ..Strategy::REFERENCE
};

#[test]
fn without_numbers_a_stale_answer_is_taken_for_a_fresh_one_and_the_pair_hangs() {
    let broken = with_strategy(NO_NUMBERS);
    assert_eq!(broken, [NEG_03, NEG_06, NEG_07]);
    pin("no_numbers_NEG-03", "rejoin", NO_NUMBERS, NEG_03);
}

#[test]
fn answers_that_name_their_offer_still_let_a_stale_offer_keep_the_pair_apart() {
    let strategy = Strategy { answers: Answers::ToPendingOffer, ..NO_NUMBERS };
    assert_eq!(with_strategy(strategy), [NEG_06, NEG_07]);
    pin("answers_name_their_offer_NEG-06", "rejoin", strategy, NEG_06);
}

#[test]
fn offers_that_name_their_connection_heal_the_pair_after_a_stale_offer_was_answered() {
    let strategy = Strategy { meetings: Meetings::Ignored, ..Strategy::REFERENCE };
    assert_eq!(with_strategy(strategy), [NEG_07]);
    pin("offers_name_their_connection_NEG-07", "rejoin", strategy, NEG_07);
}

#[test]
fn the_meeting_number_alone_is_enough_for_leave_and_rejoin() {
    let strategy = Strategy { meetings: Meetings::Counted, ..NO_NUMBERS };
    let configurations = ["rooms", "mesh", "rejoin", "reconnect", "renegotiation", "slow-answers", "candidates", "ice"];
    assert_eq!(violated(RoomRules::REFERENCE, strategy, &configurations), []);
}

#[test]
fn a_meeting_number_that_is_not_counted_after_leaving_keeps_a_pair_apart() {
    let strategy = Strategy { meetings: Meetings::CountedInside, ..Strategy::REFERENCE };
    let broken = with_strategy(strategy);
    assert!(broken.contains(&NEG_06), "{broken:?}");
    pin("meetings_counted_inside_NEG-06", "rejoin", strategy, NEG_06);
}

#[test]
fn connections_that_replace_each_other_are_orphaned() {
    let broken = with_strategy(Strategy { glare: Glare::Replace, ..Strategy::REFERENCE });
    assert!(broken.contains(&NEG_01) && broken.contains(&NEG_02), "{broken:?}");
}

#[test]
fn glare_by_id_order_resolves_what_two_first_offers_collide_on() {
    assert_eq!(with_strategy(Strategy { first_offer: FirstOffer::Both, ..Strategy::REFERENCE }), []);
}

#[test]
fn joiner_offers_needs_no_id_order_for_the_first_offer() {
    assert_eq!(with_strategy(Strategy { first_offer: FirstOffer::Joiner, ..Strategy::REFERENCE }), []);
}

#[test]
fn joiner_offers_without_numbers_is_broken_by_a_stale_offer() {
    let broken = with_strategy(Strategy { first_offer: FirstOffer::Joiner, ..NO_NUMBERS });
    assert!(broken.contains(&NEG_07), "{broken:?}");
}

fn with_rules(rules: RoomRules, configuration: &str) -> Vec<RequirementId> {
    violated(rules, Strategy::REFERENCE, &[configuration])
}

#[test]
fn a_server_that_accepts_a_second_room_keeps_ghosts() {
    let rules = RoomRules { second_room: SecondRoom::Accumulate, ..RoomRules::REFERENCE };
    assert!(with_rules(rules, "second-room").contains(&ROOM_04));
}

#[test]
fn a_server_that_relays_to_anybody_is_caught() {
    let rules = RoomRules { relay: Relay::Anything, ..RoomRules::REFERENCE };
    assert!(with_rules(rules, "stray").contains(&RELAY_04));
}

#[test]
fn a_server_that_calls_a_missing_ack_is_caught() {
    let rules = RoomRules { missing_ack: MissingAck::Crash, ..RoomRules::REFERENCE };
    assert_eq!(with_rules(rules, "no-ack"), [ERR_04]);
}
