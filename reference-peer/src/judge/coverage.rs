//! How much of the transition table real runs exercised.

use std::collections::{BTreeMap, BTreeSet};

use glare_model::negotiation::{
    Event, Negotiation, Signaling, Strategy,
    table::{class, matrix},
};

/// A cell of the table: an event's name and a signaling state.
type Cell = (&'static str, Signaling);

/// Cells of the table, and how often each was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    all: BTreeSet<Cell>,
    seen: BTreeMap<Cell, usize>,
}

impl Coverage {
    /// Of a strategy, with nothing seen.
    #[must_use]
    pub fn of(strategy: &Strategy) -> Self {
        Self { all: matrix(strategy).into_keys().collect(), seen: BTreeMap::new() }
    }

    pub(super) fn see(&mut self, before: &Negotiation, event: Event) {
        if let Some(name) = class(before, event) {
            *self.seen.entry((name, before.signaling())).or_default() += 1;
        }
    }

    /// Adds what another run saw.
    pub fn merge(&mut self, other: &Self) {
        self.all.extend(other.all.iter().copied());
        for (cell, count) in &other.seen {
            *self.seen.entry(*cell).or_default() += count;
        }
    }

    /// How many cells were seen, and how many there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.all.iter().filter(|cell| self.seen.contains_key(cell)).count(), self.all.len())
    }

    /// The cells that were not seen, in words.
    pub fn missing(&self) -> impl Iterator<Item = String> {
        let missing = self.all.iter().filter(|cell| !self.seen.contains_key(cell));
        missing.map(|(name, signaling)| format!("{name} in {}", signaling.name()))
    }
}
