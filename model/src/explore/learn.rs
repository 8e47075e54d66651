//! Computes what is not remembered yet, by the one transition function.

use std::sync::{Arc, PoisonError, RwLock};

use super::{
    Space,
    key::{Key, Layout, Pair},
    memo::{Effect, Memo, Move, RANKS},
    store::Store,
};
use crate::world::Overflow;

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

/// Fills a shard.
pub(super) struct Learner<S: Space, K> {
    space: Arc<S>,
    store: Arc<RwLock<Store<S>>>,
    layout: Layout,
    moves: Vec<Move<K>>,
}

impl<S: Space, K: Key> Learner<S, K> {
    pub(super) fn new(space: Arc<S>, store: Arc<RwLock<Store<S>>>, layout: Layout) -> Self {
        Self { space, store, layout, moves: Vec::new() }
    }

    pub(super) fn learn(&mut self, misses: &Misses<K>, memo: &mut Memo<K>) -> Result<(), Overflow> {
        for &(place, key) in &misses.rows {
            if memo.rows[usize::from(place)].get(key).is_none() {
                self.learn_row(usize::from(place), key, memo)?;
            }
        }
        for &(key, state) in &misses.shown {
            if memo.shown.get(key).is_none() {
                let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
                let shown = self.space.judge(&store.unpack(&*self.space, state));
                let number = memo.number_of(shown)?;
                memo.shown.insert(key, number.into());
            }
        }
        for &(place, pair) in &misses.received {
            if memo.received[usize::from(place)].get(pair).is_none() {
                let next = self.receive(usize::from(place), pair)?;
                memo.received[usize::from(place)].insert(pair, next);
            }
        }
        Ok(())
    }

    /// Computes the moves of a part among the outlines that it heeds; those that it does not heed are the initial ones.
    fn learn_row(&mut self, owner: usize, key: K, memo: &mut Memo<K>) -> Result<(), Overflow> {
        let layout = self.layout;
        let (heeds, outlined, before) = {
            let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
            let heeds = store.infos(owner)[layout.part(key, owner) as usize].heeds;
            let is_unheeded = |place: &usize| *place != owner && heeds & 1 << place == 0;
            let outlined = (0..layout.parts)
                .filter(is_unheeded)
                .fold(key, |key, place| key ^ layout.field(store.infos(place)[0].outline, place));
            (heeds, outlined, store.unpack(&*self.space, outlined))
        };
        self.moves.clear();
        let mut ends = [0; RANKS];
        let actions = self.space.ordered_actions(&before);
        for action in actions.into_iter().filter(|action| self.space.owner(*action) == owner) {
            let (after, facts) = self.space.step(&before, action)?;
            let after = {
                let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
                store.repack(&*self.space, (outlined, &before), &after)?
            };
            let difference = outlined ^ after;
            let change = difference & (layout.mask::<K>(0) ^ layout.whole(owner));
            let mut effects = Vec::new();
            for place in (0..layout.parts).filter(|place| *place != owner && layout.part(difference, *place) != 0) {
                assert!(heeds & 1 << place != 0, "{action:?} changes a part that its owner does not heed");
                effects.push(Effect { place: place as u8, after: layout.part(after, place) });
            }
            self.moves.push(memo.pack_move(change, facts, &effects)?);
            let rank = self.space.rank(action);
            assert!(rank < RANKS, "ranks are below {RANKS}");
            memo.ranks = memo.ranks.max(rank + 1);
            let count = u8::try_from(self.moves.len()).map_err(|_| Overflow::Explorer("successors of one state"))?;
            ends[rank..].fill(count);
        }
        memo.add_row(owner, key, &self.moves, ends);
        Ok(())
    }

    fn receive(&self, place: usize, Pair(part, after): Pair) -> Result<u32, Overflow> {
        let (before, outline) = {
            let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
            (Arc::clone(store.parts[place].get(part)), Arc::clone(store.parts[place].get(after)))
        };
        let next = self.space.receive(&before, &outline)?;
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.intern_part(&*self.space, place, next)
    }
}
