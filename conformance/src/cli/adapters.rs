//! `glare bindings check --exec`: whether an adapter keeps the protocol between it and the runner.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};

use super::{Exit, Failure, print, reach::embedded_server};
use crate::{
    fence::{Fence, refused_room},
    limits::{
        ADAPTER_PING_INTERVAL, EMBEDDED_HEARTBEAT, INCOMING_QUEUE, JOBS_DEFAULT, NAMES_SHOWN_MAX, TIMEOUT_DEFAULT,
    },
    run::{Plan, RunError, RunEvent, run},
    scenario::library,
    transport::{BrokenFrame, Command, Connection, ConnectionId, Exec, Incoming, Transport},
    verdict::Verdict,
};

/// The hole in a command line for the address of a server that keeps every clause.
const URL: &str = "{url}";

pub(super) fn check(command: &str) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Runtime)?;
    let checked = runtime.block_on(check_all(command));
    // A thread that hangs must not keep the command from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    let (page, exit) = checked?;
    print(&page).map(|()| exit)
}

async fn check_all(command: &str) -> Result<(String, Exit), Failure> {
    let server = if command.contains(URL) { Some(embedded_server(EMBEDDED_HEARTBEAT).await?) } else { None };
    let address = server.as_ref().map(|server| format!("http://{}", server.addr()));
    let command = address.map_or_else(|| command.to_owned(), |address| command.replace(URL, &address));
    let exec = Exec::start(&command).await.map_err(RunError::Adapter)?;
    let mut page = Page { text: format!("{}: ready, {:?} fence\n", exec.name(), exec.fence()), faults: 0 };
    page.note("connections open, each with a user id of its own", user_ids(&exec).await);
    page.note("a fence comes back, refused", fence(&exec).await);
    page.note("it lives on whatever it is told to send", survival(&exec).await);
    page.note("it answers close and drop with ended, and goes on after these and freeze", ends(&exec).await);
    if let Some(failure) = exec.failure() {
        return Err(RunError::Adapter(failure).into());
    }
    match &server {
        None => page.not_asked("with {url} in the command it is tried on the reference server"),
        Some(_) if page.faults > 0 => page.not_asked("what fails above would fail there too"),
        Some(_) => page.note("the reference server passes through it", suite(exec).await?),
    }
    if let Some(server) = server {
        server.shutdown().await;
    }
    let (word, exit) = if page.faults == 0 { ("PASS", Exit::Pass) } else { ("FAIL", Exit::Fail) };
    Ok((format!("{}{word}\n", page.text), exit))
}

/// What the checks found so far.
struct Page {
    text: String,
    faults: usize,
}

impl Page {
    fn note(&mut self, check: &str, outcome: Result<String, String>) {
        let _infallible = match outcome {
            Ok(said) => writeln!(self.text, "  ok    {check}{said}"),
            Err(problem) => {
                self.faults += 1;
                writeln!(self.text, "  FAIL  {check}: {problem}")
            }
        };
    }

    fn not_asked(&mut self, why: &str) {
        let _infallible = writeln!(self.text, "  not asked whether verdicts come out right: {why}");
    }
}

/// A connection of a check, and what arrives on it.
struct Client {
    connection: Connection,
    incoming: mpsc::Receiver<(ConnectionId, Incoming)>,
}

async fn connect(exec: &Exec) -> Result<Client, String> {
    let (sender, incoming) = mpsc::channel(INCOMING_QUEUE);
    let room = "glare-check".into();
    let opened = Transport::Exec(exec.clone()).enter(Some(&room), ConnectionId(0), sender, TIMEOUT_DEFAULT).await;
    Ok(Client { connection: opened.map_err(|error| error.to_string())?, incoming })
}

async fn user_ids(exec: &Exec) -> Result<String, String> {
    let clients = [connect(exec).await?, connect(exec).await?];
    let ids: BTreeSet<&str> = clients.iter().map(|client| client.connection.opened.user_id.as_str()).collect();
    if ids.len() < clients.len() || ids.contains("") {
        return Err(format!("two connections have the user ids {ids:?}"));
    }
    Ok(String::new())
}

async fn fence(exec: &Exec) -> Result<String, String> {
    if exec.fence() != Fence::Refused {
        return Ok(": it says that it has none".to_owned());
    }
    let mut client = connect(exec).await?;
    client.fence(7).await
}

