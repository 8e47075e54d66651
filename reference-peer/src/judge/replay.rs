//! The first oracle: the model does the same.

use std::collections::{BTreeSet, HashMap};

use glare_model::negotiation::{Event, Ice, Negotiation, Role, Side, Signaling, Strategy, step};

use super::{Finding, Stay, Verdict};
use crate::trace::{Did, Line, Step};

pub(super) struct Replay {
    strategy: Strategy,
    own: String,
    states: HashMap<String, Negotiation>,
    /// Remotes that share the room with us. Whoever is met from outside does not.
    present: BTreeSet<String>,
}

impl Replay {
    pub(super) fn new(strategy: Strategy) -> Self {
        Self { strategy, own: String::new(), states: HashMap::new(), present: BTreeSet::new() }
    }

    pub(super) fn look_at(&mut self, number: usize, line: &Line, verdict: &mut Verdict) {
        match line {
            Line::Identity(own) => {
                verdict.stays.extend(self.part());
                self.own.clone_from(own);
                self.states.clear();
                verdict.identities.push(own.clone());
            }
            Line::Step(step) => self.replay(number, step, verdict),
            Line::Closed { .. } => verdict.stays.extend(self.part()),
            Line::Peer { .. } => {}
        }
    }

    /// A trace that ends in the middle leaves its stays open.
    pub(super) fn conclude(mut self, verdict: &mut Verdict) {
        verdict.open = self.part();
    }

    /// The stays that go on. A peer that has nothing to close need not say of each that it is over.
    fn part(&mut self) -> Vec<Stay> {
        let present = std::mem::take(&mut self.present);
        present.into_iter().map(|remote| self.stay(remote)).collect()
    }

    fn stay(&self, remote: String) -> Stay {
        let state = self.states.get(&remote).copied().unwrap_or_default();
        Stay { own: self.own.clone(), remote, state, is_connected: state.ice == Ice::Connected }
    }

    fn replay(&mut self, number: usize, line: &Step, verdict: &mut Verdict) {
        let before = self.states.get(&line.remote).copied().unwrap_or_default();
        let event = Event::from(line.event);
        verdict.steps += 1;
        verdict.coverage.see(&before, event);
        let role = Role::between(&self.own, &line.remote);
        let mut expected: Vec<Did> = Vec::new();
        let after = step(before, &self.strategy, role, event, &mut |command| expected.push(command.into()));
        let mut object = |text: String| {
            verdict.findings.push(Finding { clause: None, line: number, remote: line.remote.clone(), text });
        };
        if let Some(failed) = &line.failed {
            object(format!("a command failed: {failed}"));
        } else if line.did != expected {
            object(format!("the model does {expected:?} after {:?}, and the peer did {:?}", line.event, line.did));
        } else if let Some(signaling) = &line.signaling
            && after.signaling() != Signaling::Closed
            && signaling != after.signaling().name()
        {
            object(format!("the connection is in {signaling}, and the model in {}", after.signaling().name()));
        }
        let is_met = matches!(event, Event::Met(Side::Resident | Side::Joiner));
        if is_met || after.connection != 0 {
            self.present.insert(line.remote.clone());
        } else if event == Event::Gone && self.present.remove(&line.remote) {
            verdict.stays.push(self.stay(line.remote.clone()));
        }
        self.states.insert(line.remote.clone(), after);
    }
}
