//! `glare list`.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use glare_model::{
    requirement::{RequirementId, Role},
    world::Variant,
};

use super::{Exit, Failure, print};
use crate::{
    capability::Capability,
    scenario::library,
    suite::{SUITES, Scope},
};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// What to show.
    #[arg(value_enum)]
    pub(super) what: ListWhat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ListWhat {
    /// Every clause of the protocol, with its level and its cases.
    Requirements,
    /// Every suite, with the number of its cases.
    Suites,
    /// Every case that was written by hand.
    Cases,
    /// Every variant of the protocol that `glare check` knows.
    Variants,
    /// Every capability that a target can declare, with its clauses.
    Capabilities,
}

pub(super) fn list(args: &ListArgs) -> Result<Exit, Failure> {
    let mut page = String::new();
    let written = match args.what {
        ListWhat::Requirements => requirements(&mut page),
        ListWhat::Suites => suites(&mut page),
        ListWhat::Cases => cases(&mut page),
        ListWhat::Variants => variants(&mut page),
        ListWhat::Capabilities => capabilities(&mut page),
    };
    written.expect("writing to a string never fails");
    print(&page)?;
    Ok(Exit::Pass)
}

fn requirements(page: &mut String) -> std::fmt::Result {
    let width = RequirementId::all().iter().map(|id| id.as_str().len()).max().unwrap_or_default();
    for id in RequirementId::all() {
        let clause = id.clause();
        let cases = library().iter().filter(|case| case.covers.contains(id)).count();
        let judged = match id.role() {
            Role::Server => format!("{cases} cases"),
            Role::Peer => "binds peers: see glare check".to_owned(),
            Role::Capability if cases == 0 => {
                "optional capability, with cases of its own for each declaration".to_owned()
            }
            Role::Capability => format!("{cases} cases, for servers that declare the capability"),
        };
        writeln!(page, "{id:<width$}  {:<7} {}\n{:<width$}          ({judged})", clause.level, clause.text, "")?;
    }
    Ok(())
}

fn suites(page: &mut String) -> std::fmt::Result {
    for suite in SUITES {
        let cases = (suite.make)(&Scope::default()).scenarios.len();
        let default = if suite.by_default { ", runs by default" } else { "" };
        writeln!(page, "{:<13} {cases:>6} cases  {}{default}", suite.name, suite.description)?;
    }
    Ok(())
}

fn cases(page: &mut String) -> std::fmt::Result {
    for case in library() {
        let covers: Vec<_> = case.covers.iter().map(|id| id.as_str()).collect();
        let hostile = if case.hostile { " [hostile]" } else { "" };
        writeln!(page, "{:<36} {}{hostile}\n{:<36} ({})", case.id, case.title, "", covers.join(" "))?;
    }
    Ok(())
}

fn variants(page: &mut String) -> std::fmt::Result {
    for variant in Variant::all() {
        writeln!(page, "{:<20} {}", variant.name, variant.description)?;
        for configuration in &variant.configurations {
            writeln!(page, "{:<20}   {}: {}", "", configuration.name, configuration.description)?;
        }
    }
    Ok(())
}

fn capabilities(page: &mut String) -> std::fmt::Result {
    for capability in Capability::ALL {
        let clauses: Vec<_> = capability.clauses().iter().map(|clause| clause.as_str()).collect();
        let judged = if clauses.is_empty() { "no clause yet: nothing is judged".to_owned() } else { clauses.join(" ") };
        writeln!(page, "{capability:<14} {judged}")?;
    }
    Ok(())
}
