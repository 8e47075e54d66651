//! A part of a run: the same cases are in the same shard on every machine, so that n machines share a run without talking
//! to each other.

use std::{fmt, hash::Hasher, str::FromStr};

use fnv::FnvHasher;

use crate::limits::SHARDS_MAX;

/// One of n parts, by the hash of the cases' ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    number: u64,
    /// Of how many.
    count: u64,
}

impl Shard {
    /// Whether a case is in this part.
    #[must_use]
    pub fn has(self, case: &str) -> bool {
        let mut hasher = FnvHasher::default();
        hasher.write(case.as_bytes());
        hasher.finish() % self.count == self.number - 1
    }
}

/// A text names no shard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected I/N, the I-th of N parts, with 1 <= I <= N <= {SHARDS_MAX}, not {0:?}")]
pub struct NoShard(pub String);

impl FromStr for Shard {
    type Err = NoShard;

    fn from_str(text: &str) -> Result<Self, NoShard> {
        let parts = text.split_once('/').and_then(|(one, all)| Some((one.parse().ok()?, all.parse().ok()?)));
        match parts {
            Some((number, count)) if 1 <= number && number <= count && count <= SHARDS_MAX => {
                Ok(Self { number, count })
            }
            _ => Err(NoShard(text.to_owned())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_shard_is_named() {
        for text in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/9999999", "-1/2"] {
            assert_eq!(text.parse::<Shard>(), Err(NoShard(text.to_owned())));
        }
    }

    /// A change of the hash would move cases between the machines of a run whose versions differ.
    #[test]
    fn the_partition_is_pinned() {
        let home = |case: &str| (1..=4).find(|number| Shard { number: *number, count: 4 }.has(case));
        assert_eq!(["room-01-create", "tour-1", "race-1"].map(home), [Some(2), Some(2), Some(3)]);
    }
}
