//! The report for people: clauses first, then one block for each broken clause, then the sum.

use std::{collections::BTreeMap, fmt::Write};

use glare_model::requirement::Level;
use owo_colors::{OwoColorize, Style};

use super::{
    Conclusion, RequirementResult, Run,
    lanes::lanes,
    triage::{Cause, Instance, causes},
};
use crate::{
    baseline::{Assessed, Standing},
    limits::NAMES_SHOWN_MAX,
    run::CaseResult,
    verdict::{Evidence, Verdict},
};

/// Characters for a clause's id, so that the longest one fits.
const ID_WIDTH: usize = "CAP-HOST-TRANSFER-01".len();

/// Where the report goes.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// Whether to use colours.
    pub colours: bool,
}

impl Console {
    fn paint(self, text: &str, style: Style) -> String {
        if self.colours { text.style(style).to_string() } else { text.to_owned() }
    }

    /// The whole report.
    #[must_use]
    pub fn render(self, run: &Run<'_>) -> String {
        let mut page = String::new();
        for requirement in &run.summary.requirements {
            page.push_str(&self.requirement_line(requirement));
        }
        for cause in causes(run) {
            page.push('\n');
            page.push_str(&self.failure(&cause, run));
        }
        page.push_str(&self.without_verdict(run));
        page.push_str(&self.baseline(run));
        page.push('\n');
        page.push_str(&capabilities(run));
        page.push_str(&suites(run));
        page.push_str(&frontier(run));
        page.push_str(&across(run));
        page.push_str(&self.sum(run));
        page
    }

    /// The cases of which nothing can be said, and what did not run at all.
    fn without_verdict(self, run: &Run<'_>) -> String {
        let mut page = String::new();
        let with = |verdict: Verdict| run.results.iter().filter(move |result| result.judgement.verdict == verdict);
        for result in with(Verdict::Inconclusive) {
            let reason = result.judgement.reason.as_deref().unwrap_or("no reason is known");
            let word = self.paint("INCONCLUSIVE", Style::new().yellow().bold());
            let (case, replay) = (&result.case.id, (run.replay)(&result.case.id));
            let _infallible = writeln!(page, "\n{word} {case}\n  because   {reason}\n  replay    {replay}");
        }
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for result in with(Verdict::NotExercised) {
            let reason = result.judgement.reason.as_deref().unwrap_or("no reason is known");
            reasons.entry(reason).or_default().push(&result.case.id);
        }
        for (reason, cases) in reasons {
            let word = self.paint("NOT EXERCISED", Style::new().yellow().bold());
            let _infallible =
                writeln!(page, "\n{word} {} cases\n  because   {reason}\n  cases     {}", cases.len(), names(&cases));
        }
        page
    }

    fn requirement_line(self, one: &RequirementResult) -> String {
        let style = match one.verdict {
            Verdict::Pass => Style::new().green(),
            Verdict::Fail if one.id.level() == Level::Must => Style::new().red().bold(),
            Verdict::Fail | Verdict::ExpectedFail | Verdict::Flaky | Verdict::Inconclusive => {
                Style::new().yellow().bold()
            }
            Verdict::NotApplicable | Verdict::NotExercised => Style::new().dimmed(),
        };
        let word = self.paint(&format!("{:<16}", one.verdict.word()), style);
        let cases = if one.cases == 1 { "1 case ".to_owned() } else { format!("{} cases", one.cases) };
        let evidence = one.evidence.map_or("", Evidence::word);
        let said = one.because.as_deref().unwrap_or(evidence);
        let id = one.id;
        format!("{id:<ID_WIDTH$} {:<7} {word} {cases:>10}  {said}", id.level()).trim_end().to_owned() + "\n"
    }

    /// What became of the baseline: what it excused, and what is wrong with it.
    fn baseline(self, run: &Run<'_>) -> String {
        let mut page = String::new();
        for Assessed { entry, standing, cases } in &run.baseline.entries {
            let number = if cases.len() == 1 { "1 case".to_owned() } else { format!("{} cases", cases.len()) };
            let (word, style, said) = match standing {
                Standing::Expected => ("EXPECTED", Style::new().yellow(), format!("{number} failed: {}", entry.reason)),
                Standing::Flaky => {
                    let rate = entry.flaky.map_or(String::new(), |rate| rate.to_string());
                    (
                        "FLAKY",
                        Style::new().yellow(),
                        format!("{number}, known to fail in {rate} runs: {}", entry.reason),
                    )
                }
                Standing::Stale => {
                    ("STALE", Style::new().red().bold(), "nothing fails as it says: remove it".to_owned())
                }
                Standing::Expired => {
                    let last = entry.expires.map_or(String::new(), |day| day.to_string());
                    ("EXPIRED", Style::new().red().bold(), format!("its last day was {last}"))
                }
                Standing::NotJudged => {
                    ("NOT JUDGED", Style::new().dimmed(), "not all that it names ran, and nothing failed".to_owned())
                }
            };
            let url = entry.url.as_ref().map_or(String::new(), |url| format!(" ({url})"));
            let (line, about, word) = (entry.line, entry.about(), self.paint(word, style));
            let _infallible = write!(page, "\n{word} baseline, line {line}, {about}\n  {said}{url}\n");
        }
        page
    }

