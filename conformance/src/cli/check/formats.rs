//! The results of checks for programs and pages.

use std::fmt::Write;

use glare_model::{
    explore::{CheckReport, Completion, Verdict, lanes},
    requirement::RequirementId,
    world::{Variant, property},
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::statement;

type Checked = (Variant, CheckReport);

/// The one word for a verdict in every format.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Vacuous => "no-occasion",
        Verdict::Violated(_) => "violated",
        Verdict::Unknown => "unknown",
    }
}

fn counterexample(clause: RequirementId, verdict: &Verdict) -> Option<String> {
    match (verdict, property(clause)) {
        (Verdict::Violated(trace), Some(property)) => Some(lanes::counterexample(property, trace)),
        _ => None,
    }
}

fn verdicts(report: &CheckReport) -> impl Iterator<Item = (RequirementId, &Verdict)> {
    report.clauses().filter_map(|clause| Some((clause, report.verdict(clause)?)))
}

/// `{"schema":1,"variants":[{"variant","proved","configurations":[..],"properties":[..]}]}`.
pub(super) fn json(checked: &[Checked]) -> String {
    let variants = checked.iter().map(|(variant, report)| {
        let configurations = report.configurations.iter().map(|one| {
            let incomplete = match one.completion {
                Completion::Complete => Value::Null,
                Completion::Incomplete(why) => why.into(),
            };
            json!({
                "name": one.configuration.name, "states": one.states, "transitions": one.transitions,
                "depth": one.depth, "incomplete": incomplete,
            })
        });
        let properties = verdicts(report).map(|(clause, verdict)| {
            json!({
                "requirement": clause.as_str(), "statement": statement(report, clause), "verdict": word(verdict),
                "counterexample": counterexample(clause, verdict),
            })
        });
        json!({
            "variant": variant.name, "description": variant.description, "proved": report.is_proved(),
            "configurations": configurations.collect::<Vec<_>>(), "properties": properties.collect::<Vec<_>>(),
        })
    });
    let page = json!({ "schema": 1, "variants": variants.collect::<Vec<_>>() });
    serde_json::to_string_pretty(&page).expect("it consists of strings and numbers") + "\n"
}

/// A suite for each variant, a case for each property. What is violated is a failure; what was not decided is an error.
pub(super) fn junit(checked: &[Checked]) -> String {
    let mut page = Report::new("glare check");
    for (variant, report) in checked {
        let mut suite = TestSuite::new(variant.name);
        for (clause, verdict) in verdicts(report) {
            let kind = match verdict {
                Verdict::Holds => None,
                Verdict::Violated(_) => Some((NonSuccessKind::Failure, "violated")),
                Verdict::Vacuous => Some((NonSuccessKind::Error, "its occasion never arose: nothing is proved")),
                Verdict::Unknown => Some((NonSuccessKind::Error, "the search did not finish: nothing is proved")),
            };
            let mut status = kind.map_or_else(TestCaseStatus::success, |(kind, _)| TestCaseStatus::non_success(kind));
            if let Some((_, message)) = kind {
                status.set_message(format!("{}: {message}", statement(report, clause)));
            }
            if let Some(story) = counterexample(clause, verdict) {
                status.set_description(story);
            }
            let mut case = TestCase::new(clause.as_str(), status);
            case.set_classname(variant.name);
            suite.add_test_case(case);
        }
        page.add_test_suite(suite);
    }
    page.to_string().expect("names and texts are XML once they are escaped") + "\n"
}

/// A table for each variant, and a counterexample for each violated property.
pub(super) fn markdown(checked: &[Checked]) -> String {
    let mut page = String::new();
    let infallible = "writing to a string never fails";
    for (variant, report) in checked {
        writeln!(page, "## {}\n\n{}\n", variant.name, variant.description).expect(infallible);
        writeln!(page, "| world | states | transitions | depth | |\n|---|---:|---:|---:|---|").expect(infallible);
        for one in &report.configurations {
            let completion = match one.completion {
                Completion::Complete => "complete".to_owned(),
                Completion::Incomplete(why) => format!("**incomplete**: {why}"),
            };
            let (name, states, transitions) = (one.configuration.name, one.states, one.transitions);
            writeln!(page, "| {name} | {states} | {transitions} | {} | {completion} |", one.depth).expect(infallible);
        }
        writeln!(page, "\n| clause | verdict | property |\n|---|---|---|").expect(infallible);
        for (clause, verdict) in verdicts(report) {
            writeln!(page, "| {clause} | {} | {} |", word(verdict), statement(report, clause)).expect(infallible);
        }
        for story in verdicts(report).filter_map(|(clause, verdict)| counterexample(clause, verdict)) {
            writeln!(page, "\n```text\n{}\n```", story.trim_end()).expect(infallible);
        }
        page.push('\n');
    }
    page
}
