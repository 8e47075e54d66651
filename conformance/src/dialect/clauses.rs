//! Sets of clauses.

use std::{collections::BTreeSet, fmt};

use glare_model::requirement::RequirementId;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A set of clauses.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Clauses(u128);

impl Clauses {
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether a clause is in it.
    #[must_use]
    pub fn contains(self, clause: RequirementId) -> bool {
        self.0 & bit(clause) != 0
    }

    fn iter(self) -> impl Iterator<Item = RequirementId> {
        RequirementId::all().iter().copied().filter(move |clause| self.contains(*clause))
    }
}

impl FromIterator<RequirementId> for Clauses {
    fn from_iter<I: IntoIterator<Item = RequirementId>>(clauses: I) -> Self {
        Self(clauses.into_iter().fold(0, |bits, clause| bits | bit(clause)))
    }
}

fn bit(clause: RequirementId) -> u128 {
    const { assert!(RequirementId::COUNT <= u128::BITS as usize, "every clause has a bit") };
    1 << clause.number()
}

impl fmt::Debug for Clauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(RequirementId::as_str)).finish()
    }
}

impl Serialize for Clauses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(RequirementId::as_str))
    }
}

impl<'de> Deserialize<'de> for Clauses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ids = BTreeSet::<String>::deserialize(deserializer)?;
        ids.iter().map(|id| id.parse::<RequirementId>().map_err(D::Error::custom)).collect()
    }
}

impl JsonSchema for Clauses {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Clauses".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        BTreeSet::<String>::json_schema(generator)
    }
}
