//! The architecture's invariants, as far as the repository's text shows them (docs/architecture.md).

use std::{
    fs,
    path::{Path, PathBuf},
};

use glare_model::requirement::{RequirementId, Role};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with("target") {
            found.extend(files(&path, endings));
        } else if path.extension().is_some_and(|end| endings.iter().any(|ending| end == *ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let text = read(path);
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_model_depends_on_no_runtime_and_does_no_io() {
    let manifest = read(&root().join("model/Cargo.toml"));
    for crate_name in ["tokio", "async", "rand", "tracing", "futures", "reqwest", "jiff", "hyper"] {
        let direct = manifest.lines().any(|line| line.starts_with(crate_name));
        assert!(!direct, "glare-model depends on {crate_name}");
    }
    for path in files(&root().join("model/src"), &["rs"]) {
        for forbidden in ["std::fs", "std::net", "std::env", "SystemTime", "Instant::now", "println!"] {
            assert!(!code(&path).contains(forbidden), "{} uses {forbidden}", path.display());
        }
        // The explorer may use several processors; what it finds does not depend on them (model/tests/explorer.rs).
        let explores = path.starts_with(root().join("model/src/explore"));
        assert!(explores || !code(&path).contains("thread::"), "{} uses threads", path.display());
    }
}

/// Waiting that decides nothing: each place with its reason.
const SLEEPS: &[(&str, &str)] = &[
    ("conformance/src/transport/memory.rs", "a slow server in memory, where the clock jumps"),
    ("conformance/src/transport/memory/lane.rs", "a slow way to a client in memory, where the clock jumps"),
    (
        "conformance/src/driver/acting.rs",
        "bounds how long a full queue and the end of a connection are waited for; past it the case is inconclusive",
    ),
    ("conformance/src/process.rs", "polls whether a started server accepts connections"),
    (
        "conformance/src/transport/stream.rs",
        "bounds how long a connection that nobody holds may hang on a stalled server",
    ),
];

#[test]
fn no_sleep_decides_a_verdict() {
    for folder in ["conformance/src", "model/src"] {
        for path in files(&root().join(folder), &["rs"]) {
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            let sleeps = code(&path).contains("sleep");
            let allowed = SLEEPS.iter().any(|(place, _)| *place == name);
            assert_eq!(sleeps, allowed, "{name}: sleeping in it, and being listed in SLEEPS, go together");
        }
    }
}

#[test]
fn the_model_is_stepped_by_one_judge_one_generator_and_the_server_in_memory() {
    for path in files(&root().join("conformance/src"), &["rs"]) {
        let name = path.strip_prefix(root().join("conformance/src")).expect("below").to_string_lossy().into_owned();
        let source = code(&path);
        let steps = source.contains("room::{")
            && source.split(|sign: char| !sign.is_alphanumeric() && sign != '_').any(|word| word == "step");
        let may = matches!(
            name.as_str(),
            "oracle/frontier/step.rs"
                | "scenario/generate/causes.rs"
                | "scenario/generate/random/world.rs"
                | "transport/memory.rs"
        );
        assert!(!steps || may, "{name} steps the model");
    }
}

#[test]
fn every_clause_is_judged_by_code_that_names_it() {
    let judges = ["conformance/src/oracle", "model/src/world", "model/src/room", "model/src/negotiation"];
    let sources: Vec<String> =
        judges.iter().flat_map(|folder| files(&root().join(folder), &["rs"])).map(|path| code(&path)).collect();
    for id in RequirementId::all() {
        let constant = id.as_str().replace('-', "_");
        let named = sources.iter().any(|source| source.contains(&constant));
        assert!(named, "no judge names {id}");
        if id.role() == Role::Server {
            let invariants = files(&root().join("conformance/src/oracle/invariants"), &["rs"]);
            assert!(invariants.iter().any(|path| code(path).contains(&constant)), "no invariant judges {id}");
        }
    }
}

#[test]
fn every_id_in_documents_code_and_cases_is_a_clause() {
    let mut paths = files(&root(), &["md", "scenario", "rs"]);
    paths.retain(|path| !path.ends_with("conformance/tests/tidy.rs"));
    for path in paths {
        let text = read(&path);
        for family in [
            "ROOM",
            "ORDER",
            "RELAY",
            "ERR",
            "ID",
            "NEG",
            "CAP-UNDECLARED",
            "CAP-HOST-CLOSE",
            "CAP-HOST-TRANSFER",
            "CAP-CAPACITY",
        ] {
            for (at, _) in text.match_indices(&format!("{family}-")) {
                let word_before = text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
                let digits: String = text[at + family.len() + 1..].chars().take_while(char::is_ascii_digit).collect();
                let id = format!("{family}-{digits}");
                // 77 and 99 stand for ids that do not exist, in tests of errors.
                if word_before || digits.len() != 2 || matches!(digits.as_str(), "77" | "99") {
                    continue;
                }
                assert!(id.parse::<RequirementId>().is_ok(), "{} names {id}", path.display());
            }
        }
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut paths = files(&root().join("docs"), &["md"]);
    paths.push(root().join("README.md"));
    for path in paths {
        let text = read(&path);
        for (at, _) in text.match_indices("](") {
            let link: String = text[at + 2..].chars().take_while(|c| *c != ')').collect();
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            if link.starts_with("http") || link.contains(' ') {
                continue;
            }
            let target = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if !anchor.is_empty() {
                assert!(has_anchor(&read(&target), anchor), "{}: no anchor for {link}", path.display());
            }
        }
    }
}

/// An explicit anchor, or a heading whose text makes this one.
fn has_anchor(text: &str, anchor: &str) -> bool {
    let slug = |heading: &str| -> String {
        let kept =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.trim().replace(' ', "-")
    };
    text.contains(&format!("id=\"{anchor}\""))
        || text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line.trim_start_matches('#')) == anchor)
}

#[test]
fn the_readme_shows_its_two_commands() {
    let readme = read(&root().join("README.md"));
    for command in ["cargo run --release -- test\n", "cargo test --workspace\n"] {
        assert!(readme.contains(command), "README.md shows {command:?}");
    }
}

#[test]
fn the_readme_counts_the_clauses_that_bind_every_server() {
    let count = RequirementId::all().iter().filter(|id| id.role() == Role::Server).count();
    let said = format!("what is judged: {count} clauses for servers");
    assert!(read(&root().join("README.md")).contains(&said), "README.md: {said}");
}

#[test]
fn nothing_names_a_place_outside_the_repository() {
    for path in files(&root(), &["md", "rs", "toml", "js", "json", "scenario"]) {
        for folder in ["work", "root", "home"] {
            let forbidden = format!("/{folder}/");
            assert!(!read(&path).contains(&forbidden), "{} names {forbidden}", path.display());
        }
    }
}
