//! From failed cases to causes: one for each broken clause, with the case first that tells the story best.

use std::collections::BTreeMap;

use glare_model::requirement::RequirementId;

use super::Run;
use crate::{oracle::Violation, run::CaseResult, verdict::Verdict};

/// A broken clause.
pub(crate) struct Cause<'a> {
    /// Which.
    pub(crate) id: RequirementId,
    /// Where it shows; never empty. A case of the clause itself comes first, and the shortest one of those.
    pub(crate) instances: Vec<Instance<'a>>,
}

/// A case that shows a clause broken.
#[derive(Clone, Copy)]
pub(crate) struct Instance<'a> {
    /// The case.
    pub(crate) result: &'a CaseResult,
    /// How it was broken there.
    pub(crate) violation: &'a Violation,
}

impl Cause<'_> {
    /// How it shows: each pair of expected and actual, names of clients aside, with the number of its cases; the commonest
    /// first.
    #[must_use]
    pub(crate) fn shapes(&self) -> Vec<(Instance<'_>, usize)> {
        let mut shapes: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
        for (place, Instance { violation, .. }) in self.instances.iter().enumerate() {
            let shape = (without_names(&violation.expected), without_names(&violation.actual));
            shapes.entry(shape).or_insert((place, 0)).1 += 1;
        }
        let mut shapes: Vec<_> = shapes.into_values().collect();
        shapes.sort_by_key(|(first, count)| (usize::MAX - count, *first));
        shapes.into_iter().map(|(first, count)| (self.instances[first], count)).collect()
    }
}

/// The clauses that the target newly breaks, in the order of the document.
#[must_use]
pub(crate) fn causes<'a>(run: &Run<'a>) -> Vec<Cause<'a>> {
    let mut causes: BTreeMap<RequirementId, Vec<Instance<'a>>> = BTreeMap::new();
    for result in run.results.iter().filter(|result| result.judgement.verdict == Verdict::Fail) {
        for violation in &result.judgement.violations {
            let id = violation.requirement;
            let instances = causes.entry(id).or_default();
            let seen = instances.last().is_some_and(|last| std::ptr::eq(last.result, result));
            if !seen && !run.baseline.excuses(&result.case.id, id) {
                instances.push(Instance { result, violation });
            }
        }
    }
    causes.retain(|_, instances| !instances.is_empty());
    let cause = |(id, mut instances): (RequirementId, Vec<Instance<'a>>)| {
        let rank = |instance: &Instance<'_>| {
            let CaseResult { case, trace, .. } = instance.result;
            (case.covers.first() != Some(&id), trace.records.len())
        };
        instances.sort_by_key(rank);
        Cause { id, instances }
    };
    causes.into_iter().map(cause).collect()
}

/// Clients are called by one capital letter, with a prime for each reconnect; ids and numbers differ from case to case.
fn without_names(text: &str) -> String {
    let word = |word: &str| {
        let name: String = word.chars().take_while(|c| c.is_alphanumeric()).collect();
        let is_name = name.len() <= 2 && name.starts_with(|c: char| c.is_ascii_uppercase());
        if is_name { format!("_{}", word[name.len()..].trim_start_matches('\'')) } else { word.to_owned() }
    };
    let text: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_that_differ_in_names_have_one_shape() {
        assert_eq!(without_names("A gets user-left B"), without_names("D' gets user-left C"));
        assert_eq!(without_names("B's request is refused"), without_names("A's request is refused"));
        assert_ne!(without_names("A gets user-left B"), without_names("A gets user-joined B"));
    }
}
