//! Starting and stopping, in process and as a program.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use glare_server::{Config, RoomRules, Server, Stopped};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::support::{Client, Polling, fetch, pair, socketio, start, within};

#[tokio::test]
async fn a_shutdown_tells_every_client_and_waits_for_it() {
    let server = start(Config::default()).await;
    let addr = server.addr();
    let (mut a, mut b) = pair(addr, "r").await;
    let (mut c, _) = socketio(addr).await;
    let (polling, _) = Polling::connect(addr).await;
    let told = async {
        assert_eq!(a.ws.closed().await, Some(1001));
        assert_eq!(b.ws.closed().await, Some(1001));
        assert_eq!(c.closed().await, Some(1001));
    };
    // The poll has to be there first, or it would find nobody: a poll that is there ends with the session.
    let poll = async {
        let answer = polling.http.get(&polling.url).send().await;
        // Refused, if the server was faster.
        if let Ok(answer) = answer {
            let text = answer.text().await.unwrap_or_default();
            assert!(text == "1" || text.contains("Session ID unknown"), "{text}");
        }
    };
    let (stopped, (), ()) = tokio::join!(server.shutdown(), told, poll);
    assert_eq!(stopped, Stopped::Gracefully);
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let server = start(Config { grace: Duration::from_millis(50), ..Config::default() }).await;
    let mut stuck = TcpStream::connect(server.addr()).await.unwrap();
    stuck.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    // A request that is answered shows that the stuck one, accepted before it, has its task.
    assert_eq!(fetch(reqwest::Client::new().get(format!("http://{}/", server.addr()))).await.0, 200);
    let _silent = Client::connect(server.addr()).await;
    assert_eq!(within("the server's end", server.shutdown()).await, Stopped::CutOff);
}

#[tokio::test]
async fn a_variant_that_crashes_takes_every_connection_along() {
    let server = start(Config { rules: RoomRules::TUTORIAL, ..Config::default() }).await;
    let addr = server.addr();
    let (mut a, mut b) = pair(addr, "r").await;
    let (mut c, _) = socketio(addr).await;
    a.ws.send(r#"{"event":"create-room","data":"x"}"#).await;
    for ws in [&mut a.ws, &mut b.ws, &mut c] {
        assert_eq!(ws.closed().await, None, "no goodbye");
    }
    assert_eq!(within("the crash", server.crashed()).await, Stopped::Crashed);
    assert!(TcpStream::connect(addr).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn an_address_in_use_is_an_error_that_names_it() {
    let server = start(Config::default()).await;
    let second = Server::bind(Config { listen: server.addr(), ..Config::default() }).await;
    let error = second.err().expect("one port, one server").to_string();
    assert!(error.contains(&server.addr().to_string()), "{error}");
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_glare-server"));
    program.env_remove("PORT").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

#[tokio::test]
async fn the_program_says_where_it_listens_and_ends_on_a_signal() {
    for signal in ["-TERM", "-INT"] {
        let mut program = tokio::process::Command::from(program());
        program.env("PORT", "0").args(["--log-format", "json"]).kill_on_drop(true);
        let mut child = program.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        within("the first line", stdout.read_line(&mut line)).await.unwrap();
        let url = line.trim_end().strip_prefix("listening on ").expect("an address");
        let addr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let mut client = Client::connect(addr).await;
        let pid = child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        assert_eq!(client.ws.closed().await, Some(1001));
        assert_eq!(within("the program's end", child.wait()).await.unwrap().code(), Some(0));
        let mut log = String::new();
        within("the log", child.stderr.take().unwrap().read_to_string(&mut log)).await.unwrap();
        for line in log.lines() {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
}

#[tokio::test]
async fn the_program_names_the_address_that_is_in_use_and_what_to_do() {
    let server = start(Config::default()).await;
    let addr = server.addr().to_string();
    let output = program().args(["--listen", &addr]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains(&addr) && error.contains("--listen"), "{error}");
    assert_eq!(program().args(["--listen", "nonsense"]).output().unwrap().status.code(), Some(2));
}
