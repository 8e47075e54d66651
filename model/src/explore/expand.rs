//! Expands packed states: each move of a part in a surrounding is computed once and remembered as a difference of keys.

use std::sync::{Arc, PoisonError, RwLock};

use super::{
    Space,
    hash::KeyMap,
    key::{Key, Layout},
    store::{PartInfo, Store},
};
use crate::world::{Facts, Overflow};

/// Ranks of actions are below this.
const RANKS: usize = 8;

/// A move of one part in one surrounding.
#[derive(Clone, Copy)]
struct Move<K> {
    /// What it changes in the key: its own part, and the rest.
    change: K,
    facts: Facts,
    /// What it does to other parts, as a range of [`Expander::effects`].
    effects: (u32, u32),
}

/// The moves of one part in one surrounding: a range of [`Expander::moves`] for each rank.
#[derive(Clone, Copy)]
struct Row {
    start: u32,
    ends: [u8; RANKS],
}

/// A thread's own memory of moves.
pub(super) struct Expander<S: Space, K> {
    space: Arc<S>,
    store: Arc<RwLock<Store<S>>>,
    layout: Layout,
    /// Copies of the store's, as far as this thread has needed them.
    infos: Vec<Vec<PartInfo>>,
    /// By a key of outlines and rest: the surrounding's number.
    surroundings: KeyMap<K>,
    /// What a state of a surrounding shows where it need not be looked at as a whole; unknown until there is one.
    shown: Vec<Option<Facts>>,
    /// By part and surrounding: a row.
    rows_of: Vec<KeyMap<u64>>,
    rows: Vec<Row>,
    moves: Vec<Move<K>>,
    /// Which part's outline becomes which.
    effects: Vec<(u8, u32)>,
    /// By part and its outline afterwards: the part afterwards.
    received: Vec<KeyMap<u64>>,
    ranks: usize,
}

/// What somebody noticed while states were expanded.
pub(super) struct Event {
    /// The state, as a place in the batch.
    pub(super) source: u32,
    /// The edge, or none if the state itself shows it.
    pub(super) edge: Option<u8>,
    pub(super) facts: Facts,
}

/// The successors of a run of states.
pub(super) struct Successors<K> {
    /// All, in order.
    pub(super) keys: Vec<K>,
    /// How many each state has.
    pub(super) degrees: Vec<u8>,
    pub(super) events: Vec<Event>,
}

impl<K> Default for Successors<K> {
    fn default() -> Self {
        Self { keys: Vec::new(), degrees: Vec::new(), events: Vec::new() }
    }
}

impl<S: Space, K: Key> Expander<S, K> {
    pub(super) fn new(space: Arc<S>, store: Arc<RwLock<Store<S>>>, layout: Layout) -> Self {
        let maps = || (0..layout.parts).map(|_| KeyMap::new()).collect();
        Self {
            space,
            store,
            layout,
            infos: vec![Vec::new(); layout.parts],
            surroundings: KeyMap::new(),
            shown: Vec::new(),
            rows_of: maps(),
            rows: Vec::new(),
            moves: Vec::new(),
            effects: Vec::new(),
            received: maps(),
            ranks: 1,
        }
    }

    /// Appends the successors of a run of states. Facts in `seen` (of states, of transitions) are no news.
    pub(super) fn expand(
        &mut self,
        states: &[K],
        first: u32,
        seen: &[Facts; 2],
        out: &mut Successors<K>,
    ) -> Result<(), Overflow> {
        for (source, state) in (first..).zip(states) {
            self.expand_one(*state, source, seen, out)?;
        }
        Ok(())
    }

    fn expand_one(
        &mut self,
        state: K,
        source: u32,
        seen: &[Facts; 2],
        out: &mut Successors<K>,
    ) -> Result<(), Overflow> {
        let parts = self.layout.parts;
        let (surrounding, is_whole) = self.surrounding(state);
        let shown = self.show(state, surrounding, is_whole);
        if !shown.without(seen[0]).is_empty() {
            out.events.push(Event { source, edge: None, facts: shown });
        }
        let mut rows = [Row { start: 0, ends: [0; RANKS] }; 8];
        for (place, row) in rows.iter_mut().enumerate().take(parts) {
            let part = self.layout.part(state, place);
            *row = match self.rows_of[place].get(pair(part, surrounding)) {
                Some(row) => self.rows[row as usize],
                None => self.learn(state, place, surrounding)?,
            };
        }
        let first = out.keys.len();
        for rank in 0..self.ranks {
            for row in &rows[..parts] {
                let begin = if rank == 0 { 0 } else { row.ends[rank - 1] };
                for place in u32::from(begin)..u32::from(row.ends[rank]) {
                    self.follow(state, row.start + place, (source, first), seen, out)?;
                }
            }
        }
        let degree = u8::try_from(out.keys.len() - first).map_err(|_| Overflow::Explorer("successors of one state"))?;
        out.degrees.push(degree);
        Ok(())
    }

    /// Makes one move. The state's edges begin at `first` in `out`.
    #[inline]
    fn follow(
        &mut self,
        state: K,
        number: u32,
        (source, first): (u32, usize),
        seen: &[Facts; 2],
        out: &mut Successors<K>,
    ) -> Result<(), Overflow> {
        let step = self.moves[number as usize];
        let mut next = state ^ step.change;
        for effect in step.effects.0..step.effects.1 {
            next = self.affect(next, effect)?;
        }
        if !step.facts.without(seen[1]).is_empty() {
            let edge = Some((out.keys.len() - first) as u8);
            out.events.push(Event { source, edge, facts: step.facts });
        }
        out.keys.push(next);
        Ok(())
    }

