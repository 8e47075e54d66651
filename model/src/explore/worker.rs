//! What one thread does of a batch: expands its share of the states, learns and looks up what belongs to its shard.

use std::sync::{PoisonError, RwLock};

use super::{
    Space,
    expand::Expander,
    key::{Key, shard_of},
    learn::{Learner, Unknown},
    memo::Memo,
    run::{Run, Successors},
    table::Table,
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
    /// Whether all successors are known, or something has to be learned first.
    pub(super) is_expanded: bool,
    /// With several threads: the successors by shard, and where each is among all of this share.
    pub(super) by_shard: Vec<Vec<K>>,
    pub(super) places: Vec<Vec<u32>>,
    pub(super) outcome: Result<(), Overflow>,
    /// The numbers of the successors of the batch before, and how many each state had.
    pub(super) targets: Vec<u32>,
    pub(super) degrees: Vec<u8>,
}

/// What one shard made of a batch.
pub(super) struct Looked<K> {
    /// The numbers of its successors, share by share.
    pub(super) numbers: Vec<u32>,
    /// Where each share begins among them.
    begins: Vec<usize>,
    /// The keys that were new, and for each where it came from: above 32 bits the share, below the place.
    pub(super) fresh: Vec<K>,
    pub(super) origins: Vec<u64>,
    /// From here on numbers are those of new keys, provisionally.
    base: u32,
    pub(super) bytes: usize,
    pub(super) outcome: Result<(), Overflow>,
}

/// What threads share. Each lock is taken once for each step of a batch, never against another's.
pub(super) struct Shared<S: Space, K> {
    pub(super) keys: RwLock<Vec<K>>,
    pub(super) seen: RwLock<[Facts; 2]>,
    pub(super) shares: Vec<RwLock<Share<K>>>,
    pub(super) memos: Vec<RwLock<Memo<K>>>,
    pub(super) unknown: Vec<RwLock<Unknown<S>>>,
    pub(super) looked: Vec<RwLock<Looked<K>>>,
    /// For each shard, the final numbers of its new keys.
    pub(super) settled: Vec<RwLock<Vec<u32>>>,
}

impl<S: Space, K: Key> Shared<S, K> {
    pub(super) fn new(threads: usize, parts: usize) -> Self {
        let share = || Share {
            successors: Successors::new(threads),
            is_expanded: true,
            by_shard: (0..threads).map(|_| Vec::new()).collect(),
            places: (0..threads).map(|_| Vec::new()).collect(),
            outcome: Ok(()),
            targets: Vec::new(),
            degrees: Vec::new(),
        };
        let looked = || Looked {
            numbers: Vec::new(),
            begins: Vec::new(),
            fresh: Vec::new(),
            origins: Vec::new(),
            base: 0,
            bytes: 0,
            outcome: Ok(()),
        };
        Self {
            keys: RwLock::new(Vec::new()),
            seen: RwLock::default(),
            shares: (0..threads).map(|_| RwLock::new(share())).collect(),
            memos: (0..threads).map(|_| RwLock::new(Memo::new(parts))).collect(),
            unknown: (0..threads).map(|_| RwLock::default()).collect(),
            looked: (0..threads).map(|_| RwLock::new(looked())).collect(),
            settled: (0..threads).map(|_| RwLock::default()).collect(),
        }
    }

    /// Whether all successors of the batch are known, or something has to be learned first.
    ///
    /// # Errors
    /// Something outgrew its place.
    pub(super) fn is_expanded(&self) -> Result<bool, Overflow> {
        self.looked.iter().try_for_each(|looked| lock!(read looked).outcome)?;
        self.shares.iter().try_fold(true, |all, share| {
            let share = lock!(read share);
            share.outcome.map(|()| all && share.is_expanded)
        })
    }
}

/// A step of a batch, for one thread.
#[derive(Clone, Copy)]
pub(super) enum Job {
    /// Expands states as far as possible; gives the numbers of the batch before to its edges at first.
    Expand {
        first: usize,
        end: usize,
    },
    /// Goes on with that, if anything was missing.
    GoOn {
        first: usize,
        end: usize,
    },
    /// Learns what was missing.
    Learn,
    /// Remembers what had to wait for the numbers of parts.
    Settle,
    Insert,
    /// Gives the numbers of the batch to its edges.
    Finish,
}

pub(super) struct Worker<'a, S: Space, K> {
    pub(super) place: usize,
    pub(super) threads: usize,
    pub(super) expander: Expander<S, K>,
    pub(super) learner: Learner<S, K>,
    pub(super) table: Table<K>,
    pub(super) shared: &'a Shared<S, K>,
}

