use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::scenario::library;

const CHANCE: usize = 200;

fn by_family() -> BTreeMap<&'static str, Vec<Scenario>> {
    let mut families: BTreeMap<&'static str, Vec<Scenario>> =
        FAMILIES.iter().map(|family| (family.name, (family.make)().iter().map(scenario).collect())).collect();
    families.insert("chance", (0..CHANCE).map(|number| scenario(&chance::draft(7, number))).collect());
    families
}

fn deeds(case: &Scenario) -> String {
    let phases = &case.phases[2..case.phases.len() - 4];
    phases.iter().flat_map(|phase| &phase.steps).map(|step| format!("{}\n", step.text)).collect()
}

#[test]
fn every_family_yields_distinct_cases() {
    for (family, cases) in by_family() {
        assert!(cases.len() >= 8, "{family}");
        let distinct: BTreeSet<_> = cases.iter().map(deeds).collect();
        assert_eq!(distinct.len(), cases.len(), "{family}");
        assert!(distinct.iter().all(|deeds| !deeds.is_empty()), "{family}");
    }
}

#[test]
fn no_deed_is_said_twice_in_one_case() {
    for case in by_family().values().flatten().filter(|case| !case.id.contains("chance")) {
        let deeds = deeds(case);
        let said: Vec<_> = deeds.lines().map(|line| line.split_once(' ').expect("a client").1).collect();
        let said: Vec<_> = said.into_iter().filter(|deed| *deed != "leave").collect();
        assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len(), "{}", case.id);
    }
}

#[test]
fn the_same_seed_makes_the_same_cases_and_a_larger_count_keeps_the_first() {
    let (few, many) = (hostile(7, 20).scenarios, hostile(7, 40).scenarios);
    assert_eq!(few[..], many[..few.len()]);
    assert_ne!(few, hostile(8, 20).scenarios);
    assert_eq!(hostile(7, 0).scenarios, hostile(8, 0).scenarios);
}

#[test]
fn every_case_is_written_and_read_as_it_is() {
    for case in hostile(3, CHANCE).scenarios {
        let mut again = parse(&case.render()).unwrap().remove(0);
        again.source.clone_from(&case.source);
        assert_eq!(again, case);
    }
}

#[test]
fn every_case_proves_that_members_and_newcomers_are_served() {
    for case in hostile(3, CHANCE).scenarios {
        assert!(case.hostile && case.covers.contains(&ERR_07), "{}", case.id);
        let texts: Vec<_> = case.phases.iter().flat_map(|phase| &phase.steps).map(|step| step.text.as_str()).collect();
        assert!(texts.ends_with(&["A offer B", "B answer A", "N create s", "M join s"]), "{}", case.id);
    }
}

#[test]
fn what_is_of_the_wires_form_is_judged_by_its_own_clauses() {
    let generated = hostile(1, 0).scenarios;
    let covered: BTreeSet<_> = generated.iter().flat_map(|case| &case.covers).copied().collect();
    for clause in [ERR_01, ERR_02, ERR_03, ERR_04, ERR_05, ERR_06, ERR_07, ROOM_03, ROOM_09, RELAY_02, RELAY_06] {
        assert!(covered.contains(&clause), "{clause}");
    }
    let of = |id: &str| generated.iter().find(|case| case.id == id).unwrap_or_else(|| panic!("{id}")).covers.clone();
    assert_eq!(of("hostile-offer-data-numbers"), [ERR_01, ERR_03, ERR_07]);
    assert_eq!(of("hostile-join-room-lists-noack"), [ERR_04, ROOM_03, ERR_03, ERR_07]);
}

#[test]
fn names_are_not_those_of_written_cases_and_bytes_are_bounded() {
    let generated = hostile(1, CHANCE).scenarios;
    let names: BTreeSet<_> = generated.iter().chain(library()).map(|case| case.id.as_str()).collect();
    assert_eq!(names.len(), generated.len() + library().len());
    let text: usize = generated.iter().map(|case| case.source.len()).sum();
    assert!(text < 2_000_000, "{text} bytes of text");
}