    /// The number of a state's surrounding, and whether the state has to be looked at as a whole.
    #[inline]
    fn surrounding(&mut self, state: K) -> (u32, bool) {
        let (mut is_at_rest, mut showing_more) = (true, 0);
        let mut key = self.layout.field::<K>(self.layout.rest(state), self.layout.parts);
        for place in 0..self.layout.parts {
            let part = self.layout.part(state, place) as usize;
            if part >= self.infos[place].len() {
                self.catch_up(place);
            }
            let info = self.infos[place][part];
            is_at_rest &= info.is_at_rest;
            showing_more += u32::from(info.shows_more);
            key = key ^ self.layout.field(info.outline, place);
        }
        let number = self.surroundings.get(key).unwrap_or_else(|| {
            let number = self.shown.len() as u32;
            self.surroundings.insert(key, number);
            self.shown.push(None);
            number
        });
        (number, is_at_rest || showing_more > 1)
    }

    #[cold]
    fn catch_up(&mut self, place: usize) {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let known = self.infos[place].len();
        self.infos[place].extend_from_slice(&store.infos(place)[known..]);
    }

    #[inline]
    fn show(&mut self, state: K, surrounding: u32, is_whole: bool) -> Facts {
        match self.shown[surrounding as usize] {
            Some(shown) if !is_whole => shown,
            _ => self.judge(state, surrounding, is_whole),
        }
    }

    #[cold]
    fn judge(&mut self, state: K, surrounding: u32, is_whole: bool) -> Facts {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let shown = self.space.judge(&store.unpack(&*self.space, state));
        if !is_whole {
            self.shown[surrounding as usize] = Some(shown);
        }
        shown
    }

    #[inline]
    fn affect(&mut self, state: K, effect: u32) -> Result<K, Overflow> {
        let (place, after) = self.effects[effect as usize];
        let place = usize::from(place);
        let part = self.layout.part(state, place);
        let next = match self.received[place].get(pair(part, after)) {
            Some(next) => next,
            None => self.receive(place, part, after)?,
        };
        Ok(state ^ self.layout.field(part ^ next, place))
    }

    #[cold]
    fn receive(&mut self, place: usize, part: u32, after: u32) -> Result<u32, Overflow> {
        let (before, outline) = {
            let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(store.parts[place].get(part)), Arc::clone(store.parts[place].get(after)))
        };
        let next = self.space.receive(&before, &outline)?;
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let next = store.intern_part(&*self.space, place, next)?;
        self.received[place].insert(pair(part, after), next);
        Ok(next)
    }

    /// Computes the moves of a part by the one transition function, with outlines in place of the other parts.
    #[cold]
    fn learn(&mut self, state: K, owner: usize, surrounding: u32) -> Result<Row, Overflow> {
        let layout = self.layout;
        let outlined = (0..layout.parts).filter(|place| *place != owner).fold(state, |key, place| {
            let part = layout.part(key, place);
            key ^ layout.field(part ^ self.infos[place][part as usize].outline, place)
        });
        let before = self.store.read().unwrap_or_else(PoisonError::into_inner).unpack(&*self.space, outlined);
        let actions = self.space.ordered_actions(&before);
        let mut row = Row { start: self.moves.len() as u32, ends: [0; RANKS] };
        for action in actions.into_iter().filter(|action| self.space.owner(*action) == owner) {
            let (after, facts) = self.space.step(&before, action)?;
            let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
            let after = store.repack(&*self.space, (outlined, &before), &after)?;
            drop(store);
            let difference = outlined ^ after;
            let own = layout.part(difference, owner);
            let change = layout.field::<K>(own, owner) ^ layout.field(layout.rest(difference), layout.parts);
            let start = self.effects.len() as u32;
            let is_changed = |place: &usize| *place != owner && layout.part(difference, *place) != 0;
            for place in (0..layout.parts).filter(is_changed) {
                self.effects.push((place as u8, layout.part(after, place)));
            }
            self.moves.push(Move { change, facts, effects: (start, self.effects.len() as u32) });
            let rank = self.space.rank(action);
            assert!(rank < RANKS, "ranks are below {RANKS}");
            self.ranks = self.ranks.max(rank + 1);
            let count = u8::try_from(self.moves.len() as u32 - row.start)
                .map_err(|_| Overflow::Explorer("successors of one state"))?;
            row.ends[rank..].fill(count);
        }
        self.rows_of[owner].insert(pair(layout.part(state, owner), surrounding), self.rows.len() as u32);
        self.rows.push(row);
        Ok(row)
    }

    /// What this thread's memory takes.
    pub(super) fn bytes(&self) -> usize {
        let maps = self.rows_of.iter().chain(&self.received).map(KeyMap::bytes).sum::<usize>();
        maps + self.surroundings.bytes()
            + self.moves.len() * size_of::<Move<K>>()
            + self.rows.len() * size_of::<Row>()
            + self.effects.len() * size_of::<(u8, u32)>()
    }

    /// How many surroundings and rows this thread knows.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.shown.len(), self.rows.len())
    }
}

fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}
