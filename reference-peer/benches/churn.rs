//! What is left of peers after faults. In each cycle of two sessions that stay, a third peer, a process, is killed with SIGKILL,
//! the signaling connection of one session is cut, and the server is restarted on its port. Each time everybody notices, and
//! meets again. Then the open files, tasks and memory of this process are compared with what they were before.
//!
//!   cargo bench -p glare-peer --bench churn -- --cycles 500

use std::{
    net::SocketAddr,
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};

use glare_conformance::port::free_port;
use glare_peer::{
    native::{Media, NativeFactory},
    report::Report,
    session::{Config, Session, Wish},
    signaling::Endpoint,
};
use glare_server::{RunningServer, Server};
use tokio::{process::Command, task::JoinSet, time::timeout};

use support::{Left, say};

mod support;

/// Rooms with a server of their own, at the same time: most of a cycle is the pause before a lost server is tried again.
const WORLDS: usize = 4;
const CYCLES: usize = 500;
const CYCLES_BEFORE: usize = 8;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--cycles");
    let cycles = arguments.nth(1).and_then(|text| text.parse().ok()).unwrap_or(CYCLES);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(measure(cycles))
}

async fn measure(cycles: usize) -> ExitCode {
    // Ports that no client of this machine gets while a server is away. A file is held for each.
    let addresses = [(); WORLDS].map(|()| ([127, 0, 0, 1], free_port().expect("a port is free")).into());
    // What is allocated once is allocated now.
    churn(CYCLES_BEFORE, addresses).await;
    let (before, began) = (Left::count(), Instant::now());
    let half = cycles / 2;
    churn(half, addresses).await;
    let middle = Left::count();
    churn(cycles - half, addresses).await;
    let after = Left::count();
    say(&format!("{half} cycles of killing, cutting, restarting: {}", before.until(&middle)));
    say(&format!("{cycles} cycles of it, {} s: {}", began.elapsed().as_secs(), before.until(&after)));
    // A task that was about to end when the first count was taken is no reason to fail.
    let is_clean = before.files == after.files && after.tasks <= before.tasks;
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn churn(cycles: usize, addresses: [SocketAddr; WORLDS]) {
    let mut worlds = JoinSet::new();
    for (number, address) in addresses.into_iter().enumerate() {
        let share = cycles / WORLDS + usize::from(number < cycles % WORLDS);
        worlds.spawn(world(address, share));
    }
    while let Some(world) = worlds.join_next().await {
        world.expect("no world panics");
    }
}

async fn serve(listen: SocketAddr) -> RunningServer {
    let config = glare_server::Config { listen, ..glare_server::Config::default() };
    Server::start(config).await.expect("the port is free")
}

async fn world(address: SocketAddr, cycles: usize) {
    let mut server = serve(address).await;
    let endpoint: Endpoint = format!("http://{address}").parse().expect("a URL");
    let start =
        |name| Session::start(Config::new("room", name), endpoint.clone(), NativeFactory::loopback(Media::Synthetic));
    let (mut one, mut other) = (start("A"), start("B"));
    tokio::join!(until(&mut one, is_open), until(&mut other, is_open));
    for _ in 0..cycles {
        let mut doomed = Command::new(env!("CARGO_BIN_EXE_glare-peer"))
            .args(["join", &format!("ws://{address}/ws"), "room", "--bind", "127.0.0.1:0"])
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        tokio::join!(until(&mut one, is_open), until(&mut other, is_open));
        doomed.kill().await.expect("it runs");
        tokio::join!(until(&mut one, is_leaving), until(&mut other, is_leaving));

        other.wish(Wish::DropSignaling).await;
        let noticed = async {
            until(&mut one, is_leaving).await;
            until(&mut one, is_open).await;
        };
        tokio::join!(noticed, until(&mut other, is_open));

        server.shutdown().await;
        server = serve(address).await;
        tokio::join!(until(&mut one, is_open), until(&mut other, is_open));
    }
    tokio::join!(one.leave(), other.leave());
    server.shutdown().await;
}

fn is_open(report: &Report) -> bool {
    matches!(report, Report::ChannelOpened { .. })
}

fn is_leaving(report: &Report) -> bool {
    matches!(report, Report::UserLeft { .. })
}

async fn until(session: &mut Session, is_it: impl Fn(&Report) -> bool) {
    let waiting = async {
        loop {
            let report = session.next().await.expect("the session goes on");
            if is_it(&report) {
                return;
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("it happens in time");
}
