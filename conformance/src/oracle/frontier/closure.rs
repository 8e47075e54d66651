//! The search for the server's steps that explain one more record: from each state, by the steps that can have to do with
//! it, until the record is explained.
//!
//! Three things keep it small, and lose no explanation:
//! - **Steps wait until they are needed.** A state stays as it is until a record cannot be explained without a step.
//! - **Steps that cannot matter are not tried** ([`Search::involved`]). Connections that share no room and do not signal to
//!   each other do not touch each other's queues, so their order makes no difference.
//! - **Steps that have to come are taken at once, and in one order** ([`Search::forced`]). A signal of which the trace shows
//!   one copy sent and one arrived, a refusal that was seen, a fence: they move nobody, and nothing else can stand in
//!   their place, so every explanation can be rearranged to have them first.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, hash_map::Entry},
};

use glare_model::{
    requirement::{
        Level,
        ids::{CAP_HOST_CLOSE_01, CAP_HOST_TRANSFER_01, ERR_01, RELAY_01, RELAY_07, ROOM_07, ROOM_08},
    },
    room::Directory,
};

use super::{
    explain::Mode,
    objection::{Ground, Objection},
    script::{Look, Script, Slot, Unasked},
    state::{Cost, FastMap, State},
};
use crate::limits::FRONTIER_STEPS_MAX;

/// What has to be so in every state from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// The sighting with this number is explained.
    Seen(Slot, u32),
    /// The item with this number is served.
    Served(Slot, u32),
    /// The server knows that the connection is over.
    Gone(Slot),
}

/// More steps than [`FRONTIER_STEPS_MAX`] would have to be tried for one record.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooMany;

/// The search in one script at one record.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) script: &'a Script,
    /// How many items of each connection were sent so far.
    pub(super) sent: &'a [u32],
    pub(super) moment: Moment,
}

/// Where in a trace a search takes place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) phase: usize,
    /// The place of the record in the trace.
    pub(super) at: usize,
    /// The end of a connection, by its place in the trace, that everybody has to know of now.
    pub(super) settles: Option<usize>,
}

/// How much more than the cheapest an explanation may cost and still be followed: what is dearer now may be cheaper in the
/// end.
const COST_SLACK: u32 = 4;

impl Search<'_> {
    /// The states from which on a goal holds. In [`Mode::Strict`] all of them; in [`Mode::Lenient`] the cheapest.
    pub(super) fn pursue(self, from: Vec<State>, goal: Goal, mode: Mode) -> Result<Found, TooMany> {
        let mut found = Found::default();
        if from.iter().all(|state| self.holds(state, goal)) {
            found.states = from;
            return Ok(found);
        }
        let mut open: BTreeMap<Reverse<Cost>, Vec<State>> = BTreeMap::new();
        let mut known: FastMap<State, Cost> = FastMap::default();
        for state in from {
            open.entry(Reverse(state.cost)).or_default().push(state);
        }
        while let Some(mut cheapest) = open.last_entry() {
            let cost = cheapest.key().0;
            let state = cheapest.get_mut().pop();
            if cheapest.get().is_empty() {
                cheapest.remove();
            }
            let Some(state) = state else { continue };
            if mode == Mode::Lenient && found.is_dearer(cost) {
                break;
            }
            match known.entry(state) {
                Entry::Occupied(_) => continue,
                Entry::Vacant(place) => {
                    let state = place.key().clone();
                    place.insert(cost);
                    if self.holds(&state, goal) {
                        found.states.push(state);
                        continue;
                    }
                    found.steps += 1;
                    if found.steps > FRONTIER_STEPS_MAX {
                        return Err(TooMany);
                    }
                    for next in self.next(&state, goal, mode) {
                        open.entry(Reverse(next.cost)).or_default().push(next);
                    }
                }
            }
        }
        Ok(found)
    }

    fn holds(self, state: &State, goal: Goal) -> bool {
        match goal {
            Goal::Seen(slot, number) => {
                let free = self.script.lines[usize::from(slot)].sightings[number as usize].unasked == Unasked::Free;
                free || state.stand(slot).seen > number
            }
            Goal::Served(slot, number) => state.stand(slot).served > number,
            Goal::Gone(slot) => !state.is_connected(slot),
        }
    }

    /// The states that are one step away.
    fn next(self, state: &State, goal: Goal, mode: Mode) -> Vec<State> {
        if let Some(next) = self.forced(state, mode) {
            return vec![next];
        }
        let mut next = Vec::new();
        for slot in self.involved(state, goal) {
            next.extend(self.steps(state, slot, mode));
        }
        next.extend(self.pass_over(state, goal, mode));
        next
    }

    /// All steps for one connection.
    fn steps(self, state: &State, slot: Slot, mode: Mode) -> impl Iterator<Item = State> {
        let courses = self.script.courses(state, slot, self.sent[usize::from(slot)]);
        courses.into_iter().filter_map(move |course| self.explain(slot, course, mode))
    }

    /// The state that takes the sighting of the goal for one that nothing explains.
    fn pass_over(self, state: &State, goal: Goal, mode: Mode) -> Option<State> {
        let Goal::Seen(slot, number) = goal else { return None };
        let line = &self.script.lines[usize::from(slot)];
        let sighting = &line.sightings[number as usize];
        let skipped = &line.sightings[state.stand(slot).seen as usize..number as usize];
        let is_next = skipped.iter().all(|before| before.unasked == Unasked::Free);
        if !is_next || sighting.unasked == Unasked::Free {
            return None;
        }
        let told = self.script.clause_of_breach(state, slot, sighting, self.moment.phase);
        let requirement = told.unwrap_or(match (sighting.look, sighting.unasked) {
            (_, Unasked::Free | Unasked::Stray) => RELAY_07,
            (Look::Error(_), Unasked::Forbidden) => ERR_01,
            (Look::Signal { .. }, Unasked::Forbidden) => RELAY_01,
            (Look::Notice { left: true, .. }, Unasked::Forbidden) => ROOM_08,
            (Look::Notice { left: false, .. }, Unasked::Forbidden) => ROOM_07,
            (Look::RoomClosed, Unasked::Forbidden) => CAP_HOST_CLOSE_01,
            (Look::HostChanged { .. }, Unasked::Forbidden) => CAP_HOST_TRANSFER_01,
        });
        if mode == Mode::Strict && requirement.level() == Level::Must {
            return None;
        }
        let mut next = state.clone();
        next.stand_mut(slot).seen = number + 1;
        let ground = Ground::Unasked { at: slot, sighting: number, is_told: told.is_some() };
        next.begin_step();
        next.object(self.script, Objection { requirement, phase: self.moment.phase, ground });
        Some(next)
    }
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) states: Vec<State>,
    /// States from which a step was tried.
    pub(super) steps: usize,
}

impl Found {
    fn is_dearer(&self, cost: Cost) -> bool {
        self.states.iter().map(|state| state.cost.must).min().is_some_and(|least| cost.must > least + COST_SLACK)
    }
}
