//! The generated parts of docs/model.md: each stands between `<!-- generated:NAME -->` and `<!-- end:NAME -->`.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use glare_model::{
    negotiation::{Strategy, table},
    requirement::RequirementId,
    world::{Property, UNMODELLED, goal, property},
};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/model.md");

/// Tests run side by side, and each rewrites its own part of the page.
static PAGE_IN_USE: Mutex<()> = Mutex::new(());

/// Compares one part with what it should be, or rewrites it if `GLARE_UPDATE` is set.
pub(crate) fn in_step(name: &str, fresh: &str) {
    let _in_use = PAGE_IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    let page = std::fs::read_to_string(PAGE).expect("docs/model.md is there");
    let (begin, end) = (format!("<!-- generated:{name} -->\n"), format!("<!-- end:{name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/model.md has no part {name}"));
    let (written, after) = rest.split_once(&end).unwrap_or_else(|| panic!("part {name} of docs/model.md has no end"));
    let fresh = format!("\n{}\n\n", fresh.trim());
    if std::env::var_os("GLARE_UPDATE").is_some() {
        std::fs::write(PAGE, format!("{before}{begin}{fresh}{end}{after}")).expect("docs/model.md can be written");
    } else {
        assert!(written == fresh, "part {name} of docs/model.md is out of step: GLARE_UPDATE=1 rewrites it");
    }
}

#[test]
fn the_example_of_an_own_protocol_is_the_one_that_is_compiled() {
    in_step("example", &format!("```rust\n{}```", include_str!("../../examples/own_protocol.rs")));
}

#[test]
fn the_transition_table_is_that_of_the_code() {
    in_step("matrix", &table::markdown(&Strategy::REFERENCE));
}

#[test]
fn the_diagram_is_that_of_the_code() {
    in_step("diagram", &format!("```mermaid\n{}```", table::mermaid(&Strategy::REFERENCE)));
}

/// Every clause, with what the model claims of it or why it claims nothing.
#[test]
fn every_clause_has_a_claim_or_a_reason_for_none_and_the_ledger_is_in_step() {
    let mut table = String::from("| clause | claim | occasion |\n|---|---|---|\n");
    for clause in RequirementId::all() {
        let mut rows = Vec::new();
        if let Some(Property { statement, occasion, .. }) = property(*clause) {
            rows.push(format!("{statement} | `{occasion:?}`"));
        }
        if let Some(goal) = goal(*clause) {
            rows.push(format!("{} | it is wanting for a while", goal.statement));
        }
        let reason = UNMODELLED.iter().find(|(unmodelled, _)| unmodelled == clause);
        assert_eq!(rows.is_empty(), reason.is_some(), "{clause}: either a claim or a reason for none");
        rows.extend(reason.map(|(_, why)| format!("none: {why} | |")));
        for row in rows {
            writeln!(table, "| [{clause}](protocol.md#{clause}) | {row} |").unwrap();
        }
    }
    in_step("ledger", &table.replace("| | |\n", "| |\n"));
}
