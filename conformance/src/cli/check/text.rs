//! The result of a check for people.

use std::fmt::Write;

use glare_model::{
    explore::{CheckReport, Claim, Completion, Outcome, Verdict},
    world::Variant,
};
use owo_colors::{OwoColorize, Style};

use super::{super::colours, story::story};

/// The configurations, the properties, and a counterexample for each violated one.
pub(super) fn render(variant: &Variant, report: &CheckReport) -> String {
    let mut page = format!("{}: {}\n\n", paint(variant.name, Style::new().bold()), variant.description);
    for one in &report.configurations {
        let completion = match one.completion {
            Completion::Complete => "complete".to_owned(),
            Completion::Incomplete(why) => format!("INCOMPLETE: {why}"),
        };
        let _infallible = writeln!(
            page,
            "  {:<24} {:>9} states {:>10} transitions  depth {:>3}  {completion}",
            one.configuration.name, one.states, one.transitions, one.depth
        );
    }
    let outcomes = report.outcomes();
    let (properties, goals): (Vec<_>, Vec<_>) =
        outcomes.iter().partition(|outcome| matches!(outcome.claim, Claim::Property(_)));
    page.push('\n');
    properties.iter().for_each(|outcome| page += &row(outcome));
    if !goals.is_empty() {
        page += "\n  If nothing that is under way is put off for ever:\n\n";
        goals.iter().for_each(|outcome| page += &row(outcome));
    }
    for story in outcomes.iter().filter_map(Outcome::counterexample) {
        let _infallible = writeln!(page, "\n{story}");
    }
    if let Some(story) = story(variant, report) {
        let _infallible = writeln!(page, "\n{story}");
    }
    let violated = outcomes.iter().filter(|outcome| outcome.is_violated()).count();
    let sum = match (violated, report.is_proved()) {
        (0, true) => paint(
            "no violation: every property holds in every world, explored completely, and every goal is reached",
            Style::new().green(),
        ),
        (0, false) => paint(
            "no violation found, and nothing proved: see what is incomplete or had no occasion above",
            Style::new().yellow(),
        ),
        (1, _) => paint("1 claim violated", Style::new().red().bold()),
        (count, _) => paint(&format!("{count} claims violated"), Style::new().red().bold()),
    };
    let _infallible = writeln!(page, "\n{}: {sum}\n", variant.name);
    page
}

fn paint(text: &str, style: Style) -> String {
    if colours() { text.style(style).to_string() } else { text.to_owned() }
}

/// A claim with its verdict.
fn row(outcome: &Outcome<'_>) -> String {
    let (word, style) = match outcome.verdict {
        Verdict::Holds => ("holds", Style::new().green()),
        Verdict::Vacuous => ("no occasion", Style::new().yellow()),
        Verdict::Violated(_) => ("VIOLATED", Style::new().red().bold()),
        Verdict::Unknown => ("unknown", Style::new().yellow()),
    };
    let (clause, statement) = (outcome.claim.clause(), outcome.claim.statement());
    format!("  {clause:<9} {} {statement}\n", paint(&format!("{word:<12}"), style))
}
