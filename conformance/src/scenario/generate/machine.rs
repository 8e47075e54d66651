//! Deterministic Mealy machines as dense tables: every state has every input.

use std::collections::{HashMap, VecDeque};

/// A machine. States, inputs and outputs are numbers from 0; state 0 is the initial one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    inputs: usize,
    next: Vec<usize>,
    output: Vec<usize>,
}

impl Machine {
    /// A machine without states.
    pub(super) fn new(inputs: usize) -> Self {
        Self { inputs, next: Vec::new(), output: Vec::new() }
    }

    /// Adds a state with its row: for each input, where it leads and what comes out.
    pub(super) fn push(&mut self, row: impl IntoIterator<Item = (usize, usize)>) {
        for (next, output) in row {
            self.next.push(next);
            self.output.push(output);
        }
        debug_assert!(self.next.len().is_multiple_of(self.inputs));
    }

    /// The number of states.
    pub(super) fn states(&self) -> usize {
        self.next.len() / self.inputs
    }

    /// The number of inputs.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// Where an input leads.
    pub(super) fn next(&self, state: usize, input: usize) -> usize {
        self.next[state * self.inputs + input]
    }

    /// What comes out.
    pub(super) fn output(&self, state: usize, input: usize) -> usize {
        self.output[state * self.inputs + input]
    }

    /// Where a sequence of inputs leads.
    pub(super) fn after(&self, state: usize, word: &[usize]) -> usize {
        word.iter().fold(state, |state, input| self.next(state, *input))
    }

    /// Shortest sequences of inputs from the initial state to each state; none where there is no way.
    pub(super) fn access(&self) -> Vec<Option<Vec<usize>>> {
        let mut words = vec![None; self.states()];
        words[0] = Some(Vec::new());
        let mut queue = VecDeque::from([0]);
        while let Some(state) = queue.pop_front() {
            for input in 0..self.inputs {
                let next = self.next(state, input);
                if words[next].is_none() {
                    words[next] = words[state].clone().map(|mut word| {
                        word.push(input);
                        word
                    });
                    queue.push_back(next);
                }
            }
        }
        words
    }

    /// The class of each state: two states are in one class if no sequence of inputs tells them apart (partition
    /// refinement).
    pub(super) fn classes(&self) -> Vec<usize> {
        let mut class = vec![0; self.states()];
        let mut count = 1;
        loop {
            let mut known: HashMap<(usize, Vec<(usize, usize)>), usize> = HashMap::new();
            let finer: Vec<usize> = (0..self.states())
                .map(|state| {
                    let row = (0..self.inputs).map(|input| (self.output(state, input), class[self.next(state, input)]));
                    let fresh = known.len();
                    *known.entry((class[state], row.collect())).or_insert(fresh)
                })
                .collect();
            class = finer;
            if known.len() == count {
                return class;
            }
            count = known.len();
        }
    }

    /// Whether no two states are equivalent.
    pub(super) fn is_minimal(&self) -> bool {
        self.classes().iter().max().is_some_and(|last| last + 1 == self.states())
    }
}

/// For tests of suites: machines with faults.
#[cfg(test)]
impl Machine {
    /// Whether no sequence of inputs tells two machines apart, decided on their product.
    pub(super) fn is_equivalent(&self, other: &Self) -> bool {
        let mut seen = vec![false; self.states() * other.states()];
        let mut queue = VecDeque::from([(0, 0)]);
        seen[0] = true;
        while let Some((own, theirs)) = queue.pop_front() {
            for input in 0..self.inputs {
                if self.output(own, input) != other.output(theirs, input) {
                    return false;
                }
                let pair = (self.next(own, input), other.next(theirs, input));
                let place = pair.0 * other.states() + pair.1;
                if !std::mem::replace(&mut seen[place], true) {
                    queue.push_back(pair);
                }
            }
        }
        true
    }

    /// Whether a sequence of inputs from the initial states tells two machines apart.
    pub(super) fn differs_on(&self, other: &Self, word: &[usize]) -> bool {
        let (mut own, mut theirs) = (0, 0);
        word.iter().any(|input| {
            let differs = self.output(own, *input) != other.output(theirs, *input);
            (own, theirs) = (self.next(own, *input), other.next(theirs, *input));
            differs
        })
    }

    pub(super) fn set_next(&mut self, state: usize, input: usize, next: usize) {
        self.next[state * self.inputs + input] = next;
    }

    pub(super) fn set_output(&mut self, state: usize, input: usize, output: usize) {
        self.output[state * self.inputs + input] = output;
    }

    /// Adds a copy of a state, which nothing leads to yet. Returns its number.
    pub(super) fn copy_state(&mut self, state: usize) -> usize {
        let row: Vec<_> = (0..self.inputs).map(|input| (self.next(state, input), self.output(state, input))).collect();
        self.push(row);
        self.states() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two inputs: the first one goes on, the second one says where the machine is; state 2 behaves like state 0.
    fn two_in_three() -> Machine {
        let mut machine = Machine::new(2);
        machine.push([(1, 0), (0, 7)]);
        machine.push([(2, 0), (1, 8)]);
        machine.push([(1, 0), (2, 7)]);
        machine
    }

    #[test]
    fn equivalent_states_share_a_class() {
        let machine = two_in_three();
        let class = machine.classes();
        assert_eq!(class[0], class[2]);
        assert_ne!(class[0], class[1]);
        assert!(!machine.is_minimal());
    }

    #[test]
    fn access_words_are_shortest() {
        assert_eq!(two_in_three().access(), [Some(vec![]), Some(vec![0]), Some(vec![0, 0])]);
    }

    #[test]
    fn equivalence_is_decided_on_the_product() {
        let machine = two_in_three();
        let mut smaller = Machine::new(2);
        smaller.push([(1, 0), (0, 7)]);
        smaller.push([(0, 0), (1, 8)]);
        assert!(machine.is_equivalent(&smaller));
        smaller.set_next(1, 1, 0);
        assert!(!machine.is_equivalent(&smaller));
        assert!(machine.differs_on(&smaller, &[0, 1, 1]));
        assert!(!machine.differs_on(&smaller, &[0, 1]));
    }
}
