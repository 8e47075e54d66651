//! Targets in which a member may be in several rooms: what is asked of them, what they pass, and what is a fault all the same.

use std::{collections::BTreeSet, sync::Arc};

use glare_conformance::{
    capability::Profile,
    dialect::{Dialect, MembersRule, NoticesRule, RoomsRule, SecondRoomRule, UndeliverableRule},
    oracle::Oracle,
    scenario::{
        Action, Scenario,
        generate::{races, tours},
        library, parse,
    },
    transport::{CoreEffect, CoreInput, Memory, ModelCore, RoomCore, Transport},
    verdict::Verdict,
};
use glare_model::{
    message::{ClientMessage, Refusal, RequestKind, ServerMessage, Signal, Target},
    requirement::{
        RequirementId,
        ids::{ORDER_01, RELAY_01, RELAY_04, ROOM_01, ROOM_04, ROOM_07, ROOM_08, ROOM_10},
    },
    room::{Directory, Effect, Input, RoomRules, SecondRoom},
};

use crate::{cases, judged_core};

/// Leaves and signals name their room.
pub(crate) const BY_NAME: Dialect =
    Dialect { second_room: SecondRoomRule::Several, leaves_by_name: true, signals_in_rooms: true, ..Dialect::CORE };

/// Neither does.
pub(crate) const UNNAMED: Dialect = Dialect { second_room: SecondRoomRule::Several, ..Dialect::CORE };

/// Like a server of topics: nothing is answered, and nobody is told who is there or who leaves.
pub(crate) const PUBLISHED: Dialect = Dialect {
    rooms: RoomsRule::Implicit,
    members: MembersRule::Untold,
    notices: NoticesRule::Joins,
    undeliverable: UndeliverableRule::Silent,
    ..BY_NAME
};

/// The rules of one of these, with a fault.
struct Faulty {
    model: ModelCore,
    fault: fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect>,
}

impl Faulty {
    fn new(rules: RoomRules, fault: fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect>) -> Self {
        Self { model: ModelCore::with_rules(rules), fault }
    }

    fn of(dialect: &Dialect, fault: fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect>) -> Self {
        Self::new(dialect.rules(), fault)
    }
}

impl RoomCore for Faulty {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        (self.fault)(&mut self.model, input)
    }

    fn knows_several_rooms(&self) -> bool {
        true
    }
}

fn case(steps: &str) -> Scenario {
    parse(&format!("case: several\ntitle: t\ncovers: ROOM-07\n{steps}")).expect("a case").remove(0)
}

/// What a case becomes for a target of a dialect, step by step.
fn asked(declared: &Dialect, steps: &str) -> Vec<String> {
    let transport = Transport::Memory(Memory::reference()).with_profile(Profile::CORE.with_dialect(*declared));
    let adapted = transport.adapt(&Arc::new(case(steps))).expect("it applies");
    let said = adapted.phases.iter().flat_map(|phase| &phase.steps).filter_map(|step| match &step.action {
        Action::Emit { event, data, .. } => {
            let data = data.as_ref().map(|data| data.0.to_string()).unwrap_or_default();
            Some(format!("{} {event} {data}", step.peer).trim_end().to_owned())
        }
        _ => None,
    });
    said.collect()
}

/// Two that share two rooms, a third one in each, and all ways to leave.
const MEETING: &str = "A create r\nB create s\nC join r\nD join s\nA join s\nC join s\nA offer C\nC answer A\n";

const CASES: [&str; 7] = [
    "E join r\nA offer E\nE offer A\nA leave\nA offer C\nA offer D\nE join s\nA leave\nE leave\nA join s",
    "C drop\nA offer C\nA offer B",
    "A close\nB offer C",
    "A emit leave-room \"#r\"\nA emit leave-room \"#r\"\nA offer C\nE join r\nE join s\nE offer A",
    "A emit offer {\"target\":\"$C\",\"offer\":1,\"room\":\"#r\"}\nA emit offer {\"target\":\"$D\",\"offer\":2,\"room\":\"#r\"}\nD offer A",
    "together\nA leave\nC leave\nA offer C\nB offer C\nD offer A\nend\nE join r\nE join s",
    "together\nC drop\nA offer B\nE join s\nend\nA join r\nC connect\nC join r\nC offer A",
];

fn own_cases() -> Vec<Scenario> {
    CASES.iter().map(|steps| case(&format!("{MEETING}{steps}\n"))).collect()
}

fn broken(server: impl Fn() -> Faulty, declared: &Dialect) -> BTreeSet<RequirementId> {
    let judged = own_cases()
        .into_iter()
        .chain(library().iter().cloned())
        .filter_map(|case| judged_core(server(), declared, &case));
    judged.flat_map(|one| one.violations).map(|one| one.requirement).collect()
}

