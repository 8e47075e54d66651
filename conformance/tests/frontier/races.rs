//! Races written by hand.

use glare_conformance::{
    capability::Profile,
    dialect::{Dialect, ReachRule},
    oracle::{Judgement, Oracle, Violation, judge, outcomes, unmerged_violations},
    scenario::Peer,
    trace::{Ending, Entry, Trace},
    transport::ConnectionId,
    verdict::{Evidence, Verdict},
};
use serde_json::json;

use crate::tape::Tape;

fn passes(trace: &Trace) -> Judgement {
    let judgement = judge(trace, false);
    assert_eq!(judgement.verdict, Verdict::Pass, "{judgement:#?}");
    judgement
}

/// What the frontier objects to.
fn objections(trace: &Trace) -> Vec<Violation> {
    let mut violations = unmerged_violations(trace);
    violations.retain(|one| one.oracle == Oracle::Frontier);
    violations
}

fn clauses(trace: &Trace) -> Vec<&'static str> {
    objections(trace).iter().map(|one| one.requirement.as_str()).collect()
}

#[test]
fn signals_may_cross() {
    for first in [0, 1] {
        let mut tape = Tape::with(2, 0);
        tape.offer(0, 1, 1).offer(1, 0, 2);
        for receiver in [first, 1 - first] {
            tape.got_offer(receiver, 1 - receiver, 2 - u32::from(receiver));
        }
        passes(&tape.fence_all().trace());
    }
}

#[test]
fn signals_of_one_sender_may_not() {
    let mut tape = Tape::with(2, 0);
    tape.offer(0, 1, 1).offer(0, 1, 2).got_offer(1, 0, 2).got_offer(1, 0, 1).fence_all();
    assert_eq!(clauses(&tape.trace()), ["ORDER-03"]);
}

#[test]
fn a_leave_and_a_join_have_one_order_for_everybody() {
    let race = |joiner_sees_leaver: bool, others_see_joiner_first: bool| {
        let mut tape = Tape::with(3, 1);
        tape.leave(1).join(3, 0, "r");
        let existing: &[u16] = if joiner_sees_leaver { &[0, 1, 2] } else { &[0, 2] };
        tape.joined(3, 0, "r", existing);
        if joiner_sees_leaver {
            tape.told(1, "user-joined", 3).told(3, "user-left", 1);
        }
        for of in [0, 2] {
            let events = if others_see_joiner_first {
                [("user-joined", 3), ("user-left", 1)]
            } else {
                [("user-left", 1), ("user-joined", 3)]
            };
            events.into_iter().for_each(|(event, about)| {
                tape.told(of, event, about);
            });
        }
        tape.fence_all().trace()
    };
    passes(&race(true, true));
    passes(&race(false, false));
    assert!(clauses(&race(true, false)).contains(&"ORDER-04"), "{:#?}", objections(&race(true, false)));
    assert!(!clauses(&race(false, true)).is_empty());
}

#[test]
fn what_was_in_flight_when_a_client_left_may_arrive_or_not() {
    let race = |arrives: bool, late: bool| {
        let mut tape = Tape::with(2, 0);
        tape.offer(1, 0, 1).ending(1, Ending::Drop);
        if arrives && !late {
            tape.got_offer(0, 1, 1);
        }
        tape.told(0, "user-left", 1);
        if arrives && late {
            tape.got_offer(0, 1, 1);
        }
        tape.fence_these(&[0]).trace()
    };
    passes(&race(true, false));
    passes(&race(false, false));
    assert_eq!(clauses(&race(true, true)), ["ORDER-01"]);
}

#[test]
fn the_end_of_a_connection_that_nobody_is_told_of_is_a_matter_of_time() {
    let untold = |is_seen: bool| {
        let mut tape = Tape::with(3, 0);
        tape.ending(1, Ending::Close);
        if is_seen {
            tape.told(0, "user-left", 1);
        }
        tape.fence_these(&[0, 2]).trace()
    };
    for trace in [untold(true), untold(false)] {
        let judgement = judge(&trace, false);
        assert_eq!((judgement.verdict, judgement.evidence), (Verdict::Fail, Evidence::Timed));
        assert!(clauses(&trace).iter().all(|clause| *clause == "ROOM-10"), "{:#?}", objections(&trace));
    }
}

