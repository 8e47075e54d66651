//! What one thread does of a batch: expands its share of the states, and looks up what belongs to its shard.

use std::sync::{PoisonError, RwLock};

use super::{
    Space,
    expand::{Expander, Successors},
    key::Key,
    table::{Table, shard_of},
};
use crate::world::{Facts, Overflow};

/// Takes a lock. A thread that panicked is a bug of ours, which the scope of the threads reports.
macro_rules! lock {
    (read $lock:expr) => {
        $lock.read().unwrap_or_else(PoisonError::into_inner)
    };
    (write $lock:expr) => {
        $lock.write().unwrap_or_else(PoisonError::into_inner)
    };
}
pub(super) use lock;

/// What one thread made of its share of a batch.
pub(super) struct Share<K> {
    pub(super) successors: Successors<K>,
    /// With several threads: the successors by shard, and for each in order its shard.
    pub(super) by_shard: Vec<Vec<K>>,
    pub(super) route: Vec<u8>,
    pub(super) outcome: Result<(), Overflow>,
}

/// What one shard made of a batch: the numbers of its successors, in order, and how many keys were new.
pub(super) struct Found<K> {
    pub(super) numbers: Vec<u32>,
    pub(super) fresh: Vec<K>,
    pub(super) bytes: usize,
}

/// What threads share. Each lock is taken once for each step of a batch, never against another's.
pub(super) struct Shared<K> {
    pub(super) keys: RwLock<Vec<K>>,
    pub(super) seen: RwLock<[Facts; 2]>,
    pub(super) shares: Vec<RwLock<Share<K>>>,
    pub(super) found: Vec<RwLock<Found<K>>>,
    /// For each shard, the final numbers of its new keys.
    pub(super) settled: Vec<RwLock<Vec<u32>>>,
}

impl<K> Shared<K> {
    pub(super) fn new(threads: usize) -> Self {
        let share = || Share {
            successors: Successors::default(),
            by_shard: (0..threads).map(|_| Vec::new()).collect(),
            route: Vec::new(),
            outcome: Ok(()),
        };
        let found = || Found { numbers: Vec::new(), fresh: Vec::new(), bytes: 0 };
        Self {
            keys: RwLock::new(Vec::new()),
            seen: RwLock::default(),
            shares: (0..threads).map(|_| RwLock::new(share())).collect(),
            found: (0..threads).map(|_| RwLock::new(found())).collect(),
            settled: (0..threads).map(|_| RwLock::default()).collect(),
        }
    }
}

/// A step of a batch, for one thread.
#[derive(Clone, Copy)]
pub(super) enum Job {
    Expand { first: usize, end: usize },
    Insert,
}

pub(super) struct Worker<'a, S: Space, K> {
    pub(super) place: usize,
    pub(super) threads: usize,
    pub(super) expander: Expander<S, K>,
    pub(super) table: Table<K>,
    pub(super) shared: &'a Shared<K>,
}

impl<S: Space, K: Key> Worker<'_, S, K> {
    pub(super) fn run(&mut self, job: Job) {
        match job {
            Job::Expand { first, end } => self.expand(first, end),
            Job::Insert => self.insert(),
        }
    }

    fn expand(&mut self, first: usize, end: usize) {
        let mut share = lock!(write self.shared.shares[self.place]);
        let share = &mut *share;
        let Successors { keys, degrees, events } = &mut share.successors;
        keys.clear();
        degrees.clear();
        events.clear();
        let known = lock!(read self.shared.keys);
        let seen = *lock!(read self.shared.seen);
        share.outcome = self.expander.expand(&known[first..end], first as u32, &seen, &mut share.successors);
        if self.threads > 1 {
            share.route.clear();
            share.by_shard.iter_mut().for_each(Vec::clear);
            for key in &share.successors.keys {
                let shard = shard_of(*key, self.threads);
                share.route.push(shard as u8);
                share.by_shard[shard].push(*key);
            }
        }
    }

    fn insert(&mut self) {
        let mut found = lock!(write self.shared.found[self.place]);
        let found = &mut *found;
        let known = lock!(read self.shared.keys);
        if self.threads > 1 {
            self.table.settle(lock!(read self.shared.settled[self.place]).iter().copied());
        } else {
            let first = known.len() - self.table.fresh().len();
            self.table.settle(first as u32..);
        }
        found.numbers.clear();
        let shares: Vec<_> = self.shared.shares.iter().map(|share| lock!(read share)).collect();
        let lists = || {
            let list = |share| {
                let share: &Share<K> = share;
                if self.threads > 1 { &share.by_shard[self.place] } else { &share.successors.keys }
            };
            shares.iter().map(move |share| list(share))
        };
        let incoming: usize = lists().map(Vec::len).sum();
        self.table.reserve(incoming, &known);
        for list in lists() {
            self.table.insert(list, &known, &mut found.numbers);
        }
        found.fresh.clear();
        found.fresh.extend_from_slice(self.table.fresh());
        found.bytes = self.table.bytes() + self.expander.bytes();
    }
}
