//! A server that the command started, and what becomes of it when the command is asked to end.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use command::glare;

mod command;

fn succeeds(program: &str, arguments: &[&str]) {
    assert!(Command::new(program).args(arguments).status().expect("the program is there").success());
}

/// The server holds one end of a pipe open for as long as it lives.
#[test]
fn a_server_does_not_outlive_the_command_that_started_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    let path = pipe.to_str().expect("a readable path").to_owned();
    succeeds("mkfifo", &[&path]);
    let server = format!("sh -c 'exec sleep 100000 >{path}'");
    for signal in ["-INT", "-TERM"] {
        let mut child = glare(&["test", "ws://127.0.0.1:{port}/ws", "--process", &server])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // From the first line on it may be asked to end.
        lines.next().expect("it says what is to run").expect("it is text");
        let mut life = File::open(&pipe).expect("the server opens the other end");
        succeeds("kill", &[signal, &child.id().to_string()]);
        assert_eq!(lines.last().expect("it reports").expect("it is text"), "interrupted: this is not the whole run");
        assert_eq!(child.wait().expect("it was started").code(), Some(3), "{signal}");
        let (over, ends) = mpsc::channel();
        std::thread::spawn(move || over.send(life.read_to_end(&mut Vec::new())));
        assert!(ends.recv_timeout(Duration::from_secs(10)).is_ok(), "the server lives on after {signal}");
    }
}

/// Nobody accepts what connects to these, so the first node is waited for until the end of the timeout.
#[test]
fn a_run_on_several_nodes_ends_when_asked_to_while_the_first_is_judged_alone() {
    let nodes = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
    let [one, other] = nodes.each_ref().map(|node| format!("ws://{}/ws", node.local_addr().expect("it is bound")));
    let mut child = glare(&["test", &one, "--target", &other, "--timeout-ms", "600000"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    lines.next().expect("it says what is to run").expect("it is text");
    succeeds("kill", &["-INT", &child.id().to_string()]);
    let (last, said) = mpsc::channel();
    std::thread::spawn(move || last.send(lines.last()));
    let said = said.recv_timeout(Duration::from_secs(60));
    child.kill().ok();
    let said = said.expect("it ends long before its timeout").expect("it reports").expect("it is text");
    assert_eq!(said, "interrupted: this is not the whole run");
    assert_eq!(child.wait().expect("it was started").code(), Some(3));
}
