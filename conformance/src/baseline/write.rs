//! Writes a baseline from what a run found.

use std::{collections::BTreeMap, fmt::Write};

use glare_model::requirement::RequirementId;

use super::{Assessment, Entry, Standing};
use crate::{run::CaseResult, verdict::Verdict};

const HEAD: &str = "\
# Failures that are expected. Say of each entry why it is accepted (reason), where it is tracked (url), and until when
# (expires). An entry that no longer fails, or has expired, makes the run fail: then remove it. A case that fails only
# sometimes gets flaky = \"FAILED/RUNS\"; it may then pass or fail, and counts as neither. docs/conformance.md has more.
";

/// What the writer cannot know.
const UNEXPLAINED: &str = "not yet explained";

/// A baseline for the failures of a run: the entries that hold on, and one for each failure that is new. `results` have been
/// assessed.
#[must_use]
pub fn write(target: &str, results: &[CaseResult], assessment: &Assessment) -> String {
    let mut page = format!("{HEAD}\n# Written by `glare` for {}.\n", target.replace(['\n', '\r'], " "));
    let kept = |standing: Standing| matches!(standing, Standing::Expected | Standing::Flaky | Standing::NotJudged);
    for assessed in assessment.entries.iter().filter(|one| kept(one.standing)) {
        page.push_str(&rendered(&assessed.entry));
    }
    let mut new: BTreeMap<(RequirementId, String), usize> = BTreeMap::new();
    for result in results.iter().filter(|result| result.judgement.verdict == Verdict::Fail) {
        for violation in &result.judgement.violations {
            if !assessment.excuses(&result.case.id, violation.requirement) {
                *new.entry((violation.requirement, pattern(&result.case.id))).or_default() += 1;
            }
        }
    }
    for ((clause, case), count) in new {
        let cases = if count == 1 { "1 case".to_owned() } else { format!("{count} cases") };
        let _infallible = write!(
            page,
            "\n[[expected]] # {cases}\ncase = {}\nrequirement = {}\nreason = {}\n# url = \"https://..\"\n# expires = 2027-01-31\n",
            quoted(&case),
            quoted(clause.as_str()),
            quoted(UNEXPLAINED)
        );
    }
    page
}

/// How the ids of generated cases begin (`scenario::generate`).
const GENERATED: [&str; 5] = ["tour", "complete", "race", "random", "hostile"];

/// A case that was written by hand stands for itself. Those that were generated are many, and differ from seed to seed.
fn pattern(case: &str) -> String {
    match case.split_once('-') {
        Some((kind, _)) if GENERATED.contains(&kind) => format!("{kind}-*"),
        _ => globset::escape(case),
    }
}

fn rendered(entry: &Entry) -> String {
    let mut text = "\n[[expected]]\n".to_owned();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _infallible = writeln!(text, "{name} = {value}");
        }
    };
    line("case", entry.case.as_ref().map(|pattern| quoted(&pattern.text)));
    line("requirement", entry.requirement.as_ref().map(|pattern| quoted(&pattern.text)));
    line("reason", Some(quoted(&entry.reason)));
    line("url", entry.url.as_deref().map(quoted));
    line("expires", entry.expires.map(|day| day.to_string()));
    line("flaky", entry.flaky.map(|rate| quoted(&rate.to_string())));
    text
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
