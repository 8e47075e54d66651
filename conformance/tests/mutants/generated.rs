//! What the generated suites catch by themselves, without the cases that people wrote.

use std::{
    collections::{BTreeMap, BTreeSet},
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

/// How a suite meets a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Some scenario fails and names the clause that the mutant breaks.
    Named,
    /// Some scenario fails.
    Seen,
    /// Every scenario passes.
    Survives,
}

fn fate(mutant: &Mutant, scenarios: &[Scenario]) -> Fate {
    let mut fate = Fate::Survives;
    for case in scenarios {
        let judgement = judge_case(mutant.core, case);
        if judgement.violations.iter().any(|one| one.requirement == mutant.breaks) {
            return Fate::Named;
        }
        if judgement.verdict == Verdict::Fail {
            fate = Fate::Seen;
        }
    }
    fate
}

/// Faults in who is where, who hears of it, and whom a signal reaches. Payloads, broken frames and sizes are no matter of
/// these suites.
fn mutants() -> Vec<&'static Mutant> {
    let files = [room::MUTANTS, joining::MUTANTS, notices::MUTANTS, departure::MUTANTS, order::MUTANTS, reach::MUTANTS];
    files.into_iter().flatten().collect()
}

/// The mutants by what became of them.
fn fates(mutants: &[&'static Mutant], scenarios: &[Scenario]) -> BTreeMap<Fate, BTreeSet<&'static str>> {
    let next = AtomicUsize::new(0);
    let fates: Mutex<BTreeMap<Fate, BTreeSet<&'static str>>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(mutant) = mutants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let fate = fate(mutant, scenarios);
                    fates.lock().expect("no other thread panicked").entry(fate).or_default().insert(mutant.name);
                }
            });
        }
    });
    fates.into_inner().expect("no thread panicked")
}

fn describe(suite: &str, fates: &BTreeMap<Fate, BTreeSet<&'static str>>) -> String {
    let names = |fate| fates.get(&fate).cloned().unwrap_or_default();
    let [named, seen, survive] = [Fate::Named, Fate::Seen, Fate::Survives].map(names);
    let list = |names: &BTreeSet<&str>| names.iter().map(|name| format!("\n  {name}")).collect::<String>();
    format!(
        "{suite} alone: {} mutants fail under the clause that they break\n\
         {} fail under another one:{}\n{} pass:{}\n",
        named.len(),
        seen.len(),
        list(&seen),
        survive.len(),
        list(&survive)
    )
}

fn kills_by_name(fates: &BTreeMap<Fate, BTreeSet<&'static str>>, wanted: &[&str]) {
    for name in wanted {
        assert!(fates[&Fate::Named].contains(name), "{name} is not named: {fates:#?}");
    }
}

#[test]
fn tours_alone_catch_what_takes_several_steps_to_show() {
    let fates = fates(&mutants(), &generate::tours().scenarios);
    // Each shows only after two others have come, gone or come back.
    kills_by_name(
        &fates,
        &[
            "id-is-free-when-the-creator-leaves",
            "room-id-is-never-free",
            "room-outlives-its-members",
            "list-with-leavers",
            "leave-is-forgotten",
            "leaver-goes-on-listening",
            "leaver-goes-on-receiving",
            "end-after-leave-is-announced",
            "one-room-only",
        ],
    );
    insta::assert_snapshot!(describe("tours", &fates));
}

#[test]
fn races_alone_catch_what_shows_only_at_the_same_time() {
    let fates = fates(&mutants(), &generate::races().scenarios);
    kills_by_name(&fates, &["asks-before-it-creates", "concurrent-creates-are-not-answered"]);
    insta::assert_snapshot!(describe("races", &fates));
}

/// That it misses no fault of its abstraction is shown on machines, beside the generator; here it meets servers.
#[test]
fn the_complete_suite_catches_faults_of_two_clients_and_two_rooms() {
    let wanted = ["create-overwrites", "refusal-evicts", "end-is-not-noticed", "leave-is-forgotten", "second-room"];
    let some: Vec<_> = mutants().into_iter().filter(|mutant| wanted.contains(&mutant.name)).collect();
    kills_by_name(&fates(&some, &generate::complete(1).scenarios), &wanted);
}
