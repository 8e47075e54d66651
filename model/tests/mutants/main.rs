//! Mutants of the specification: one rule that a property is about, changed. Each is killed by that property, or is
//! shown to be equivalent in every world where it could matter. docs/model.md lists them.

#[macro_use]
mod seam;

mod documentation;
mod peer;
mod relay;
mod room;
mod several;

use std::fmt::Write as _;
use std::ops::ControlFlow;

use glare_model::{
    explore::{CheckReport, Completion, Options, check},
    requirement::RequirementId,
    world::{Budget, Configuration, GOALS, Goal, Variant},
};

/// One changed rule.
pub(crate) struct Mutant {
    /// Its name.
    pub(crate) id: &'static str,
    /// The changed rule, in words.
    pub(crate) rule: &'static str,
    /// Makes the mutant of the reference.
    pub(crate) change: fn(&mut Variant),
    /// The world in which it is looked at; for an equivalent one it is [`EVERYWHERE`].
    pub(crate) world: &'static str,
    /// What becomes of it.
    pub(crate) fate: Fate,
}

/// What becomes of a mutant.
pub(crate) enum Fate {
    /// The property of this clause is violated.
    Killed(RequirementId),
    /// The goal of this clause is not always reached.
    LetDown(RequirementId),
    /// Every property holds and every goal is reached, for this reason.
    Equivalent(&'static str),
}

/// All worlds that give every property its occasion.
pub(crate) const EVERYWHERE: &str = "all";

fn worlds(mutant: &Mutant) -> Vec<Configuration> {
    match mutant.world {
        EVERYWHERE => Variant::joiner_offers().configurations,
        // Concurrency of the server is an action of the world.
        "overtaking" => {
            let mut world = Configuration::named("rejoin").expect("the world exists");
            world.budgets = world.budgets.with(Budget::Overtake, 1);
            vec![world]
        }
        name => vec![Configuration::named(name).unwrap_or_else(|| panic!("no world {name}"))],
    }
}

/// What checking the mutant finds.
fn run(mutant: &Mutant) -> CheckReport {
    let mut variant = Variant { configurations: worlds(mutant), ..Variant::reference() };
    (mutant.change)(&mut variant);
    let report = check(&variant, &Options::default(), &mut |_, _| ControlFlow::Continue(()))
        .unwrap_or_else(|why| panic!("{}: {why}", mutant.id));
    assert!(report.configurations.iter().all(|it| it.completion == Completion::Complete), "{}", mutant.id);
    report
}

fn all() -> impl Iterator<Item = &'static Mutant> {
    room::MUTANTS.iter().chain(relay::MUTANTS).chain(several::MUTANTS).chain(peer::MUTANTS)
}

#[test]
fn every_mutant_is_killed_by_its_property_or_breaks_nothing() {
    let mut wrong = Vec::new();
    for mutant in all() {
        let report = run(mutant);
        let (broken, unreached) = (report.violated(), report.unreached());
        let is_as_told = match mutant.fate {
            Fate::Killed(by) => broken.contains(&by),
            Fate::LetDown(by) => unreached.contains(&by),
            Fate::Equivalent(_) => broken.is_empty() && unreached.is_empty(),
        };
        if !is_as_told {
            wrong.push(format!("{} breaks {broken:?}, and in the end {unreached:?}", mutant.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reference_survives_in_every_world_in_which_a_mutant_dies() {
    let mut worlds: Vec<_> = all().map(|it| it.world).filter(|it| !["overtaking", EVERYWHERE].contains(it)).collect();
    worlds.sort_unstable();
    worlds.dedup();
    let configurations = worlds.into_iter().filter_map(Configuration::named).collect();
    let variant = Variant { configurations, ..Variant::reference() };
    let report = check(&variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.violated(), report.unreached()), (Vec::new(), Vec::new()));
}

#[test]
fn there_are_at_least_thirty_and_every_property_and_every_goal_kills_one() {
    assert!(all().count() >= 30);
    let killers: Vec<_> = all().filter_map(|it| if let Fate::Killed(by) = it.fate { Some(by) } else { None }).collect();
    let idle: Vec<_> =
        glare_model::world::PROPERTIES.iter().map(|it| it.clause).filter(|it| !killers.contains(it)).collect();
    assert_eq!(idle, []);
    let kills = |goal: &Goal| all().any(|it| matches!(it.fate, Fate::LetDown(by) if by == goal.clause));
    assert!(GOALS.iter().all(kills), "every goal lets a mutant down");
}

#[test]
fn the_table_in_the_documentation_is_in_step() {
    let mut table = String::from("| mutant | changed rule | world | killed by |\n|---|---|---|---|\n");
    for Mutant { id, rule, world, fate, .. } in all() {
        let fate = match fate {
            Fate::Killed(by) => format!("[{by}](protocol.md#{by})"),
            Fate::LetDown(by) => format!("[{by}](protocol.md#{by}), in the end"),
            Fate::Equivalent(why) => format!("equivalent: {why}"),
        };
        writeln!(table, "| {id} | {rule} | {world} | {fate} |").unwrap();
    }
    documentation::in_step("mutants", &table);
}