impl<S: Space, K: Key> Worker<'_, S, K> {
    pub(super) fn run(&mut self, job: Job) {
        match job {
            Job::Expand { first, end } => {
                let mut share = lock!(write self.shared.shares[self.place]);
                self.finish(&mut share);
                self.expand(&mut share, first, end);
            }
            Job::GoOn { first, end } => {
                let mut share = lock!(write self.shared.shares[self.place]);
                if !share.is_expanded {
                    self.expand(&mut share, first, end);
                }
            }
            Job::Learn => self.learn(),
            Job::Settle => self.settle(),
            Job::Insert => self.insert(),
            Job::Finish => self.finish(&mut lock!(write self.shared.shares[self.place])),
        }
    }

    fn expand(&mut self, share: &mut Share<K>, first: usize, end: usize) {
        let (known, seen) = (lock!(read self.shared.keys), *lock!(read self.shared.seen));
        let memos: Vec<_> = self.shared.memos.iter().map(|memo| lock!(read memo)).collect();
        let memos: Vec<_> = memos.iter().map(|memo| &**memo).collect();
        let run = Run { states: &known[first..end], first: first as u32, seen: &seen, memos: &memos };
        let outcome = self.expander.expand(&run, &mut share.successors);
        share.is_expanded = outcome.unwrap_or(true);
        share.outcome = outcome.map(|_| ());
        if self.threads > 1 && share.is_expanded {
            share.by_shard.iter_mut().for_each(Vec::clear);
            share.places.iter_mut().for_each(Vec::clear);
            for (place, key) in (0..).zip(&share.successors.keys) {
                let shard = shard_of(key.mix(), self.threads);
                share.by_shard[shard].push(*key);
                share.places[shard].push(place);
            }
        }
    }

    fn learn(&mut self) {
        let mut memo = lock!(write self.shared.memos[self.place]);
        let mut unknown = lock!(write self.shared.unknown[self.place]);
        let learn = |share: &RwLock<Share<K>>| {
            self.learner.learn(&lock!(read share).successors.misses[self.place], &mut memo, &mut unknown)
        };
        lock!(write self.shared.looked[self.place]).outcome = self.shared.shares.iter().try_for_each(learn);
    }

    fn settle(&mut self) {
        let mut memo = lock!(write self.shared.memos[self.place]);
        let mut unknown = lock!(write self.shared.unknown[self.place]);
        lock!(write self.shared.looked[self.place]).outcome = self.learner.settle(&mut unknown, &mut memo);
    }

    fn insert(&mut self) {
        let mut looked = lock!(write self.shared.looked[self.place]);
        let Looked { numbers, begins, fresh, origins, base, bytes, outcome: _ } = &mut *looked;
        let known = lock!(read self.shared.keys);
        if self.threads > 1 {
            self.table.settle(lock!(read self.shared.settled[self.place]).iter().copied());
        } else {
            let first = known.len() - self.table.fresh().len();
            self.table.settle(first as u32..);
        }
        let shares: Vec<_> = self.shared.shares.iter().map(|share| lock!(read share)).collect();
        let lists = || {
            let list = |share| {
                let share: &Share<K> = share;
                if self.threads > 1 { &share.by_shard[self.place] } else { &share.successors.keys }
            };
            shares.iter().map(move |share| list(share))
        };
        *base = known.len() as u32;
        numbers.clear();
        begins.clear();
        origins.clear();
        self.table.reserve(lists().map(Vec::len).sum(), &known);
        for (place, list) in lists().enumerate() {
            let (begin, old) = (numbers.len(), self.table.origins().len());
            begins.push(begin);
            self.table.insert(list, &known, numbers);
            if self.threads > 1 {
                let places = &shares[place].places[self.place];
                let origin = |at: &u32| (place as u64) << 32 | u64::from(places[*at as usize - begin]);
                origins.extend(self.table.origins()[old..].iter().map(origin));
            }
        }
        fresh.clear();
        fresh.extend_from_slice(self.table.fresh());
        *bytes = self.table.bytes() + lock!(read self.shared.memos[self.place]).bytes();
    }

    /// Collects the numbers of this share's successors from the shards. A single thread has them in order already.
    fn finish(&mut self, share: &mut Share<K>) {
        share.degrees.clear();
        share.degrees.append(&mut share.successors.degrees);
        if self.threads == 1 {
            return;
        }
        share.targets.clear();
        share.targets.resize(share.successors.keys.len(), 0);
        for ((places, looked), settled) in share.places.iter().zip(&self.shared.looked).zip(&self.shared.settled) {
            let (looked, settled) = (lock!(read looked), lock!(read settled));
            for (place, number) in places.iter().zip(&looked.numbers[looked.begins[self.place]..]) {
                let is_old = *number < looked.base;
                share.targets[*place as usize] =
                    if is_old { *number } else { settled[(*number - looked.base) as usize] };
            }
        }
        share.successors.keys.clear();
        share.places.iter_mut().for_each(Vec::clear);
    }
}
