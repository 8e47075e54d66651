//! Ends that a server notices late. When it notices is left open, so one that takes its time, or is late now and then, is not
//! to blame; one that is late whenever it is asked does not keep ROOM-10.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use glare_conformance::{
    run::{CaseResult, Plan, RunEvent, run},
    scenario::parse,
    trace::Entry,
    transport::{CoreEffect, CoreInput, Memory, ModelCore, RoomCore, Transport, virtual_time},
    verdict::{Evidence, Verdict},
};
use glare_model::{
    message::{ClientMessage, RequestKind},
    requirement::ids::{ROOM_10, ROOM_11},
    room::Input,
};

/// A sound server, but for the ends that it notices only after the next request to create a room.
struct Late {
    model: ModelCore,
    /// How many ends it will notice late.
    late_ends: usize,
    held: Vec<CoreInput>,
}

impl RoomCore for Late {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        if matches!(input, Input::Disconnect(_)) && self.late_ends > 0 {
            self.late_ends -= 1;
            self.held.push(input);
            return Vec::new();
        }
        let creates =
            matches!(input, Input::Message(_, ClientMessage::Request { kind: RequestKind::Create, room: Ok(_), .. }));
        let mut effects = self.model.handle(input);
        if creates {
            for held in std::mem::take(&mut self.held) {
                effects.extend(self.model.handle(held));
            }
        }
        effects
    }
}

/// A sound server that takes its time with a client that has created a room, with its end as well.
struct Slow {
    model: ModelCore,
    slow: BTreeSet<u64>,
}

const LAG: Duration = Duration::from_millis(700);

impl RoomCore for Slow {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        if let Input::Message(key, ClientMessage::Request { kind: RequestKind::Create, .. }) = &input {
            self.slow.insert(*key);
        }
        self.model.handle(input)
    }

    fn processing_lag(&mut self, key: u64) -> Duration {
        if self.slow.contains(&key) { LAG } else { Duration::ZERO }
    }
}

/// What a run on reused connections says of a room whose only member goes away.
fn judge(late_ends: usize) -> CaseResult {
    let core = Late { model: ModelCore::default(), late_ends, held: Vec::new() };
    judge_steps(core, "A create r\nA drop\nB create r\n")
}

fn judge_steps(core: impl RoomCore + 'static, steps: &str) -> CaseResult {
    let text = format!("case: late\ntitle: the room of a member that is gone\ncovers: ROOM-11\n{steps}");
    let plan = Plan {
        transport: Transport::Memory(Memory::new(core)),
        exact: false,
        cases: parse(&text).expect("a scenario").into_iter().map(Arc::new).collect(),
        jobs: 1,
        timeout: Duration::from_secs(1),
        seed: 1,
        nonce: 1,
        process: None,
        budget: None,
    };
    let mut results = Vec::new();
    let watch = |event| {
        if let RunEvent::Finished(result) = event {
            results.push(*result);
        }
    };
    virtual_time().expect("a runtime").block_on(run(plan, watch)).expect("the target answers");
    results.pop().expect("there is one case")
}

#[test]
fn a_server_that_is_late_once_is_not_to_blame() {
    // The run's first look at the target ends a connection as well.
    let result = judge(2);
    assert_eq!(result.judgement.verdict, Verdict::Pass, "{:#?}", result.judgement);
}

#[test]
fn a_server_that_is_late_whenever_it_is_asked_breaks_room_10() {
    let result = judge(usize::MAX);
    assert_eq!(result.judgement.verdict, Verdict::Fail, "{:#?}", result.judgement);
    assert_eq!(result.judgement.evidence, Evidence::Timed);
    let named = |one: &glare_conformance::oracle::Violation| [ROOM_10, ROOM_11].contains(&one.requirement);
    assert!(result.judgement.violations.iter().any(named), "{:#?}", result.judgement);
}

/// Whether somebody has to be told of the end depends on who was served first. What was seen tells, and then it is waited for.
#[test]
fn a_witness_by_chance_is_told_of_an_end_when_the_server_notices_it() {
    for end in ["close", "drop"] {
        let core = Slow { model: ModelCore::default(), slow: BTreeSet::new() };
        let steps = format!("A create r\nB connect\ntogether\n  A {end}\n  B join r\nend\n");
        let result = judge_steps(core, &steps);
        assert_eq!(result.judgement.verdict, Verdict::Pass, "{:#?}", result.judgement);
        let told = |entry: &Entry| matches!(entry, Entry::Received { event, .. } if event == "user-left");
        assert!(result.trace.records.iter().any(|record| told(&record.entry)), "B was a witness: {:#?}", result.trace);
    }
}

/// It is found late, once; the second time it is given as much time as it took where there was a witness, and more.
#[test]
fn a_server_that_takes_its_time_with_an_end_without_a_witness_is_not_to_blame() {
    let core = Slow { model: ModelCore::default(), slow: BTreeSet::new() };
    let result = judge_steps(core, "C create s\nD join s\nC drop\nA create r\nA drop\nB join r\n");
    assert_eq!(result.judgement.verdict, Verdict::Pass, "{:#?}", result.judgement);
    let waited = |entry: &Entry| matches!(entry, Entry::Waited { .. });
    assert!(result.trace.records.iter().any(|record| waited(&record.entry)), "{:#?}", result.trace);
}
