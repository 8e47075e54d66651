//! The forms of a report, and how a command line asks for them.

use std::{path::PathBuf, str::FromStr};

use super::{Run, github::github, html, json, junit::junit, markdown::markdown};

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For programs: docs/report.schema.json.
    Json,
    /// For a CI that shows tests.
    Junit,
    /// For the step summary of a CI, or a comment.
    Markdown,
    /// Annotations of a GitHub workflow.
    Github,
    /// One page for people, that needs nothing else.
    Html,
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Standard output, after the console's report.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// A report that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its form.
    pub format: Format,
    /// Where it goes.
    pub place: Place,
}

/// A text asks for no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--report takes FORMAT=FILE with one of json=FILE, junit=FILE, markdown=FILE, html=FILE, github (annotations on standard \
     output; - as FILE is standard output for all), not {0:?}"
)]
pub struct NoReport(pub String);

impl Format {
    const ALL: [(&'static str, Self); 5] = [
        ("json", Self::Json),
        ("junit", Self::Junit),
        ("markdown", Self::Markdown),
        ("github", Self::Github),
        ("html", Self::Html),
    ];

    /// Writes a run in this form.
    #[must_use]
    pub fn write(self, run: &Run<'_>) -> String {
        match self {
            Self::Json => {
                let report = json::report(run);
                serde_json::to_string_pretty(&report).expect("a report is strings and numbers") + "\n"
            }
            Self::Junit => junit(run),
            Self::Markdown => markdown(run),
            Self::Github => github(run),
            Self::Html => html::html(run),
        }
    }
}

impl FromStr for Wanted {
    type Err = NoReport;

    fn from_str(text: &str) -> Result<Self, NoReport> {
        let none = || NoReport(text.to_owned());
        let (name, place) = match text.split_once('=') {
            Some((_, "")) => return Err(none()),
            Some((name, "-")) => (name, Place::Stdout),
            Some((name, path)) => (name, Place::File(PathBuf::from(path))),
            None if text == "github" => (text, Place::Stdout),
            None => return Err(none()),
        };
        let format = Format::ALL.into_iter().find(|(own, _)| *own == name).ok_or_else(none)?.1;
        Ok(Self { format, place })
    }
}