#[test]
fn an_end_of_which_nobody_could_be_told_may_be_late_and_is_no_proof_of_anything_but_that() {
    let later = |is_there: bool| {
        let mut tape = Tape::with(1, 1);
        tape.ending(0, Ending::Close).fence_these(&[1]).phase().join(1, 0, "r");
        if is_there {
            tape.joined(1, 0, "r", &[0]);
        } else {
            tape.refused(1, 0);
        }
        tape.fence_these(&[1]).trace()
    };
    passes(&later(false));
    let judgement = judge(&later(true), false);
    assert_eq!((judgement.verdict, judgement.evidence), (Verdict::Fail, Evidence::Timed));
    assert_eq!(clauses(&later(true)), ["ROOM-10"]);
}

#[test]
fn an_ack_may_come_after_notices_that_have_nothing_to_do_with_it() {
    let mut tape = Tape::with(1, 1);
    tape.create(0, 1, "s").join(1, 0, "r").told(0, "user-joined", 1).joined(1, 0, "r", &[0]).refused(0, 1).fence_all();
    passes(&tape.trace());
}

#[test]
fn nothing_of_a_room_comes_before_the_ack_of_the_join() {
    let mut tape = Tape::with(1, 1);
    tape.join(1, 0, "r")
        .offer(0, 1, 1)
        .told(0, "user-joined", 1)
        .got_offer(1, 0, 1)
        .joined(1, 0, "r", &[0])
        .fence_all();
    assert_eq!(clauses(&tape.trace()), ["ORDER-02"]);
}

/// Of a target whose signals reach everybody.
fn everybody(tape: &Tape) -> Trace {
    let dialect = Dialect { reach: ReachRule::Everybody, ..Dialect::CORE };
    Trace { profile: Profile::CORE.with_dialect(dialect), ..tape.trace() }
}

#[test]
fn a_signal_comes_before_the_ack_of_the_join_where_it_reaches_everybody() {
    let mut tape = Tape::with(1, 1);
    tape.join(1, 0, "r")
        .told(0, "user-joined", 1)
        .offer(0, 1, 1)
        .got_offer(1, 0, 1)
        .joined(1, 0, "r", &[0])
        .fence_all();
    assert_eq!(clauses(&tape.trace()), ["ORDER-02"]);
    passes(&everybody(&tape));
}

#[test]
fn a_notice_comes_after_the_ack_of_the_join_even_where_signals_reach_everybody() {
    let mut tape = Tape::with(1, 2);
    tape.join(1, 0, "r")
        .told(0, "user-joined", 1)
        .join(2, 0, "r")
        .told(0, "user-joined", 2)
        .told(1, "user-joined", 2)
        .joined(1, 0, "r", &[0])
        .joined(2, 0, "r", &[0, 1])
        .fence_all();
    assert_eq!(clauses(&tape.trace()), ["ORDER-02"]);
    assert_eq!(clauses(&everybody(&tape)), ["ORDER-02"]);
}

#[test]
fn a_failure_says_what_could_have_come_instead() {
    let mut tape = Tape::with(3, 1);
    tape.leave(1).join(3, 0, "r").offer(2, 0, 1).told(0, "user-left", 2).fence_all();
    let objections = objections(&tape.trace());
    let one = objections.iter().find(|one| one.actual == "user-left C").expect("it is objected to");
    assert_eq!(one.expected, "A: any of: offer from C; user-joined D; user-left B");
}

#[test]
fn what_a_lost_fence_leaves_open_stays_open() {
    let trace = |fence_is_back: bool| {
        let mut tape = Tape::with(2, 0);
        tape.offer(0, 1, 1).fence(0).fenced(0).fence(1);
        if fence_is_back {
            tape.fenced(1);
        } else {
            tape.push(Entry::FenceLost { connection: ConnectionId(1) });
        }
        tape.trace()
    };
    assert_eq!(clauses(&trace(true)), ["RELAY-01"]);
    assert!(clauses(&trace(false)).is_empty());
}

#[test]
fn twelve_joins_at_once_leave_one_state() {
    let joiners: Vec<u16> = (1..13).collect();
    let mut tape = Tape::with(1, 12);
    joiners.iter().for_each(|of| {
        tape.join(*of, 0, "r");
    });
    // They are served from the last to the first.
    let mut inside = vec![0];
    for of in joiners.iter().rev() {
        tape.joined(*of, 0, "r", &inside);
        inside.push(*of);
    }
    for (place, of) in inside.iter().enumerate() {
        inside[place + 1..].iter().for_each(|later| {
            tape.told(*of, "user-joined", *later);
        });
    }
    let judgement = passes(&tape.fence_all().trace());
    assert_eq!(judgement.frontier.max(), 1, "{:?}", judgement.frontier);
}

