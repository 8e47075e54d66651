//! Computes what is not remembered yet, by the one transition function.
//!
//! That takes three steps, so that threads need not wait for each other at every part. *Learn*: each thread steps states
//! and looks up what became of their parts, while nobody writes to the [`Store`]. *Intern*: one thread adds the parts that
//! nobody had seen. *Settle*: each thread writes what led to them to its shard of the [`Memo`].

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Space,
    hash::WordHash,
    key::{Key, Layout, Pair},
    memo::{Effect, Memo, Move, RANKS},
    store::Store,
};
use crate::world::{Facts, Overflow};

/// What was looked for in a shard and not found. The same may be in it more than once.
pub(super) struct Misses<K> {
    /// Moves: of which place, and the part among others.
    pub(super) rows: Vec<(u8, K)>,
    /// What states show: the rest and the outlines, and a state.
    pub(super) shown: Vec<(K, K)>,
    /// What becomes of a part: of which place, the part and its outline afterwards.
    pub(super) received: Vec<(u8, Pair)>,
}

impl<K> Default for Misses<K> {
    fn default() -> Self {
        Self { rows: Vec::new(), shown: Vec::new(), received: Vec::new() }
    }
}

impl<K> Misses<K> {
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.shown.clear();
        self.received.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.shown.is_empty() && self.received.is_empty()
    }
}

/// Rests and parts that one thread met and the store does not have, and their numbers once it has.
pub(super) struct Unknown<S: Space> {
    rests: Vec<S::Rest>,
    parts: Vec<(usize, S::Part)>,
    rest_numbers: Vec<u32>,
    part_numbers: Vec<u32>,
}

impl<S: Space> Default for Unknown<S> {
    fn default() -> Self {
        Self { rests: Vec::new(), parts: Vec::new(), rest_numbers: Vec::new(), part_numbers: Vec::new() }
    }
}

impl<S: Space> Unknown<S> {
    pub(super) fn is_empty(&self) -> bool {
        self.rests.is_empty() && self.parts.is_empty()
    }

    /// Adds them to the store.
    pub(super) fn intern(&mut self, space: &S, store: &mut Store<S>) -> Result<(), Overflow> {
        self.rest_numbers = self.rests.drain(..).map(|rest| store.intern_rest(rest)).collect::<Result<_, _>>()?;
        let parts = self.parts.drain(..).map(|(place, part)| store.intern_part(space, place, part));
        self.part_numbers = parts.collect::<Result<_, _>>()?;
        Ok(())
    }
}

/// What an action of a part came to.
struct Outcome<K> {
    /// The state afterwards, without what is unknown of it.
    after: K,
    facts: Facts,
    rank: usize,
    /// Places, the rest's included, and where in [`Unknown`] what is there is.
    unknown: Vec<(usize, u32)>,
}

/// What will be remembered as soon as all parts in it have numbers.
enum Draft<K> {
    Row(DraftRow<K>),
    Received { place: usize, pair: Pair, part: u32 },
}

struct DraftRow<K> {
    owner: usize,
    key: K,
    /// The state that was stepped: the outlines around the part.
    outlined: K,
    heeds: u8,
    outcomes: Vec<Outcome<K>>,
}

/// Fills a shard.
pub(super) struct Learner<S: Space, K> {
    space: Arc<S>,
    store: Arc<RwLock<Store<S>>>,
    layout: Layout,
    drafts: Vec<Draft<K>>,
    /// The keys of the rows among them.
    drafted: HashSet<(u8, K), WordHash>,
    moves: Vec<Move<K>>,
}

impl<S: Space, K: Key> Learner<S, K> {
    pub(super) fn new(space: Arc<S>, store: Arc<RwLock<Store<S>>>, layout: Layout) -> Self {
        let (drafts, drafted, moves) = (Vec::new(), HashSet::default(), Vec::new());
        Self { space, store, layout, drafts, drafted, moves }
    }

    /// Learns what is missing in a shard. Some of it may have to be settled.
    pub(super) fn learn(
        &mut self,
        misses: &Misses<K>,
        memo: &mut Memo<K>,
        unknown: &mut Unknown<S>,
    ) -> Result<(), Overflow> {
        let store = Arc::clone(&self.store);
        let store = &*store.read().unwrap_or_else(PoisonError::into_inner);
        for &(place, key) in &misses.rows {
            if memo.rows[usize::from(place)].get(key).is_some() || self.drafted.contains(&(place, key)) {
                continue;
            }
            let row = self.step_row(place.into(), key, store, unknown)?;
            if row.outcomes.iter().all(|outcome| outcome.unknown.is_empty()) {
                self.remember(&row, memo)?;
            } else {
                self.drafted.insert((place, key));
                self.drafts.push(Draft::Row(row));
            }
        }
        for &(key, state) in &misses.shown {
            if memo.shown.get(key).is_none() {
                let number = memo.number_of(self.space.judge(&store.unpack(&*self.space, state)))?;
                memo.shown.insert(key, number.into());
            }
        }
        for &(place, pair) in &misses.received {
            let place = usize::from(place);
            if memo.received[place].get(pair).is_none() {
                let parts = &store.parts[place];
                let part = self.space.receive(parts.get(pair.0), parts.get(pair.1))?;
                match parts.find(&part) {
                    Some(number) => memo.received[place].insert(pair, number),
                    None => {
                        self.drafts.push(Draft::Received { place, pair, part: unknown.parts.len() as u32 });
                        unknown.parts.push((place, part));
                    }
                }
            }
        }
        Ok(())
    }

