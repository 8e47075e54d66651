//! What scenarios cover of an abstraction: counted by reading their steps and running them on the machine, whatever their
//! maker believes.

use std::collections::BTreeSet;

use glare_model::message::{SignalKind, Target};

use super::{
    abstraction::{Abstraction, Input, What},
    script::ROOMS,
    symmetry::Symmetry,
};
use crate::scenario::{Action, Scenario, Step};

/// How much of something there is, and how much was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) met: usize,
    pub(super) all: usize,
}

/// States, transitions and pairs of consecutive transitions. What differs in names alone counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coverage {
    pub(super) states: Share,
    pub(super) transitions: Share,
    pub(super) pairs: Share,
    /// Pairs with names, of which the pairs above stand for all.
    pub(super) named_pairs: usize,
}

/// Runs scenarios on an abstraction. Each begins in its initial state.
pub(super) fn coverage(abstraction: &Abstraction, symmetry: &Symmetry, scenarios: &[Scenario]) -> Coverage {
    let machine = &abstraction.machine;
    let mut met = Met::default();
    for scenario in scenarios {
        let mut state = 0;
        let mut before = None;
        met.states.insert(symmetry.state(state));
        for input in read(abstraction, scenario) {
            met.transitions.insert(symmetry.transition(state, input));
            if let Some((from, first)) = before {
                met.pairs.insert(symmetry.pair(from, first, input));
            }
            before = Some((state, input));
            state = machine.next(state, input);
            met.states.insert(symmetry.state(state));
        }
    }
    let (all, named_pairs) = all(abstraction, symmetry);
    let share = |met: usize, all: usize| Share { met, all };
    Coverage {
        states: share(met.states.len(), all.states.len()),
        transitions: share(met.transitions.len(), all.transitions.len()),
        pairs: share(met.pairs.len(), all.pairs.len()),
        named_pairs,
    }
}

#[derive(Default)]
struct Met {
    states: BTreeSet<usize>,
    transitions: BTreeSet<(usize, usize)>,
    pairs: BTreeSet<(usize, usize, usize)>,
}

/// Everything that there is to meet, and the number of pairs with names.
fn all(abstraction: &Abstraction, symmetry: &Symmetry) -> (Met, usize) {
    let machine = &abstraction.machine;
    let inputs = 0..machine.inputs();
    let mut all = Met::default();
    for state in 0..machine.states() {
        all.states.insert(symmetry.state(state));
        for first in inputs.clone() {
            all.transitions.insert(symmetry.transition(state, first));
            all.pairs.extend(inputs.clone().map(|second| symmetry.pair(state, first, second)));
        }
    }
    (all, machine.states() * inputs.len() * inputs.len())
}

/// The inputs that a scenario consists of.
///
/// # Panics
/// If some step is no input of the abstraction: then its maker is wrong.
pub(super) fn read(abstraction: &Abstraction, scenario: &Scenario) -> Vec<usize> {
    let steps = scenario.phases.iter().flat_map(|phase| &phase.steps);
    let inputs = steps.filter(|step| step.action != Action::Connect).map(|step| {
        let input = read_step(step).map(|input| abstraction.alphabet.class(input));
        let number = input.and_then(|input| abstraction.input_number(input));
        number.unwrap_or_else(|| panic!("{}: {:?} is no input", scenario.id, step.text))
    });
    inputs.collect()
}

/// What a step is, by its event and data.
pub(super) fn read_step(step: &Step) -> Option<Input> {
    let by = client(&step.peer.0)?;
    let what = match &step.action {
        Action::Close | Action::Drop => What::Return,
        Action::Emit { event, data, .. } => {
            let data = data.as_ref().map(|data| &data.0);
            let named_room = data.and_then(|data| data.as_str()).and_then(|text| room(text.strip_prefix('#')?));
            match event.as_str() {
                "leave-room" => What::Leave,
                "create-room" => named_room.map_or(What::MalformedRequest, What::Create),
                "join-room" => named_room.map_or(What::MalformedRequest, What::Join),
                event => {
                    let kind = SignalKind::ALL.into_iter().find(|kind| kind.event() == event)?;
                    let member = |name: &str| data.and_then(|data| data.get(name));
                    let target = member("target").and_then(|target| target.as_str());
                    match (target, member(kind.payload_member())) {
                        (Some(target), Some(_)) => What::Signal(kind, read_target(target)),
                        _ => What::MalformedSignal,
                    }
                }
            }
        }
        Action::Connect | Action::Freeze | Action::Noticed => return None,
        Action::Broken(_) | Action::Raw(_) | Action::Handshake(_) => return None,
    };
    Some(Input { by, what })
}

fn read_target(text: &str) -> Target<u8, u8> {
    let user = text.strip_prefix('$').and_then(client).map(Target::User);
    user.or_else(|| text.strip_prefix('#').and_then(room).map(Target::Room)).unwrap_or(Target::Unknown)
}

fn client(name: &str) -> Option<u8> {
    name.bytes().next()?.checked_sub(b'A')
}

fn room(name: &str) -> Option<u8> {
    let place = ROOMS.iter().position(|room| name.starts_with(*room))?;
    u8::try_from(place).ok()
}
