//! What a target declares is what it is held to: a server of a dialect passes where the dialect is declared, and fails where
//! it is not.

mod asked;
mod order;
mod several;

use std::{sync::Arc, time::Duration};

use glare_conformance::{
    capability::Profile,
    dialect::{
        Dialect, MalformedRule, MembersRule, NoticesRule, ReachRule, RoomsRule, SecondRoomRule, UndeliverableRule,
    },
    driver::{Settings, drive},
    oracle::{Judgement, judge},
    scenario::{Scenario, generate::random::random, library, parse},
    transport::{CoreEffect, CoreInput, Memory, ModelCore, RoomCore, Transport, virtual_time},
    verdict::Verdict,
};
use glare_model::{
    message::{ClientMessage, Signal, SignalKind, Target},
    requirement::{
        Level, RequirementId,
        ids::{ERR_02, RELAY_07},
    },
    room::Input,
};
use serde_json::{Value, value::RawValue};

const SETTINGS: Settings = Settings { timeout: Duration::from_secs(2), nonce: 1 };

/// Each difference alone, and some together.
fn dialects() -> Vec<(&'static str, Dialect)> {
    let core = Dialect::CORE;
    vec![
        ("a second room moves", Dialect { second_room: SecondRoomRule::Moves, ..core }),
        ("rooms are made by entering", Dialect { rooms: RoomsRule::Implicit, ..core }),
        ("members are announced", Dialect { members: MembersRule::Announced, ..core }),
        ("joins alone are told", Dialect { notices: NoticesRule::Joins, ..core }),
        ("leaves alone are told", Dialect { notices: NoticesRule::Leaves, ..core }),
        ("nothing is told", Dialect { notices: NoticesRule::None, ..core }),
        ("signals reach everybody", Dialect { reach: ReachRule::Everybody, ..core }),
        ("nobody hears of undeliverable signals", Dialect { undeliverable: UndeliverableRule::Silent, ..core }),
        ("nobody hears of malformed signals", Dialect { malformed: MalformedRule::Silent, ..core }),
        (
            "peers announce themselves, move, and hear of no error",
            Dialect {
                second_room: SecondRoomRule::Moves,
                rooms: RoomsRule::Implicit,
                members: MembersRule::Announced,
                undeliverable: UndeliverableRule::Silent,
                malformed: MalformedRule::Silent,
                ..core
            },
        ),
        ("a member may be in several rooms", several::BY_NAME),
        ("a member may be in several rooms, and leaves all", several::UNNAMED),
        ("a member may be in several rooms, and nobody answers", several::PUBLISHED),
        ("who is there has to be asked for", asked::LISTED),
    ]
}

/// A server of one dialect, judged as one of another; none where the case is of no concern to that.
fn judged(server: &Dialect, declared: &Dialect, case: &Scenario) -> Option<Judgement> {
    judged_core(ModelCore::with_rules(server.rules()), declared, case)
}

fn judged_core(server: impl RoomCore + 'static, declared: &Dialect, case: &Scenario) -> Option<Judgement> {
    let transport = Transport::Memory(Memory::new(server));
    let transport = transport.with_profile(Profile::CORE.with_dialect(*declared));
    let case = transport.adapt(&Arc::new(case.clone())).ok()?;
    let runtime = virtual_time().expect("a runtime");
    Some(judge(&runtime.block_on(drive(&transport, &case, SETTINGS)), true))
}

fn cases() -> impl Iterator<Item = Scenario> {
    library().iter().cloned().chain(random(5, 150).scenarios)
}

fn broken(server: &Dialect, declared: &Dialect) -> Vec<RequirementId> {
    let mut broken: Vec<_> = cases()
        .filter_map(|case| judged(server, declared, &case))
        .flat_map(|judgement| judgement.violations.into_iter().map(|one| one.requirement))
        .collect();
    broken.sort();
    broken.dedup();
    broken
}

#[test]
fn a_server_of_a_dialect_passes_where_it_is_declared() {
    let mut alarms = Vec::new();
    for (name, dialect) in dialects() {
        let mut applied = 0;
        for case in cases() {
            let Some(judgement) = judged(&dialect, &dialect, &case) else { continue };
            applied += 1;
            if judgement.verdict != Verdict::Pass {
                alarms.push(format!("{name}: {}\n{:#?}\n{:?}", case.render(), judgement.violations, judgement.reason));
            }
        }
        assert!(applied > 100, "{name}: only {applied} cases apply");
    }
    assert!(alarms.is_empty(), "{} alarms\n{}", alarms.len(), alarms[..alarms.len().min(12)].join("\n"));
}

#[test]
fn a_difference_that_is_not_declared_is_a_fault() {
    for (name, dialect) in dialects() {
        let broken = broken(&dialect, &Dialect::CORE);
        assert!(!broken.is_empty(), "{name}");
        let is_grave = broken.iter().any(|clause| clause.level() == Level::Must);
        assert!(is_grave || broken.contains(&RELAY_07), "{name}: {broken:?}");
    }
}

#[test]
fn a_difference_that_is_declared_and_not_there_is_a_fault() {
    for (name, dialect) in dialects() {
        // That less is sent than might be, or more errors than have to be, is no fault.
        let is_free = [
            "nobody hears of undeliverable signals",
            "nobody hears of malformed signals",
            // Those who may be reached and are not are outside of the room, about which no clause is judged then.
        ];
        assert_eq!(broken(&Dialect::CORE, &dialect).is_empty(), is_free.contains(&name), "{name}");
    }
}

#[test]
fn clauses_without_meaning_in_a_dialect_are_said_to_be_so() {
    for (name, dialect) in dialects().into_iter().take(8) {
        let unjudged = RequirementId::all().iter().filter(|clause| dialect.reason(**clause).is_some()).count();
        let is_all = ["members are announced"].contains(&name);
        assert_eq!(unjudged == 0, is_all, "{name}");
    }
    assert!(RequirementId::all().iter().all(|clause| Dialect::CORE.reason(*clause).is_none()));
}

/// Relays offers of any size.
struct Unlimited(ModelCore);

impl RoomCore for Unlimited {
    fn handle(&mut self, input: CoreInput) -> Vec<CoreEffect> {
        self.0.handle(input)
    }

    fn raw_event(&mut self, key: u64, event: &str, data: Option<&Value>) -> Option<Vec<CoreEffect>> {
        let data = data.filter(|_| event == "offer")?;
        let target = data["target"].as_str()?.strip_prefix("user-")?.parse().ok()?;
        let payload = RawValue::from_string(data["offer"].to_string()).ok()?;
        let signal = Ok(Signal { target: Target::User(target), payload });
        Some(self.handle(Input::Message(key, ClientMessage::Signal { kind: SignalKind::Offer, signal })))
    }
}

#[test]
fn a_description_of_any_size_may_be_delivered_where_no_limit_is_declared() {
    let unlimited = Dialect { unjudged: [ERR_02].into_iter().collect(), ..Dialect::CORE };
    let text = "case: large\ntitle: t\ncovers: RELAY-02\nA create r\nB join r\nA offer B @text(131072)\nA offer B 1\n";
    let case = &parse(text).expect("a case")[0];
    let broken = |judged: Option<Judgement>| {
        judged.expect("it applies").violations.into_iter().map(|one| one.requirement).collect::<Vec<_>>()
    };
    let relays = |declared| broken(judged_core(Unlimited(ModelCore::default()), declared, case));
    assert_eq!(relays(&unlimited), []);
    assert!(relays(&Dialect::CORE).contains(&ERR_02));
    assert_eq!(broken(judged_core(ModelCore::default(), &unlimited, case)), []);
}
