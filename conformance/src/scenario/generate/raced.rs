//! Which races scenarios run: counted by reading their steps and running them on the machine, whatever their maker believes.

use std::collections::BTreeSet;

use super::{abstraction::Abstraction, coverage::read_step, races::Race};
use crate::scenario::{Action, Phase, Scenario};

/// A race in a scenario.
pub(super) struct Spot {
    pub(super) scenario: String,
    pub(super) phase: usize,
    pub(super) race: Race,
}

/// All phases in which two clients of the abstraction do one thing each, in a state that is certain.
pub(super) fn raced(abstraction: &Abstraction, scenarios: &[Scenario]) -> Vec<Spot> {
    scenarios.iter().flat_map(|scenario| raced_in(abstraction, scenario)).collect()
}

fn raced_in(abstraction: &Abstraction, scenario: &Scenario) -> Vec<Spot> {
    let machine = &abstraction.machine;
    let mut states = BTreeSet::from([0]);
    let mut found = Vec::new();
    for (place, phase) in scenario.phases.iter().enumerate() {
        let inputs = inputs(abstraction, phase);
        let client = |input: usize| abstraction.inputs[input].by;
        if let ([first, second], [state]) = (&inputs[..], &states.iter().copied().collect::<Vec<_>>()[..])
            && client(*first) != client(*second)
            && phase.steps.len() == 2
        {
            let race = Race { state: *state, first: *first.min(second), second: *first.max(second) };
            found.push(Spot { scenario: scenario.id.clone(), phase: place, race });
        }
        let reversed: Vec<usize> = inputs.iter().rev().copied().collect();
        states = states.iter().flat_map(|state| [&inputs, &reversed].map(|word| machine.after(*state, word))).collect();
        assert!(inputs.len() <= 2 || states.len() == 1, "{}: more than two clients move at once", scenario.id);
    }
    found
}

/// What the clients of the abstraction do in a phase. Others watch: what they do moves nobody else.
fn inputs(abstraction: &Abstraction, phase: &Phase) -> Vec<usize> {
    let acts = phase.steps.iter().filter(|step| step.action != Action::Connect);
    let inputs = acts.filter_map(|step| {
        let input = read_step(step).unwrap_or_else(|| panic!("{:?} is no input", step.text));
        abstraction.input_number(abstraction.alphabet.class(input))
    });
    inputs.collect()
}
