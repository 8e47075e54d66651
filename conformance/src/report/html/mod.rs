//! The report as one HTML page that needs nothing else: no network, no other file. Whatever a target sent is escaped by the
//! template, and the page's own policy lets nothing run but its own script.

mod diagram;
mod rows;
mod told;
mod view;

use askama::Template;

use super::Run;

/// Writes a run.
#[must_use]
pub fn html(run: &Run<'_>) -> String {
    view::Page::of(run).render().expect("writing to a string cannot fail, and the template calls nothing that can")
}
