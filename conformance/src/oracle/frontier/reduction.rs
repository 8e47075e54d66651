//! Which steps a search may leave out, and which it may take without asking.

use glare_model::{message::SignalKind, room::Directory};

use super::{
    closure::{Goal, Search},
    explain::Mode,
    script::{Aim, Answer, Ask, Item, Line, Look, Room, Slot},
    state::{Stand, State},
};

impl Search<'_> {
    /// The state after a step that every explanation has to contain, moves nobody, and can as well come first; none if there
    /// is no such step.
    pub(super) fn forced(self, state: &State, mode: Mode) -> Option<State> {
        let slots = (0..state.stands.len()).map(|place| Slot::try_from(place).expect("slots were numbered"));
        slots.filter_map(|slot| self.forced_of(state, slot, mode)).next()
    }

    fn forced_of(self, state: &State, slot: Slot, mode: Mode) -> Option<State> {
        let line = &self.script.lines[usize::from(slot)];
        let number = state.stand(slot).served;
        let head = line.items.get(number as usize).filter(|_| number < self.sent[usize::from(slot)])?;
        if !state.is_connected(slot) || !self.may_be_forced(state, slot, head) {
            return None;
        }
        let mut courses = self.script.courses(state, slot, number + 1);
        let course = courses.pop().filter(|_| courses.is_empty())?;
        let next = self.explain(slot, course, Mode::Strict)?;
        // Where clauses may be broken, something that never arrived may have arrived as something else.
        let is_free = mode == Mode::Strict || next.cost == state.cost;
        (is_free && self.moves_nobody(state, &next, slot) && self.is_settled(state, &next, slot, head)).then_some(next)
    }

    /// Whether everybody is where they were, but for an outsider whose connection ends because it is refused.
    fn moves_nobody(self, before: &State, after: &State, slot: Slot) -> bool {
        let is_thrown_out = !after.is_connected(slot) && before.rooms_of(slot).is_empty();
        after.has_same_places(before, is_thrown_out.then_some(slot))
    }

    /// Whether it is worth trying.
    fn may_be_forced(self, state: &State, slot: Slot, head: &Item) -> bool {
        match &head.what {
            Ask::Fence => true,
            Ask::Leave { room: None } => state.rooms_of(slot).is_empty(),
            Ask::Leave { room: Some(room) } => !state.is_in(slot, room),
            Ask::Request { ack, .. } => *ack && head.answer == Answer::Refused,
            Ask::Signal { unclear, .. } => !unclear,
            Ask::Broken | Ask::End(_) | Ask::Ended { .. } => false,
        }
    }

    /// Whether the outcome of a step that moves nobody is the only one that the trace allows.
    fn is_settled(self, before: &State, after: &State, slot: Slot, head: &Item) -> bool {
        // What was passed over as free, an error, may be what another step sends.
        let passes_over = |(before, after): (&Stand, &Stand)| after.seen > before.seen + 1;
        if before.stands.iter().zip(&after.stands).any(passes_over) {
            return false;
        }
        let Ask::Signal { kind, signal, .. } = &head.what else { return before.cost == after.cost };
        let told = before.stand(slot).seen != after.stand(slot).seen;
        let Ok(aim) = signal else { return told };
        let copies = self.script.copies(slot, *kind, aim);
        let others =
            before.stands.iter().zip(&after.stands).enumerate().filter(|(place, _)| *place != usize::from(slot));
        let passed: u32 = others.map(|(_, (before, after))| after.seen - before.seen).sum();
        match (passed, copies.arrived) {
            // Nothing but this signal can have arrived so, and it passed no error that may yet be sent.
            (1, 1) => copies.sent == 1,
            // It never arrived, and could not be lost on the way, so it was refused whenever it was served.
            (0, 0) => (told || self.hears_no_error(slot, *kind, after)) && !self.may_be_lost(before, aim),
            _ => false,
        }
    }

    /// Whether no error of this kind reaches a connection any more, and none can be on its way.
    fn hears_no_error(self, slot: Slot, kind: SignalKind, state: &State) -> bool {
        let line = &self.script.lines[usize::from(slot)];
        if state.stand(slot).served >= line.vouched() {
            return false;
        }
        let ahead = &line.sightings[state.stand(slot).seen as usize..];
        let dialect = self.script.profile.dialect();
        let is_it = |look| matches!(look, Look::Error(named) if dialect.is_error_about(named, kind));
        !ahead.iter().any(|sighting| is_it(sighting.look))
    }

    /// Whether a signal to this target may be on its way for ever.
    fn may_be_lost(self, state: &State, aim: &Aim) -> bool {
        let mut targets = self.script.lines.iter().zip(&state.stands).filter(|(line, _)| line.user == aim.user);
        targets.any(|(line, stand)| stand.served >= line.vouched())
    }

    /// The connections whose steps may have to do with a goal: that of the goal, those that share a room with it now or
    /// ask for one that they share, those that signal to it or that it signals to, and so on.
    pub(super) fn involved(self, state: &State, goal: Goal) -> Vec<Slot> {
        let (Goal::Seen(first, _) | Goal::Served(first, _) | Goal::Gone(first)) = goal;
        let slots = || (0..state.stands.len()).map(|place| Slot::try_from(place).expect("slots were numbered"));
        let mut waiting: Vec<(Slot, Reach)> =
            slots().filter(|slot| self.can_act(state, *slot)).map(|slot| (slot, self.reach(state, slot))).collect();
        let mut all = self.reach(state, first);
        let mut involved = Vec::new();
        loop {
            let touches = |(slot, reach): &(Slot, Reach)| *slot == first || reach.touches(&all);
            let Some(place) = waiting.iter().position(touches) else { break };
            let (slot, reach) = waiting.swap_remove(place);
            all.rooms.extend(reach.rooms);
            all.users.extend(reach.users);
            all.targets.extend(reach.targets);
            involved.push(slot);
        }
        involved
    }

    fn can_act(self, state: &State, slot: Slot) -> bool {
        let line = &self.script.lines[usize::from(slot)];
        state.stand(slot).served < self.sent[usize::from(slot)]
            || (state.is_connected(slot) && (line.frozen_at.is_some() || line.is_thrown_out(state.stand(slot).served)))
    }

    fn reach(self, state: &State, slot: Slot) -> Reach {
        let line: &Line = &self.script.lines[usize::from(slot)];
        let waiting = &line.items[state.stand(slot).served as usize..self.sent[usize::from(slot)] as usize];
        let mut reach = Reach { rooms: state.rooms_of(slot), users: vec![line.user], targets: Vec::new() };
        for item in waiting {
            match &item.what {
                Ask::Request { room: Ok(room), .. } => reach.rooms.push(*room),
                Ask::Signal { signal: Ok(aim), .. } => reach.targets.push(aim.user),
                Ask::Request { .. } | Ask::Signal { .. } | Ask::Leave { .. } | Ask::Fence => {}
                Ask::Broken | Ask::End(_) | Ask::Ended { .. } => {}
            }
        }
        reach
    }
}

/// What a connection's waiting items may touch.
struct Reach {
    rooms: Vec<Room>,
    users: Vec<u32>,
    targets: Vec<u32>,
}

impl Reach {
    fn touches(&self, other: &Self) -> bool {
        let common = |one: &[u32], other: &[u32]| one.iter().any(|it| other.contains(it));
        common(&self.rooms, &other.rooms)
            || common(&self.targets, &other.users)
            || common(&self.users, &other.targets)
            || common(&self.targets, &other.targets)
    }
}
