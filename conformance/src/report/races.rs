//! How much of what may come of races a run has really seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    oracle::outcomes,
    run::CaseResult,
    scenario::generate::{RaceSpot, race_spots},
    suite::Made,
    verdict::Verdict,
};

/// The suite whose races are counted.
pub(super) const SUITE: &str = "races";

/// Gathers what was seen of each race, case by case.
pub struct RaceTally {
    spots: HashMap<String, Vec<RaceSpot>>,
    races: BTreeSet<usize>,
    met: BTreeMap<usize, Met>,
}

/// Outcomes of one race.
#[derive(Default)]
struct Met {
    allowed: BTreeSet<String>,
    seen: BTreeSet<String>,
}

/// What was seen of the races of a suite. A race is two inputs of different clients, sent without waiting, in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RaceShare {
    /// The races that there are.
    pub races: usize,
    /// Those that ran in cases that passed.
    pub raced: usize,
    /// The outcomes of those that the rules allow and recommend, and that clients can tell apart at once.
    pub outcomes: usize,
    /// The outcomes that were seen.
    pub seen: usize,
    /// The races that ran and have several outcomes.
    pub open: usize,
    /// Those of them of which every outcome was seen.
    pub open_seen: usize,
}

impl RaceTally {
    /// Before anything has run. None if the races are not among what is to run.
    #[must_use]
    pub fn new(suites: &[Made]) -> Option<Self> {
        let suite = suites.iter().find(|made| made.suite.name == SUITE)?;
        let scenarios: Vec<_> = suite.all.iter().map(|case| (**case).clone()).collect();
        let mut spots: HashMap<String, Vec<RaceSpot>> = HashMap::new();
        let mut races = BTreeSet::new();
        for spot in race_spots(&scenarios) {
            races.insert(spot.race);
            spots.entry(spot.scenario.clone()).or_default().push(spot);
        }
        Some(Self { spots, races, met: BTreeMap::new() })
    }

    /// Looks at what was seen in a case. Only where all was legal is it known which outcome it was.
    pub fn take(&mut self, result: &CaseResult) {
        let Some(spots) = self.spots.get(&result.case.id) else { return };
        if result.judgement.verdict != Verdict::Pass {
            return;
        }
        let race = |phase: usize| spots.iter().find(|spot| spot.phase == phase).map(|spot| spot.race);
        for phase in outcomes(&result.trace, |phase| race(phase).is_some()) {
            if let (Some(race), Some(allowed)) = (race(phase.phase), phase.allowed) {
                let met = self.met.entry(race).or_default();
                met.allowed.extend(allowed);
                met.seen.insert(phase.seen);
            }
        }
    }

    /// The sum.
    #[must_use]
    pub fn share(&self) -> RaceShare {
        // A target may do what is not recommended, and is not allowed for here.
        let seen = |met: &Met| met.seen.intersection(&met.allowed).count();
        let open = || self.met.values().filter(|met| met.allowed.len() > 1);
        RaceShare {
            races: self.races.len(),
            raced: self.met.len(),
            outcomes: self.met.values().map(|met| met.allowed.len()).sum(),
            seen: self.met.values().map(seen).sum(),
            open: open().count(),
            open_seen: open().filter(|met| seen(met) == met.allowed.len()).count(),
        }
    }
}
