//! The first oracle: the model does the same.

use std::collections::HashMap;

use glare_model::negotiation::{Event, Negotiation, Role, Signaling, Strategy, step};

use super::{Finding, Stay, Verdict};
use crate::trace::{Did, Line, Step};

pub(super) struct Replay {
    strategy: Strategy,
    own: String,
    states: HashMap<String, Negotiation>,
}

impl Replay {
    pub(super) fn new(strategy: Strategy) -> Self {
        Self { strategy, own: String::new(), states: HashMap::new() }
    }

    pub(super) fn look_at(&mut self, number: usize, line: &Line, verdict: &mut Verdict) {
        match line {
            Line::Identity(own) => {
                self.own.clone_from(own);
                self.states.clear();
            }
            Line::Step(step) => self.replay(number, step, verdict),
            Line::Peer { .. } | Line::Closed { .. } => {}
        }
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
        if event == Event::Gone && before.connection != 0 {
            let is_connected = before.ice == glare_model::negotiation::Ice::Connected;
            let (own, remote) = (self.own.clone(), line.remote.clone());
            verdict.stays.push(Stay { own, remote, state: before, is_connected });
        }
        self.states.insert(line.remote.clone(), after);
    }
}
