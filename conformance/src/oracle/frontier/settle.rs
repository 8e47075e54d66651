//! The end of a phase. The ends of connections have no fence, so nothing but the clock says by when a server has to know of
//! them: whoever is there to be told of one was waited for, and has been told when the phase is over.

use glare_model::{
    requirement::{
        Level, RequirementId,
        ids::{ROOM_10, ROOM_13},
    },
    room::Directory,
};

use super::{
    closure::{Goal, Moment},
    explain::{Mode, missing},
    factor::{Factor, Stop},
    objection::{Ground, Objection},
    script::{Answer, Ask, Item, Message, Script, Slot, count},
    state::{FastSet, State},
};
use crate::trace::Ending;

/// The end of a connection.
struct End {
    slot: Slot,
    item: Item,
    number: u32,
    requirement: RequirementId,
    /// In words.
    what: &'static str,
}

impl Factor {
    /// Whether the marks of a phase so far explain everything but that somebody was not told of an end.
    pub(super) fn awaits_notice(mut self, phase: usize) -> bool {
        if !self.explain(phase) {
            return false;
        }
        let states = &self.position.states;
        let is_listed = |end: &End| states.iter().all(|state| self.is_still_listed(state, end));
        self.ends(phase).iter().any(is_listed)
            || matches!(self.settle(phase, usize::MAX, Mode::Strict), Err(Stop::Dead))
    }

    /// Sees to it that the server knows of the ends of this phase, in every state in which somebody has to be told.
    pub(super) fn settle(&mut self, phase: usize, at: usize, mode: Mode) -> Result<(), Stop> {
        for end in self.ends(phase) {
            self.settle_end(&end, phase, at, mode)?;
        }
        Ok(())
    }

    /// The ends of a phase.
    fn ends(&self, phase: usize) -> Vec<End> {
        let lines = self.script.lines.iter().enumerate();
        let ends = lines.filter_map(|(place, line)| {
            let number = line.items.iter().rposition(|item| item.is_end() && item.phase == phase)?;
            let item = line.items[number].clone();
            let (requirement, what) = match item.what {
                Ask::End(Ending::Noticed) => (ROOM_13, "its silence"),
                _ => (ROOM_10, "the end of its connection"),
            };
            let slot = Slot::try_from(place).expect("slots were numbered");
            Some(End { slot, item, number: count(number), requirement, what })
        });
        ends.collect()
    }

    fn settle_end(&mut self, end: &End, phase: usize, at: usize, mode: Mode) -> Result<(), Stop> {
        let recommended = end.requirement.level() == Level::Should;
        // That the server itself ended a connection without a reason is no matter of time.
        let is_own_fault = end.item.what == Ask::Ended { excused: false };
        // Whom the server threw out itself, it knows to be gone when the connection is.
        let is_own_doing = self.script.lines[usize::from(end.slot)].is_thrown_out(end.number) && mode == Mode::Strict;
        let mut settled = Vec::new();
        for state in std::mem::take(&mut self.position.states) {
            if !state.is_connected(end.slot) {
                settled.extend(self.with_nobody_untold(state, end, phase, mode));
                continue;
            }
            // Whoever asks is told for as long as the server does not know: there is nothing else to settle.
            if self.is_still_listed(&state, end) {
                if recommended || mode == Mode::Lenient {
                    settled.push(late(&self.script, state, end, phase, recommended));
                }
                continue;
            }
            let moment = Moment { phase, at, settles: Some(end.item.at) };
            let has_audience = self.has_audience(&state, end);
            let gone = match self.search(vec![state.clone()], Goal::Gone(end.slot), moment, mode) {
                Ok(found) => found,
                Err(Stop::Dead) => Vec::new(),
                Err(bound) => return Err(bound),
            };
            let may_be_late = (recommended || !has_audience) && !is_own_fault && !is_own_doing;
            let is_same = !gone.is_empty() && !self.is_missed(&state, end);
            settled.extend(gone);
            if may_be_late && !is_same {
                settled.push(late(&self.script, state, end, phase, recommended));
            }
        }
        if settled.is_empty() {
            return Err(Stop::Dead);
        }
        self.position.states = deduplicate(settled);
        Ok(())
    }

    /// A state in which the server knows of an end, if everybody who was there has been told.
    fn with_nobody_untold(&self, mut state: State, end: &End, phase: usize, mode: Mode) -> Option<State> {
        let untold = state.on_the_way.iter().filter(|(to, message)| {
            *message == Message::UserLeft(end.slot) && self.script.lines[usize::from(*to)].was_fenced_after(end.item.at)
        });
        let untold: Vec<_> = untold.cloned().collect();
        state.begin_step();
        for (to, message) in untold {
            let place = state.stand(to).seen;
            state.object(&self.script, missing(to, message, end.requirement, phase, place));
            if mode == Mode::Strict && end.requirement.level() == Level::Must {
                return None;
            }
        }
        Some(state)
    }

    /// Whether the last answer that a fellow member got after an end, where who is there has to be asked for, still lists it.
    fn is_still_listed(&self, state: &State, end: &End) -> bool {
        if !self.script.profile.dialect().asks_who_is_there() || !state.is_connected(end.slot) {
            return false;
        }
        let user = self.script.lines[usize::from(end.slot)].user;
        let rooms = state.rooms_of(end.slot);
        let mut members = rooms.iter().flat_map(|room| state.members(room)).filter(|member| **member != end.slot);
        members.any(|member| {
            let line = &self.script.lines[usize::from(*member)];
            let last = line.fences.last().map(|fence| &line.items[*fence as usize]);
            last.is_some_and(|fence| {
                fence.at > end.item.at && matches!(&fence.answer, Answer::Present(listed) if listed.contains(&user))
            })
        })
    }

    /// Whether it makes any difference from now on that a server knows of an end. That of a connection in no room, all of
    /// whose requests were served, makes none, and states that differ in it alone would double with every client that comes
    /// and goes.
    fn is_missed(&self, state: &State, end: &End) -> bool {
        self.script.profile.dialect().reaches_everybody()
            || !state.rooms_of(end.slot).is_empty()
            || state.stand(end.slot).served < end.number
    }

    /// Whether somebody would be told of an end, and was there to hear it.
    fn has_audience(&self, state: &State, end: &End) -> bool {
        let rooms = state.rooms_of(end.slot);
        let mut members = rooms.iter().flat_map(|room| state.members(room)).filter(|member| **member != end.slot);
        members.any(|member| self.script.lines[usize::from(*member)].was_fenced_after(end.item.at))
    }
}

impl Script {
    /// Forgets what a state knows of records that the script does not have.
    pub(super) fn cut(&self, state: &mut State) {
        for (line, stand) in self.lines.iter().zip(&mut state.stands) {
            stand.seen = stand.seen.min(count(line.sightings.len()));
            stand.served = stand.served.min(count(line.items.len()));
        }
    }
}

/// A state in which the server does not know of an end yet. A silent client may stay unnoticed for ever.
fn late(script: &Script, mut state: State, end: &End, phase: usize, recommended: bool) -> State {
    if recommended {
        let stand = state.stand_mut(end.slot);
        stand.served = stand.served.max(end.number + 1);
    }
    let ground = Ground::NotNoticed { slot: end.slot, ending: end.what };
    state.begin_step();
    state.object(script, Objection { requirement: end.requirement, phase, ground });
    state
}

/// One state of each kind: the cheapest.
fn deduplicate(mut states: Vec<State>) -> Vec<State> {
    states.sort_by_key(|state| state.cost);
    let mut known = FastSet::default();
    states.retain(|state| known.insert((state.stands.clone(), state.memberships())));
    states
}
