//! The one sentence about a run with which every report ends or begins.

use glare_model::requirement::Level;

use super::Run;
use crate::verdict::Verdict;

/// What a whole run says of its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// A clause that counts is broken, and nobody expected it.
    Fails,
    /// The baseline names what no longer fails, or what has expired.
    BaselineOutOfDate,
    /// Some case has no verdict.
    Incomplete,
    /// What fails is in the baseline.
    NoNewFailure,
    /// Only recommendations are not followed.
    PassesButForRecommendations,
    /// Everything passed.
    Passes,
}

impl Conclusion {
    /// The sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Fails => "FAIL: the target does not conform",
            Self::BaselineOutOfDate => "FAIL: the baseline is out of date (see above)",
            Self::Incomplete => "INCOMPLETE: not every case has a verdict",
            Self::NoNewFailure => "NO NEW FAILURE: what fails is in the baseline, and the target does not conform",
            Self::PassesButForRecommendations => {
                "PASS, with recommendations not followed (see above; --level should makes them count)"
            }
            Self::Passes => "PASS",
        }
    }

    /// The same for a page, where it stands first.
    #[must_use]
    pub fn headline(self) -> &'static str {
        match self {
            Self::Fails => "This server does not conform",
            Self::BaselineOutOfDate => "The baseline is out of date",
            Self::Incomplete => "Not every case has a verdict",
            Self::NoNewFailure => "Nothing new fails, and the server does not conform yet",
            Self::PassesButForRecommendations => "This server passes, with recommendations not followed",
            Self::Passes => "This server passes",
        }
    }

    /// The gravest verdict that it rests on.
    #[must_use]
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Fails | Self::BaselineOutOfDate => Verdict::Fail,
            Self::Incomplete => Verdict::Inconclusive,
            Self::NoNewFailure => Verdict::ExpectedFail,
            Self::PassesButForRecommendations | Self::Passes => Verdict::Pass,
        }
    }
}

impl Run<'_> {
    /// What it says of its target.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let summary = self.summary;
        if summary.fails(self.level) {
            Conclusion::Fails
        } else if self.baseline.fails() {
            Conclusion::BaselineOutOfDate
        } else if summary.is_incomplete() || self.interrupted {
            Conclusion::Incomplete
        } else if summary.count(Verdict::ExpectedFail) + summary.count(Verdict::Flaky) > 0 {
            Conclusion::NoNewFailure
        } else if summary.fails(Level::Should) {
            Conclusion::PassesButForRecommendations
        } else {
            Conclusion::Passes
        }
    }
}
