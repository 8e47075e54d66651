//! The result of a check for people.

use std::fmt::Write;

use glare_model::{
    explore::{CheckReport, Completion, Verdict, lanes},
    world::{Variant, property},
};
use owo_colors::{OwoColorize, Style};

use super::{super::colours, statement};

/// The configurations, the properties, and a counterexample for each violated one.
pub(super) fn render(variant: &Variant, report: &CheckReport) -> String {
    let paint = |text: &str, style: Style| if colours() { text.style(style).to_string() } else { text.to_owned() };
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
    page.push('\n');
    for clause in report.clauses() {
        let Some(verdict) = report.verdict(clause) else { continue };
        let (word, style) = match verdict {
            Verdict::Holds => ("holds", Style::new().green()),
            Verdict::Vacuous => ("no occasion", Style::new().yellow()),
            Verdict::Violated(_) => ("VIOLATED", Style::new().red().bold()),
            Verdict::Unknown => ("unknown", Style::new().yellow()),
        };
        let statement = statement(report, clause);
        let _infallible = writeln!(page, "  {clause:<9} {} {statement}", paint(&format!("{word:<12}"), style));
    }
    for clause in report.violated() {
        let Some(Verdict::Violated(trace)) = report.verdict(clause) else { continue };
        if let Some(property) = property(clause) {
            let _infallible = writeln!(page, "\n{}", lanes::counterexample(property, trace));
        }
    }
    let sum = match (report.violated().len(), report.is_proved()) {
        (0, true) => paint(
            "no violation: every property holds in every configuration, explored completely",
            Style::new().green(),
        ),
        (0, false) => paint(
            "no violation found, and nothing proved: see what is incomplete or had no occasion above",
            Style::new().yellow(),
        ),
        (1, _) => paint("1 property violated", Style::new().red().bold()),
        (count, _) => paint(&format!("{count} properties violated"), Style::new().red().bold()),
    };
    let _infallible = writeln!(page, "\n{}: {sum}\n", variant.name);
    page
}
