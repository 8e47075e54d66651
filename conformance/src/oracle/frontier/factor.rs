//! The set of states in which a server may be, in one part of a trace, taken from record to record.

use glare_model::{
    requirement::{
        Level,
        ids::{ROOM_10, ROOM_13},
    },
    room::Directory,
};

use super::{
    super::{Violation, story::Story},
    closure::{Goal, Search, TooMany},
    explain::Mode,
    objection::{Ground, Objection, Words, merge},
    script::{Ask, Item, MarkKind, Script, Slot, count},
    state::State,
    statistics::Statistics,
};
use crate::{
    limits::{FRONTIER_REPAIRS_MAX, FRONTIER_STATES_MAX},
    trace::Ending,
};

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
enum Stop {
    /// At this mark, which nothing explains.
    Dead,
    Bound(&'static str),
}

impl Default for Position {
    fn default() -> Self {
        Self { states: vec![State::default()], sent: Vec::new(), marks: 0 }
    }
}

impl Factor {
    pub(super) fn new(script: Script) -> Self {
        Self { script, position: Position::default(), reported: Vec::new(), statistics: Statistics::default() }
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
                MarkKind::Seen(slot, number) => self.pursue(Goal::Seen(slot, number), phase, mode)?,
                MarkKind::Answered(slot, number) => self.pursue(Goal::Served(slot, number), phase, mode)?,
                MarkKind::PhaseEnd => self.settle(phase, mode)?,
            }
            self.statistics.record(self.position.states.len());
            self.position.marks += 1;
            if matches!(mark.what, MarkKind::PhaseEnd) {
                break;
            }
        }
        Ok(())
    }

    fn pursue(&mut self, goal: Goal, phase: usize, mode: Mode) -> Result<(), Stop> {
        let states = std::mem::take(&mut self.position.states);
        self.position.states = self.search(states, goal, phase, mode)?;
        Ok(())
    }

    fn search(&mut self, states: Vec<State>, goal: Goal, phase: usize, mode: Mode) -> Result<Vec<State>, Stop> {
        let search = Search { script: &self.script, sent: &self.position.sent, phase };
        let mut found = match search.pursue(states, goal, mode) {
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

    /// The phase is over. The ends of connections have no fence: whoever is still there was told of them in time, or the
    /// server is late. Where nobody is there to be told, it may learn of them later, and only the clock speaks against it.
    fn settle(&mut self, phase: usize, mode: Mode) -> Result<(), Stop> {
        for slot in (0..self.script.lines.len()).map(|place| Slot::try_from(place).expect("slots were numbered")) {
            let items = &self.script.lines[usize::from(slot)].items;
            let end = items.iter().rposition(|item| item.is_end() && item.phase == phase);
            let Some(item) = end.map(|place| (count(place), items[place].clone())) else { continue };
            if usize::try_from(item.0).is_ok_and(|number| number < self.position.sent[usize::from(slot)] as usize) {
                self.settle_end(slot, &item.1, item.0, phase, mode)?;
            }
        }
        Ok(())
    }

    fn settle_end(&mut self, slot: Slot, item: &Item, number: u32, phase: usize, mode: Mode) -> Result<(), Stop> {
        let (requirement, ending) = match item.what {
            Ask::End(Ending::Noticed) => (ROOM_13, "its silence"),
            _ => (ROOM_10, "the end of its connection"),
        };
        let recommended = requirement.level() == Level::Should;
        let states = std::mem::take(&mut self.position.states);
        let (open, mut done): (Vec<_>, Vec<_>) = states.into_iter().partition(|state| state.is_connected(slot));
        for state in open {
            let audience = self.has_audience(&state, slot, item.at);
            match self.search(vec![state.clone()], Goal::Gone(slot), phase, mode) {
                Ok(found) => done.extend(found),
                Err(Stop::Dead) => {}
                Err(bound) => return Err(bound),
            }
            // A connection that the server itself ended without a reason is its own matter.
            let own_fault = item.what == Ask::Ended { excused: false };
            if (recommended || !audience) && !own_fault {
                let mut late = state;
                if recommended {
                    late.stand_mut(slot).served = late.stand(slot).served.max(number + 1);
                }
                late.object(Objection { requirement, phase, ground: Ground::NotNoticed { slot, ending } });
                done.push(late);
            }
        }
        if done.is_empty() {
            return Err(Stop::Dead);
        }
        self.position.states = deduplicate(done);
        Ok(())
    }

    /// Whether somebody would be told of the end of a connection, and was there to hear it.
    fn has_audience(&self, state: &State, slot: Slot, at: usize) -> bool {
        let room = state.current(slot);
        let members = room.iter().flat_map(|room| state.members(room)).filter(|member| **member != slot);
        members.into_iter().any(|member| self.script.lines[usize::from(*member)].was_fenced_after(at))
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
                Ground::Unasked { at, sighting } => self.allowed(story, start, phase, at, sighting),
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
        match past.pass(phase, Mode::Strict) {
            Ok(()) => {}
            Err(Stop::Dead | Stop::Bound(_)) => return Vec::new(),
        }
        let search = Search { script: &past.script, sent: &past.position.sent, phase };
        let words = Words { script: &past.script, story };
        search.next_messages(&past.position.states, slot).iter().map(|message| words.message(message)).collect()
    }
}

/// One state of each kind: the cheapest.
fn deduplicate(mut states: Vec<State>) -> Vec<State> {
    states.sort_by_key(|state| state.cost);
    let mut known = std::collections::HashSet::new();
    states.retain(|state| known.insert(state.stands.clone()));
    states
}
