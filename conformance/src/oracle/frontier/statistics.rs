//! How large the sets of states were.

use std::collections::BTreeMap;

/// Sizes of sets of states, of one trace or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// How many records left a set of which size. A trace that falls into independent parts has a set for each.
    pub sizes: BTreeMap<usize, u64>,
    /// The most steps of the model that were tried for one record.
    pub steps_max: usize,
}

impl Statistics {
    pub(super) fn record(&mut self, size: usize) {
        *self.sizes.entry(size).or_default() += 1;
    }

    pub(super) fn search(&mut self, steps: usize) {
        self.steps_max = self.steps_max.max(steps);
    }

    /// Adds those of another trace.
    pub fn add(&mut self, other: &Self) {
        for (size, count) in &other.sizes {
            *self.sizes.entry(*size).or_default() += count;
        }
        self.steps_max = self.steps_max.max(other.steps_max);
    }

    /// The largest set; 0 if there was none.
    #[must_use]
    pub fn max(&self) -> usize {
        self.sizes.keys().next_back().copied().unwrap_or_default()
    }

    /// The size that this many percent of the sets do not exceed, by the nearest rank; 0 if there was none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> usize {
        let all: u64 = self.sizes.values().sum();
        let rank = (all * percent.min(100)).div_ceil(100).max(1);
        let mut below = 0;
        let reached = self.sizes.iter().find(|(_, count)| {
            below += **count;
            below >= rank
        });
        reached.map_or(0, |(size, _)| *size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_count_every_set_once() {
        let mut statistics = Statistics::default();
        (0..98).for_each(|_| statistics.record(1));
        statistics.record(7);
        let mut other = Statistics::default();
        other.record(40);
        statistics.add(&other);
        assert_eq!((statistics.percentile(50), statistics.percentile(99), statistics.max()), (1, 7, 40));
        assert_eq!((Statistics::default().percentile(99), Statistics::default().max()), (0, 0));
    }
}
