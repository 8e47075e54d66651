//! The suite's own cases, compiled into the binary.

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

use super::{Scenario, parse};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// All cases, in the order of their files' paths.
#[must_use]
pub fn library() -> &'static [Scenario] {
    static CASES: LazyLock<Vec<Scenario>> = LazyLock::new(|| load(&FILES).expect("a test loads the same files"));
    &CASES
}

/// Reads every `*.scenario` file below a folder.
fn load(folder: &Dir<'_>) -> Result<Vec<Scenario>, String> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort_by_key(|file| file.path());
    let mut cases: Vec<Scenario> = Vec::new();
    for file in files {
        let path = file.path().display();
        let text = file.contents_utf8().ok_or_else(|| format!("{path} is not UTF-8"))?;
        for case in parse(text).map_err(|error| format!("{path}, {error}"))? {
            if cases.iter().any(|other| other.id == case.id) {
                return Err(format!("{path}: the case id {} is used twice", case.id));
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

fn collect<'a>(folder: &'a Dir<'a>, files: &mut Vec<&'a include_dir::File<'a>>) {
    files.extend(folder.files().filter(|file| file.path().extension().is_some_and(|end| end == "scenario")));
    folder.dirs().for_each(|inner| collect(inner, files));
}

#[cfg(test)]
mod tests {
    use glare_model::requirement::{RequirementId, Role};

    use super::*;

    #[test]
    fn every_case_parses_under_a_unique_id() {
        assert!(load(&FILES).unwrap().len() >= RequirementId::all().len() / 2);
    }

    #[test]
    fn every_clause_that_binds_servers_has_a_case_of_its_own_name() {
        for id in RequirementId::all().iter().filter(|id| id.role() == Role::Server) {
            let prefix = id.as_str().to_lowercase();
            let own = library().iter().filter(|case| case.id.starts_with(&prefix));
            assert!(own.clone().count() > 0, "{id} has no case");
            for case in own {
                assert!(case.covers.contains(id), "{} does not cover {id}", case.id);
            }
        }
    }
}
