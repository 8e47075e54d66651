//! Racing steps, put into one legal order.

use std::collections::BTreeSet;

use crate::scenario::{Phase, Scenario};

/// The scenario in which nothing races: steps of different clients that were under way at the same time are sent one after
/// the other, as they are written. Steps of one client stay together: its messages have an order.
#[must_use]
pub fn one_after_the_other(scenario: &Scenario) -> Scenario {
    let mut phases = Vec::new();
    for phase in &scenario.phases {
        let actors: BTreeSet<_> = phase.steps.iter().map(|step| &step.peer).collect();
        if actors.len() < 2 {
            phases.push(phase.clone());
            continue;
        }
        for step in &phase.steps {
            // A burst that was cut up is as many lines.
            let mut step = step.clone();
            step.burst = 1;
            phases.push(Phase { steps: vec![step] });
        }
    }
    Scenario { phases, ..scenario.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    #[test]
    fn steps_of_two_clients_are_sent_one_by_one_and_those_of_one_stay_together() {
        let text = "case: c\ntitle: t\ncovers: ROOM-01\nA create r\ntogether\n  B join r\n  C join r\n  B leave\nend\n\
                    together\n  A leave\n  A create s\nend\n";
        let played = one_after_the_other(&parse(text).unwrap()[0]);
        let steps: Vec<Vec<&str>> =
            played.phases.iter().map(|phase| phase.steps.iter().map(|step| step.text.as_str()).collect()).collect();
        assert_eq!(
            steps,
            [vec!["A create r"], vec!["B join r"], vec!["C join r"], vec!["B leave"], vec!["A leave", "A create s"]]
        );
    }
}
