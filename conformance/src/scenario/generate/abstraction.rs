//! The server's rules on a few clients and rooms, as an exact machine: found by breadth-first search with the model's
//! one transition function, not written down a second time.

use std::collections::HashMap;

use glare_model::{
    message::{SignalKind, Target},
    requirement::RequirementId,
    room::{Directory, SmallDirectory},
};

use super::{causes::perform, machine::Machine};

/// The most clients and rooms that an abstraction has.
pub(super) const CLIENTS_MAX: usize = 3;
pub(super) const ROOMS_MAX: usize = 2;

/// What one client does. Clients and rooms are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Input {
    pub(super) by: u8,
    pub(super) what: What,
}

/// Kinds of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum What {
    Create(u8),
    Join(u8),
    Leave,
    /// The connection ends, and the client opens another one.
    Return,
    /// A well-formed signal.
    Signal(SignalKind, Target<u8, u8>),
    /// A request without a valid room id.
    MalformedRequest,
    /// A signal that is none.
    MalformedSignal,
}

/// What inputs an abstraction has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alphabet {
    pub(super) clients: u8,
    pub(super) rooms: u8,
    /// Whether the three kinds of signals between clients are told apart. Where they are not, a scenario takes them in
    /// turn, as it does for signals that reach nobody.
    pub(super) kinds: bool,
    /// Whether there are signals that certainly reach nobody (to oneself, to a room) and malformed messages.
    pub(super) hopeless: bool,
}

/// Where each client is: in a room, or in none. Places beyond the clients are empty.
pub(super) type State = [Option<u8>; CLIENTS_MAX];

/// What a client hears, without what docs/protocol.md leaves open: the order of members, the reason of a refusal, the
/// order across connections.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Heard {
    Created(u8),
    Joined(u8, Vec<u8>),
    Refused,
    UserJoined(u8),
    UserLeft(u8),
    Signal(SignalKind, u8),
    Error(SignalKind),
}

/// What an input causes: who hears what, sorted.
pub(super) type Output = Vec<(u8, Heard)>;

/// The machine with the meaning of its numbers.
pub(super) struct Abstraction {
    pub(super) alphabet: Alphabet,
    pub(super) machine: Machine,
    pub(super) states: Vec<State>,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    /// The clauses that have a say in each transition, by state and input.
    clauses: Vec<Vec<RequirementId>>,
}

/// Where everybody is, as the model has it.
pub(super) type Members = SmallDirectory<CLIENTS_MAX, ROOMS_MAX>;

impl Alphabet {
    /// All inputs, in order.
    pub(super) fn inputs(self) -> Vec<Input> {
        (0..self.clients).flat_map(|by| self.inputs_of(by).into_iter().map(move |what| Input { by, what })).collect()
    }

    fn inputs_of(self, by: u8) -> Vec<What> {
        let rooms = || 0..self.rooms;
        let mut all: Vec<What> = rooms().map(What::Create).chain(rooms().map(What::Join)).collect();
        all.extend([What::Leave, What::Return]);
        for to in (0..self.clients).filter(|to| *to != by) {
            let kinds = if self.kinds { &SignalKind::ALL[..] } else { &SignalKind::ALL[..1] };
            all.extend(kinds.iter().map(|kind| What::Signal(*kind, Target::User(to))));
        }
        if self.hopeless {
            all.push(What::Signal(SignalKind::Offer, Target::User(by)));
            all.extend(rooms().map(|room| What::Signal(SignalKind::Offer, Target::Room(room))));
            all.extend([What::MalformedRequest, What::MalformedSignal]);
        }
        all
    }

    /// Whether the kind of this signal is no part of the abstraction.
    pub(super) fn ignores_kind(self, input: Input) -> bool {
        match input.what {
            What::Signal(_, Target::User(to)) if to != input.by => !self.kinds,
            What::Signal(..) | What::MalformedSignal => true,
            What::Create(_) | What::Join(_) | What::Leave | What::Return | What::MalformedRequest => false,
        }
    }

    /// The input of the abstraction that stands for this one.
    pub(super) fn class(self, input: Input) -> Input {
        match input.what {
            What::Signal(_, target) if self.ignores_kind(input) => {
                Input { what: What::Signal(SignalKind::Offer, target), ..input }
            }
            _ => input,
        }
    }
}

