//! What a variant's violations come to, in plain words, for whoever sees them for the first time.

use std::fmt::Write;

use glare_model::{
    explore::{CheckReport, lanes::wrap},
    findings::{Finding, findings},
    world::Variant,
};

/// Columns of the story's text.
const WIDTH: usize = 96;

/// The findings that this variant's rules make and this report bears out, told one by one; none if there are none.
pub(super) fn story(variant: &Variant, report: &CheckReport) -> Option<String> {
    let outcomes = report.outcomes();
    let is_shown = |finding: &&Finding| {
        let is_its_own = finding.broken.rooms == variant.rules && finding.broken.strategy == variant.strategy;
        let is_violated = outcomes.iter().any(|it| it.is_violated() && it.claim.clause() == finding.breaks);
        is_its_own && is_violated && variant.server.is_none() && variant.peer.is_none()
    };
    let told: Vec<_> = findings().iter().filter(is_shown).collect();
    if told.is_empty() {
        return None;
    }
    let mut page =
        "In plain words. The run that shows each is above, under its clause; docs/findings.md draws them.\n".to_owned();
    for finding in told {
        let _infallible = writeln!(page, "\n  {}: {}", finding.breaks, finding.title);
        for (word, text) in [("claim", finding.claim), ("but", finding.wrong), ("mend", finding.mend)] {
            for (number, line) in wrap(text, WIDTH).iter().enumerate() {
                let word = if number == 0 { word } else { "" };
                let _infallible = writeln!(page, "    {word:<6} {line}");
            }
        }
    }
    Some(page)
}
