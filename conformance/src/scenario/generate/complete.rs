//! A k-complete suite: whatever faults a target has, if it has at most k states more than the rules, some scenario shows
//! one of them.
//!
//! The HSI method: from the initial state to every state, then every word of up to k + 1 inputs, then the identifiers of
//! the state that the rules are in by then. Each sequence begins with a reset.

use super::{
    Generated,
    abstraction::{Abstraction, Alphabet},
    coverage::read,
    identify::{Word, identifiers},
    script::Script,
};
use crate::{limits::EXTRA_STATES_MAX, scenario::Scenario};

/// The number of sequences grows with the number of inputs to the power of k + 1, and each costs two connections. Two
/// clients and two rooms are the least that show a notice, a signal, and what is another room's matter; what certainly
/// reaches nobody is left to the tours.
const ALPHABET: Alphabet = Alphabet { clients: 2, rooms: 2, kinds: false, hopeless: false };

/// Scenarios that, as a whole, only a target passes which is equivalent to the rules on an abstraction (two clients, two
/// rooms), provided that it has at most so many states more. At most [`EXTRA_STATES_MAX`].
#[must_use]
pub fn complete(extra_states: usize) -> Generated {
    let extra_states = extra_states.min(EXTRA_STATES_MAX);
    let abstraction = Abstraction::explore(ALPHABET);
    let words = suite(&abstraction, extra_states);
    let scenarios: Vec<Scenario> =
        words.iter().enumerate().map(|(number, word)| scenario(&abstraction, extra_states, number, word)).collect();
    let claims = claims(&abstraction, extra_states, &scenarios);
    Generated { scenarios, claims }
}

fn claims(abstraction: &Abstraction, extra_states: usize, scenarios: &[Scenario]) -> Vec<String> {
    let Alphabet { clients, rooms, .. } = abstraction.alphabet;
    let states = abstraction.machine.states();
    let steps: usize = scenarios.iter().map(|scenario| read(abstraction, scenario).len()).sum();
    vec![format!(
        "complete: {} sequences of {steps} inputs by the HSI method. Any target with at most {extra_states} states more \
         than the {states} of the rules that passes all of them is equivalent to the protocol on this abstraction: \
         {clients} clients and {rooms} rooms; create, join, leave, a connection that ends and comes back, and a signal to \
         the other client; each input is settled before the next; a reset is fresh rooms and fresh connections; responses \
         are compared up to what the protocol leaves open",
        scenarios.len()
    )]
}

fn scenario(abstraction: &Abstraction, extra_states: usize, number: usize, word: &[usize]) -> Scenario {
    let mut script = Script::begin(abstraction, number, 0);
    word.iter().for_each(|input| script.perform(*input));
    let title = format!("sequence {} of the suite for k = {extra_states}", number + 1);
    script.finish(&format!("complete-{extra_states}-{:05}", number + 1), &title)
}

/// The sequences of the suite, none of which begins another one.
fn suite(abstraction: &Abstraction, extra_states: usize) -> Vec<Word> {
    assemble(abstraction, extra_states, &identifiers(&abstraction.machine))
}

fn assemble(abstraction: &Abstraction, extra_states: usize, identifiers: &[Vec<Word>]) -> Vec<Word> {
    let machine = &abstraction.machine;
    let mut words = Vec::new();
    for access in machine.access().into_iter().flatten() {
        let mut reached = vec![access];
        for _ in 0..=extra_states + 1 {
            for word in &reached {
                let state = machine.after(0, word);
                let identified = identifiers[state].iter().map(|own| word.iter().chain(own).copied().collect());
                words.extend(identified);
                // A state without an identifier is still to be reached.
                words.extend(identifiers[state].is_empty().then(|| word.clone()));
            }
            let longer = |word: &Word| -> Vec<Word> {
                (0..machine.inputs()).map(|input| word.iter().copied().chain([input]).collect()).collect()
            };
            reached = reached.iter().flat_map(longer).collect();
        }
    }
    without_prefixes(words)
}

