//! A packed state: the number of the rest and of each part, side by side in one integer.

use std::{
    fmt::Debug,
    hash::Hash,
    ops::{BitAnd, BitXor},
};

/// An integer that holds a packed state.
pub(super) trait Key:
    Copy + Eq + Hash + Debug + BitAnd<Output = Self> + BitXor<Output = Self> + Default + Send + Sync + 'static
{
    const BITS: u32;
    fn of(number: u32, shift: u32) -> Self;
    fn get(self, shift: u32, mask: u32) -> u32;
    /// A hash. Maps and tables use its lower bits, shards the upper ones.
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

impl BitAnd for Bits96 {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1], self.0[2] & other.0[2]])
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

/// Two numbers as a key of maps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Pair(pub(super) u32, pub(super) u32);

impl Pair {
    pub(super) fn mix(self) -> u64 {
        fold(u64::from(self.0) << 32 | u64::from(self.1))
    }
}

/// Which of some shards a hash belongs to.
#[inline]
pub(super) fn shard_of(hash: u64, shards: usize) -> usize {
    (((hash >> 32) * shards as u64) >> 32) as usize
}

/// Which bits of a key are whose: the parts one after the other, then the rest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub(super) parts: usize,
    part_bits: u32,
    rest_bits: u32,
}

/// The most bits of a field: numbers are less than `u32::MAX`, which is no number.
const FIELD_BITS_MAX: u32 = 31;

impl Layout {
    /// There are fewer rests than parts: a fifth of the key is theirs, and what the parts leave.
    pub(super) fn new<K: Key>(parts: usize) -> Self {
        let part_bits = ((K::BITS - K::BITS / 5) / parts as u32).min(FIELD_BITS_MAX);
        let rest_bits = (K::BITS - part_bits * parts as u32).min(FIELD_BITS_MAX);
        Self { parts, part_bits, rest_bits }
    }

    /// How many parts of one place can be told apart.
    pub(super) fn parts_max(self) -> usize {
        1 << self.part_bits
    }

    /// How many rests can be told apart.
    pub(super) fn rests_max(self) -> usize {
        1 << self.rest_bits
    }

    #[inline]
    pub(super) fn part<K: Key>(self, key: K, part: usize) -> u32 {
        key.get(self.part_bits * part as u32, (1 << self.part_bits) - 1)
    }

    #[inline]
    pub(super) fn rest<K: Key>(self, key: K) -> u32 {
        key.get(self.part_bits * self.parts as u32, (1 << self.rest_bits) - 1)
    }

    /// A number in its place; the rest's place is after the last part's.
    #[inline]
    pub(super) fn field<K: Key>(self, number: u32, part: usize) -> K {
        K::of(number, self.part_bits * part as u32)
    }

    /// The bits of the rest, and of those parts whose bits are set in `places`.
    pub(super) fn mask<K: Key>(self, places: u8) -> K {
        let rest = self.field((1 << self.rest_bits) - 1, self.parts);
        (0..self.parts).filter(|place| places & 1 << place != 0).fold(rest, |mask, place| mask ^ self.whole(place))
    }

    /// The bits of a part.
    pub(super) fn whole<K: Key>(self, place: usize) -> K {
        self.field((1 << self.part_bits) - 1, place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each_field_keeps_its_number<K: Key>() {
        let layout = Layout::new::<K>(3);
        let (last, last_rest) = (layout.parts_max() as u32 - 1, layout.rests_max() as u32 - 1);
        let key = layout.field::<K>(5, 0) ^ layout.field(last, 1) ^ layout.field(0, 2) ^ layout.field(last_rest, 3);
        let fields = |key| [layout.part(key, 0), layout.part(key, 1), layout.part(key, 2), layout.rest(key)];
        assert_eq!(fields(key), [5, last, 0, last_rest]);
        assert_eq!(fields(key & layout.mask(0b001)), [5, 0, 0, last_rest]);
        assert_eq!(fields(key & layout.whole(1)), [0, last, 0, 0]);
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
