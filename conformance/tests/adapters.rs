//! Adapters: one that works, and all the ways in which one does not.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use command::{error, page};
use glare_conformance::transport::{ConnectionId, Exec, Transport};
use tokio::sync::mpsc;

mod command;

fn adapter_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/adapter/glare_adapter.py")
}

fn python_adapter() -> String {
    format!("python3 {}", adapter_file().display())
}

/// An adapter in shell: what it does with the lines that follow `hello`.
fn adapter(after_ready: &str) -> String {
    let ready = r#"{\"type\":\"ready\",\"version\":1,\"name\":\"sh\"}"#;
    format!("exec:sh -c 'read hello; echo \"{ready}\"; {after_ready}'")
}

#[test]
fn the_example_adapter_passes_the_check_and_so_does_the_reference_server_through_it() {
    let stdout = page(&["bindings", "check", "--exec", &format!("{} {{url}}", python_adapter())], 0);
    assert!(stdout.contains("ok    the reference server passes through it"), "{stdout}");
    assert!(stdout.ends_with("PASS\n"), "{stdout}");
}

/// The check of the example adapter with one line of it changed, which has to fail.
fn check_changed(line: &str, into: &str) -> String {
    let text = std::fs::read_to_string(adapter_file()).expect("it is there");
    let changed = text.replace(line, into);
    assert_ne!(changed, text);
    let scratch = tempfile::tempdir().expect("a folder");
    let file = scratch.path().join("changed.py");
    std::fs::write(&file, changed).expect("it can be written");
    page(&["bindings", "check", "--exec", &format!("python3 {} {{url}}", file.display())], 1)
}

#[test]
fn an_adapter_that_ignores_an_end_fails_the_check() {
    for name in ["close", "drop"] {
        let stdout = check_changed(
            "        else:\n            del",
            &format!("        elif kind != \"{name}\":\n            del"),
        );
        assert!(stdout.contains(&format!("goes on after these and freeze: `{name}` is not answered")), "{stdout}");
    }
}

#[test]
fn an_adapter_that_ignores_freeze_fails_on_the_reference_server() {
    let stdout = check_changed("connection.frames.frozen.set()", "pass");
    assert!(stdout.contains("FAIL  the reference server passes through it: room-13-silent-member"), "{stdout}");
}

#[test]
fn an_adapter_that_cannot_be_started_is_an_error() {
    let stderr = error(&["test", "exec:/no/such/adapter"], 2);
    assert!(stderr.contains("the adapter `/no/such/adapter` cannot be started"), "{stderr}");
}

#[test]
fn an_adapter_that_dies_is_an_error_with_its_last_words() {
    let stderr = error(&["test", "exec:sh -c 'read hello; echo no luck >&2; exit 7'"], 2);
    assert!(stderr.contains("ended with exit status: 7") && stderr.contains("no luck"), "{stderr}");
    let stderr = error(&["test", &adapter("read connect; echo dead >&2; exit 9")], 2);
    assert!(stderr.contains("ended with exit status: 9") && stderr.contains("dead"), "{stderr}");
}

#[test]
fn an_adapter_that_hangs_is_an_error() {
    // It reads, and says nothing more.
    let stderr = error(&["test", &adapter("cat >/dev/null"), "--timeout-ms", "8000"], 2);
    assert!(stderr.contains("hangs: it answered no `ping`"), "{stderr}");
    let stderr = error(&["test", &adapter("cat >/dev/null"), "--timeout-ms", "300"], 2);
    assert!(stderr.contains("the adapter \"sh\" did not answer `connect` within 300 ms"), "{stderr}");
}

#[test]
fn a_line_that_comes_in_pieces_is_heard_as_one() {
    // The pause is longer than that between two pings.
    let slowly = r#"read connect; printf "{\"type\":\"failed\","; sleep 1.2; printf "\"connection\":0,\"reason\":\"it is closed\"}\n"; cat >/dev/null"#;
    let stderr = error(&["test", &adapter(slowly), "--timeout-ms", "8000"], 2);
    assert!(stderr.contains("it is closed"), "{stderr}");
}

#[test]
fn an_adapter_that_talks_nonsense_is_an_error() {
    let stderr = error(&["test", &adapter("read connect; echo gibberish; cat >/dev/null")], 2);
    assert!(stderr.contains("none of the protocol") && stderr.contains("gibberish"), "{stderr}");
    let stderr = error(&["test", "exec:echo hello"], 2);
    assert!(stderr.contains("none of the protocol"), "{stderr}");
    let old = r#"exec:sh -c 'read hello; echo "{\"type\":\"ready\",\"version\":2,\"name\":\"sh\"}"; cat'"#;
    assert!(error(&["test", old], 2).contains("speaks version 2"));
}

/// The second connection is only opened when the first one, which was opened too late, has been closed.
#[tokio::test]
async fn a_connection_that_opens_too_late_is_closed() {
    let opened = r#"{\"type\":\"opened\",\"connection\":"#;
    let script = format!(
        r#"sh -c 'read hello; echo "{{\"type\":\"ready\",\"version\":1,\"name\":\"sh\"}}"; count=0
        while read line; do case "$line" in
            *:\"connect\",*) count=$((count+1)); if [ $count = 2 ]; then echo "{opened}0,\"userId\":\"late\"}}"; fi ;;
            *:\"close\",*:0*) echo "{opened}1,\"userId\":\"second\"}}" ;;
        esac; done'"#
    );
    let exec = Exec::start(&script).await.expect("it is an adapter");
    let enter = async |timeout| {
        let (sender, _incoming) = mpsc::channel(1);
        Transport::Exec(exec.clone()).enter(None, ConnectionId(0), sender, timeout).await
    };
    assert!(enter(Duration::from_millis(50)).await.is_err());
    let second = enter(Duration::from_secs(4)).await.expect("the first one was closed");
    assert_eq!(second.opened.user_id, "second");
}