#[test]
fn twelve_creates_of_one_room_leave_one_state() {
    let mut tape = Tape::with(0, 12);
    (0..12).for_each(|of| {
        tape.create(of, 0, "r");
    });
    for of in 0..12 {
        if of == 7 {
            tape.created(of, 0, "r");
        } else {
            tape.refused(of, 0);
        }
    }
    let judgement = passes(&tape.fence_all().trace());
    assert!(judgement.frontier.steps_max < 100, "{:?}", judgement.frontier);
}

#[test]
fn a_burst_in_both_directions_takes_one_step_for_each_signal() {
    let mut tape = Tape::with(2, 0);
    (0..300).for_each(|mark| {
        tape.offer(0, 1, mark).offer(1, 0, 1_000 + mark);
    });
    (0..300).for_each(|mark| {
        tape.got_offer(1, 0, mark);
    });
    (0..300).for_each(|mark| {
        tape.got_offer(0, 1, 1_000 + mark);
    });
    let judgement = passes(&tape.fence_all().trace());
    assert_eq!(judgement.frontier.max(), 1);
}

/// Each of these clients asks for a room of its own, and does not want to know whether it got it.
fn undecided(clients: u16, are_apart: bool) -> Trace {
    let mut tape = Tape::with(0, clients);
    for of in 0..clients {
        tape.sent(of, "create-room", Some(json!(format!("r{of}"))), None);
        if !are_apart {
            tape.offer(of, (of + 1) % clients, u32::from(of)).got_error(of);
        }
    }
    tape.fence_all().trace()
}

#[test]
fn what_is_open_among_some_does_not_multiply_with_what_is_open_among_others() {
    assert_eq!(passes(&undecided(20, true)).frontier.max(), 2);
    assert!(passes(&undecided(4, false)).frontier.max() >= 16);
}

#[test]
fn more_states_than_the_bound_are_no_verdict() {
    let judgement = judge(&undecided(15, false), false);
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert!(judgement.reason.as_deref().is_some_and(|reason| reason.contains("FRONTIER_")), "{judgement:?}");
}

#[test]
fn the_outcomes_of_a_race_are_counted_and_the_one_seen_is_among_them() {
    let mut tape = Tape::with(2, 1);
    tape.leave(1).join(2, 0, "r").told(0, "user-left", 1).told(0, "user-joined", 2).joined(2, 0, "r", &[0]).fence_all();
    let phases = outcomes(&tape.trace(), |_| true);
    let [race] = &phases[..] else { panic!("one race, not {phases:#?}") };
    let allowed = race.allowed.as_ref().expect("two orders are few");
    assert_eq!(allowed.iter().collect::<Vec<_>>(), ["A[+C -B] B[+C] C[0:joined(A,B) -B]", "A[-B +C] C[0:joined(A)]"]);
    assert_eq!(race.seen, "A[-B +C] C[0:joined(A)]");
}

#[test]
fn a_connection_that_is_ended_without_a_reason_is_a_matter_of_time_where_a_heartbeat_may_have_been_missed() {
    for (heartbeat, evidence) in [(true, Evidence::Timed), (false, Evidence::Fenced)] {
        let mut tape = Tape::with(2, 0);
        tape.offer(0, 1, 1).got_offer(1, 0, 1);
        tape.push(Entry::Ended { connection: ConnectionId(0), reason: "gone".to_owned(), heartbeat });
        let judgement = judge(&tape.told(1, "user-left", 0).fence_these(&[1]).trace(), false);
        assert_eq!((judgement.verdict, judgement.evidence), (Verdict::Fail, evidence), "{judgement:#?}");
    }
}

#[test]
fn a_client_that_is_not_let_in_is_a_matter_of_time_where_no_answer_came() {
    for (late, evidence) in [(true, Evidence::Timed), (false, Evidence::Fenced)] {
        let mut tape = Tape::with(2, 0);
        tape.offer(0, 1, 1).got_offer(1, 0, 1).fence_all();
        tape.push(Entry::OpenFailed { peer: Peer("X".into()), reason: "no".to_owned(), late });
        let judgement = judge(&tape.trace(), false);
        assert_eq!((judgement.verdict, judgement.evidence), (Verdict::Fail, evidence), "{judgement:#?}");
    }
}
