//! A packed state: the number of the rest and of each part, side by side in one integer.

use std::{fmt::Debug, hash::Hash, ops::BitXor};

/// An integer that holds a packed state.
pub(super) trait Key:
    Copy + Eq + Hash + Debug + BitXor<Output = Self> + Default + Send + Sync + 'static
{
    const BITS: u32;
    fn of(number: u32, shift: u32) -> Self;
    fn get(self, shift: u32, mask: u32) -> u32;
    fn mix(self) -> u64;
}

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

fn fold(word: u64) -> u64 {
    let product = u128::from(word ^ 0x2545_F491_4F6C_DD1D) * u128::from(MULTIPLIER);
    (product ^ product >> 64) as u64
}

impl Key for u64 {
    const BITS: u32 = 64;

    fn of(number: u32, shift: u32) -> Self {
        Self::from(number) << shift
    }

    fn get(self, shift: u32, mask: u32) -> u32 {
        (self >> shift) as u32 & mask
    }

    fn mix(self) -> u64 {
        fold(self)
    }
}

/// 96 bits, for worlds of which there are hundreds of millions of states.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Bits96([u32; 3]);

impl Bits96 {
    fn wide(self) -> u128 {
        let [low, middle, high] = self.0.map(u128::from);
        low | middle << 32 | high << 64
    }
}

impl BitXor for Bits96 {
    type Output = Self;

    fn bitxor(self, other: Self) -> Self {
        Self([self.0[0] ^ other.0[0], self.0[1] ^ other.0[1], self.0[2] ^ other.0[2]])
    }
}

impl Key for Bits96 {
    const BITS: u32 = 96;

    fn of(number: u32, shift: u32) -> Self {
        let wide = u128::from(number) << shift;
        Self([wide as u32, (wide >> 32) as u32, (wide >> 64) as u32])
    }

    fn get(self, shift: u32, mask: u32) -> u32 {
        (self.wide() >> shift) as u32 & mask
    }

    fn mix(self) -> u64 {
        self.wide().mix()
    }
}

impl Key for u128 {
    const BITS: u32 = 128;

    fn of(number: u32, shift: u32) -> Self {
        Self::from(number) << shift
    }

    fn get(self, shift: u32, mask: u32) -> u32 {
        (self >> shift) as u32 & mask
    }

    fn mix(self) -> u64 {
        fold(self as u64 ^ fold((self >> 64) as u64))
    }
}

/// Which bits of a key are whose: the parts one after the other, then the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) parts: usize,
    bits: u32,
}

impl Layout {
    /// As many bits for each part as for the rest, and at most 31.
    pub(super) fn new<K: Key>(parts: usize) -> Self {
        Self { parts, bits: (K::BITS / (parts as u32 + 1)).min(31) }
    }

    /// How many parts, or rests, can be told apart.
    pub(super) fn capacity(self) -> usize {
        1 << self.bits
    }

    pub(super) fn part<K: Key>(self, key: K, part: usize) -> u32 {
        key.get(self.bits * part as u32, (1 << self.bits) - 1)
    }

    pub(super) fn rest<K: Key>(self, key: K) -> u32 {
        self.part(key, self.parts)
    }

    /// A number in its place; the rest's place is after the last part's.
    pub(super) fn field<K: Key>(self, number: u32, part: usize) -> K {
        K::of(number, self.bits * part as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_field_keeps_its_number<K: Key>() {
        let layout = Layout::new::<K>(3);
        let last = layout.capacity() as u32 - 1;
        let key = layout.field::<K>(5, 0) ^ layout.field(last, 1) ^ layout.field(0, 2) ^ layout.field(last, 3);
        let fields = [layout.part(key, 0), layout.part(key, 1), layout.part(key, 2), layout.rest(key)];
        assert_eq!(fields, [5, last, 0, last]);
    }

    #[test]
    fn each_field_keeps_its_number_in_64_bits() {
        each_field_keeps_its_number::<u64>();
    }

    #[test]
    fn each_field_keeps_its_number_in_96_bits() {
        each_field_keeps_its_number::<Bits96>();
    }

    #[test]
    fn each_field_keeps_its_number_in_128_bits() {
        each_field_keeps_its_number::<u128>();
    }
}
