//! Verdicts, and how they were established.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is said of a case. Only `pass` is green.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that the case judges was as it has to be.
    Pass,
    /// A clause was broken.
    Fail,
    /// A clause was broken, as the baseline says.
    ExpectedFail,
    /// It passed or failed, and the baseline says that it does now the one and now the other.
    Flaky,
    /// Nothing can be said: the target could not be reached, or a bound was reached.
    Inconclusive,
    /// The target does not declare the capability that the case is about, or has not the wire.
    NotApplicable,
    /// The case did not run.
    NotExercised,
}

/// How absence was established.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// In memory, where nothing is late.
    Exact,
    /// By round trips along the path of what might still come.
    Fenced,
    /// By waiting, twice, the second time four times as long.
    Timed,
}

impl Verdict {
    /// All of them, in the order in which reports count them.
    pub const ALL: [Self; 7] = [
        Self::Pass,
        Self::Fail,
        Self::ExpectedFail,
        Self::Flaky,
        Self::Inconclusive,
        Self::NotApplicable,
        Self::NotExercised,
    ];

    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::ExpectedFail => "expected fail",
            Self::Flaky => "flaky",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not applicable",
            Self::NotExercised => "not exercised",
        }
    }
}

impl Evidence {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Fenced => "fenced",
            Self::Timed => "timed",
        }
    }
}