impl Client {
    async fn fence(&mut self, ack: u64) -> Result<String, String> {
        let fence = Command::Fence { ack, room: refused_room(0) };
        self.connection.commands.send(fence).await.map_err(|_| "the connection is over")?;
        let deadline = Instant::now() + TIMEOUT_DEFAULT;
        loop {
            match tokio::time::timeout_at(deadline, self.incoming.recv()).await {
                Ok(Some((_, Incoming::Ack { ack: own, data }))) if own == ack => {
                    let refused = data.as_ref().and_then(|data| data.get("success")) == Some(&false.into());
                    return if refused { Ok(String::new()) } else { Err(format!("it is answered {data:?}")) };
                }
                Ok(Some((_, Incoming::Ended(reason)))) => return Err(format!("the connection ended: {reason}")),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err(format!("no ack within {} ms", TIMEOUT_DEFAULT.as_millis())),
            }
        }
    }
}

const FRAMES: [BrokenFrame; 15] = [
    BrokenFrame::Garbage,
    BrokenFrame::TruncatedJson,
    BrokenFrame::WrongShape,
    BrokenFrame::UnknownType,
    BrokenFrame::Binary,
    BrokenFrame::InvalidUtf8,
    BrokenFrame::DeepNesting,
    BrokenFrame::Empty,
    BrokenFrame::StrayAck,
    BrokenFrame::ReservedOpcode,
    BrokenFrame::BareRequest,
    BrokenFrame::NullRequest,
    BrokenFrame::MistypedRequest,
    BrokenFrame::BareSignal,
    BrokenFrame::NullSignal,
];

/// Every kind of line about a connection, in and out of turn.
async fn survival(exec: &Exec) -> Result<String, String> {
    let odd = || Some(serde_json::json!({"target": ["x", null], "offer": {"a\u{0}": [1e21, -0.0, "\u{2028}"]}}));
    for frame in FRAMES {
        let client = connect(exec).await.map_err(|problem| format!("before {frame:?}: {problem}"))?;
        let events = ["glare-check", "offer", "join-room", "leave-room"];
        let emits = events.map(|event| Command::Emit { event: event.to_owned(), data: odd(), ack: Some(1) });
        for command in [Command::Broken(frame)].into_iter().chain(emits) {
            // The server may have ended the connection.
            client.connection.commands.send(command).await.ok();
        }
        lives(exec).await?;
    }
    Ok(format!(": {} kinds of frames", FRAMES.len()))
}

/// Whether it answers.
async fn lives(exec: &Exec) -> Result<(), String> {
    connect(exec).await.map(drop)?;
    exec.failure().map_or(Ok(()), |failure| Err(failure.to_string()))
}

/// That it stops reading and writing after `freeze` has no answer; the reference server notices whether it does.
async fn ends(exec: &Exec) -> Result<String, String> {
    for (name, command) in [("close", Command::Close), ("drop", Command::Drop), ("freeze", Command::Freeze)] {
        let client = connect(exec).await?;
        client.connection.commands.send(command).await.map_err(|_| "the connection is over")?;
        if name != "freeze" {
            let parted = async {
                client.connection.commands.closed().await;
                exec.parted().await;
            };
            let parted = tokio::time::timeout(TIMEOUT_DEFAULT, parted).await;
            parted.map_err(|_| format!("`{name}` is not answered with `ended`"))?;
        }
        lives(exec).await?;
    }
    // Long enough for it to be asked whether it lives.
    tokio::time::timeout(4 * ADAPTER_PING_INTERVAL, std::future::pending::<()>()).await.ok();
    lives(exec).await.map(|()| String::new())
}

/// The written cases on a server that keeps every clause: what fails is the adapter's doing.
async fn suite(exec: Exec) -> Result<Result<String, String>, Failure> {
    let transport = Transport::Exec(exec);
    let cases = library().iter().filter_map(|case| transport.adapt(&Arc::new(case.clone())).ok());
    let plan = Plan {
        cases: cases.collect(),
        transport,
        exact: false,
        jobs: JOBS_DEFAULT,
        timeout: TIMEOUT_DEFAULT,
        budget: None,
        seed: 0,
        nonce: rand::random(),
        process: None,
    };
    let (mut passed, mut unsaid, mut failed) = (0, 0, Vec::new());
    let watch = |event| {
        if let RunEvent::Finished(result) = event {
            match result.judgement.verdict {
                Verdict::Pass => passed += 1,
                Verdict::NotApplicable => unsaid += 1,
                _ => failed.push(result.case.id.clone()),
            }
        }
    };
    run(plan, watch).await?;
    failed.sort();
    let more = failed.len().saturating_sub(NAMES_SHOWN_MAX);
    failed.truncate(NAMES_SHOWN_MAX);
    Ok(match failed.as_slice() {
        [] => Ok(format!(": {passed} cases, and {unsaid} that it cannot say")),
        some => Err(format!("{} and {more} more do not; see them with glare test 'exec:CMD'", some.join(", "))),
    })
}
