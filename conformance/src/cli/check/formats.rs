//! The results of checks for programs and pages.

use std::fmt::Write;

use glare_model::{
    explore::{CheckReport, Claim, Completion, Outcome, Verdict},
    world::Variant,
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

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

/// Whether a claim is about every moment or about the end, in one word.
fn kind(claim: Claim) -> &'static str {
    match claim {
        Claim::Property(_) => "always",
        Claim::Goal(_) => "in-the-end",
    }
}

/// `{"schema":1,"variants":[{"variant","proved","configurations":[..],"properties":[{"requirement","kind","statement","verdict",
/// "counterexample"}]}]}`. A property's kind is `always`, a goal's `in-the-end`.
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
        let properties = report.outcomes().into_iter().map(|outcome| {
            let Outcome { claim, verdict } = outcome;
            json!({
                "requirement": claim.clause().as_str(), "kind": kind(claim), "statement": claim.statement(),
                "verdict": word(verdict), "counterexample": outcome.counterexample(),
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

/// A suite for each variant, a case for each property and each goal. What is violated is a failure; what was not decided is an error.
pub(super) fn junit(checked: &[Checked]) -> String {
    let mut page = Report::new("glare check");
    for (variant, report) in checked {
        let mut suite = TestSuite::new(variant.name);
        for outcome in report.outcomes() {
            let Outcome { claim, verdict } = outcome;
            let failure = match verdict {
                Verdict::Holds => None,
                Verdict::Violated(_) => Some((NonSuccessKind::Failure, "violated")),
                Verdict::Vacuous => Some((NonSuccessKind::Error, "nothing is proved, as its occasion never arose")),
                Verdict::Unknown => Some((NonSuccessKind::Error, "nothing is proved, as the search did not finish")),
            };
            let mut status =
                failure.map_or_else(TestCaseStatus::success, |(kind, _)| TestCaseStatus::non_success(kind));
            if let Some((_, message)) = failure {
                status.set_message(format!("{message}: {}", claim.statement()));
            }
            if let Some(story) = outcome.counterexample() {
                status.set_description(story);
            }
            let name = match claim {
                Claim::Property(_) => claim.clause().to_string(),
                Claim::Goal(_) => format!("{} in the end", claim.clause()),
            };
            let mut case = TestCase::new(name, status);
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
        writeln!(page, "\n| clause | verdict | kind | claim |\n|---|---|---|---|").expect(infallible);
        for Outcome { claim, verdict } in report.outcomes() {
            let (clause, statement) = (claim.clause(), claim.statement());
            writeln!(page, "| {clause} | {} | {} | {statement} |", word(verdict), kind(claim)).expect(infallible);
        }
        for story in report.outcomes().iter().filter_map(Outcome::counterexample) {
            writeln!(page, "\n```text\n{}\n```", story.trim_end()).expect(infallible);
        }
        page.push('\n');
    }
    page
}
