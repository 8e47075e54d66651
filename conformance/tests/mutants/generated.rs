//! What the generated suites catch by themselves, without the cases that people wrote.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use glare_conformance::{
    scenario::{Scenario, generate},
    verdict::Verdict,
};

use crate::{
    departure,
    faulty::Mutant,
    joining, notices, order, reach, room,
    trial::{THREADS, judge_case},
};

/// Faults in who is where, who hears of it, and whom a signal reaches. Payloads, broken frames and sizes are no matter of
/// these suites.
fn mutants() -> Vec<&'static Mutant> {
    let files = [room::MUTANTS, joining::MUTANTS, notices::MUTANTS, departure::MUTANTS, order::MUTANTS, reach::MUTANTS];
    files.into_iter().flatten().collect()
}

/// The mutants against which every scenario passes.
fn survivors(scenarios: &[Scenario]) -> BTreeSet<&'static str> {
    let mutants = mutants();
    let next = AtomicUsize::new(0);
    let survivors = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if !scenarios.iter().any(|case| judge_case(mutant.core, case).verdict == Verdict::Fail) {
                        survivors.lock().expect("no other thread panicked").insert(mutant.name);
                    }
                }
            });
        }
    });
    survivors.into_inner().expect("no thread panicked")
}

fn describe(suite: &str, survivors: &BTreeSet<&'static str>) -> String {
    let (all, survive) = (mutants().len(), survivors.len());
    let list: String = survivors.iter().map(|name| format!("\n  {name}")).collect();
    format!("{suite} alone: {} of {all} mutants fail, {survive} pass:{list}", all - survive)
}

/// Whether some scenario fails under the clause that each of these mutants breaks.
fn kills_by_name(scenarios: &[Scenario], wanted: &[&str]) {
    for name in wanted {
        let mutant = mutants().into_iter().find(|mutant| mutant.name == *name).expect("a mutant of this name");
        let named = scenarios.iter().any(|case| {
            let violations = judge_case(mutant.core, case).violations;
            violations.iter().any(|one| one.requirement == mutant.breaks)
        });
        assert!(named, "no scenario names {} for {name}", mutant.breaks);
    }
}

#[test]
fn tours_alone_catch_what_takes_several_steps_to_show() {
    let tours = generate::tours().scenarios;
    // Each shows only after two others have come, gone or come back.
    let wanted = [
        "id-is-free-when-the-creator-leaves",
        "room-id-is-never-free",
        "room-outlives-its-members",
        "list-with-leavers",
        "leave-is-forgotten",
        "leaver-goes-on-listening",
        "leaver-goes-on-receiving",
        "end-after-leave-is-announced",
        "one-room-only",
    ];
    kills_by_name(&tours, &wanted);
    insta::assert_snapshot!("tours", describe("tours", &survivors(&tours)));
}

#[test]
fn races_alone_catch_what_shows_only_at_the_same_time() {
    let races = generate::races().scenarios;
    kills_by_name(&races, &["asks-before-it-creates", "concurrent-creates-are-not-answered"]);
    insta::assert_snapshot!("races", describe("races", &survivors(&races)));
}

/// That it misses no fault of its abstraction is shown on machines, beside the generator; here it meets servers.
#[test]
fn the_complete_suite_catches_faults_of_two_clients_and_two_rooms() {
    let wanted = ["create-overwrites", "refusal-evicts", "end-is-not-noticed", "leave-is-forgotten", "second-room"];
    kills_by_name(&generate::complete(1).scenarios, &wanted);
}
