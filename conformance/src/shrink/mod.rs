//! Shrinking a failure on the live target: what can be left out or made smaller, and the same clause is still broken, is.
//!
//! [`shrink`] tries one edit after another and asks whether the result still fails; what failing means is the caller's.
//! [`shrink_failure`] asks a target, with fresh rooms each time.

mod edits;
mod lines;

use std::{
    collections::HashSet,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use glare_model::requirement::RequirementId;

use self::{edits::EDITS, lines::Lines};
use crate::{
    limits::{REPRODUCTIONS, SHRINK_ATTEMPTS_MAX, SHRINK_TIME_MAX, SHRINK_TRIES_MAX},
    oracle::Violation,
    run::CaseResult,
    scenario::Scenario,
    verdict::Verdict,
};

/// How much shrinking may cost.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Scenarios that are tried.
    pub attempts: usize,
    /// Time after which none is begun.
    pub time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { attempts: SHRINK_ATTEMPTS_MAX, time: SHRINK_TIME_MAX }
    }
}

/// A failure, made small.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The smallest scenario found.
    pub scenario: Scenario,
    /// What it breaks, as seen when it last failed.
    pub violation: Violation,
    /// How many lines the scenario had before, and has now.
    pub lines: (usize, usize),
    /// How many scenarios were tried.
    pub attempts: usize,
    /// Whether nothing was left to try; otherwise a bound ended it.
    pub minimal: bool,
    /// How often the result failed, and of how many runs.
    pub reproduced: (usize, usize),
}

/// A local minimum: no edit of it fails any more, unless a bound came first.
struct Minimum {
    lines: Lines,
    attempts: usize,
    minimal: bool,
}

/// Makes a scenario smaller for as long as it `fails`, which is asked with each candidate: `None` says that it cannot be
/// tried any more. Returns the smallest one that failed, how many were tried, and whether nothing was left to try.
pub async fn shrink(
    scenario: &Scenario,
    clause: RequirementId,
    bounds: Bounds,
    fails: impl AsyncFnMut(&Scenario) -> Option<bool>,
) -> (Scenario, usize, bool) {
    let Minimum { lines, attempts, minimal } = minimum(Lines::of(scenario, clause), bounds, fails).await;
    (lines.scenario().unwrap_or_else(|| scenario.clone()), attempts, minimal)
}

async fn minimum(mut best: Lines, bounds: Bounds, mut fails: impl AsyncFnMut(&Scenario) -> Option<bool>) -> Minimum {
    let deadline = Instant::now() + bounds.time;
    let mut seen: HashSet<String> = HashSet::new();
    let mut attempts = 0;
    'anew: loop {
        for edit in EDITS {
            let mut tried = edit(&best);
            let mut place = 0;
            while place < tried.len() {
                let candidate = &tried[place];
                place += 1;
                let Some(scenario) = candidate.scenario().filter(|scenario| seen.insert(scenario.render())) else {
                    continue;
                };
                if attempts >= bounds.attempts || Instant::now() >= deadline {
                    return Minimum { lines: best, attempts, minimal: false };
                }
                attempts += 1;
                match fails(&scenario).await {
                    None => return Minimum { lines: best, attempts, minimal: false },
                    Some(false) => {}
                    Some(true) => {
                        best = candidate.clone();
                        if tried.len() == 1 {
                            continue 'anew;
                        }
                        // The same kind of edit goes on with what is left; what failed to fail before is not tried again.
                        tried = edit(&best);
                        place = 0;
                    }
                }
            }
        }
        // Whether a later kind of edit made room for an earlier one: everything that one round would try was tried.
        let left = EDITS.iter().flat_map(|edit| edit(&best));
        let fresh = left.filter_map(|lines| lines.scenario()).any(|scenario| !seen.contains(&scenario.render()));
        if !fresh {
            return Minimum { lines: best, attempts, minimal: true };
        }
    }
}

/// Shrinks the failure of a case on the target that it was found on. `run` runs a scenario there, in rooms that no other
/// run has had, on a target that is alive; `None` if there is none any more. It is told whether that is one of many
/// candidates, which need not be waited for as long. The clause that counts is the first that the
/// failure names; none if it names none.
pub async fn shrink_failure(
    result: &CaseResult,
    bounds: Bounds,
    mut run: impl AsyncFnMut(Arc<Scenario>, bool) -> Option<CaseResult>,
) -> Option<Shrunk> {
    let violation = result.judgement.violations.first()?;
    let clause = violation.requirement;
    let before = Lines::of(&result.case, clause);
    let original = Arc::new(before.scenario()?);
    // What fails now and then is given several chances to fail again.
    let (first, _) = reproduce(&original, clause, &mut run).await;
    let tries = if first.0 == first.1 { 1 } else { SHRINK_TRIES_MAX };
    let minimum = if first.0 == 0 {
        Minimum { lines: before.clone(), attempts: 0, minimal: false }
    } else {
        minimum(before.clone(), bounds, async |candidate| {
            let candidate = Arc::new(candidate.clone());
            for _ in 0..tries {
                if breaks(&run(Arc::clone(&candidate), true).await?, clause).is_some() {
                    return Some(true);
                }
            }
            Some(false)
        })
        .await
    };
    let smallest = Arc::new(minimum.lines.scenario()?);
    let (reproduced, seen) = reproduce(&smallest, clause, &mut run).await;
    Some(Shrunk {
        violation: seen.unwrap_or_else(|| violation.clone()),
        lines: (before.count(), minimum.lines.count()),
        attempts: minimum.attempts,
        minimal: minimum.minimal,
        reproduced,
        scenario: Arc::unwrap_or_clone(smallest),
    })
}

/// How often a scenario breaks a clause, of how many runs, and how it does.
async fn reproduce(
    scenario: &Arc<Scenario>,
    clause: RequirementId,
    run: &mut impl AsyncFnMut(Arc<Scenario>, bool) -> Option<CaseResult>,
) -> ((usize, usize), Option<Violation>) {
    let (mut failed, mut runs, mut seen) = (0, 0, None);
    while runs < REPRODUCTIONS
        && let Some(result) = run(Arc::clone(scenario), false).await
    {
        runs += 1;
        if let Some(violation) = breaks(&result, clause) {
            failed += 1;
            seen = Some(violation.clone());
        }
    }
    ((failed, runs), seen)
}

/// Where a result breaks a clause.
fn breaks(result: &CaseResult, clause: RequirementId) -> Option<&Violation> {
    let failed = result.judgement.verdict == Verdict::Fail;
    result.judgement.violations.iter().find(|violation| failed && violation.requirement == clause)
}

impl Shrunk {
    /// The text of a file that `glare replay` runs. `origin` says where the failure comes from, such as a target and a
    /// seed.
    #[must_use]
    pub fn replay_file(&self, origin: &str) -> String {
        let Violation { requirement, expected, actual, .. } = &self.violation;
        let (before, now) = self.lines;
        let (failed, runs) = self.reproduced;
        let state = if self.minimal { "nothing more can be left out" } else { "ended by a bound" };
        let mut text = String::new();
        for line in [
            format!("Breaks {requirement} ({}).", requirement.level()),
            format!("Expected: {expected}"),
            format!("Actual: {actual}"),
            format!("Found on {origin}."),
            format!("Shrunk from {before} to {now} lines in {} attempts; {state}.", self.attempts),
            format!("Reproduced {failed}/{runs}. Run it again: glare replay FILE TARGET"),
        ] {
            let _infallible = writeln!(text, "# {}", line.replace(['\n', '\r'], " "));
        }
        text + "\n" + &self.scenario.render()
    }
}
