//! The suites: named sources of scenarios. A run plays one or several of them, or a part.

use std::{num::NonZeroU16, panic::resume_unwind, sync::Arc, thread};

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::{
    capability::capacity_cases,
    limits::{EXTRA_STATES_DEFAULT, HOSTILE_CASES_DEFAULT, RANDOM_CASES_DEFAULT},
    scenario::{
        Scenario,
        generate::{self, Generated},
        library,
    },
    shard::Shard,
};

/// A named source of scenarios.
pub struct Suite {
    /// The name by which `--suite` selects it.
    pub name: &'static str,
    /// What is in it, in a line.
    pub description: &'static str,
    /// Whether it runs where no suite is named.
    pub by_default: bool,
    /// Makes it. The same scope makes the same scenarios in the same order.
    pub make: fn(&Scope) -> Generated,
    /// The arguments, beyond `--suite`, that make the same scenarios again.
    pub arguments: fn(&Scope) -> String,
}

/// What the making of suites depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Chooses the random scenarios.
    pub seed: u64,
    /// How many scenarios by chance each suite has that has any, if that was said.
    pub cases: Option<usize>,
    /// The most members of a room, if the target declares one.
    pub capacity: Option<NonZeroU16>,
    /// For how many states beyond the model's the complete suite is complete.
    pub extra_states: usize,
}

impl Default for Scope {
    fn default() -> Self {
        Self { seed: 0, cases: None, extra_states: EXTRA_STATES_DEFAULT, capacity: None }
    }
}

impl Scope {
    fn random_cases(&self) -> usize {
        self.cases.unwrap_or(RANDOM_CASES_DEFAULT)
    }

    fn hostile_cases(&self) -> usize {
        self.cases.unwrap_or(HOSTILE_CASES_DEFAULT)
    }
}

/// The name that stands for all suites.
pub const FULL: &str = "full";

/// Every suite, in the order of reports. A new one needs an entry here and nothing else.
pub const SUITES: &[Suite] = &[
    Suite {
        name: "requirements",
        description: "clause by clause, written by hand",
        by_default: true,
        make: requirements,
        arguments: |_| String::new(),
    },
    Suite {
        name: "tours",
        description: "every two transitions of the rules for three clients and two rooms, one after the other",
        by_default: true,
        make: |_| generate::tours(),
        arguments: |_| String::new(),
    },
    Suite {
        name: "complete",
        description: "what tells every server with a few states more than the rules from one that keeps them",
        by_default: false,
        make: |scope| generate::complete(scope.extra_states),
        arguments: |scope| format!(" --extra-states {}", scope.extra_states),
    },
    Suite {
        name: "races",
        description: "every two things that two clients may do, at the same time, in every state",
        by_default: false,
        make: |_| generate::races(),
        arguments: |_| String::new(),
    },
    Suite {
        name: "random",
        description: "what chance finds, steered to what was not covered yet",
        by_default: false,
        make: |scope| generate::random(scope.seed, scope.random_cases()),
        arguments: |scope| format!(" --seed {} --cases {}", scope.seed, scope.random_cases()),
    },
    Suite {
        name: "hostile",
        description: "what may stop a server; runs last, one by one",
        by_default: true,
        make: hostile,
        arguments: |scope| format!(" --seed {} --cases {}", scope.seed, scope.hostile_cases()),
    },
];

/// The gentle cases of the library, and those about a room's capacity, which is the target's to say.
fn requirements(scope: &Scope) -> Generated {
    let mut suite = written(false);
    // Where none is declared they are of no concern, and say so.
    suite.scenarios.extend(capacity_cases(scope.capacity.unwrap_or(CAPACITY_UNDECLARED)));
    suite
}

/// The hostile cases of the library, and those of the grammar.
fn hostile(scope: &Scope) -> Generated {
    let mut suite = written(true);
    let Generated { scenarios, claims } = generate::hostile(scope.seed, scope.hostile_cases());
    suite.scenarios.extend(scenarios);
    Generated { claims, ..suite }
}

const CAPACITY_UNDECLARED: NonZeroU16 = NonZeroU16::new(2).expect("it is not zero");

/// The cases of the library that are hostile, or those that are not.
fn written(hostile: bool) -> Generated {
    let scenarios = library().iter().filter(|case| case.hostile == hostile).cloned().collect();
    Generated { scenarios, claims: Vec::new() }
}

/// A text names no suite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no suite is called {0:?}; `glare list suites` shows them, and {FULL} stands for all")]
pub struct UnknownSuite(pub String);

