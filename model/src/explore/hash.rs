//! A fast hash for whole parts, and a small map for packed keys.

use std::hash::{BuildHasherDefault, Hasher};

use super::key::{Key, Pair};

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

/// What a [`Map`] has for keys. `hash` is theirs.
pub(super) trait MapKey: Copy + Eq + Default {
    fn hash(self) -> u64;
}

impl<K: Key> MapKey for K {
    fn hash(self) -> u64 {
        self.mix()
    }
}

impl MapKey for Pair {
    fn hash(self) -> u64 {
        self.mix()
    }
}

/// Half a hash as a key, where a clash costs memory and no more.
impl MapKey for u32 {
    fn hash(self) -> u64 {
        Pair(0, self).mix()
    }
}

/// What a [`Map`] has for values: one of them means that a slot is free.
pub(super) trait MapValue: Copy {
    const FREE: Self;
    fn is_free(self) -> bool;
}

impl MapValue for u32 {
    const FREE: Self = Self::MAX;

    fn is_free(self) -> bool {
        self == Self::FREE
    }
}

/// A map for lookups by the ten million: open addressing, a key beside its value.
pub(super) struct Map<K, V> {
    slots: Vec<(K, V)>,
    len: usize,
}

impl<K: MapKey, V: MapValue> Map<K, V> {
    pub(super) fn new() -> Self {
        Self { slots: vec![(K::default(), V::FREE); 64], len: 0 }
    }

    /// Reads where a key of this hash would be, so that the lookup finds it in the cache. Where many keys are looked up,
    /// touching them all first lets their memory accesses overlap. The result has to be used by
    /// [`std::hint::black_box`], or nothing is read.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> bool {
        self.slots[hash as usize & (self.slots.len() - 1)].1.is_free()
    }

    #[inline]
    pub(super) fn get(&self, key: K) -> Option<V> {
        self.get_hashed(key, key.hash())
    }

    #[inline]
    pub(super) fn get_hashed(&self, key: K, hash: u64) -> Option<V> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let (known, value) = self.slots[slot];
            if value.is_free() {
                return None;
            }
            if known == key {
                return Some(value);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds a key that is not there yet.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.len * 8 >= self.slots.len() * 5 {
            let larger = vec![(K::default(), V::FREE); self.slots.len() * 2];
            for (key, value) in std::mem::replace(&mut self.slots, larger) {
                if !value.is_free() {
                    self.place(key, value);
                }
            }
        }
        self.len += 1;
        self.place(key, value);
    }

    fn place(&mut self, key: K, value: V) {
        let mask = self.slots.len() - 1;
        let mut slot = key.hash() as usize & mask;
        while !self.slots[slot].1.is_free() {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (key, value);
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.len() * size_of::<(K, V)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_finds_what_was_put_in_however_often_it_grows() {
        let mut map = Map::new();
        (0..10_000_u64).for_each(|key| map.insert(key * 3, key as u32));
        assert!((0..10_000_u64).all(|key| map.get(key * 3) == Some(key as u32)));
        assert_eq!(map.get(1), None);
    }
}
