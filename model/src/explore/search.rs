//! Breadth-first search over packed states, in batches.
//!
//! A batch goes through three steps. *Expand*: each thread lists the successors of its share of the states, sorted into
//! one list per shard. *Insert*: each thread looks up what belongs to its shard. *Merge*: one thread numbers the new
//! states in the order in which a single thread would have met them, and writes the edges. So numbers, edges and
//! witnesses do not depend on how many threads there are or which was faster, and no thread writes what another reads.

use std::{
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock, mpsc},
    thread,
};

use super::{
    Space,
    expand::Expander,
    graph::Graph,
    key::{Key, Layout},
    report::Progress,
    store::Store,
    table::{Table, shard_of},
    witness::Witnesses,
    worker::{Job, Shared, Worker, lock},
};
use crate::world::Overflow;

/// The most states of a batch, for each thread. What it needs of memory fits in a second-level cache.
const BATCH: usize = 4096;

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
    let shared = Shared::new(threads);
    let worker = |place| Worker {
        place,
        threads,
        expander: Expander::new(Arc::clone(space), Arc::clone(&store), layout),
        table: Table::new(place, threads),
        shared: &shared,
    };
    let (merged, surroundings, rows) = thread::scope(|scope| {
        let (done, dones) = mpsc::channel();
        let mut jobs = Vec::new();
        for place in 1..threads {
            let (job, inbox) = mpsc::channel();
            let (done, mut worker) = (done.clone(), worker(place));
            jobs.push(job);
            scope.spawn(move || {
                // Ends when the search drops its end of the channel.
                for job in inbox {
                    worker.run(job);
                    if done.send(()).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let mut own = worker(0);
        let mut merge = Merge { graph: Graph::default(), witnesses: Witnesses::default(), targets: Vec::new() };
        let mut all = |share: &dyn Fn(usize) -> Job| {
            for (job, place) in jobs.iter().zip(1..) {
                job.send(share(place)).expect("a helper listens until its channel is dropped");
            }
            own.run(share(0));
            jobs.iter().for_each(|_| dones.recv().expect("a helper that panics is a bug of ours"));
        };
        let outcome = drive(&shared, limits, threads, initial, &mut merge, &mut all, progress);
        drop(jobs);
        let (surroundings, rows) = own.expander.counts();
        outcome.map(|(depth, stopped, bytes)| ((merge, depth, stopped, bytes), surroundings, rows))
    })?;
    let (Merge { graph, witnesses, .. }, depth, stopped, bytes) = merged;
    let keys = shared.keys.into_inner().unwrap_or_else(PoisonError::into_inner);
    let store =
        Arc::into_inner(store).expect("the threads have ended").into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Searched { store, keys, graph, depth, stopped, witnesses, bytes, surroundings, rows })
}

/// Gives every thread its job, by its place, and waits for all.
type RunAll<'a> = &'a mut dyn FnMut(&dyn Fn(usize) -> Job);

type Outcome = (usize, Option<&'static str>, usize);

/// Takes batch after batch through its steps.
fn drive<K: Key>(
    shared: &Shared<K>,
    limits: &Limits,
    threads: usize,
    initial: K,
    merge: &mut Merge,
    all: RunAll<'_>,
    progress: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Outcome, Overflow> {
    // The initial state is the only successor of nothing.
    lock!(write shared.shares[0]).by_shard[shard_of(initial, threads)].push(initial);
    lock!(write shared.shares[0]).successors.keys.push(initial);
    all(&|_| Job::Insert);
    lock!(write shared.keys).push(initial);
    lock!(write shared.settled[shard_of(initial, threads)]).push(0);
    let (mut next, mut depth, mut level_end, mut told, mut bytes) = (0, 0, 1, None, 0);
    let mut known = 1;
    while next < known {
        if next == level_end {
            (depth, level_end) = (depth + 1, known);
        }
        if told.is_none_or(|told| next >= told + PROGRESS_INTERVAL) {
            told = Some(next);
            let transitions = merge.graph.edges() as u64;
            if progress(&Progress { states: known, waiting: known - next, transitions, depth, bytes }).is_break() {
                return Ok((depth, Some("stopped"), bytes));
            }
        }
        let end = level_end.min(next + BATCH * threads);
        let cut = |place: usize| next + (end - next) * place / threads;
        all(&|place| Job::Expand { first: cut(place), end: cut(place + 1) });
        for share in &shared.shares {
            lock!(read share).outcome?;
        }
        all(&|_| Job::Insert);
        merge.batch(shared, threads);
        next = end;
        known = lock!(read shared.keys).len();
        let tables: usize = shared.found.iter().map(|found| lock!(read found).bytes).sum();
        bytes = tables + merge.graph.bytes() + known * size_of::<K>();
        if known > STATES_MAX - 255 * BATCH * 16 {
            return Err(Overflow::Explorer("states"));
        }
        let stopped =
            [(known > limits.states_max, "too many states"), (bytes > limits.memory_bytes_max, "too much memory")];
        if let Some((_, why)) = stopped.into_iter().find(|(is_over, _)| *is_over) {
            return Ok((depth, Some(why), bytes));
        }
    }
    Ok((depth, None, bytes))
}

/// What one thread does for all.
struct Merge {
    graph: Graph,
    witnesses: Witnesses,
    targets: Vec<u32>,
}

impl Merge {
    fn batch<K: Key>(&mut self, shared: &Shared<K>, threads: usize) {
        let mut keys = lock!(write shared.keys);
        let found: Vec<_> = shared.found.iter().map(|found| lock!(read found)).collect();
        let shares = || shared.shares.iter().map(|share| lock!(read share));
        if threads == 1 {
            keys.extend_from_slice(&found[0].fresh);
            shares().for_each(|share| self.graph.extend(&share.successors.degrees, &found[0].numbers));
        } else {
            let base = keys.len() as u32;
            let mut settled: Vec<_> = shared.settled.iter().map(|numbers| lock!(write numbers)).collect();
            settled.iter_mut().for_each(|numbers| numbers.clear());
            let mut cursors = vec![0; threads];
            for share in shares() {
                self.targets.clear();
                for shard in &share.route {
                    let shard = usize::from(*shard);
                    let number = found[shard].numbers[cursors[shard]];
                    cursors[shard] += 1;
                    if number < base {
                        self.targets.push(number);
                        continue;
                    }
                    let place = (number - base) as usize;
                    if place == settled[shard].len() {
                        settled[shard].push(keys.len() as u32);
                        keys.push(found[shard].fresh[place]);
                    }
                    self.targets.push(settled[shard][place]);
                }
                self.graph.extend(&share.successors.degrees, &self.targets);
            }
        }
        let mut seen = lock!(write shared.seen);
        for share in shares() {
            share.successors.events.iter().for_each(|event| self.witnesses.add(event));
        }
        *seen = self.witnesses.seen();
    }
}