impl Abstraction {
    /// Explores an abstraction: all clients connected and in no room at first.
    pub(super) fn explore(alphabet: Alphabet) -> Self {
        let mut start = Members::default();
        (0..alphabet.clients).for_each(|client| start.connect(client));
        let inputs = alphabet.inputs();
        let mut search = Search { numbers: HashMap::new(), found: Vec::new() };
        search.number(place(&start, alphabet), start);
        let mut this = Self {
            alphabet,
            machine: Machine::new(inputs.len()),
            states: Vec::new(),
            inputs,
            outputs: Vec::new(),
            clauses: Vec::new(),
        };
        while let Some((state, members)) = search.found.get(this.states.len()).copied() {
            let mut row = Vec::new();
            for input in this.inputs.clone() {
                let (next, output, clauses) = perform(members, state, input);
                let number = this.number_of_output(output);
                row.push((search.number(place(&next, alphabet), next), number));
                this.clauses.push(clauses);
            }
            this.states.push(state);
            this.machine.push(row);
        }
        this
    }

    fn number_of_output(&mut self, output: Output) -> usize {
        self.outputs.iter().position(|known| *known == output).unwrap_or_else(|| {
            self.outputs.push(output);
            self.outputs.len() - 1
        })
    }

    /// The number of an input.
    pub(super) fn input_number(&self, input: Input) -> Option<usize> {
        self.inputs.iter().position(|known| *known == input)
    }

    /// The clauses that have a say in a transition.
    pub(super) fn clauses(&self, state: usize, input: usize) -> &[RequirementId] {
        &self.clauses[state * self.inputs.len() + input]
    }
}

/// Where everybody is, without the order of joining, which nobody can see.
fn place(members: &Members, alphabet: Alphabet) -> State {
    let mut state = State::default();
    (0..alphabet.clients).for_each(|client| state[usize::from(client)] = members.current(client));
    state
}

struct Search {
    numbers: HashMap<State, usize>,
    found: Vec<(State, Members)>,
}

impl Search {
    fn number(&mut self, state: State, members: Members) -> usize {
        *self.numbers.entry(state).or_insert_with(|| {
            self.found.push((state, members));
            self.found.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const FULL: Alphabet = Alphabet { clients: 3, rooms: 2, kinds: true, hopeless: true };

    #[test]
    fn a_state_is_where_everybody_is() {
        let abstraction = Abstraction::explore(FULL);
        assert_eq!(abstraction.states.len(), 27);
        assert_eq!(abstraction.inputs.len(), 51);
        assert_eq!(abstraction.states[0], [None; 3]);
    }

    /// The search keeps one order of joining for each state; any other one has to do the same.
    #[test]
    fn the_order_of_joining_is_not_seen() {
        let abstraction = Abstraction::explore(FULL);
        let mut seen = std::collections::HashSet::new();
        let mut start = Members::default();
        (0..3).for_each(|client| start.connect(client));
        let mut queue = vec![start];
        while let Some(members) = queue.pop() {
            if !seen.insert(members) {
                continue;
            }
            let state = place(&members, FULL);
            let number = abstraction.states.iter().position(|known| *known == state).unwrap();
            for (input, what) in abstraction.inputs.iter().enumerate() {
                let (next, output, clauses) = perform(members, state, *what);
                assert_eq!(place(&next, FULL), abstraction.states[abstraction.machine.next(number, input)]);
                assert_eq!(output, abstraction.outputs[abstraction.machine.output(number, input)]);
                assert_eq!(clauses, abstraction.clauses(number, input));
                queue.push(next);
            }
        }
        assert!(seen.len() > abstraction.states.len(), "{} directories", seen.len());
    }

    #[test]
    fn no_two_states_are_equivalent() {
        for (clients, rooms, hopeless) in [(3, 2, true), (2, 2, false), (2, 1, false)] {
            let abstraction = Abstraction::explore(Alphabet { clients, rooms, kinds: hopeless, hopeless });
            assert!(abstraction.machine.is_minimal(), "{clients} clients, {rooms} rooms");
        }
    }

    #[test]
    fn one_client_cannot_tell_two_rooms_apart() {
        let alone = Alphabet { clients: 1, rooms: 2, kinds: false, hopeless: false };
        assert!(!Abstraction::explore(alone).machine.is_minimal());
    }

    #[test]
    fn every_transition_is_about_some_clause_but_a_free_client_that_returns() {
        let abstraction = Abstraction::explore(FULL);
        for (state, place) in abstraction.states.iter().enumerate() {
            for (number, input) in abstraction.inputs.iter().enumerate() {
                let own = place[usize::from(input.by)];
                let alone = place.iter().filter(|other| **other == own).count() == 1;
                let silent = match input.what {
                    What::Return => own.is_none() || alone,
                    What::Leave => own.is_some() && alone,
                    _ => false,
                };
                assert_eq!(abstraction.clauses(state, number).is_empty(), silent, "{place:?} {input:?}");
            }
        }
    }
}