/// What begins another word is walked with that one.
fn without_prefixes(mut words: Vec<Word>) -> Vec<Word> {
    words.sort();
    let mut kept: Vec<Word> = Vec::new();
    for word in words {
        if kept.last().is_some_and(|last| word.starts_with(last)) {
            kept.pop();
        }
        kept.push(word);
    }
    kept
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::scenario::generate::machine::Machine;

    /// A way to be wrong.
    #[derive(Clone, Copy, Debug)]
    enum Fault {
        Output { state: usize, input: usize, output: usize },
        Transfer { state: usize, input: usize, next: usize },
    }

    fn rules() -> Abstraction {
        Abstraction::explore(ALPHABET)
    }

    impl Fault {
        fn apply(self, machine: &mut Machine) {
            match self {
                Self::Output { state, input, output } => machine.set_output(state, input, output),
                Self::Transfer { state, input, next } => machine.set_next(state, input, next),
            }
        }

        fn random(machine: &Machine, outputs: usize, state: usize, chance: &mut ChaCha8Rng) -> Self {
            let input = chance.random_range(0..machine.inputs());
            if chance.random() {
                Self::Output { state, input, output: chance.random_range(0..outputs) }
            } else {
                Self::Transfer { state, input, next: chance.random_range(0..machine.states()) }
            }
        }
    }

    fn single_faults(rules: &Abstraction) -> Vec<Fault> {
        let machine = &rules.machine;
        let places = || (0..machine.states()).flat_map(|state| (0..machine.inputs()).map(move |input| (state, input)));
        let outputs = places().flat_map(|(state, input)| {
            (0..rules.outputs.len()).map(move |output| Fault::Output { state, input, output })
        });
        let transfers = places()
            .flat_map(|(state, input)| (0..machine.states()).map(move |next| Fault::Transfer { state, input, next }));
        outputs.chain(transfers).collect()
    }

    /// The rules with copies of some states, a way into each copy, and faults in it.
    fn larger(rules: &Abstraction, extra_states: usize, chance: &mut ChaCha8Rng) -> Machine {
        let mut machine = rules.machine.clone();
        for _ in 0..extra_states {
            let model = chance.random_range(0..machine.states());
            let copy = machine.copy_state(model);
            let ways: Vec<(usize, usize)> = (0..machine.states())
                .flat_map(|state| (0..machine.inputs()).map(move |input| (state, input)))
                .filter(|(state, input)| machine.next(*state, *input) == model)
                .collect();
            for _ in 0..chance.random_range(1..=2) {
                let (state, input) = ways[chance.random_range(0..ways.len())];
                machine.set_next(state, input, copy);
            }
        }
        for _ in 0..chance.random_range(1..=2) {
            let state = machine.states() - 1 - chance.random_range(0..extra_states);
            Fault::random(&machine, rules.outputs.len(), state, chance).apply(&mut machine);
        }
        machine
    }

    /// How many of these machines are not equivalent to the rules, and how many of those a suite lets pass.
    fn survivors(rules: &Abstraction, suite: &[Word], mutants: impl IntoIterator<Item = Machine>) -> (usize, usize) {
        let wrong = mutants.into_iter().filter(|mutant| !rules.machine.is_equivalent(mutant));
        wrong.fold((0, 0), |(wrong, missed), mutant| {
            let passes = !suite.iter().any(|word| rules.machine.differs_on(&mutant, word));
            (wrong + 1, missed + usize::from(passes))
        })
    }

    #[test]
    fn every_single_fault_is_found_even_without_room_for_extra_states() {
        let rules = rules();
        let mutants = single_faults(&rules).into_iter().map(|fault| {
            let mut mutant = rules.machine.clone();
            fault.apply(&mut mutant);
            mutant
        });
        let (wrong, missed) = survivors(&rules, &suite(&rules, 0), mutants);
        assert!(wrong > 3_000, "{wrong}");
        assert_eq!(missed, 0);
    }

    #[test]
    fn two_faults_do_not_hide_each_other() {
        let rules = rules();
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        let mutants = (0..5_000).map(|_| {
            let mut mutant = rules.machine.clone();
            for _ in 0..2 {
                let state = chance.random_range(0..mutant.states());
                Fault::random(&mutant, rules.outputs.len(), state, &mut chance).apply(&mut mutant);
            }
            mutant
        });
        let (wrong, missed) = survivors(&rules, &suite(&rules, 0), mutants);
        assert!(wrong > 4_000, "{wrong}");
        assert_eq!(missed, 0);
    }

    #[test]
    fn a_target_with_one_state_more_is_found_by_the_suite_for_one_and_not_by_that_for_none() {
        let rules = rules();
        let mutants = || {
            let mut chance = ChaCha8Rng::seed_from_u64(2);
            (0..5_000).map(|_| larger(&rules, 1, &mut chance)).collect::<Vec<_>>()
        };
        let (wrong, missed) = survivors(&rules, &suite(&rules, 1), mutants());
        assert!(wrong > 3_000, "{wrong}");
        assert_eq!(missed, 0);
        assert!(survivors(&rules, &suite(&rules, 0), mutants()).1 > 0);
    }

    #[test]
    fn a_target_with_two_states_more_is_found_by_the_suite_for_two_and_not_by_that_for_one() {
        let rules = rules();
        let mutants = || {
            let mut chance = ChaCha8Rng::seed_from_u64(3);
            (0..500).map(|_| larger(&rules, 2, &mut chance)).collect::<Vec<_>>()
        };
        let (wrong, missed) = survivors(&rules, &suite(&rules, 2), mutants());
        assert!(wrong > 300, "{wrong}");
        assert_eq!(missed, 0);
        assert!(survivors(&rules, &suite(&rules, 1), mutants()).1 > 0);
    }

    /// For every state: without its identifier, some wrong target with one state more passes. It has a copy of a state,
    /// entered in one way only, from which one input leads elsewhere than to the state.
    #[test]
    fn no_identifier_is_spare() {
        let rules = rules();
        let machine = &rules.machine;
        for state in 0..machine.states() {
            let mut fewer = identifiers(machine);
            fewer[state].clear();
            let weaker = assemble(&rules, 1, &fewer);
            let entries = (0..machine.states()).flat_map(|from| (0..machine.inputs()).map(move |input| (from, input)));
            let passed = entries.into_iter().any(|(from, input)| {
                let mut mutant = machine.clone();
                let copy = mutant.copy_state(machine.next(from, input));
                mutant.set_next(from, input, copy);
                let faults = (0..machine.inputs()).filter(|wrong| mutant.next(copy, *wrong) == state);
                let faulty = faults.flat_map(|wrong| (0..machine.states()).map(move |next| (wrong, next)));
                let faulty = faulty.map(|(wrong, next)| {
                    let mut faulty = mutant.clone();
                    faulty.set_next(copy, wrong, next);
                    faulty
                });
                survivors(&rules, &weaker, faulty).1 > 0
            });
            assert!(passed, "the suite needs no identifier of {:?}", rules.states[state]);
        }
    }
}
