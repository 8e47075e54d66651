//! Targets where a refused request is no fence: absence is found all the same, a slow server is blamed for nothing, and
//! the verdict says how it was established.

use std::{sync::Arc, time::Duration};

use glare_conformance::{
    driver::Settings,
    fence::Fence,
    run::{CaseResult, execute},
    scenario::{Scenario, library, parse},
    trace::Entry,
    transport::{CoreEffect, CoreInput, Incoming, Memory, ModelCore, RoomCore, Transport, Way, virtual_time},
    verdict::{Evidence, Verdict},
};

const LAG: Duration = Duration::from_millis(150);

/// A server that relays slowly, and answers requests at once on another way.
#[derive(Default)]
struct OutOfBand {
    model: ModelCore,
    /// Loses every notice of this name.
    loses: Option<&'static str>,
    /// Sends every notice of this name twice.
    repeats: Option<&'static str>,
}

impl RoomCore for OutOfBand {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        self.model.handle(input)
    }

    fn outgoing(&mut self, _to: u64, incoming: Incoming) -> Vec<Incoming> {
        let Incoming::Event { event, .. } = &incoming else { return vec![incoming] };
        if self.loses == Some(event) {
            Vec::new()
        } else if self.repeats == Some(event) {
            vec![incoming.clone(), incoming]
        } else {
            vec![incoming]
        }
    }

    fn way(&mut self, _to: u64, incoming: &Incoming) -> Way {
        match incoming {
            Incoming::Ack { .. } => Way::OutOfBand,
            Incoming::Event { .. } | Incoming::Ended(_) | Incoming::Unsayable(_) => Way::InOrder(LAG),
        }
    }
}

/// As it is judged where time passes.
fn judge(core: OutOfBand, fence: Fence, case: &Scenario) -> CaseResult {
    let runtime = virtual_time().expect("a runtime");
    let transport = Transport::Memory(Memory::new(core)).with_fence(fence);
    let settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };
    runtime.block_on(execute(transport, Arc::new(case.clone()), settings, false))
}

fn case(steps: &str) -> Scenario {
    let text = format!("case: fences\ntitle: about fences\ncovers: ROOM-07\n{steps}");
    parse(&text).expect("a scenario").remove(0)
}

/// In one order of the race C is told of B, in the other it is not: only a fence can tell that nothing is on its way.
fn race() -> Scenario {
    case("C create r\nB connect\ntogether\nB join r\nC leave\nend\nC connect\n")
}

/// Large payloads have nothing to do with fences, and hostile cases hang up.
fn gentle() -> impl Iterator<Item = &'static Scenario> {
    library().iter().filter(|case| !case.hostile && !case.id.starts_with("err-08") && case.id != "err-02-much-larger")
}

#[test]
fn a_refused_request_proves_nothing_where_acks_overtake() {
    let alarms =
        gentle().filter(|case| judge(OutOfBand::default(), Fence::Refused, case).judgement.verdict != Verdict::Pass);
    assert!(alarms.count() > 0, "otherwise the tests below show nothing");
}

#[test]
fn without_a_fence_a_sound_slow_server_passes_and_the_verdict_is_called_timed() {
    for case in gentle().cloned().chain([race()]) {
        let result = judge(OutOfBand::default(), Fence::None, &case);
        assert_eq!(result.judgement.verdict, Verdict::Pass, "{}: {:#?}", case.id, result.judgement);
        assert_eq!(result.judgement.evidence, Evidence::Timed, "{}", case.id);
    }
}

#[test]
fn by_markers_a_sound_slow_server_passes() {
    for case in gentle().cloned().chain([race()]) {
        let result = judge(OutOfBand::default(), Fence::Relayed, &case);
        assert_eq!(result.judgement.verdict, Verdict::Pass, "{}: {:#?}", case.id, result.judgement);
    }
}

#[test]
fn between_members_markers_prove_it_and_time_decides_nothing() {
    let case = case("A create r\nB join r\nA offer B\nB answer A\nA candidate B\n");
    let result = judge(OutOfBand::default(), Fence::Relayed, &case);
    assert_eq!(result.judgement.verdict, Verdict::Pass, "{:#?}", result.judgement);
    let entries = || result.trace.records.iter().map(|record| &record.entry);
    let phase = entries().position(|entry| matches!(entry, Entry::Phase { phase: 2 })).expect("three phases");
    assert!(entries().skip(phase).all(|entry| !matches!(entry, Entry::Waited { .. })));
    assert!(entries().skip(phase).any(|entry| matches!(entry, Entry::Fence { receiver: Some(_), .. })));
}

#[test]
fn without_a_refusable_request_what_is_missing_is_found() {
    for fence in [Fence::None, Fence::Relayed] {
        for (event, steps) in [
            ("user-joined", "A create r\nB join r\n"),
            ("user-left", "A create r\nB join r\nB leave\n"),
            ("offer", "A create r\nB join r\nA offer B\n"),
            ("error", "A create r\nA emit offer {}\n"),
            ("error", "A create r\nA offer A\n"),
        ] {
            let core = OutOfBand { loses: Some(event), ..OutOfBand::default() };
            let result = judge(core, fence, &case(steps));
            assert_eq!(result.judgement.verdict, Verdict::Fail, "{fence:?} {event}: {:#?}", result.judgement);
            assert_eq!(result.judgement.evidence, Evidence::Timed, "{fence:?} {event}");
            assert!(result.judgement.violations.iter().all(|one| one.missing), "{:#?}", result.judgement.violations);
        }
    }
}

#[test]
fn without_a_refusable_request_what_is_too_much_is_found() {
    for fence in [Fence::None, Fence::Relayed] {
        for event in ["user-joined", "user-left", "offer"] {
            let core = OutOfBand { repeats: Some(event), ..OutOfBand::default() };
            let result = judge(core, fence, &case("A create r\nB join r\nA offer B\nB leave\n"));
            assert_eq!(result.judgement.verdict, Verdict::Fail, "{fence:?} {event}: {:#?}", result.judgement);
        }
    }
}
