//! A planted fault from end to end, as a user meets it: the command finds it on a server behind sockets, makes it small, and
//! replays it with one more command.

use std::{net::SocketAddr, path::Path, time::Duration};

use command::page;
use forgetful::Forgetful;
use futures_util::{SinkExt, StreamExt};
use glare_conformance::{
    limits::INCOMING_QUEUE,
    scenario::parse,
    transport::{Command, ConnectionId, Incoming, Memory, Transport},
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_tungstenite::{accept_async, tungstenite::Message};

mod command;
mod forgetful;

/// Serves a core in memory as JSON over WebSocket, for as long as the test runs.
fn serve(memory: Memory) -> SocketAddr {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let addr = listener.local_addr().expect("it is bound");
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).expect("a runtime with sockets");
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(attend(tcp, Transport::Memory(memory.clone())));
            }
        });
    });
    addr
}

/// One client. It ends with its connection to the core, or when the client goes.
async fn attend(tcp: TcpStream, core: Transport) {
    let Ok(mut client) = accept_async(tcp).await else { return };
    let (sender, mut outgoing) = mpsc::channel(INCOMING_QUEUE);
    let connection = core.connect(ConnectionId(0), sender, Duration::from_secs(5)).await.expect("it is in memory");
    let hello = json!({"event": "connected", "data": {"userId": connection.opened.user_id}});
    let mut next = Some(hello);
    loop {
        if let Some(frame) = next.take()
            && client.send(Message::text(frame.to_string())).await.is_err()
        {
            return;
        }
        tokio::select! {
            frame = client.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    if let Some(command) = serde_json::from_str(&text).ok().and_then(|frame| command_of(&frame)) {
                        connection.commands.send(command).await.expect("the core outlives its connections");
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
            said = outgoing.recv() => match said {
                Some((_, Incoming::Event { event, data })) => next = Some(json!({"event": event, "data": data})),
                Some((_, Incoming::Ack { ack, data })) => next = Some(json!({"event": "ack", "ack": ack, "data": data})),
                Some((_, Incoming::Ended(_) | Incoming::Unsayable(_))) | None => return,
            },
        }
    }
}

fn command_of(frame: &Value) -> Option<Command> {
    let event = frame.get("event")?.as_str()?.to_owned();
    Some(Command::Emit { event, data: frame.get("data").cloned(), ack: frame.get("ack").and_then(Value::as_u64) })
}

#[test]
fn a_fault_of_six_steps_and_two_clients_is_found_shrunk_and_replayed() {
    let target = format!("ws://{}/ws", serve(Memory::new(Forgetful::default())));
    let folder = tempfile::tempdir().expect("a folder");
    let traces = folder.path().to_str().expect("a readable path");
    let search = ["--suite", "random", "--cases", "200", "--seed", "2", "--timeout-ms", "400", "--trace-dir", traces];
    let found = page(&[&["test", &target], &search[..]].concat(), 1);
    assert!(found.contains("\nFAIL ROOM-08 (MUST) in random-2-"), "{found}");
    let case = found.lines().find_map(|line| line.strip_prefix("SHRUNK ")).unwrap_or_else(|| panic!("{found}"));
    let file = Path::new(traces).join(format!("{case}.scenario"));
    let text = std::fs::read_to_string(&file).expect("the smallest form is a file");
    assert!(text.contains("nothing more can be left out") && text.contains("Reproduced 5/5"), "{text}");
    let smallest = parse(&text).expect("a scenario").remove(0);
    let steps = smallest.phases.iter().map(|phase| phase.steps.len()).sum::<usize>();
    assert_eq!((steps, smallest.peers().len()), (6, 2), "{text}");

    let file = file.to_str().expect("a readable path");
    let failed = page(&["replay", file, &target], 1);
    assert!(failed.ends_with(&format!("\nFAILED 3/3 {case}\n")), "{failed}");
    let fixed = page(&["replay", file, "memory:reference"], 0);
    assert!(fixed.ends_with(&format!("\nFIXED 0/3 {case}\n")), "{fixed}");
}
