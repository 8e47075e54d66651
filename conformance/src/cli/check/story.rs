//! What a variant's violations come to, in plain words, for whoever sees them for the first time.

use std::fmt::Write;

use glare_model::{
    explore::{
        CheckReport, Verdict,
        lanes::{draw, wrap},
    },
    findings::{Finding, findings},
    requirement::{RequirementId, ids::NEG_06},
    world::{Trace, Variant},
};

/// Columns of the story's text.
const WIDTH: usize = 96;

/// What has to be known to read the runs, for whoever has never looked behind a video call.
const PRIMER: &str = "\
Each peer connects to every other one in its room. To connect, one side sends an offer, the other one takes it and sends \
an answer back; the server passes both on. Glare is when both sides offer at once: the offers cross on their way, and \
each side gets an offer while it waits for an answer. A claim is what was said or assumed; numbers in brackets are the \
tutorial's sections.";

/// The findings that this variant's rules make and this report bears out, told one by one; none if there are none.
pub(super) fn story(variant: &Variant, report: &CheckReport) -> Option<String> {
    let is_told = |finding: &&Finding| {
        let is_its_own = finding.broken.rooms == variant.rules && finding.broken.strategy == variant.strategy;
        is_its_own && run_of(report, finding.breaks).is_some() && variant.server.is_none() && variant.peer.is_none()
    };
    let told: Vec<_> = findings().iter().filter(is_told).collect();
    if told.is_empty() {
        return None;
    }
    let mut page = "In plain words\n\n".to_owned();
    paragraph(&mut page, "  ", PRIMER);
    for finding in &told {
        let _infallible = writeln!(page, "\n  {}: {}", finding.breaks, finding.title);
        for (word, text) in [("claim", finding.claim), ("but", finding.wrong), ("mend", finding.mend)] {
            paragraph(&mut page, &format!("    {word:<6} "), text);
        }
        // Glare is worth its drawing again: it is what most people are here for.
        if let Some(run) = run_of(report, finding.breaks).filter(|_| finding.breaks == NEG_06) {
            let _infallible = writeln!(page, "    run    a shortest one, step by step:\n\n{}", draw(run));
        }
    }
    page.push('\n');
    paragraph(&mut page, "  ", &ending(&told, report));
    Some(page)
}

/// A shortest run that breaks a clause's property.
fn run_of(report: &CheckReport, clause: RequirementId) -> Option<&Trace> {
    match report.verdict(clause)? {
        Verdict::Violated(run) => Some(run),
        Verdict::Holds | Verdict::Vacuous | Verdict::Unknown => None,
    }
}

/// Where to read on, and what the story leaves out.
fn ending(told: &[&Finding], report: &CheckReport) -> String {
    let is_untold = |clause: &RequirementId| !told.iter().any(|finding| finding.breaks == *clause);
    let untold: Vec<_> = report.violated().into_iter().filter(is_untold).map(|clause| clause.to_string()).collect();
    let mut text = "Each clause's shortest run is drawn above, under its name; docs/findings.md tells more.".to_owned();
    if !untold.is_empty() {
        let _infallible = write!(text, " Violated too, and not told here: {}.", untold.join(", "));
    }
    text
}

/// A paragraph beside its heading.
fn paragraph(page: &mut String, heading: &str, text: &str) {
    let margin = " ".repeat(heading.chars().count());
    for (number, line) in wrap(text, WIDTH).iter().enumerate() {
        let _infallible = writeln!(page, "{}{line}", if number == 0 { heading } else { &margin });
    }
}
