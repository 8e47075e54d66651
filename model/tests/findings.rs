//! docs/findings.md is what the checker finds.

use glare_model::findings::{findings, page};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/findings.md");

#[test]
fn every_finding_is_shown_and_mended_and_the_page_is_in_step() {
    let fresh = page().unwrap_or_else(|why| panic!("{why}"));
    if std::env::var_os("GLARE_UPDATE").is_some() {
        std::fs::write(PAGE, &fresh).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == fresh, "docs/findings.md is out of step: GLARE_UPDATE=1 rewrites it");
}

#[test]
fn ids_are_unique() {
    let mut ids: Vec<_> = findings().iter().map(|it| it.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), findings().len());
}
