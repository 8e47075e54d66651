//! A user's list of failures that are expected, in a TOML file that lives beside the server's code.
//!
//! It excuses what it names and nothing else. What it names and no longer fails is stale, and fails the run; so does an
//! entry that has expired. A case that is known to be flaky may pass or fail, and counts as neither.

mod assess;
mod read;
mod write;

use std::fmt;

use glare_model::requirement::RequirementId;
use globset::GlobMatcher;
use jiff::civil::Date;

pub use assess::{Assessed, Assessment, Standing};
pub use read::BaselineError;
pub use write::write;

/// The entries of a baseline file.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// In the order of the file.
    pub entries: Vec<Entry>,
}

/// A failure that is expected, or a case that is known to be flaky.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The cases; all if there is none.
    pub case: Option<Pattern>,
    /// The clauses; all if there is none.
    pub requirement: Option<Pattern>,
    /// Why it is accepted.
    pub reason: String,
    /// Where it is tracked.
    pub url: Option<String>,
    /// The last day on which it is accepted.
    pub expires: Option<Date>,
    /// How often the cases fail, if only sometimes.
    pub flaky: Option<Rate>,
}

/// A glob with the text that it was made from.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The text.
    pub text: String,
    matcher: GlobMatcher,
}

/// So many failures in so many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    failed: u32,
    runs: u32,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.failed, self.runs)
    }
}

impl Pattern {
    fn matches(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }
}

impl Entry {
    /// Whether it is about a case, whatever clause that breaks.
    fn is_about(&self, case: &str) -> bool {
        self.case.as_ref().is_none_or(|pattern| pattern.matches(case))
    }

    /// Whether it is about a clause, in whatever case.
    fn names(&self, clause: RequirementId) -> bool {
        self.requirement.as_ref().is_none_or(|pattern| pattern.matches(clause.as_str()))
    }

    /// What it is about, for people.
    #[must_use]
    pub fn about(&self) -> String {
        let part =
            |name: &str, pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| format!("{name} {}", pattern.text));
        let parts: Vec<_> =
            [part("requirement", &self.requirement), part("case", &self.case)].into_iter().flatten().collect();
        parts.join(", ")
    }
}
