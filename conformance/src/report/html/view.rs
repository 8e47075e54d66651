//! What the page shows, before the template gives it a form.

use std::collections::BTreeSet;

use askama::Template;
use glare_model::requirement::{Level, RequirementId};

use super::told::{CauseView, Told};
use crate::{
    limits::HTML_DIAGRAMS_BYTES_MAX,
    report::{
        RequirementResult, Run,
        page::{Chip, Prose, chip, nonce, prose},
        plain::HARMS_EVERYBODY,
        triage::{Cause, causes},
    },
    run::CaseResult,
    verdict::{Evidence, Verdict},
};

/// The page.
#[derive(Template)]
#[template(path = "report.html")]
pub(super) struct Page {
    /// A random word that the page's own script and style carry.
    nonce: String,
    target: String,
    headline: &'static str,
    chip: Chip,
    sentence: String,
    facts: Vec<(&'static str, String)>,
    bar: Vec<Segment>,
    causes: Vec<CauseView>,
    /// Whether some failure has no diagram.
    has_cut: bool,
    silent: Vec<SilentView>,
    claims: Vec<(bool, String)>,
    baseline: Vec<(String, String)>,
    clauses: Vec<ClauseView>,
    cases: Vec<CaseView>,
    verdicts: Vec<(Chip, usize)>,
    css: &'static str,
    js: &'static str,
}

/// A part of the bar of verdicts, in thousandths of its length.
struct Segment {
    class: &'static str,
    x: usize,
    width: usize,
}

struct SilentView {
    chip: Chip,
    case: String,
    reason: String,
    replay: String,
}

struct ClauseView {
    id: &'static str,
    level: String,
    chip: Chip,
    cases: usize,
    /// How it is known, or why nothing is said.
    evidence: String,
    text: Prose,
    has_cause: bool,
}

struct CaseView {
    id: String,
    title: String,
    clauses: String,
    chip: Chip,
    has_anchor: bool,
}

impl Page {
    pub(super) fn of(run: &Run<'_>) -> Self {
        let mut causes = causes(run);
        // The gravest first: what must be, and of that what harms everybody, then what shows most often.
        causes.sort_by_key(|cause| {
            let harms = HARMS_EVERYBODY.iter().position(|id| *id == cause.id).unwrap_or(usize::MAX);
            (cause.id.level(), harms, usize::MAX - cause.instances.len(), cause.id)
        });
        let mut told = Told { run, shown: BTreeSet::new(), bytes: 0 };
        let firsts: Vec<_> = causes.iter().map(|cause| told.first(cause)).collect();
        let views: Vec<_> = causes.iter().zip(firsts).map(|(cause, first)| told.cause(cause, first)).collect();
        let conclusion = run.conclusion();
        let counts = || run.summary.counts.iter().filter(|(_, count)| *count > 0);
        Self {
            nonce: nonce(),
            target: run.target.clone(),
            headline: conclusion.headline(),
            chip: chip(conclusion.verdict()),
            sentence: sentence(run),
            facts: facts(run),
            bar: bar(run),
            silent: silent(run),
            claims: claims(run),
            baseline: baseline(run),
            clauses: run.summary.requirements.iter().map(|one| clause(one, &causes)).collect(),
            cases: cases(run, &told.shown),
            verdicts: counts().map(|(verdict, count)| (chip(*verdict), *count)).collect(),
            has_cut: told.bytes >= HTML_DIAGRAMS_BYTES_MAX,
            causes: views,
            css: include_str!("../../../templates/report.css"),
            js: include_str!("../../../templates/report.js"),
        }
    }
}

fn clauses_of(run: &Run<'_>, level: Level) -> (usize, usize) {
    let own = run.summary.requirements.iter().filter(|one| one.id.level() == level);
    let judged = own.clone().filter(|one| one.verdict != Verdict::NotApplicable);
    (own.filter(|one| one.verdict == Verdict::Fail).count(), judged.count())
}

fn sentence(run: &Run<'_>) -> String {
    let ((must, musts), (should, shoulds)) = (clauses_of(run, Level::Must), clauses_of(run, Level::Should));
    let (failed, all) = (run.summary.count(Verdict::Fail), run.results.len());
    match must + should {
        0 => format!(
            "None of its {all} cases shows a clause newly broken: {musts} MUST and {shoulds} SHOULD clauses were judged."
        ),
        _ => format!(
            "It breaks {must} of {musts} MUST clauses and {should} of {shoulds} SHOULD clauses; {failed} of {all} cases fail."
        ),
    }
}

fn facts(run: &Run<'_>) -> Vec<(&'static str, String)> {
    let mut facts = vec![("target", run.target.clone())];
    facts.extend(run.seed.map(|seed| ("seed", seed.to_string())));
    facts.extend(run.shard.map(|shard| ("part", format!("{shard} of the run"))));
    if run.interrupted {
        facts.push(("interrupted", "this is not the whole run".to_owned()));
    }
    for one in run.capabilities() {
        let said = one.verdict.map_or("not judged: it has no clause", |verdict| chip(verdict).word);
        facts.push(("declares", format!("{}: {said}", one.declaration)));
    }
    for suite in run.suites {
        facts.push(("suite", format!("{}: {} of {} cases passed", suite.name, suite.passed, suite.cases)));
        facts.extend(suite.races.map(|races| ("races seen", races.to_string())));
    }
    facts
}

fn bar(run: &Run<'_>) -> Vec<Segment> {
    let all = run.results.len().max(1);
    let mut x = 0;
    let mut segments = Vec::new();
    for (verdict, count) in run.summary.counts.iter().filter(|(_, count)| *count > 0) {
        let width = (count * 1000 / all).max(4);
        segments.push(Segment { class: chip(*verdict).class, x, width });
        x += width;
    }
    if let Some(last) = segments.last_mut() {
        last.width = 1000_usize.saturating_sub(last.x);
    }
    segments
}

fn silent(run: &Run<'_>) -> Vec<SilentView> {
    let is_silent = |verdict: Verdict| matches!(verdict, Verdict::Inconclusive | Verdict::NotExercised);
    let results = run.results.iter().filter(|result| is_silent(result.judgement.verdict));
    let view = |result: &CaseResult| SilentView {
        chip: chip(result.judgement.verdict),
        case: result.case.id.clone(),
        reason: result.judgement.reason.clone().unwrap_or_else(|| "no reason is known".to_owned()),
        replay: (run.replay)(&result.case.id),
    };
    results.map(view).collect()
}

fn claims(run: &Run<'_>) -> Vec<(bool, String)> {
    let mut claims = Vec::new();
    for suite in run.suites {
        let because = suite.because().map_or(String::new(), |because| format!(" ({because})"));
        claims.extend(suite.claims.iter().map(|claim| (suite.holds(), format!("{claim}{because}"))));
    }
    claims
}

fn baseline(run: &Run<'_>) -> Vec<(String, String)> {
    let line = |one: &crate::baseline::Assessed| {
        let about = format!("line {}, {}: {}", one.entry.line, one.entry.about(), one.entry.reason);
        (one.standing.word().replace('_', " "), about)
    };
    run.baseline.entries.iter().map(line).collect()
}

fn clause(one: &RequirementResult, causes: &[Cause<'_>]) -> ClauseView {
    let RequirementResult { id, verdict, evidence, cases, because } = one;
    ClauseView {
        id: id.as_str(),
        level: id.level().to_string(),
        chip: chip(*verdict),
        cases: *cases,
        evidence: because.clone().unwrap_or_else(|| evidence.map_or("", Evidence::word).to_owned()),
        text: prose(&id.clause().text),
        has_cause: causes.iter().any(|cause| cause.id == *id),
    }
}

/// Those first that want attention.
fn cases(run: &Run<'_>, shown: &BTreeSet<String>) -> Vec<CaseView> {
    let mut results: Vec<_> = run.results.iter().collect();
    results.sort_by_key(|result| match result.judgement.verdict {
        Verdict::Fail => 0,
        Verdict::Inconclusive => 1,
        Verdict::NotExercised => 2,
        Verdict::ExpectedFail => 3,
        Verdict::Flaky => 4,
        Verdict::Pass => 5,
        Verdict::NotApplicable => 6,
    });
    results.into_iter().map(|result| case(result, shown)).collect()
}

fn case(result: &CaseResult, shown: &BTreeSet<String>) -> CaseView {
    let id = result.case.id.clone();
    let clauses = |ids: &mut dyn Iterator<Item = RequirementId>| {
        let ids: BTreeSet<&str> = ids.map(RequirementId::as_str).collect();
        ids.into_iter().collect::<Vec<_>>().join(" ")
    };
    let broken = &result.judgement.violations;
    let clauses = match broken.is_empty() {
        true => clauses(&mut result.case.covers.iter().copied()),
        false => clauses(&mut broken.iter().map(|violation| violation.requirement)),
    };
    let has_anchor = shown.contains(&id);
    CaseView { id, title: result.case.title.clone(), clauses, chip: chip(result.judgement.verdict), has_anchor }
}
