//! The set of states seen: an open-addressing table of state numbers, a quarter of all memory accesses of a search.
//!
//! A slot is 32 bits: the number of a state plus one, and above it as much of the state's hash as there is room for, so
//! that few whole keys are compared in vain. Each thread owns the table of one shard of the hashes.
//!
//! Every second successor was met a moment ago: independent steps lead to one state in any order, and the states between
//! are near each other in a search by breadth. So keys met lately are kept beside the table, in a small cache.

use super::key::{Key, shard_of};

/// How many keys are looked up together, so that their memory accesses overlap.
const GROUP: usize = 256;

/// How many keys met lately are kept, in bits. They fit in a second-level cache.
const RECENT_BITS: u32 = 14;

/// What is no number.
const NONE: u32 = u32::MAX;

/// A set of the states of one shard.
pub(super) struct Table<K> {
    slots: Vec<u32>,
    /// How many bits of a slot are the number.
    number_bits: u32,
    len: usize,
    shard: usize,
    shards: usize,
    /// The slots that hold provisional numbers: those of the new keys of the batch at hand.
    pending: Vec<u32>,
    /// Those keys.
    fresh: Vec<K>,
    /// Where they were among the keys of the batch.
    origins: Vec<u32>,
    /// Keys met lately, each where its hash says, with their numbers.
    recent: Vec<(K, u32)>,
}

impl<K: Key> Table<K> {
    pub(super) fn new(shard: usize, shards: usize) -> Self {
        Self {
            slots: Vec::new(),
            number_bits: 0,
            len: 0,
            shard,
            shards,
            pending: Vec::new(),
            fresh: Vec::new(),
            origins: Vec::new(),
            recent: vec![(K::default(), NONE); 1 << RECENT_BITS],
        }
    }

    /// Looks up keys, and adds those that are new. `known` are all states before this batch. For each key, `numbers`
    /// gets the number of its state; new ones are provisionally numbered from `known.len()` in order of appearance.
    pub(super) fn insert(&mut self, keys: &[K], known: &[K], numbers: &mut Vec<u32>) {
        let first = numbers.len();
        numbers.resize(first + keys.len(), 0);
        for (group, first) in keys.chunks(GROUP).zip((first..).step_by(GROUP)) {
            let (mut places, mut hashes, mut missed) = ([0_u8; GROUP], [0; GROUP], 0);
            // Whether a key is among the recent ones is anybody's guess: no branch depends on it.
            for (place, key) in group.iter().enumerate() {
                let hash = key.mix();
                let (recent, number) = self.recent[recent_slot(hash)];
                numbers[first + place] = number;
                (places[missed], hashes[missed]) = (place as u8, hash);
                missed += usize::from((recent != *key) | (number == NONE));
            }
            // Touch every line first: the accesses do not wait for each other.
            let mask = self.slots.len() - 1;
            let touched = hashes[..missed].iter().fold(0, |touched, hash| touched ^ self.slots[*hash as usize & mask]);
            std::hint::black_box(touched);
            self.insert_group(group, (&places[..missed], &hashes[..missed]), known, (numbers, first));
        }
    }

    /// Does that for those places of a group that are not among the recent ones.
    fn insert_group(
        &mut self,
        group: &[K],
        (places, hashes): (&[u8], &[u64]),
        known: &[K],
        (numbers, first): (&mut [u32], usize),
    ) {
        let (mask, number_mask) = (self.slots.len() - 1, self.number_mask());
        let (mut slots, mut candidates, mut is_match) = ([0_usize; GROUP], [0_u32; GROUP], [false; GROUP]);
        for ((hash, slot), candidate) in hashes.iter().zip(&mut slots).zip(&mut candidates) {
            let tag = self.tag(*hash);
            *slot = *hash as usize & mask;
            while self.slots[*slot] != 0 && self.slots[*slot] & !number_mask != tag {
                *slot = (*slot + 1) & mask;
            }
            *candidate = self.slots[*slot] & number_mask;
        }
        for ((place, candidate), is_match) in places.iter().zip(&candidates).zip(&mut is_match) {
            let number = candidate.wrapping_sub(1) as usize;
            *is_match = known.get(number) == Some(&group[usize::from(*place)]);
        }
        for (at, (place, hash)) in places.iter().zip(hashes).enumerate() {
            let (key, place) = (group[usize::from(*place)], first + usize::from(*place));
            let number = if is_match[at] { candidates[at] - 1 } else { self.find(key, *hash, slots[at], known, place) };
            numbers[place] = number;
            self.recent[recent_slot(*hash)] = (key, number);
        }
    }

