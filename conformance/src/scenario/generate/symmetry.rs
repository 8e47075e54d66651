//! Names are free: a server sees user ids and room ids that it never saw before. Two transitions that differ in the names
//! of clients and rooms alone are therefore one.

use super::abstraction::{Abstraction, Input, State, What};
use glare_model::message::Target;

/// One way to rename all clients and rooms, as tables over the machine's numbers.
pub(super) struct Renaming {
    pub(super) states: Vec<usize>,
    pub(super) inputs: Vec<usize>,
}

/// All renamings of an abstraction; the first one changes nothing.
pub(super) struct Symmetry {
    pub(super) renamings: Vec<Renaming>,
}

impl Symmetry {
    /// All renamings.
    pub(super) fn of(abstraction: &Abstraction) -> Self {
        let mut renamings = Vec::new();
        for clients in orders(abstraction.alphabet.clients) {
            for rooms in orders(abstraction.alphabet.rooms) {
                renamings.push(tables(abstraction, &clients, &rooms));
            }
        }
        Self { renamings }
    }

    /// The number that stands for a state, whatever the names.
    pub(super) fn state(&self, state: usize) -> usize {
        self.renamings.iter().map(|one| one.states[state]).min().unwrap_or(state)
    }

    /// What stands for a transition, whatever the names.
    pub(super) fn transition(&self, state: usize, input: usize) -> (usize, usize) {
        self.renamings.iter().map(|one| (one.states[state], one.inputs[input])).min().unwrap_or((state, input))
    }

    /// What stands for two inputs in a row, whatever the names.
    pub(super) fn pair(&self, state: usize, first: usize, second: usize) -> (usize, usize, usize) {
        let renamed = self.renamings.iter().map(|one| (one.states[state], one.inputs[first], one.inputs[second]));
        renamed.min().unwrap_or((state, first, second))
    }
}

/// All orders of the numbers below `count`, the natural one first.
fn orders(count: u8) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<u8>| {
                let free: Vec<u8> = (0..count).filter(|next| !order.contains(next)).collect();
                free.into_iter().map(move |next| order.iter().copied().chain([next]).collect())
            })
            .collect();
    }
    all
}

fn tables(abstraction: &Abstraction, clients: &[u8], rooms: &[u8]) -> Renaming {
    let state = |old: &State| {
        let mut new = State::default();
        for (client, place) in old.iter().take(clients.len()).enumerate() {
            new[usize::from(clients[client])] = place.map(|room| rooms[usize::from(room)]);
        }
        abstraction.states.iter().position(|known| *known == new).expect("a renamed state is a state")
    };
    let input = |old: &Input| {
        let room = |room: u8| rooms[usize::from(room)];
        let client = |client: u8| clients[usize::from(client)];
        let what = match old.what {
            What::Create(old) => What::Create(room(old)),
            What::Join(old) => What::Join(room(old)),
            What::Signal(kind, Target::User(old)) => What::Signal(kind, Target::User(client(old))),
            What::Signal(kind, Target::Member(one, old)) => What::Signal(kind, Target::Member(client(one), room(old))),
            What::Signal(kind, Target::Room(old)) => What::Signal(kind, Target::Room(room(old))),
            What::Signal(_, Target::Unknown)
            | What::Leave
            | What::Return
            | What::MalformedRequest
            | What::MalformedSignal => old.what,
        };
        abstraction.input_number(Input { by: client(old.by), what }).expect("a renamed input is an input")
    };
    Renaming {
        states: abstraction.states.iter().map(state).collect(),
        inputs: abstraction.inputs.iter().map(input).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::generate::abstraction::{Alphabet, Heard};

    fn renamed(output: &[(u8, Heard)], clients: &[u8], rooms: &[u8]) -> Vec<(u8, Heard)> {
        let client = |old: u8| clients[usize::from(old)];
        let room = |old: u8| rooms[usize::from(old)];
        let mut new: Vec<_> = output
            .iter()
            .map(|(to, heard)| {
                let heard = match heard.clone() {
                    Heard::Created(old) => Heard::Created(room(old)),
                    Heard::Joined(old, members) => {
                        let mut members: Vec<_> = members.into_iter().map(client).collect();
                        members.sort_unstable();
                        Heard::Joined(room(old), members)
                    }
                    Heard::Refused => Heard::Refused,
                    Heard::UserJoined(old) => Heard::UserJoined(client(old)),
                    Heard::UserLeft(old) => Heard::UserLeft(client(old)),
                    Heard::Signal(kind, old) => Heard::Signal(kind, client(old)),
                    Heard::Error(kind) => Heard::Error(kind),
                };
                (client(*to), heard)
            })
            .collect();
        new.sort();
        new
    }

    /// So whatever is shown of one transition holds of all that are like it but for names.
    #[test]
    fn renaming_commutes_with_every_transition() {
        let abstraction = Abstraction::explore(Alphabet { clients: 3, rooms: 2, kinds: true, hopeless: true });
        let machine = &abstraction.machine;
        for clients in orders(3) {
            for rooms in orders(2) {
                let renaming = tables(&abstraction, &clients, &rooms);
                for state in 0..machine.states() {
                    for input in 0..machine.inputs() {
                        let (other, like) = (renaming.states[state], renaming.inputs[input]);
                        assert_eq!(machine.next(other, like), renaming.states[machine.next(state, input)]);
                        let output = &abstraction.outputs[machine.output(state, input)];
                        let expected = renamed(output, &clients, &rooms);
                        assert_eq!(abstraction.outputs[machine.output(other, like)], expected);
                    }
                }
            }
        }
    }

    #[test]
    fn three_clients_and_two_rooms_have_twelve_renamings() {
        let abstraction = Abstraction::explore(Alphabet { clients: 3, rooms: 2, kinds: false, hopeless: false });
        let symmetry = Symmetry::of(&abstraction);
        assert_eq!(symmetry.renamings.len(), 12);
        assert_eq!(symmetry.renamings[0].states, (0..27).collect::<Vec<_>>());
    }
}
