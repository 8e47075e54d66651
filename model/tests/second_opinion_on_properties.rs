//! stateright, on the model behind its Explorer, finds what our own search finds: of states and of transitions.
#![cfg(feature = "check")]

use std::{collections::BTreeSet, fmt::Debug, hash::Hash, ops::ControlFlow};

use glare_model::{
    explore::{
        Completion, Options, Verdict, check,
        stateright::{COMPLETE, Open, explorer, shortest_runs},
    },
    requirement::ids::NEG_06,
    world::{Configuration, Variant},
};
use stateright::{Checker, Model};

/// The names of what a depth-first search discovers: properties that are violated, and occasions that arise.
struct Discoveries;

impl Open for Discoveries {
    type Outcome = BTreeSet<String>;

    fn open<M>(self, model: M) -> BTreeSet<String>
    where
        M: Model + Send + Sync + 'static,
        M::State: Clone + Debug + Hash + PartialEq + Send + Sync,
        M::Action: Clone + Debug + PartialEq + Send + Sync,
    {
        model.checker().spawn_dfs().join().discoveries().into_keys().map(str::to_owned).collect()
    }
}

/// The same of our own search.
fn ours(variant: &Variant) -> BTreeSet<String> {
    let report = check(variant, &Options::default(), &mut |_, _| ControlFlow::Continue(())).unwrap();
    let properties = report.configurations.iter().flat_map(|one| &one.properties);
    properties
        .flat_map(|one| {
            let clause = one.property.clause;
            let violated = matches!(one.verdict, Verdict::Violated(_)).then(|| clause.to_string());
            [violated, one.occasion_arose.then(|| format!("occasion of {clause}"))]
        })
        .flatten()
        .collect()
}

fn the_searches_agree(variant: Variant, world: &str) {
    let configuration = Configuration::named(world).unwrap();
    let theirs = explorer(&variant, &configuration, &Options::default(), Discoveries).unwrap();
    let variant = Variant { configurations: vec![configuration], ..variant };
    let ours = ours(&variant);
    assert!(ours.len() > 10, "little happens in {world}: {ours:?}");
    assert_eq!(theirs, ours, "{} in {world}", variant.name);
}

#[test]
fn the_searches_agree_on_every_property_of_the_tutorial() {
    for world in ["second-room", "no-ack", "strangers", "encounter", "rejoin", "reconnect-once", "candidates"] {
        the_searches_agree(Variant::tutorial(), world);
    }
}

#[test]
fn the_searches_agree_on_every_property_of_the_reference() {
    for world in ["second-room", "invalid", "strangers", "mesh-once", "rejoin", "reconnect-once", "ice"] {
        the_searches_agree(Variant::reference(), world);
    }
}

#[test]
fn the_searches_agree_on_the_properties_of_capabilities() {
    the_searches_agree(Variant::host_transfers(), "two-rooms");
    the_searches_agree(Variant::tutorial_host_leaves(), "two-rooms");
}

#[test]
fn a_search_that_is_cut_off_says_that_it_is_not_complete() {
    let pair = Configuration::named("pair").unwrap();
    let discovered = |states_max| {
        let options = Options { states_max, only: vec![NEG_06], ..Options::default() };
        explorer(&Variant::reference(), &pair, &options, Discoveries).unwrap()
    };
    let all = BTreeSet::from([format!("occasion of {NEG_06}")]);
    assert_eq!(discovered(1_000_000), all);
    assert!(discovered(50).contains(COMPLETE));
}

#[test]
fn a_world_whose_numbers_do_not_fit_is_not_complete_either() {
    use glare_model::world::{Budget, Budgets};
    let budgets = Budgets::NONE.with(Budget::Create, 1).with(Budget::Join, 1).with(Budget::Renegotiate, 15);
    let configuration = Configuration { budgets, ..Configuration::named("pair").unwrap() };
    let options = Options { only: vec![NEG_06], ..Options::default() };
    assert!(explorer(&Variant::reference(), &configuration, &options, Discoveries).unwrap().contains(COMPLETE));
}

#[test]
fn shortest_runs_are_as_long_as_the_counterexamples_of_a_check() {
    let (variant, pair) = (Variant::tutorial(), Configuration::named("pair").unwrap());
    let options = Options::default();
    let (runs, completion) = shortest_runs(&variant, &pair, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(completion, Completion::Complete);
    let variant = Variant { configurations: vec![pair], ..variant };
    let report = check(&variant, &options, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(runs.iter().map(|run| run.clause).collect::<Vec<_>>(), report.violated());
    for run in runs {
        let Some(Verdict::Violated(trace)) = report.verdict(run.clause) else { panic!("{} is violated", run.clause) };
        assert_eq!(run.choices.len(), trace.length, "{}", run.clause);
    }
}
