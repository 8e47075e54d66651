//! State identifiers: for each state of a minimal machine, words that tell it from every other state.
//!
//! They are *harmonised*: of any two states, each has a word with a common beginning that tells them apart. What makes a
//! suite of them complete is that, and not how they are found (Luo, Petrenko and Bochmann, "Selecting test sequences for
//! partially-specified nondeterministic finite state machines", 1994).

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::machine::Machine;

/// A sequence of inputs.
pub(super) type Word = Vec<usize>;

/// The identifiers of each state: one word each where the machine has an adaptive distinguishing sequence, more where
/// some states can be told apart only from their beginning.
///
/// # Panics
/// If the machine is not minimal.
pub(super) fn identifiers(machine: &Machine) -> Vec<Vec<Word>> {
    assert!(machine.is_minimal(), "states that nothing tells apart have no identifiers");
    let mut found = vec![Vec::new(); machine.states()];
    Block::whole(machine).split(machine, &mut found);
    found
}

/// States that answer a word alike.
struct Block {
    states: Vec<usize>,
    /// Where the word leads from each of them.
    now: Vec<usize>,
    word: Word,
}

impl Block {
    fn whole(machine: &Machine) -> Self {
        Self::of((0..machine.states()).collect())
    }

    /// These states at their beginning.
    fn of(states: Vec<usize>) -> Self {
        Self { now: states.clone(), states, word: Word::new() }
    }

    /// Splits a block down to single states, by longer words while that is possible, and then by new ones.
    fn split(self, machine: &Machine, found: &mut [Vec<Word>]) {
        if self.states.len() == 1 {
            self.keep_word(found);
            return;
        }
        let parts = match self.shortest_split(machine, true) {
            Some(more) => self.apply(machine, &more),
            None => {
                self.keep_word(found);
                let anew = Self::of(self.states);
                let word =
                    anew.shortest_split(machine, false).expect("no two states of a minimal machine are equivalent");
                anew.apply(machine, &word)
            }
        };
        parts.into_iter().for_each(|part| part.split(machine, found));
    }

    fn keep_word(&self, found: &mut [Vec<Word>]) {
        if !self.word.is_empty() {
            self.states.iter().for_each(|state| found[*state].push(self.word.clone()));
        }
    }

    /// A shortest word that two of the states answer differently, and among these one that makes many parts. `all` asks
    /// that no two states that answer it alike end in one: that these can be told apart by more of the same word.
    fn shortest_split(&self, machine: &Machine, all: bool) -> Option<Word> {
        let mut seen = HashSet::from([self.now.clone()]);
        let mut queue = VecDeque::from([(self.now.clone(), Word::new())]);
        let (mut best, mut depth) = (None, usize::MAX);
        while let Some((now, word)) = queue.pop_front() {
            if word.len() >= depth {
                break;
            }
            for input in 0..machine.inputs() {
                let answers: BTreeMap<usize, HashSet<usize>> =
                    now.iter().fold(BTreeMap::new(), |mut answers, state| {
                        let ends: &mut HashSet<usize> = answers.entry(machine.output(*state, input)).or_default();
                        ends.insert(machine.next(*state, input));
                        answers
                    });
                let kept: usize = answers.values().map(HashSet::len).sum();
                if all && kept < now.len() {
                    continue;
                }
                let word: Word = word.iter().copied().chain([input]).collect();
                if answers.len() > 1 {
                    depth = word.len();
                    if best.as_ref().is_none_or(|(parts, _)| *parts < answers.len()) {
                        best = Some((answers.len(), word));
                    }
                    continue;
                }
                let next: Vec<usize> = now.iter().map(|state| machine.next(*state, input)).collect();
                if seen.insert(next.clone()) {
                    queue.push_back((next, word));
                }
            }
        }
        best.map(|(_, word)| word)
    }

    /// The parts of the block by their answers to more of the word.
    fn apply(&self, machine: &Machine, more: &[usize]) -> Vec<Self> {
        let mut parts: BTreeMap<Vec<usize>, Self> = BTreeMap::new();
        let word: Word = self.word.iter().chain(more).copied().collect();
        for (state, now) in self.states.iter().zip(&self.now) {
            let mut at = *now;
            let answer = more.iter().map(|input| {
                let output = machine.output(at, *input);
                at = machine.next(at, *input);
                output
            });
            let answer: Vec<usize> = answer.collect();
            let part = parts.entry(answer);
            let part = part.or_insert_with(|| Self { states: Vec::new(), now: Vec::new(), word: word.clone() });
            part.states.push(*state);
            part.now.push(at);
        }
        parts.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::generate::abstraction::{Abstraction, Alphabet};

    fn answers(machine: &Machine, state: usize, word: &[usize]) -> Vec<usize> {
        (0..word.len()).map(|at| machine.output(machine.after(state, &word[..at]), word[at])).collect()
    }

    fn are_harmonised(machine: &Machine) {
        let family = identifiers(machine);
        for one in 0..machine.states() {
            for other in 0..one {
                let told_apart = family[one].iter().any(|mine| {
                    family[other].iter().any(|theirs| {
                        let common = mine.iter().zip(theirs).take_while(|(mine, theirs)| mine == theirs).count();
                        answers(machine, one, &mine[..common]) != answers(machine, other, &mine[..common])
                    })
                });
                assert!(told_apart, "states {one} and {other}: {:?} and {:?}", family[one], family[other]);
            }
        }
    }

    #[test]
    fn any_two_states_share_the_beginning_of_a_word_that_tells_them_apart() {
        for (clients, rooms) in [(2, 1), (2, 2), (3, 1), (3, 2)] {
            let alphabet = Alphabet { clients, rooms, kinds: false, hopeless: false };
            are_harmonised(&Abstraction::explore(alphabet).machine);
        }
    }

    #[test]
    fn two_clients_and_two_rooms_are_told_apart_by_one_word_each() {
        let alphabet = Alphabet { clients: 2, rooms: 2, kinds: false, hopeless: false };
        let family = identifiers(&Abstraction::explore(alphabet).machine);
        assert!(family.iter().all(|words| words.len() == 1), "{family:?}");
    }

    /// A machine without an adaptive distinguishing sequence: each input merges two states.
    #[test]
    fn where_one_word_does_not_do_there_are_more() {
        let mut machine = Machine::new(2);
        machine.push([(0, 0), (0, 1)]);
        machine.push([(0, 0), (1, 0)]);
        machine.push([(2, 1), (1, 0)]);
        assert!(machine.is_minimal());
        are_harmonised(&machine);
        assert!(identifiers(&machine).iter().any(|words| words.len() > 1));
    }
}
