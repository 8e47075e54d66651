//! The frontier against servers that are sound by construction, and against one fault in what they send.

mod naive;
mod races;
mod simulator;
mod tape;

use glare_conformance::{
    capability::Profile,
    dialect::Dialect,
    oracle::{Oracle, judge, unmerged_violations},
    trace::{Entry, Trace},
    verdict::Verdict,
};
use glare_model::{message::SignalKind, requirement::Level};
use proptest::prelude::*;
use serde_json::Value;
use simulator::{Act, Fault, Mishap, Plan, simulate};

fn any_kind() -> impl Strategy<Value = SignalKind> {
    prop::sample::select(SignalKind::ALL.to_vec())
}

/// What moves clients, and signals between them.
fn plain_act(clients: u8) -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => (0..2_u8).prop_map(Act::Create),
        4 => (0..2_u8).prop_map(Act::Join),
        2 => Just(Act::Leave),
        6 => (any_kind(), 0..clients).prop_map(|(kind, to)| Act::Signal(kind, to)),
        1 => Just(Act::Stray),
        1 => Just(Act::Malformed),
    ]
}

/// Signals that are refused, for one of two reasons, and some that are not.
fn refused_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        2 => Just(Act::Malformed),
        2 => Just(Act::Signal(SignalKind::Offer, 3)),
        1 => Just(Act::Stray),
        1 => (any_kind(), 0..4_u8).prop_map(|(kind, to)| Act::Signal(kind, to)),
    ]
}

/// All that clients do.
fn any_act(clients: u8) -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => plain_act(clients),
        1 => (0..2_u8).prop_map(Act::JoinWithoutAck),
        1 => Just(Act::Unknown),
        1 => Just(Act::Broken),
        1 => Just(Act::Close),
        1 => Just(Act::Drop),
        1 => Just(Act::Freeze),
    ]
}

fn plan<S: Strategy<Value = Act>>(act: fn(u8) -> S, clients: u8, acts: usize) -> impl Strategy<Value = Plan> {
    let phase = prop::collection::vec((0..clients, act(clients)), 1..=acts);
    prop::collection::vec(phase, 1..8)
}

/// A plan in which rooms exist and have members before chance takes over.
fn furnished(plan: Plan) -> Plan {
    let begin =
        [vec![(0, Act::Create(0))], vec![(1, Act::Join(0))], vec![(2, Act::Join(0))], vec![(3, Act::Create(1))]];
    begin.into_iter().chain(plan).collect()
}

fn story(trace: &Trace) -> String {
    format!("{}\n{:#?}", trace.to_ndjson(), judge(trace, true))
}

/// Whether the frontier alone says that a MUST was broken.
fn frontier_objects(trace: &Trace) -> bool {
    let violations = unmerged_violations(trace);
    violations.iter().any(|one| one.oracle == Oracle::Frontier && one.requirement.level() == Level::Must)
}

/// As if the server did not say which kind of signal an error is about.
fn forget_error_kinds(trace: &mut Trace) {
    trace.profile = Profile::CORE.with_dialect(Dialect { names_error_kind: false, ..Dialect::CORE });
    for record in trace.records.iter_mut().filter(|record| is_error(&record.entry)) {
        if let Entry::Received { data: Some(Value::Object(data)), .. } = &mut record.entry {
            data.remove("type");
        }
    }
}

fn is_error(entry: &Entry) -> bool {
    matches!(entry, Entry::Received { event, .. } if event == "error")
}

proptest! {
    // More with PROPTEST_CASES.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1_500)))]

    #[test]
    fn a_sound_server_raises_no_alarm_whatever_it_serves_first(
        plan in plan(any_act, 5, 5),
        seed: u64,
    ) {
        let (trace, _) = simulate(&furnished(plan), seed, None);
        prop_assert_eq!(judge(&trace, true).verdict, Verdict::Pass, "{}", story(&trace));
    }

    #[test]
    fn a_fault_in_a_message_that_has_to_come_is_seen(
        plan in plan(plain_act, 4, 2),
        seed: u64,
        fault in prop::sample::select(vec![Fault::Lost, Fault::Doubled, Fault::Overtaken, Fault::Misrouted]),
        after in 0..12_usize,
    ) {
        let (trace, has_happened) = simulate(&furnished(plan), seed, Some(Mishap { fault, after, only_certain: true }));
        prop_assert_eq!(frontier_objects(&trace), has_happened, "{}", story(&trace));
    }

    #[test]
    fn a_race_is_explained_exactly_if_trying_every_order_explains_it(
        race in prop::collection::vec((0..4_u8, plain_act(4)), 2..=5),
        seed: u64,
        fault in prop::option::of(prop::sample::select(vec![Fault::Lost, Fault::Doubled, Fault::Overtaken, Fault::Misrouted])),
        after in 4..12_usize,
        names_error_kind: bool,
    ) {
        let mishap = fault.map(|fault| Mishap { fault, after, only_certain: false });
        let (mut trace, _) = simulate(&furnished(vec![race]), seed, mishap);
        if !names_error_kind {
            forget_error_kinds(&mut trace);
        }
        prop_assert_eq!(frontier_objects(&trace), !naive::explains(&trace), "{}", story(&trace));
    }

    /// An error that may be missing is not taken for one that may not, whichever of them is lost.
    #[test]
    fn errors_of_one_client_are_explained_exactly_if_trying_every_order_explains_them(
        race in prop::collection::vec((0..2_u8, refused_act()), 2..=5),
        seed: u64,
        lost in 0..4_usize,
        names_error_kind: bool,
    ) {
        let (mut trace, _) = simulate(&furnished(vec![race]), seed, None);
        let mut errors = trace.records.iter().enumerate().filter(|(_, record)| is_error(&record.entry));
        if let Some((place, _)) = errors.nth(lost) {
            trace.records.remove(place);
        }
        if !names_error_kind {
            forget_error_kinds(&mut trace);
        }
        prop_assert_eq!(frontier_objects(&trace), !naive::explains(&trace), "{}", story(&trace));
    }
}