    /// Remembers what had to wait for numbers.
    pub(super) fn settle(&mut self, unknown: &mut Unknown<S>, memo: &mut Memo<K>) -> Result<(), Overflow> {
        self.drafted.clear();
        for draft in std::mem::take(&mut self.drafts) {
            match draft {
                Draft::Row(mut row) => {
                    for Outcome { after, unknown: places, .. } in &mut row.outcomes {
                        for (place, at) in places.drain(..) {
                            let is_rest = place == self.layout.parts;
                            let numbers = if is_rest { &unknown.rest_numbers } else { &unknown.part_numbers };
                            *after = *after ^ self.layout.field(numbers[at as usize], place);
                        }
                    }
                    self.remember(&row, memo)?;
                }
                Draft::Received { place, pair, part } => {
                    if memo.received[place].get(pair).is_none() {
                        memo.received[place].insert(pair, unknown.part_numbers[part as usize]);
                    }
                }
            }
        }
        unknown.rest_numbers.clear();
        unknown.part_numbers.clear();
        Ok(())
    }

    /// Steps a part among the outlines that it heeds; those that it does not heed are the initial ones.
    fn step_row(
        &self,
        owner: usize,
        key: K,
        store: &Store<S>,
        unknown: &mut Unknown<S>,
    ) -> Result<DraftRow<K>, Overflow> {
        let layout = self.layout;
        let heeds = store.infos(owner)[layout.part(key, owner) as usize].heeds;
        let is_unheeded = |place: &usize| *place != owner && heeds & 1 << place == 0;
        let outlined = (0..layout.parts)
            .filter(is_unheeded)
            .fold(key, |key, place| key ^ layout.field(store.infos(place)[0].outline, place));
        let before = store.unpack(&*self.space, outlined);
        let mut outcomes = Vec::new();
        let actions = self.space.ordered_actions(&before);
        for action in actions.into_iter().filter(|action| self.space.owner(*action) == owner) {
            let (next, facts) = self.space.step(&before, action)?;
            let rank = self.space.rank(action);
            let mut outcome = Outcome { after: outlined, facts, rank, unknown: Vec::new() };
            let rest = self.space.rest(&next);
            let known = layout.rest(outlined);
            if rest != **store.rests.get(known) {
                let number = store.rests.find(&rest).unwrap_or_else(|| {
                    outcome.unknown.push((layout.parts, unknown.rests.len() as u32));
                    unknown.rests.push(rest);
                    0
                });
                outcome.after = outcome.after ^ layout.field(known ^ number, layout.parts);
            }
            for place in (0..layout.parts).filter(|place| self.space.may_differ(&before, &next, *place)) {
                let part = self.space.part(&next, place);
                let number = store.parts[place].find(&part).unwrap_or_else(|| {
                    outcome.unknown.push((place, unknown.parts.len() as u32));
                    unknown.parts.push((place, part));
                    0
                });
                outcome.after = outcome.after ^ layout.field(layout.part(outlined, place) ^ number, place);
            }
            outcomes.push(outcome);
        }
        Ok(DraftRow { owner, key, outlined, heeds, outcomes })
    }

    fn remember(&mut self, row: &DraftRow<K>, memo: &mut Memo<K>) -> Result<(), Overflow> {
        let &DraftRow { owner, key, outlined, heeds, ref outcomes } = row;
        let layout = self.layout;
        self.moves.clear();
        let mut ends = [0; RANKS];
        for &Outcome { after, facts, rank, .. } in outcomes {
            let difference = outlined ^ after;
            let mut effects = Vec::new();
            for place in (0..layout.parts).filter(|place| *place != owner && layout.part(difference, *place) != 0) {
                assert!(heeds & 1 << place != 0, "a move changes a part that its owner does not heed");
                effects.push(Effect { place: place as u8, after: layout.part(after, place) });
            }
            let change = difference & (layout.mask::<K>(0) ^ layout.whole(owner));
            self.moves.push(memo.pack_move(change, facts, &effects)?);
            assert!(rank < RANKS, "ranks are below {RANKS}");
            memo.ranks = memo.ranks.max(rank + 1);
            let count = u8::try_from(self.moves.len()).map_err(|_| Overflow::Explorer("successors of one state"))?;
            ends[rank..].fill(count);
        }
        memo.add_row(owner, key, &self.moves, ends);
        Ok(())
    }
}
