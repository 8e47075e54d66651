//! What a run of states is expanded from, and into.

use super::{learn::Misses, memo::Memo};
use crate::world::Facts;

/// A run of states to expand, and what is known.
pub(super) struct Run<'a, K> {
    pub(super) states: &'a [K],
    /// The number of the first one.
    pub(super) first: u32,
    /// What states and what transitions have shown: no news.
    pub(super) seen: &'a [Facts; 2],
    /// All shards of the memory.
    pub(super) memos: &'a [&'a Memo<K>],
}

/// What somebody noticed while states were expanded.
#[derive(Clone, Copy)]
pub(super) struct Event {
    /// The state.
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
    /// What is news, in the order of states.
    pub(super) events: Vec<Event>,
    /// What has to be learned before the run can go on, by shard.
    pub(super) misses: Vec<Misses<K>>,
}

impl<K> Successors<K> {
    pub(super) fn new(shards: usize) -> Self {
        let misses = (0..shards).map(|_| Misses::default()).collect();
        Self { keys: Vec::new(), degrees: Vec::new(), events: Vec::new(), misses }
    }

    /// Notes what a state shows, if it is news.
    #[inline]
    pub(super) fn notice(&mut self, run: &Run<'_, K>, number: u32, facts: Facts) {
        if !facts.without(run.seen[0]).is_empty() {
            self.events.push(Event { source: run.first + number, edge: None, facts });
        }
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.degrees.clear();
        self.events.clear();
    }

    pub(super) fn is_missing(&self) -> bool {
        !self.misses.iter().all(Misses::is_empty)
    }
}

/// Which facts of each shard are news, as of the facts that transitions have shown.
#[derive(Default)]
pub(super) struct News {
    seen: Facts,
    pub(super) shards: Vec<Vec<bool>>,
}

impl News {
    pub(super) fn update<K>(&mut self, run: &Run<'_, K>) {
        if self.seen != run.seen[1] {
            (self.seen, self.shards) = (run.seen[1], Vec::new());
        }
        self.shards.resize(run.memos.len(), Vec::new());
        for (news, memo) in self.shards.iter_mut().zip(run.memos) {
            let unknown = memo.facts[news.len()..].iter();
            news.extend(unknown.map(|facts| !facts.without(self.seen).is_empty()));
        }
    }
}
