//! A scenario as the lines of its text, which is what shrinking edits: whatever an edit makes is read again by the same
//! parser, so that nothing leaves the language.

use std::fmt::Write;

use glare_model::requirement::RequirementId;

use crate::scenario::{Scenario, parse};

/// A scenario in the form that edits work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    head: String,
    /// The lines of each phase.
    pub(super) phases: Vec<Vec<String>>,
}

impl Lines {
    /// The lines of a scenario, under the clause that it breaks.
    pub(super) fn of(scenario: &Scenario, clause: RequirementId) -> Self {
        let Scenario { id, title, hostile, phases, .. } = scenario;
        let mut head = format!("case: {id}\ntitle: {title}\ncovers: {clause}\n");
        if *hostile {
            head.push_str("hostile: yes\n");
        }
        let lines = |steps: &[crate::scenario::Step]| {
            let mut lines = Vec::new();
            let mut rest = steps;
            // A burst is one line and many steps.
            while let Some(step) = rest.first() {
                lines.push(step.text.clone());
                rest = &rest[step.burst.clamp(1, rest.len())..];
            }
            lines
        };
        Self { head, phases: phases.iter().map(|phase| lines(&phase.steps)).collect() }
    }

    /// The scenario; none if the lines are not in the language.
    pub(super) fn scenario(&self) -> Option<Scenario> {
        let mut text = self.head.clone();
        for phase in self.phases.iter().filter(|phase| !phase.is_empty()) {
            let _infallible = match &phase[..] {
                [line] => writeln!(text, "{line}"),
                lines => writeln!(text, "together\n  {}\nend", lines.join("\n  ")),
            };
        }
        parse(&text).ok()?.into_iter().next()
    }

    /// How many lines there are.
    pub(super) fn count(&self) -> usize {
        self.phases.iter().map(Vec::len).sum()
    }

    /// What is left when lines are taken out; `keep` is asked for each with its number.
    pub(super) fn retain(&self, mut keep: impl FnMut(usize, &str) -> bool) -> Self {
        let mut number = 0;
        let mut phases = Vec::new();
        for phase in &self.phases {
            let mut left = Vec::new();
            for line in phase {
                if keep(number, line) {
                    left.push(line.clone());
                }
                number += 1;
            }
            if !left.is_empty() {
                phases.push(left);
            }
        }
        Self { head: self.head.clone(), phases }
    }

    /// The same with every line changed.
    pub(super) fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let phases = self.phases.iter().map(|phase| phase.iter().map(|line| change(line)).collect()).collect();
        Self { head: self.head.clone(), phases }
    }

    /// The same with one line changed.
    pub(super) fn with(&self, place: (usize, usize), line: String) -> Self {
        let mut lines = self.clone();
        lines.phases[place.0][place.1] = line;
        lines
    }
}

/// The client of a line.
pub(super) fn client(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}