    /// Finds a key from a slot on, or adds it, as that of the batch.
    fn find(&mut self, key: K, hash: u64, mut slot: usize, known: &[K], origin: usize) -> u32 {
        let (mask, number_mask, tag) = (self.slots.len() - 1, self.number_mask(), self.tag(hash));
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                break;
            }
            let number = (entry & number_mask) - 1;
            if entry & !number_mask == tag && *self.key(number, known) == key {
                return number;
            }
            slot = (slot + 1) & mask;
        }
        let number = (known.len() + self.fresh.len()) as u32;
        self.slots[slot] = tag | (number + 1);
        self.pending.push(slot as u32);
        self.fresh.push(key);
        self.origins.push(origin as u32);
        self.len += 1;
        number
    }

    fn key<'a>(&'a self, number: u32, known: &'a [K]) -> &'a K {
        let number = number as usize;
        known.get(number).unwrap_or_else(|| &self.fresh[number - known.len()])
    }

    /// The new keys of the batch, in order of appearance.
    pub(super) fn fresh(&self) -> &[K] {
        &self.fresh
    }

    /// Where each of them was first among the keys of the batch.
    pub(super) fn origins(&self) -> &[u32] {
        &self.origins
    }

    /// Ends a batch, in which the new keys got these numbers.
    pub(super) fn settle(&mut self, numbers: impl Iterator<Item = u32>) {
        let number_mask = self.number_mask();
        for ((slot, key), number) in self.pending.drain(..).zip(&self.fresh).zip(numbers) {
            let slot = &mut self.slots[slot as usize];
            *slot = *slot & !number_mask | (number + 1);
            let (recent, known) = &mut self.recent[recent_slot(key.mix())];
            if recent == key {
                *known = number;
            }
        }
        self.fresh.clear();
        self.origins.clear();
    }

    /// Makes room for `incoming` keys, when `known` are all states. No batch is open.
    pub(super) fn reserve(&mut self, incoming: usize, known: &[K]) {
        let is_full = (self.len + incoming) * 4 >= self.slots.len() * 3;
        let is_out_of_numbers = known.len() + incoming >= self.number_mask() as usize;
        if !is_full && !is_out_of_numbers {
            return;
        }
        let mut len = self.slots.len().max(1 << 12);
        while (self.len + incoming) * 4 >= len * 3 {
            len *= 2;
        }
        self.number_bits = (known.len() * 2 + incoming + 2).next_power_of_two().ilog2().max(len.ilog2()).min(32);
        // The old table goes before the new one comes: keys are enough to make it.
        self.slots = Vec::new();
        self.slots = vec![0; len];
        let (mask, shard, shards) = (len - 1, self.shard, self.shards);
        for (number, key) in known.iter().enumerate() {
            let hash = key.mix();
            if shard_of(hash, shards) != shard {
                continue;
            }
            let mut slot = hash as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = self.tag(hash) | (number as u32 + 1);
        }
    }

    fn number_mask(&self) -> u32 {
        (1_u64 << self.number_bits).wrapping_sub(1) as u32
    }

    #[inline]
    fn tag(&self, hash: u64) -> u32 {
        (hash >> 32) as u32 & !self.number_mask()
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<u32>()
    }
}

/// Where a key of this hash is among the recent ones: by bits that are neither all of a slot's nor a shard's.
#[inline]
fn recent_slot(hash: u64) -> usize {
    (hash >> 16) as usize & ((1 << RECENT_BITS) - 1)
}

const _: () = assert!(GROUP <= 1 << u8::BITS, "places in a group are bytes");

#[cfg(test)]
mod tests {
    use super::*;

    /// Inserts batches as a search with one thread does.
    fn insert(table: &mut Table<u64>, known: &mut Vec<u64>, keys: &[u64]) -> Vec<u32> {
        let mut numbers = Vec::new();
        table.reserve(keys.len(), known);
        table.insert(keys, known, &mut numbers);
        let first = known.len() as u32;
        known.extend_from_slice(table.fresh());
        table.settle(first..);
        numbers
    }

    #[test]
    fn a_state_is_kept_once_however_often_the_table_grows() {
        let (mut table, mut known) = (Table::new(0, 1), Vec::new());
        let keys: Vec<u64> = (0..200_000).map(|key| key * 7).collect();
        for round in 0..2 {
            let numbers: Vec<_> = keys.chunks(1000).flat_map(|keys| insert(&mut table, &mut known, keys)).collect();
            assert_eq!(numbers, (0..200_000).collect::<Vec<_>>(), "round {round}");
        }
        assert_eq!(known, keys);
    }

    #[test]
    fn a_key_that_comes_twice_in_one_batch_gets_one_number() {
        let (mut table, mut known) = (Table::new(0, 1), Vec::new());
        assert_eq!(insert(&mut table, &mut known, &[9, 4, 9, 9, 4, 1]), [0, 1, 0, 0, 1, 2]);
        assert_eq!(known, [9, 4, 1]);
    }

    #[test]
    fn states_of_one_hash_are_told_apart_by_comparing_them() {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
        struct Clashing(u8);
        impl std::ops::BitXor for Clashing {
            type Output = Self;
            fn bitxor(self, other: Self) -> Self {
                Self(self.0 ^ other.0)
            }
        }
        impl Key for Clashing {
            const BITS: u32 = 8;
            fn of(number: u32, _: u32) -> Self {
                Self(number as u8)
            }
            fn get(self, _: u32, mask: u32) -> u32 {
                u32::from(self.0) & mask
            }
            fn mix(self) -> u64 {
                7
            }
        }
        impl std::ops::BitAnd for Clashing {
            type Output = Self;
            fn bitand(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }
        let (mut table, mut numbers) = (Table::new(0, 1), Vec::new());
        let keys: Vec<_> = (0..100).chain(0..100).map(Clashing).collect();
        table.reserve(keys.len(), &[]);
        table.insert(&keys, &[], &mut numbers);
        assert_eq!(numbers, (0..100).chain(0..100).collect::<Vec<_>>());
    }
}
