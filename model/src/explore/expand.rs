//! Expands packed states: each move of a part among others is computed once and remembered as a difference of keys.
//!
//! A run of states goes through three passes, and each passes over many states before the next one begins: look up the
//! moves of all parts, make them, look up what becomes of the parts that they touch. So the memory accesses of a pass do
//! not wait for each other. What is not remembered yet is noted as missing, and the run goes on when it has been
//! [learned](super::learn).

use std::{
    hint::black_box,
    sync::{Arc, PoisonError, RwLock},
};

use super::{
    Space,
    hash::MapValue,
    key::{Key, Layout, Pair, shard_of},
    learn::Misses,
    memo::Row,
    run::{Event, News, Run, Successors},
    store::{PartInfo, Store},
};
use crate::world::Overflow;

/// How many lookups are made together, so that their memory accesses overlap.
const GROUP: usize = 64;

/// The most parts of a state.
const PARTS_MAX: usize = 7;

/// A row that was found, and the shard that it is in.
#[derive(Clone, Copy)]
struct Found {
    row: Row,
    shard: u8,
}

/// A key of [`Memo::rows`] that was not found, and where the row belongs.
struct Hole<K> {
    /// Among the states of the run, and the place in the state.
    at: (u32, u8),
    key: K,
}

/// A part of a successor that is not what it will be yet.
#[derive(Clone, Copy)]
struct Patch {
    /// Among the successors, and the place in the state.
    at: (u32, u8),
    pair: Pair,
}

/// How far a run of states has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begun,
    LookedUp,
    Followed,
}

/// One thread's expansion.
pub(super) struct Expander<S: Space, K> {
    space: Arc<S>,
    store: Arc<RwLock<Store<S>>>,
    layout: Layout,
    /// Copies of the store's, as far as this thread has needed them.
    infos: Vec<Vec<PartInfo>>,
    /// By the parts that are heeded, as bits: those parts and the rest.
    masks: Vec<K>,
    stage: Stage,
    /// The rows of the run, state by state.
    found: Vec<Found>,
    holes: Vec<Hole<K>>,
    /// States of which it is not known yet what they show, by their keys in [`Memo::shown`].
    unjudged: Vec<(u32, K)>,
    patches: Vec<Patch>,
    lookups: Lookups<K>,
    news: News,
}

/// A group's lookups: of rows, place by place of each state, and of what the states show.
struct Lookups<K> {
    rows: [(K, u64); GROUP * PARTS_MAX],
    shown: [(K, bool); GROUP],
}

impl<S: Space, K: Key> Expander<S, K> {
    pub(super) fn new(space: Arc<S>, store: Arc<RwLock<Store<S>>>, layout: Layout) -> Self {
        assert!(layout.parts <= PARTS_MAX, "states have at most {PARTS_MAX} parts");
        Self {
            space,
            store,
            layout,
            infos: vec![Vec::new(); layout.parts],
            masks: (0..1_u8 << layout.parts).map(|places| layout.mask(places)).collect(),
            stage: Stage::Begun,
            found: Vec::new(),
            holes: Vec::new(),
            unjudged: Vec::new(),
            patches: Vec::new(),
            lookups: Lookups { rows: [(K::default(), 0); GROUP * PARTS_MAX], shown: [(K::default(), false); GROUP] },
            news: News::default(),
        }
    }

    /// Expands a run of states as far as what is remembered allows. If it returns false, then what is missing has to be
    /// learned, and the same run be given again.
    pub(super) fn expand(&mut self, run: &Run<'_, K>, out: &mut Successors<K>) -> Result<bool, Overflow> {
        out.misses.iter_mut().for_each(Misses::clear);
        if self.stage == Stage::Begun {
            out.clear();
            self.look_up(run, out);
            self.stage = Stage::LookedUp;
            if out.is_missing() {
                return Ok(false);
            }
        }
        if self.stage == Stage::LookedUp {
            self.fill(run, out);
            self.follow(run, out)?;
            self.stage = Stage::Followed;
            if out.is_missing() {
                return Ok(false);
            }
        }
        self.patch(run, out);
        assert!(self.patches.is_empty() && !out.is_missing(), "all that was missing has been learned");
        out.events.sort_by_key(|event| (event.source, event.edge));
        self.stage = Stage::Begun;
        Ok(true)
    }

