//! Tours: walks over the exact graph of the server's rules that take every transition after every other one that may
//! precede it.

use std::collections::{BTreeMap, VecDeque};

use super::{
    Generated,
    abstraction::{Abstraction, Alphabet},
    coverage::{Coverage, coverage},
    script::Script,
    symmetry::Symmetry,
};
use crate::{limits::TOUR_INPUTS_MAX, scenario::Scenario};

/// Three clients show everything that a notice or a signal may do wrong: reach too many, too few, or the wrong one. Two
/// rooms show what leaks from one into another.
const ALPHABET: Alphabet = Alphabet { clients: 3, rooms: 2, kinds: true, hopeless: true };

/// Scenarios that together take all transitions, and all pairs of consecutive transitions, of the server's rules for
/// three clients and two rooms. Each settles step by step.
#[must_use]
pub fn tours() -> Generated {
    let abstraction = Abstraction::explore(ALPHABET);
    let symmetry = Symmetry::of(&abstraction);
    let walks = Walker::new(&abstraction, &symmetry).walk();
    let scenarios: Vec<Scenario> =
        walks.iter().enumerate().map(|(number, walk)| scenario(&abstraction, &symmetry, number, walk)).collect();
    let claims = claims(&abstraction, coverage(&abstraction, &symmetry, &scenarios));
    Generated { scenarios, claims }
}

fn claims(abstraction: &Abstraction, coverage: Coverage) -> Vec<String> {
    let Coverage { states, transitions, pairs, named_pairs } = coverage;
    let Alphabet { clients, rooms, .. } = abstraction.alphabet;
    vec![format!(
        "tours: {} of {} states, {} of {} transitions and {} of {} pairs of consecutive transitions of the server's rules \
         for {clients} clients and {rooms} rooms, counting once what differs in the names of clients and rooms alone \
         ({named_pairs} pairs with names)",
        states.met, states.all, transitions.met, transitions.all, pairs.met, pairs.all
    )]
}

/// Every scenario has names of its own, so that no order of connecting is special.
fn scenario(abstraction: &Abstraction, symmetry: &Symmetry, number: usize, walk: &[usize]) -> Scenario {
    let names = &symmetry.renamings[number % symmetry.renamings.len()];
    let mut script = Script::begin(abstraction, number, 0);
    walk.iter().for_each(|input| script.perform(names.inputs[*input]));
    let title = format!("tour {}: {} transitions in a row, each settled before the next", number + 1, walk.len());
    script.finish(&format!("tour-{:03}", number + 1), &title)
}

/// A place of a walk: the transition that was taken last.
type Place = (usize, usize);

/// Chooses, step by step, a pair of transitions that was not taken yet.
struct Walker<'a> {
    abstraction: &'a Abstraction,
    /// For each transition and each input after it, which pair that is, whatever the names.
    pairs: Vec<usize>,
    taken: Vec<bool>,
    /// How many pairs that begin with a transition are left; equal for transitions that differ in names alone.
    left: Vec<usize>,
    /// For each transition, what stands for it, whatever the names.
    kinds: Vec<usize>,
    left_in_all: usize,
}

impl<'a> Walker<'a> {
    fn new(abstraction: &'a Abstraction, symmetry: &Symmetry) -> Self {
        let machine = &abstraction.machine;
        let (states, inputs) = (machine.states(), machine.inputs());
        let mut kinds = BTreeMap::new();
        let mut numbers = BTreeMap::new();
        let mut this = Self {
            abstraction,
            pairs: Vec::new(),
            taken: Vec::new(),
            left: Vec::new(),
            kinds: Vec::new(),
            left_in_all: 0,
        };
        for state in 0..states {
            for first in 0..inputs {
                let fresh = kinds.len();
                let kind = *kinds.entry(symmetry.transition(state, first)).or_insert(fresh);
                this.kinds.push(kind);
                for second in 0..inputs {
                    let fresh = numbers.len();
                    let pair = *numbers.entry(symmetry.pair(state, first, second)).or_insert(fresh);
                    this.pairs.push(pair);
                    if pair == fresh {
                        this.taken.push(false);
                        this.left.resize(kinds.len(), 0);
                        this.left[kind] += 1;
                    }
                }
            }
        }
        this.left_in_all = numbers.len();
        this
    }

