//! Many implementations side by side, from their JSON reports, and a badge for each.

use std::collections::BTreeMap;

use askama::Template;
use glare_model::requirement::{Level, RequirementId};

use super::{
    json::{Report, RequirementReport},
    page::{Chip, Prose, chip, nonce, prose},
};
use crate::verdict::Verdict;

/// An implementation under a name.
#[derive(Debug)]
pub struct Implementation {
    /// The name.
    pub name: String,
    /// What a run of the suite said of it.
    pub report: Report,
}

/// How many clauses of a level pass, of those that are about the implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// Those that pass.
    pub passed: usize,
    /// Those that fail, expected or not.
    pub failed: usize,
    /// All that apply.
    pub all: usize,
}

impl Implementation {
    /// Its clauses of a level.
    #[must_use]
    pub fn score(&self, level: Level) -> Score {
        let own = self.report.requirements.iter().filter(|one| one.level == level.to_string());
        let own: Vec<Verdict> = own.map(|one| one.verdict).filter(|one| *one != Verdict::NotApplicable).collect();
        let with = |wanted: &[Verdict]| own.iter().filter(|verdict| wanted.contains(verdict)).count();
        Score { passed: with(&[Verdict::Pass]), failed: with(&[Verdict::Fail, Verdict::ExpectedFail]), all: own.len() }
    }

    /// What makes its run less than a whole one; none if it was whole.
    #[must_use]
    pub fn reservation(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.report.interrupted {
            parts.push("interrupted".to_owned());
        }
        parts.extend(self.report.shard.as_ref().map(|shard| format!("part {shard}")));
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// A row: a clause, and a verdict for each implementation.
struct Row {
    id: String,
    level: String,
    text: Prose,
    cells: Vec<Chip>,
    differs: bool,
}

#[derive(Template)]
#[template(path = "matrix.html")]
struct Page<'a> {
    nonce: String,
    columns: Vec<Column<'a>>,
    rows: Vec<Row>,
    css: &'static str,
}

struct Column<'a> {
    name: &'a str,
    target: &'a str,
    must: Score,
    should: Score,
    cases: usize,
    reservation: Option<String>,
    class: &'static str,
}

fn column(one: &Implementation) -> Column<'_> {
    Column {
        name: &one.name,
        target: &one.report.target,
        must: one.score(Level::Must),
        should: one.score(Level::Should),
        cases: one.report.results.len(),
        reservation: one.reservation(),
        class: colour(one),
    }
}

/// Every clause that a report names, in the order of the document; unknown ones, of another version, at the end.
fn rows(implementations: &[Implementation]) -> Vec<Row> {
    let mut ids: BTreeMap<(usize, &str), &RequirementReport> = BTreeMap::new();
    for one in implementations.iter().flat_map(|one| &one.report.requirements) {
        let place = RequirementId::all().iter().position(|id| id.as_str() == one.id).unwrap_or(usize::MAX);
        ids.entry((place, one.id.as_str())).or_insert(one);
    }
    let row = |((_, id), first): ((usize, &str), &RequirementReport)| {
        let verdict = |one: &Implementation| {
            one.report.requirements.iter().find(|own| own.id == id).map_or(Verdict::NotExercised, |own| own.verdict)
        };
        let verdicts: Vec<Verdict> = implementations.iter().map(verdict).collect();
        let text = id.parse::<RequirementId>().map_or_else(|_| Vec::new(), |id| prose(&id.clause().text));
        let differs = verdicts.windows(2).any(|two| two[0] != two[1]);
        Row {
            id: id.to_owned(),
            level: first.level.clone(),
            text,
            cells: verdicts.into_iter().map(chip).collect(),
            differs,
        }
    };
    ids.into_iter().map(row).collect()
}

/// The matrix as a page that needs nothing else.
#[must_use]
pub fn html(implementations: &[Implementation]) -> String {
    let page = Page {
        nonce: nonce(),
        columns: implementations.iter().map(column).collect(),
        rows: rows(implementations),
        css: include_str!("../../templates/report.css"),
    };
    page.render().expect("writing to a string cannot fail, and the template calls nothing that can")
}

/// The matrix as a table in Markdown.
#[must_use]
pub fn markdown(implementations: &[Implementation]) -> String {
    let cell = |text: &str| super::markdown::text(text);
    let mut page = "| clause | level |".to_owned();
    page.extend(implementations.iter().map(|one| format!(" {} |", cell(&one.name))));
    page += "\n|---|---|";
    page += &"---|".repeat(implementations.len());
    for level in [Level::Must, Level::Should] {
        page += &format!("\n| **pass** | {level} |");
        page.extend(implementations.iter().map(|one| {
            let Score { passed, all, .. } = one.score(level);
            format!(" **{passed} of {all}** |")
        }));
    }
    for row in rows(implementations) {
        page += &format!("\n| {} | {} |", cell(&row.id), cell(&row.level));
        page.extend(row.cells.iter().map(|chip| format!(" {} |", chip.word)));
    }
    for one in implementations {
        if let Some(reservation) = one.reservation() {
            page += &format!("\n\n{}: {reservation}, not a whole run.", cell(&one.name));
        }
    }
    page + "\n"
}

#[derive(Template)]
#[template(path = "badge.svg", escape = "html")]
struct Badge {
    name: String,
    value: String,
    class: &'static str,
    left: usize,
    right: usize,
}

/// The class of an implementation by its MUST clauses.
fn colour(one: &Implementation) -> &'static str {
    let Score { passed, failed, all } = one.score(Level::Must);
    match (failed, passed) {
        (1.., _) => "fail",
        (0, passed) if passed == all && one.reservation().is_none() => "pass",
        (0, _) => "warn",
    }
}

/// A badge: the implementation, and how many MUST clauses it passes.
#[must_use]
pub fn badge(one: &Implementation) -> String {
    let Score { passed, all, .. } = one.score(Level::Must);
    let name = format!("signaling: {}", one.name);
    let value = match one.reservation() {
        None => format!("{passed}/{all} MUST"),
        Some(reservation) => format!("{passed}/{all} MUST, {reservation}"),
    };
    let width = |text: &str| text.chars().count() * 7 + 16;
    let badge = Badge { left: width(&name), right: width(&value), class: colour(one), name, value };
    badge.render().expect("writing to a string cannot fail, and the template calls nothing that can")
}