    /// Looks up the moves of all parts of all states, and what the states show.
    fn look_up(&mut self, run: &Run<'_, K>, out: &mut Successors<K>) {
        self.found.clear();
        let (parts, shards) = (self.layout.parts, run.memos.len());
        for (states, first) in run.states.chunks(GROUP).zip((0..).step_by(GROUP)) {
            let mut touched = false;
            for (at, state) in states.iter().enumerate() {
                self.outline(*state, at);
                for (place, (_, hash)) in self.lookups.rows[at * parts..][..parts].iter().enumerate() {
                    touched ^= run.memos[shard_of(*hash, shards)].rows[place].touch(*hash);
                }
            }
            black_box(touched);
            for (at, state) in states.iter().enumerate() {
                let number = first + at as u32;
                for (place, (key, hash)) in self.lookups.rows[at * parts..][..parts].iter().enumerate() {
                    let shard = shard_of(*hash, shards);
                    let row = run.memos[shard].rows[place].get_hashed(*key, *hash).unwrap_or_else(|| {
                        self.holes.push(Hole { at: (number, place as u8), key: *key });
                        out.misses[shard].rows.push((place as u8, *key));
                        Row::FREE
                    });
                    self.found.push(Found { row, shard: shard as u8 });
                }
                match self.lookups.shown[at] {
                    (_, true) => self.judge(*state, number, run, out),
                    (outlines, false) => self.show(*state, number, outlines, run, out),
                }
            }
        }
    }

    /// Finds the keys of a state's lookups.
    #[inline]
    fn outline(&mut self, state: K, at: usize) {
        let parts = self.layout.parts;
        let mut heeds = [0; PARTS_MAX];
        let (mut is_at_rest, mut showing_more) = (true, 0);
        let mut outlines = state & self.masks[0];
        for (place, heeds) in heeds.iter_mut().enumerate().take(parts) {
            let part = self.layout.part(state, place) as usize;
            if part >= self.infos[place].len() {
                self.catch_up(place);
            }
            let info = self.infos[place][part];
            is_at_rest &= info.is_at_rest;
            showing_more += u32::from(info.shows_more);
            *heeds = info.heeds;
            outlines = outlines ^ self.layout.field(info.outline, place);
        }
        for (place, heeds) in heeds.iter().enumerate().take(parts) {
            let own = state & self.layout.whole(place);
            let key = outlines & self.masks[usize::from(*heeds) & (self.masks.len() - 1)] ^ own;
            self.lookups.rows[at * parts + place] = (key, key.mix());
        }
        self.lookups.shown[at] = (outlines, is_at_rest || showing_more > 1);
    }

    #[cold]
    fn catch_up(&mut self, place: usize) {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let known = self.infos[place].len();
        self.infos[place].extend_from_slice(&store.infos(place)[known..]);
    }

    /// Notes what a state shows, if it is news.
    #[inline]
    fn show(&mut self, state: K, number: u32, outlines: K, run: &Run<'_, K>, out: &mut Successors<K>) {
        let hash = outlines.mix();
        let shard = shard_of(hash, run.memos.len());
        match run.memos[shard].shown.get_hashed(outlines, hash) {
            Some(facts) => out.notice(run, number, run.memos[shard].facts[facts as usize]),
            None => {
                self.unjudged.push((number, outlines));
                out.misses[shard].shown.push((outlines, state));
            }
        }
    }

    /// Looks at a state as a whole.
    fn judge(&mut self, state: K, number: u32, run: &Run<'_, K>, out: &mut Successors<K>) {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        let shown = self.space.judge(&store.unpack(&*self.space, state));
        out.notice(run, number, shown);
    }

