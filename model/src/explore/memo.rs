//! What was computed once and is remembered: the moves of parts, what becomes of other parts, what states show.
//!
//! Each thread writes one shard of it, and reads all. Nothing is written while anybody reads: see [`super::search`].

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash},
};

use super::{
    hash::{Map, MapValue, WordHash},
    key::{Key, Pair},
};
use crate::world::{Facts, Overflow};

/// Ranks of actions are below this.
pub(super) const RANKS: usize = 4;

/// What a move does to other parts: it turns the outline of a part into another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Effect {
    pub(super) place: u8,
    /// The outline afterwards.
    pub(super) after: u32,
}

/// A move of one part among others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Move<K> {
    /// What it changes in the key: its own part, and the rest.
    pub(super) change: K,
    /// The only effect, or where the effects begin among all; see [`Memo::effects`].
    effect: u32,
    /// What it shows, as a number.
    pub(super) facts: u16,
    effects: u8,
    place: u8,
}

/// The moves of one part among others: those of each rank end at that many of all from `start` on.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) start: u32,
    pub(super) ends: [u8; RANKS],
}

impl MapValue for Row {
    const FREE: Self = Self { start: u32::MAX, ends: [0; RANKS] };

    fn is_free(self) -> bool {
        self.start == u32::MAX
    }
}

/// One shard of the memory.
pub(super) struct Memo<K> {
    /// By place: from a part, the outlines that it heeds, and the rest, to its moves.
    pub(super) rows: Vec<Map<K, Row>>,
    pub(super) moves: Vec<Move<K>>,
    effects: Vec<Effect>,
    /// By place: from a part and its outline afterwards to the part afterwards.
    pub(super) received: Vec<Map<Pair, u32>>,
    /// From the rest and all outlines to what a state shows that need not be looked at as a whole.
    pub(super) shown: Map<K, u32>,
    /// What states and moves show; few differ.
    pub(super) facts: Vec<Facts>,
    facts_numbers: HashMap<Facts, u16, WordHash>,
    /// Where a run of moves of some hash begins: many parts do the same. Of two runs of one hash only the first is found.
    runs: Map<u32, u32>,
    pub(super) ranks: usize,
}

impl<K: Key> Memo<K> {
    pub(super) fn new(parts: usize) -> Self {
        Self {
            rows: (0..parts).map(|_| Map::new()).collect(),
            moves: Vec::new(),
            effects: Vec::new(),
            received: (0..parts).map(|_| Map::new()).collect(),
            shown: Map::new(),
            facts: Vec::new(),
            facts_numbers: HashMap::default(),
            runs: Map::new(),
            ranks: 1,
        }
    }

    /// The effects of a move.
    #[inline]
    pub(super) fn effects(&self, step: &Move<K>, mut each: impl FnMut(Effect)) {
        match step.effects {
            0 => {}
            1 => each(Effect { place: step.place, after: step.effect }),
            more => self.effects[step.effect as usize..][..usize::from(more)].iter().copied().for_each(each),
        }
    }

    pub(super) fn pack_move(&mut self, change: K, facts: Facts, effects: &[Effect]) -> Result<Move<K>, Overflow> {
        let facts = self.number_of(facts)?;
        let (effect, place) = match effects {
            [] => (0, 0),
            [only] => (only.after, only.place),
            more => {
                let known = self.effects.windows(more.len()).rev().take(RECENT).position(|run| run == more);
                let start = match known {
                    Some(back) => self.effects.len() - more.len() - back,
                    None => {
                        self.effects.extend_from_slice(more);
                        self.effects.len() - more.len()
                    }
                };
                (start as u32, 0)
            }
        };
        // There are at most seven parts.
        Ok(Move { change, effect, facts, effects: effects.len() as u8, place })
    }

    pub(super) fn add_row(&mut self, place: usize, key: K, moves: &[Move<K>], ends: [u8; RANKS]) {
        let hash = WordHash::default().hash_one(moves) as u32;
        let start = match self.runs.get(hash) {
            Some(start) if self.moves[start as usize..].starts_with(moves) => start,
            other => {
                let start = self.moves.len() as u32;
                self.moves.extend_from_slice(moves);
                if other.is_none() {
                    self.runs.insert(hash, start);
                }
                start
            }
        };
        self.rows[place].insert(key, Row { start, ends });
    }

    pub(super) fn number_of(&mut self, facts: Facts) -> Result<u16, Overflow> {
        if let Some(number) = self.facts_numbers.get(&facts) {
            return Ok(*number);
        }
        let number = u16::try_from(self.facts.len()).map_err(|_| Overflow::Explorer("sets of facts"))?;
        self.facts.push(facts);
        self.facts_numbers.insert(facts, number);
        Ok(number)
    }

    /// How many parts among others it knows the moves of.
    pub(super) fn len(&self) -> usize {
        self.rows.iter().map(Map::len).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.iter().map(Map::bytes).sum::<usize>()
            + self.received.iter().map(Map::bytes).sum::<usize>()
            + self.shown.bytes()
            + self.runs.bytes()
            + size_of_val(&*self.moves)
            + size_of_val(&*self.effects)
    }
}

/// How far back equal effects are looked for. It saves memory only.
const RECENT: usize = 64;
