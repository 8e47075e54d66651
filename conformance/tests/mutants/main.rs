//! The suite against servers that are wrong on purpose. Each mutant has one fault, and the suite has to name the clause
//! that it breaks. What else it names is a false attribution, or a second clause that the fault breaks by its letter:
//! docs/mutants.md shows which.

mod capability;
mod departure;
mod errors;
mod faulty;
mod generated;
mod identity;
mod joining;
mod matrix;
mod notices;
mod order;
mod reach;
mod relay;
mod room;
mod trial;

use std::{collections::BTreeSet, fs, path::Path};

use faulty::Mutant;
use glare_conformance::verdict::Verdict;
use trial::{Trial, try_all, try_core};

fn mutants() -> Vec<&'static Mutant> {
    let files = [
        room::MUTANTS,
        joining::MUTANTS,
        notices::MUTANTS,
        departure::MUTANTS,
        order::MUTANTS,
        relay::MUTANTS,
        reach::MUTANTS,
        errors::MUTANTS,
        identity::MUTANTS,
        capability::MUTANTS,
    ];
    files.into_iter().flatten().collect()
}

#[test]
fn names_are_unique_and_there_are_enough() {
    let names: BTreeSet<_> = mutants().iter().map(|mutant| mutant.name).collect();
    assert_eq!(names.len(), mutants().len());
    assert!(names.len() >= 60, "{}", names.len());
}

#[test]
fn without_a_fault_every_case_passes() {
    let outcome = try_core(faulty::Faulty::sound);
    let alarms: Vec<_> = outcome.iter().filter(|case| case.judgement.verdict != Verdict::Pass).collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn every_mutant_is_killed_by_the_clause_that_it_breaks() {
    let trials = try_all(&mutants());
    let killed = |trial: &&Trial| !trial.cases(trial.mutant.breaks).is_empty();
    let survivors: Vec<_> =
        trials.iter().filter(|trial| !killed(trial)).map(|trial| (trial.mutant.name, trial.flagged())).collect();
    let table = matrix::render(&trials);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mutants.md");
    if std::env::var_os("GLARE_UPDATE").is_some() {
        fs::write(&path, &table).expect("docs is writable");
    }
    assert!(survivors.is_empty(), "not flagged under the clause that they break: {survivors:#?}");
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == table, "docs/mutants.md is not what this run found; {}", matrix::HOW_TO_UPDATE);
}
