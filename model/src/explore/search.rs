//! Breadth-first search over packed states, in batches.
//!
//! A batch goes through these steps. *Expand*: each thread lists the successors of its share of the states, sorted into
//! one list per shard. *[Learn](super::learn)*: where a move was met that nobody remembers, each thread computes those of
//! its shard, and expanding goes on. *Insert*: each thread looks up the successors that belong to its shard of all states. *Number*: one
//! thread numbers the new states in the order in which a single thread would have met them. *Finish*, at the beginning of
//! the next batch: each thread collects the numbers for the edges of its share. So numbers, edges and witnesses do not
//! depend on how many threads there are or which was faster, and no thread writes what another reads.

use std::{
    hint,
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock, mpsc},
    thread,
};

use super::{
    Space,
    expand::Expander,
    graph::Graph,
    key::{Key, Layout, shard_of},
    learn::Learner,
    report::Progress,
    store::Store,
    table::Table,
    witness::Witnesses,
    worker::{Job, Shared, Worker, lock},
};
use crate::world::Overflow;

/// The most states of a batch, for each thread. What it needs of memory fits in a second-level cache.
const BATCH: usize = 2048;

/// How often a thread looks for its next job before it sleeps: for less than waking up takes.
const SPINS: usize = 2_000;

/// How often progress is told, in expanded states.
const PROGRESS_INTERVAL: usize = 1 << 16;

/// The most states: numbers are 32 bits, and tables keep them plus one.
const STATES_MAX: usize = u32::MAX as usize - 1;

/// Where a search ends at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many states may be known.
    pub states_max: usize,
    /// How much memory the search may take, in bytes.
    pub memory_bytes_max: usize,
    /// How many threads search: 1 to 16.
    pub threads: usize,
}

/// What a search leaves behind, with keys of one size.
pub(super) struct Searched<S: Space, K> {
    pub(super) store: Store<S>,
    pub(super) keys: Vec<K>,
    pub(super) graph: Graph,
    pub(super) depth: usize,
    pub(super) stopped: Option<&'static str>,
    pub(super) witnesses: Witnesses,
    pub(super) bytes: usize,
    pub(super) surroundings: usize,
    pub(super) rows: usize,
}

