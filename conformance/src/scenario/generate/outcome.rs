//! What may come of a race.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    abstraction::{Abstraction, Heard, What},
    races::Race,
};

/// What one client hears: answers to what it asked, in no order, and what others cause, in order.
type View<'a> = (Vec<&'a Heard>, Vec<&'a Heard>);

/// In how many ways a race may come out that clients can tell apart, now or later.
pub(super) fn outcomes(abstraction: &Abstraction, race: Race) -> usize {
    let orders = [[race.first, race.second], [race.second, race.first]];
    orders.map(|order| outcome(abstraction, race.state, order)).iter().collect::<BTreeSet<_>>().len()
}

/// What each client hears, and where everybody is in the end.
fn outcome(abstraction: &Abstraction, state: usize, order: [usize; 2]) -> (BTreeMap<u8, View<'_>>, usize) {
    let machine = &abstraction.machine;
    // Who goes hears nothing that can be relied on.
    let goes = |client: u8| {
        let mut inputs = order.iter().map(|input| abstraction.inputs[*input]);
        inputs.any(|input| input.by == client && input.what == What::Return)
    };
    let mut views: BTreeMap<u8, View<'_>> = BTreeMap::new();
    let mut at = state;
    for input in order {
        for (to, heard) in abstraction.outputs[machine.output(at, input)].iter().filter(|(to, _)| !goes(*to)) {
            let (answers, events) = views.entry(*to).or_default();
            match heard {
                Heard::Created(_) | Heard::Joined(..) | Heard::Refused | Heard::Error(_) => answers.push(heard),
                Heard::UserJoined(_) | Heard::UserLeft(_) | Heard::Signal(..) => events.push(heard),
            }
        }
        at = machine.next(at, input);
    }
    views.values_mut().for_each(|(answers, _)| answers.sort());
    (views, at)
}

#[cfg(test)]
mod tests {
    use glare_model::message::{SignalKind, Target};

    use super::*;
    use crate::scenario::generate::{abstraction::Input, races::ALPHABET};

    fn outcomes_of(state: [Option<u8>; 3], inputs: [(u8, What); 2]) -> usize {
        let abstraction = Abstraction::explore(ALPHABET);
        let state = abstraction.states.iter().position(|known| *known == state).unwrap();
        let [first, second] = inputs.map(|(by, what)| abstraction.input_number(Input { by, what }).unwrap());
        outcomes(&abstraction, Race { state, first, second })
    }

    #[test]
    fn two_creates_of_one_room_have_two_winners() {
        assert_eq!(outcomes_of([None; 3], [(0, What::Create(0)), (1, What::Create(0))]), 2);
        assert_eq!(outcomes_of([None; 3], [(0, What::Create(0)), (1, What::Create(1))]), 1);
    }

    #[test]
    fn a_signal_to_a_leaver_arrives_or_is_refused() {
        let signal = What::Signal(SignalKind::Offer, Target::User(0));
        assert_eq!(outcomes_of([Some(0), Some(0), None], [(0, What::Leave), (1, signal)]), 2);
    }

    #[test]
    fn a_third_member_sees_two_leavers_in_either_order() {
        assert_eq!(outcomes_of([Some(0); 3], [(0, What::Leave), (1, What::Leave)]), 2);
        assert_eq!(outcomes_of([Some(0), Some(0), None], [(0, What::MalformedSignal), (1, What::Leave)]), 1);
    }
}
