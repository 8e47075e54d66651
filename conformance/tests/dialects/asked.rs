//! Targets that tell nobody who joins and who leaves, and have to be asked for it: what their answers have to say.

use std::collections::BTreeSet;

use glare_conformance::{
    dialect::{Dialect, MembersRule, NoticesRule},
    scenario::{
        Scenario,
        generate::{races, tours},
        library, parse,
    },
    transport::{CoreEffect, CoreInput, ModelCore, RoomCore},
    verdict::Verdict,
};
use glare_model::{
    id::RoomId,
    message::ClientMessage,
    requirement::{
        RequirementId,
        ids::{ORDER_01, ORDER_04, ROOM_07, ROOM_08, ROOM_10, ROOM_13, ROOM_14},
    },
    room::{Directory, Input},
};

use crate::{cases, judged_core};

/// Joins are answered by a list.
pub(crate) const LISTED: Dialect = Dialect { notices: NoticesRule::Asked, ..Dialect::CORE };

/// The answer to the question is all that says who is there.
const UNTOLD: Dialect = Dialect { members: MembersRule::Untold, ..LISTED };

/// A sound server of such a dialect, and what it says in the place of a list.
struct Asked {
    model: ModelCore,
    answer: fn(&mut Self, u64, Vec<u64>) -> Vec<u64>,
    /// Those who said that they leave, with the room.
    left: Vec<(RoomId, u64)>,
    /// Those whose connection ended, with the room that they were in.
    ended: Vec<(RoomId, u64)>,
    asked: usize,
    notices_silence: bool,
}

impl Asked {
    fn new(answer: fn(&mut Self, u64, Vec<u64>) -> Vec<u64>) -> Self {
        let model = ModelCore::with_rules(LISTED.rules());
        Self { model, answer, left: Vec::new(), ended: Vec::new(), asked: 0, notices_silence: true }
    }

    /// Those of a list of former members who were in the room that somebody is in now.
    fn of_room(&self, key: u64, former: &[(RoomId, u64)]) -> Vec<u64> {
        let room = self.model.directory.current(key);
        former.iter().filter(|(own, _)| Some(own) == room.as_ref()).map(|(_, member)| *member).collect()
    }
}

impl RoomCore for Asked {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        let (leaver, ended) = match &input {
            Input::Message(key, ClientMessage::Leave) => (Some(*key), false),
            Input::Disconnect(key) => (Some(*key), true),
            _ => (None, false),
        };
        if let Some((key, room)) = leaver.and_then(|key| Some((key, self.model.directory.current(key)?))) {
            self.asked = 0;
            if ended { &mut self.ended } else { &mut self.left }.push((room, key));
        }
        self.model.handle(input)
    }

    fn present(&mut self, key: u64) -> Option<Vec<u64>> {
        self.asked += 1;
        let present = self.model.present(key)?;
        Some((self.answer)(self, key, present))
    }

    fn fell_silent(&mut self, _key: u64) -> bool {
        self.notices_silence
    }
}

/// What is broken where one client acts at a time, so that there is one explanation.
fn broken(server: impl Fn() -> Asked) -> BTreeSet<RequirementId> {
    let alone = cases().filter(|case| case.phases.iter().all(|phase| phase.steps.len() == 1));
    let judged = alone.filter_map(|case| judged_core(server(), &LISTED, &case));
    judged.flat_map(|one| one.violations).map(|one| one.requirement).collect()
}

const SOUND: fn(&mut Asked, u64, Vec<u64>) -> Vec<u64> = |_, _, present| present;

#[test]
fn sound_answers_pass_written_random_touring_and_racing_cases() {
    let some = |scenarios: Vec<Scenario>| scenarios.into_iter().step_by(12);
    let walks: Vec<_> = some(tours().scenarios).chain(some(races().scenarios)).chain(cases()).collect();
    for dialect in [LISTED, UNTOLD] {
        let mut applied = 0;
        for case in &walks {
            let Some(judgement) = judged_core(Asked::new(SOUND), &dialect, case) else { continue };
            applied += 1;
            assert_eq!(
                judgement.verdict,
                Verdict::Pass,
                "{}\n{:#?}\n{:?}",
                case.render(),
                judgement.violations,
                judgement.reason
            );
        }
        assert!(applied > 200, "{applied} apply");
    }
}

#[test]
fn joining_and_leaving_is_judged_and_the_order_of_notices_is_not() {
    let judged = |clause: RequirementId| LISTED.reason(clause).is_none();
    assert!([ROOM_07, ROOM_08, ROOM_10, ROOM_13].into_iter().all(judged));
    assert!(![ORDER_01, ORDER_04, ROOM_14].into_iter().any(judged));
}