/// Explores a world until nothing is new, a limit is reached, or `progress` says to break.
pub(super) fn search<S: Space, K: Key>(
    space: &Arc<S>,
    limits: &Limits,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Searched<S, K>, Overflow> {
    let threads = limits.threads.clamp(1, 16);
    let layout = Layout::new::<K>(space.parts());
    let store = Arc::new(RwLock::new(Store::new(layout)));
    let initial: K = lock!(write store).pack(&**space, &space.initial())?;
    let shared = Shared::new(threads, layout.parts);
    let worker = |place| Worker {
        place,
        threads,
        expander: Expander::new(Arc::clone(space), Arc::clone(&store), layout),
        learner: Learner::new(Arc::clone(space), Arc::clone(&store), layout),
        table: Table::new(place, threads),
        shared: &shared,
    };
    let (merge, depth, stopped, bytes) = thread::scope(|scope| {
        let (done, dones) = mpsc::channel();
        let mut jobs = Vec::new();
        for place in 1..threads {
            let (job, inbox) = mpsc::channel();
            let (done, mut worker) = (done.clone(), worker(place));
            jobs.push(job);
            scope.spawn(move || {
                // Ends when the search drops its end of the channel.
                while let Ok(job) = soon(&inbox) {
                    worker.run(job);
                    if done.send(()).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let mut own = worker(0);
        let mut merge = Merge { graph: Graph::default(), witnesses: Witnesses::default() };
        let mut all = |share: &dyn Fn(usize) -> Job| {
            for (job, place) in jobs.iter().zip(1..) {
                job.send(share(place)).expect("a helper listens until its channel is dropped");
            }
            own.run(share(0));
            jobs.iter().for_each(|_| soon(&dones).expect("a helper that panics is a bug of ours"));
        };
        let crew = Crew { space, store: &store, shared: &shared, threads };
        let outcome = crew.drive(limits, initial, &mut merge, &mut all, progress);
        drop(jobs);
        outcome.map(|(depth, stopped, bytes)| (merge, depth, stopped, bytes))
    })?;
    let Merge { graph, witnesses } = merge;
    let memos = shared.memos.iter().map(|memo| lock!(read memo));
    let (surroundings, rows) = memos.fold((0, 0), |sum, memo| (sum.0 + memo.shown.len(), sum.1 + memo.len()));
    let keys = shared.keys.into_inner().unwrap_or_else(PoisonError::into_inner);
    let store =
        Arc::into_inner(store).expect("the threads have ended").into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Searched { store, keys, graph, depth, stopped, witnesses, bytes, surroundings, rows })
}

/// Gives every thread its job, by its place, and waits for all.
type RunAll<'a> = &'a mut dyn FnMut(&dyn Fn(usize) -> Job);

type Outcome = (usize, Option<&'static str>, usize);

/// Waits for a message, actively at first: the next step is seldom far.
fn soon<T>(inbox: &mpsc::Receiver<T>) -> Result<T, mpsc::RecvError> {
    for _ in 0..SPINS {
        if let Ok(message) = inbox.try_recv() {
            return Ok(message);
        }
        hint::spin_loop();
    }
    inbox.recv()
}

/// All threads of a search.
struct Crew<'a, S: Space, K> {
    space: &'a Arc<S>,
    store: &'a RwLock<Store<S>>,
    shared: &'a Shared<S, K>,
    threads: usize,
}

impl<S: Space, K: Key> Crew<'_, S, K> {
    /// Takes batch after batch through its steps.
    fn drive(
        &self,
        limits: &Limits,
        initial: K,
        merge: &mut Merge,
        all: RunAll<'_>,
        progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Overflow> {
        let (shared, threads) = (self.shared, self.threads);
        self.begin(initial, all);
        let (mut next, mut depth, mut level_end, mut told, mut bytes) = (0, 0, 1, None, 0);
        let (mut known, mut stopped) = (1, None);
        while next < known && stopped.is_none() {
            if next == level_end {
                (depth, level_end) = (depth + 1, known);
            }
            if told.is_none_or(|told| next >= told + PROGRESS_INTERVAL) {
                told = Some(next);
                let transitions = merge.graph.edges() as u64;
                if progress(&Progress { states: known, waiting: known - next, transitions, depth, bytes }).is_break() {
                    stopped = Some("stopped");
                    break;
                }
            }
            let end = level_end.min(next + BATCH * threads);
            self.expand(next, end, all)?;
            merge.edges(shared, threads);
            all(&|_| Job::Insert);
            merge.states(shared, threads);
            next = end;
            known = lock!(read shared.keys).len();
            let shards: usize = shared.looked.iter().map(|looked| lock!(read looked).bytes).sum();
            bytes = shards + merge.graph.bytes() + known * size_of::<K>();
            if known > STATES_MAX - 255 * BATCH * 16 {
                return Err(Overflow::Explorer("states"));
            }
            let limits =
                [(known > limits.states_max, "too many states"), (bytes > limits.memory_bytes_max, "too much memory")];
            stopped = limits.into_iter().find(|(is_over, _)| *is_over).map(|(_, why)| why);
        }
        all(&|_| Job::Finish);
        merge.edges(shared, threads);
        Ok((depth, stopped, bytes))
    }

    /// Makes the initial state known: it is the only successor of nothing.
    fn begin(&self, initial: K, all: RunAll<'_>) {
        let (shared, shard) = (self.shared, shard_of(initial.mix(), self.threads));
        {
            let mut share = lock!(write shared.shares[0]);
            share.successors.keys.push(initial);
            share.by_shard[shard].push(initial);
            share.places[shard].push(0);
        }
        all(&|_| Job::Insert);
        lock!(write shared.keys).push(initial);
        lock!(write shared.settled[shard]).push(0);
    }

    /// Lists the successors of some states, and learns what is missing on the way.
    fn expand(&self, first: usize, end: usize, all: RunAll<'_>) -> Result<(), Overflow> {
        let cut = |place: usize| first + (end - first) * place / self.threads;
        all(&|place| Job::Expand { first: cut(place), end: cut(place + 1) });
        while !self.shared.is_expanded()? {
            all(&|_| Job::Learn);
            if self.intern()? {
                all(&|_| Job::Settle);
            }
            all(&|place| Job::GoOn { first: cut(place), end: cut(place + 1) });
        }
        Ok(())
    }

    /// Adds the parts that nobody had seen to the store, and says whether there were any.
    fn intern(&self) -> Result<bool, Overflow> {
        let mut store = lock!(write self.store);
        let mut is_any = false;
        for (unknown, looked) in self.shared.unknown.iter().zip(&self.shared.looked) {
            lock!(read looked).outcome?;
            let mut unknown = lock!(write unknown);
            is_any |= !unknown.is_empty();
            unknown.intern(&**self.space, &mut store)?;
        }
        Ok(is_any)
    }
}

/// What one thread does for all.
struct Merge {
    graph: Graph,
    witnesses: Witnesses,
}

impl Merge {
    /// Adds the edges of the batch before, which each thread has collected for its share.
    fn edges<S: Space, K>(&mut self, shared: &Shared<S, K>, threads: usize) {
        for (share, looked) in shared.shares.iter().zip(&shared.looked) {
            let share = lock!(read share);
            let targets = if threads > 1 { &share.targets } else { &lock!(read looked).numbers };
            self.graph.extend(&share.degrees, targets);
        }
    }

    /// Numbers new states, and keeps what was news.
    fn states<S: Space, K: Key>(&mut self, shared: &Shared<S, K>, threads: usize) {
        let mut keys = lock!(write shared.keys);
        let looked: Vec<_> = shared.looked.iter().map(|looked| lock!(read looked)).collect();
        if threads == 1 {
            keys.extend_from_slice(&looked[0].fresh);
        } else {
            let mut settled: Vec<_> = shared.settled.iter().map(|numbers| lock!(write numbers)).collect();
            settled.iter_mut().for_each(|numbers| numbers.clear());
            // Each shard has its new keys in order of appearance: merge them.
            let head = |shard: usize, place: usize| looked[shard].origins.get(place).copied().unwrap_or(u64::MAX);
            let mut heads: Vec<_> = (0..threads).map(|shard| head(shard, 0)).collect();
            loop {
                let (shard, first) = heads.iter().enumerate().min_by_key(|(_, head)| **head).expect("a shard or more");
                if *first == u64::MAX {
                    break;
                }
                let place = settled[shard].len();
                settled[shard].push(keys.len() as u32);
                keys.push(looked[shard].fresh[place]);
                heads[shard] = head(shard, place + 1);
            }
        }
        let mut seen = lock!(write shared.seen);
        for share in &shared.shares {
            lock!(read share).successors.events.iter().for_each(|event| self.witnesses.add(event));
        }
        *seen = self.witnesses.seen();
    }
}
