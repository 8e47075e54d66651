//! A fast hash for whole parts, and a small map for packed keys.

use std::hash::{BuildHasherDefault, Hasher};

use super::key::Key;

/// Multiplies and rotates word by word, and mixes once at the end. Good enough where whole values are compared: a clash
/// costs time, never a state.
#[derive(Default)]
pub(super) struct WordHasher(u64);

pub(super) type WordHash = BuildHasherDefault<WordHasher>;

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

/// A map from keys to numbers, for lookups by the ten million.
pub(super) struct KeyMap<K> {
    slots: Vec<(K, u32)>,
    len: usize,
}

const FREE: u32 = u32::MAX;

impl<K: Key> KeyMap<K> {
    pub(super) fn new() -> Self {
        Self { slots: vec![(K::default(), FREE); 64], len: 0 }
    }

    #[inline]
    pub(super) fn get(&self, key: K) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let mut slot = key.mix() as usize & mask;
        loop {
            let (known, number) = self.slots[slot];
            if number == FREE {
                return None;
            }
            if known == key {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds a key that is not there yet.
    pub(super) fn insert(&mut self, key: K, number: u32) {
        if self.len * 2 >= self.slots.len() {
            let larger = vec![(K::default(), FREE); self.slots.len() * 2];
            for (key, number) in std::mem::replace(&mut self.slots, larger) {
                if number != FREE {
                    self.place(key, number);
                }
            }
        }
        self.len += 1;
        self.place(key, number);
    }

    fn place(&mut self, key: K, number: u32) {
        let mask = self.slots.len() - 1;
        let mut slot = key.mix() as usize & mask;
        while self.slots[slot].1 != FREE {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (key, number);
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<(K, u32)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_map_finds_what_was_put_in_however_often_it_grows() {
        let mut map = KeyMap::new();
        (0..10_000_u64).for_each(|key| map.insert(key * 3, key as u32));
        assert!((0..10_000_u64).all(|key| map.get(key * 3) == Some(key as u32)));
        assert_eq!(map.get(1), None);
    }
}
