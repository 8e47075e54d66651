//! Races: in every state, every two inputs of different clients, sent without waiting.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::requirement::ids::{ROOM_06, ROOM_15};

use super::{
    Generated,
    abstraction::{Abstraction, Alphabet, What},
    outcome::outcomes,
    raced::{Spot, raced},
    script::{Script, describe_input, describe_state, peer},
    symmetry::{Renaming, Symmetry},
};
use crate::{
    limits::{RACE_REPEATS, RACES_PER_SCENARIO_MAX},
    scenario::Scenario,
};

/// Three clients: two that race and one beside them, in the same room or another one. Kinds of signals are taken in turn.
pub(super) const ALPHABET: Alphabet = Alphabet { clients: 3, rooms: 2, kinds: false, hopeless: true };

/// A fourth client, which looks into rooms after a race.
const OBSERVER: u8 = ALPHABET.clients;

/// Two inputs of different clients in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Race {
    pub(super) state: usize,
    pub(super) first: usize,
    pub(super) second: usize,
}

/// Scenarios that race every two inputs of different clients in every state of the server's rules for three clients and
/// two rooms. After a race that may move somebody, an observer looks at who is where, everybody leaves, and the next one
/// has fresh rooms. Races that may come out in two ways are repeated, the clients written in one order and in the other.
#[must_use]
pub fn races() -> Generated {
    let abstraction = Abstraction::explore(ALPHABET);
    let symmetry = Symmetry::of(&abstraction);
    let every = all(&abstraction, &symmetry);
    let packs: Vec<&[Race]> = packs(&every).collect();
    let script = |names: usize, number: usize, order: Order, races: &[Race]| {
        scenario(&abstraction, &symmetry.renamings[names % symmetry.renamings.len()], number, order, races)
    };
    let mut scenarios: Vec<_> =
        packs.iter().enumerate().map(|(number, races)| script(number, number, Order::AsListed, races)).collect();
    for repeat in 0..RACE_REPEATS {
        let order = if repeat % 2 == 0 { Order::Reversed } else { Order::AsListed };
        for (names, races) in packs.iter().enumerate() {
            let open: Vec<_> = races.iter().copied().filter(|race| outcomes(&abstraction, *race) > 1).collect();
            if !open.is_empty() {
                scenarios.push(script(names, scenarios.len(), order, &open));
            }
        }
    }
    let claims = claims(&abstraction, &symmetry, &scenarios);
    Generated { scenarios, claims }
}

fn claims(abstraction: &Abstraction, symmetry: &Symmetry, scenarios: &[Scenario]) -> Vec<String> {
    let Alphabet { clients, rooms, .. } = abstraction.alphabet;
    let every = all(abstraction, symmetry);
    let mut met: Vec<Race> = raced(abstraction, scenarios).iter().map(|spot| symmetry.race(spot.race)).collect();
    met.sort();
    met.dedup();
    met.retain(|race| every.contains(race));
    let open = every.iter().filter(|race| outcomes(abstraction, **race) > 1).count();
    let states: BTreeSet<_> = every.iter().map(|race| race.state).collect();
    vec![format!(
        "races: {} of {} pairs of inputs of different clients in {} states of the server's rules for {clients} clients and \
         {rooms} rooms, counting once what differs in the names of clients and rooms alone; {open} of them may come out in \
         two ways that can be told apart",
        met.len(),
        every.len(),
        states.len()
    )]
}

