//! The Markdown form of a run, for the step summary of a CI or a comment: verdict and causes first, then the clauses.

use std::fmt::Write;

use super::{
    Run,
    lanes::lanes,
    plain::in_plain_words,
    triage::{Cause, causes},
};
use crate::{
    limits::{MARKDOWN_TRANSCRIPTS_MAX, NAMES_SHOWN_MAX},
    verdict::{Evidence, Verdict},
};

/// Writes a run.
#[must_use]
pub(crate) fn markdown(run: &Run<'_>) -> String {
    let mut page = format!("## {}\n\n", run.conclusion().headline());
    let _infallible = writeln!(page, "{}\n", facts(run));
    let causes = causes(run);
    if !causes.is_empty() {
        page.push_str("### What is wrong\n\n");
    }
    for cause in &causes {
        page.push_str(&summary_of(cause));
    }
    for (place, cause) in causes.iter().enumerate() {
        page.push_str(&details_of(cause, run, place < MARKDOWN_TRANSCRIPTS_MAX));
    }
    page.push_str(&without_verdict(run));
    page.push_str(&clauses(run));
    page
}

fn facts(run: &Run<'_>) -> String {
    let counts = run.summary.counts.iter().filter(|(verdict, count)| *count > 0 || *verdict == Verdict::Pass);
    let counts: Vec<_> = counts.map(|(verdict, count)| format!("{count} {}", verdict.word().to_lowercase())).collect();
    let mut line = format!("{} · {} cases: {}", code(&run.target), run.results.len(), counts.join(", "));
    if let Some(seed) = run.seed {
        let _infallible = write!(line, " · seed {seed}");
    }
    if let Some(shard) = run.shard {
        let _infallible = write!(line, " · part {shard} of the run");
    }
    if run.interrupted {
        line.push_str(" · interrupted: this is not the whole run");
    }
    line
}

fn summary_of(cause: &Cause<'_>) -> String {
    let words = in_plain_words(cause.id);
    let cases = cause.instances.len();
    let number = if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") };
    format!("- **{} ({})** {}. {} ({number})\n", cause.id, cause.id.level(), words.wrong, words.so)
}

fn details_of(cause: &Cause<'_>, run: &Run<'_>, with_transcript: bool) -> String {
    let (first, others) = cause.instances.split_first().expect("a cause shows somewhere");
    let (result, violation) = (first.result, first.violation);
    let mut page = format!("\n<details><summary>{} in {}</summary>\n\n", cause.id, text(&result.case.id));
    let _infallible = writeln!(page, "> {}\n", text(&cause.id.clause().text));
    let _infallible =
        writeln!(page, "- expected: {}\n- actual: {}", text(&violation.expected), text(&violation.actual));
    let _infallible = writeln!(page, "- evidence: {}", result.judgement.evidence.word());
    if !others.is_empty() {
        let names: Vec<_> = others.iter().take(NAMES_SHOWN_MAX).map(|one| code(&one.result.case.id)).collect();
        let more = others.len().saturating_sub(NAMES_SHOWN_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _infallible = writeln!(page, "- also in: {}{more}", names.join(" "));
    }
    if with_transcript {
        page.push('\n');
        page.push_str(&block("text", &lanes(&result.trace, &result.judgement.broken_phases())));
    }
    page.push('\n');
    page.push_str(&block("sh", &(run.replay)(&result.case.id)));
    page.push_str("\n</details>\n");
    page
}

fn without_verdict(run: &Run<'_>) -> String {
    let silent = |verdict: Verdict| matches!(verdict, Verdict::Inconclusive | Verdict::NotExercised);
    let results: Vec<_> = run.results.iter().filter(|result| silent(result.judgement.verdict)).collect();
    if results.is_empty() {
        return String::new();
    }
    let mut page = format!("\n### Without a verdict: {} cases\n\n", results.len());
    for result in results.iter().take(NAMES_SHOWN_MAX) {
        let reason = result.judgement.reason.as_deref().unwrap_or("no reason is known");
        let _infallible = writeln!(page, "- {} {}", code(&result.case.id), text(reason));
    }
    page
}

fn clauses(run: &Run<'_>) -> String {
    let mut page =
        "\n<details><summary>All clauses</summary>\n\n| clause | level | verdict | cases | evidence |\n".to_owned();
    page.push_str("|---|---|---|---:|---|\n");
    for one in &run.summary.requirements {
        let evidence = one.because.as_deref().unwrap_or(one.evidence.map_or("", Evidence::word));
        let (level, verdict) = (one.id.level(), one.verdict.word());
        let _infallible = writeln!(page, "| {} | {level} | {verdict} | {} | {} |", one.id, one.cases, text(evidence));
    }
    page.push_str("\n</details>\n");
    page
}

/// Text in which nothing is markup, whatever a target sent.
pub(crate) fn text(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\n' | '\r' => safe.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '#' | '~' | '@' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Text as code within a line, fenced by more backticks than it has.
fn code(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    if text.starts_with('`') || text.ends_with('`') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// Lines as code, fenced by more backticks than they have.
fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_target_sent_becomes_markup() {
        assert_eq!(text("<img src=x> [a](b) | `c`\n# d"), "&lt;img src=x&gt; \\[a\\](b) \\| \\`c\\` \\# d");
        assert_eq!(code("a `` b"), "```a `` b```");
        assert_eq!(block("text", "x\n```\ny\n"), "````text\nx\n```\ny\n````\n");
    }
}
