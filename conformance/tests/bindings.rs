//! Bindings as users meet them: schemas, sizes, and errors that point at the line.

use std::path::{Path, PathBuf};

use command::{error, page};
use glare_conformance::{
    binding::{Plan, library, schema},
    scenario::{self, generate::random::random},
    transport::exec::protocol::adapter_schema,
};

mod command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn assert_committed(name: &str, text: &str) {
    let path = repository().join("docs").join(name);
    if std::env::var_os("GLARE_UPDATE").is_some() {
        std::fs::write(&path, text).expect("docs is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/{name} is out of step; GLARE_UPDATE=1 cargo test writes it anew");
}

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    assert_committed("binding.schema.json", &schema::schema());
    assert_committed("adapter.schema.json", &adapter_schema());
}

#[test]
fn every_binding_is_valid_by_the_schema() {
    let schema = serde_json::from_str(&schema::schema()).expect("a schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    for (plan, text) in library() {
        let value: serde_json::Value = toml::from_str(text).expect("the library is read");
        let problems: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{}: {problems:?}", plan.name());
    }
}

#[test]
fn bindings_of_the_tutorials_family_have_less_than_60_lines_and_all_others_less_than_120() {
    for (plan, text) in library() {
        let most = if ["tutorial", "glare"].contains(&plan.name()) { 60 } else { 120 };
        assert!(text.lines().count() < most, "{} has {} lines", plan.name(), text.lines().count());
    }
}

#[test]
fn the_binding_of_the_document_is_that_of_the_fixture() {
    let read = |path: &str| std::fs::read_to_string(repository().join(path)).expect("it is committed");
    let binding = read("conformance/fixtures/node/lobby.toml");
    assert!(read("docs/bindings.md").contains(&format!("```toml\n{binding}```\n")));
    Plan::read("lobby.toml", &binding).unwrap_or_else(|error| panic!("{}", error.render(false)));
}

/// What `glare bindings check` says of a changed binding.
fn refusal(change: impl Fn(&str) -> String) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    let (_, tutorial) = library().iter().find(|(plan, _)| plan.name() == "tutorial").expect("it is bundled");
    std::fs::write(&path, change(tutorial)).expect("the folder is writable");
    error(&["bindings", "check", path.to_str().expect("UTF-8")], 2)
}

#[test]
fn a_typing_error_is_shown_at_its_line() {
    let stderr = refusal(|text| text.replace("[create.ack]", "[create.akc]"));
    assert!(stderr.contains("akc") && stderr.contains("mine.toml:"), "{stderr}");
    let stderr = refusal(|text| text.replace("as = \"joined\"", "as = \"joind\""));
    assert!(stderr.contains("joind") && stderr.contains("mine.toml:6"), "{stderr}");
    let stderr = refusal(|text| text.replace("\"create-room\", \"{room}\"", "\"create-room\", \"{romo}\""));
    assert!(stderr.contains("nothing ever fills the hole {romo}") && stderr.contains("mine.toml:"), "{stderr}");
}

#[test]
fn a_missing_field_is_named() {
    let stderr = refusal(|text| text.replace("description = ", "# description = "));
    assert!(stderr.contains("missing field `description`"), "{stderr}");
    let stderr = refusal(|text| text.replace("[transport.socket-io]", "[transport.websocket]\npath = \"/\""));
    assert!(stderr.contains("acks belong to Socket.IO"), "{stderr}");
}

#[test]
fn a_start_for_a_new_binding_is_a_binding() {
    let folder = tempfile::tempdir().expect("a folder");
    for (transport, identity) in [("socket-io", "socket"), ("socket-io", "client"), ("websocket", "message")] {
        let path = folder.path().join(format!("{transport}-{identity}.toml"));
        let path = path.to_str().expect("UTF-8");
        page(&["bindings", "new", path, "--transport", transport, "--identity", identity], 0);
        assert!(page(&["bindings", "check", path], 0).contains("clauses are judged"));
        assert!(error(&["bindings", "new", path], 2).contains("cannot create"));
    }
}

#[test]
fn every_bundled_binding_says_what_is_judged_with_it() {
    let list = page(&["bindings", "list"], 0);
    for (plan, _) in library() {
        assert!(list.contains(plan.name()) && list.contains(plan.description()));
        let checked = page(&["bindings", "check", plan.name()], 0);
        assert!(checked.contains("written cases apply"), "{checked}");
    }
}

#[test]
fn a_server_of_another_protocol_is_an_error_of_the_command_line() {
    // PeerJS hands out ids over HTTP, and the reference server does not.
    let stderr = error(&["test", "peerjs:embedded"], 2);
    assert!(stderr.contains("/peerjs/id was answered 404"), "{stderr}");
    let stderr = error(&["test", "peerjs:http://127.0.0.1:1"], 2);
    assert!(stderr.contains("/peerjs/id: nobody listens on 127.0.0.1:1 (connection refused)"), "{stderr}");
    let stderr = error(&["test", "peerpigeon:embedded", "--timeout-ms", "500"], 2);
    assert!(stderr.contains("cannot connect to the target"), "{stderr}");
}

/// What shrinking leaves of a case, and what `--trace-dir` saves of it, has been adapted before it is replayed.
#[test]
fn a_case_in_a_targets_words_is_adapted_to_itself() {
    for (plan, _) in library() {
        let cases = scenario::library().iter().cloned().chain(random(5, 100).scenarios);
        let adapted: Vec<_> = cases.filter_map(|case| plan.adapt(&case).ok()).collect();
        assert!(adapted.len() > 20, "{}", plan.name());
        for once in adapted {
            let again = plan.adapt(&once).map(|again| again.render());
            assert_eq!(again, Ok(once.render()), "{}", plan.name());
        }
    }
}