/// Every race there is, once for all that differ in names alone.
pub(super) fn all(abstraction: &Abstraction, symmetry: &Symmetry) -> Vec<Race> {
    let machine = &abstraction.machine;
    let client = |input: usize| abstraction.inputs[input].by;
    let mut all = Vec::new();
    for state in (0..machine.states()).filter(|state| symmetry.state(*state) == *state) {
        for first in 0..machine.inputs() {
            let others = (first + 1..machine.inputs()).filter(|second| client(*second) != client(first));
            all.extend(others.map(|second| symmetry.race(Race { state, first, second })));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Races of one state and one first input go together, up to a bound.
fn packs(races: &[Race]) -> impl Iterator<Item = &[Race]> {
    let together = races.chunk_by(|one, other| (one.state, one.first) == (other.state, other.first));
    together.flat_map(|races| {
        let parts = races.len().div_ceil(RACES_PER_SCENARIO_MAX);
        races.chunks(races.len().div_ceil(parts))
    })
}

impl Symmetry {
    /// What stands for a race, whatever the names and whichever input is named first.
    pub(super) fn race(&self, race: Race) -> Race {
        self.renamings.iter().map(|names| race.renamed(names)).min().unwrap_or(race)
    }
}

impl Race {
    fn renamed(self, names: &Renaming) -> Self {
        let (first, second) = (names.inputs[self.first], names.inputs[self.second]);
        Self { state: names.states[self.state], first: first.min(second), second: first.max(second) }
    }
}

/// Which of two inputs is sent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    AsListed,
    Reversed,
}

/// Scenarios have other names in turn, so that no order of connecting is special.
fn scenario(abstraction: &Abstraction, names: &Renaming, number: usize, order: Order, races: &[Race]) -> Scenario {
    let mut script = Script::begin(abstraction, number, 1);
    for (place, race) in races.iter().enumerate() {
        let race = race.renamed(names);
        if script.state() != race.state {
            script.fresh_rooms(place + 1);
            let access = abstraction.machine.access().swap_remove(race.state).unwrap_or_default();
            access.into_iter().for_each(|input| script.perform(input));
        }
        let moved = run(abstraction, &mut script, race, order);
        if moved || place + 1 == races.len() {
            look_and_leave(abstraction, &mut script, race);
        }
    }
    let shared = abstraction.inputs[names.inputs[races[0].first]];
    let state = describe_state(abstraction, names.states[races[0].state]);
    let title = match races {
        [race] => {
            let other = abstraction.inputs[names.inputs[race.second]];
            format!("{state}: {} and {}, at the same time", describe_input(shared), describe_input(other))
        }
        races => {
            let what = describe_input(shared);
            format!("{state}: {what} while another client does something, in {} ways", races.len())
        }
    };
    script.finish(&format!("race-{:03}", number + 1), &title)
}

/// Sends both. Returns whether somebody may be elsewhere by now.
fn run(abstraction: &Abstraction, script: &mut Script<'_>, race: Race, order: Order) -> bool {
    let mut lines = Vec::new();
    for input in [race.first, race.second] {
        script.cover(input);
        lines.push(script.lines(abstraction.inputs[input]).swap_remove(0));
    }
    if order == Order::Reversed {
        lines.reverse();
    }
    let place = abstraction.states[race.state];
    if let (What::Create(one), What::Create(other)) =
        (abstraction.inputs[race.first].what, abstraction.inputs[race.second].what)
        && one == other
        && [race.first, race.second].iter().all(|input| place[usize::from(abstraction.inputs[*input].by)].is_none())
        && !place.contains(&Some(one))
    {
        script.cover_clause(ROOM_15);
    }
    script.phase(&lines);
    let ends = race.ends(abstraction);
    let returns = [race.first, race.second].iter().any(|input| abstraction.inputs[*input].what == What::Return);
    returns || ends != [race.state; 2]
}

/// The observer joins every room that may have members, and everybody leaves.
fn look_and_leave(abstraction: &Abstraction, script: &mut Script<'_>, race: Race) {
    let ends = race.ends(abstraction);
    let observer = peer(OBSERVER);
    let has_members = |state: usize, room: u8| abstraction.states[state].contains(&Some(room));
    let named = [race.first, race.second].map(|input| abstraction.inputs[input].what);
    let looked_at: Vec<u8> = (0..abstraction.alphabet.rooms)
        .filter(|room| {
            let before = has_members(race.state, *room);
            before || ends.iter().any(|end| has_members(*end, *room)) || named.contains(&What::Join(*room))
        })
        .collect();
    for (place, room) in looked_at.iter().enumerate() {
        if place > 0 {
            script.phase(&[format!("{observer} leave")]);
        }
        script.phase(&[format!("{observer} join {}", script.room(*room))]);
        if ends.iter().all(|end| has_members(*end, *room)) {
            script.cover_clause(ROOM_06);
        }
    }
    let mut lines: Vec<String> = Vec::new();
    for client in 0..abstraction.alphabet.clients {
        let returns = [race.first, race.second].iter().any(|input| {
            let input = abstraction.inputs[*input];
            input.by == client && input.what == What::Return
        });
        let inside = ends.iter().any(|end| abstraction.states[*end][usize::from(client)].is_some());
        if returns || inside {
            lines.push(format!("{} {}", peer(client), if returns { "connect" } else { "leave" }));
        }
    }
    lines.extend((!looked_at.is_empty()).then(|| format!("{observer} leave")));
    script.phase(&lines);
    script.enter(0);
}

impl Race {
    /// The states in which the two orders end.
    pub(super) fn ends(self, abstraction: &Abstraction) -> [usize; 2] {
        let after = |word: [usize; 2]| abstraction.machine.after(self.state, &word);
        [after([self.first, self.second]), after([self.second, self.first])]
    }
}

/// Where a race is in a suite, for whoever wants to say how much of what may come of it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaceSpot {
    /// The scenario's id.
    pub scenario: String,
    /// The phase, from 0.
    pub phase: usize,
    /// The number of the race, from 0: the same for its repetitions.
    pub race: usize,
    /// In how many ways the race may come out that can be told apart: 1 or 2.
    pub outcomes: usize,
}

/// All races of these scenarios of [`races()`].
#[must_use]
pub fn race_spots(scenarios: &[Scenario]) -> Vec<RaceSpot> {
    let abstraction = Abstraction::explore(ALPHABET);
    let mut numbers = BTreeMap::new();
    let spots = raced(&abstraction, scenarios).into_iter();
    spots
        .map(|Spot { scenario, phase, race }| {
            let next = numbers.len();
            let number = *numbers.entry(race).or_insert(next);
            RaceSpot { scenario, phase, race: number, outcomes: outcomes(&abstraction, race) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_race_is_run_whatever_the_names() {
        let abstraction = Abstraction::explore(ALPHABET);
        let symmetry = Symmetry::of(&abstraction);
        let scenarios = races().scenarios;
        let met: Vec<Race> = raced(&abstraction, &scenarios).iter().map(|spot| symmetry.race(spot.race)).collect();
        for race in all(&abstraction, &symmetry) {
            assert!(met.contains(&race), "{race:?}");
        }
    }

    /// Names aside, nothing is lost: the races that stand for others stand for all of them.
    #[test]
    fn renamings_of_the_races_are_all_races_with_names() {
        let abstraction = Abstraction::explore(ALPHABET);
        let symmetry = Symmetry::of(&abstraction);
        let mut with_names = BTreeSet::new();
        for race in all(&abstraction, &symmetry) {
            with_names.extend(symmetry.renamings.iter().map(|names| race.renamed(names)));
        }
        let each = abstraction.inputs.len() / 3;
        assert_eq!(with_names.len(), abstraction.states.len() * 3 * each * each);
    }

    #[test]
    fn a_scenario_less_leaves_a_gap_that_is_counted() {
        let abstraction = Abstraction::explore(ALPHABET);
        let symmetry = Symmetry::of(&abstraction);
        let scenarios = races().scenarios;
        assert_ne!(claims(&abstraction, &symmetry, &scenarios[1..]), claims(&abstraction, &symmetry, &scenarios));
    }

    #[test]
    fn most_races_come_out_in_one_way_and_many_in_two() {
        let mut count = BTreeMap::new();
        let spots = race_spots(&races().scenarios);
        spots.iter().for_each(|spot| *count.entry(spot.outcomes).or_insert(0) += 1);
        assert_eq!(count.keys().copied().collect::<Vec<_>>(), [1, 2]);
    }

    /// So what was seen of a race in one scenario can be compared with what was seen of it in another.
    #[test]
    fn a_race_has_the_same_names_wherever_it_is_repeated_and_is_written_in_both_orders() {
        let abstraction = Abstraction::explore(ALPHABET);
        let symmetry = Symmetry::of(&abstraction);
        let scenarios = races().scenarios;
        let spots = race_spots(&scenarios);
        let numbers: BTreeSet<_> = spots.iter().map(|spot| spot.race).collect();
        assert_eq!(numbers.len(), all(&abstraction, &symmetry).len());
        for number in numbers {
            let own = || spots.iter().filter(|spot| spot.race == number);
            let repeats = if own().any(|spot| spot.outcomes > 1) { RACE_REPEATS } else { 0 };
            assert_eq!(own().count(), 1 + repeats);
            let first = |spot: &RaceSpot| {
                let scenario = scenarios.iter().find(|one| one.id == spot.scenario);
                scenario.map(|one| one.phases[spot.phase].steps[0].peer.clone())
            };
            assert_eq!(own().map(first).collect::<BTreeSet<_>>().len(), 1 + repeats.min(1));
        }
    }
}