fn assert_sound(server: impl Fn() -> Faulty, declared: &Dialect, cases: impl Iterator<Item = Scenario>) -> usize {
    let mut alarms = Vec::new();
    let mut applied = 0;
    for case in cases {
        let Some(judgement) = judged_core(server(), declared, &case) else { continue };
        applied += 1;
        if judgement.verdict != Verdict::Pass {
            alarms.push(format!("{}\n{:#?}\n{:?}", case.render(), judgement.violations, judgement.reason));
        }
    }
    assert!(alarms.is_empty(), "{} alarms\n{}", alarms.len(), alarms[..alarms.len().min(6)].join("\n"));
    applied
}

const SOUND: fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect> = ModelCore::handle;

#[test]
fn a_second_room_is_asked_for_and_a_leave_and_a_signal_name_their_room() {
    let steps = r#"A create r
B create s
A join s
C join r
A emit offer {"target":"$C","offer":1}
A emit offer {"target":"$B","offer":2}
A leave
A leave
C leave
"#;
    let named = [
        r##"A create-room "#r""##,
        r##"B create-room "#s""##,
        r##"A join-room "#s""##,
        r##"C join-room "#r""##,
        r##"A offer {"offer":1,"room":"#r","target":"$C"}"##,
        r##"A offer {"offer":2,"room":"#s","target":"$B"}"##,
        r##"A leave-room "#s""##,
        "A leave-room",
        "C leave-room",
    ];
    assert_eq!(asked(&BY_NAME, steps), named);
    let unnamed = asked(&UNNAMED, steps);
    assert_eq!(unnamed[..4], named[..4]);
    assert_eq!(
        unnamed[4..7],
        [r#"A offer {"offer":1,"target":"$C"}"#, r#"A offer {"offer":2,"target":"$B"}"#, "A leave-room"]
    );
}

#[test]
fn what_a_wire_cannot_name_is_not_asked() {
    for (dialect, steps) in [
        (Dialect { leaves_by_name: false, ..BY_NAME }, "A create r\nA create s\nA emit leave-room \"#r\"\n"),
        (
            Dialect { signals_in_rooms: false, ..BY_NAME },
            "A create r\nA emit offer {\"target\":\"$A\",\"offer\":1,\"room\":\"#r\"}\n",
        ),
    ] {
        let transport = Transport::Memory(Memory::reference()).with_profile(Profile::CORE.with_dialect(dialect));
        assert!(transport.adapt(&Arc::new(case(steps))).is_err(), "{steps}");
    }
}

#[test]
fn cases_about_refusing_a_second_room_ask_for_it_all_the_same() {
    let about = |case: &&Scenario| case.covers.first() == Some(&ROOM_04);
    let applies = |declared: &Dialect| {
        let cases: Vec<_> = library().iter().filter(about).collect();
        cases.iter().filter(|case| judged_core(Faulty::of(declared, SOUND), declared, case).is_some()).count()
    };
    assert_eq!(applies(&BY_NAME), 4);
    assert_eq!(applies(&Dialect { unjudged: [ROOM_04].into_iter().collect(), ..BY_NAME }), 0);
    assert_eq!(applies(&Dialect { second_room: SecondRoomRule::Moves, ..Dialect::CORE }), 0);
}

#[test]
fn servers_of_several_rooms_pass_their_own_cases() {
    for dialect in [BY_NAME, UNNAMED, PUBLISHED] {
        let applied = assert_sound(|| Faulty::of(&dialect, SOUND), &dialect, own_cases().into_iter());
        assert!(applied >= 5, "{applied} apply");
    }
}

#[test]
fn servers_of_several_rooms_pass_tours_and_races() {
    let some = |scenarios: Vec<Scenario>| scenarios.into_iter().step_by(12);
    for dialect in [BY_NAME, UNNAMED, PUBLISHED] {
        let walks = some(tours().scenarios).chain(some(races().scenarios));
        let applied = assert_sound(|| Faulty::of(&dialect, SOUND), &dialect, walks);
        assert!(applied > 15, "{applied} apply");
    }
}

/// What comes of a request for a room that the caller is in, docs/protocol.md leaves open.
#[test]
fn who_asks_again_for_its_room_may_be_refused_or_announced_anew() {
    let refuses: fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect> = |model, input| {
        if let Some((caller, _)) = again(model, &input) {
            return vec![send(caller, ServerMessage::Refused(Refusal::AlreadyInRoom))];
        }
        model.handle(input)
    };
    let announces: fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect> = |model, input| {
        let again = again(model, &input);
        let mut effects = model.handle(input);
        if let Some((caller, room)) = again {
            let others: Vec<u64> =
                model.directory.members(&room).iter().copied().filter(|one| *one != caller).collect();
            effects.extend(others.into_iter().map(|to| send(to, ServerMessage::UserJoined(caller))));
        }
        effects
    };
    for fault in [refuses, announces] {
        let cases = own_cases().into_iter().chain(cases());
        assert_sound(|| Faulty::of(&BY_NAME, fault), &BY_NAME, cases);
    }
}

/// Whose join of which room it is that is in it already.
fn again(model: &ModelCore, input: &CoreInput) -> Option<(u64, glare_model::id::RoomId)> {
    match input {
        Input::Message(caller, ClientMessage::Request { kind: RequestKind::Join, room: Ok(room), .. }) => {
            model.directory.is_in(*caller, room).then(|| (*caller, room.clone()))
        }
        _ => None,
    }
}

fn send(to: u64, message: ServerMessage<u64, glare_model::id::RoomId, glare_model::wire::Payload>) -> CoreEffect {
    Effect::Send { to, message, clause: ROOM_04 }
}

#[test]
fn a_second_room_that_is_refused_moved_to_or_a_ghosts_first_is_a_fault() {
    let with = |second_room| RoomRules { second_room, ..BY_NAME.rules() };
    for (second_room, clause) in
        [(SecondRoom::Refuse, ROOM_01), (SecondRoom::Move, ROOM_08), (SecondRoom::Accumulate, ROOM_10)]
    {
        for declared in [BY_NAME, UNNAMED] {
            let broken = broken(|| Faulty::new(with(second_room), SOUND), &declared);
            assert!(broken.contains(&clause), "{second_room:?}: {broken:?}");
        }
    }
}

#[test]
fn several_rooms_that_are_not_declared_are_a_fault() {
    for dialect in [BY_NAME, UNNAMED] {
        let broken = broken(|| Faulty::of(&dialect, SOUND), &Dialect::CORE);
        assert!(broken.contains(&ROOM_04), "{broken:?}");
    }
}

/// A fault, the dialect in which it shows, and the clause that it breaks.
type Mutant = (&'static str, Dialect, RequirementId, fn(&mut ModelCore, CoreInput) -> Vec<CoreEffect>);

const MUTANTS: &[Mutant] = &[
    ("who shares two rooms with a leaver is told once", BY_NAME, ROOM_10, |model, input| {
        let mut told = BTreeSet::new();
        let mut effects = model.handle(input);
        effects.retain(|effect| match effect {
            Effect::Send { to, message: ServerMessage::UserLeft(_), .. } => told.insert(*to),
            Effect::Send { .. } | Effect::Crash => true,
        });
        effects
    }),
    ("a leave of one room leaves all", BY_NAME, ROOM_08, |model, input| {
        model.handle(match input {
            Input::Message(by, ClientMessage::LeaveOne(_)) => Input::Message(by, ClientMessage::Leave),
            other => other,
        })
    }),
    ("a leave of one room leaves another one", BY_NAME, ROOM_08, |model, input| {
        let input = match input {
            Input::Message(by, ClientMessage::LeaveOne(room)) => {
                let other = model.directory.rooms_of(by).into_iter().find(|other| *other != room);
                Input::Message(by, ClientMessage::LeaveOne(other.unwrap_or(room)))
            }
            other => other,
        };
        model.handle(input)
    }),
    ("a leave leaves only the room that was entered last", UNNAMED, ROOM_08, |model, input| {
        let input = match input {
            Input::Message(by, ClientMessage::Leave) => match model.directory.rooms_of(by).pop() {
                Some(last) => Input::Message(by, ClientMessage::LeaveOne(last)),
                None => Input::Message(by, ClientMessage::Leave),
            },
            other => other,
        };
        model.handle(input)
    }),
    ("an end concerns only the room that was entered last", BY_NAME, ROOM_10, |model, input| {
        let Input::Disconnect(by) = input else { return model.handle(input) };
        let mut rooms = model.directory.rooms_of(by);
        let last = rooms.pop();
        rooms.iter().for_each(|room| model.directory.strike(by, room));
        let told = last.map(|last| model.handle(Input::Message(by, ClientMessage::LeaveOne(last)))).unwrap_or_default();
        model.handle(Input::Disconnect(by));
        told
    }),
    ("a signal arrives once for each room that is shared", UNNAMED, RELAY_01, |model, input| {
        let shared = match &input {
            Input::Message(by, ClientMessage::Signal { signal: Ok(Signal { target: Target::User(to), .. }), .. }) => {
                model.directory.rooms_of(*by).iter().filter(|room| model.directory.is_in(*to, room)).count()
            }
            _ => 1,
        };
        let effects = model.handle(input);
        let is_signal =
            |effect: &CoreEffect| matches!(effect, Effect::Send { message: ServerMessage::Signal { .. }, .. });
        let copies = |effect: &CoreEffect| if is_signal(effect) { shared.max(1) } else { 1 };
        effects.into_iter().flat_map(|effect| std::iter::repeat_n(effect.clone(), copies(&effect))).collect()
    }),
    ("a signal reaches only who shares the room that its sender entered last", UNNAMED, RELAY_01, |model, input| {
        let input = match input {
            Input::Message(
                by,
                ClientMessage::Signal { kind, signal: Ok(Signal { target: Target::User(to), payload }) },
            ) => {
                let last = model.directory.rooms_of(by).pop();
                let target = last.map_or(Target::User(to), |last| Target::Member(to, last));
                Input::Message(by, ClientMessage::Signal { kind, signal: Ok(Signal { target, payload }) })
            }
            other => other,
        };
        model.handle(input)
    }),
    ("a signal in one room reaches the members of all rooms of its sender", BY_NAME, RELAY_04, |model, input| {
        let input = match input {
            Input::Message(
                by,
                ClientMessage::Signal { kind, signal: Ok(Signal { target: Target::Member(to, _), payload }) },
            ) => {
                let signal = Ok(Signal { target: Target::User(to), payload });
                Input::Message(by, ClientMessage::Signal { kind, signal })
            }
            other => other,
        };
        model.handle(input)
    }),
    ("who enters a second room is not announced there", BY_NAME, ROOM_07, |model, input| {
        let is_second = matches!(&input, Input::Message(by, ClientMessage::Request { .. })
            if !model.directory.rooms_of(*by).is_empty());
        let mut effects = model.handle(input);
        effects.retain(|effect| {
            !(is_second && matches!(effect, Effect::Send { message: ServerMessage::UserJoined(_), .. }))
        });
        effects
    }),
    ("who enters a second room is announced in the first as well", BY_NAME, ROOM_07, |model, input| {
        let first = match &input {
            Input::Message(by, ClientMessage::Request { kind: RequestKind::Join, room: Ok(room), .. })
                if !model.directory.is_in(*by, room) =>
            {
                model.directory.rooms_of(*by).first().map(|first| (*by, first.clone()))
            }
            _ => None,
        };
        let mut effects = model.handle(input);
        if let Some((by, room)) = first {
            let others: Vec<u64> = model.directory.members(&room).iter().copied().filter(|one| *one != by).collect();
            effects.extend(others.into_iter().map(|to| send(to, ServerMessage::UserJoined(by))));
        }
        effects
    }),
    ("a newcomer's signal comes before the news of it", BY_NAME, ORDER_01, |model, input| {
        let by = match &input {
            Input::Message(by, ClientMessage::Signal { .. }) => Some(*by),
            _ => None,
        };
        let mut effects = model.handle(input);
        effects.retain(|effect| {
            by.is_some() || !matches!(effect, Effect::Send { message: ServerMessage::UserJoined(_), .. })
        });
        let to = effects.iter().find_map(|effect| match effect {
            Effect::Send { to, message: ServerMessage::Signal { .. }, .. } => Some(*to),
            Effect::Send { .. } | Effect::Crash => None,
        });
        effects.extend(by.zip(to).map(|(by, to)| send(to, ServerMessage::UserJoined(by))));
        effects
    }),
];

#[test]
fn every_fault_in_several_rooms_is_found_under_a_clause_that_fits() {
    let mut wrong = Vec::new();
    for (fault, declared, clause, change) in MUTANTS {
        let broken = broken(|| Faulty::of(declared, *change), declared);
        if !broken.contains(clause) {
            wrong.push(format!("{fault}: {broken:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Both oracles see the faults: neither leaves it to the other.
#[test]
fn each_oracle_alone_finds_the_faults_that_are_about_one_room_of_several() {
    let mut blind = Vec::new();
    for (fault, declared, _, change) in MUTANTS.iter().filter(|(_, _, clause, _)| *clause != ORDER_01) {
        let mut seeing = BTreeSet::new();
        for case in own_cases() {
            let transport = Transport::Memory(Memory::new(Faulty::of(declared, *change)));
            let transport = transport.with_profile(Profile::CORE.with_dialect(*declared));
            let Ok(case) = transport.adapt(&Arc::new(case)) else { continue };
            let runtime = glare_conformance::transport::virtual_time().expect("a runtime");
            let trace = runtime.block_on(glare_conformance::driver::drive(&transport, &case, crate::SETTINGS));
            let opinions = glare_conformance::oracle::unmerged_violations(&trace);
            seeing.extend(opinions.iter().map(|one| one.oracle == Oracle::Frontier));
        }
        if seeing.len() < 2 {
            blind.push(format!("{fault}: only {seeing:?} (true is the frontier)"));
        }
    }
    assert!(blind.is_empty(), "{}", blind.join("\n"));
}
