//! Errors of a binding file that point at the line.

use miette::{Diagnostic, NamedSource, SourceSpan};

/// A binding file is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.problem)]
pub struct BindingError(Box<Report>);

/// See [`BindingError`].
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{problem}")]
struct Report {
    problem: String,
    #[help]
    help: Option<String>,
    #[source_code]
    text: NamedSource<String>,
    #[label("here")]
    place: Option<SourceSpan>,
}

/// What is wrong, and where in the text, before the text is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) problem: String,
    pub(super) help: Option<String>,
    pub(super) place: Option<std::ops::Range<usize>>,
}

impl Fault {
    pub(super) fn at(place: std::ops::Range<usize>, problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: None, place: Some(place) }
    }

    /// Something is missing, so there is no place to point at.
    pub(super) fn missing(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), help: None, place: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(super) fn of(self, name: &str, text: &str) -> BindingError {
        let place = self.place.map(SourceSpan::from);
        let text = NamedSource::new(name, text.to_owned()).with_language("toml");
        BindingError(Box::new(Report { problem: self.problem, help: self.help, text, place }))
    }
}

impl BindingError {
    /// The error as a person reads it: with the lines around the fault, and without colours or pictures if asked so.
    #[must_use]
    pub fn render(&self, colours: bool) -> String {
        let theme = if colours { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
        let mut text = String::new();
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_links(false);
        match handler.render_report(&mut text, self.0.as_ref()) {
            Ok(()) => text,
            Err(std::fmt::Error) => self.0.problem.clone(),
        }
    }
}
