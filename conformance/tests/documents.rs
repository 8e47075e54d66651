//! The commands that the documents show are commands, and the documents are a whole.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn documents() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("docs")).expect("the folder is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "md"));
    paths.push(root().join("README.md"));
    paths.sort();
    paths
}

/// The commands that a document shows, a line each: those of its shell blocks, and of the scripts in its CI files.
fn commands(text: &str) -> Vec<String> {
    let (mut language, mut lines) = (String::new(), Vec::new());
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(own))) => language = own.to_string(),
            Event::End(TagEnd::CodeBlock) => language.clear(),
            Event::Text(block) if language == "sh" => {
                lines.extend(block.replace("\\\n", " ").lines().map(str::to_owned))
            }
            Event::Text(block) if language == "yaml" => {
                let items = block.lines().filter_map(|line| line.trim().strip_prefix("- "));
                lines.extend(items.map(|item| item.strip_prefix("run: ").unwrap_or(item)).map(str::to_owned));
            }
            _ => {}
        }
    }
    lines
}

/// A command line as a shell reads it: its commands, up to what is beside each, and without the variables before it.
fn split(line: &str) -> Vec<Vec<String>> {
    // A semicolon stands beside the word before it.
    let words = shlex::split(&line.replace(';', " ; ")).unwrap_or_else(|| panic!("no shell reads {line:?}"));
    let commands = words.split(|word| matches!(word.as_str(), "|" | "&&" | ";"));
    let is_variable = |word: &&String| word.split_once('=').is_some_and(|(name, _)| name.chars().all(is_of_a_name));
    let bare =
        commands.map(|words| words.iter().skip_while(is_variable).take_while(|word| *word != ">").cloned().collect());
    bare.filter(|words: &Vec<String>| !words.is_empty()).collect()
}

fn is_of_a_name(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'
}

/// All commands of all documents, with the file that has each.
fn all_commands() -> Vec<(PathBuf, Vec<String>)> {
    let mut all = Vec::new();
    for path in documents() {
        let text = fs::read_to_string(&path).expect("readable");
        all.extend(commands(&text).iter().flat_map(|line| split(line)).map(|words| (path.clone(), words)));
    }
    all
}

/// The program of ours that a command runs, by its name, and the arguments that it gets.
fn own_program(words: &[String]) -> Option<(&str, &[String])> {
    let (program, arguments) = words.split_first()?;
    if program == "cargo" && arguments.first()? == "run" {
        let end = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
        let package = arguments[..end].iter().skip_while(|word| *word != "-p").nth(1);
        return Some((package.map_or("glare", String::as_str), arguments.get(end + 1..).unwrap_or_default()));
    }
    let name = program.strip_prefix("target/release/").unwrap_or(program);
    ["glare", "glare-peer", "glare-server"].contains(&name).then_some((name, arguments))
}

/// A program of the workspace as it was built beside the command; it is built where only this package was.
fn program(name: &str) -> PathBuf {
    let beside =
        Path::new(env!("CARGO_BIN_EXE_glare")).with_file_name(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !beside.exists() {
        let built = Command::new(env!("CARGO")).args(["build", "--quiet", "-p", name]).current_dir(root()).status();
        assert!(built.expect("cargo is there").success(), "{name}");
    }
    beside
}

#[test]
fn every_command_of_ours_in_the_documents_is_understood() {
    let mut seen = BTreeMap::new();
    for (path, words) in all_commands() {
        let Some((name, arguments)) = own_program(&words) else { continue };
        *seen.entry(name.to_owned()).or_insert(0) += 1;
        // With a request for help nothing runs, and wrong options are refused all the same.
        let output = Command::new(program(name)).args(arguments).arg("--help").output().expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{}: {words:?}\n{stderr}", path.display());
    }
    let few =
        [("glare", 30), ("glare-peer", 3), ("glare-server", 2)].map(|(name, least)| seen.get(name) < Some(&least));
    assert_eq!(few, [false; 3], "{seen:?}");
}

#[test]
fn every_package_that_the_documents_build_or_install_is_one() {
    let is_package = |name: &str| {
        let manifests =
            ["model", "conformance", "reference-server", "reference-peer"].map(|folder| root().join(folder));
        let line = format!("name = \"{name}\"");
        manifests.iter().any(|folder| {
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("it is there");
            manifest.lines().any(|own| own == line)
        })
    };
    let mut seen = 0;
    for (path, words) in all_commands().into_iter().filter(|(_, words)| words[0] == "cargo") {
        let after = |option: &str| {
            words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].clone()).collect::<Vec<_>>()
        };
        for folder in after("--path") {
            assert!(root().join(&folder).join("Cargo.toml").exists(), "{}: {folder}", path.display());
        }
        let from_elsewhere = words.iter().skip_while(|word| *word != "--git").nth(2).cloned();
        for package in after("-p").into_iter().chain(from_elsewhere) {
            assert!(is_package(&package), "{}: {package}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 6, "only {seen} packages were found");
}

/// Paths of the repository, in commands and in the text.
#[test]
fn every_path_in_the_documents_is_there() {
    let tops = ["conformance/", "model/", "reference-peer/", "reference-server/", "docs/", ".github/", ".ci/"];
    let is_path = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let word = word.strip_prefix("./").unwrap_or(word);
        tops.iter().any(|top| word.starts_with(top)) && word.chars().all(plain)
    };
    let mut seen = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).expect("readable");
        let said = Parser::new(&text).filter_map(|event| match event {
            Event::Code(code) => Some(code.to_string()),
            _ => None,
        });
        let words = said.flat_map(|code| code.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let commands: Vec<_> = commands(&text).iter().flat_map(|line| split(line)).flatten().collect();
        for word in words.chain(commands).filter(|word| is_path(word)) {
            seen += 1;
            assert!(root().join(&word).exists(), "{}: {word}", path.display());
        }
    }
    assert!(seen >= 60, "only {seen} paths were found");
}

#[test]
fn every_document_is_in_the_books_summary_and_the_other_way_round() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).expect("it is there");
    for path in documents().iter().filter(|path| path.starts_with(root().join("docs"))) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let listed = summary.contains(&format!("({name})"));
        assert_eq!(listed, name != "SUMMARY.md", "{name}");
    }
}

#[test]
fn the_action_has_the_inputs_that_its_script_reads() {
    let folder = root().join(".github/actions/glare");
    let action = fs::read_to_string(folder.join("action.yml")).expect("it is there");
    let script = fs::read_to_string(folder.join("judge")).expect("it is there");
    for name in ["TARGET", "PROCESS", "LEVEL", "BASELINE", "SNAPSHOTS", "ARGUMENTS", "REPORTS"] {
        let input = format!("GLARE_{name}: ${{{{ inputs.{} }}}}", name.to_lowercase());
        assert!(action.contains(&input), "{input}");
        assert!(script.contains(&format!("${{GLARE_{name}:")), "the script reads GLARE_{name}");
    }
}