    /// One broken clause: its shortest instance in full, the others by name.
    fn failure(self, cause: &Cause<'_>, run: &Run<'_>) -> String {
        let id = cause.id;
        let Some((Instance { result, violation }, others)) = cause.instances.split_first() else {
            return String::new();
        };
        let mut block = String::new();
        let head = self.paint(&format!("FAIL {id}"), Style::new().red().bold());
        let CaseResult { case, judgement, trace } = result;
        let lines = [
            format!("{head} ({}) in {}: {}", id.level(), case.id, case.title),
            format!("  clause    {}", id.clause().text),
            format!("  expected  {}", violation.expected),
            format!("  actual    {}", violation.actual),
            format!("  evidence  {}", judgement.evidence.word()),
            "  transcript (! is where it was broken)".to_owned(),
        ];
        block.push_str(&(lines.join("\n") + "\n"));
        for line in lanes(trace, &judgement.broken_phases()).lines() {
            let _infallible = writeln!(block, "    {line}");
        }
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|other| other.result.case.id.as_str()).collect();
            let _infallible = writeln!(block, "  also in   {}", names(&others));
        }
        let _infallible = writeln!(block, "  replay    {}", self.paint(&(run.replay)(&case.id), Style::new().cyan()));
        block
    }

    fn sum(self, run: &Run<'_>) -> String {
        let summary = run.summary;
        let counts = summary.counts.iter().filter(|(verdict, count)| *count > 0 || *verdict == Verdict::Pass);
        let counts: Vec<_> =
            counts.map(|(verdict, count)| format!("{count} {}", verdict.word().to_lowercase())).collect();
        let clauses = |verdict: Verdict, level: Level| {
            summary.requirements.iter().filter(|one| one.verdict == verdict && one.id.level() == level).count()
        };
        let mut page = format!("{} cases: {}\n", run.results.len(), counts.join(", "));
        let _infallible = writeln!(
            page,
            "clauses: MUST {} pass, {} fail; SHOULD {} pass, {} fail; {} not exercised",
            clauses(Verdict::Pass, Level::Must),
            clauses(Verdict::Fail, Level::Must),
            clauses(Verdict::Pass, Level::Should),
            clauses(Verdict::Fail, Level::Should),
            clauses(Verdict::NotExercised, Level::Must) + clauses(Verdict::NotExercised, Level::Should),
        );
        let conclusion = run.conclusion();
        let style = match conclusion {
            Conclusion::Fails | Conclusion::BaselineOutOfDate => Style::new().red().bold(),
            Conclusion::Incomplete | Conclusion::NoNewFailure => Style::new().yellow().bold(),
            Conclusion::PassesButForRecommendations => Style::new().green(),
            Conclusion::Passes => Style::new().green().bold(),
        };
        let part = run.shard.map_or(String::new(), |shard| format!("part {shard} of the run: "));
        page + &part + &self.paint(conclusion.sentence(), style) + "\n"
    }
}

/// What is said of each capability that the target declares.
fn capabilities(run: &Run<'_>) -> String {
    let mut page = String::new();
    for declared in run.capabilities() {
        let said = match declared.verdict {
            Some(verdict) => verdict.word(),
            None => "not judged: it has no clause",
        };
        let _infallible = writeln!(page, "capability {:<14} declared, {said}", declared.declaration.to_string());
    }
    page
}

/// What breaks between nodes.
fn across(run: &Run<'_>) -> String {
    let Some(across) = run.across else { return String::new() };
    let said = match across.only_across.as_slice() {
        [] => "nothing breaks that holds on the first one alone".to_owned(),
        some => format!("{} hold on the first one alone, and break only across nodes", some.join(" ")),
    };
    format!("{} nodes: {said}\n", across.endpoints.len())
}

/// How much of each suite passed, and what follows from it.
fn suites(run: &Run<'_>) -> String {
    let mut page = String::new();
    for suite in run.suites {
        let apart = match suite.not_applicable {
            0 => String::new(),
            count => format!(", {count} not applicable"),
        };
        let _infallible =
            writeln!(page, "suite {:<13} {} of {} cases passed{apart}", suite.name, suite.passed, suite.cases);
        for claim in &suite.claims {
            let _infallible = match suite.because() {
                None => writeln!(page, "  so        {claim}"),
                Some(because) => writeln!(page, "  not shown {claim} ({because})"),
            };
        }
        if let Some(races) = &suite.races {
            let _infallible = writeln!(page, "  seen      {races}");
        }
    }
    page
}

/// How many states of a server the oracle had to follow.
fn frontier(run: &Run<'_>) -> String {
    let frontier = run.frontier();
    match frontier.max() {
        0 => String::new(),
        max => format!("frontier: p99 {} states, at most {max}\n", frontier.percentile(99)),
    }
}

/// The first names of many.
fn names(cases: &[&str]) -> String {
    let shown = cases.iter().take(NAMES_SHOWN_MAX).copied().collect::<Vec<_>>().join(" ");
    match cases.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
