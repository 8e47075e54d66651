//! What the checker found in the protocol that this project started from, as data: each claim of the tutorial, what is
//! wrong with it, the world in which that shows, and the rule that mends it.
//!
//! A finding is shown, not told: [`show`] explores the world under the broken rules for a shortest counterexample, and
//! again under the mended ones for the proof. docs/findings.md is written from it.

mod catalog;
mod page;
mod sequence;

pub use catalog::findings;
pub use page::page;
pub use sequence::mermaid;

use std::ops::ControlFlow;

use crate::{
    explore::{CheckError, Completion, Options, Verdict, check},
    negotiation::Strategy,
    requirement::RequirementId,
    room::RoomRules,
    world::{Configuration, Trace, Variant},
};

/// A claim that does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// Its name, which never changes.
    pub id: &'static str,
    /// What happens, in a few words.
    pub title: &'static str,
    /// What was claimed or assumed, and where.
    pub claim: &'static str,
    /// What is wrong with it.
    pub wrong: &'static str,
    /// The clause that breaks.
    pub breaks: RequirementId,
    /// The name of the world in which it does.
    pub configuration: &'static str,
    /// The broken rules.
    pub broken: Rules,
    /// What mends it.
    pub mend: &'static str,
    /// The mended rules.
    pub mended: Rules,
}

/// A server's and its peers' rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The server's.
    pub rooms: RoomRules,
    /// The peers'.
    pub strategy: Strategy,
}

/// A finding with its evidence.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The finding.
    pub finding: Finding,
    /// A shortest run that breaks the clause under the broken rules.
    pub counterexample: Trace,
    /// Under the mended rules: all states of the world, in each of which the clause holds.
    pub states: usize,
    /// And all its transitions.
    pub transitions: u64,
}

/// A finding that its own worlds do not bear out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotShown {
    /// The world's name is unknown.
    #[error("there is no configuration {0:?}")]
    NoConfiguration(&'static str),
    /// The world does not fit into a state.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// No run breaks the clause.
    #[error("{0}: the broken rules break nothing")]
    NotBroken(&'static str),
    /// The clause is not proved, or its occasion does not arise.
    #[error("{0}: the mended rules are not proved")]
    NotMended(&'static str),
}

impl Finding {
    /// The variant and world that one of its rules make.
    fn variant(&self, rules: Rules) -> Result<Variant, NotShown> {
        let configuration =
            Configuration::named(self.configuration).ok_or(NotShown::NoConfiguration(self.configuration))?;
        let Rules { rooms, strategy } = rules;
        Ok(Variant {
            name: self.id,
            description: self.title,
            rules: rooms,
            strategy,
            configurations: vec![configuration],
            ..Variant::reference()
        })
    }
}

/// Finds the evidence.
///
/// # Errors
/// There is none: the finding, its world or its mend is wrong.
pub fn show(finding: &Finding) -> Result<Shown, NotShown> {
    let options = Options { only: vec![finding.breaks], ..Options::default() };
    let explore = |rules| -> Result<_, NotShown> {
        Ok(check(&finding.variant(rules)?, &options, &mut |_, _| ControlFlow::Continue(()))?)
    };
    let broken = explore(finding.broken)?;
    let Some(Verdict::Violated(counterexample)) = broken.verdict(finding.breaks) else {
        return Err(NotShown::NotBroken(finding.id));
    };
    let mended = explore(finding.mended)?;
    let report = &mended.configurations[0];
    if mended.verdict(finding.breaks) != Some(&Verdict::Holds) || report.completion != Completion::Complete {
        return Err(NotShown::NotMended(finding.id));
    }
    let (states, transitions) = (report.states, report.transitions);
    Ok(Shown { finding: *finding, counterexample: counterexample.clone(), states, transitions })
}