/// The suites of these names, each once and in the order of [`SUITES`]; those that run by default where there are none.
///
/// # Errors
/// The first name that is none.
pub fn by_names(names: &[String]) -> Result<Vec<&'static Suite>, UnknownSuite> {
    let known = |name: &&String| *name == FULL || SUITES.iter().any(|suite| suite.name == *name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(UnknownSuite(unknown.clone()));
    }
    let wanted = |suite: &&Suite| match names {
        [] => suite.by_default,
        names => names.iter().any(|name| name == FULL || name == suite.name),
    };
    Ok(SUITES.iter().filter(wanted).collect())
}

/// A suite that was made, and what of it a run plays.
pub struct Made {
    /// The suite.
    pub suite: &'static Suite,
    /// All of its scenarios.
    pub all: Vec<Arc<Scenario>>,
    /// Those that are to run.
    pub selected: Vec<Arc<Scenario>>,
    /// What follows if all of them pass.
    pub claims: Vec<String>,
}

/// Makes suites, side by side; everything is selected.
///
/// # Panics
/// If a source of scenarios does.
#[must_use]
pub fn make(suites: &[&'static Suite], scope: &Scope) -> Vec<Made> {
    let one = |suite: &'static Suite| {
        let Generated { scenarios, claims } = (suite.make)(scope);
        let all: Vec<_> = scenarios.into_iter().map(Arc::new).collect();
        Made { suite, selected: all.clone(), all, claims }
    };
    thread::scope(|threads| {
        let makers: Vec<_> = suites.iter().map(|suite| threads.spawn(|| one(suite))).collect();
        makers.into_iter().map(|maker| maker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Which scenarios of the made suites run.
pub struct Filter {
    only: Option<GlobSet>,
    skip: GlobSet,
    shard: Option<Shard>,
}

impl Filter {
    /// Takes what matches one of `only`, if there is any, and none of `skip`, and lies in the shard. A pattern matches a
    /// scenario by its id or by a clause that it covers.
    ///
    /// # Errors
    /// A pattern that is none.
    pub fn new(only: &[String], skip: &[String], shard: Option<Shard>) -> Result<Self, globset::Error> {
        let only = if only.is_empty() { None } else { Some(globs(only)?) };
        Ok(Self { only, skip: globs(skip)?, shard })
    }

    /// Whether a scenario runs.
    #[must_use]
    pub fn takes(&self, case: &Scenario) -> bool {
        let matches = |globs: &GlobSet| {
            globs.is_match(&case.id) || case.covers.iter().any(|clause| globs.is_match(clause.as_str()))
        };
        self.only.as_ref().is_none_or(matches) && !matches(&self.skip) && self.shard.is_none_or(|own| own.has(&case.id))
    }

    /// Leaves out of the selection what does not run.
    pub fn apply(&self, made: &mut [Made]) {
        made.iter_mut().for_each(|one| one.selected.retain(|case| self.takes(case)));
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, globset::Error> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        builder.add(Glob::new(pattern)?);
    }
    builder.build()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn everything() -> Vec<Made> {
        make(&by_names(&[FULL.to_owned()]).unwrap(), &Scope::default())
    }

    #[test]
    fn ids_are_unique_across_all_suites() {
        let made = everything();
        let ids: Vec<_> = made.iter().flat_map(|one| &one.all).map(|case| case.id.as_str()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn the_same_scope_makes_the_same_scenarios() {
        let texts = |made: Vec<Made>| -> Vec<String> {
            made.iter().flat_map(|one| &one.all).map(|case| case.render()).collect()
        };
        assert_eq!(texts(everything()), texts(everything()));
    }

    #[test]
    fn every_case_that_was_written_is_in_one_of_the_two_suites_of_written_cases() {
        let made = make(&by_names(&["requirements".to_owned(), "hostile".to_owned()]).unwrap(), &Scope::default());
        for case in library() {
            let with = made.iter().filter(|one| one.all.iter().any(|own| own.id == case.id)).count();
            assert_eq!(with, 1, "{}", case.id);
        }
    }

    #[test]
    fn an_unknown_suite_is_named() {
        let names = ["requirements".to_owned(), "heroic".to_owned()];
        assert_eq!(by_names(&names).err(), Some(UnknownSuite("heroic".to_owned())));
    }

    #[test]
    fn the_shards_together_are_the_whole_and_share_nothing() {
        let mut seen: Vec<String> = Vec::new();
        for text in ["1/3", "2/3", "3/3"] {
            let mut made = everything();
            Filter::new(&[], &[], Some(text.parse().unwrap())).unwrap().apply(&mut made);
            seen.extend(made.iter().flat_map(|one| &one.selected).map(|case| case.id.clone()));
        }
        seen.sort();
        let mut all: Vec<_> = everything().iter().flat_map(|one| &one.all).map(|case| case.id.clone()).collect();
        all.sort();
        assert_eq!(seen, all);
    }
}
