//! The commands that the documents show are commands, and the documents are a whole.

use std::{
    fs,
    path::{Path, PathBuf},
};

use command::run;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

mod command;

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

/// The commands of the shell blocks of a document, a line each.
fn commands(text: &str) -> Vec<String> {
    let (mut inside, mut lines) = (false, String::new());
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => inside = &*language == "sh",
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(block) if inside => lines.push_str(&block),
            _ => {}
        }
    }
    lines.replace("\\\n", " ").lines().map(str::to_owned).collect()
}

/// A command line as a shell reads it, up to what is beside the command.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("no shell reads {line:?}"));
    words.into_iter().take_while(|word| !matches!(word.as_str(), "|" | ">" | "&&" | ";")).collect()
}

#[test]
fn every_glare_command_in_the_documents_is_understood() {
    let mut seen = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).expect("readable");
        for line in commands(&text).iter().flat_map(|line| line.split(';')) {
            let words = words(line);
            let Some((program, arguments)) = words.split_first() else { continue };
            if program != "glare" {
                continue;
            }
            seen += 1;
            // With a request for help nothing runs, and wrong options are refused all the same.
            let given: Vec<&str> = arguments.iter().map(String::as_str).chain(["--help"]).collect();
            let output = run(&given);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{}: {line}\n{stderr}", path.display());
        }
    }
    assert!(seen >= 25, "only {seen} commands were found");
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
