//! Scenarios by chance. A scenario is decided by [`choices::Choices`], small numbers that `interpret()` reads against
//! the state of the world; so every shrink of the numbers is a valid scenario.
//!
//! What was covered steers what comes next: of a few candidates the one that takes most new transitions is kept, and a step
//! whose transition is known is replaced, more often than not, by one whose transition is not.

pub mod choices;
mod coverage;
mod deed;
mod interpret;
mod payload;
mod text;
mod world;

use std::{
    panic::resume_unwind,
    sync::mpsc::{self, Receiver},
    thread,
};

use glare_model::requirement::{RequirementId, ids::ID_01};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::{
    choices::{Choices, choices},
    coverage::{Coverage, universe},
    interpret::{Draft, interpret},
    text::{Drafted, line},
};
use super::Generated;
use crate::{
    limits::{RANDOM_CANDIDATES, RANDOM_DRAFTS_MAX},
    scenario::{Scenario, parse},
};

/// Scenarios of a seed. The same seed gives the same ones; a larger count gives more of them, and the first ones stay as
/// they are.
///
/// # Panics
/// If a draft is not in the language of scenarios, which would be a bug here.
#[must_use]
pub fn random(seed: u64, count: usize) -> Generated {
    let (sender, drafts) = mpsc::sync_channel(RANDOM_DRAFTS_MAX);
    let (covered, scenarios) = thread::scope(|threads| {
        // What is drafted depends on what was drafted before; how it is written does not.
        let writer = threads.spawn(move || write(seed, count, drafts));
        let covered = draft(seed, count, |choices, draft| sender.send((choices, draft)).is_ok());
        drop(sender);
        (covered, writer.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let steps: usize = scenarios.iter().flat_map(|scenario| &scenario.phases).map(|phase| phase.steps.len()).sum();
    let (reached, all) = (covered.len(), universe().len());
    let claim = format!(
        "random: {count} scenarios of seed {seed}, {steps} steps, covering {reached} of {all} (state, input) transitions of \
         the abstraction"
    );
    Generated { scenarios, claims: vec![claim] }
}

/// Drafts scenarios until `take` wants no more. Returns what they cover.
fn draft(seed: u64, count: usize, take: impl Fn(Choices, Draft) -> bool) -> Coverage {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    // What the environment configures of proptest must not change what is generated.
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let strategy = choices();
    let mut covered = Coverage::default();
    for number in 0..count {
        // Steering seeks what is new and so never says anything twice: every other scenario is left to chance.
        let steered = number % 2 == 0;
        let candidates = (0..if steered { RANDOM_CANDIDATES } else { 1 }).map(|_| {
            let tree = strategy.new_tree(&mut runner).expect("no strategy here rejects anything");
            interpret(&tree.current(), steered.then_some(&covered))
        });
        let gain = |draft: &Draft| covered.gain(&draft.transitions);
        // The first of the best, so that the order of equals does not matter.
        let best = candidates.reduce(|best, next| if gain(&next.1) > gain(&best.1) { next } else { best });
        let (choices, draft) = best.expect("there is at least one candidate");
        covered.extend(&draft.transitions);
        if !take(choices, draft) {
            break;
        }
    }
    covered
}

/// Writes drafts as they come.
fn write(seed: u64, count: usize, drafts: Receiver<(Choices, Draft)>) -> Vec<Scenario> {
    let mut scenarios = Vec::with_capacity(count);
    for (number, (choices, draft)) in drafts.into_iter().enumerate() {
        let title = format!("choice {number} of seed {seed}");
        scenarios.push(scenario(&format!("random-{seed}-{number}"), &title, &choices, &draft));
    }
    scenarios
}

/// The scenario that choices stand for.
#[must_use]
pub fn scenario_of(id: &str, choices: &Choices) -> Scenario {
    let (read, draft) = interpret(choices, None);
    scenario(id, "choices of a test", &read, &draft)
}

fn scenario(id: &str, title: &str, choices: &Choices, draft: &Draft) -> Scenario {
    let mut covers: Vec<RequirementId> = Vec::new();
    for clause in draft.transitions.iter().flat_map(|transition| transition.clauses()).chain([&ID_01]) {
        if !covers.contains(clause) {
            covers.push(*clause);
        }
    }
    let covers: Vec<_> = covers.iter().map(ToString::to_string).collect();
    let mut is_rude = false;
    let mut written = |act| {
        let Drafted { line, rude } = line(choices, act);
        is_rude |= rude;
        line
    };
    let mut body = String::new();
    for phase in &draft.phases {
        match &phase[..] {
            [act] => body += &format!("{}\n", written(act)),
            acts => {
                let lines: String = acts.iter().map(|act| format!("  {}\n", written(act))).collect();
                body += &format!("together\n{lines}end\n");
            }
        }
    }
    if draft.phases.is_empty() {
        body += "A connect\n";
    }
    let hostile = if is_rude { "hostile: yes\n" } else { "" };
    let text = format!("case: {id}\ntitle: {title}\ncovers: {}\n{hostile}{body}", covers.join(" "));
    let parsed = parse(&text).unwrap_or_else(|error| panic!("a drafted scenario is in the language: {error}\n{text}"));
    parsed.into_iter().next().expect("the text has one case")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_scenarios_and_a_larger_count_keeps_the_first() {
        let (few, many) = (random(7, 20), random(7, 40));
        assert_eq!(few.scenarios[..], many.scenarios[..20]);
        assert_ne!(few.scenarios, random(8, 20).scenarios);
    }

    #[test]
    fn steering_covers_more_than_chance() {
        let steered = covered(&random(1, 100));
        let mut runner = TestRunner::deterministic();
        let mut by_chance = Coverage::default();
        for _ in 0..100 {
            let tree = choices().new_tree(&mut runner).unwrap();
            by_chance.extend(&interpret(&tree.current(), None).1.transitions);
        }
        assert!(steered > by_chance.len() + by_chance.len() / 4, "{steered} and {}", by_chance.len());
    }

    fn covered(generated: &Generated) -> usize {
        let (_, rest) = generated.claims[0].split_once("covering ").unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    fn a_thousand_scenarios_cover_most_transitions() {
        let generated = random(1, 1_000);
        let all = universe().len();
        assert!(covered(&generated) * 100 >= all * 65, "{}", generated.claims[0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn every_transition_is_of_the_universe(choices in choices()) {
            let (_, draft) = interpret(&choices, None);
            for transition in draft.transitions {
                prop_assert!(universe().contains(&transition), "{transition:?}");
            }
        }

        #[test]
        fn steered_choices_are_choices(choices in choices()) {
            let (read, steered) = interpret(&choices, Some(&Coverage::default()));
            prop_assert_eq!(interpret(&read, None).1, steered);
        }

        #[test]
        fn scenarios_are_written_and_read_as_they_are(choices in choices()) {
            let scenario = scenario_of("random-1-1", &choices);
            let mut again = parse(&scenario.render()).unwrap().remove(0);
            again.source.clone_from(&scenario.source);
            prop_assert_eq!(again, scenario);
        }
    }
}
