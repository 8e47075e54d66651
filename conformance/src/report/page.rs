//! What the HTML pages share.

use crate::verdict::Verdict;

/// A verdict as a coloured word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Chip {
    pub(crate) class: &'static str,
    pub(crate) word: &'static str,
}

/// The word and colour of a verdict.
pub(crate) fn chip(verdict: Verdict) -> Chip {
    let class = match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::ExpectedFail | Verdict::Flaky | Verdict::Inconclusive => "warn",
        Verdict::NotApplicable | Verdict::NotExercised => "none",
    };
    let word = if verdict == Verdict::Fail { "fail" } else { verdict.word() };
    Chip { class, word }
}

/// A text of the document: parts, with those apart that are code.
pub(crate) type Prose = Vec<(bool, &'static str)>;

/// Splits a text of the document at its backticks.
pub(crate) fn prose(text: &'static str) -> Prose {
    text.split('`').enumerate().map(|(place, part)| (place % 2 == 1, part)).collect()
}

/// A random word that a page's own script and style carry, so that its policy lets nothing else run.
pub(crate) fn nonce() -> String {
    format!("{:032x}", rand::random::<u128>())
}
