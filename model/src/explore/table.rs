//! The set of states seen: an open-addressing table of indices into the list of states, and a fast hash.

use std::hash::{Hash, Hasher};

/// Interns states: the list of all, each once, in the order of discovery.
pub(super) struct Table<T> {
    states: Vec<T>,
    /// Index plus one of a state, and the upper half of its hash; zero for a free place.
    places: Vec<(u32, u32)>,
}

impl<T: Hash + Eq> Table<T> {
    pub(super) fn new() -> Self {
        Self { states: Vec::new(), places: vec![(0, 0); 1 << 16] }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn get(&self, index: usize) -> &T {
        &self.states[index]
    }

    /// Adds a state. Returns whether it is new.
    pub(super) fn insert(&mut self, state: T) -> bool {
        if self.states.len() * 4 >= self.places.len() * 3 {
            self.grow();
        }
        let hash = hash_of(&state);
        let tag = (hash >> 32) as u32;
        let mask = self.places.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            match self.places[place] {
                (0, _) => break,
                (index, its_tag) if its_tag == tag && self.states[index as usize - 1] == state => return false,
                _ => place = (place + 1) & mask,
            }
        }
        self.states.push(state);
        self.places[place] = (u32::try_from(self.states.len()).expect("memory ends before four billion states"), tag);
        true
    }

    fn grow(&mut self) {
        let mask = self.places.len() * 2 - 1;
        let mut places = vec![(0, 0); mask + 1];
        for (index, state) in self.states.iter().enumerate() {
            let hash = hash_of(state);
            let mut place = hash as usize & mask;
            while places[place] != (0, 0) {
                place = (place + 1) & mask;
            }
            places[place] = (index as u32 + 1, (hash >> 32) as u32);
        }
        self.places = places;
    }
}

/// Multiplies and rotates word by word, and mixes once at the end. Good enough for a table that compares whole states;
/// a clash costs time, never a state.
#[derive(Default)]
struct WordHasher(u64);

impl WordHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.add(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.add(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn finish(&self) -> u64 {
        let mixed = (self.0 ^ self.0 >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        mixed ^ mixed >> 32
    }
}

fn hash_of(state: &impl Hash) -> u64 {
    let mut hasher = WordHasher::default();
    state.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_kept_once_however_often_the_table_grows() {
        let mut table = Table::new();
        assert!((0..200_000_u64).all(|state| table.insert(state)));
        assert!(!(0..200_000).any(|state| table.insert(state)));
        assert_eq!((table.len(), *table.get(77)), (200_000, 77));
    }

    #[test]
    fn states_of_one_hash_are_told_apart_by_comparing_them() {
        #[derive(PartialEq, Eq)]
        struct Clashing(u8);
        impl Hash for Clashing {
            fn hash<H: Hasher>(&self, _: &mut H) {}
        }
        let mut table = Table::new();
        assert!((0..100).all(|state| table.insert(Clashing(state))));
        assert!(!table.insert(Clashing(99)));
    }
}
