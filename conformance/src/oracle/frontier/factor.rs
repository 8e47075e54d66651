//! The set of states in which a server may be, in one part of a trace, taken from record to record.

use glare_model::room::Directory;

use super::{
    super::{Violation, story::Story},
    closure::{Goal, Moment, Search, TooMany},
    explain::Mode,
    objection::{Ground, Objection, merge},
    script::{MarkKind, Script, Slot, count},
    state::State,
    statistics::Statistics,
    words::Words,
};
use crate::limits::{FRONTIER_REPAIRS_MAX, FRONTIER_STATES_MAX};

/// One part of a trace with the states that explain it so far.
#[derive(Clone, Debug)]
pub(super) struct Factor {
    pub(super) script: Script,
    pub(super) position: Position,
    /// What has been reported.
    reported: Vec<Objection>,
    pub(super) statistics: Statistics,
}

/// How far a trace has been explained.
#[derive(Clone, Debug)]
pub(super) struct Position {
    /// The set of states.
    pub(super) states: Vec<State>,
    /// How many items of each connection were sent.
    pub(super) sent: Vec<u32>,
    /// Marks that were passed.
    pub(super) marks: usize,
}

/// What became of a phase.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// Some states explain it; the cheapest of them with these objections, all to what is only recommended or only late.
    Explained(Vec<Violation>),
    /// None does without a broken clause.
    Unexplained(Vec<Violation>),
    /// A bound was reached.
    TooMany(&'static str),
}

/// Why a position could not be taken further.
pub(super) enum Stop {
    /// At this mark, which nothing explains.
    Dead,
    Bound(&'static str),
}

impl Position {
    /// Before the first record. Where rooms have hosts, it matters who joined first.
    fn new(script: &Script) -> Self {
        Self { states: vec![State::new(script.has_hosts(), script.has_several_rooms())], sent: Vec::new(), marks: 0 }
    }
}

impl Factor {
    pub(super) fn new(script: Script) -> Self {
        Self { position: Position::new(&script), script, reported: Vec::new(), statistics: Statistics::default() }
    }

    /// Explains a phase, the marks of which are all there.
    pub(super) fn advance(&mut self, story: &Story, phase: usize) -> Outcome {
        let start = self.position.clone();
        match self.pass(phase, Mode::Strict) {
            Ok(()) => Outcome::Explained(self.remarks(story)),
            Err(Stop::Bound(bound)) => Outcome::TooMany(bound),
            Err(Stop::Dead) => {
                self.position = start.clone();
                let repaired = self.pass(phase, Mode::Lenient);
                let cheapest = self.position.states.iter().min_by_key(|state| state.cost);
                let objections = match (repaired, cheapest) {
                    (Ok(()), Some(state)) => self.fresh(state),
                    _ => Vec::new(),
                };
                Outcome::Unexplained(self.violations(story, &start, phase, &objections))
            }
        }
    }

    /// Explains a phase, and says no more than whether that was possible.
    pub(super) fn explain(&mut self, phase: usize) -> bool {
        self.pass(phase, Mode::Strict).is_ok()
    }

    /// Takes the states through the marks of a phase.
    fn pass(&mut self, phase: usize, mode: Mode) -> Result<(), Stop> {
        while let Some(mark) = self.script.marks.get(self.position.marks).copied() {
            match mark.what {
                MarkKind::Opened(slot) => {
                    self.position.sent.resize(usize::from(slot) + 1, 0);
                    self.position.states.iter_mut().for_each(|state| state.connect(slot));
                }
                MarkKind::Sent(slot) => self.position.sent[usize::from(slot)] += 1,
                MarkKind::Seen(slot, number) => self.pursue(Goal::Seen(slot, number), phase, mark.at, mode)?,
                MarkKind::Answered(slot, number) => self.pursue(Goal::Served(slot, number), phase, mark.at, mode)?,
                MarkKind::PhaseEnd => self.settle(phase, mark.at, mode)?,
            }
            self.statistics.record(self.position.states.len());
            self.position.marks += 1;
            if matches!(mark.what, MarkKind::PhaseEnd) {
                break;
            }
        }
        Ok(())
    }

    fn pursue(&mut self, goal: Goal, phase: usize, at: usize, mode: Mode) -> Result<(), Stop> {
        let states = std::mem::take(&mut self.position.states);
        self.position.states = self.search(states, goal, Moment { phase, at, settles: None }, mode)?;
        Ok(())
    }

    pub(super) fn search(
        &mut self,
        states: Vec<State>,
        goal: Goal,
        moment: Moment,
        mode: Mode,
    ) -> Result<Vec<State>, Stop> {
        let mut found = match self.at(moment).pursue(states, goal, mode) {
            Ok(found) => found,
            Err(TooMany) => return Err(Stop::Bound("FRONTIER_STEPS_MAX, steps of the model for one record")),
        };
        self.statistics.search(found.steps);
        if mode == Mode::Lenient {
            found.states.sort_by_key(|state| state.cost);
            found.states.truncate(FRONTIER_REPAIRS_MAX);
        }
        match found.states.len() {
            0 => Err(Stop::Dead),
            FRONTIER_STATES_MAX.. => Err(Stop::Bound("FRONTIER_STATES_MAX, states that explain a trace so far")),
            _ => Ok(found.states),
        }
    }

    fn at(&self, moment: Moment) -> Search<'_> {
        Search { script: &self.script, sent: &self.position.sent, moment }
    }

    /// What the cheapest state objects to and was not reported yet.
    fn remarks(&mut self, story: &Story) -> Vec<Violation> {
        let Some(best) = self.position.states.iter().min_by_key(|state| state.cost) else { return Vec::new() };
        let fresh = self.fresh(best);
        let words = Words { script: &self.script, story };
        let violations = fresh.iter().map(|objection| words.violation(objection, &[])).collect();
        self.reported.extend(fresh);
        violations
    }

    fn fresh(&self, state: &State) -> Vec<Objection> {
        state.objections.iter().filter(|objection| !self.reported.contains(objection)).cloned().collect()
    }

    fn violations(&self, story: &Story, start: &Position, phase: usize, objections: &[Objection]) -> Vec<Violation> {
        let words = Words { script: &self.script, story };
        let merged = merge(&self.script, objections);
        let say = |objection: &Objection| {
            let allowed = match objection.ground {
                Ground::Unasked { at, sighting, .. } => self.allowed(story, start, phase, at, sighting),
                _ => Vec::new(),
            };
            words.violation(objection, &allowed)
        };
        merged.iter().map(say).collect()
    }

    /// What could have come on a connection in the place of a sighting, by the last set of states that was not empty.
    fn allowed(&self, story: &Story, start: &Position, phase: usize, slot: Slot, sighting: u32) -> Vec<String> {
        let at = self.script.lines[usize::from(slot)].sightings[sighting as usize].at;
        let mut past = Self::new(self.script.before(at));
        past.position = start.clone();
        past.position.states.iter_mut().for_each(|state| past.script.cut(state));
        // What nothing explains may have come before this phase began.
        for (sent, line) in past.position.sent.iter_mut().zip(&past.script.lines) {
            *sent = (*sent).min(count(line.items.len()));
        }
        match past.pass(phase, Mode::Strict) {
            Ok(()) => {}
            Err(Stop::Dead | Stop::Bound(_)) => return Vec::new(),
        }
        let search = past.at(Moment { phase, at, settles: None });
        let words = Words { script: &past.script, story };
        let messages = search.next_messages(&past.position.states, slot);
        let mut allowed: Vec<_> = messages.iter().map(|message| words.message(message)).collect();
        allowed.sort();
        allowed
    }
}