#[test]
fn a_list_that_leaves_somebody_out_breaks_room_07() {
    assert_eq!(broken(|| Asked::new(|_, _, _| Vec::new())), [ROOM_07].into());
    // The one who came first alone is told.
    let last = broken(|| Asked::new(|_, key, present| present.into_iter().filter(|other| *other > key).collect()));
    assert_eq!(last, [ROOM_07].into());
}

#[test]
fn a_list_with_somebody_twice_or_with_who_asks_breaks_room_07() {
    let twice = broken(|| {
        Asked::new(|_, _, mut present| {
            present.extend(present.first().copied());
            present
        })
    });
    assert_eq!(twice, [ROOM_07].into());
    let itself = broken(|| {
        Asked::new(|_, key, mut present| {
            present.push(key);
            present
        })
    });
    assert_eq!(itself, [ROOM_07].into());
}

#[test]
fn a_list_of_people_in_other_rooms_breaks_room_07() {
    let all = broken(|| {
        Asked::new(|server, key, _| {
            server
                .model
                .directory
                .sessions()
                .filter(|(other, room)| *other != key && room.is_some())
                .map(|(other, _)| other)
                .collect()
        })
    });
    assert_eq!(all, [ROOM_07].into());
}

#[test]
fn a_list_of_who_left_breaks_room_08() {
    let broken = broken(|| {
        Asked::new(|server, key, mut present| {
            let left = server.left.clone();
            present.extend(server.of_room(key, &left).into_iter().filter(|member| *member != key));
            present.sort_unstable();
            present.dedup();
            present
        })
    });
    assert!(broken.contains(&ROOM_08), "{broken:?}");
    assert!(!broken.contains(&ROOM_07), "{broken:?}");
}

#[test]
fn a_list_of_whose_connection_ended_breaks_room_10() {
    let broken = broken(|| {
        Asked::new(|server, key, mut present| {
            let ended = server.ended.clone();
            present.extend(server.of_room(key, &ended));
            present
        })
    });
    assert!(broken.contains(&ROOM_10), "{broken:?}");
    assert!(!broken.contains(&ROOM_07) && !broken.contains(&ROOM_08), "{broken:?}");
}

#[test]
fn a_silent_client_that_stays_listed_breaks_room_13_and_nothing_else() {
    let broken = broken(|| Asked { notices_silence: false, ..Asked::new(SOUND) });
    assert_eq!(broken, [ROOM_13].into());
}

#[test]
fn an_end_that_is_noticed_after_some_questions_is_no_fault() {
    const PATIENT: fn(&mut Asked, u64, Vec<u64>) -> Vec<u64> = |server, key, mut present| {
        if server.asked <= 9 {
            let ended = server.ended.clone();
            present.extend(server.of_room(key, &ended));
        }
        present
    };
    let case =
        parse("case: late\ntitle: t\ncovers: ROOM-10\nA create r\nB join r\nC join r\nC drop\nB offer A\nD join r\n")
            .expect("a case")
            .remove(0);
    let judged = |server| judged_core(server, &UNTOLD, &case).expect("it applies");
    assert_eq!(judged(Asked::new(PATIENT)).verdict, Verdict::Pass);
    let for_ever: fn(&mut Asked, u64, Vec<u64>) -> Vec<u64> = |server, key, present| {
        server.asked = 0;
        PATIENT(server, key, present)
    };
    let violations = judged(Asked::new(for_ever)).violations;
    assert_eq!(violations.iter().map(|one| one.requirement).collect::<Vec<_>>(), [ROOM_10], "{violations:#?}");
}

#[test]
fn what_a_list_says_and_should_say_is_told_by_the_names_of_clients() {
    let case = parse("case: list\ntitle: t\ncovers: ROOM-07\nA create r\nB join r\n").expect("a case").remove(0);
    let judgement = judged_core(Asked::new(|_, _, _| Vec::new()), &LISTED, &case).expect("it applies");
    let told: Vec<_> = judgement.violations.iter().map(|one| format!("{} / {}", one.expected, one.actual)).collect();
    assert_eq!(told, ["B: the answer to who is there lists A / it lists nobody"]);
}

#[test]
fn written_cases_about_joining_and_leaving_apply() {
    let about = |clause| library().iter().filter(move |case| case.covers.first() == Some(&clause));
    for clause in [ROOM_07, ROOM_08, ROOM_10, ROOM_13] {
        assert!(about(clause).any(|case| judged_core(Asked::new(SOUND), &LISTED, case).is_some()), "{clause}");
    }
}