    /// Walks from the initial state, again and again, until no pair is left.
    fn walk(mut self) -> Vec<Vec<usize>> {
        let mut walks = Vec::new();
        while self.left_in_all > 0 {
            walks.push(self.one_walk());
        }
        walks
    }

    fn one_walk(&mut self) -> Vec<usize> {
        let mut walk = Vec::new();
        let mut place = None;
        while self.left_in_all > 0 && walk.len() < TOUR_INPUTS_MAX {
            let inputs = match place.and_then(|place| self.best(place)) {
                Some(input) => vec![input],
                None => self.way_to_a_pair(place),
            };
            if walk.len() + inputs.len() > TOUR_INPUTS_MAX {
                break;
            }
            for input in inputs {
                self.take(&mut place, input);
                walk.push(input);
            }
        }
        walk
    }

    fn state(&self, place: Option<Place>) -> usize {
        place.map_or(0, |(state, input)| self.abstraction.machine.next(state, input))
    }

    fn pair(&self, (state, first): Place, second: usize) -> usize {
        let inputs = self.abstraction.machine.inputs();
        self.pairs[(state * inputs + first) * inputs + second]
    }

    fn left(&self, (state, input): Place) -> usize {
        self.left[self.kinds[state * self.abstraction.machine.inputs() + input]]
    }

    fn take(&mut self, place: &mut Option<Place>, input: usize) {
        if let Some(before) = *place {
            let pair = self.pair(before, input);
            if !std::mem::replace(&mut self.taken[pair], true) {
                let kind = self.kinds[before.0 * self.abstraction.machine.inputs() + before.1];
                self.left[kind] -= 1;
                self.left_in_all -= 1;
            }
        }
        *place = Some((self.state(*place), input));
    }

    /// The next input of a pair that is left: the one after which most pairs are left, so that none is stranded.
    fn best(&self, place: Place) -> Option<usize> {
        let state = self.state(Some(place));
        let open = (0..self.abstraction.machine.inputs()).filter(|input| !self.taken[self.pair(place, *input)]);
        open.max_by_key(|input| (self.left((state, *input)), std::cmp::Reverse(*input)))
    }

    /// The shortest way to a transition that begins a pair which is left.
    fn way_to_a_pair(&self, place: Option<Place>) -> Vec<usize> {
        let machine = &self.abstraction.machine;
        let start = self.state(place);
        let mut ways = vec![None; machine.states()];
        ways[start] = Some(Vec::new());
        let mut queue = VecDeque::from([start]);
        while let Some(state) = queue.pop_front() {
            let way: Vec<usize> = ways[state].clone().unwrap_or_default();
            let extended = |input: usize| way.iter().copied().chain([input]).collect::<Vec<_>>();
            let open =
                (0..machine.inputs()).max_by_key(|input| (self.left((state, *input)), std::cmp::Reverse(*input)));
            if let Some(input) = open.filter(|input| self.left((state, *input)) > 0) {
                return extended(input);
            }
            for input in 0..machine.inputs() {
                let next = machine.next(state, input);
                if ways[next].is_none() {
                    ways[next] = Some(extended(input));
                    queue.push_back(next);
                }
            }
        }
        unreachable!("every state can be reached from every other one: clients leave");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::generate::coverage::Share;

    #[test]
    fn all_states_transitions_and_pairs_are_taken() {
        let abstraction = Abstraction::explore(ALPHABET);
        let symmetry = Symmetry::of(&abstraction);
        let coverage = coverage(&abstraction, &symmetry, &tours().scenarios);
        for Share { met, all } in [coverage.states, coverage.transitions, coverage.pairs] {
            assert_eq!(met, all);
        }
    }

    #[test]
    fn a_tour_less_leaves_a_gap_that_is_counted() {
        let abstraction = Abstraction::explore(ALPHABET);
        let symmetry = Symmetry::of(&abstraction);
        let scenarios = tours().scenarios;
        let coverage = coverage(&abstraction, &symmetry, &scenarios[1..]);
        assert!(coverage.pairs.met < coverage.pairs.all);
    }
}
