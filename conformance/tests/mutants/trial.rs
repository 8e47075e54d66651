//! Runs the library against cores.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use glare_conformance::{
    driver::{Settings, drive},
    oracle::{Judgement, Oracle, judge, unmerged_violations},
    scenario::{Scenario, library},
    trace::Trace,
    transport::{Memory, Transport, virtual_time},
};
use glare_model::requirement::RequirementId;

use crate::faulty::{Faulty, Mutant};

/// In virtual time this costs nothing, and passes only when nothing is on its way.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Cases that move up to ten million bytes. Each runs only against the mutants of the clause that it is named after;
/// otherwise most of the time would go into them.
const LARGE: [&str; 4] = [
    "err-02-much-larger",
    "err-07-after-large-data",
    "err-08-burst-to-a-silent-member",
    "err-08-notices-to-a-silent-member",
];
/// Cases at the same time.
pub(crate) const THREADS: usize = 2;

/// What became of one case.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) case: &'static str,
    pub(crate) judgement: Judgement,
    /// The clauses that each oracle names by itself.
    pub(crate) opinions: BTreeSet<(RequirementId, &'static str)>,
}

/// A mutant with what became of all cases.
pub(crate) struct Trial {
    pub(crate) mutant: &'static Mutant,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Trial {
    /// The cases that fail with a violation of a clause.
    pub(crate) fn cases(&self, clause: RequirementId) -> Vec<&'static str> {
        let names = |outcome: &&Outcome| outcome.judgement.violations.iter().any(|one| one.requirement == clause);
        self.outcomes.iter().filter(names).map(|outcome| outcome.case).collect()
    }

    /// The clauses that failing cases name, and in how many cases each.
    pub(crate) fn flagged(&self) -> BTreeMap<RequirementId, usize> {
        let all = self.outcomes.iter().flat_map(|outcome| &outcome.judgement.violations);
        all.map(|one| (one.requirement, self.cases(one.requirement).len())).collect()
    }

    /// Whether an oracle by itself names the clause that the mutant breaks.
    pub(crate) fn named_by(&self, oracle: Oracle) -> bool {
        let named = (self.mutant.breaks, oracle.word());
        self.outcomes.iter().any(|outcome| outcome.opinions.contains(&named))
    }

    /// Whether an oracle by itself objects to anything.
    pub(crate) fn seen_by(&self, oracle: Oracle) -> bool {
        self.outcomes.iter().any(|outcome| outcome.opinions.iter().any(|(_, word)| *word == oracle.word()))
    }
}

fn is_large(case: &Scenario) -> bool {
    LARGE.contains(&case.id.as_str())
}

/// Runs one case against a fresh core, so that a fault does not add up.
fn trace_of(core: fn() -> Faulty, case: &Scenario) -> Trace {
    // A clock of its own for each case: what earlier ones left waiting must not hold it.
    let runtime = virtual_time().expect("a runtime");
    let transport = Transport::Memory(Memory::new(core()));
    runtime.block_on(drive(&transport, case, Settings { timeout: TIMEOUT, nonce: 1 }))
}

/// Judges one case against a fresh core.
pub(crate) fn judge_case(core: fn() -> Faulty, case: &Scenario) -> Judgement {
    judge(&trace_of(core, case), true)
}

fn try_case(core: fn() -> Faulty, case: &'static Scenario) -> Outcome {
    let trace = trace_of(core, case);
    let opinions = unmerged_violations(&trace).into_iter().map(|one| (one.requirement, one.oracle.word())).collect();
    Outcome { case: &case.id, judgement: judge(&trace, true), opinions }
}

/// Runs the whole library against a core.
pub(crate) fn try_core(core: fn() -> Faulty) -> Vec<Outcome> {
    library().iter().map(|case| try_case(core, case)).collect()
}

/// Runs the library against all mutants, several cases at a time.
pub(crate) fn try_all(mutants: &[&'static Mutant]) -> Vec<Trial> {
    let belongs = |mutant: &Mutant, case: &Scenario| {
        !is_large(case) || case.id.starts_with(&mutant.breaks.as_str().to_lowercase())
    };
    let pairs =
        mutants.iter().enumerate().flat_map(|(place, mutant)| library().iter().map(move |case| (place, mutant, case)));
    let pairs: Vec<_> = pairs.filter(|(_, mutant, case)| belongs(mutant, case)).collect();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((place, mutant, case)) = pairs.get(number) else { break };
                    let outcome = try_case(mutant.core, case);
                    done.lock().expect("no other thread panicked").insert((*place, number), outcome);
                }
            });
        }
    });
    let mut trials: Vec<_> = mutants.iter().map(|mutant| Trial { mutant, outcomes: Vec::new() }).collect();
    for ((place, _), outcome) in done.into_inner().expect("no thread panicked") {
        trials[place].outcomes.push(outcome);
    }
    trials
}