    /// Looks up again what was missing.
    fn fill(&mut self, run: &Run<'_, K>, out: &mut Successors<K>) {
        for Hole { at: (number, place), key } in self.holes.drain(..) {
            let at = number as usize * self.layout.parts + usize::from(place);
            let memo = run.memos[usize::from(self.found[at].shard)];
            self.found[at].row = memo.rows[usize::from(place)].get(key).expect("it has been learned");
        }
        for (number, outlines) in self.unjudged.drain(..) {
            let memo = run.memos[shard_of(outlines.mix(), run.memos.len())];
            let facts = memo.shown.get(outlines).expect("it has been learned");
            out.notice(run, number, memo.facts[facts as usize]);
        }
    }

    /// Makes all moves of all states. Other parts than their owners' stay as they are for now.
    fn follow(&mut self, run: &Run<'_, K>, out: &mut Successors<K>) -> Result<(), Overflow> {
        let parts = self.layout.parts;
        let ranks = run.memos.iter().map(|memo| memo.ranks).max().unwrap_or(1);
        self.news.update(run);
        let found = std::mem::take(&mut self.found);
        for (group, number) in run.states.chunks(GROUP).zip((0..).step_by(GROUP)) {
            let rows = &found[number * parts..][..group.len() * parts];
            let touch = |found: &Found| {
                let moves = &run.memos[usize::from(found.shard)].moves;
                moves.get(found.row.start as usize).map_or(0, |step| step.facts)
            };
            black_box(rows.iter().fold(0, |touched, found| touched ^ touch(found)));
            for ((state, rows), source) in group.iter().zip(rows.chunks_exact(parts)).zip(run.first + number as u32..) {
                let first = out.keys.len();
                for rank in 0..ranks {
                    for Found { row, shard } in rows {
                        let begin = if rank == 0 { 0 } else { row.ends[rank - 1] };
                        let (memo, start) = (run.memos[usize::from(*shard)], row.start as usize);
                        let own = start + usize::from(begin)..start + usize::from(row.ends[rank]);
                        for step in &memo.moves[own] {
                            let at = out.keys.len() as u32;
                            memo.effects(step, |effect| {
                                let pair = Pair(self.layout.part(*state, effect.place.into()), effect.after);
                                self.patches.push(Patch { at: (at, effect.place), pair });
                            });
                            if self.news.shards[usize::from(*shard)][usize::from(step.facts)] {
                                let (edge, facts) =
                                    (Some((at - first as u32) as u8), memo.facts[usize::from(step.facts)]);
                                out.events.push(Event { source, edge, facts });
                            }
                            out.keys.push(*state ^ step.change);
                        }
                    }
                }
                let degree = u8::try_from(out.keys.len() - first);
                out.degrees.push(degree.map_err(|_| Overflow::Explorer("successors of one state"))?);
            }
        }
        self.found = found;
        self.patch(run, out);
        Ok(())
    }

    /// Turns the parts that moves have touched into what becomes of them. What is not known stays to be done.
    fn patch(&mut self, run: &Run<'_, K>, out: &mut Successors<K>) {
        let mut patches = std::mem::take(&mut self.patches);
        let mut unknown = 0;
        let mut done = 0;
        while done < patches.len() {
            let end = (done + GROUP).min(patches.len());
            let mut hashes = [0; GROUP];
            let mut touched = false;
            for (hash, Patch { at: (_, place), pair }) in hashes.iter_mut().zip(&patches[done..end]) {
                *hash = pair.mix();
                touched ^= run.memos[shard_of(*hash, run.memos.len())].received[usize::from(*place)].touch(*hash);
            }
            black_box(touched);
            for (hash, place) in hashes.iter().zip(done..end) {
                let patch = patches[place];
                let Patch { at: (at, place), pair } = patch;
                let shard = shard_of(*hash, run.memos.len());
                match run.memos[shard].received[usize::from(place)].get_hashed(pair, *hash) {
                    Some(next) => {
                        let key = &mut out.keys[at as usize];
                        *key = *key ^ self.layout.field(pair.0 ^ next, place.into());
                    }
                    None => {
                        out.misses[shard].received.push((place, pair));
                        patches[unknown] = patch;
                        unknown += 1;
                    }
                }
            }
            done = end;
        }
        patches.truncate(unknown);
        self.patches = patches;
    }
}
